"""Two recordings brought together: movements of which one is a known warp of the other."""

from dataclasses import replace

import numpy as np
import pytest

from posecore import CORE_ANGLES, Landmark
from posecore.alignment import (
    Alignment,
    align,
    align_by_event,
    align_by_moment,
    align_by_repetition,
    align_by_start,
    align_by_warping,
)
from posecore.disturbances import add_gaps, add_noise
from posecore.errors import ComparisonError, InvalidOptionError
from posecore.synthetic import make_sequence
from posecore.warping import Signals, warp

FPS = 30
FRAME_S = 1 / FPS
METHODS = ("start", "event", "repetition", "warp")


def squat(time_s):
    """Half a squat a second, from standing."""
    bend = 45 * (1 - np.cos(np.pi * time_s))
    return {
        f"{side}_{motion}": bend
        for side in ("left", "right")
        for motion in ("hip_flexion", "knee_flexion", "shoulder_elevation")
    }


def wander(time_s):
    """Every joint moves on its own, and nothing is repeated."""
    angles = {}
    for number, name in enumerate(CORE_ANGLES):
        rng = np.random.default_rng(number)
        rates_hz, phases = rng.uniform(0.03, 0.9, 8), rng.uniform(0, 2 * np.pi, 8)
        angles[name] = 80 + 8 * np.sin(2 * np.pi * np.outer(time_s, rates_hz) + phases).sum(axis=1)
    return angles


def film(movement, movement_s, fps=FPS):
    """Recording in which each frame shows what the movement is at that moment of its own."""
    return make_sequence(movement(movement_s), time_s=np.arange(len(movement_s)) / fps)


def clock(duration_s):
    return np.arange(round(duration_s * FPS)) / FPS


def nobody(n_frames):
    sequence = film(squat, clock(n_frames / FPS))
    names = ("image_landmarks", "world_landmarks", "visibility", "presence")
    return replace(
        sequence, **{name: np.full_like(getattr(sequence, name), np.nan) for name in names}
    )


@pytest.mark.parametrize(
    ("movement", "by"),
    [*((squat, by) for by in METHODS), (wander, "start"), (wander, "event"), (wander, "warp")],
)
def test_a_recording_goes_with_itself_moment_by_moment(movement, by):
    sequence = film(movement, clock(20))
    found = align(sequence, sequence, by)
    assert (found.a_time_s == found.b_time_s).all()
    assert found.offset_s == 0
    assert found.stretch == 1
    inside = sequence.time_s[
        (sequence.time_s >= found.a_time_s[0]) & (sequence.time_s <= found.a_time_s[-1])
    ]
    assert found.to_b(inside) == pytest.approx(inside, abs=1e-9)


@pytest.mark.parametrize("movement", [squat, wander])
@pytest.mark.parametrize("duration_s", [10, 60])
@pytest.mark.parametrize("kind", ["other clock", "began later", "began earlier"])
def test_a_shifted_copy_gives_its_shift_back_within_a_frame(movement, duration_s, kind):
    time_s = clock(duration_s)
    a = film(movement, time_s)
    b, shift_s = {
        "other clock": (replace(a, time_s=a.time_s + 1.7), 1.7),
        "began later": (film(movement, time_s[51:]), -1.7),
        "began earlier": (film(movement, np.concatenate([np.zeros(51), time_s])), 1.7),
    }[kind]
    found = align_by_warping(a, b)
    assert found.offset_s == pytest.approx(shift_s, abs=FRAME_S)
    assert found.stretch == pytest.approx(1, abs=0.001)
    assert found.b_time_s == pytest.approx(found.a_time_s + shift_s, abs=FRAME_S)
    assert found.swapped().offset_s == pytest.approx(-shift_s, abs=FRAME_S)


@pytest.mark.parametrize("movement", [squat, wander])
@pytest.mark.parametrize("duration_s", [10, 60])
@pytest.mark.parametrize("noise_m", [0.0, 0.01])
def test_a_slowed_copy_gives_its_warp_back_within_two_frames(movement, duration_s, noise_m):
    a = film(movement, clock(duration_s))
    b = film(movement, clock(1.2 * duration_s) / 1.2)
    a, b = (add_noise(each, seed=seed, world_sd_m=noise_m) for seed, each in enumerate((a, b)))
    found = align_by_warping(a, b)
    assert found.b_time_s == pytest.approx(1.2 * found.a_time_s, abs=2 * FRAME_S)
    assert found.stretch == pytest.approx(1.2, abs=0.005)
    assert found.a_time_s[-1] > a.duration_s - 4 * FRAME_S


@pytest.mark.parametrize("movement", [squat, wander])
def test_a_copy_that_waits_and_is_slower_is_found_too(movement):
    a = film(movement, clock(30))
    b = film(movement, np.concatenate([np.zeros(51), clock(36) / 1.2]))
    found = align_by_warping(a, b)
    assert found.b_time_s == pytest.approx(1.7 + 1.2 * found.a_time_s, abs=2 * FRAME_S)
    assert found.offset_s == pytest.approx(1.7, abs=2 * FRAME_S)


def test_a_pace_that_changes_is_followed():
    time_s = clock(30)
    b = film(wander, time_s + 0.6 * np.sin(2 * np.pi * time_s / 15))
    found = align_by_warping(film(wander, time_s), b)
    a_s = found.b_time_s + 0.6 * np.sin(2 * np.pi * found.b_time_s / 15)
    assert found.a_time_s == pytest.approx(a_s, abs=3 * FRAME_S)


def test_the_band_holds_the_warp():
    time_s = clock(30)
    b = film(wander, time_s + 0.6 * np.sin(2 * np.pi * time_s / 15))
    found = align_by_warping(film(wander, time_s), b, limit_s=0.2)
    assert np.abs(found.b_time_s - found.a_time_s).max() <= 0.2 + FRAME_S
    assert found.description.endswith("at most 0.2 s apart")


def test_a_short_recording_is_found_in_a_long_one():
    time_s = clock(60)
    found = align_by_warping(film(wander, time_s), film(wander, time_s[900:1050]))
    assert found.offset_s == pytest.approx(-30, abs=FRAME_S)
    assert np.ptp(found.a_time_s) == pytest.approx(5, abs=2 * FRAME_S)


def test_the_clock_is_the_measured_one_and_gaps_are_bridged():
    time_s = clock(30)
    a = film(wander, time_s)
    uneven_s = np.delete(time_s, slice(300, 345))
    b = replace(film(wander, uneven_s), time_s=uneven_s + 1.0)
    b = add_gaps(b, seed=1, share=0.1, run_frames=6)
    found = align_by_warping(a, b)
    away = np.abs(found.a_time_s - 10.75) > 1.5
    assert found.b_time_s[away] == pytest.approx(found.a_time_s[away] + 1.0, abs=2 * FRAME_S)


@pytest.mark.parametrize("fps", [5, 24, 60, 120])
def test_cameras_may_differ(fps):
    a = film(wander, clock(20))
    b = film(wander, np.arange(20 * fps) / fps, fps)
    found = align_by_warping(a, b)
    assert found.b_time_s == pytest.approx(found.a_time_s, abs=2 * max(FRAME_S, 1 / fps) / 2)


def test_an_angle_missing_in_one_is_left_out_and_not_named():
    a, b = film(wander, clock(10)), film(wander, clock(10))
    b = add_gaps(b, seed=0, share=1.0, landmarks=[Landmark.LEFT_WRIST])
    found = align_by_warping(a, b)
    assert "right elbow" in found.description
    assert "left and right shoulder, hip and knee" in found.description
    assert found.b_time_s == pytest.approx(found.a_time_s)


def test_the_sentence_names_the_angles_and_the_limit():
    a = film(wander, clock(5))
    found = align_by_warping(a, a, angles=["left_elbow_flexion", "right_elbow_flexion"])
    assert found.description == (
        "by dynamic time warping on left and right elbow, at most 2 s apart"
    )


def test_one_angle_is_enough():
    a, b = film(wander, clock(20)), film(wander, clock(20)[30:])
    found = align_by_warping(a, b, angles=["left_knee_flexion"])
    assert found.offset_s == pytest.approx(-1, abs=FRAME_S)


# Start, moment, event, repetition


def test_the_start_is_the_first_frame_whatever_its_time():
    a, b = film(squat, clock(10)), replace(film(squat, clock(4)), time_s=clock(4) + 5)
    found = align_by_start(a, b)
    assert found.to_b([0.0, 1.0, 3.0]) == pytest.approx([5.0, 6.0, 8.0])
    assert np.isnan(found.to_b([-0.1, 4.1])).all()
    assert found.to_a([5.0, 6.0]) == pytest.approx([0.0, 1.0])
    assert found.offset_s == pytest.approx(5)


def test_a_moment_set_by_hand():
    a = film(squat, clock(10))
    found = align_by_moment(a, a, a_s=2.0, b_s=3.5)
    assert found.offset_s == pytest.approx(1.5)
    assert found.to_b(2.0) == pytest.approx(3.5)
    assert found.a_time_s[[0, -1]] == pytest.approx([0.0, a.duration_s - 1.5])
    assert found.description == "by hand, 2.00 s of A to 3.50 s of B"
    for moment_s in (-1.0, 11.0, np.nan):
        with pytest.raises(InvalidOptionError, match="The moment in B must lie between"):
            align_by_moment(a, a, a_s=2.0, b_s=moment_s)


@pytest.mark.parametrize("event", ["first movement", "first repetition"])
def test_the_same_event_in_both(event):
    a = film(squat, np.concatenate([np.zeros(30), clock(10)]))
    b = film(squat, np.concatenate([np.zeros(81), clock(10)]))
    assert align_by_event(a, b, event).offset_s == pytest.approx(1.7, abs=FRAME_S)


def test_without_stillness_the_first_movement_is_where_somebody_comes_into_view():
    a = film(wander, clock(10))
    gone = np.array(a.world_landmarks)
    gone[:45] = np.nan
    found = align_by_event(a, replace(a, world_landmarks=gone))
    assert found.offset_s == pytest.approx(1.5, abs=1e-9)


def test_each_repetition_goes_with_the_one_of_its_number():
    a = film(squat, clock(10))
    b = film(squat, np.concatenate([np.zeros(30), clock(15) / 1.5]))
    found = align_by_repetition(a, b)
    inside = np.linspace(0.5, 9.5, 50)
    assert found.to_b(inside) == pytest.approx(1 + 1.5 * inside, abs=2 * FRAME_S)
    assert found.description == "by repetition, the first 5 of each, at start, peak and end"


def test_one_repetition_of_each():
    a = film(squat, clock(10))
    found = align_by_repetition(a, a, numbers=(1, 4))
    assert found.to_b([0.5, 1.0, 1.5]) == pytest.approx([6.5, 7.0, 7.5], abs=FRAME_S)
    with pytest.raises(InvalidOptionError, match="A has repetitions 1 to 5, not 0"):
        align_by_repetition(a, a, numbers=(0, 1))
    with pytest.raises(InvalidOptionError, match="B has repetitions 1 to 5, not 6"):
        align_by_repetition(a, a, numbers=(1, 6))


def test_nothing_repeated_is_a_sentence():
    a, b = film(squat, clock(10)), film(squat, np.zeros(300))
    for make in (align_by_repetition, lambda *both: align_by_event(*both, "first repetition")):
        with pytest.raises(ComparisonError, match=r"Nothing is repeated in recording B; .*way\.$"):
            make(a, b)


# Bad input


@pytest.mark.parametrize("by", METHODS)
@pytest.mark.parametrize("n_frames", [0, 1, 2, 30])
def test_a_recording_without_anybody_is_a_sentence(by, n_frames):
    a, b = film(squat, clock(10)), nobody(n_frames)
    with pytest.raises(ComparisonError, match=r"Nobody is seen in recording B.* another one\.$"):
        align(a, b, by)
    with pytest.raises(ComparisonError, match="Nobody is seen in recording A"):
        align(b, a, by)


@pytest.mark.parametrize("n_frames", [1, 2, 3])
@pytest.mark.parametrize("by", ["start", "event", "warp"])
def test_a_few_frames_are_matched_as_far_as_they_go(by, n_frames):
    a, b = film(wander, clock(10)), film(wander, clock(10)[:n_frames])
    for found in (align(a, b, by), align(b, a, by), align(b, b, by)):
        assert 1 <= len(found.a_time_s) == len(found.b_time_s)
        assert np.isfinite([found.offset_s, found.stretch]).all()
        assert (np.diff(found.a_time_s) > 0).all()
        assert (np.diff(found.b_time_s) > 0).all()


def test_no_angle_in_common_is_a_sentence():
    a, b = film(wander, clock(5)), film(wander, clock(5))
    legs = [mark for mark in Landmark if mark.name.endswith(("KNEE", "HIP"))]
    arms = [mark for mark in Landmark if mark.name.endswith(("ELBOW", "SHOULDER"))]
    a = add_gaps(a, seed=0, share=1.0, landmarks=legs)
    b = add_gaps(b, seed=0, share=1.0, landmarks=arms)
    with pytest.raises(ComparisonError, match=r"No angle is known in both recordings"):
        align_by_warping(a, b)
    with pytest.raises(ComparisonError, match="No angle is known"):
        align_by_warping(a, a, angles=[])


@pytest.mark.parametrize("limit_s", [0, -1, np.inf, np.nan])
def test_a_limit_that_is_none_is_refused(limit_s):
    a = film(squat, clock(5))
    with pytest.raises(InvalidOptionError, match="limit_s must be a number of seconds above 0"):
        align_by_warping(a, a, limit_s=limit_s)


def test_unknown_names_are_refused():
    a = film(squat, clock(5))
    with pytest.raises(InvalidOptionError, match="brought together by start, event"):
        align(a, a, "sorcery")
    with pytest.raises(InvalidOptionError, match="first movement or first repetition"):
        align_by_event(a, a, "lunch")
    with pytest.raises(KeyError):
        align_by_warping(a, a, angles=["tail_wag"])


def test_an_alignment_cannot_be_changed():
    found = align_by_start(film(squat, clock(5)), film(squat, clock(5)))
    with pytest.raises(ValueError, match="read-only"):
        found.a_time_s[0] = 1
    one = Alignment(method="start", description="", a_time_s=[1.0], b_time_s=[3.0])
    assert (one.offset_s, one.stretch) == (2.0, 1.0)
    assert one.to_b([1.0, 1.1]) == pytest.approx([3.0, np.nan], nan_ok=True)


def test_the_warp_of_unrelated_signals_rises_in_both_and_is_the_same_from_either_side():
    rng = np.random.default_rng(3)
    time_s = np.arange(40) / 30
    a, b = (Signals(time_s, np.cumsum(rng.normal(0, 0.3, (40, 2)), axis=0)) for _ in range(2))
    a_s, b_s = warp(a, b, limit_s=1.0)
    assert (np.diff(a_s) > 0).all()
    assert (np.diff(b_s) > 0).all()
    back_b_s, back_a_s = warp(b, a, limit_s=1.0)
    assert back_a_s == pytest.approx(a_s, abs=1e-9)
    assert back_b_s == pytest.approx(b_s, abs=1e-9)
