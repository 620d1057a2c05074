"""Measured values on an even clock, smoothed, with gaps left as gaps; what is derived from them.

Knows nothing of bodies: any array with a row a frame.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CUTOFF_HZ: Final = 6.0
"""Cut-off of the low-pass filter: human movement filmed at 30 to 60 frames/s lies below it (Winter
2009, Biomechanics and Motor Control of Human Movement, 4th ed., section 2.2.4.4)."""

LONGEST_GAP_S: Final = 0.5
"""A gap up to this length is bridged by a straight line; a longer one stays a gap."""

_ORDER: Final = 4
_SLOWEST_GRID_HZ: Final = 30.0
_FASTEST_GRID_HZ: Final = 60.0
_FAST_FPS: Final = 20.0
_AT_FRAME: Final = 1e-6  # of a step: a rounding error does not leave a frame


@dataclass(frozen=True, eq=False)
class EvenSignals:
    """Several signals on one even clock.

    Attributes
    ----------
    time_s : ndarray, shape (m,)
        Even steps of ``1 / rate_hz``; after a hole in the timestamps it goes on where they do.
    values : ndarray, shape (m, k)
        Smoothed; NaN in gaps, and in one row between the two sides of a hole.
    rate_hz : float
    frame_s : float
        Typical time from one frame to the next.
    noise : ndarray, shape (k,)
        Standard deviation that white noise of the measurement leaves in ``values``; 0 where the
        frame rate is too low to tell noise from movement, NaN where it was not asked for.
    """

    time_s: Floats
    values: Floats
    rate_hz: float
    frame_s: float
    noise: Floats


def smooth_evenly(
    time_s: Floats,
    values: NDArray[np.floating],
    *,
    cutoff_hz: float = CUTOFF_HZ,
    measures_noise: bool = True,
) -> EvenSignals:
    """Signals on an even clock, low-pass filtered without lag.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Strictly rising seconds, uneven as measured.
    values : ndarray, shape (n, k)
        NaN where missing.
    cutoff_hz : float
        Of the filter, a Butterworth of fourth order run forwards and backwards; never above 0.45
        times the frame rate.
    measures_noise : bool
        Whether ``noise`` is wanted, which takes about a third of the time.

    Returns
    -------
    EvenSignals

    Notes
    -----
    The clock ticks 30 to 60 times a second (four times the frame rate for slow cameras). Frames of
    a faster camera are averaged over a tick. Between the frames runs a cubic; below 20 frames/s a
    cubic spline, which keeps fast movement seen at 5 frames/s. Gaps up to :data:`LONGEST_GAP_S`,
    or three frames where that is longer, are bridged.
    """
    rows: Floats = np.asarray(values, dtype=np.float64)
    if len(time_s) < 2:
        return EvenSignals(time_s, rows, np.nan, np.nan, np.zeros(rows.shape[1]))
    step_s = float(np.median(np.diff(time_s)))
    fps, longest_gap_s = 1 / step_s, max(LONGEST_GAP_S, 3 * step_s)
    rate_hz = min(max(fps, min(_SLOWEST_GRID_HZ, 4 * fps)), _FASTEST_GRID_HZ)
    cutoff_hz = min(cutoff_hz, 0.45 * fps)
    holes = np.flatnonzero(np.diff(time_s) > longest_gap_s) + 1
    pieces = [
        _smooth_piece(times, part, rate_hz, cutoff_hz, longest_gap_s, measures_noise)
        for times, part in zip(np.split(time_s, holes), np.split(rows, holes), strict=True)
    ]
    even_s = np.concatenate([_with_end(piece[0], rate_hz) for piece in pieces])[:-1]
    smooth = np.concatenate(
        [np.pad(p[1], ((0, 1), (0, 0)), constant_values=np.nan) for p in pieces]
    )
    removed = np.concatenate([p[2] for p in pieces])
    noise = np.full(rows.shape[1], np.nan)
    if measures_noise:
        noise = _measure_noise(removed, fps, cutoff_hz)
    return EvenSignals(even_s, smooth[:-1], rate_hz, step_s, noise)


def differentiate(values: Floats, rate_hz: float) -> Floats:
    """Rate of change along the first axis, per second; NaN beside a gap.

    Central differences of fourth order: exact up to the fourth power, and 0.1 % low for 2 Hz at
    30 Hz.
    """
    slope = np.full_like(values, np.nan)
    if len(values) >= 5:
        near = values[3:-1] - values[1:-3]
        far = values[4:] - values[:-4]
        slope[2:-2] = (8 * near - far) * (rate_hz / 12)
    return slope


def read_between(
    time_s: Floats, values: NDArray[np.floating], wanted_s: Floats, *, longest_step_s: float
) -> Floats:
    """Values at other moments, on straight lines between the frames.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Strictly rising seconds.
    values : ndarray, shape (n, k)
        NaN where missing.
    wanted_s : ndarray, shape (m,)
    longest_step_s : float
        Two frames further apart have a hole between them.

    Returns
    -------
    ndarray, shape (m, k)
        NaN outside the recording, in a hole, and where one of the two frames beside the moment is
        NaN; at a frame's own time what that frame holds.
    """
    if not len(time_s):
        return np.full((len(wanted_s), values.shape[1]), np.nan)
    last = len(time_s) - 1
    before = (np.searchsorted(time_s, wanted_s, side="right") - 1).clip(0, max(last - 1, 0))
    after = np.minimum(before + 1, last)
    step_s = time_s[after] - time_s[before]
    share = (wanted_s - time_s[before]) / np.where(step_s > 0, step_s, 1.0)
    is_before, is_after = np.abs(share) < _AT_FRAME, np.abs(share - 1) < _AT_FRAME
    is_between = (share > 0) & (share < 1) & (step_s > 0) & (step_s <= longest_step_s)
    weight = np.where(is_after, 1.0, share)[:, None]
    read: Floats = values[before] * (1 - weight) + values[after] * weight
    read[~is_between & ~is_after] = np.nan
    read[is_before], read[is_after] = values[before[is_before]], values[after[is_after]]
    return read


def find_runs(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Stretches of True, shape (r, 2): first index, and the index after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return edges.reshape(-1, 2)


def _with_end(time_s: Floats, rate_hz: float) -> Floats:
    return np.append(time_s, time_s[-1] + 1 / rate_hz)


def _smooth_piece(
    time_s: Floats,
    values: Floats,
    rate_hz: float,
    cutoff_hz: float,
    longest_gap_s: float,
    measures_noise: bool,
) -> tuple[Floats, Floats, Floats]:
    """Even times, smoothed values, and what smoothing took away at the frames if asked for."""
    even_s = time_s[0] + np.arange(int((time_s[-1] - time_s[0]) * rate_hz + 1e-6) + 1) / rate_hz
    filled, is_gap = _bridge_gaps(time_s, values, even_s, longest_gap_s)
    smooth = _low_pass(_interpolate(time_s, filled, even_s, rate_hz), rate_hz, cutoff_hz)
    removed = np.empty((0, values.shape[1]))
    if measures_noise:
        removed = values - _take_at(even_s, smooth, time_s, rate_hz)
    for column in np.flatnonzero(is_gap.any(axis=0)):
        smooth[is_gap[:, column], column] = np.nan
    return even_s, smooth, removed


def _bridge_gaps(
    time_s: Floats, values: Floats, even_s: Floats, longest_gap_s: float
) -> tuple[Floats, NDArray[np.bool_]]:
    filled = values.copy()
    is_gap = np.zeros((len(even_s), values.shape[1]), dtype=bool)
    for column in np.flatnonzero(np.isnan(values).any(axis=0)):
        known = ~np.isnan(values[:, column])
        known_s = time_s[known]
        if not known.any():
            filled[:, column], is_gap[:, column] = 0.0, True
            continue
        filled[:, column] = np.interp(time_s, known_s, values[known, column])
        after = np.searchsorted(known_s, even_s)
        outside = (even_s < known_s[0] - 1e-9) | (even_s > known_s[-1] + 1e-9)
        last = len(known_s) - 1
        width_s = known_s[after.clip(0, last)] - known_s[(after - 1).clip(0, last)]
        is_gap[:, column] = outside | (width_s > longest_gap_s)
    return filled, is_gap


def _interpolate(time_s: Floats, values: Floats, even_s: Floats, rate_hz: float) -> Floats:
    if len(time_s) > 1.5 * len(even_s) > 6:
        tick = np.floor((time_s - time_s[0]) * rate_hz + 0.5)
        first = np.flatnonzero(np.diff(tick, prepend=-1.0))
        n_frames = np.diff(np.append(first, len(time_s)))
        time_s = np.add.reduceat(time_s, first) / n_frames
        values = np.add.reduceat(values, first) / n_frames[:, None]
    if len(time_s) >= 4 and (len(time_s) - 1) / (time_s[-1] - time_s[0]) > _FAST_FPS:
        return _interpolate_cubic(time_s, values, even_s)
    if len(time_s) < 4:
        columns = [np.interp(even_s, time_s, column) for column in values.T]
        return np.stack(columns, axis=1) if columns else np.empty((len(even_s), 0))
    from scipy.interpolate import CubicSpline

    inside = even_s.clip(time_s[0], time_s[-1])
    return np.asarray(CubicSpline(time_s, values, bc_type="natural")(inside), dtype=np.float64)


def _interpolate_cubic(time_s: Floats, values: Floats, even_s: Floats) -> Floats:
    """Cubics through the four frames around each tick: as good as a spline for fast cameras."""
    first = (np.searchsorted(time_s, even_s) - 2).clip(0, len(time_s) - 4)
    nodes = [time_s[first + number] for number in range(4)]
    result = np.zeros((len(even_s), values.shape[1]))
    for number, node in enumerate(nodes):
        weight = np.ones(len(even_s))
        for other in nodes[:number] + nodes[number + 1 :]:
            weight *= (even_s - other) / (node - other)
        part = values.take(first + number, axis=0)
        part *= weight[:, None]
        result += part
    return result


def _low_pass(values: Floats, rate_hz: float, cutoff_hz: float) -> Floats:
    if len(values) < 4 or not values.shape[1]:
        return values
    from scipy.signal import butter, sosfiltfilt

    sections = butter(_ORDER, cutoff_hz, fs=rate_hz, output="sos")
    n_pad = min(len(values) - 1, round(rate_hz))
    return np.asarray(sosfiltfilt(sections, values, axis=0, padlen=n_pad), dtype=np.float64)


def _take_at(even_s: Floats, values: Floats, time_s: Floats, rate_hz: float) -> Floats:
    """Values between the ticks, on straight lines."""
    position = ((time_s - even_s[0]) * rate_hz).clip(0, len(even_s) - 1)
    before = np.minimum(position.astype(np.int64), max(len(even_s) - 2, 0))
    share = (position - before)[:, None]
    after = np.minimum(before + 1, len(even_s) - 1)
    taken: Floats = values.take(before, axis=0)
    taken *= 1 - share
    later = values.take(after, axis=0)
    later *= share
    taken += later
    return taken


def _measure_noise(removed: Floats, fps: float, cutoff_hz: float) -> Floats:
    """Scale what lies above the cut-off to the band below it, as if the noise were white."""
    above_hz = fps / 2 - cutoff_hz
    if above_hz < cutoff_hz / 4:
        return np.zeros(removed.shape[1])
    noise = np.zeros(removed.shape[1])
    # Column by column: a median along the rows of a long table is much slower.
    for number, column in enumerate(np.abs(removed.T)):
        known = column[~np.isnan(column)]
        if len(known):
            noise[number] = 1.4826 * np.median(known) * np.sqrt(cutoff_hz / above_hz)
    return noise
