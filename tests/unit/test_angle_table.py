"""The further angles: each against motions whose answer is known, over its whole range."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from posecore import (
    ANGLES,
    Landmark,
    compute_angular_velocity,
    compute_image_angles,
    compute_joint_angles,
)
from posecore.angles import IMAGE_ANGLES
from posecore.simulated_camera import SimulatedCamera
from posecore.synthetic import POSED_ANGLES, make_sequence, make_squats

ARMS = (
    "shoulder_elevation",
    "shoulder_flexion",
    "shoulder_abduction",
    "upper_arm_inclination",
    "forearm_inclination",
)
LEG_LINES = ("thigh_inclination", "shank_inclination")
STANDING = dict.fromkeys(ANGLES, 0.0) | {
    f"{side}_{segment}_inclination": -90.0
    for side in ("left", "right")
    for segment in ("shank", "thigh", "upper_arm", "forearm")
}
STANDING["trunk_inclination"] = 90.0


def tilted_from(start):
    """A segment that hangs or stands at ``start`` rises by the tilt, whichever way it goes."""
    return lambda degrees: start + np.abs(degrees) * -np.sign(start)


# motion -> (its range, the angles that follow it, each as a function of it)
SWEEPS = {
    "left_elbow_flexion": (
        (0, 170),
        {"left_forearm_inclination": lambda d: d - 90},
    ),
    "right_shoulder_flexion": (
        (-90, 169),
        {
            "right_shoulder_elevation": np.abs,
            "right_upper_arm_inclination": tilted_from(-90),
            "right_forearm_inclination": tilted_from(-90),
        },
    ),
    "left_shoulder_abduction": (
        (-60, 169),
        {
            "left_shoulder_elevation": np.abs,
            "left_upper_arm_inclination": tilted_from(-90),
            "left_forearm_inclination": tilted_from(-90),
        },
    ),
    "right_wrist_flexion": ((0, 120), {}),
    "left_hip_flexion": (
        (0, 140),
        {
            **{f"left_{line}": (lambda d: d - 90) for line in LEG_LINES},
            "left_thigh_inclination": lambda d: 90 - np.abs(d - 180),
            "left_shank_inclination": lambda d: 90 - np.abs(d - 180),
            "left_foot_inclination": lambda d: 90 - np.abs(d - 90),
        },
    ),
    "right_hip_abduction": (
        (-60, 89),
        {
            "right_hip_flexion": np.abs,
            "right_thigh_inclination": tilted_from(-90),
            "right_shank_inclination": tilted_from(-90),
        },
    ),
    "left_knee_flexion": (
        (0, 160),
        {
            "left_shank_inclination": lambda d: d - 90,
            "left_foot_inclination": lambda d: np.abs(d - 90) - 90,
        },
    ),
    "right_ankle_dorsiflexion": ((-80, 80), {"right_foot_inclination": lambda d: d}),
    "neck_flexion": ((-89, 89), {}),
    "neck_lateral_flexion": ((-89, 89), {}),
    "trunk_lean_forward": (
        (-89, 89),
        {
            "trunk_lean": np.abs,
            "trunk_inclination": tilted_from(90),
            **{
                f"{side}_{line}": tilted_from(-90)
                for side in ("left", "right")
                for line in (*LEG_LINES, "upper_arm_inclination", "forearm_inclination")
            },
            "left_foot_inclination": lambda d: -d,
            "right_foot_inclination": lambda d: -d,
        },
    ),
    "trunk_lean_sideways": (
        (-89, 89),
        {
            "trunk_lean": np.abs,
            "trunk_inclination": tilted_from(90),
            "pelvis_obliquity": lambda d: -d,
            **{
                f"{side}_{line}": tilted_from(-90)
                for side in ("left", "right")
                for line in (*LEG_LINES, "upper_arm_inclination", "forearm_inclination")
            },
        },
    ),
}
# These turn the flanks on which arms and legs hang: only the angle itself and the trunk are known.
HIP_SWEEPS = {"trunk_twist": (-170, 170), "pelvis_obliquity": (-60, 60)}


def sweep(name, low, high, n_frames=2001):
    degrees = np.linspace(low, high, n_frames)
    angles = compute_joint_angles(make_sequence({name: degrees}, time_s=np.arange(n_frames) / 30))
    return degrees, angles


@pytest.mark.parametrize("name", SWEEPS)
def test_a_sweep_is_found_and_nothing_else_moves(name):
    (low, high), followers = SWEEPS[name]
    degrees, angles = sweep(name, low, high)
    expected = pd.DataFrame({other: np.full(len(degrees), STANDING[other]) for other in ANGLES})
    expected[name] = degrees
    for follower, follow in followers.items():
        expected[follower] = follow(degrees)
    for other in ANGLES:
        np.testing.assert_allclose(angles[other], expected[other], atol=0.01, err_msg=other)


@pytest.mark.parametrize("name", HIP_SWEEPS)
def test_a_sweep_of_the_hips_is_found_and_the_joints_stay(name):
    degrees, angles = sweep(name, *HIP_SWEEPS[name])
    np.testing.assert_allclose(angles[name], degrees, atol=0.01)
    still = ["left_hip_flexion", "left_shoulder_elevation", "neck_flexion", "trunk_lean"]
    still += [other for other in HIP_SWEEPS if other != name]
    np.testing.assert_allclose(angles[still], 0.0, atol=0.01)


def test_every_angle_is_swept():
    followers = {name for _, following in SWEEPS.values() for name in following}
    moved = {each.split("_", 1)[-1] for each in (*SWEEPS, *HIP_SWEEPS, *followers)}
    assert moved == {name.split("_", 1)[-1] for name in ANGLES}


@pytest.mark.parametrize("name", [*SWEEPS, *HIP_SWEEPS])
def test_no_angle_jumps_in_any_sweep(name):
    """0.17 degrees a frame may move no angle by more than twice that, and leave no gap."""
    low, high = HIP_SWEEPS.get(name) or SWEEPS[name][0]
    _, angles = sweep(name, low, high)
    steps = angles.diff().iloc[1:]
    assert not steps.isna().any().any()
    assert steps.abs().max().max() < 2 * (high - low) / 2000 + 0.01


@pytest.mark.parametrize("abduction", [-40.0, 0.0, 30.0, 90.0])
@pytest.mark.parametrize("flexion", [-50.0, 0.0, 60.0, 120.0])
def test_the_two_parts_of_an_arms_swing_are_found_together(flexion, abduction):
    pose = {"left_shoulder_flexion": [flexion], "left_shoulder_abduction": [abduction]}
    found = compute_joint_angles(make_sequence(pose, time_s=[0.0])).iloc[0]
    assert found["left_shoulder_flexion"] == pytest.approx(flexion, abs=0.01)
    assert found["left_shoulder_abduction"] == pytest.approx(abduction, abs=0.01)
    assert found["left_shoulder_elevation"] == pytest.approx(np.hypot(flexion, abduction), abs=0.01)


def test_the_plane_of_elevation_by_hand():
    """An upper arm 90 degrees up, 30 degrees to the front of the side: ISB's plane is 30."""
    world = np.array(make_sequence(time_s=[0.0]).world_landmarks)
    arm = 0.3 * np.array([np.cos(np.pi / 6), 0.0, -np.sin(np.pi / 6)])
    world[0, Landmark.LEFT_ELBOW] = world[0, Landmark.LEFT_SHOULDER] + arm
    found = compute_joint_angles(replace(make_sequence(time_s=[0.0]), world_landmarks=world)).iloc[
        0
    ]
    assert found["left_shoulder_flexion"] == pytest.approx(90 * np.sin(np.pi / 6), abs=0.01)
    assert found["left_shoulder_abduction"] == pytest.approx(90 * np.cos(np.pi / 6), abs=0.01)


def test_overhead_has_an_elevation_but_no_direction():
    angles = compute_joint_angles(
        make_sequence({"left_shoulder_elevation": [169.9, 170.1, 180.0]}, time_s=[0.0, 0.1, 0.2])
    )
    np.testing.assert_allclose(angles["left_shoulder_elevation"], [169.9, 170.1, 180], atol=0.01)
    for name in ("left_shoulder_flexion", "left_shoulder_abduction"):
        assert angles[name].isna().tolist() == [False, True, True]


def test_a_thigh_raised_and_spread_has_both():
    pose = {"right_hip_flexion": [90.0], "right_hip_abduction": [30.0]}
    found = compute_joint_angles(make_sequence(pose, time_s=[0.0])).iloc[0]
    assert found["right_hip_flexion"] == pytest.approx(90.0, abs=0.01)
    assert found["right_hip_abduction"] == pytest.approx(30.0, abs=0.01)
    assert found["right_thigh_inclination"] == pytest.approx(0.0, abs=0.01)


def test_a_lean_to_the_front_and_the_side_is_both():
    pose = {"trunk_lean_forward": [40.0], "trunk_lean_sideways": [-25.0]}
    found = compute_joint_angles(make_sequence(pose, time_s=[0.0])).iloc[0]
    assert found["trunk_lean_forward"] == pytest.approx(40.0, abs=0.01)
    assert found["trunk_lean_sideways"] == pytest.approx(-25.0, abs=0.01)


def test_shoulders_in_line_with_the_trunk_have_no_front():
    sequence = make_sequence(time_s=[0.0])
    world = np.array(sequence.world_landmarks)
    middle = world[0, [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]].mean(axis=0)
    offset = np.array([0.02, -0.16, 0.0])
    world[0, Landmark.LEFT_SHOULDER] = middle + offset
    world[0, Landmark.RIGHT_SHOULDER] = middle - offset
    found = compute_joint_angles(replace(sequence, world_landmarks=world)).iloc[0]
    gone = ["neck_flexion", "neck_lateral_flexion", "trunk_lean_forward", "trunk_twist"]
    assert found[gone].isna().all()
    assert found["trunk_lean"] == pytest.approx(0.0, abs=0.01)


def test_seen_from_the_side_and_above_only_what_the_camera_levels_changes():
    pose = {name: [20.0] for name in POSED_ANGLES} | {"left_shoulder_flexion": [0.0]}
    from_front = compute_joint_angles(make_sequence(pose, time_s=[0.0]))
    camera = SimulatedCamera(azimuth_deg=110, elevation_deg=25)
    from_above = compute_joint_angles(make_sequence(pose, time_s=[0.0], camera=camera))
    for name, definition in ANGLES.items():
        is_same = abs(from_front[name].iloc[0] - from_above[name].iloc[0]) < 0.01
        assert is_same != definition.depends_on_camera, name


# In the picture


def test_from_the_side_and_far_away_the_picture_shows_what_bends_to_the_front():
    bend = np.linspace(5.0, 120.0, 50)
    pose = {
        f"left_{motion}": bend for motion in ("elbow_flexion", "hip_flexion", "knee_flexion")
    } | {"left_ankle_dorsiflexion": bend / 6, "trunk_lean_forward": bend / 4}
    camera = SimulatedCamera(azimuth_deg=90, distance_m=1000.0, focal_length=500.0)
    sequence = make_sequence(pose, time_s=np.arange(50.0), camera=camera, image_size=(400, 900))
    seen, true = compute_image_angles(sequence), compute_joint_angles(sequence)
    for name in IMAGE_ANGLES:
        if ANGLES[name].view in ("any", "side") and not name.startswith("right"):
            np.testing.assert_allclose(seen[name], true[name], atol=0.1, err_msg=name)


def test_from_the_front_the_picture_shows_what_moves_sideways():
    spread = np.linspace(-30.0, 30.0, 50)
    pose = {"left_hip_abduction": spread, "pelvis_obliquity": 0 * spread}
    camera = SimulatedCamera(distance_m=1000.0, focal_length=500.0)
    sequence = make_sequence(pose, time_s=np.arange(50.0), camera=camera)
    seen = compute_image_angles(sequence, ["left_hip_abduction", "left_thigh_inclination"])
    np.testing.assert_allclose(seen["left_hip_abduction"], spread, atol=0.1)
    np.testing.assert_allclose(seen["left_thigh_inclination"], np.abs(spread) - 90, atol=0.1)
    oblique = make_sequence({"pelvis_obliquity": spread}, time_s=np.arange(50.0), camera=camera)
    found = compute_image_angles(oblique, ["pelvis_obliquity"])["pelvis_obliquity"]
    np.testing.assert_allclose(found, spread, atol=0.1)


def test_pixels_are_square_however_long_the_picture():
    """A right angle in pixels of a picture of 1000 x 100."""
    sequence = make_sequence(time_s=[0.0], image_size=(1000, 100))
    image = np.zeros((1, 33, 3))
    image[0, Landmark.LEFT_HIP, :2] = 0.5, 0.5
    image[0, Landmark.LEFT_KNEE, :2] = 0.52, 0.7  # 20 pixels to the right, 20 down
    image[0, Landmark.LEFT_ANKLE, :2] = 0.5, 0.9  # 20 back to the left, 20 down
    found = compute_image_angles(replace(sequence, image_landmarks=image)).iloc[0]
    assert found["left_knee_flexion"] == pytest.approx(90.0, abs=0.01)
    assert found["left_thigh_inclination"] == pytest.approx(-45.0, abs=0.01)


def test_what_the_picture_cannot_show_is_refused():
    with pytest.raises(KeyError, match="trunk_twist cannot be read in the picture"):
        compute_image_angles(make_squats(1.0), ["trunk_twist"])
    assert "trunk_twist" not in IMAGE_ANGLES


def test_nobody_in_the_picture_is_a_gap():
    sequence = make_squats(1.0)
    image = np.array(sequence.image_landmarks)
    image[4] = np.nan
    angles = compute_image_angles(replace(sequence, image_landmarks=image))
    assert list(angles.columns) == list(IMAGE_ANGLES)
    assert angles.isna().all(axis=1).to_numpy().nonzero()[0].tolist() == [4]


# Angular velocity


def table(time_s, degrees):
    return pd.DataFrame({"left_knee_flexion": degrees}, index=pd.Index(time_s, name="time_s"))


def test_velocity_of_a_parabola_is_exact_at_uneven_times():
    time_s = np.array([0.0, 0.03, 0.1, 0.12, 0.2, 0.31])
    velocity = compute_angular_velocity(table(time_s, 7 + 20 * time_s - 90 * time_s**2))
    expected = 20 - 180 * time_s
    np.testing.assert_allclose(velocity["left_knee_flexion"][1:-1], expected[1:-1], rtol=1e-9)
    assert velocity["left_knee_flexion"].isna().tolist() == [True, False, False, False, False, True]
    assert velocity.index.equals(pd.Index(time_s))


def test_velocity_of_squats():
    squats = make_squats(4.0, fps=120.0, rate_hz=0.5)
    names = ["left_knee_flexion", "right_hip_flexion"]
    velocity = compute_angular_velocity(squats, names)
    assert list(velocity.columns) == names
    expected = 45 * np.pi * np.sin(np.pi * squats.time_s)
    np.testing.assert_allclose(velocity[names[0]][1:-1], expected[1:-1], atol=0.1)


def test_no_velocity_beside_a_missing_reading_or_across_a_hole():
    time_s = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 10.5, 10.6, 10.7])
    degrees = np.array([0.0, 1, 2, np.nan, 4, 5, 6, 7, 8])
    velocity = compute_angular_velocity(table(time_s, degrees))["left_knee_flexion"]
    assert velocity.notna().to_numpy().nonzero()[0].tolist() == [1, 7]
    assert velocity.iloc[[1, 7]].tolist() == pytest.approx([10.0, 10.0])
    patient = compute_angular_velocity(table(time_s, degrees), max_step_s=20.0)
    assert patient["left_knee_flexion"].notna().to_numpy().nonzero()[0].tolist() == [1, 5, 6, 7]


@pytest.mark.parametrize("fps", [5, 240])
def test_slow_and_fast_cameras_have_velocities(fps):
    velocity = compute_angular_velocity(make_squats(2.0, fps=fps, rate_hz=0.2))
    assert velocity["left_knee_flexion"][1:-1].notna().all()


@pytest.mark.parametrize("n_frames", [0, 1, 2])
def test_too_few_frames_have_no_velocity(n_frames):
    velocity = compute_angular_velocity(make_squats(1.0)[:n_frames])
    assert velocity.shape == (n_frames, len(ANGLES))
    assert velocity.isna().all().all()


def test_the_figure_refuses_an_angle_it_is_not_posed_by():
    with pytest.raises(KeyError, match="no trunk_lean;"):
        make_sequence({"trunk_lean": [3.0]}, time_s=[0.0])
