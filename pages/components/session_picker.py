"""Choosing the session a page shows, and saying why there is none to show."""

from typing import NoReturn

import streamlit as st

from pages.components.page_end import end_page
from pages.components.state import get_store
from pages.components.text import plain
from pages.components.ways_in import stop_with_ways_in
from pages.components.words import make_labels
from posecore import Session
from posecore.errors import SessionNotFoundError

_WAITING = {
    "recording": "This session is being recorded. Its replay is ready when the recording stops.",
    "processing": "This video is being analysed. Its replay is ready when that is done.",
}


def choose_session(title: str = "Replay") -> Session:
    """Return the session the address names; without one, ask for it and end the page here."""
    session_id = st.query_params.get("session")
    if not session_id:
        _ask_for_session(title)
    try:
        return get_store().get_session(session_id)
    except SessionNotFoundError:
        _ask_for_session(
            title, "This session is not here; it was deleted, or the link is incomplete."
        )


def stop_unless_replayable(session: Session) -> None:
    """Say why a session cannot be replayed, show the way on, and end the page here."""
    if session.status == "completed" and session.frame_count:
        return
    st.title(plain(session.name))
    if session.status in _WAITING:
        st.info(_WAITING[session.status])
        st.button("Look again", type="primary")
    elif session.status == "failed":
        st.error(f"There is nothing to replay. {plain(session.status_reason)}")
    else:
        st.info("This session holds no frames, so there is nothing to replay.")
    _offer_sessions()
    end_page()


def _ask_for_session(title: str, problem: str = "") -> NoReturn:
    st.title(title)
    if problem:
        st.warning(problem)
    sessions = [each for each in get_store().get_sessions() if each.status == "completed"]
    if not sessions:
        stop_with_ways_in()
    chosen = st.selectbox(
        "Which session?",
        sessions,
        index=None,
        format_func=make_labels(sessions).__getitem__,
        placeholder="Choose a session",
    )
    _offer_sessions()
    if chosen is not None:
        st.query_params.from_dict({"session": chosen.id})
        st.rerun()
    end_page()


def _offer_sessions() -> None:
    if st.button("All sessions"):
        st.switch_page("sessions.py")
