"""Find by movement: the moments of all sessions in which conditions hold."""

import streamlit as st

from pages.components.moment_list import show_moments
from pages.components.reading_progress import show_reading_progress
from pages.components.search_form import ask_search
from pages.components.state import get_store
from pages.components.ways_in import stop_with_ways_in

st.title("Find by movement")

if not any(session.status == "completed" for session in get_store().get_sessions()):
    stop_with_ways_in()

st.markdown("Moments of all sessions in which everything below holds at once.")
search = ask_search()
is_all_read = show_reading_progress()
show_moments(search, is_all_read=is_all_read)
st.caption(
    "Read from cleaned landmarks (swapped sides put right, wild points left out, smoothed), so a "
    "moment may begin a frame or two beside what the recorded ones show."
)
