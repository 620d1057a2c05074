"""The band around each reading: wider where less is known, and as wide as was measured."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.simulated_views import simulate_view
from posecore import compute_expected_error, compute_joint_angles, refine
from posecore.disturbances import add_gaps
from posecore.geometry import compute_joint_angle
from posecore.simulated_camera import SimulatedCamera
from posecore.synthetic import make_sequence, make_squats
from posecore.topology import Landmark
from posecore.trust import COEFFICIENTS, FEATURES, LANDMARKS, compute_features


def make_arms(azimuth_deg=0.0, n_frames=4):
    """Left arm straight out in front, right arm at the side."""
    return make_sequence(
        {"left_shoulder_elevation": 90.0},
        time_s=np.arange(n_frames) / 30,
        camera=SimulatedCamera(azimuth_deg=azimuth_deg),
    )


def test_the_landmarks_are_those_of_the_angles():
    sequence, _ = simulate_view(0, duration_s=0.5)
    angles = compute_joint_angles(sequence, list(LANDMARKS))
    for name, marks in LANDMARKS.items():
        interior = compute_joint_angle(*(sequence.world_landmarks[:, mark] for mark in marks))
        expected = interior if name.endswith("shoulder_elevation") else 180 - interior
        np.testing.assert_allclose(angles[name], expected, atol=1e-3)


def test_one_column_an_angle_on_the_clock():
    sequence = make_arms()
    band = compute_expected_error(sequence, ["left_knee_flexion", "right_elbow_flexion"])
    assert list(band.columns) == ["left_knee_flexion", "right_elbow_flexion"]
    np.testing.assert_array_equal(band.index, sequence.time_s)
    assert list(compute_expected_error(sequence)) == list(LANDMARKS)


def test_an_angle_that_was_never_measured_has_no_answer():
    with pytest.raises(KeyError):
        compute_expected_error(make_arms(), ["left_wrist_flexion"])


def test_an_arm_along_the_line_of_sight_counts_as_such():
    along = FEATURES.index("along sight")
    front, side = make_arms(), make_arms(azimuth_deg=90.0)
    assert compute_features(front, "left_elbow_flexion")[:, along] == pytest.approx(1.0, abs=1e-3)
    assert compute_features(side, "left_elbow_flexion")[:, along] == pytest.approx(0.0, abs=1e-3)
    assert compute_features(front, "right_elbow_flexion")[:, along] == pytest.approx(0.0, abs=1e-3)


def test_a_hidden_landmark_widens_the_band_of_its_angles_alone():
    sequence = make_arms()
    visibility = np.array(sequence.visibility)
    visibility[2, Landmark.LEFT_ANKLE] = 0.1
    band = compute_expected_error(replace(sequence, visibility=visibility))
    seen = compute_expected_error(sequence)
    assert band["left_knee_flexion"].iloc[2] > 1.5 * seen["left_knee_flexion"].iloc[2]
    changed = (band != seen).to_numpy()
    assert changed.sum() == 1


def test_landmarks_that_miss_the_picture_widen_the_band():
    sequence = make_arms()
    image = np.array(sequence.image_landmarks)
    image[1, Landmark.RIGHT_ELBOW, 0] += 0.05
    band = compute_expected_error(replace(sequence, image_landmarks=image))
    seen = compute_expected_error(sequence)
    name = "right_shoulder_elevation"
    assert band[name].iloc[1] > seen[name].iloc[1] + 5
    assert band[name].iloc[0] == pytest.approx(seen[name].iloc[0])


def test_refined_readings_have_their_own_band():
    sequence, _ = simulate_view(1, duration_s=1.0)
    raw, refined = compute_expected_error(sequence), compute_expected_error(refine(sequence))
    assert refined.to_numpy().mean() < 0.9 * raw.to_numpy().mean()


@pytest.mark.parametrize("kind", COEFFICIENTS)
def test_nine_of_ten_readings_of_new_simulated_views_are_inside(kind):
    inside = []
    for seed in range(500, 510):
        sequence, truth_m = simulate_view(seed, duration_s=3.0)
        if kind == "refined":
            sequence = refine(sequence)
        error = compute_joint_angles(sequence, list(LANDMARKS)) - compute_joint_angles(
            replace(sequence, world_landmarks=truth_m), list(LANDMARKS)
        )
        inside.append((error.abs() <= compute_expected_error(sequence)).to_numpy())
    assert 0.88 < np.mean(inside) < 0.99


def test_no_reading_no_band():
    gone = add_gaps(make_arms(n_frames=10), seed=0, share=0.3)
    gone = add_gaps(gone, seed=1, share=1.0, landmarks=[Landmark.LEFT_WRIST])
    band = compute_expected_error(gone)
    angles = compute_joint_angles(gone, list(LANDMARKS))
    np.testing.assert_array_equal(band.isna(), angles.isna())


@pytest.mark.parametrize("n_frames", [0, 1, 2])
def test_few_frames(n_frames):
    assert compute_expected_error(make_arms(n_frames=3)[:n_frames]).shape == (n_frames, 8)


def test_what_somebody_does_with_the_errors_changes_them_for_nobody_else():
    """They are kept with the recording, for warping and comparing ask for the same."""
    sequence = make_squats(1.0)
    first = compute_expected_error(sequence, ["left_knee_flexion"])
    expected = first.to_numpy().copy()
    first.iloc[:] = -1.0
    again = compute_expected_error(sequence)
    assert np.array_equal(again[["left_knee_flexion"]].to_numpy(), expected)
    assert np.array_equal(again.to_numpy(), compute_expected_error(make_squats(1.0)).to_numpy())
