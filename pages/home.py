"""Home: go on where you were, record, or import."""

import streamlit as st

from pages.components.page_end import end_page
from pages.components.session_cards import show_cards, show_last_and_ways_in
from pages.components.state import get_store
from pages.components.ways_in import show_ways_in
from pages.components.words import as_length

sessions = get_store().get_sessions()
completed = [session for session in sessions if session.status == "completed"]

if not sessions:
    st.title("See how you move")
    st.markdown(
        "Film an athlete with any camera and replay the movement as a 3D skeleton that you can "
        "turn, with the joint angles beside it."
    )
    show_ways_in(with_samples=True)
    end_page()

st.title("posecore")
if completed:
    show_last_and_ways_in(completed[0])
else:
    show_ways_in(with_samples=True)

st.subheader("Latest sessions")
show_cards(sessions[:6])

athletes, recorded, frames, _ = st.columns(4)
athletes.metric("Athletes", len({session.athlete for session in sessions if session.athlete}))
recorded.metric("Recorded", as_length(sum(session.duration_s for session in completed)))
frames.metric("Sessions", len(sessions))
