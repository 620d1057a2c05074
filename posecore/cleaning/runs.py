"""Runs: stretches of a signal without a gap, filtered and interpolated each on its own.

All runs of a signal lie one behind the other in the same arrays, so that a signal in a thousand
pieces costs hardly more than one in a single piece, and nothing passes from one run to the next.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HOLE_S: Final = 0.25
"""Frames further apart than this, and than twice the usual step, have a hole between them."""

_EVEN_WITHIN: Final = 0.01
"""Share of the step by which steps may differ and still be called even."""


def compute_step_s(time_s: Floats) -> float:
    """Median time between frames; NaN for fewer than two frames."""
    return float(np.median(np.diff(time_s))) if len(time_s) > 1 else float("nan")


def compute_longest_step_s(time_s: Floats) -> float:
    """Longest time between two frames that is no hole."""
    return max(HOLE_S, 2 * compute_step_s(time_s)) if len(time_s) > 1 else HOLE_S


def is_within(interval_s: Floats, limit_s: float) -> NDArray[np.bool_]:
    """Whether intervals keep a limit; a rounding error does not break it."""
    return interval_s <= limit_s * (1 + 1e-9)


@dataclass(frozen=True)
class Runs:
    """Where runs begin in arrays that hold them one behind the other, and how long they are."""

    starts: NDArray[np.intp]
    lengths: NDArray[np.intp]

    @classmethod
    def from_lengths(cls, lengths: NDArray[np.intp]) -> Self:
        """Runs of these lengths."""
        return cls(np.cumsum(lengths) - lengths, lengths)

    @property
    def position(self) -> NDArray[np.intp]:
        """Place of every sample in its run, 0 for the first."""
        return np.arange(self.lengths.sum()) - np.repeat(self.starts, self.lengths)

    def spread(self, per_run: NDArray[np.number]) -> NDArray[np.number]:
        """Give every sample the value of its run."""
        return np.repeat(per_run, self.lengths)


def find_runs(
    time_s: Floats, is_measured: NDArray[np.bool_], longest_step_s: float
) -> tuple[NDArray[np.intp], Runs]:
    """Frames with a value, and the runs they form.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
    is_measured : ndarray of bool, shape (n,)
    longest_step_s : float
        A longer step ends a run, as does a frame without a value.

    Returns
    -------
    rows : ndarray of int, shape (m,)
        The frames with a value.
    runs : Runs
        Over ``rows``.
    """
    rows = np.flatnonzero(is_measured)
    is_break = (np.diff(rows) > 1) | ~is_within(np.diff(time_s[rows]), longest_step_s)
    edges = np.concatenate([[0], np.flatnonzero(is_break) + 1, [len(rows)]])
    lengths = np.diff(edges)
    return rows, Runs.from_lengths(lengths[lengths > 0])


def filter_runs(
    time_s: Floats,
    values: NDArray[np.floating],
    apply: Callable[[Floats], Floats],
    *,
    n_pad: int,
) -> Floats:
    """Filter a signal made for even steps, on true time and never across a gap.

    Where the steps of a run are uneven, the run is brought to even ones and back.

    Parameters
    ----------
    time_s : ndarray, shape (n,), strictly rising
    values : ndarray, shape (n, k)
        A frame with a NaN in any column is a gap.
    apply : callable
        Filters an array of shape (m, k) along its first axis, without lag; the step is
        :func:`compute_step_s`.
    n_pad : int
        Samples after which the filter has forgotten: so far is each run continued at both ends,
        by its reflection in the end point (as ``scipy.signal.filtfilt`` does).

    Returns
    -------
    ndarray, shape (n, k)
        NaN exactly where a frame was a gap.
    """
    filtered = np.full(values.shape, np.nan)
    is_measured = np.isfinite(values).all(axis=1)
    rows, runs = find_runs(time_s, is_measured, compute_longest_step_s(time_s))
    if len(rows) < 2:
        filtered[rows] = values[rows]
        return filtered
    times, samples, step_s = time_s[rows], values[rows].astype(np.float64), compute_step_s(time_s)
    if _is_even(times, runs, step_s):
        filtered[rows] = _filter_padded(samples, runs, apply, n_pad)
        return filtered
    grid_s, grid_runs = _make_even_grid(times, runs, step_s)
    even = _filter_padded(interpolate_runs(times, samples, runs, grid_s), grid_runs, apply, n_pad)
    filtered[rows] = interpolate_runs(grid_s, even, grid_runs, times)
    return filtered


def interpolate_runs(time_s: Floats, values: Floats, runs: Runs, wanted_s: Floats) -> Floats:
    """Read runs at other times: piecewise cubic, its slopes taken inside each run.

    Parameters
    ----------
    time_s : ndarray, shape (m,), strictly rising, m > 1
    values : ndarray, shape (m, k)
    runs : Runs
    wanted_s : ndarray, shape (w,)
        Times inside the runs; what comes out between two runs means nothing.

    Returns
    -------
    ndarray, shape (w, k)
    """
    from scipy.interpolate import CubicHermiteSpline

    slopes = np.gradient(values, time_s, axis=0)
    secants = np.diff(values, axis=0) / np.diff(time_s)[:, np.newaxis]
    first, last = runs.starts, runs.starts + runs.lengths - 1
    is_long = runs.lengths > 1
    slopes[first[is_long]] = secants[first[is_long]]
    slopes[last[is_long]] = secants[last[is_long] - 1]
    slopes[first[~is_long]] = 0.0
    interpolated: Floats = CubicHermiteSpline(time_s, values, slopes)(wanted_s)
    return interpolated


def _is_even(times: Floats, runs: Runs, step_s: float) -> bool:
    steps = np.diff(times)[runs.position[1:] > 0]
    return bool((np.abs(steps - step_s) <= _EVEN_WITHIN * step_s).all())


def _make_even_grid(times: Floats, runs: Runs, step_s: float) -> tuple[Floats, Runs]:
    """Even times from the first to the last of each run, as near to the step as that allows."""
    first_s = times[runs.starts]
    span_s = times[runs.starts + runs.lengths - 1] - first_s
    n_steps = np.maximum(np.round(span_s / step_s), runs.lengths > 1).astype(np.intp)
    grid_runs = Runs.from_lengths(n_steps + 1)
    grid_step_s = span_s / np.maximum(n_steps, 1)
    grid_s = grid_runs.spread(first_s) + grid_runs.position * grid_runs.spread(grid_step_s)
    return np.asarray(grid_s, dtype=np.float64), grid_runs


def _filter_padded(
    samples: Floats, runs: Runs, apply: Callable[[Floats], Floats], n_pad: int
) -> Floats:
    """Filter runs that stand so far apart that the filter forgets one before the next."""
    padded = Runs.from_lengths(runs.lengths + 2 * n_pad)
    position = padded.position - n_pad
    last = padded.spread(runs.lengths) - 1
    start = padded.spread(runs.starts)
    inside = np.clip(position, 0, last)
    mirrored = np.clip(2 * inside - position, 0, last)
    edge = samples[start + inside]
    signal = edge + (edge - samples[start + mirrored])
    is_inside = inside == position
    filtered = apply(np.where(is_inside[:, np.newaxis], edge, signal))
    return np.asarray(filtered[is_inside])
