"""The numbers of a session, against answers known by hand, and what is said where there is none."""

from dataclasses import replace

import numpy as np
import pytest

from posecore import ANGLES, METRICS, Landmark, compute_metrics
from posecore.measures import compute_symmetry_index
from posecore.metric_definition import GROUPS
from posecore.metrics import compute_metrics as home
from posecore.signals import differentiate, smooth_evenly
from posecore.smoothness import compute_dlj, compute_ldlj, compute_sparc
from posecore.synthetic import make_sequence, make_squats

NO_NUMBER_STILL = ("tempo", "repetition_duration", "sparc", "dlj", "ldlj", "straightness")


def add_noise(sequence, noise_m=0.02):
    rng = np.random.default_rng(3)
    world = sequence.world_landmarks
    return replace(sequence, world_landmarks=world + rng.normal(0, noise_m, world.shape))


def test_the_smoothness_of_a_bell_is_the_published_one():
    time_s = np.arange(-1, 1, 0.01)
    speed = np.exp(-5 * time_s**2)
    assert compute_sparc(speed, 100) == pytest.approx(-1.41403, abs=5e-6)
    assert compute_dlj(speed, 100) == pytest.approx(-335.74684, abs=5e-6)
    assert compute_ldlj(speed, 100) == pytest.approx(-5.81636, abs=5e-6)


@pytest.mark.parametrize("speed", [[], [1.0], [0.0] * 9, [1.0, np.nan, 2.0, 3.0]])
@pytest.mark.parametrize("measure", [compute_sparc, compute_dlj, compute_ldlj])
def test_what_does_not_move_has_no_smoothness(measure, speed):
    assert np.isnan(measure(np.array(speed), 30.0))


def test_smoothness_does_not_know_size_and_a_shake_is_less_smooth():
    time_s = np.arange(0, 2, 0.01)
    speed = np.exp(-5 * (time_s - 1) ** 2)
    shaken = speed * (1 + 0.3 * np.sin(2 * np.pi * 6 * time_s))
    for measure in (compute_sparc, compute_dlj, compute_ldlj):
        assert measure(7 * speed, 100) == pytest.approx(measure(speed, 100))
        assert measure(shaken, 100) < measure(speed, 100)


def test_squats_have_the_numbers_they_were_made_with():
    values = compute_metrics(make_squats(10.0, rate_hz=0.5))["value"]
    assert values["repetition_count"] == 5
    assert values["tempo"] == pytest.approx(30, abs=0.1)
    assert values["repetition_duration"] == pytest.approx(2, abs=0.05)
    assert values["left_knee_flexion_range"] == pytest.approx(90, abs=0.2)
    assert values["left_knee_flexion_peak_speed"] == pytest.approx(45 * np.pi, rel=0.01)
    assert values["knee_flexion_symmetry"] == pytest.approx(0, abs=0.01)
    assert -3 < values["sparc"] < -1


def test_a_clock_that_begins_late_changes_no_number():
    squats = make_squats(6.0, rate_hz=0.5)
    late = compute_metrics(replace(squats, time_s=squats.time_s + 100))["value"]
    assert 0 <= late["most_repeatable_start"] < 6
    np.testing.assert_allclose(late, compute_metrics(squats)["value"], rtol=1e-6, atol=1e-6)


def test_the_smaller_side_is_seen_in_the_symmetry():
    bend = 45 * (1 - np.cos(np.pi * np.arange(300) / 30))
    sequence = make_sequence(
        {"left_knee_flexion": bend, "right_knee_flexion": bend / 2}, time_s=np.arange(300) / 30
    )
    values = compute_metrics(sequence)["value"]
    assert values["knee_flexion_symmetry"] == pytest.approx(100 * 45 / 67.5, abs=0.5)
    assert compute_symmetry_index(1, 0) == 200
    assert compute_symmetry_index(0, 1) == -200


def test_every_metric_says_what_it_is():
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.label
        assert len(metric.formula) > 10
        assert len(metric.reference) > 10
        if metric.group == "climbing":
            assert "not validated on real climbing" in metric.reference
    assert {metric.group for metric in METRICS.values()} == set(GROUPS)
    assert {f"{name}_range" for name in ANGLES} < set(METRICS)
    assert list(compute_metrics(make_squats(2.0)).index) == list(METRICS)
    assert list(home(make_squats(2.0), ["tempo"]).index) == ["tempo"]


def check(table):
    """Each row is a finite number without a note, or NaN with the reason."""
    has_number = np.isfinite(table["value"])
    assert (table["note"][has_number] == "").all()
    assert (table["note"][~has_number].str.len() > 5).all()
    return table


@pytest.mark.parametrize("n_frames", [0, 1, 2])
def test_too_few_frames_have_no_number(n_frames):
    table = check(compute_metrics(make_squats(1.0)[:n_frames]))
    assert table["value"].isna().all()
    assert set(table["note"]) == {f"too few frames: {n_frames}"}


@pytest.mark.parametrize("n_frames", [3, 4, 5, 8, 12])
def test_a_handful_of_frames_is_stated(n_frames):
    table = check(compute_metrics(make_squats(1.0)[:n_frames]))
    assert table["value"]["repetition_count"] == 0


def test_nobody_has_no_number():
    squats = make_squats(2.0)
    nobody = np.full_like(squats.world_landmarks, np.nan)
    table = check(compute_metrics(replace(squats, world_landmarks=nobody, image_landmarks=nobody)))
    assert set(table["note"]) == {"nobody is seen"}


def test_half_a_body_has_the_numbers_of_its_half():
    squats = make_squats(10.0)
    gone = [landmark for landmark in Landmark if "RIGHT" in landmark.name]
    arrays = {}
    for name in ("world_landmarks", "image_landmarks"):
        arrays[name] = getattr(squats, name).copy()
        arrays[name][:, gone] = np.nan
    table = check(compute_metrics(replace(squats, **arrays)))
    assert table["value"]["left_knee_flexion_range"] == pytest.approx(90, abs=0.2)
    for name in ("right_knee_flexion_range", "knee_flexion_symmetry", "com_path_length"):
        assert np.isnan(table["value"][name]), name
    assert table["note"]["right_knee_flexion_range"] == "it is never seen"


@pytest.mark.parametrize("fps", [30, 60])
def test_a_still_person_in_noise_has_no_movement(fps):
    still = make_sequence(time_s=np.arange(10 * fps) / fps)
    table = check(compute_metrics(add_noise(still)))
    assert table["value"]["repetition_count"] == 0
    assert table["value"]["com_path_length"] == 0
    assert table["value"]["immobility_ratio"] == 100
    for name in (*NO_NUMBER_STILL, *(f"{angle}_range" for angle in ANGLES)):
        assert np.isnan(table["value"][name]), name


def test_a_still_person_has_no_movement():
    table = check(compute_metrics(make_sequence(time_s=np.arange(300) / 30)))
    assert table["value"]["left_knee_flexion_range"] == pytest.approx(0, abs=1e-3)
    assert table["note"]["knee_flexion_symmetry"] == "neither side moves"


def test_a_hole_adds_nothing():
    squats = make_squats(20.0, rate_hz=0.5)
    time_s = squats.time_s + np.where(squats.time_s >= 10, 10.0, 0.0)
    table = check(compute_metrics(replace(squats, time_s=time_s)))
    assert table["value"]["repetition_count"] == 10
    assert table["value"]["left_knee_flexion_range"] == pytest.approx(90, abs=0.2)
    assert table["value"]["left_knee_flexion_peak_speed"] == pytest.approx(45 * np.pi, rel=0.02)


@pytest.mark.parametrize("fps", [5, 240])
def test_slow_and_fast_cameras_find_the_same(fps):
    table = check(compute_metrics(make_squats(20.0, fps=fps, rate_hz=0.5)))
    assert table["value"]["repetition_count"] == 10
    assert table["value"]["left_knee_flexion_range"] == pytest.approx(90, abs=2)
    assert table["value"]["left_knee_flexion_peak_speed"] == pytest.approx(45 * np.pi, rel=0.03)


def test_signals_stay_signals_and_gaps_stay_gaps():
    time_s = np.sort(np.random.default_rng(0).uniform(0, 10, 400))
    wave = np.sin(2 * np.pi * time_s)[:, None]
    wave[(time_s > 4) & (time_s < 6)] = np.nan
    even = smooth_evenly(time_s, wave)
    is_gap = np.isnan(even.values[:, 0])
    inside = (even.time_s > 4.1) & (even.time_s < 5.9)
    assert is_gap[inside].all()
    assert not is_gap[(even.time_s < 3.8) | (even.time_s > 6.2)].any()
    known = ~is_gap & (even.time_s > 0.5) & (even.time_s < 9.5)
    np.testing.assert_allclose(
        even.values[known, 0], np.sin(2 * np.pi * even.time_s[known]), atol=0.08
    )
    ticks = np.arange(20.0)[:, None]
    np.testing.assert_allclose(differentiate(ticks**4, 1.0)[2:-2], 4 * ticks[2:-2] ** 3)
    wave = np.sin(2 * np.pi * 2 * np.arange(300) / 30)[:, None]
    assert np.nanmax(differentiate(wave, 30.0)) == pytest.approx(0.999 * 4 * np.pi, rel=1e-4)
