"""Climbing metrics of a body that is moved over the picture in a way known by hand."""

from dataclasses import replace

import numpy as np
import pytest

from posecore import Landmark, compute_metrics
from posecore.climbing import (
    ClimbingThresholds,
    compute_geometric_entropy,
    compute_path_length,
    compute_straightness,
    prepare_climb,
)
from posecore.image_scale import compute_body_height, compute_image_scale
from posecore.synthetic import make_sequence

FPS = 30
HEIGHT_M = (0.44 + 0.42 + 0.50) / 0.779
LIMBS = ("WRIST", "INDEX", "PINKY", "THUMB")


def shift(sequence, x=0.0, y=0.0, landmarks=slice(None)):
    """Move landmarks over the picture by body heights, one value a frame."""
    pixels = compute_image_scale(sequence) * HEIGHT_M
    image = sequence.image_landmarks.copy()
    width, height = sequence.image_size
    image[:, landmarks, 0] += np.reshape(x * pixels / width, (-1, 1)).astype(np.float32)
    image[:, landmarks, 1] += np.reshape(y * pixels / height, (-1, 1)).astype(np.float32)
    return replace(sequence, image_landmarks=image)


def stand(duration_s=10.0, **angles):
    return make_sequence(angles, time_s=np.arange(round(duration_s * FPS)) / FPS)


def values_of(sequence, **options):
    return compute_metrics(sequence, **options)["value"]


def ramp(n_frames, total):
    return np.linspace(0, total, n_frames)


def test_the_body_has_its_size():
    assert compute_body_height(stand(1.0)) == pytest.approx(HEIGHT_M, rel=1e-5)
    scale = compute_image_scale(stand(1.0))
    assert scale == pytest.approx(np.full(30, 1.1 * 360 / 3.5), rel=1e-4)


def test_a_straight_way_up_is_as_long_as_it_is_and_straight():
    values = values_of(shift(stand(), y=ramp(300, -2.0)))
    assert values["com_path_length"] == pytest.approx(2.0, abs=0.03)
    assert values["straightness"] == pytest.approx(1, abs=1e-3)
    assert values["geometric_entropy"] == pytest.approx(0, abs=0.01)
    assert values["immobility_ratio"] == pytest.approx(0, abs=2)
    assert values["postural_regulation_share"] + values["traction_share"] > 98


def test_a_stature_turns_body_heights_into_metres():
    table = compute_metrics(shift(stand(), y=ramp(300, -2.0)), body_height_m=1.7)
    assert table["value"]["com_path_length"] == pytest.approx(3.4, abs=0.05)
    assert table["unit"]["com_path_length"] == "m"


def test_a_circle_has_the_entropy_of_a_circle():
    turn = np.linspace(0, 2 * np.pi, 600)
    climb = prepare_climb(shift(stand(20.0), x=0.5 * np.cos(turn), y=0.5 * np.sin(turn)))
    assert compute_path_length(climb) == pytest.approx(np.pi, rel=0.02)
    assert compute_geometric_entropy(climb) == pytest.approx(np.log(2), abs=0.02)
    assert compute_straightness(climb) < 0.05


def test_up_and_down_again_winds_more_than_up():
    y = np.concatenate([ramp(150, -1.0), ramp(150, 1.0) - 1.0])
    climb = prepare_climb(shift(stand(), y=y))
    assert compute_straightness(climb) < 0.05
    assert compute_geometric_entropy(climb) == pytest.approx(np.log(2), abs=0.05)


def test_half_the_time_still_is_half_immobile():
    y = np.concatenate([np.zeros(300), ramp(300, -2.0)])
    sequence = shift(stand(20.0), y=y)
    values = values_of(sequence)
    assert values["immobility_ratio"] == pytest.approx(50, abs=2)
    assert values["immobility_share"] == pytest.approx(50, abs=3)
    strict = values_of(sequence, limits=ClimbingThresholds(immobile=0.5))
    assert strict["immobility_ratio"] == 100


def test_the_four_states_are_what_moves():
    """3 s nothing, then 3 s a hand alone, then all of the body, which takes its limbs along."""
    right_hand = [Landmark[f"RIGHT_{part}"] for part in LIMBS]
    x = np.concatenate([np.zeros(90), -ramp(90, 1.0), np.full(90, -1.0)])
    y = np.concatenate([np.zeros(180), ramp(90, -1.0)])
    values = values_of(shift(shift(stand(9.0), x=x, landmarks=right_hand), y=y))
    shares = [
        values[f"{name}_share"]
        for name in ("immobility", "postural_regulation", "hold_interaction", "traction")
    ]
    assert sum(shares) == pytest.approx(100)
    assert shares == pytest.approx([33, 0, 33, 33], abs=5)


def test_the_body_alone_is_postural_regulation():
    trunk = [each for each in Landmark if each.name.endswith(("SHOULDER", "HIP", "EAR"))]
    sway = 0.1 * np.sin(2 * np.pi * 0.4 * np.arange(300) / FPS)
    assert values_of(shift(stand(), x=sway, landmarks=trunk))["postural_regulation_share"] > 70


def test_reaches_are_counted_and_contacts_timed():
    """Three reaches of the left hand, 0.3 body heights each, in 0.5 s, with 2 s between."""
    hand = [Landmark[f"LEFT_{part}"] for part in LIMBS]
    step, rest = ramp(15, 0.3), np.full(60, 1.0)
    x = np.concatenate([0 * rest, step, 0.3 * rest, step + 0.3, 0.6 * rest, step + 0.6, 0.9 * rest])
    values = values_of(shift(stand(len(x) / FPS), x=x, landmarks=hand))
    assert values["reach_count"] == 3
    # Four contacts of the left hand of 2 s less what the filter smears, and one of the right.
    assert values["hand_contact_time"] == pytest.approx((4 * 1.9 + 9.5) / 5, abs=0.3)
    assert values["foot_contact_time"] == pytest.approx(9.5, abs=0.3)


def test_straight_arms_and_lock_offs():
    """The left arm is overhead and straight, the right one locks off once for 3 s."""
    bend = np.concatenate([np.zeros(90), np.full(90, 120.0), np.zeros(120)])
    sequence = stand(
        left_shoulder_elevation=170.0, right_shoulder_elevation=90.0, right_elbow_flexion=bend
    )
    values = values_of(sequence)
    assert values["lock_off_count"] == 1
    assert values["straight_arm_share"] == pytest.approx(100 * (1 + 0.7) / 2, abs=3)
    half_bent = ClimbingThresholds(locked_deg=60.0)
    low, high = (stand(right_shoulder_elevation=each, right_elbow_flexion=70.0) for each in (0, 60))
    assert values_of(low, limits=half_bent)["lock_off_count"] == 0, "the hand is below the elbow"
    assert values_of(high, limits=half_bent)["lock_off_count"] == 1


def test_hips_that_swing_sway_and_jerk_more():
    time_s = np.arange(600) / FPS
    calm = shift(stand(20.0), y=ramp(600, -2.0))
    swinging = shift(calm, x=0.1 * np.sin(2 * np.pi * 0.4 * time_s))
    assert values_of(calm)["hip_sway"] == pytest.approx(0, abs=1e-3)
    assert values_of(swinging)["hip_sway"] == pytest.approx(0.1 / np.sqrt(2), rel=0.05)
    assert values_of(swinging)["hip_jerk"] > values_of(calm)["hip_jerk"]


def test_what_cannot_be_measured_says_why():
    notes = compute_metrics(stand())["note"]
    assert notes["straightness"] == "the body does not travel"
    assert notes["hip_jerk"] == "the hips do not travel"
    assert notes["hip_sway"] == ""
    assert "5 s" in compute_metrics(stand(3.0))["note"]["hip_sway"]
