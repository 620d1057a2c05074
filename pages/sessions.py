"""Sessions: find, edit, replay, download and delete recordings."""

import streamlit as st

from pages.components.session_list import ask_filter, show_page, show_selection
from pages.components.state import get_store
from pages.components.ways_in import stop_with_ways_in

st.title("Sessions")

sessions = get_store().get_sessions()
if not sessions:
    stop_with_ways_in()

found = ask_filter(sessions)
show_selection(found)
show_page(found)
