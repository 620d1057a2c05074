"""Live: see yourself with the skeleton, record, and replay what was recorded."""

from typing import Any

import streamlit as st

from pages.components import camera
from pages.components.ghost_choice import warn_of_missing_ghost
from pages.components.live_choices import choose_parts
from pages.components.live_panel import describe_page, live_panel
from pages.components.recording_buttons import ask_before_discard, get_room, show_buttons
from pages.components.recording_form import (
    ask_athlete_and_tags,
    ask_description,
    ask_keep_video,
    ask_name,
    make_default_name,
)
from pages.components.state import get_settings

COUNTDOWNS_S = [0, 3, 5, 10]

ask_before_discard()
settings = get_settings()
room = get_room(settings)
shown = describe_page(room)
warn_of_missing_ghost()

picture, form = st.columns([5, 2], gap="medium")

with form:
    # What is said about a text comes and goes, and must not shut what is open below.
    texts, parts = st.container(), st.container()

with texts:
    fields: dict[str, Any] = ask_athlete_and_tags("live")
    default_name = make_default_name()
    fields["name"] = ask_name("live", placeholder=default_name) or default_name
    fields["description"] = ask_description("live")
    st.session_state.setdefault("live_countdown", 3)
    countdown_s = st.segmented_control(
        "Countdown, seconds",
        COUNTDOWNS_S,
        required=True,
        key="live_countdown",
        persist_state="session",
    )
    st.session_state.setdefault("live_mirror", True)
    room.pipeline.mirror = st.toggle(
        "Mirror",
        key="live_mirror",
        persist_state="session",
        help="Turns the picture you see, never the data.",
    )
    room.keep_video = ask_keep_video("live", disabled=not room.is_idle)
    if room.keep_video:
        st.caption("The athlete's picture is stored with the recording; ask before you film.")

with parts:
    choose_parts(room, fields, countdown_s=float(countdown_s or 0))
    st.caption(
        f"Model {settings.model}; the camera is asked for {settings.camera_size}, and what comes "
        "from it stands below the picture. Change both in Settings.",
    )

room.fields = fields

with picture:
    with st.container(key="camera_picture"):
        is_playing = camera.show_camera(room, settings)
    show_buttons(room, fields, delay_s=float(countdown_s or 0), is_playing=is_playing)
    live_panel(room, shown)
