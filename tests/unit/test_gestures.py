"""Both hands over the head: when that counts, and when it does not."""

from dataclasses import replace

import numpy as np
import pytest

from posecore import Landmark, PoseFrame
from posecore.capture.gestures import GAP_S, HOLD_S, Hands, HeldGesture, find_hands
from tests.unit.live_rooms import UP, stand

RAISED, DOWN = stand(**UP), stand()
ASIDE = stand(left_shoulder_abduction=90.0, right_shoulder_abduction=90.0)
STEP_S = 1 / 30


def change(frame, landmark, *, visibility=None, y=None):
    """Return the frame with one landmark seen otherwise."""
    seen, image = frame.visibility.copy(), frame.image_landmarks.copy()
    if visibility is not None:
        seen[landmark] = visibility
    if y is not None:
        image[landmark, 1] = y
    return replace(frame, visibility=seen, image_landmarks=image)


def play(gesture, *parts):
    """Show each frame for some seconds; returns when the gesture was complete."""
    now_s, fired_s = getattr(gesture, "played_s", 0.0), []
    for frame, seconds in parts:
        for _ in range(round(seconds / STEP_S)):
            if gesture.update(replace(frame, time_s=now_s)):
                fired_s.append(now_s)
            now_s += STEP_S
    gesture.played_s = now_s
    return fired_s


def test_hands_are_raised_only_well_over_the_head():
    assert find_hands(RAISED) is Hands.RAISED
    assert find_hands(DOWN) is Hands.DOWN
    assert find_hands(ASIDE) is Hands.BETWEEN
    nose_y = float(RAISED.image_landmarks[Landmark.NOSE, 1])
    at_the_ears = change(RAISED, Landmark.LEFT_WRIST, y=nose_y - 0.01)
    assert find_hands(at_the_ears) is Hands.BETWEEN
    assert find_hands(PoseFrame.empty(0.0)) is Hands.BETWEEN


def test_it_is_complete_after_two_seconds_and_once():
    gesture = HeldGesture()
    (fired_s,) = play(gesture, (DOWN, 1.0), (RAISED, 10.0))
    assert fired_s == pytest.approx(1.0 + HOLD_S, abs=2 * STEP_S)
    assert not gesture.is_armed and gesture.progress == 0


def test_it_fills_while_it_is_held():
    gesture = HeldGesture()
    assert play(gesture, (DOWN, 1.0), (RAISED, 1.0)) == []
    assert gesture.progress == pytest.approx(0.5, abs=0.03)


def test_it_counts_again_only_after_the_hands_were_down():
    gesture = HeldGesture()
    assert len(play(gesture, (DOWN, 1.0), (RAISED, 3.0), (ASIDE, 2.0), (RAISED, 3.0))) == 1
    assert len(play(gesture, (DOWN, 1.0), (RAISED, 3.0))) == 1


def test_whoever_comes_with_the_hands_up_starts_nothing():
    assert play(HeldGesture(), (RAISED, 10.0)) == []


def test_a_flicker_does_not_arm_it():
    assert play(HeldGesture(), (RAISED, 3.0), (DOWN, 0.1), (RAISED, 5.0)) == []


def test_a_short_flicker_does_not_reset_it_and_a_longer_one_does():
    for gap_s, n_fired in ((GAP_S - 3 * STEP_S, 1), (GAP_S + 2 * STEP_S, 0)):
        gesture = HeldGesture()
        parts = (DOWN, 1.0), (RAISED, 1.2), (ASIDE, gap_s), (RAISED, 1.2)
        assert len(play(gesture, *parts)) == n_fired, gap_s


@pytest.mark.parametrize("wrist", [Landmark.LEFT_WRIST, Landmark.RIGHT_WRIST])
@pytest.mark.parametrize("how", [{"visibility": 0.4}, {"visibility": np.nan}, {"y": -0.01}])
def test_a_wrist_that_is_hidden_or_out_of_the_picture_never_counts(wrist, how):
    assert play(HeldGesture(), (DOWN, 1.0), (change(RAISED, wrist, **how), 10.0)) == []


def test_upside_down_is_no_gesture():
    turned = RAISED.image_landmarks.copy()
    turned[:, 1] = 1 - turned[:, 1]
    assert find_hands(replace(RAISED, image_landmarks=turned)) is Hands.BETWEEN


def test_frames_that_are_missing_are_no_hold():
    gesture = HeldGesture()
    play(gesture, (DOWN, 1.0), (RAISED, 0.5))
    gesture.played_s += 5.0
    assert play(gesture, (RAISED, 1.0)) == []
