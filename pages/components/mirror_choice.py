"""How late the mirror is, and how much is kept after the fact."""

import streamlit as st

from posecore.capture.kept_stretch import LENGTHS_S
from posecore.capture.live_room import LiveRoom
from posecore.capture.mirror_delay import MAX_DELAY_S, MIN_DELAY_S
from posecore.capture.rolling_buffer import MAX_BYTES


def choose_mirror(room: LiveRoom) -> None:
    """Ask for both; they hold at once, for the camera that runs too."""
    is_late = st.toggle(
        "Show the picture later",
        key="mirror_is_late",
        help="Do your attempt, then look up: the picture, the skeleton and the angles are those "
        "from some seconds ago.",
    )
    delay_s = st.slider(
        "Seconds ago",
        MIN_DELAY_S,
        MAX_DELAY_S,
        value=8,
        key="mirror_delay_s",
        disabled=not is_late,
    )
    room.mirror_delay.choose_delay(delay_s if is_late else 0)
    room.mirror_delay.keep_s = st.select_slider(
        "Keep that one, seconds",
        LENGTHS_S,
        value=LENGTHS_S[1],
        key="mirror_keep_s",
        help="The button below the angles makes a session of what was just seen.",
    )
    st.caption(
        f"Up to {MAX_DELAY_S} s are held in memory, {MAX_BYTES / 1e6:.0f} MB at most, and are gone "
        "with the camera; on the disk is only what you keep."
    )
