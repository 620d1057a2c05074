"""What must hold for every recording that is cleaned, however broken it is."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from posecore import CleaningOptions, clean, repair_swaps, resample
from posecore.cleaning.gaps import fill_gaps
from posecore.cleaning.smoothing import smooth_butterworth, smooth_savitzky_golay
from posecore.cleaning.trust import mask_untrusted
from posecore.synthetic import make_sequence
from posecore.topology import N_LANDMARKS

ARRAYS = ("image_landmarks", "world_landmarks", "visibility", "presence")
SPACES = ARRAYS[:2]


@st.composite
def recordings(draw):
    """Uneven times with holes, random landmarks, random gaps."""
    steps_s = draw(st.lists(st.sampled_from([1 / 240, 1 / 30, 0.04, 0.2, 10.0]), max_size=40))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    time_s = np.cumsum(np.array(steps_s) * random.uniform(0.9, 1.1, len(steps_s)))
    shape = (len(time_s), N_LANDMARKS)
    is_gap = random.random(shape) < draw(st.sampled_from([0.0, 0.1, 0.5, 0.95]))
    gap = np.where(is_gap, np.nan, 1.0)
    return replace(
        make_sequence(time_s=time_s),
        world_landmarks=random.normal(scale=0.5, size=(*shape, 3)) * gap[..., np.newaxis],
        image_landmarks=random.random((*shape, 3)) * gap[..., np.newaxis],
        visibility=random.random(shape) * gap,
        presence=np.sqrt(random.random(shape)) * gap,
    )


def distance_across_gap_s(time_s, is_gap):
    """Seconds from the last value before to the first after, per frame; infinite at the ends."""
    across = np.full(len(time_s), np.inf)
    for i in np.flatnonzero(is_gap):
        before, after = np.flatnonzero(~is_gap[:i]), np.flatnonzero(~is_gap[i:])
        if before.size and after.size:
            across[i] = time_s[i + after[0]] - time_s[before[-1]]
    return across


def assert_same(found, expected, **tolerance):
    for name in ARRAYS:
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), **tolerance)


@given(recordings(), st.sampled_from([0.0, 0.1, 0.25, 1.0]), st.sampled_from(["pchip", "linear"]))
@settings(deadline=None)
def test_a_gap_becomes_a_number_exactly_within_the_limit(sequence, limit_s, method):
    filled = fill_gaps(sequence, limit_s=limit_s, method=method)
    for name in SPACES:
        before, after = (np.isnan(getattr(each, name)[..., 0]) for each in (sequence, filled))
        for landmark in range(0, N_LANDMARKS, 8):
            across_s = distance_across_gap_s(sequence.time_s, before[:, landmark])
            stays = before[:, landmark] & (across_s > limit_s * (1 + 1e-9))
            np.testing.assert_array_equal(after[:, landmark], stays)
        kept = ~before
        np.testing.assert_array_equal(getattr(filled, name)[kept], getattr(sequence, name)[kept])


@given(recordings())
@settings(deadline=None)
def test_what_is_bridged_stays_between_its_ends(sequence):
    filled = fill_gaps(sequence)
    for name in SPACES:
        values = getattr(sequence, name)
        low, high = (np.where(np.isnan(values), fill, values) for fill in (np.inf, -np.inf))
        got = getattr(filled, name)
        is_there = ~np.isnan(got)
        assert (got >= low.min(axis=0, initial=np.inf) - 1e-5)[is_there].all()
        assert (got <= high.max(axis=0, initial=-np.inf) + 1e-5)[is_there].all()


@given(recordings(), st.sampled_from(["butterworth", "savitzky_golay", "one_euro", "none"]))
@settings(deadline=None)
def test_cleaning_keeps_the_clock_the_input_and_the_gaps(sequence, smoothing):
    before = {name: np.array(getattr(sequence, name)) for name in ARRAYS}
    options = CleaningOptions(smoothing=smoothing, max_gap_s=0.0, repairs_swaps=False)
    cleaned = clean(sequence, options)
    np.testing.assert_array_equal(cleaned.time_s, sequence.time_s)
    np.testing.assert_array_equal(cleaned.frame_number, sequence.frame_number)
    for name, values in before.items():
        np.testing.assert_array_equal(getattr(sequence, name), values)
    for name in SPACES:
        assert np.isnan(getattr(cleaned, name))[np.isnan(before[name])].all()
        assert np.isfinite(getattr(cleaned, name)[~np.isnan(getattr(cleaned, name))]).all()
    assert sequence.steps == ()
    assert clean(cleaned[:0], options).n_frames == 0


@given(recordings(), st.sampled_from([smooth_butterworth, smooth_savitzky_golay]))
@settings(deadline=None)
def test_smoothing_moves_no_gap(sequence, smooth):
    smoothed = smooth(sequence)
    for name in SPACES:
        np.testing.assert_array_equal(
            np.isnan(getattr(smoothed, name)), np.isnan(getattr(sequence, name))
        )


@given(recordings())
@settings(deadline=None)
def test_what_must_be_the_same_twice_is(sequence):
    def by_visibility(each):
        return mask_untrusted(each, bone_tolerance=1e6, max_speed_m_s=1e9)

    for step in (fill_gaps, repair_swaps, by_visibility):
        once = step(sequence)
        assert_same(step(once), once, rtol=0, atol=0)


@given(recordings(), st.sampled_from([1.0, 5.0, 24.0, 30.0, 240.0]))
@settings(deadline=None)
def test_resampling_is_even_and_makes_up_nothing_far_from_a_frame(sequence, fps):
    if sequence.duration_s > 60:
        sequence = sequence[: int(np.searchsorted(sequence.time_s, sequence.time_s[0] + 60))]
    found = resample(sequence, fps)
    np.testing.assert_allclose(np.diff(found.time_s), 1 / fps, rtol=1e-6)
    longest_s = (
        max(0.25, 2 * float(np.median(np.diff(sequence.time_s)))) if len(found) > 1 else 0.25
    )
    for name in SPACES:
        has_value = ~np.isnan(getattr(found, name)[..., 0])
        for landmark in range(0, N_LANDMARKS, 8):
            known_s = sequence.time_s[~np.isnan(getattr(sequence, name)[:, landmark, 0])]
            for time_s in found.time_s[has_value[:, landmark]]:
                assert np.abs(known_s - time_s).min() <= longest_s / 2 + 1e-6
