"""The offset of two cameras' clocks, on movements whose offset is known."""

from dataclasses import replace

import numpy as np
import pytest

from posecore.simulated_camera import SimulatedCamera
from posecore.synchronising import estimate_offset
from posecore.synthetic import make_sequence

FRONT, SIDE, BEHIND = (
    SimulatedCamera(azimuth_deg=20.0),
    SimulatedCamera(azimuth_deg=110.0, distance_m=4.5),
    SimulatedCamera(azimuth_deg=200.0),
)


def move(time_s):
    """Angles of somebody who bends elbows, knees and hips at a pace that varies."""
    swing = 1 + 0.3 * np.sin(0.7 * time_s)

    def bend(rate_hz, phase, size_deg):
        return size_deg * (1 - np.cos(2 * np.pi * rate_hz * time_s + phase))

    return {
        "left_elbow_flexion": bend(0.7, 0.3, 40) * swing,
        "right_elbow_flexion": bend(0.5, 1.0, 30),
        "left_knee_flexion": bend(0.45, 0.0, 40) * swing,
        "right_knee_flexion": bend(0.45, 0.5, 40),
        "left_hip_flexion": bend(0.45, 0.0, 30) * swing,
        "right_hip_flexion": bend(0.45, 0.5, 30),
        "left_shoulder_elevation": bend(0.3, 0.0, 45),
    }


def film(camera, time_s, *, noise=0.0, angles=move):
    """What a camera sees, with noise of its own in metres and a quarter of it in the picture."""
    seen = make_sequence(angles(time_s), time_s=time_s, camera=camera)
    random = np.random.default_rng(round(camera.azimuth_deg))
    shape = seen.world_landmarks.shape
    return replace(
        seen,
        world_landmarks=seen.world_landmarks + random.normal(0, noise, shape).astype(np.float32),
        image_landmarks=seen.image_landmarks
        + random.normal(0, noise / 4, shape).astype(np.float32),
    )


def put_back(sequence, offset_s):
    """The same on a clock to which the offset is to be added."""
    return replace(sequence, time_s=sequence.time_s - offset_s)


@pytest.fixture(scope="module")
def front():
    return film(FRONT, np.arange(300) / 30, noise=0.005)


@pytest.mark.parametrize("other", [SIDE, BEHIND], ids=["side", "behind"])
@pytest.mark.parametrize("offset_s", [0.0, 0.012, -0.7, 3600.0])
def test_the_offset_is_found_from_the_movement(front, other, offset_s):
    other_seen = put_back(film(other, np.arange(0.1, 10, 1 / 24), noise=0.005), offset_s)
    found = estimate_offset(front, other_seen, offset_s + 0.07, 0.1)
    assert found.how == "movement"
    assert found.offset_s == pytest.approx(offset_s, abs=0.02)
    assert abs(found.offset_s - offset_s) <= found.error_s < 0.05


def test_without_noise_it_is_exact_to_a_tenth_of_a_frame():
    time_s = np.arange(300) / 30
    seen = [film(camera, time_s) for camera in (FRONT, SIDE)]
    found = estimate_offset(seen[0], put_back(seen[1], 0.25), 0.2, 0.1)
    assert found.offset_s == pytest.approx(0.25, abs=0.0035)


@pytest.mark.parametrize("fps", [10, 15, 60])
def test_cameras_of_other_frame_rates_agree(front, fps):
    other = put_back(film(SIDE, np.arange(0.0, 10, 1 / fps), noise=0.005), 0.4)
    found = estimate_offset(front, other, 0.33, 0.1)
    assert found.how == "movement"
    assert found.offset_s == pytest.approx(0.4, abs=0.03)


def test_swapping_the_recordings_turns_the_sign(front):
    other = put_back(film(SIDE, np.arange(300) / 30, noise=0.005), 0.4)
    there = estimate_offset(front, other, 0.35, 0.1)
    back = estimate_offset(other, front, -0.35, 0.1)
    assert back.offset_s == pytest.approx(-there.offset_s, abs=0.005)


def test_uneven_frames_and_gaps_do_not_move_it(front):
    random = np.random.default_rng(7)
    time_s = np.cumsum(random.uniform(0.02, 0.06, 250))
    other = film(SIDE, time_s, noise=0.005)
    is_gap = (time_s > 3) & (time_s < 3.8)
    gone = {
        name: np.where(is_gap[:, None, None], np.nan, getattr(other, name))
        for name in ("image_landmarks", "world_landmarks")
    }
    found = estimate_offset(front, put_back(replace(other, **gone), 0.2), 0.14, 0.1)
    assert found.offset_s == pytest.approx(0.2, abs=0.02)


def stand(time_s):
    return {"left_elbow_flexion": np.full(len(time_s), 10.0)}


def step_quickly(time_s):
    """The same three times a second: which of them is which nobody can tell."""
    bend = 20 * (1 - np.cos(2 * np.pi * 3 * time_s))
    return {"left_knee_flexion": bend, "right_knee_flexion": bend, "left_elbow_flexion": bend}


@pytest.mark.parametrize(
    ("angles", "n_frames", "error_s"),
    [(stand, 300, 0.1), (step_quickly, 300, 0.25), (move, 40, 0.1)],
    ids=["nothing moves", "always the same", "too short"],
)
def test_where_the_movement_says_nothing_clear_the_clocks_are_believed(angles, n_frames, error_s):
    time_s = np.arange(n_frames) / 30
    a, b = (film(camera, time_s, noise=0.003, angles=angles) for camera in (FRONT, SIDE))
    found = estimate_offset(a, b, 0.05, error_s)
    assert (found.how, found.offset_s, found.error_s) == ("clocks", 0.05, error_s)


def test_two_who_move_differently_are_not_brought_together(front):
    other = film(SIDE, np.arange(300) / 30, angles=lambda time_s: move(1.37 * time_s + 4))
    assert estimate_offset(front, other, 0.0, 0.1).how == "clocks"


def test_clocks_that_are_better_known_than_the_movement_are_believed(front):
    other = film(SIDE, np.arange(300) / 30, noise=0.01)
    assert estimate_offset(front, other, 0.003, 0.004).how == "clocks"


def test_nobody_in_one_of_them_or_no_common_moment_leaves_the_prior(front):
    nobody = replace(
        front,
        image_landmarks=np.full_like(front.image_landmarks, np.nan),
        world_landmarks=np.full_like(front.world_landmarks, np.nan),
    )
    for other, prior_s in ((nobody, 0.1), (front, 60.0), (front[:0], 0.1), (front[:1], 0.1)):
        found = estimate_offset(front, other, prior_s, 0.1)
        assert (found.how, found.offset_s) == ("clocks", prior_s)
