"""Speeds for the replay's charts: motions whose speed is known."""

from dataclasses import replace

import numpy as np
import pytest

from posecore import Landmark, PoseSequence
from posecore.replay_series import compute_landmark_speeds
from posecore.synthetic import make_squats

TIME_S = np.cumsum(np.random.default_rng(2).uniform(0.02, 0.04, 90))


@pytest.fixture
def gliding() -> PoseSequence:
    """The left wrist glides at 0.8 m/s, at uneven times; everything else stands still."""
    squats = make_squats(3.0, 30.0)[:90]
    world = np.repeat(squats.world_landmarks[:1], 90, axis=0)
    world[:, Landmark.LEFT_WRIST, 0] += 0.8 * (TIME_S - TIME_S[0])
    return replace(squats, time_s=TIME_S, world_landmarks=world)


def test_speed_is_way_by_measured_time(gliding):
    speeds = compute_landmark_speeds(gliding)
    np.testing.assert_allclose(speeds[:, Landmark.LEFT_WRIST], 0.8, atol=1e-4)
    assert np.delete(speeds, Landmark.LEFT_WRIST, axis=1).max() == 0


def test_there_is_no_speed_beside_a_missing_landmark_or_across_a_hole(gliding):
    world = gliding.world_landmarks.copy()
    world[40, Landmark.LEFT_WRIST] = np.nan
    time_s = gliding.time_s.copy()
    time_s[70:] += 10.0
    holed = replace(gliding, world_landmarks=world, time_s=time_s)
    speed = compute_landmark_speeds(holed)[:, Landmark.LEFT_WRIST]
    assert np.flatnonzero(np.isnan(speed)).tolist() == [38, 42, 68, 69, 70, 71]


@pytest.mark.parametrize("n_frames", [0, 1])
def test_a_single_frame_has_no_speed(n_frames):
    speeds = compute_landmark_speeds(make_squats(1.0)[:n_frames])
    assert speeds.shape == (n_frames, 33)
    assert np.isnan(speeds).all()
