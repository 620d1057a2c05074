"""A session that was filmed by a second camera: how well both go together, and the way to both."""

import streamlit as st

from pages.components.state import get_store
from posecore import Session
from posecore.storage.track_store import Offset

_HOW = {
    "clocks": "by when their pictures arrived",
    "movement": "by the movement both saw",
}


def show_second_track(session: Session) -> None:
    """Show the line that leads to the joint replay, where there is another track."""
    store = get_store()
    completed = {each.id for each in store.get_sessions() if each.status == "completed"}
    for track in store.tracks.list(session.id):
        offset = store.tracks.find_offset(session.id, track.session_id)
        if offset is None or track.session_id not in completed:
            continue
        with st.container(horizontal=True, vertical_alignment="center", key=track.session_id):
            st.caption(
                f"Recorded with a second camera: {describe_offset(offset)}.", width="content"
            )
            if st.button("Replay together", key=f"together_{track.session_id}"):
                query = {"a": session.id, "b": track.session_id, "by": "clock"}
                st.switch_page("compare.py", query_params=query)


def describe_offset(offset: Offset) -> str:
    """Say how well two clocks are known to agree."""
    error_s = offset.error_s
    error = f"{1000 * error_s:.0f} ms" if error_s < 1 else f"{error_s:.1f} s"
    drift = "; how they drift apart is put right" if offset.drift else ""
    return f"the cameras' clocks agree within ±{error}, {_HOW[offset.how]}{drift}"
