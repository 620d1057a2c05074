"""Record with a second camera: the other devices of the same person, started together with this."""

from typing import Final

import streamlit as st

from pages.components.live_panel import get_rooms
from pages.components.state import get_store
from posecore.capture.live_room import LiveRoom
from posecore.pairing import name_device

_NO_OTHER: Final = (
    "Open this page on a second device, or in another tab with another camera, and start the "
    "camera there: it appears here."
)


def show_second_camera(room: LiveRoom) -> None:
    """Show the owner's other cameras, and whether a recording takes them along."""
    owner = get_store().owner
    room.joint.device = name_device(st.context.headers.get("User-Agent", ""))
    room.joint.find_others = lambda: [each for each in get_rooms(owner) if each is not room]
    cameras = room.joint.status()["cameras"]
    with st.expander("Second camera"):
        for camera in cameras:
            st.markdown(f":material/videocam: {camera['device']}")
        if not cameras:
            st.caption(_NO_OTHER)
        room.joint.is_wanted = st.toggle(
            "Record both",
            key="record_both",
            help="Start here starts the other camera too, and Stop stops both. Each records a "
            "session of its own, with its video where that is switched on there; both are "
            "replayed together.",
        )
