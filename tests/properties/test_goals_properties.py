"""Whatever the readings are: goals count nothing that was not there, at any frame rate."""

import math

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from posecore.angles import ANGLES
from posecore.errors import InvalidFieldError
from posecore.goals import CLOSE_S, KINDS, Goal, GoalTracker, measure_goal
from posecore.synthetic import make_sequence

readings = st.one_of(st.floats(-180, 180), st.just(math.nan))
steps_s = st.one_of(st.floats(1e-3, 0.2), st.floats(0.26, 5.0), st.floats(-1.0, 0.0))
frames = st.lists(st.tuples(steps_s, readings), max_size=60)


@st.composite
def goals(draw):
    """Any goal there can be."""
    name = draw(st.sampled_from(sorted(ANGLES)))
    limits = st.floats(*ANGLES[name].range_deg)
    kind = draw(st.sampled_from(KINDS))
    low, high = sorted((draw(limits), draw(limits)))
    wanted = {
        "at_least": {"low_deg": low},
        "at_most": {"high_deg": high},
        "within": {"low_deg": low, "high_deg": high},
    }[kind]
    try:
        return Goal(angle=name, kind=kind, **wanted)
    except InvalidFieldError:
        assume(False)


def follow(goal, frames):
    tracker = GoalTracker(goal)
    time_s = 0.0
    for step_s, reading in frames:
        time_s += step_s
        tracker.add(time_s, reading)
    return tracker


@given(goals(), frames)
def test_time_in_the_zone_is_never_more_than_what_was_seen_nor_that_than_what_passed(goal, frames):
    result = follow(goal, frames).result
    passed_s = sum(step_s for step_s, _ in frames if step_s > 0)
    assert 0 <= result.in_zone_s <= result.seen_s + 1e-9
    assert result.seen_s <= passed_s + 1e-9


@given(goals(), frames)
def test_counts_only_rise_and_never_faster_than_every_third_reading(goal, frames):
    tracker = GoalTracker(goal)
    time_s, before = 0.0, 0
    for step_s, reading in frames:
        time_s += step_s
        tracker.add(time_s, reading)
        now = tracker.result.n_repetitions
        assert before <= now <= before + 1
        before = now
    # There, in the zone, and back where the next may begin.
    assert before <= max(0, (len(frames) - 1) // 2) + 1


@given(goals(), frames)
def test_the_zone_is_in_only_near_the_limits_and_out_only_outside_of_them(goal, frames):
    tracker = GoalTracker(goal)
    time_s = last_s = 0.0
    for step_s, reading in frames:
        time_s += step_s + CLOSE_S if step_s > 0 else 0  # or a median of several is where it is
        tracker.add(time_s, reading)
        if time_s <= last_s or math.isnan(reading):
            last_s = max(last_s, time_s)
            continue
        last_s = time_s
        low = -math.inf if goal.low_deg is None else goal.low_deg
        high = math.inf if goal.high_deg is None else goal.high_deg
        assert tracker.zone != "unseen"
        if low <= reading <= high:
            assert tracker.zone == "in"
        if tracker.zone == "in":
            assert low - 3 <= reading <= high + 3


@given(goals(), frames, st.floats(0, 1e6))
def test_when_it_was_does_not_matter(goal, frames, shift_s):
    one, other = GoalTracker(goal), GoalTracker(goal)
    time_s = 0.0
    for step_s, reading in frames:
        time_s += round(step_s, 2) + 0.013
        one.add(time_s, reading)
        other.add(time_s + round(shift_s), reading)
    assert one.result.n_repetitions == other.result.n_repetitions
    assert math.isclose(one.result.in_zone_s, other.result.in_zone_s, abs_tol=1e-6)


@given(
    st.integers(12, 120),
    st.integers(12, 120),
    st.floats(0.1, 0.8),
    st.floats(25, 75),
    st.sampled_from(KINDS),
)
def test_the_frame_rate_does_not_matter(fps, other_fps, rate_hz, limit_deg, kind):
    limits = {
        "at_least": {"low_deg": limit_deg},
        "at_most": {"high_deg": limit_deg},
        "within": {"low_deg": limit_deg - 5, "high_deg": limit_deg + 5},
    }[kind]
    goal = Goal(angle="left_knee_flexion", kind=kind, **limits)
    results = [measure_goal(make_bends(each, rate_hz), goal) for each in (fps, other_fps)]
    assert results[0].n_repetitions == results[1].n_repetitions
    assert math.isclose(results[0].in_zone_s, results[1].in_zone_s, abs_tol=0.35)
    # At 12 frames a second the turning point may lie 1/24 s from a frame.
    assert math.isclose(results[0].best_deg, results[1].best_deg, abs_tol=12.0)


def make_bends(fps, rate_hz):
    """Knees that bend to 90 degrees and back, a whole number of times."""
    duration_s = 4 / rate_hz
    time_s = np.linspace(0, duration_s, round(duration_s * fps) + 1)
    bend_deg = 45 * (1 - np.cos(2 * np.pi * rate_hz * time_s))
    return make_sequence({"left_knee_flexion": bend_deg}, time_s=time_s)
