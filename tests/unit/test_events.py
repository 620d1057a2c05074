"""Repetitions, of motions whose number and times are known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from posecore import Landmark, PoseSequence, compute_joint_angles
from posecore.events import (
    compute_tempo,
    detect_repetitions,
    find_most_repeatable,
)
from posecore.signals import smooth_evenly
from posecore.synthetic import make_sequence, make_squats

BOTH = ("left", "right")
MOTIONS = {
    "squat": lambda bend: {
        f"{side}_{joint}": bend
        for side in BOTH
        for joint in ("hip_flexion", "knee_flexion", "shoulder_elevation")
    },
    "arm raise": lambda bend: {f"{side}_shoulder_elevation": 1.7 * bend for side in BOTH},
    "left elbow": lambda bend: {"left_elbow_flexion": 1.3 * bend},
    "right knee": lambda bend: {"right_knee_flexion": bend},
}


def add_noise(sequence, noise_m=0.02, seed=1):
    rng = np.random.default_rng(seed)
    world = sequence.world_landmarks
    return replace(sequence, world_landmarks=world + rng.normal(0, noise_m, world.shape))


def make_motion(kind, rate_hz, *, fps=30, duration_s=20.0, uneven=0.0, phase=0.0):
    time_s = np.arange(round(duration_s * fps)) / fps
    time_s = time_s + np.random.default_rng(0).uniform(-uneven, uneven, len(time_s)) / fps
    bend = 45 * (1 - np.cos(2 * np.pi * (rate_hz * time_s + phase)))
    return make_sequence(MOTIONS[kind](bend), time_s=time_s - time_s[0])


def move_in_picture(sequence, x):
    image = sequence.image_landmarks.copy()
    image[..., 0] += np.asarray(x, dtype=np.float32)[:, None]
    return replace(sequence, image_landmarks=image)


@pytest.mark.parametrize("kind", MOTIONS)
@pytest.mark.parametrize("rate_hz", [0.2, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("phase", [0.0, 0.25])
def test_repetitions_are_counted_exactly_in_noise(kind, rate_hz, phase):
    found = detect_repetitions(add_noise(make_motion(kind, rate_hz, phase=phase)))
    assert len(found) == 20 * rate_hz
    assert compute_tempo(found) == pytest.approx(60 * rate_hz, rel=0.03)


@pytest.mark.parametrize("fps", [5, 10, 24, 60, 120, 240])
@pytest.mark.parametrize("kind", MOTIONS)
def test_the_frame_rate_and_uneven_times_do_not_matter(kind, fps):
    found = detect_repetitions(add_noise(make_motion(kind, 1.0, fps=fps, uneven=0.3)))
    assert len(found) == 20


def test_each_repetition_has_its_times_and_its_range():
    found = detect_repetitions(make_squats(10.0, rate_hz=0.5))
    assert [each.start_s for each in found] == pytest.approx([0, 2, 4, 6, 8], abs=0.05)
    assert [each.end_s for each in found] == pytest.approx([2, 4, 6, 8, 10], abs=0.05)
    assert [each.peak_s for each in found] == pytest.approx([1, 3, 5, 7, 9], abs=0.04)
    assert [each.range_deg for each in found] == pytest.approx([90] * 5, abs=0.5)
    assert found[0].duration_s == found[0].end_s - found[0].start_s
    assert compute_tempo(found) == pytest.approx(30.0)
    assert {each.angle for each in found} <= set(compute_joint_angles(make_squats(1.0)))


def test_the_most_repeatable_is_most_like_the_others():
    time_s = np.arange(300) / 30
    bend = 45 * (1 - np.cos(np.pi * time_s))
    for number, size in enumerate((0.8, 0.9, 1.0, 1.15, 1.3)):
        bend[60 * number : 60 * number + 60] *= size
    found = detect_repetitions(make_sequence(MOTIONS["squat"](bend), time_s=time_s))
    assert find_most_repeatable(found) is found[2]
    assert [each.range_deg for each in found] == pytest.approx([72, 81, 90, 103.5, 117], abs=1.5)
    assert find_most_repeatable([]) is None


def test_a_frame_of_angles_or_one_angle_will_do():
    names = ["left_elbow_flexion", "right_elbow_flexion", "left_knee_flexion"]
    angles = compute_joint_angles(add_noise(make_motion("left elbow", 0.5)), names)
    for series in (angles, angles["left_elbow_flexion"]):
        found = detect_repetitions(series)
        assert len(found) == 10
        assert {each.angle for each in found} == {"left_elbow_flexion"}


def test_smoothed_angles_that_are_at_hand_change_no_repetition():
    sequence = add_noise(make_motion("squat", 0.5, uneven=0.2))
    angles = smooth_evenly(sequence.time_s, compute_joint_angles(sequence).to_numpy())
    assert detect_repetitions(sequence, smoothed=angles) == detect_repetitions(sequence)


def test_an_arm_that_swings_through_is_counted_once_a_cycle():
    """Its folded angle rises twice a cycle."""
    time_s = np.arange(600) / 30
    swing = np.radians(40 * np.sin(2 * np.pi * 0.5 * time_s))
    sequence = make_sequence(time_s=time_s)
    world = sequence.world_landmarks.copy()
    arm = [each for each in Landmark if each.name.startswith("LEFT") and 13 <= each <= 22]
    length = world[:, arm, 1] - world[:, [Landmark.LEFT_SHOULDER], 1]
    world[:, arm, 1] += length * (np.cos(swing) - 1)[:, None]
    world[:, arm, 2] -= length * np.sin(swing)[:, None]
    swinging = replace(sequence, world_landmarks=world)
    folded = compute_joint_angles(swinging, ["left_shoulder_elevation"])
    assert len(detect_repetitions(folded)) in (19, 20)
    assert len(detect_repetitions(swinging)) == 10


def test_pauses_and_rest_around_do_not_count():
    bend = np.zeros(1200)
    for start in (300, 420, 540, 720, 900):
        bend[start : start + 60] = 45 * (1 - np.cos(np.pi * np.arange(60) / 30))
    sequence = add_noise(make_sequence(MOTIONS["squat"](bend), time_s=np.arange(1200) / 30))
    found = detect_repetitions(sequence)
    assert [each.start_s for each in found] == pytest.approx([10, 14, 18, 24, 30], abs=0.45)
    assert [each.end_s for each in found] == pytest.approx([12, 16, 20, 26, 32], abs=0.45)


@pytest.mark.parametrize("fps", [5, 30, 240])
@pytest.mark.parametrize("seed", range(5))
def test_a_still_person_repeats_nothing(fps, seed):
    still = make_sequence(time_s=np.arange(20 * fps) / fps)
    assert detect_repetitions(still) == []
    assert detect_repetitions(add_noise(still, seed=seed)) == []


@pytest.mark.parametrize("seed", range(5))
def test_noise_repeats_nothing(seed):
    noise = np.random.default_rng(seed).normal(0, 20, (900, 3))
    frame = pd.DataFrame(noise, index=pd.Index(np.arange(900) / 30, name="time_s"))
    assert detect_repetitions(frame) == []
    still = make_sequence(time_s=np.arange(900) / 30)
    assert detect_repetitions(add_noise(still, noise_m=0.1, seed=seed)) == []


def test_steps_through_the_picture_are_no_repetitions_and_on_the_spot_they_are():
    time_s = np.arange(150) / 30
    swing = 35 * np.sin(2 * np.pi * 0.9 * time_s)
    steps = {"left_hip_flexion": swing.clip(0), "right_hip_flexion": (-swing).clip(0)}
    on_the_spot = add_noise(make_sequence(steps, time_s=time_s))
    assert len(detect_repetitions(on_the_spot)) in (4, 5)
    assert detect_repetitions(move_in_picture(on_the_spot, 0.15 * time_s)) == []


def test_a_walk_in_before_the_squats_is_left_out():
    walk_s, squat_s = np.arange(150) / 30, np.arange(300) / 30
    angles = MOTIONS["squat"](np.pad(45 * (1 - np.cos(np.pi * squat_s)), (150, 0)))
    swing = 35 * np.sin(2 * np.pi * 0.9 * walk_s)
    for side, steps in (("left", swing.clip(0)), ("right", (-swing).clip(0))):
        angles[f"{side}_hip_flexion"] = angles[f"{side}_hip_flexion"] + np.pad(steps, (0, 300))
    sequence = make_sequence(angles, time_s=np.arange(450) / 30)
    walking_in = move_in_picture(sequence, np.pad(0.15 * (walk_s - 5), (0, 300)))
    found = detect_repetitions(add_noise(walking_in))
    assert [each.start_s for each in found] == pytest.approx([5, 7, 9, 11, 13], abs=0.3)


def test_one_bend_is_no_repetition():
    bend = np.zeros(300)
    bend[100:160] = 45 * (1 - np.cos(np.pi * np.arange(60) / 30))
    sequence = make_sequence(MOTIONS["squat"](bend), time_s=np.arange(300) / 30)
    assert detect_repetitions(sequence) == []


def test_a_hole_parts_the_repetitions_and_is_none():
    squats = make_squats(30.0, rate_hz=0.5)
    time_s = squats.time_s.copy()
    late = replace(squats, time_s=time_s + np.where(time_s >= 14, 10.0, 0.0))
    found = detect_repetitions(late)
    assert len(found) == 15
    assert not [each for each in found if each.start_s < 23.9 and each.end_s > 14.1]


@pytest.mark.parametrize("n_frames", [0, 1, 2, 3])
def test_too_few_frames_are_no_repetition(n_frames):
    assert detect_repetitions(make_squats(1.0)[:n_frames]) == []


def test_half_a_body_is_enough_and_none_is_not():
    squats = make_motion("squat", 0.5)
    world = squats.world_landmarks.copy()
    world[:, [landmark for landmark in Landmark if "RIGHT" in landmark.name]] = np.nan
    assert len(detect_repetitions(replace(squats, world_landmarks=world))) == 10
    nobody = np.full_like(world, np.nan)
    assert detect_repetitions(replace(squats, world_landmarks=nobody)) == []
    assert isinstance(squats, PoseSequence)
