"""Swapped sides are found and put right, nothing else is; and which way the athlete faces."""

from dataclasses import replace

import numpy as np
import pytest

from posecore import Landmark, PoseSequence, detect_seen_from_behind, repair_swaps
from posecore.cleaning.sides import find_swaps
from posecore.disturbances import add_gaps, add_noise, add_swaps
from posecore.simulated_camera import SimulatedCamera
from posecore.synthetic import make_sequence, make_squats

LANDMARKS = list(Landmark)
GROUPS = {
    "whole body": LANDMARKS,
    "body without face": LANDMARKS[11:],
    "arms": LANDMARKS[11:23],
    "legs": LANDMARKS[23:],
}
ARRAYS = ("image_landmarks", "world_landmarks", "visibility", "presence")


def make_walk(duration_s=60.0, fps=30.0):
    """Legs and arms swing to and fro past each other, once a second."""
    time_s = np.arange(round(duration_s * fps)) / fps
    swing = 30 * np.sin(2 * np.pi * time_s)
    return make_sequence(
        {
            "left_hip_flexion": swing,
            "right_hip_flexion": -swing,
            "left_shoulder_elevation": -swing,
            "right_shoulder_elevation": swing,
            "left_knee_flexion": np.maximum(0, swing),
            "right_knee_flexion": np.maximum(0, -swing),
        },
        time_s=time_s,
    )


def make_turn(duration_s=60.0, fps=30.0, turns_hz=0.4):
    """A walk while turning round, again and again."""
    walk = make_walk(duration_s, fps)
    parts = [
        replace(
            make_sequence(time_s=[time_s]),
            world_landmarks=(walk.world_landmarks[i] @ camera.rotation.T)[np.newaxis],
            image_landmarks=camera.project(
                walk.world_landmarks[i : i + 1] @ camera.rotation.T, np.zeros((1, 3)), (640, 360)
            ),
        )
        for i, time_s in enumerate(walk.time_s)
        for camera in [SimulatedCamera(azimuth_deg=360 * turns_hz * time_s)]
    ]
    return replace(
        walk,
        world_landmarks=np.concatenate([part.world_landmarks for part in parts]),
        image_landmarks=np.concatenate([part.image_landmarks for part in parts]),
    )


MOTIONS = {
    "squats": make_squats(60.0),
    "fast squats": make_squats(60.0, rate_hz=2.0),
    "walk": make_walk(),
    "turn": make_turn(),
    "still": make_sequence(time_s=np.arange(600) / 30),
}
NOISY = {
    name: add_noise(motion, seed=7, world_sd_m=0.02, image_sd_px=4.0)
    for name, motion in MOTIONS.items()
}


def with_visible_sides(sequence):
    """Left and right differ in visibility, so that it shows where that went."""
    visibility = np.array(sequence.visibility)
    visibility[:, 11::2] -= 0.2
    return replace(sequence, visibility=visibility)


def assert_same(found: PoseSequence, expected: PoseSequence):
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)


@pytest.mark.parametrize("motion", MOTIONS)
def test_in_a_clean_recording_nothing_is_swapped(motion):
    for sequence in (MOTIONS[motion], NOISY[motion]):
        found = repair_swaps(sequence)
        assert_same(found, sequence)
        assert set(dict(found.steps[-1].parameters).values()) == {0}


@pytest.mark.parametrize("run_frames", [1, 2, 7, 45])
@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("motion", MOTIONS)
def test_every_swap_is_repaired_and_nothing_else_touched(motion, group, run_frames):
    truth = with_visible_sides(NOISY[motion])
    swapped, where = add_swaps(
        truth, seed=run_frames, share=0.05, run_frames=run_frames, landmarks=GROUPS[group]
    )
    assert where.any()
    assert_same(repair_swaps(swapped), truth)


@pytest.mark.parametrize("space", ["image_landmarks", "world_landmarks"])
def test_either_space_alone_is_enough(space):
    truth = replace(NOISY["squats"], **{space: np.full((1800, 33, 3), np.nan)})
    swapped, _ = add_swaps(truth, seed=1, run_frames=5, landmarks=LANDMARKS[11:])
    assert_same(repair_swaps(swapped), truth)


def test_swaps_beside_gaps_are_repaired():
    truth = add_gaps(NOISY["walk"], seed=3, share=0.1, run_frames=6)
    swapped, _ = add_swaps(truth, seed=4, run_frames=20)
    assert_same(repair_swaps(swapped), truth)


def test_one_spoilt_frame_does_not_turn_the_rest():
    truth = NOISY["squats"]
    world, image = np.array(truth.world_landmarks), np.array(truth.image_landmarks)
    world[900], image[900] = np.random.default_rng(0).normal(size=(2, 33, 3))
    found = find_swaps(replace(truth, world_landmarks=world, image_landmarks=image))
    assert not found[:900].any()
    assert not found[901:].any()


def test_another_person_who_faces_the_other_way_is_not_swapped():
    """The estimator goes over to somebody else in the picture for a second."""
    one = NOISY["walk"][:300]
    other = make_sequence(time_s=one.time_s, camera=SimulatedCamera(azimuth_deg=180))
    arrays = {name: np.array(getattr(one, name)) for name in ARRAYS}
    for name, array in arrays.items():
        array[150:180] = getattr(other, name)[150:180]
    assert find_swaps(replace(one, **arrays))[150:180].all(), "as long as they stand there"
    arrays["image_landmarks"][150:180, :, 0] += 0.3
    assert not find_swaps(replace(one, **arrays)).any()


def test_of_two_halves_the_one_that_fits_the_nose_is_right():
    """More than half is swapped: the smaller part would be the wrong one to turn."""
    truth = NOISY["squats"]
    for swapped_part in (slice(0, 1000), slice(800, 1800)):
        swapped, _ = add_swaps(truth[swapped_part], seed=0, share=1.0)
        arrays = {name: np.array(getattr(truth, name)) for name in ARRAYS}
        for name, array in arrays.items():
            array[swapped_part] = getattr(swapped, name)
        assert_same(repair_swaps(replace(truth, **arrays)), truth)


def test_repairing_again_changes_nothing_and_the_number_is_recorded():
    swapped, where = add_swaps(NOISY["walk"], seed=1, landmarks=GROUPS["arms"])
    once = repair_swaps(swapped)
    assert once.steps[-1].to_dict() == {
        "name": "repair_swaps",
        "parameters": {"n_face": 0, "n_arms": int(where.sum()), "n_legs": 0},
    }
    assert_same(repair_swaps(once), once)


@pytest.mark.parametrize("fps", [5.0, 240.0])
def test_slow_and_fast_cameras_swap_nothing(fps):
    for sequence in (make_walk(20.0, fps), make_squats(20.0, fps)):
        noisy = add_noise(sequence, seed=2, world_sd_m=0.02, image_sd_px=4.0)
        assert not find_swaps(noisy).any()


@pytest.mark.parametrize("n_frames", [0, 1, 2])
def test_the_shortest_recordings(n_frames):
    short = MOTIONS["walk"][:n_frames]
    assert_same(repair_swaps(short), short)
    assert detect_seen_from_behind(short).tolist() == [False] * n_frames


def test_nobody_and_half_a_body():
    nobody = add_gaps(MOTIONS["walk"], seed=0, share=1.0)
    assert_same(repair_swaps(nobody), nobody)
    assert not detect_seen_from_behind(nobody).any()
    half = add_gaps(MOTIONS["walk"], seed=0, share=1.0, landmarks=LANDMARKS[:23])
    assert_same(repair_swaps(half), half)
    assert not detect_seen_from_behind(half).any()


# Seen from behind


@pytest.mark.parametrize(
    ("azimuth_deg", "is_behind"), [(0, False), (60, False), (300, False), (120, True), (180, True)]
)
def test_the_back_is_told_from_the_front(azimuth_deg, is_behind):
    camera = SimulatedCamera(azimuth_deg=azimuth_deg)
    sequence = make_sequence(time_s=np.arange(60) / 30, camera=camera)
    noisy = add_noise(sequence, seed=1, world_sd_m=0.02)
    assert (detect_seen_from_behind(noisy) == is_behind).all()
    in_image = replace(noisy, world_landmarks=np.full((60, 33, 3), np.nan))
    assert (detect_seen_from_behind(in_image) == is_behind).all()


def test_a_turn_is_followed_and_the_answer_does_not_flicker():
    found = detect_seen_from_behind(NOISY["turn"])
    phase = 0.4 * MOTIONS["turn"].time_s % 1.0
    clear = np.abs(np.cos(2 * np.pi * phase)) > 0.45
    expected = np.cos(2 * np.pi * phase) < 0
    np.testing.assert_array_equal(found[clear], expected[clear])
    assert np.count_nonzero(np.diff(found)) == 48  # twice a turn, 24 turns


def test_sideways_or_out_of_sight_the_last_clear_answer_holds():
    time_s = np.arange(90) / 30
    views = [make_sequence(time_s=time_s, camera=SimulatedCamera(azimuth_deg=a)) for a in (180, 90)]
    world = np.concatenate([view.world_landmarks[:45] for view in views])
    world[60:70] = np.nan
    found = detect_seen_from_behind(replace(views[0], world_landmarks=world))
    assert found.all()
    sideways = detect_seen_from_behind(views[1])
    assert not sideways.any()
