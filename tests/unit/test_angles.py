"""Joint angles: exact answers, worked out by hand or known from how the figure was made."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from posecore import (
    ANGLES,
    CORE_ANGLES,
    Landmark,
    PoseFrame,
    PoseSequence,
    compute_joint_angles,
)
from posecore.angles import compute_angle
from posecore.geometry import compute_joint_angle, compute_vector_angle
from posecore.synthetic import make_sequence, make_squats

X, Y, Z = np.eye(3)


@pytest.mark.parametrize(
    ("first", "second", "degrees"),
    [
        (X, X, 0.0),
        (X, Y, 90.0),
        (X, -X, 180.0),
        (X, X + Y, 45.0),
        (X, -X + Y, 135.0),
        (5 * X, 0.001 * (np.sqrt(3) * X + Y), 30.0),
        (Z, Y - Z, 135.0),
    ],
)
def test_angle_between_vectors(first, second, degrees):
    assert compute_vector_angle(first, second) == pytest.approx(degrees, abs=1e-12)


def test_tiny_angles_keep_their_digits():
    """The arccosine of the dot product would answer 0 here."""
    tiny = 1e-9
    found = compute_vector_angle(X, np.array([np.cos(tiny), np.sin(tiny), 0.0]))
    assert found == pytest.approx(np.degrees(tiny), rel=1e-9)


@pytest.mark.parametrize("broken", [np.zeros(3), np.full(3, np.nan), np.array([1.0, np.nan, 0.0])])
def test_no_direction_no_angle(broken):
    assert np.isnan(compute_vector_angle(broken, X))
    assert np.isnan(compute_vector_angle(X, broken))


def test_interior_angle_of_a_right_triangle():
    corner = np.array([[3.0, 4.0, 5.0]])
    found = compute_joint_angle(corner + 2 * X, corner, corner + 7 * Y)
    assert found.shape == (1,)
    assert found[0] == pytest.approx(90.0, abs=1e-12)


def make_leg(hip, knee, ankle):
    """One frame of a left leg, everything else at the origin."""
    world = np.zeros((1, 33, 3))
    world[0, [Landmark.LEFT_HIP, Landmark.LEFT_KNEE, Landmark.LEFT_ANKLE]] = hip, knee, ankle
    return world


@pytest.mark.parametrize(
    ("ankle", "degrees"),
    [((0, 2, 0), 0.0), ((0, 1, 1), 90.0), ((0, 1.5, np.sqrt(0.75)), 60.0), ((0, 0, 0), 180.0)],
)
def test_knee_flexion_by_hand(ankle, degrees):
    world = make_leg((0, 0, 0), (0, 1, 0), ankle)
    found = compute_angle(ANGLES["left_knee_flexion"], world)
    assert found[0] == pytest.approx(degrees, abs=1e-9)


@pytest.mark.parametrize("name", CORE_ANGLES)
@pytest.mark.parametrize("degrees", [0.0, 1.0, 45.0, 90.0, 137.0, 179.0])
def test_each_core_angle_of_the_figure_is_found_and_no_other_joint_moves(name, degrees):
    angles = compute_joint_angles(make_sequence({name: [degrees]}, time_s=[0.0]))
    expected = dict.fromkeys(CORE_ANGLES, 0.0) | {name: degrees}
    for column, value in expected.items():
        assert angles[column].iloc[0] == pytest.approx(value, abs=0.01), column


def test_squats_bend_hips_and_knees_to_90_degrees_and_back():
    squats = make_squats(duration_s=4.0, fps=30.0, rate_hz=0.5)
    angles = compute_joint_angles(squats)
    expected = 45.0 * (1 - np.cos(np.pi * squats.time_s))
    for name in ("left_knee_flexion", "right_hip_flexion", "left_shoulder_elevation"):
        np.testing.assert_allclose(angles[name], expected, atol=0.01)
    np.testing.assert_allclose(angles["right_elbow_flexion"], 0.0, atol=0.01)


def test_the_table_is_indexed_by_time_with_one_column_an_angle():
    angles = compute_joint_angles(make_sequence(time_s=[0.0, 0.25, 1.5]))
    assert isinstance(angles, pd.DataFrame)
    assert angles.index.name == "time_s"
    assert angles.index.tolist() == [0.0, 0.25, 1.5]
    assert list(angles.columns) == list(ANGLES)
    assert set(angles.dtypes) == {np.dtype(np.float64)}


def test_chosen_angles_come_in_the_order_asked_for():
    names = ["right_knee_flexion", "left_elbow_flexion"]
    assert list(compute_joint_angles(make_squats(1.0), names).columns) == names


def test_an_unknown_angle_is_refused():
    with pytest.raises(KeyError, match="left_ear_flexion"):
        compute_joint_angles(make_squats(1.0), ["left_ear_flexion"])


def test_nobody_in_the_frame_is_a_gap_of_one_row():
    frames = [PoseFrame.empty(0.0), PoseFrame.empty(0.1)]
    angles = compute_joint_angles(PoseSequence.from_frames(frames, image_size=(4, 3)))
    assert len(angles) == 2
    assert angles.isna().all().all()


def test_a_missing_ankle_takes_only_that_leg_away():
    sequence = make_squats(1.0)
    world = np.array(sequence.world_landmarks)
    world[3, Landmark.LEFT_ANKLE] = np.nan
    is_gap = compute_joint_angles(replace(sequence, world_landmarks=world)).isna()
    gone = ["left_knee_flexion", "left_ankle_dorsiflexion", "left_shank_inclination"]
    for name in gone:
        assert is_gap[name].to_numpy().nonzero()[0].tolist() == [3]
    assert not is_gap.drop(columns=gone).any().any()


def test_an_empty_recording_has_an_empty_table():
    angles = compute_joint_angles(make_sequence(time_s=[]))
    assert angles.shape == (0, len(ANGLES))


def test_each_definition_is_complete_and_comes_in_pairs():
    for name, definition in ANGLES.items():
        assert definition.name == name
        assert definition.meaning.startswith("0 ")
        assert all(vars(definition)[word] for word in ("definition", "plane", "reference"))
    lefts = [name for name in ANGLES if name.startswith("left_")]
    rights = [name for name in ANGLES if name.startswith("right_")]
    assert [name.replace("left", "right") for name in lefts] == rights
    mirrored = ANGLES["left_elbow_flexion"].mirrored()
    assert mirrored == ANGLES["right_elbow_flexion"]
    assert mirrored.joint == (
        Landmark.RIGHT_SHOULDER,
        Landmark.RIGHT_ELBOW,
        Landmark.RIGHT_WRIST,
    )
    assert mirrored.label == "Right elbow"
    assert (ANGLES["trunk_twist"].side, ANGLES["trunk_twist"].label) == ("middle", "Trunk twist")
    assert ANGLES["trunk_twist"].joint is ANGLES["trunk_twist"].zero is None


def test_the_core_angles_come_first_and_are_each_read_at_one_joint():
    """Live shows them, Replay charts them unasked: their order is part of the table."""
    assert tuple(ANGLES)[: len(CORE_ANGLES)] == CORE_ANGLES
    assert CORE_ANGLES[::2] == (
        "left_elbow_flexion",
        "left_shoulder_elevation",
        "left_hip_flexion",
        "left_knee_flexion",
    )
    assert tuple(name for name, each in ANGLES.items() if each.joint) == CORE_ANGLES
