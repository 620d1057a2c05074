"""Replay: the movement, the joint angles and the facts of one session, on one clock."""

import streamlit as st

from pages.components.downloads import download_buttons
from pages.components.player import load_player, replay_player
from pages.components.session_facts import show_session_facts
from pages.components.session_picker import choose_session, stop_unless_replayable
from pages.components.state import get_store
from pages.components.text import plain
from posecore import compute_joint_angles
from posecore.replay_data import pack_replay


@st.cache_resource(max_entries=4, show_spinner="Opening the session ...")
def pack(session_id: str, frame_count: int) -> bytes:
    """Pack a session once; a finished one changes no more, and a growing one changes its count."""
    sequence = get_store().load_sequence(session_id)
    return pack_replay(sequence, compute_joint_angles(sequence), session_id=session_id)


session = choose_session()
stop_unless_replayable(session)

with st.sidebar:
    show_session_facts(session)
    download_buttons([session], key="replay")
    load_player()

st.subheader(plain(session.name))
replay_player(pack(session.id, session.frame_count))
