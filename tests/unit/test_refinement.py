"""Refinement: better than what it was given, and a stated answer for what it cannot use."""

import json
from dataclasses import replace

import numpy as np
import pytest

from posecore import RefinementOptions, compute_joint_angles, refine
from posecore.disturbances import add_gaps, add_swaps
from posecore.errors import InvalidOptionError
from posecore.refinement.camera import place_body, turn
from posecore.simulated_camera import SimulatedCamera
from posecore.synthetic import make_sequence
from posecore.topology import Landmark

SIZE = (1280, 720)
CAMERA = SimulatedCamera(azimuth_deg=35, elevation_deg=10, focal_length=0.85 * 1280 / 720)
LIMBS = [
    (Landmark.LEFT_SHOULDER, Landmark.LEFT_ELBOW),
    (Landmark.RIGHT_ELBOW, Landmark.RIGHT_WRIST),
    (Landmark.LEFT_HIP, Landmark.LEFT_KNEE),
    (Landmark.RIGHT_KNEE, Landmark.RIGHT_ANKLE),
]


def make_motion(n_frames=120, fps=30.0, camera=CAMERA, start_s=0.0):
    """Legs that step and arms that swing, none of them in time with another."""
    time_s = np.arange(n_frames) / fps
    swing = {
        "left_elbow_flexion": (60, 40, 0.5),
        "right_elbow_flexion": (50, 45, 0.7),
        "left_shoulder_elevation": (70, 50, 0.4),
        "right_shoulder_elevation": (40, 35, 0.6),
        "left_hip_flexion": (40, 35, 0.5),
        "right_hip_flexion": (35, 30, 0.6),
        "left_knee_flexion": (50, 40, 0.5),
        "right_knee_flexion": (45, 40, 0.7),
    }
    angles = {
        name: middle + reach * np.sin(2 * np.pi * rate_hz * time_s)
        for name, (middle, reach, rate_hz) in swing.items()
    }
    sequence = make_sequence(angles, time_s=time_s, image_size=SIZE, camera=camera)
    return replace(sequence, time_s=time_s + start_s)


def spoil(sequence, seed=0):
    """Errors like an estimator's: depth worst, slowly wandering, limbs that shrink and grow."""
    random = np.random.default_rng(seed)
    wander = np.zeros((sequence.n_frames, 33, 3))
    steps = random.standard_normal(wander.shape)
    wander[0] = steps[0]
    keep = np.exp(-np.median(np.diff(sequence.time_s)) / 0.4)
    for i in range(1, sequence.n_frames):
        wander[i] = keep * wander[i - 1] + np.sqrt(1 - keep**2) * steps[i]
    image = np.array(sequence.image_landmarks)
    image[..., :2] += 0.003 * random.standard_normal(image[..., :2].shape)
    world = sequence.world_landmarks + wander * [0.015, 0.015, 0.07]
    return replace(sequence, world_landmarks=world.astype(np.float32), image_landmarks=image)


def rmse_deg(found, true):
    error = compute_joint_angles(found) - compute_joint_angles(true)
    return float(np.sqrt((error.to_numpy() ** 2).mean(axis=0)).mean())


def lengths_m(sequence, segment):
    first, second = segment
    return np.linalg.norm(
        sequence.world_landmarks[:, first] - sequence.world_landmarks[:, second], axis=-1
    )


def test_what_is_right_already_stays():
    true = make_motion()
    assert rmse_deg(refine(true), true) < 2.0


@pytest.mark.parametrize("azimuth_deg", [0, 60, 140, 180, 260])
def test_angles_come_nearer_to_the_truth_from_every_side(azimuth_deg):
    true = make_motion(camera=replace(CAMERA, azimuth_deg=azimuth_deg))
    spoilt = spoil(true, seed=azimuth_deg)
    refined = refine(spoilt, RefinementOptions(repairs_swaps=False))
    assert rmse_deg(refined, true) < 0.8 * rmse_deg(spoilt, true)


def test_a_wrong_guess_of_the_focal_length_does_little_harm():
    true = make_motion()
    spoilt = spoil(true)
    for focal_length in (0.6, 1.3):
        assert rmse_deg(refine(spoilt, RefinementOptions(focal_length=focal_length)), true) < (
            0.9 * rmse_deg(spoilt, true)
        )


def test_bones_keep_their_length_and_are_alike_left_and_right():
    spoilt = spoil(make_motion())
    refined = refine(spoilt)
    for segment in LIMBS:
        variation = np.std(lengths_m(refined, segment)) / np.mean(lengths_m(refined, segment))
        assert variation < 0.03
        assert variation < 0.3 * np.std(lengths_m(spoilt, segment)) / np.mean(
            lengths_m(spoilt, segment)
        )
    left, right = (
        lengths_m(refined, (Landmark[f"{side}_HIP"], Landmark[f"{side}_KNEE"])).mean()
        for side in ("LEFT", "RIGHT")
    )
    assert left == pytest.approx(right, rel=0.03)


@pytest.mark.parametrize("azimuth_deg", [0, 35, 90, 180])
def test_a_squat_of_known_angles_comes_back(azimuth_deg):
    """Within a degree where all is right; nearer than it was, and no further bent, where spoilt."""
    time_s = np.arange(120) / 30
    bend_deg = 45 * (1 - np.cos(np.pi * time_s))
    posed = {
        f"{side}_{motion}": bend_deg
        for side in ("left", "right")
        for motion in ("hip_flexion", "knee_flexion", "shoulder_elevation")
    }
    camera = replace(CAMERA, azimuth_deg=azimuth_deg)
    true = make_sequence(posed, time_s=time_s, image_size=SIZE, camera=camera)
    spoilt = spoil(true, seed=azimuth_deg)
    known_deg = bend_deg[:, np.newaxis]
    names = ["left_knee_flexion", "right_knee_flexion"]
    raw, exact, found = (
        compute_joint_angles(sequence, names).to_numpy()
        for sequence in (spoilt, refine(true), refine(spoilt))
    )
    assert np.abs(exact - known_deg).max() < 1.0
    assert np.std(found - known_deg) < 0.8 * np.std(raw - known_deg)
    assert found.max() < 100


def test_lengths_are_found_where_the_world_landmarks_are_wrong_about_them():
    """Forearms drawn a fifth too short in the world are put right by the picture."""
    true = make_motion(camera=replace(CAMERA, azimuth_deg=90))
    world = np.array(true.world_landmarks)
    for side in ("LEFT", "RIGHT"):
        elbow, wrist = Landmark[f"{side}_ELBOW"], Landmark[f"{side}_WRIST"]
        world[:, wrist] = world[:, elbow] + 0.8 * (world[:, wrist] - world[:, elbow])
    refined = refine(replace(true, world_landmarks=world))
    forearm = np.mean(lengths_m(refined, LIMBS[1])) / np.mean(lengths_m(refined, LIMBS[2]))
    assert forearm == pytest.approx(0.26 / 0.44, rel=0.08)


def test_the_origin_is_mid_hip_and_the_picture_is_unchanged():
    spoilt = spoil(make_motion())
    refined = refine(spoilt)
    hips = refined.world_landmarks[:, [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]].mean(axis=1)
    np.testing.assert_allclose(hips, 0, atol=1e-6)
    np.testing.assert_array_equal(refined.image_landmarks, spoilt.image_landmarks)
    assert not np.isnan(refined.world_landmarks).any()


def test_hands_and_face_come_along():
    true = make_motion()
    refined = refine(true)
    off_m = np.linalg.norm(refined.world_landmarks - true.world_landmarks, axis=-1)
    assert off_m[:, [Landmark.NOSE, Landmark.LEFT_INDEX, Landmark.RIGHT_THUMB]].max() < 0.12


def test_swapped_frames_are_put_right_first():
    true = make_motion(camera=replace(CAMERA, azimuth_deg=10))
    swapped, is_swapped = add_swaps(true, seed=3, share=0.1, run_frames=3)
    assert is_swapped.any()
    assert rmse_deg(refine(swapped), true) < 2.5
    assert rmse_deg(swapped, true) > 8


def test_what_was_done_is_recorded():
    options = RefinementOptions(focal_length=1.0)
    *_, step = refine(make_motion(n_frames=5), options).steps
    stored = json.loads(json.dumps(step.to_dict()))
    assert stored["name"] == "refine"
    assert stored["parameters"]["focal_length"] == 1.0
    assert stored["parameters"]["n_frames_fitted"] == 5


@pytest.mark.parametrize("n_frames", [0, 1, 2, 3])
def test_few_frames(n_frames):
    true = make_motion(n_frames=3)[:n_frames]
    refined = refine(true)
    assert refined.n_frames == n_frames
    if n_frames:
        assert rmse_deg(refined, true) < 5


def test_nobody_at_all_stays_nobody():
    nobody = add_gaps(make_motion(n_frames=10), seed=0, share=1.0)
    refined = refine(nobody)
    assert np.isnan(refined.world_landmarks).all()
    assert refined.steps[-1].to_dict()["parameters"]["n_frames_fitted"] == 0


def test_missing_frames_and_landmarks_stay_missing():
    gone = add_gaps(make_motion(), seed=1, share=0.2, run_frames=4)
    gone = add_gaps(gone, seed=2, share=0.3, landmarks=[Landmark.LEFT_WRIST, Landmark.LEFT_HIP])
    refined = refine(gone)
    np.testing.assert_array_equal(np.isnan(refined.world_landmarks), np.isnan(gone.world_landmarks))


def test_half_a_body_is_fitted_as_far_as_it_is_there():
    legs = [mark for mark in Landmark if mark >= Landmark.LEFT_KNEE]
    true = make_motion()
    refined = refine(add_gaps(true, seed=0, share=1.0, landmarks=legs))
    names = [f"{side}_{joint}" for side in ("left", "right") for joint in ("elbow_flexion",)]
    error = compute_joint_angles(refined, names) - compute_joint_angles(true, names)
    assert np.abs(error.to_numpy()).max() < 12
    assert np.isnan(refined.world_landmarks[:, legs]).all()


def test_too_little_of_a_body_is_missing():
    body = [mark for mark in Landmark if mark >= Landmark.LEFT_ELBOW]
    refined = refine(add_gaps(make_motion(n_frames=8), seed=0, share=1.0, landmarks=body))
    assert np.isnan(refined.world_landmarks).all()


def test_a_still_person_stands_still():
    still = make_sequence({}, time_s=np.arange(60) / 30, image_size=SIZE, camera=CAMERA)
    refined = refine(still)
    assert np.ptp(refined.world_landmarks, axis=0).max() < 0.01
    assert rmse_deg(refined, still) < 6


def test_nothing_is_smoothed_over_a_hole():
    """Ten seconds without frames: both sides come out as if the other were not there."""
    first, second = make_motion(), make_motion(start_s=14.0)
    arrays = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])
        for name in ("time_s", "image_landmarks", "world_landmarks", "visibility", "presence")
    }
    both = replace(first, frame_number=np.arange(2 * len(first)), **arrays)
    refined = refine(both)
    np.testing.assert_allclose(
        refined.world_landmarks[: len(first)], refined.world_landmarks[len(first) :], atol=1e-3
    )


@pytest.mark.parametrize(("fps", "n_frames"), [(5, 40), (240, 1000)])
def test_any_frame_rate(fps, n_frames):
    true = make_motion(n_frames=n_frames, fps=fps)
    spoilt = spoil(true)
    assert rmse_deg(refine(spoilt), true) < rmse_deg(spoilt, true)


def test_windows_meet_without_a_seam():
    true = make_motion(n_frames=1700)
    refined = refine(true)
    leap_m = np.linalg.norm(np.diff(refined.world_landmarks, 2, axis=0), axis=-1).max(axis=1)
    assert leap_m[1495:1503].max() <= 1.1 * leap_m.max(initial=0, where=np.arange(1698) < 1490)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_an_option_that_makes_no_sense_is_refused(value):
    with pytest.raises(InvalidOptionError, match="image_sigma_m must be a number above 0"):
        RefinementOptions(image_sigma_m=value)


def test_turning_takes_one_direction_to_the_other():
    before = np.array([[0.0, 0.0, 2.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    after = np.array([[0.0, 3.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    points = np.array([[[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]] * 3)
    turned = turn(points, before, after)
    np.testing.assert_allclose(turned[0], [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], atol=1e-12)
    np.testing.assert_allclose(turned[1:], points[1:], atol=1e-12)


def test_a_body_is_placed_where_it_is_seen():
    body = np.random.default_rng(0).normal(size=(4, 16, 3))
    position = np.array([0.5, -0.2, 5.0])
    placed = body + position
    found = place_body(body, placed[..., :2] / placed[..., 2:], np.ones((4, 16)))
    np.testing.assert_allclose(found, np.broadcast_to(position, (4, 3)), atol=1e-6)
