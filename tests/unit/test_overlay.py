"""The athlete's picture."""

from dataclasses import replace

import numpy as np

from posecore import Landmark, PoseFrame
from posecore.capture.overlay import COLOURS_RGB, RECORDING_RGB, draw_overlay
from tests.unit.test_recorder import make_frame

GREY = np.full((360, 640, 3), 120, dtype=np.uint8)
FRAME = make_frame(0.0)


def colour_at(picture: np.ndarray, landmark: Landmark, *, mirror: bool) -> tuple[int, ...]:
    """Return the colour drawn at a landmark's joint."""
    height, width = picture.shape[:2]
    x, y = FRAME.image_landmarks[landmark, :2]
    column = round(float(1 - x if mirror else x) * width)
    return tuple(int(value) for value in picture[round(float(y) * height), column])


def test_left_and_right_keep_their_colours_in_the_mirror():
    for mirror in (False, True):
        picture = draw_overlay(GREY.copy(), FRAME, mirror=mirror)
        assert colour_at(picture, Landmark.LEFT_KNEE, mirror=mirror) == COLOURS_RGB["left"]
        assert colour_at(picture, Landmark.RIGHT_KNEE, mirror=mirror) == COLOURS_RGB["right"]


def test_nobody_leaves_the_picture_as_it_is():
    picture = draw_overlay(GREY.copy(), PoseFrame.empty(0.0))
    np.testing.assert_array_equal(picture, GREY)


def test_hidden_and_missing_landmarks_are_not_drawn():
    visibility = np.zeros_like(FRAME.visibility)
    picture = draw_overlay(GREY.copy(), replace(FRAME, visibility=visibility))
    np.testing.assert_array_equal(picture, GREY)


def test_landmarks_far_outside_the_picture_do_no_harm():
    far = replace(FRAME, image_landmarks=FRAME.image_landmarks * 1e6)
    assert draw_overlay(GREY.copy(), far).shape == GREY.shape


def test_a_running_recording_frames_the_picture_in_red():
    picture = draw_overlay(GREY.copy(), PoseFrame.empty(0.0), recording=True)
    assert tuple(picture[0, 0]) == RECORDING_RGB
    assert tuple(picture[180, 320]) == (120, 120, 120)


def test_the_countdown_is_written_in_the_middle():
    three = draw_overlay(GREY.copy(), PoseFrame.empty(0.0), countdown_s=2.2)
    two = draw_overlay(GREY.copy(), PoseFrame.empty(0.0), countdown_s=2.0)
    assert (three != GREY).any()
    assert (three != two).any()
    assert (three[:, :100] == 120).all()
