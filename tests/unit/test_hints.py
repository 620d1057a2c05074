"""Hints: one plain sentence for what most hinders the measurement."""

from dataclasses import replace

import numpy as np
import pytest

from posecore import Landmark, PoseFrame
from posecore.capture import hints
from posecore.capture.hints import TOO_SLOW, SteadyHint, find_hint
from tests.unit.test_recorder import make_frame

BRIGHT = np.full((90, 160, 3), 128, dtype=np.uint8)
DARK = np.full((90, 160, 3), 12, dtype=np.uint8)


def moved(**heights: float) -> PoseFrame:
    """Return a standing figure with some landmarks at another height of the picture."""
    frame = make_frame(0.0)
    image_landmarks = frame.image_landmarks.copy()
    for name, y in heights.items():
        image_landmarks[Landmark[name.upper()], 1] = y
    return replace(frame, image_landmarks=image_landmarks)


@pytest.mark.parametrize(
    ("frame", "picture", "skipped_share", "expected"),
    [
        (make_frame(0.0), BRIGHT, 0.0, ""),
        (make_frame(0.0), DARK, 0.0, hints.TOO_DARK),
        (PoseFrame.empty(0.0), BRIGHT, 0.0, hints.NOBODY),
        (moved(nose=-0.02), BRIGHT, 0.0, hints.HEAD_CUT),
        (moved(left_ankle=1.1), BRIGHT, 0.0, hints.FEET_CUT),
        (make_frame(0.0), BRIGHT, 0.4, hints.TOO_SLOW),
        (make_frame(0.0), BRIGHT, 0.05, ""),
        (PoseFrame.empty(0.0), DARK, 0.9, hints.TOO_DARK),
    ],
)
def test_the_hint_names_what_is_wrong(frame, picture, skipped_share, expected):
    assert find_hint(frame, picture, skipped_share=skipped_share) == expected


def test_while_recording_a_gap_is_named_as_one():
    nobody = PoseFrame.empty(0.0)
    assert find_hint(nobody, BRIGHT, is_recording=True) == hints.NOBODY_RECORDED
    assert find_hint(make_frame(0.0), BRIGHT, is_recording=True) == ""


def test_a_hint_shows_only_once_it_has_held():
    steady = SteadyHint(hold_s=0.5)
    assert steady.update(hints.NOBODY, 0.0) == ""
    assert steady.update("", 0.2) == ""
    assert steady.update(hints.NOBODY, 0.4) == ""
    assert steady.update(hints.NOBODY, 0.9) == hints.NOBODY
    assert steady.update("", 1.0) == hints.NOBODY
    assert steady.update("", 1.5) == ""


def test_some_skipped_frames_as_a_recording_begins_are_no_fault():
    steady = SteadyHint()
    assert {steady.update(TOO_SLOW, number / 10) for number in range(30)} == {""}
    assert steady.update("", 3.0) == ""
    shown = [steady.update(TOO_SLOW, 4 + number / 10) for number in range(60)]
    assert (shown[0], shown[-1]) == ("", TOO_SLOW)
