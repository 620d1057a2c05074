"""One angle from 0 to 100 % of a recording, or of its repetitions."""

import numpy as np
import pytest

from posecore.courses import compute_course
from posecore.disturbances import add_gaps
from posecore.errors import ComparisonError
from posecore.synthetic import make_sequence, make_squats
from tests.e2e.player_page import leave_out


def test_a_steady_bend_is_a_straight_line_whatever_the_length():
    for duration_s in (2.0, 20.0):
        time_s = np.linspace(3.0, 3.0 + duration_s, 301)
        bend = make_sequence({"left_elbow_flexion": np.linspace(10.0, 110.0, 301)}, time_s=time_s)
        course = compute_course(bend, "left_elbow_flexion")
        np.testing.assert_allclose(course, np.linspace(10.0, 110.0, 501), atol=1e-3)


@pytest.mark.parametrize(("n_repetitions", "rate_hz"), [(100, 0.5), (1000, 0.5), (500, 5 / 6)])
def test_of_a_long_recording_every_part_shows_how_far_the_movement_went(n_repetitions, rate_hz):
    squats = make_squats(n_repetitions / rate_hz, rate_hz=rate_hz)
    course = compute_course(squats, "left_knee_flexion")
    parts = np.array_split(course, 25)
    assert max(part.min() for part in parts) < 3
    assert min(part.max() for part in parts) > 87


def test_of_a_long_recording_the_course_keeps_its_order_and_its_gaps():
    time_s = np.arange(3000) / 30
    bend = make_sequence({"left_elbow_flexion": np.linspace(10.0, 110.0, 3000)}, time_s=time_s)
    course = compute_course(leave_out(bend, slice(1200, 1500)), "left_elbow_flexion")
    is_gap = np.isnan(course)
    np.testing.assert_array_equal(np.flatnonzero(is_gap), np.arange(200, 250))
    expected = np.linspace(10.0, 110.0, 501)
    np.testing.assert_allclose(course[~is_gap], expected[~is_gap], atol=0.4)


def test_of_repetitions_it_is_their_mean():
    course = compute_course(make_squats(8.0), "left_knee_flexion", "repetitions")
    expected = 45 * (1 - np.cos(2 * np.pi * np.linspace(0, 1, 101)))
    np.testing.assert_allclose(course, expected, atol=1.0)


@pytest.mark.parametrize("n_frames", [0, 1])
def test_hardly_any_frames_have_no_course(n_frames):
    with pytest.raises(ComparisonError, match="two frames"):
        compute_course(make_squats(1.0)[:n_frames], "left_knee_flexion")


def test_where_the_angle_is_never_seen_there_is_no_course():
    with pytest.raises(ComparisonError, match="never seen"):
        compute_course(add_gaps(make_squats(1.0), seed=1, share=1.0), "left_knee_flexion")


def test_without_repetitions_there_is_no_mean_of_them():
    with pytest.raises(ComparisonError, match="Nothing is repeated"):
        compute_course(make_squats(1.0), "left_knee_flexion", "repetitions")


def test_an_unknown_angle_is_refused():
    with pytest.raises(KeyError):
        compute_course(make_squats(1.0), "tail_flexion")
