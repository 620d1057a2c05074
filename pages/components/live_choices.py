"""What can go along with the live picture, each folded away until it is wanted."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.components.audience_choice import choose_audience
from pages.components.ghost_choice import choose_ghost
from pages.components.goal_choice import choose_goals
from pages.components.hands_free_choice import choose_hands_free
from pages.components.mirror_choice import choose_mirror
from pages.components.second_camera import show_second_camera
from posecore.capture.live_room import LiveRoom


def choose_parts(room: LiveRoom, fields: Mapping[str, Any], *, countdown_s: float) -> None:
    """Ask what goes along; each choice holds at once, for the camera that runs too."""
    choose_ghost(room, fields)
    with st.expander("Goals"):
        choose_goals(room)
    with st.expander("Delayed mirror"):
        choose_mirror(room)
    with st.expander("Hands free"):
        choose_hands_free(room, countdown_s=countdown_s)
    choose_audience(room, str(fields["athlete"] or ""))
    show_second_camera(room)
