"""What starts and stops a recording when nobody is at the computer."""

from typing import Final

import streamlit as st

from posecore.capture.hands_free import (
    PAUSES_S,
    STILL_CHOICES_S,
    STOPS_AFTER_S,
    HandsFreeChoice,
    StartsBy,
)
from posecore.capture.live_room import LiveRoom

_WAYS: Final[dict[StartsBy, str]] = {
    "button": "Button",
    "gesture": "Gesture",
    "movement": "Movement",
}
_WHAT: Final = (
    "Start recording, below the picture",
    "Both hands over the head for 2 s",
    "Somebody moves: a recording for every attempt",
)
_GESTURE = (
    "Take the hands down before you show it again. Climbers have them up all the time: let it "
    "only start, and choose Stop after."
)
_MOVEMENT = (
    "Attempts are numbered and begin with the second before the movement. They end when somebody "
    "stands still, or is out of the picture, as long as this."
)


def choose_hands_free(room: LiveRoom, *, countdown_s: float) -> None:
    """Ask for it; it holds at once, for the camera that runs too."""
    starts_by: StartsBy = st.radio(
        "Start by",
        list(_WAYS),
        format_func=_WAYS.__getitem__,
        captions=_WHAT,
        key="hands_free_by",
    )
    gesture_stops, still_for_s = True, STILL_CHOICES_S[1]
    if starts_by == "gesture":
        does = st.radio("The gesture", ["starts and stops", "only starts"], key="gesture_does")
        gesture_stops = does == "starts and stops"
        st.caption(_GESTURE)
    elif starts_by == "movement":
        still_for_s = st.select_slider(
            "Ends after standing still, seconds",
            STILL_CHOICES_S,
            value=still_for_s,
            key="still_for_s",
        )
        st.caption(_MOVEMENT)
    stop_after_s = _ask_seconds("Stop after, seconds", STOPS_AFTER_S, "stop_after_s")
    again_after_s = 0
    if stop_after_s and starts_by != "movement":
        again_after_s = _ask_seconds("Again after a pause of, seconds", PAUSES_S, "again_after_s")
    room.hands_free.choice = HandsFreeChoice(
        starts_by=starts_by,
        gesture_stops=gesture_stops,
        countdown_s=countdown_s,
        still_for_s=float(still_for_s),
        stop_after_s=stop_after_s,
        again_after_s=again_after_s,
    )


def _ask_seconds(label: str, choices: tuple[int, ...], key: str) -> int:
    """Ask for one of these, or none."""
    return int(
        st.select_slider(
            label,
            [0, *choices],
            format_func=lambda seconds: str(seconds) if seconds else "none",
            key=key,
        )
    )
