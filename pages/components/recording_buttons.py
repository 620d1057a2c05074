"""Start, stop, and what follows: the buttons below the camera picture."""

from typing import Any, Final, Literal

import streamlit as st

from pages.components.live_streams import make_audience, make_publisher
from pages.components.session_dialogs import choose_discard, confirm_discard, is_there
from pages.components.state import get_store
from pages.components.text import plain
from pages.components.words import as_length
from posecore import Session, Settings
from posecore.capture.live_room import LiveRoom
from posecore.capture.recorder import RecorderState
from posecore.errors import PoseCoreError

Pressed = Literal["start", "stop", "replay"]
NO_PICTURE_YET: Final = (
    "Nothing is recorded yet: the camera has sent no picture. Start it, wait until you see "
    "yourself, and press the button again."
)


def get_room(settings: Settings) -> LiveRoom:
    """Return this tab's room; new settings make a new one.

    But never under a running camera, or while it holds what is not stored yet.
    """
    store = get_store()
    kept: tuple[Settings, LiveRoom, str] | None = st.session_state.get("live_room")
    if kept is None or kept[2] != store.owner or (kept[0] != settings and _is_unused(kept[1])):
        room = LiveRoom(
            store,
            settings,
            publish=make_publisher(store.owner),
            make_further=lambda room: make_audience(room, store.owner),
        )
        st.session_state.live_room = kept = (settings, room, store.owner)
    return kept[1]


def leave_live() -> None:
    """Have Live begin with its Start button when one comes back."""
    for key in ("ghost_is_missing", "discard", "live_pressed"):
        st.session_state.pop(key, None)
    if (kept := st.session_state.get("live_room")) is not None:
        kept[1].last_session = None


def _is_unused(room: LiveRoom) -> bool:
    return not room.pipeline.is_open and room.is_idle and not room.keeper.has_unsaved


def show_buttons(
    room: LiveRoom, fields: dict[str, Any], *, delay_s: float, is_playing: bool
) -> None:
    """Do what was pressed, and show the buttons that make sense now, always in the same place."""
    refusal = _do_what_was_pressed(room, fields, delay_s)
    state = room.recorder.state
    with st.container(key="record_button", horizontal_alignment="center"):
        if state is RecorderState.UNSAVED:
            _show_unsaved(room)
        elif state is not RecorderState.IDLE:
            st.button("Stop recording", type="primary", on_click=_press, args=["stop"])
        elif room.last_session is not None and is_there(room.last_session):
            _show_last(room.last_session)
        else:
            st.button(
                "Start recording",
                type="primary",
                disabled=not is_playing,
                on_click=_press,
                args=["start"],
            )
        if refusal:
            st.warning(plain(refusal))


def ask_before_discard() -> None:
    """Show the question about the last recording, before anything that takes long.

    A run hides a dialog until it comes to it: late in the page it would flicker with every run. A
    press of Start withdraws the question, which need not come up once more for that.
    """
    if st.session_state.get("live_pressed") != "start":
        confirm_discard()


def _press(what: Pressed) -> None:
    """Note a button for the next run that comes as far as doing it.

    The page runs anew by itself, too, and a run that is overtaken forgets its buttons.
    """
    st.session_state.live_pressed = what


def _do_what_was_pressed(room: LiveRoom, fields: dict[str, Any], delay_s: float) -> str:
    """Do it once; returns why not."""
    pressed: Pressed | None = st.session_state.pop("live_pressed", None)
    if pressed == "start":
        choose_discard(None)  # its question would lie over the button that stops
        try:
            is_started = room.start_recording(delay_s=delay_s, **fields)
        except PoseCoreError as error:
            return str(error)
        if not is_started and room.is_idle:
            return NO_PICTURE_YET
    elif pressed == "stop":
        room.stop_recording(**fields)
    elif pressed == "replay" and room.last_session is not None:
        st.switch_page("replay.py", query_params={"session": room.last_session.id})
    if pressed is not None:
        st.rerun()  # what stands above the buttons depends on it, too
    return ""


def _show_unsaved(room: LiveRoom) -> None:
    with st.container(horizontal=True, horizontal_alignment="center"):
        st.button("Save again", type="primary", on_click=_press, args=["stop"])
        with st.popover("Give up the unsaved frames"):
            st.markdown("What the disk refused is lost then; what was saved before stays.")
            st.button("Give them up", on_click=room.give_up_unsaved)


def _show_last(session: Session) -> None:
    with st.container(horizontal=True, horizontal_alignment="center", key="after_stop"):
        st.button("Replay now", type="primary", on_click=_press, args=["replay"])
        st.button("Record again", on_click=_press, args=["start"])
        st.button("Discard", on_click=choose_discard, args=[session])
    facts = f"{as_length(session.duration_s)} · {session.frame_count:,} frames"
    st.caption(f"Saved: {plain(session.name)} · {facts}", text_alignment="center")
