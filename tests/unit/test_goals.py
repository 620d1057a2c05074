"""Goals: what is a zone, a repetition and time in the zone, on readings whose answer is known."""

import math
from dataclasses import replace

import numpy as np
import pytest

from posecore import ANGLES, Landmark
from posecore.errors import InvalidFieldError
from posecore.goals import Goal, GoalResult, GoalTracker, measure_goal
from posecore.synthetic import make_sequence, make_squats

KNEE = "right_knee_flexion"
DEEP = Goal(angle=KNEE, kind="at_least", low_deg=80)
STRAIGHT = Goal(angle=KNEE, kind="at_most", high_deg=20)
MIDDLE = Goal(angle=KNEE, kind="within", low_deg=40, high_deg=60)


def follow(goal, readings_deg, *, fps=10.0, start_s=0.0):
    """Give a tracker one reading after the other; return it."""
    tracker = GoalTracker(goal)
    for number, reading in enumerate(readings_deg):
        tracker.add(start_s + number / fps, reading)
    return tracker


def list_zones(goal, readings_deg):
    """Return the zone after each reading."""
    tracker = GoalTracker(goal)
    zones = []
    for number, reading in enumerate(readings_deg):
        tracker.add(number / 10, reading)
        zones.append(tracker.zone)
    return zones


def count(goal, readings_deg):
    return follow(goal, readings_deg).result.n_repetitions


# What a goal is


@pytest.mark.parametrize(
    ("goal", "label"),
    [
        (DEEP, "Right knee at least 80°"),
        (STRAIGHT, "Right knee at most 20°"),
        (MIDDLE, "Right knee between 40° and 60°"),
        (Goal(angle="trunk_lean", kind="at_most", high_deg=12.5), "Trunk lean at most 12.5°"),
        (
            Goal(angle="left_hip_abduction", kind="at_least", low_deg=-20),
            "Left hip abduction at least -20°",
        ),
    ],
)
def test_a_goal_is_said_in_words(goal, label):
    assert goal.label == label


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"angle": "left_tail", "kind": "at_least", "low_deg": 80}, "no angle 'left_tail'"),
        ({"angle": KNEE, "kind": "about", "low_deg": 80}, "at_least, at_most or within"),
        ({"angle": KNEE, "kind": "at_least"}, "degrees from 0 to 180, not 'None'"),
        ({"angle": KNEE, "kind": "at_least", "high_deg": 80}, "has no high_deg|not 'None'"),
        ({"angle": KNEE, "kind": "at_least", "low_deg": 80, "high_deg": 90}, "has no high_deg"),
        ({"angle": KNEE, "kind": "at_most", "low_deg": 80, "high_deg": 90}, "has no low_deg"),
        ({"angle": KNEE, "kind": "within", "low_deg": 80}, "not 'None'"),
        ({"angle": KNEE, "kind": "within", "low_deg": 80, "high_deg": 70}, "exchange the two"),
        ({"angle": KNEE, "kind": "within", "low_deg": 2, "high_deg": 178}, "smaller zone"),
        ({"angle": KNEE, "kind": "at_least", "low_deg": 9}, "smaller zone"),
        ({"angle": KNEE, "kind": "at_most", "high_deg": 175}, "smaller zone"),
        ({"angle": KNEE, "kind": "at_least", "low_deg": 181}, "not '181'"),
        ({"angle": KNEE, "kind": "at_least", "low_deg": -1}, "not '-1'"),
        ({"angle": KNEE, "kind": "at_least", "low_deg": math.nan}, "not 'nan'"),
        ({"angle": KNEE, "kind": "at_least", "low_deg": math.inf}, "not 'inf'"),
        ({"angle": KNEE, "kind": "at_least", "low_deg": "80"}, "not '80'"),
        ({"angle": KNEE, "kind": "at_least", "low_deg": True}, "not 'True'"),
        ({"angle": [], "kind": "at_least", "low_deg": 80}, "and nothing else"),
        ({"angle": KNEE, "kind": "at_least", "low_deg": 80, "speed": 3}, "and nothing else"),
        ({}, "and nothing else"),
    ],
)
def test_what_is_no_goal_is_refused_with_a_sentence(fields, sentence):
    with pytest.raises(InvalidFieldError, match=sentence):
        Goal.from_dict(fields)


@pytest.mark.parametrize("goal", [DEEP, STRAIGHT, MIDDLE])
def test_a_goal_comes_back_from_json_as_it_was(goal):
    assert Goal.from_dict(goal.to_dict()) == goal


def test_every_angle_can_have_a_goal():
    for name, definition in ANGLES.items():
        lowest, highest = definition.range_deg
        middle = (lowest + highest) / 2
        assert Goal(angle=name, kind="at_least", low_deg=middle).label.startswith(definition.label)


# The zone


def test_the_zone_is_entered_at_the_degree_that_is_shown():
    assert list_zones(DEEP, [79.4, 79.5, 90.0]) == ["out", "in", "in"]
    assert list_zones(STRAIGHT, [20.6, 20.4, 0.0]) == ["out", "in", "in"]
    assert list_zones(MIDDLE, [39.4, 39.6, 60.4, 63.1]) == ["out", "in", "in", "out"]


def test_jitter_at_the_border_is_no_coming_and_going():
    jitter = [80.0, 78.2, 80.5, 77.5, 81.0, 77.0]
    assert list_zones(DEEP, jitter) == ["in"] * 6
    assert list_zones(DEEP, [*jitter, 76.9, 79.0, 80.0])[-3:] == ["out", "out", "in"]


def test_without_a_reading_for_a_while_nobody_knows():
    nan = math.nan
    assert list_zones(DEEP, [nan, 90, nan, nan, nan]) == ["unseen", "in", "in", "in", "unseen"]
    # What comes after is judged anew: 78 is only still in the zone, not newly so.
    assert list_zones(DEEP, [90, nan, nan, nan, 78])[-1] == "out"
    assert list_zones(DEEP, [90, nan, 78])[-1] == "in"


def test_a_frame_that_comes_late_makes_the_zone_unknown_before():
    tracker = GoalTracker(DEEP)
    tracker.add(0.0, 90.0)
    tracker.add(0.3, 78.0)
    assert tracker.zone == "out"


# Repetitions


def test_synthetic_squats_are_counted_exactly():
    assert measure_goal(make_squats(10.0), DEEP).n_repetitions == 5
    assert measure_goal(make_squats(60.0, rate_hz=0.25), DEEP).n_repetitions == 15
    too_deep = Goal(angle=KNEE, kind="at_least", low_deg=95)
    assert measure_goal(make_squats(10.0), too_deep).n_repetitions == 0


def test_the_end_of_a_squat_must_be_seen():
    # Down, and up to 15 degrees short of the zone: 65.
    assert count(DEEP, [0, 45, 90, 66]) == 0
    assert count(DEEP, [0, 45, 90, 65]) == 1
    assert count(DEEP, [0, 45, 90, 65, 90, 66, 90, 65]) == 2


def test_who_begins_in_the_zone_has_to_leave_it_first():
    assert count(DEEP, [90, 0]) == 0
    assert count(DEEP, [90, 0, 90, 0]) == 1


def test_what_a_single_frame_says_counts_nowhere():
    """At a camera's usual rate, that is the estimator's leap and no movement."""
    result = follow(DEEP, [5, 5, 110, 5, 5, 5, 120, 5, 5], fps=30).result
    assert (result.n_repetitions, result.in_zone_s, result.best_deg) == (0, 0.0, 5)
    after_a_gap = follow(DEEP, [5, 5, math.nan, 110, 5, 5, 5], fps=30).result
    assert after_a_gap.n_repetitions == 0


def test_a_quick_movement_counts_at_any_rate():
    time_s = np.arange(0, 2, 1 / 30)
    quick = 50 - 50 * np.cos(2 * np.pi * 2 * time_s)  # two a second
    assert follow(DEEP, quick, fps=30).result.n_repetitions == 4
    assert follow(DEEP, quick[::3], fps=10).result.n_repetitions == 4


def test_jitter_at_the_border_counts_once():
    jitter = [80 + (-1) ** number * 3 for number in range(50)]
    assert count(DEEP, [0, *jitter, 0]) == 1
    at_return = [65 + (-1) ** number * 2 for number in range(50)]
    assert count(DEEP, [0, 90, *at_return, 0]) == 1


def test_straightening_is_counted_from_the_bent_side():
    assert count(STRAIGHT, [90, 10, 90, 10, 90]) == 2
    assert count(STRAIGHT, [0, 90, 0]) == 0


def test_through_the_zone_and_beyond_is_one_repetition():
    assert count(MIDDLE, [0, 50, 90, 50, 0]) == 1
    assert count(MIDDLE, [0, 50, 90, 50, 0] * 3) == 3
    assert count(MIDDLE, [0, 50, 0, 50, 0]) == 2


def test_a_zone_between_two_frames_was_reached():
    assert count(MIDDLE, [0, 90, 0, 90, 0]) == 2


def test_after_changing_sides_what_begins_there_counts():
    assert count(MIDDLE, [0, 50, 90, 50, 90, 50, 90]) == 2


def test_a_goal_near_the_end_of_the_range_can_be_repeated():
    little = Goal(angle=KNEE, kind="at_least", low_deg=12)
    assert count(little, [5, 20, 5, 20, 7, 20, 5]) == 2
    # Below 0 there is nothing, so that only the bent side is one to begin from.
    low = Goal(angle=KNEE, kind="within", low_deg=5, high_deg=20)
    assert count(low, [0, 10, 0, 10, 0]) == 0
    assert count(low, [60, 10, 60, 10, 60]) == 2


def test_a_gap_neither_begins_nor_ends_a_repetition():
    nan = math.nan
    assert count(DEEP, [0, 90, nan, nan, nan, nan, 0]) == 1
    assert count(DEEP, [0, nan, nan, nan, nan, 0]) == 0
    # Both sides of a hole are no line: nobody knows what was between them.
    assert count(MIDDLE, [0, nan, 90, nan, 0]) == 0


# Time


def test_time_in_the_zone_is_that_of_the_curve():
    # 45 (1 - cos) is above 79.5 for arccos(79.5 / 45 - 1) / pi of each period of 2 s.
    expected_s = 10 * math.acos(79.5 / 45 - 1) / math.pi
    result = measure_goal(make_squats(10.0), DEEP)
    assert result.in_zone_s == pytest.approx(expected_s, abs=0.01)
    assert result.seen_s == pytest.approx(299 / 30)


def test_time_counts_by_the_frames_clock_and_not_across_gaps():
    tracker = GoalTracker(DEEP)
    for time_s in (0.0, 0.1, 0.3, 0.35):
        tracker.add(time_s, 90.0)
    assert tracker.result.in_zone_s == pytest.approx(0.35)
    tracker.add(0.7, 90.0)  # 0.35 s later: a hole
    assert tracker.result.in_zone_s == pytest.approx(0.35)
    tracker.add(0.8, math.nan)
    tracker.add(0.9, 90.0)
    assert tracker.result.in_zone_s == pytest.approx(0.35)
    tracker.add(1.0, 90.0)
    assert tracker.result.in_zone_s == tracker.result.seen_s == pytest.approx(0.45)


def test_a_frame_that_is_not_later_is_passed_over():
    tracker = follow(DEEP, [0, 90])
    before = tracker.result
    tracker.add(0.1, 0.0)
    tracker.add(-5.0, 0.0)
    tracker.add(math.nan, 0.0)
    assert tracker.result == before


def test_a_new_clock_goes_on_counting():
    tracker = follow(DEEP, [0, 90], start_s=1000.0)
    tracker.break_off()
    tracker.add(0.0, 0.0)
    assert tracker.result.n_repetitions == 1
    assert tracker.result.seen_s == pytest.approx(0.1)


def test_a_reset_forgets_everything():
    tracker = follow(DEEP, [0, 90, 0, 90])
    tracker.reset()
    assert (tracker.result.n_repetitions, tracker.result.in_zone_s) == (0, 0.0)
    assert math.isnan(tracker.result.best_deg)
    tracker.add(0.0, 0.0)
    assert tracker.result.n_repetitions == 0


# The best value


@pytest.mark.parametrize(("goal", "best"), [(DEEP, 110.0), (STRAIGHT, 3.0), (MIDDLE, 45.0)])
def test_the_best_value_is_the_one_nearest_to_the_goal(goal, best):
    assert follow(goal, [70, 3, math.nan, 45, 110, 30]).result.best_deg == best


def test_where_nothing_was_read_there_is_no_best_value():
    result = follow(DEEP, [math.nan, math.inf]).result
    assert math.isnan(result.best_deg)
    assert replace(result, best_deg=0.0) == GoalResult(best_deg=0.0)


# Recordings


def test_hidden_landmarks_are_gaps():
    sequence = make_squats(10.0)
    visibility = np.array(sequence.visibility)
    visibility[: len(sequence) // 2, Landmark.RIGHT_ANKLE] = 0.4
    hidden = replace(sequence, visibility=visibility)
    result = measure_goal(hidden, DEEP)
    assert result.seen_s == pytest.approx(147 / 30), "two frames until a reading can be trusted"
    assert result.n_repetitions in (2, 3)
    left = replace(DEEP, angle="left_knee_flexion")
    assert measure_goal(hidden, left) == measure_goal(sequence, left)


def test_a_recording_of_nobody_and_one_without_frames_have_no_result():
    sequence = make_squats(1.0)
    nobody = replace(
        sequence,
        world_landmarks=np.full_like(sequence.world_landmarks, np.nan),
        image_landmarks=np.full_like(sequence.image_landmarks, np.nan),
        visibility=np.full_like(sequence.visibility, np.nan),
        presence=np.full_like(sequence.presence, np.nan),
    )
    for each in (nobody, sequence[:0], make_sequence(time_s=[])):
        result = measure_goal(each, DEEP)
        assert (result.n_repetitions, result.in_zone_s, result.seen_s) == (0, 0.0, 0.0)
