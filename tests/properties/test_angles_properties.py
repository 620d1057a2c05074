"""What must hold for every pose: angles belong to the body, not to where or how it stands."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from posecore import ANGLES, CORE_ANGLES, compute_joint_angles
from posecore.angle_measures import make_resolver
from posecore.angles import compute_angle
from posecore.geometry import compute_vector_angle
from posecore.synthetic import POSED_ANGLES, make_sequence, make_world_landmarks
from posecore.topology import MIRROR_INDEX

DEGREES = st.floats(0.0, 175.0)
CORE_POSES = st.fixed_dictionaries(dict.fromkeys(CORE_ANGLES, DEGREES))


def reachable(name):
    """Degrees a pose may have; an arm's swing stays below overhead, where it has no direction."""
    if "shoulder" in name and name not in CORE_ANGLES:
        return st.floats(-60.0, 115.0)
    return DEGREES if ANGLES[name].range_deg[0] == 0 else st.floats(-60.0, 60.0)


POSES = st.fixed_dictionaries({name: reachable(name) for name in POSED_ANGLES}).map(
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
def test_turning_the_athlete_changes_no_angle_of_the_body(world, quaternion):
    found = compute_all(world @ to_rotation(quaternion).T)
    of_the_body = {
        name: degrees
        for name, degrees in compute_all(world).items()
        if not ANGLES[name].depends_on_camera
    }
    assert_same_angles(found, of_the_body)


@given(POSES, st.floats(-np.pi, np.pi))
def test_walking_around_the_athlete_with_a_level_camera_changes_no_angle(world, turn):
    around_y = to_rotation(np.array([np.cos(turn / 2), 0.0, np.sin(turn / 2), 0.0]))
    assert_same_angles(compute_all(world @ around_y.T), compute_all(world))


@given(POSES, arrays(np.float64, 3, elements=st.floats(-100, 100)))
def test_moving_the_athlete_changes_no_angle(world, offset_m):
    assert_same_angles(compute_all(world + offset_m), compute_all(world))


@given(POSES, st.floats(0.01, 100.0))
def test_a_smaller_athlete_has_the_same_angles(world, scale):
    assert_same_angles(compute_all(world * scale), compute_all(world))


@given(POSES)
def test_the_mirror_swaps_left_and_right_and_flips_what_is_said_to_flip(world):
    mirrored = compute_all((world * (-1, 1, 1))[:, list(MIRROR_INDEX)])
    expected = {
        definition.mirrored().name: -degrees if definition.flips else degrees
        for definition, degrees in zip(ANGLES.values(), compute_all(world).values(), strict=True)
    }
    assert expected.keys() == ANGLES.keys()
    assert_same_angles(mirrored, expected)


@given(POSES)
def test_a_mirrored_measure_reads_the_mirror_image_as_the_measure_reads_the_body(world):
    resolve = make_resolver(world)
    resolve_mirrored = make_resolver((world * (-1, 1, 1))[:, list(MIRROR_INDEX)])
    for name, definition in ANGLES.items():
        measure = definition.measure
        found, expected = measure.mirrored().compute(resolve_mirrored), measure.compute(resolve)
        assert abs(found - expected)[0] < 1e-9, name


@given(POSES)
def test_every_angle_is_within_its_range(world):
    for name, degrees in compute_all(world).items():
        low, high = ANGLES[name].range_deg
        assert low <= degrees <= high, name


@given(CORE_POSES)
def test_the_figures_angles_are_found_within_a_hundredth_of_a_degree(angles_deg):
    found = compute_joint_angles(make_sequence(angles_deg, time_s=[0.0])).iloc[0]
    assert_same_angles(found, angles_deg, tolerance_deg=0.01)


@given(POSES, st.sets(st.integers(0, 32), min_size=1))
def test_an_angle_is_missing_exactly_where_a_landmark_it_needs_is(world, missing):
    world[:, list(missing)] = np.nan
    sequence = make_sequence(time_s=[0.0])
    found = compute_joint_angles(replace(sequence, world_landmarks=world)).iloc[0]
    for name, definition in ANGLES.items():
        assert np.isnan(found[name]) == bool(set(definition.landmarks) & missing), name


@given(VECTORS, VECTORS)
def test_angles_between_vectors_keep_their_rules(first, second):
    angle = compute_vector_angle(first, second)
    assert 0.0 <= angle <= 180.0
    assert compute_vector_angle(second, first) == angle
    assert abs(compute_vector_angle(-first, second) - (180.0 - angle)) < 1e-9
    assert compute_vector_angle(first, first) < 1e-6
