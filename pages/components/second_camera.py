"""Record with a second camera: the other devices of the same person, started together with this."""

from typing import Final

import streamlit as st

from pages.components.live_panel import get_rooms
from pages.components.state import get_store
from posecore.capture.live_room import LiveRoom
from posecore.capture.recorder import RecorderState
from posecore.pairing import name_device

_LOOK_S: Final = 1.0
_NO_OTHER: Final = (
    "Open this page on a second device, or in another tab with another camera, and start the "
    "camera there: it appears here."
)


def show_second_camera(room: LiveRoom) -> None:
    """Show the owner's other cameras, and whether a recording takes them along."""
    owner = get_store().owner
    room.joint.device = name_device(st.context.headers.get("User-Agent", ""))
    room.joint.find_others = lambda: [each for each in get_rooms(owner) if each is not room]
    with st.expander("Second camera"):
        _show_cameras(room, _describe_state(room))


@st.fragment(run_every=_LOOK_S)
def _show_cameras(room: LiveRoom, state: str) -> None:
    if _describe_state(room) != state:
        st.rerun()  # another camera started or stopped this one: the buttons are others now
    others = [each for each in room.joint.find_others() if each.pipeline.is_open]
    for other in others:
        st.markdown(f":material/videocam: {_describe_camera(other)}")
    if not others:
        st.caption(_NO_OTHER)
    room.joint.is_wanted = st.toggle(
        "Record both",
        key="record_both",
        disabled=not others and not room.joint.is_wanted,
        help="Start here starts the other camera too, and Stop stops both. Each records a session "
        "of its own, with its video where that is switched on there; both are replayed together.",
    )


def _describe_camera(room: LiveRoom) -> str:
    latest = room.pipeline.latest
    if latest is None:
        return f"{room.joint.device} · starting"
    seen = "somebody in view" if latest.is_detected else "nobody in view"
    return f"{room.joint.device} · {room.pipeline.fps:.0f} frames/s · {seen}"


def _describe_state(room: LiveRoom) -> str:
    """What the buttons depend on; a countdown has the same as the recording it leads to."""
    state = room.recorder.state
    return RecorderState.RECORDING.name if state is RecorderState.COUNTDOWN else state.name
