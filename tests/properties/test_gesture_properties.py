"""What must hold of a held gesture, whatever the estimator makes of it."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from posecore import PoseFrame
from posecore.capture.gestures import GAP_S, HOLD_S, HeldGesture
from tests.unit.test_gestures import ASIDE, DOWN, RAISED

KINDS = {"raised": RAISED, "down": DOWN, "aside": ASIDE, "nobody": PoseFrame.empty(0.0)}


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.floats(0.01, 0.5)), max_size=60))
def test_it_is_never_complete_without_hands_held_up_that_long_since_they_were_down(course):
    gesture, now_s = HeldGesture(), 0.0
    down_s, raised_s = -np.inf, []
    for kind, step_s in course:
        now_s += step_s
        if kind == "down":
            down_s, raised_s = now_s, []
        elif kind == "raised":
            raised_s.append(now_s)
        if gesture.update(replace(KINDS[kind], time_s=now_s)):
            assert kind == "raised" and down_s > -np.inf
            assert now_s - raised_s[0] >= HOLD_S
            last = [each for each in raised_s if each >= now_s - HOLD_S - 1e-9]
            assert (np.diff(last) < GAP_S).all()
            assert not gesture.is_armed
            raised_s = []
        assert 0 <= gesture.progress <= 1
