"""What must hold for every pose: angles belong to the body, not to where or how it stands."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from posecore import ANGLES, compute_joint_angles
from posecore.angles import compute_angle
from posecore.geometry import compute_vector_angle
from posecore.synthetic import make_sequence, make_world_landmarks
from posecore.topology import MIRROR_INDEX

DEGREES = st.floats(0.0, 175.0)
POSES = st.fixed_dictionaries(dict.fromkeys(ANGLES, DEGREES)).map(
    lambda angles: make_world_landmarks(angles, n_frames=1)
)
VECTORS = arrays(np.float64, 3, elements=st.floats(-1e6, 1e6)).filter(
    lambda vector: np.linalg.norm(vector) > 1e-6
)
QUATERNIONS = arrays(np.float64, 4, elements=st.floats(-1, 1)).filter(
    lambda quaternion: np.linalg.norm(quaternion) > 0.1
)


def compute_all(world):
    return {name: compute_angle(definition, world)[0] for name, definition in ANGLES.items()}


def assert_same_angles(found, expected, tolerance_deg=1e-4):
    for name, degrees in expected.items():
        assert abs(found[name] - degrees) < tolerance_deg, name


def to_rotation(quaternion):
    w, x, y, z = quaternion / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


@given(POSES, QUATERNIONS)
def test_turning_the_athlete_changes_no_angle(world, quaternion):
    assert_same_angles(compute_all(world @ to_rotation(quaternion).T), compute_all(world))


@given(POSES, arrays(np.float64, 3, elements=st.floats(-100, 100)))
def test_moving_the_athlete_changes_no_angle(world, offset_m):
    assert_same_angles(compute_all(world + offset_m), compute_all(world))


@given(POSES, st.floats(0.01, 100.0))
def test_a_smaller_athlete_has_the_same_angles(world, scale):
    assert_same_angles(compute_all(world * scale), compute_all(world))


@given(POSES)
def test_the_mirror_swaps_left_and_right(world):
    mirrored = (world * (-1, 1, 1))[:, list(MIRROR_INDEX)]
    swapped = {
        name.replace("left", "LEFT").replace("right", "left").replace("LEFT", "right"): degrees
        for name, degrees in compute_all(world).items()
    }
    assert_same_angles(compute_all(mirrored), swapped)


@given(st.fixed_dictionaries(dict.fromkeys(ANGLES, DEGREES)))
def test_the_figures_angles_are_found_within_a_hundredth_of_a_degree(angles_deg):
    found = compute_joint_angles(make_sequence(angles_deg, time_s=[0.0])).iloc[0]
    assert_same_angles(found, angles_deg, tolerance_deg=0.01)


@given(POSES, st.sets(st.integers(0, 32), min_size=1))
def test_an_angle_is_missing_exactly_where_a_landmark_it_needs_is(world, missing):
    world[:, list(missing)] = np.nan
    sequence = make_sequence(time_s=[0.0])
    found = compute_joint_angles(replace(sequence, world_landmarks=world)).iloc[0]
    for name, definition in ANGLES.items():
        needed = {definition.proximal, definition.vertex, definition.distal}
        assert np.isnan(found[name]) == bool(needed & missing), name


@given(VECTORS, VECTORS)
def test_angles_between_vectors_keep_their_rules(first, second):
    angle = compute_vector_angle(first, second)
    assert 0.0 <= angle <= 180.0
    assert compute_vector_angle(second, first) == angle
    assert abs(compute_vector_angle(-first, second) - (180.0 - angle)) < 1e-9
    assert compute_vector_angle(first, first) < 1e-6
