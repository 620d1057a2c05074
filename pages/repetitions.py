"""Repetitions: those of a session, or of several, laid over one another."""

import streamlit as st

from pages.components.lending import note_opened
from pages.components.repetitions_view import choose_angles, choose_more, show_repetitions
from pages.components.session_picker import choose_session, stop_unless_replayable
from pages.components.text import plain

session = choose_session("Repetitions")
stop_unless_replayable(session)

st.title("Repetitions")
st.markdown(f"of **{plain(session.name)}**")
sessions = choose_more(session)
note_opened(*sessions)
show_repetitions(sessions, choose_angles())
