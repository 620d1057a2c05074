"""By how much the clocks of two cameras differ that filmed the same movement."""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from posecore.angles import compute_joint_angles
from posecore.image_scale import compute_image_scale, to_pixels
from posecore.sequence import PoseSequence
from posecore.signals import differentiate, read_between, smooth_evenly
from posecore.topology import Landmark

Floats = NDArray[np.float64]
How = Literal["clocks", "movement"]

LARGEST_SEARCH_S: Final = 1.0
"""How far from what the clocks say the movement is looked at."""

_SMALLEST_SEARCH_S: Final = 0.25
_N_ERRORS: Final = 4.0
_TICK_S: Final = 1 / 60
_LEAST_SHARED_S: Final = 1.5
_LEAST_ALIKE: Final = 0.3
_NEXT_BEST: Final = 0.75
_SAME_PEAK_S: Final = 0.15
_SMALLEST_ERROR_S: Final = 0.008
_FAST_DEG_S: Final = 100.0
_STILL_M_S: Final = 0.02
_LONGEST_HOLE_S: Final = 0.25
_PARTS: Final = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
_TURNING: Final = ("elbow_flexion", "shoulder_elevation", "hip_flexion", "knee_flexion")


@dataclass(frozen=True, kw_only=True)
class OffsetEstimate:
    """What is added to the times of recording B to have them on the clock of recording A.

    Attributes
    ----------
    offset_s : float
    error_s : float
        How far it may be off, two standard deviations.
    how : {"clocks", "movement"}
        Whether it is what the clocks said, or what the movement itself says.
    """

    offset_s: float
    error_s: float
    how: How


class _Rates(NamedTuple):
    """Speeds at even ticks, shape (n, k), 0 where unknown; by kind and by part of the body."""

    values: Floats
    kinds: NDArray[np.intp]
    parts: NDArray[np.intp]


class _Sums(NamedTuple):
    """Of each lag and signal, shape (n_lags, k): products of both, squares of A and of B."""

    both: Floats
    a: Floats
    b: Floats


def estimate_offset(
    a: PoseSequence, b: PoseSequence, prior_s: float, prior_error_s: float
) -> OffsetEstimate:
    """Find by how much two clocks differ, from the movement both cameras saw.

    Parameters
    ----------
    a, b : PoseSequence
        The same movement, seen from anywhere by cameras that are held about level.
    prior_s : float
        What is to be added to the times of B, as far as is known beforehand.
    prior_error_s : float
        How far that may be off.

    Returns
    -------
    OffsetEstimate
        The prior itself where the movement says nothing clear: less than 1.5 s of it are seen by
        both, hardly anything moves, both views have little in common, or several offsets explain
        it about as well, as with steps or strokes that follow each other quickly; and where the
        prior is the better known of both.

    Notes
    -----
    Three kinds of speeds are the same from everywhere: how fast each landmark rises in the picture,
    in metres by the size of the body; the mean of left and right of the same, which a swap of the
    sides leaves alone; and how fast the angles of elbows, shoulders, hips and knees change, left
    and right together, bounded so that a glitch has no more say than a fast movement. Low-pass
    filtered at 6 Hz they are correlated at steps of 1/60 s within four errors of the prior, at
    least 0.25 s and at most 1 s. The mean of the three correlations has to reach 0.3 inside that
    stretch, and no other peak three quarters of it. Between the steps the peak is read by a
    parabola.

    The error is twice the standard deviation of that peak by the jackknife, one part of the body
    left out at a time, and never below 8 ms.
    """
    prior = OffsetEstimate(offset_s=prior_s, error_s=prior_error_s, how="clocks")
    reach_s = float(np.clip(_N_ERRORS * prior_error_s, _SMALLEST_SEARCH_S, LARGEST_SEARCH_S))
    # On the clock of A, with enough on either side for the largest lag.
    start_s = max(a.time_s[0], b.time_s[0] + prior_s) if len(a) and len(b) else 0.0
    end_s = min(a.time_s[-1], b.time_s[-1] + prior_s) if len(a) and len(b) else 0.0
    if end_s - start_s < _LEAST_SHARED_S:
        return prior
    ticks_s = np.arange(start_s, end_s, _TICK_S)
    lags = np.arange(-round(reach_s / _TICK_S), round(reach_s / _TICK_S) + 1)
    rates = _read_rates(a, ticks_s)
    sums = _compare(rates.values, b, ticks_s - prior_s, lags)
    alike = _compute_likeness(sums, rates)
    if not _is_clear(alike):
        return prior
    at_s = _read_peak(lags, alike)
    left_out = [
        _read_peak(lags, _compute_likeness(sums, rates, without=part))
        for part in range(len(_PARTS))
    ]
    spread_s = float(np.sqrt((len(_PARTS) - 1) * np.mean((np.array(left_out) - at_s) ** 2)))
    error_s = max(2 * spread_s, _SMALLEST_ERROR_S)
    if error_s >= prior_error_s:
        return prior
    return OffsetEstimate(offset_s=prior_s - at_s, error_s=error_s, how="movement")


def _read_rates(sequence: PoseSequence, wanted_s: Floats) -> _Rates:
    """Speeds at any moments of the recording's own clock."""
    scale = compute_image_scale(sequence)
    # Rises are metres at the usual distance: the scale of single frames is a noise of its own.
    usual = float(np.nanmedian(scale)) if np.isfinite(scale).any() else np.nan
    left = [Landmark[f"LEFT_{part.upper()}"] for part in _PARTS]
    right = [Landmark[f"RIGHT_{part.upper()}"] for part in _PARTS]
    places_m = [-to_pixels(sequence, side)[..., 1] / usual for side in (left, right)]
    names = [f"{side}_{name}" for side in ("left", "right") for name in _TURNING]
    angles = compute_joint_angles(sequence, names).to_numpy()
    turning = angles[:, : len(_TURNING)] + angles[:, len(_TURNING) :]
    columns = np.concatenate([*places_m, (places_m[0] + places_m[1]) / 2, turning], axis=1)
    even = smooth_evenly(sequence.time_s, columns, measures_noise=False)
    rates = read_between(
        even.time_s,
        differentiate(even.values, even.rate_hz),
        wanted_s,
        longest_step_s=_LONGEST_HOLE_S,
    )
    n = len(_PARTS)
    rates[:, 3 * n :] = np.tanh(rates[:, 3 * n :] / _FAST_DEG_S)
    bends = [_PARTS.index(name.split("_")[0]) for name in _TURNING]
    return _Rates(
        np.nan_to_num(rates),
        np.repeat([0, 1, 2], [2 * n, n, len(_TURNING)]),
        np.array([*range(n), *range(n), *range(n), *bends]),
    )


def _compare(a_rates: Floats, b: PoseSequence, ticks_s: Floats, lags: NDArray[np.int64]) -> _Sums:
    """Sums over the ticks, A as it is and B read so many ticks later."""
    reach = int(lags[-1])
    wide_s = ticks_s[0] + _TICK_S * np.arange(-reach, len(ticks_s) + reach)
    wide = _read_rates(b, wide_s).values
    known = (a_rates != 0).astype(np.float64)
    found = []
    for lag in lags:
        b_rates = wide[reach + lag :][: len(ticks_s)]
        found.append(
            (
                np.einsum("ij,ij->j", a_rates, b_rates),
                np.einsum("ij,ij->j", a_rates**2, (b_rates != 0).astype(np.float64)),
                np.einsum("ij,ij->j", known, b_rates**2),
            )
        )
    return _Sums(*(np.array(each) for each in zip(*found, strict=True)))


def _compute_likeness(sums: _Sums, rates: _Rates, without: int | None = None) -> Floats:
    """Mean of the correlations of the three kinds, at each lag."""
    total = np.zeros(len(sums.both))
    for kind in range(3):
        used = (rates.kinds == kind) & (rates.parts != (-1 if without is None else without))
        both, a, b = (each[:, used].sum(axis=1) for each in sums)
        scale = np.sqrt(a * b)
        total += np.divide(both, scale, out=np.zeros_like(both), where=scale > 0)
    return total / 3


def _is_clear(alike: Floats) -> bool:
    at = int(alike.argmax())
    if alike[at] < _LEAST_ALIKE or at in (0, len(alike) - 1):
        return False
    others = [_find_next_best(alike[at::-1]), _find_next_best(alike[at:])]
    return max(others) <= _NEXT_BEST * float(alike[at])


def _find_next_best(alike: Floats) -> float:
    """Highest value beyond the foot of the peak that the first value is the top of."""
    rises = np.flatnonzero(np.diff(alike) > 0)
    rises = rises[rises >= round(_SAME_PEAK_S / _TICK_S)]
    return float(alike[rises[0] :].max()) if len(rises) else 0.0


def _read_peak(lags: NDArray[np.int64], alike: Floats) -> float:
    """Seconds of the highest lag, between the steps."""
    at = int(alike.argmax())
    shift = 0.0
    if 0 < at < len(lags) - 1:
        before, here, after = alike[at - 1 : at + 2]
        bend = before - 2 * here + after
        shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(lags[at] + shift) * _TICK_S
