"""The simulated camera and what is done to a recording on purpose: worked out by hand."""

import numpy as np
import pytest

from posecore import Landmark
from posecore.disturbances import add_gaps, add_noise, add_swaps
from posecore.simulated_camera import SimulatedCamera
from posecore.synthetic import make_sequence, make_squats

LEFT, FORWARD, UP = np.array([1.0, 0, 0]), np.array([0, 0, -1.0]), np.array([0, -1.0, 0])


@pytest.mark.parametrize(
    ("camera", "direction", "seen"),
    [
        (SimulatedCamera(), LEFT, (1, 0, 0)),
        (SimulatedCamera(azimuth_deg=90), LEFT, (0, 0, -1)),
        (SimulatedCamera(azimuth_deg=90), FORWARD, (-1, 0, 0)),
        (SimulatedCamera(azimuth_deg=180), LEFT, (-1, 0, 0)),
        (SimulatedCamera(azimuth_deg=-90), LEFT, (0, 0, 1)),
        (SimulatedCamera(elevation_deg=30), UP, (0, -np.sqrt(0.75), -0.5)),
        (SimulatedCamera(elevation_deg=30), LEFT, (1, 0, 0)),
        (SimulatedCamera(azimuth_deg=90, elevation_deg=30), LEFT, (0, 0.5, -np.sqrt(0.75))),
    ],
)
def test_where_the_figures_directions_point_for_the_camera(camera, direction, seen):
    np.testing.assert_allclose(camera.turn(direction), seen, atol=1e-12)


def test_the_camera_turns_and_does_not_mirror():
    rotation = SimulatedCamera(azimuth_deg=123, elevation_deg=-34).rotation
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)


def test_a_point_is_where_a_pinhole_puts_it():
    """1 m to the right and 0.5 m up, 4 m away, in a picture of 400 x 200 pixels: by hand."""
    camera = SimulatedCamera(distance_m=3.0, focal_length=1.2)
    points = np.zeros((1, 33, 3))
    points[0, 7] = 1.0, -0.5, 1.0
    image = camera.project(points, np.zeros((1, 3)), (400, 200))
    assert image[0, 7, :2] * (400, 200) == pytest.approx((200 + 240 / 4, 100 - 240 * 0.5 / 4))
    assert image[0, 7, 2] * 400 == pytest.approx(240 / 3)
    assert image[0, 0] == pytest.approx((0.5, 0.5, 0.0))


def test_what_is_behind_the_camera_is_not_seen():
    points = np.zeros((1, 33, 3))
    points[0, 7, 2] = -4.0
    image = SimulatedCamera().project(points, np.zeros((1, 3)), (400, 200))
    assert np.isnan(image[0, 7]).all()
    assert np.isfinite(image[0, 8]).all()


def test_world_landmarks_are_hip_centred_and_only_the_picture_travels():
    at_home = make_sequence(time_s=[0.0, 1.0])
    travelled = make_sequence(time_s=[0.0, 1.0], travel_m=[(0, 0, 0), (0.5, 0, 0)])
    np.testing.assert_array_equal(travelled.world_landmarks, at_home.world_landmarks)
    shift = (travelled.image_landmarks - at_home.image_landmarks)[:, Landmark.LEFT_HIP, 0]
    assert shift == pytest.approx((0, 0.5 * 1.1 / 3.5 * 360 / 640))
    hips = travelled.world_landmarks[:, [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]].mean(axis=1)
    np.testing.assert_allclose(hips, 0.0, atol=1e-7)


def test_from_behind_the_left_hand_is_on_the_left_of_the_picture():
    from_behind = make_sequence(time_s=[0.0], camera=SimulatedCamera(azimuth_deg=180))
    left, right = from_behind.image_landmarks[0, [Landmark.LEFT_WRIST, Landmark.RIGHT_WRIST], 0]
    assert left < 0.5 < right


def test_noise_is_as_large_as_asked_and_repeats_with_its_seed():
    squats = make_squats(60.0)
    noisy = add_noise(squats, seed=3, world_sd_m=(0.01, 0.02, 0.04), image_sd_px=2.0)
    world_sd = (noisy.world_landmarks - squats.world_landmarks).std(axis=(0, 1))
    assert world_sd == pytest.approx((0.01, 0.02, 0.04), rel=0.02)
    image = (noisy.image_landmarks - squats.image_landmarks)[..., :2] * squats.image_size
    assert image.std(axis=(0, 1)) == pytest.approx((2.0, 2.0), rel=0.02)
    again = add_noise(squats, seed=3, world_sd_m=(0.01, 0.02, 0.04), image_sd_px=2.0)
    np.testing.assert_array_equal(again.world_landmarks, noisy.world_landmarks)
    other = add_noise(squats, seed=4, world_sd_m=0.01)
    assert (other.world_landmarks != noisy.world_landmarks).any()
    np.testing.assert_array_equal(other.image_landmarks, squats.image_landmarks)


@pytest.mark.parametrize("run_frames", [1, 6])
def test_swaps_are_exactly_those_reported_and_undo_themselves(run_frames):
    squats = make_squats(20.0)
    swapped, is_swapped = add_swaps(squats, seed=1, share=0.05, run_frames=run_frames)
    assert is_swapped.sum() == 30
    changed = (swapped.world_landmarks != squats.world_landmarks).any(axis=(1, 2))
    np.testing.assert_array_equal(changed, is_swapped)
    left, right = Landmark.LEFT_KNEE, Landmark.RIGHT_KNEE
    for name in ("world_landmarks", "image_landmarks", "visibility", "presence"):
        before, after = getattr(squats, name), getattr(swapped, name)
        np.testing.assert_array_equal(after[is_swapped][:, left], before[is_swapped][:, right])
    back, _ = add_swaps(swapped, seed=1, share=0.05, run_frames=run_frames)
    np.testing.assert_array_equal(back.world_landmarks, squats.world_landmarks)


def test_a_swap_of_the_legs_leaves_the_arms():
    squats = make_squats(2.0)
    legs = [Landmark.LEFT_KNEE, Landmark.RIGHT_ANKLE]
    swapped, _ = add_swaps(squats, seed=1, share=1.0, landmarks=legs)
    moved = (swapped.world_landmarks != squats.world_landmarks).any(axis=(0, 2)).nonzero()[0]
    pairs = (Landmark.LEFT_KNEE, Landmark.RIGHT_KNEE, Landmark.LEFT_ANKLE, Landmark.RIGHT_ANKLE)
    assert set(moved) == set(pairs)


def test_gaps_are_nan_for_all_or_for_the_landmarks_named():
    squats = make_squats(20.0)
    nobody = add_gaps(squats, seed=2, share=0.1, run_frames=5)
    assert (~nobody.is_detected).sum() == 60
    one = add_gaps(squats, seed=2, share=0.1, run_frames=5, landmarks=[Landmark.LEFT_WRIST])
    is_missing = np.isnan(one.world_landmarks).any(axis=2)
    assert is_missing[:, Landmark.LEFT_WRIST].sum() == is_missing.sum() == 60
    assert np.isfinite(squats.world_landmarks).all()


@pytest.mark.parametrize("n_frames", [0, 1])
def test_short_recordings_are_disturbed_without_complaint(n_frames):
    short = make_squats(1.0)[:n_frames]
    assert len(add_noise(short, seed=0, world_sd_m=0.01)) == n_frames
    assert len(add_gaps(short, seed=0, share=1.0)) == n_frames
    _, is_swapped = add_swaps(short, seed=0, share=1.0)
    assert is_swapped.tolist() == [True] * n_frames
