"""Phone as camera: the picture, start and stop, and nothing else that a thumb could hit."""

from typing import Any

import streamlit as st

from pages.components import camera
from pages.components.connection_test import show_connection_test
from pages.components.live_panel import describe_page, live_panel
from pages.components.phone_camera import FACINGS, keep_awake
from pages.components.phone_choice import ask_athlete
from pages.components.recording_buttons import ask_before_discard, get_room, show_buttons
from pages.components.recording_form import ask_keep_video, make_default_name
from pages.components.second_camera import show_second_camera
from pages.components.state import get_settings

COUNTDOWN_S = 3.0

ask_before_discard()
settings = get_settings()
room = get_room(settings)
shown = describe_page(room)
facing = st.session_state.get("phone_facing", "environment")
room.pipeline.mirror = facing == "user"
fields: dict[str, Any] = {"name": make_default_name()}

with st.container(key="phone"):
    picture = st.container(key="camera_picture")
    picture.empty()  # its place is there before the camera is
    is_playing = False
    if keep_awake([camera.name_key(each) for each in FACINGS]):
        with picture:
            is_playing = camera.show_camera(room, settings, facing=facing)
    live_panel(room, shown, is_plain=True)
    place = st.container(key="phone_button")
    with st.expander("Athlete, camera, connection", icon=":material/tune:"):
        fields["athlete"] = ask_athlete()
        st.segmented_control(
            "Camera",
            list(FACINGS),
            format_func=FACINGS.__getitem__,
            default="environment",
            required=True,
            key="phone_facing",
            disabled=is_playing,
            help="Stop the camera to change it.",
        )
        room.keep_video = ask_keep_video("phone", disabled=not room.is_idle)
        show_connection_test(settings, is_playing=is_playing)
    show_second_camera(room)
    room.fields = fields
    with place:
        show_buttons(room, fields, delay_s=COUNTDOWN_S, is_playing=is_playing)
