"""Cleaning: exact answers on signals whose truth is known, and a stated answer on bad input."""

from dataclasses import fields, replace

import numpy as np
import pytest

from posecore import CleaningOptions, Landmark, ProcessingStep, clean, resample
from posecore.cleaning.gaps import fill_gaps
from posecore.cleaning.one_euro import OneEuroFilter, smooth_one_euro
from posecore.cleaning.outliers import remove_outliers
from posecore.cleaning.smoothing import (
    compute_cutoff_hz,
    smooth_butterworth,
    smooth_savitzky_golay,
)
from posecore.cleaning.trust import mask_untrusted
from posecore.disturbances import add_gaps, add_noise
from posecore.errors import InvalidOptionError, InvalidSequenceError
from posecore.synthetic import make_sequence, make_squats

WRIST, ELBOW, KNEE = Landmark.LEFT_WRIST, Landmark.LEFT_ELBOW, Landmark.LEFT_KNEE
SMOOTHERS = [smooth_butterworth, smooth_savitzky_golay, smooth_one_euro]
SPACES = ("image_landmarks", "world_landmarks")


def with_signal(time_s, signal):
    """Every coordinate of every landmark follows one signal."""
    values = np.broadcast_to(np.asarray(signal)[:, np.newaxis, np.newaxis], (len(time_s), 33, 3))
    sequence = make_sequence(time_s=time_s)
    return replace(sequence, image_landmarks=values, world_landmarks=values)


def with_changed(sequence, frame, landmark, *, world=None, **others):
    """One landmark of one frame changed."""
    changed = {} if world is None else {"world_landmarks": world}
    arrays = {}
    for name, value in {**changed, **others}.items():
        arrays[name] = np.array(getattr(sequence, name))
        arrays[name][frame, landmark] = value
    return replace(sequence, **arrays)


def gaps_of(sequence):
    return np.isnan(sequence.world_landmarks).any(axis=2)


def assert_same_values(found, expected):
    for field in fields(found):
        if field.name != "steps":
            np.testing.assert_array_equal(getattr(found, field.name), getattr(expected, field.name))


# Smoothing


@pytest.mark.parametrize("frequency_hz", [1.0, 3.0, 6.0, 9.0])
@pytest.mark.parametrize("order", [1, 2, 4])
def test_a_sine_comes_through_as_the_formula_says_and_without_lag(frequency_hz, order):
    time_s = np.arange(600) / 60
    smoothed = smooth_butterworth(
        with_signal(time_s, np.sin(2 * np.pi * frequency_hz * time_s)), cutoff_hz=6.0, order=order
    )
    ratio = np.tan(np.pi * frequency_hz / 60) / np.tan(np.pi * 6.0 / 60)
    gain = 1 / (1 + (np.sqrt(2) - 1) * ratio ** (2 * order))
    middle = slice(150, 450)
    expected = gain * np.sin(2 * np.pi * frequency_hz * time_s)[middle]
    for name in SPACES:
        found = getattr(smoothed, name)[middle, KNEE, 1]
        np.testing.assert_allclose(found, expected, atol=1e-5)
    if frequency_hz == 6.0:
        assert gain == pytest.approx(1 / np.sqrt(2))


def test_uneven_frames_are_smoothed_on_their_own_times():
    """Taken as even, they would come out up to 5 cm wrong."""
    random = np.random.default_rng(3)
    time_s = np.cumsum(random.uniform(0.6, 1.4, 900)) / 60
    wave = 0.5 * np.sin(2 * np.pi * 1.0 * time_s)
    smoothed = smooth_butterworth(with_signal(time_s, wave), cutoff_hz=6.0)
    ratio = np.tan(np.pi / 60) / np.tan(np.pi * 6.0 / 60)
    expected = wave / (1 + (np.sqrt(2) - 1) * ratio**4)
    np.testing.assert_allclose(
        smoothed.world_landmarks[60:-60, KNEE, 0], expected[60:-60], atol=5e-4
    )


@pytest.mark.parametrize("smooth", SMOOTHERS)
def test_a_line_and_a_still_person_stay_what_they_are(smooth):
    time_s = np.arange(90) / 30
    still = smooth(with_signal(time_s, np.full(90, 0.3)))
    np.testing.assert_allclose(still.world_landmarks, 0.3, atol=1e-6)
    if smooth is not smooth_one_euro:
        line = smooth(with_signal(time_s, 0.2 * time_s))
        expected = np.broadcast_to(0.2 * time_s[:, np.newaxis, np.newaxis], (90, 33, 3))
        np.testing.assert_allclose(line.world_landmarks, expected, atol=1e-5)


@pytest.mark.parametrize("smooth", SMOOTHERS)
@pytest.mark.parametrize("jitter_s", [0.0, 0.01])
def test_nothing_passes_a_gap_or_a_hole(smooth, jitter_s):
    """What lies on the other side may be anything: this side comes out the same."""
    random = np.random.default_rng(1)
    time_s = np.arange(120) / 30 + random.uniform(0, jitter_s, 120)
    time_s[80:] += 10.0
    wave = random.normal(size=120)
    wave[40:60] = np.nan
    given = {"cutoff_hz": 5.0} if smooth is smooth_butterworth else {}
    found = smooth(with_signal(time_s, wave), **given).world_landmarks[:, 0, 0]
    other = np.array(wave)
    other[:40] += 7.0
    other[80:] *= -3.0
    changed = smooth(with_signal(time_s, other), **given).world_landmarks[:, 0, 0]
    np.testing.assert_allclose(changed[60:80], found[60:80], atol=1e-6)
    assert np.isnan(found).nonzero()[0].tolist() == list(range(40, 60))
    assert not np.allclose(found[:40], wave[:40], atol=0.1)


def test_the_savitzky_golay_filter_keeps_a_parabola():
    time_s = np.arange(60) / 30
    found = smooth_savitzky_golay(with_signal(time_s, time_s**2)).world_landmarks[:, 0, 0]
    np.testing.assert_allclose(found[5:-5], time_s[5:-5] ** 2, atol=1e-5)


@pytest.mark.parametrize("noise_m", [0.005, 0.02])
def test_the_cutoff_lies_between_the_movement_and_the_noise(noise_m):
    """Squats of 1 Hz: the smoothed ones are nearer to the truth than by 2 Hz, 12 Hz and raw."""
    truth = make_squats(duration_s=30.0, fps=60.0, rate_hz=1.0)
    noisy = add_noise(truth, seed=5, world_sd_m=noise_m)

    def error_of(sequence):
        return np.sqrt(np.mean((sequence.world_landmarks - truth.world_landmarks) ** 2))

    assert 3.0 <= compute_cutoff_hz(noisy) <= 8.0
    chosen = error_of(smooth_butterworth(noisy))
    assert chosen < 0.5 * noise_m
    assert chosen < error_of(smooth_butterworth(noisy, cutoff_hz=12.0))
    assert chosen < error_of(smooth_butterworth(noisy, cutoff_hz=1.0))


@pytest.mark.parametrize(
    ("n_frames", "given_hz", "source", "cutoff_hz"),
    [(300, 4.5, "given", 4.5), (100, None, "usual", 6.0), (300, None, "residual analysis", 3.0)],
)
def test_the_step_says_where_the_cutoff_comes_from(n_frames, given_hz, source, cutoff_hz):
    squats = add_noise(make_squats(10.0), seed=1, world_sd_m=0.02)[:n_frames]
    found = dict(smooth_butterworth(squats, cutoff_hz=given_hz).steps[-1].parameters)
    assert (found["cutoff_from"], found["cutoff_hz"]) == (source, cutoff_hz)


def test_a_cutoff_beyond_half_the_frame_rate_smooths_nothing_and_says_so():
    squats = make_squats(duration_s=5.0, fps=5.0)
    found = smooth_butterworth(squats, cutoff_hz=2.5)
    assert_same_values(found, squats)
    assert dict(found.steps[-1].parameters)["is_applied"] is False


# One-Euro


def test_the_one_euro_filter_follows_the_formula_of_its_paper():
    take = OneEuroFilter(min_cutoff_hz=1.0, beta=0.5, derivative_cutoff_hz=1.0)
    assert take(0.0, np.array([2.0])).tolist() == [2.0]
    weight = 1 / (1 + 1 / (2 * np.pi * 1.0 * 0.1))
    speed = weight * (1.0 / 0.1)
    second = 1 / (1 + 1 / (2 * np.pi * (1.0 + 0.5 * speed) * 0.1))
    assert take(0.1, np.array([3.0]))[0] == pytest.approx(2.0 + second * 1.0)


def test_the_one_euro_filter_knows_only_the_past_and_starts_anew_after_a_gap():
    wave = np.random.default_rng(2).normal(size=60)
    time_s = np.arange(60) / 30
    whole = smooth_one_euro(with_signal(time_s, wave))
    part = smooth_one_euro(with_signal(time_s, wave)[:30])
    np.testing.assert_array_equal(part.world_landmarks, whole.world_landmarks[:30])
    take = OneEuroFilter()
    take(0.0, np.array([0.0, 0.0]))
    assert np.isnan(take(0.1, np.array([np.nan, 1.0]))[0])
    assert take(0.5, np.array([5.0, 5.0])).tolist() == [5.0, 5.0]


# Gaps


@pytest.mark.parametrize("method", ["pchip", "linear"])
def test_a_short_gap_is_bridged_and_a_longer_one_stays(method):
    time_s = np.arange(60) / 30
    wave = 0.3 * time_s
    wave[[0, 59]] = np.nan
    wave[10:16] = np.nan  # from 9/30 to 16/30 s: 0.233 s
    wave[30:37] = np.nan  # from 29/30 to 37/30 s: 0.267 s
    filled = fill_gaps(with_signal(time_s, wave), limit_s=0.25, method=method)
    for name in SPACES:
        values = getattr(filled, name)[:, 5, 1]
        np.testing.assert_allclose(values[10:16], 0.3 * time_s[10:16], atol=1e-6)
        assert np.isnan(values).nonzero()[0].tolist() == [0, *range(30, 37), 59]
    assert dict(filled.steps[-1].parameters)["n_filled"] == 6 * 33 * 2


def test_a_gap_is_bridged_between_its_ends_and_never_beyond_them():
    wave = np.array([0.0, 0.9, 1.0, np.nan, np.nan, 0.0, 0.0, 0.8])
    values = fill_gaps(with_signal(np.arange(8) / 30, wave)).world_landmarks[:, 0, 0]
    assert ((values[3:5] > 0) & (values[3:5] < 1)).all()
    assert values[3] > values[4]


# Trust and outliers


@pytest.mark.parametrize(("name", "value"), [("visibility", 0.49), ("presence", 0.1)])
def test_a_landmark_hardly_seen_is_a_gap_in_image_and_world(name, value):
    found = mask_untrusted(with_changed(make_squats(1.0), 7, KNEE, **{name: value}))
    for space in SPACES:
        where = np.isnan(getattr(found, space)).all(axis=2)
        assert np.argwhere(where).tolist() == [[7, KNEE]]
    assert dict(found.steps[-1].parameters)["n_removed"] == 1
    np.testing.assert_array_equal(
        getattr(found, name)[7, KNEE], np.float32(value), "the measure itself stays"
    )


def test_a_landmark_without_visibility_is_not_judged_by_it():
    unknown = with_changed(make_squats(1.0), 7, KNEE, visibility=np.nan, presence=np.nan)
    assert not gaps_of(mask_untrusted(unknown)).any()


def test_the_landmark_whose_bones_all_are_wrong_goes_not_its_neighbours():
    squats = make_squats(3.0)
    elbow = squats.world_landmarks[20, ELBOW] + np.array([0.6, 0.0, 0.3])
    moved = with_changed(squats, slice(20, 50), ELBOW, world=elbow)
    found = mask_untrusted(moved)
    assert np.argwhere(gaps_of(found)).tolist() == [[frame, ELBOW] for frame in range(20, 50)]


def test_a_jump_and_back_faster_than_anybody_is_a_gap():
    squats = make_squats(3.0)
    jumped = with_changed(
        squats, 30, Landmark.NOSE, world=squats.world_landmarks[30, 0] + [0, 0, 0.7]
    )
    assert np.argwhere(gaps_of(mask_untrusted(jumped))).tolist() == [[30, 0]]
    assert not gaps_of(mask_untrusted(jumped, max_speed_m_s=30.0)).any()


@pytest.mark.parametrize("fps", [30.0, 240.0])
@pytest.mark.parametrize("space", SPACES)
def test_an_outlier_goes_and_the_movement_stays(space, fps):
    squats = add_noise(make_squats(4.0, fps, rate_hz=1.0), seed=2, world_sd_m=0.005)
    offset = {"image_landmarks": [0.12, 0.2, 0.0], "world_landmarks": [0.0, 0.25, 0.25]}[space]
    spoilt = with_changed(
        squats, 50, WRIST, **{space: getattr(squats, space)[50, WRIST] + np.array(offset)}
    )
    found = remove_outliers(spoilt)
    assert np.argwhere(gaps_of(found)).tolist() == [[50, WRIST]]
    np.testing.assert_array_equal(np.isnan(found.image_landmarks), np.isnan(found.world_landmarks))


def test_two_centimetres_of_noise_are_no_outliers():
    noisy = add_noise(make_squats(30.0), seed=4, world_sd_m=0.02, image_sd_px=3.0)
    found = mask_untrusted(remove_outliers(noisy))
    assert gaps_of(found).mean() < 0.01


def test_outliers_are_judged_by_the_clock_not_by_counting():
    """At 5 frames a second no other frame lies within a tenth of a second."""
    squats = make_squats(10.0, 5.0)
    jumped = with_changed(squats, 20, WRIST, world=[3.0, 3.0, 3.0])
    assert not gaps_of(remove_outliers(jumped)).any()
    assert gaps_of(remove_outliers(jumped, window_s=1.0))[20, WRIST]


# Resampling


@pytest.mark.parametrize("fps", [15.0, 30.0, 50.0, 120.0])
def test_a_recording_is_read_at_other_times(fps):
    random = np.random.default_rng(0)
    time_s = 3.0 + np.cumsum(random.uniform(0.5, 1.5, 300)) / 60
    found = resample(with_signal(time_s, np.sin(2 * np.pi * time_s)), fps)
    np.testing.assert_allclose(np.diff(found.time_s), 1 / fps, rtol=1e-9)
    assert found.time_s[0] == time_s[0]
    assert time_s[-1] - 1 / fps < found.time_s[-1] <= time_s[-1]
    np.testing.assert_allclose(
        found.world_landmarks[:, 3, 2], np.sin(2 * np.pi * found.time_s), atol=2e-3
    )
    assert found.frame_number.tolist() == list(range(len(found)))
    assert found.steps == (ProcessingStep.of("resample", fps=fps),)
    np.testing.assert_allclose(found.visibility, 0.99, atol=1e-6)


def test_resampling_makes_up_nothing_in_a_gap_or_a_hole():
    time_s = np.concatenate([np.arange(30), 330 + np.arange(30)]) / 30
    wave = np.ones(60)
    wave[10:12] = np.nan
    found = resample(with_signal(time_s, wave), 60.0)
    is_gap = np.isnan(found.world_landmarks[:, 8, 0])
    expected = (found.time_s > 9 / 30) & (found.time_s < 12 / 30)
    expected |= (found.time_s > 29 / 30 + 1e-9) & (found.time_s < 11 - 1e-9)
    np.testing.assert_array_equal(is_gap, expected)
    assert np.isnan(found.visibility[found.time_s > 5.0][0]).all()


def test_the_same_rate_gives_the_same_recording():
    squats = add_gaps(make_squats(5.0), seed=1)
    found = resample(squats, 30.0)
    assert len(found) == len(squats)
    np.testing.assert_allclose(found.world_landmarks, squats.world_landmarks, atol=1e-6)
    np.testing.assert_allclose(found.visibility, squats.visibility, atol=1e-6)


# The chain


def test_the_chain_records_its_steps_and_leaves_the_raw_frames_alone():
    raw = add_noise(add_gaps(make_squats(6.0), seed=1), seed=2, world_sd_m=0.01, image_sd_px=2.0)
    before = {name: np.array(getattr(raw, name)) for name in SPACES}
    cleaned = clean(raw)
    assert [step.name for step in cleaned.steps] == [
        "repair_swaps",
        "mask_untrusted",
        "remove_outliers",
        "fill_gaps",
        "smooth_butterworth",
    ]
    assert raw.steps == ()
    for name, values in before.items():
        np.testing.assert_array_equal(getattr(raw, name), values)
    np.testing.assert_array_equal(cleaned.time_s, raw.time_s)
    np.testing.assert_array_equal(cleaned.frame_number, raw.frame_number)
    assert not gaps_of(cleaned)[2:-2].any()


def test_the_chain_brings_a_spoilt_recording_nearer_to_the_truth():
    truth = make_squats(20.0)
    spoilt = add_noise(add_gaps(truth, seed=1), seed=2, world_sd_m=0.02, image_sd_px=3.0)
    spoilt = with_changed(spoilt, slice(100, 500, 40), WRIST, world=[1.0, 1.0, 1.0])
    noisy, cleaned = add_noise(truth, seed=2, world_sd_m=0.02, image_sd_px=3.0), clean(spoilt)
    for name, limit in (("world_landmarks", 0.5), ("image_landmarks", 0.6)):
        errors = [
            np.sqrt(np.nanmean((getattr(sequence, name) - getattr(truth, name)) ** 2))
            for sequence in (cleaned, noisy)
        ]
        assert errors[0] < limit * errors[1], name


@pytest.mark.parametrize("smoothing", ["butterworth", "savitzky_golay", "one_euro", "none"])
def test_options_choose_what_is_done(smoothing):
    options = CleaningOptions(repairs_swaps=False, smoothing=smoothing, max_gap_s=0.0)
    names = [step.name for step in clean(make_squats(2.0), options).steps]
    assert "repair_swaps" not in names
    smoothers = [name for name in names if name.startswith("smooth_")]
    assert smoothers == ([] if smoothing == "none" else [f"smooth_{smoothing}"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("min_visibility", 1.5),
        ("min_presence", -0.1),
        ("bone_tolerance", 0.0),
        ("max_speed_m_s", float("nan")),
        ("outlier_window_s", -1.0),
        ("outlier_sigmas", 0),
        ("max_gap_s", -0.1),
        ("cutoff_hz", 0.0),
        ("gap_method", "spline"),
        ("smoothing", "median"),
    ],
)
def test_an_option_outside_its_limits_is_refused_with_a_sentence(name, value):
    with pytest.raises(InvalidOptionError, match=name):
        CleaningOptions(**{name: value})


@pytest.mark.parametrize(
    "call",
    [
        lambda squats: resample(squats, 0.0),
        lambda squats: resample(squats, float("nan")),
        lambda squats: fill_gaps(squats, method="spline"),
        lambda squats: smooth_butterworth(squats, cutoff_hz=-1.0),
        lambda squats: smooth_butterworth(squats, order=0),
        lambda squats: smooth_savitzky_golay(squats, window_s=0.0),
        lambda squats: OneEuroFilter(beta=-1.0),
    ],
)
def test_a_step_told_nonsense_refuses(call):
    with pytest.raises(InvalidOptionError):
        call(make_squats(1.0))


# Bad input; warnings are errors in every test


@pytest.mark.parametrize("smoothing", ["butterworth", "savitzky_golay", "one_euro"])
@pytest.mark.parametrize("n_frames", [0, 1, 2, 3])
def test_the_shortest_recordings_stay_as_they_are(n_frames, smoothing):
    short = make_squats(1.0, 30.0)[10 : 10 + n_frames]
    found = clean(short, CleaningOptions(smoothing=smoothing))
    assert len(found) == n_frames
    assert not gaps_of(found).any()
    np.testing.assert_allclose(found.world_landmarks, short.world_landmarks, atol=0.05)
    if n_frames < 2:
        assert_same_values(found, short)
    assert len(resample(short, 30.0)) == n_frames


def test_nobody_seen_stays_nobody_seen():
    nobody = add_gaps(make_squats(5.0), seed=0, share=1.0)
    for found in (clean(nobody), resample(nobody, 30.0)):
        assert np.isnan(found.world_landmarks).all()
        assert np.isnan(found.image_landmarks).all()
        assert not found.is_detected.any()


def test_half_a_body_is_cleaned_and_the_other_half_stays_missing():
    legs = [landmark for landmark in Landmark if landmark >= Landmark.LEFT_HIP]
    upper = add_gaps(make_squats(5.0), seed=0, share=1.0, landmarks=legs)
    found = clean(upper)
    assert gaps_of(found)[:, legs].all()
    assert not gaps_of(found)[:, : Landmark.LEFT_HIP].any()
    assert gaps_of(resample(found, 25.0))[:, legs].all()


@pytest.mark.parametrize("space", SPACES)
def test_a_recording_without_world_or_image_is_cleaned_in_the_other(space):
    squats = make_squats(5.0)
    found = clean(replace(squats, **{space: np.full((150, 33, 3), np.nan)}))
    assert np.isnan(getattr(found, space)).all()
    (other,) = set(SPACES) - {space}
    np.testing.assert_allclose(getattr(found, other), getattr(squats, other), atol=0.02)


def test_a_still_person_stays_where_they_are():
    still = make_sequence(time_s=np.arange(300) / 30)
    np.testing.assert_allclose(clean(still).world_landmarks, still.world_landmarks, atol=1e-6)


def test_a_hole_of_ten_seconds_parts_a_recording_in_two():
    squats = make_squats(10.0)
    time_s = np.where(squats.time_s < 5.0, squats.time_s, squats.time_s + 10.0)
    options = CleaningOptions(cutoff_hz=6.0)
    found = clean(replace(squats, time_s=time_s), options)
    np.testing.assert_array_equal(found.time_s, time_s)
    for part in (slice(0, 150), slice(150, 300)):
        alone = clean(squats[part], options)
        np.testing.assert_allclose(found.world_landmarks[part], alone.world_landmarks, atol=1e-5)


@pytest.mark.parametrize(("fps", "limit_m"), [(5.0, 0.03), (240.0, 0.004)])
def test_slow_and_fast_cameras(fps, limit_m):
    squats = make_squats(20.0, fps)
    found = clean(add_noise(squats, seed=1, world_sd_m=0.01))
    assert gaps_of(found).mean() < 0.01
    error = found.world_landmarks - squats.world_landmarks
    assert np.sqrt(np.nanmean(error**2)) < limit_m


def test_a_step_of_nothing_is_still_refused_by_the_contract():
    with pytest.raises(InvalidSequenceError):
        replace(clean(make_squats(1.0)), time_s=np.zeros(30))
