"""Holds and pauses, of motions whose times are known."""

from dataclasses import replace

import numpy as np
import pytest

from posecore import METRICS, Landmark, compute_metrics
from posecore.events import detect_repetitions
from posecore.stillness import POSTURE, detect_stillness
from posecore.synthetic import make_sequence, make_squats

NAMES = [name for name, metric in METRICS.items() if metric.group == "holds"]
NUMBERS = ["hold_count", "hold_time", "pause_count", "pause_time"]
DOWN = 45 * (1 - np.cos(np.pi * np.arange(30) / 30))


def make_squats_with_holds(low_s=(2.0, 2.0, 2.0, 2.0), high_s=2.0, noise_m=0.0):
    """Squats of 1 s down, a hold at 90 degrees of so many seconds, 1 s up, and a pause."""
    high = np.zeros(round(high_s * 30))
    bend = np.concatenate(
        [
            part
            for hold_s in low_s
            for part in (DOWN, np.full(round(hold_s * 30), 90.0), DOWN[::-1], high)
        ]
    )
    angles = {
        f"{side}_{joint}": bend
        for side in ("left", "right")
        for joint in ("hip_flexion", "knee_flexion", "shoulder_elevation")
    }
    sequence = make_sequence(angles, time_s=np.arange(len(bend)) / 30)
    noise = np.random.default_rng(1).normal(0, noise_m, sequence.world_landmarks.shape)
    return replace(sequence, world_landmarks=sequence.world_landmarks + noise)


@pytest.mark.parametrize("noise_m", [0.0, 0.005])
def test_stillness_within_a_repetition_is_a_hold_and_between_two_a_pause(noise_m):
    sequence = make_squats_with_holds(noise_m=noise_m)
    repetitions = detect_repetitions(sequence)
    assert len(repetitions) == 4
    found = detect_stillness(sequence, repetitions)
    assert [each.kind for each in found] == ["hold", "pause"] * 4
    assert [each.start_s for each in found][:2] == pytest.approx([1, 4], abs=0.3)
    assert [each.duration_s for each in found][:2] == pytest.approx([2, 2], abs=0.5)


def test_where_nothing_is_repeated_it_is_a_hold():
    (alone,) = detect_stillness(make_sequence(time_s=np.arange(90) / 30))
    assert (alone.kind, alone.duration_s) == ("hold", pytest.approx(3, abs=0.2))


def test_holds_and_pauses_are_counted_and_timed():
    sequence = make_squats_with_holds((1.0, 2.0, 4.0, 2.0), high_s=3.0)
    values = compute_metrics(sequence, NAMES)["value"]
    assert (values["hold_count"], values["pause_count"]) == (4, 4)
    assert values["longest_hold"] == pytest.approx(4, abs=0.5)
    assert values["longest_pause"] == pytest.approx(3, abs=0.5)
    assert values["hold_time"] == pytest.approx(9, abs=2)
    assert values["pause_time"] == pytest.approx(12, abs=2)
    lengths_s = [
        each.duration_s
        for each in detect_stillness(sequence, detect_repetitions(sequence))
        if each.kind == "hold"
    ]
    assert values["longest_hold"] == max(lengths_s)
    assert values["hold_time"] == sum(lengths_s)


def test_who_never_rests_has_none():
    table = compute_metrics(make_squats(10.0, rate_hz=0.5), NAMES)
    assert list(table["value"][NUMBERS]) == [0, 0, 0, 0]
    assert table["value"][["longest_hold", "longest_pause"]].isna().all()
    assert table["note"]["longest_hold"] == "there is no hold"
    assert table["note"]["longest_pause"] == "there is no pause"


def test_a_hole_in_time_is_no_hold():
    still = make_sequence(time_s=np.concatenate([np.arange(60), 900 + np.arange(60)]) / 30)
    found = detect_stillness(still)
    assert [each.kind for each in found] == ["hold", "hold"]
    assert max(each.duration_s for each in found) < 2


def test_a_little_of_the_body_tells_no_posture():
    squats = make_squats(5.0)
    world = squats.world_landmarks.copy()
    world[:, POSTURE[: len(POSTURE) // 2 + 1]] = np.nan
    table = compute_metrics(replace(squats, world_landmarks=world), NAMES)
    assert set(table["note"]) == {"too little of the body is seen"}
    assert table["value"].isna().all()


@pytest.mark.parametrize("n_frames", [0, 1, 2, 3])
def test_too_few_frames_are_no_stillness(n_frames):
    assert detect_stillness(make_squats(1.0)[:n_frames]) == []


def test_nobody_is_not_still():
    squats = make_squats(2.0)
    nobody = np.full_like(squats.world_landmarks, np.nan)
    assert detect_stillness(replace(squats, world_landmarks=nobody)) == []
    assert {each.name.split("_")[0] for each in POSTURE} == {"LEFT", "RIGHT"}
    assert Landmark.LEFT_HIP not in POSTURE
