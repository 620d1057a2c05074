"""Replay: the movement, the joint angles and the facts of one session, on one clock."""

import streamlit as st

from pages.components.downloads import download_buttons, download_report
from pages.components.goal_facts import show_goals
from pages.components.lending import note_opened
from pages.components.metrics_panel import show_metrics
from pages.components.player import replay_player
from pages.components.processing_choice import choose_processing
from pages.components.session_facts import show_session_facts
from pages.components.session_picker import choose_session, stop_unless_replayable
from pages.components.state import get_settings, get_store
from pages.components.text import plain

session = choose_session()
stop_unless_replayable(session)
note_opened(session)

with st.sidebar:
    show_session_facts(session)
    show_goals(session)
    processing = choose_processing()
    if st.button("Compare", help="Beside another session, on one clock."):
        st.switch_page("compare.py", query_params={"b": session.id})
    download_report(session, key="replay")
    download_buttons([session], key="replay")

st.subheader(plain(session.name))
replay_player(get_store(), session, processing, get_settings().max_error_deg)
show_metrics(session, processing)
