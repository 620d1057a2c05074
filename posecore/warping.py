"""Dynamic time warping of two sets of signals. Knows nothing of bodies."""

from typing import Final, NamedTuple

import numpy as np

from posecore.signals import CUTOFF_HZ, Floats, smooth_evenly

_RATE_HZ: Final = (30.0, 60.0)
_MOST_CELLS: Final = 25_000_000
"""Of the matrix of costs, 8 bytes each: with more, the clock ticks more slowly."""

_COARSE_HZ: Final = 10.0
_MOST_COARSE_CELLS: Final = 10_000_000
_PENALTY: Final = 0.03
_SETTLING_S: Final = 0.25
_LARGEST_STRETCH: Final = 2.0
_LEAST_OVERLAP: Final = 0.5
_TIE: Final = 1e-6
_FREEZE: Final = 1e-3


class Signals(NamedTuple):
    """Measured signals: ``time_s``, shape (n,), and ``values``, shape (n, k), NaN where missing."""

    time_s: Floats
    values: Floats


class _Line(NamedTuple):
    """Around what the band lies: ticks of both clocks, and how many B is ahead of A."""

    a_tick_s: float
    b_tick_s: float
    lag: int


class _Match(NamedTuple):
    """A path around a line, rows of the positions of A and of B; and how well it fits."""

    cost: float
    line: _Line
    steps: Floats


def warp(a: Signals, b: Signals, *, limit_s: float) -> tuple[Floats, Floats]:
    """Moments of one recording and those of another that look the same.

    Parameters
    ----------
    a, b : Signals
        The same k >= 1 signals of both, in units in which a difference of 1 is about what the
        measurement alone may make. Each signal needs one value in each recording.
    limit_s : float
        Half the width of the band (Sakoe and Chiba): how far a matched moment may lie from the
        straight line that brings the recordings together best.

    Returns
    -------
    a_time_s, b_time_s : ndarray, shape (m,)
        Strictly rising both, m >= 1. What lies before the first or after the last pair in one of
        them has no counterpart in the other.

    Notes
    -----
    1. Both are smoothed below 6 Hz and read at even ticks, 30 to 60 a second (fewer where the
       matrix would take more than 200 MB; the filter then goes down with them). A gap is bridged by
       a straight line, however long it is, and the first and last known value are held.
    2. The line: at the same pace; from start to start and end to end; or at the pace of a path
       without band on a clock of 10 ticks a second or fewer. The first and the last have the offset
       that leaves the least squared difference, with half of the shorter recording or more matched;
       a moment without counterpart counts as two unrelated ones. The last two are looked at where
       the pace is between half and double.
    3. The path of least cost in the band around that line, from the first common moment to the
       last. The cost is the squared difference, mean over the signals, and 0.03 for each tick at
       which one of both stands still: where nothing moves, both clocks run on evenly, and a
       recording is matched with itself tick by tick. Of the three lines the one is taken whose
       path leaves least squared difference, a tick at which one runs alone counting as a moment
       without counterpart.
    4. The path's steps are averaged over 0.25 s. Swapping the recordings swaps the result.

    References
    ----------
    Sakoe & Chiba (1978), Dynamic programming algorithm optimization for spoken word recognition,
    IEEE Trans ASSP 26(1):43-49. The path is found by ``dtaidistance`` (Meert et al., Apache 2.0).
    """
    rate_hz = _choose_rate(a, b, limit_s)
    a, b = (_smooth(each, min(CUTOFF_HZ, 0.4 * rate_hz)) for each in (a, b))
    matches = [_match(a, b, line, limit_s) for line in _list_lines(a, b, rate_hz)]
    best = matches[0]
    for match in matches[1:]:
        best = match if match.cost < best.cost - _TIE else best
    a_tick, b_tick = _make_even(best.steps, round(_SETTLING_S * rate_hz))
    line = best.line
    return a.time_s[0] + a_tick * line.a_tick_s, b.time_s[0] + b_tick * line.b_tick_s


def _choose_rate(a: Signals, b: Signals, limit_s: float) -> float:
    """As fast as the faster recording, within reason and memory."""
    fastest = max(
        (1 / float(np.median(np.diff(each.time_s))) for each in (a, b) if len(each.time_s) > 1),
        default=_RATE_HZ[0],
    )
    longest_s = max(float(np.ptp(each.time_s)) for each in (a, b))
    affordable = np.sqrt(_MOST_CELLS / (2 * min(limit_s, longest_s) * longest_s + 1e-9))
    return float(min(np.clip(fastest, *_RATE_HZ), affordable))


def _smooth(signals: Signals, cutoff_hz: float) -> Signals:
    """Smoothed, from the first moment at which any signal is known to the last; no gap is left."""
    even = smooth_evenly(signals.time_s, signals.values, cutoff_hz=cutoff_hz)
    time_s, values = even.time_s, even.values
    if np.isnan(values).all(axis=0).any():  # what is known is too short to be smoothed
        time_s, values = signals
    some = np.flatnonzero(~np.isnan(values).all(axis=1))
    time_s, values = time_s[some[0] : some[-1] + 1], values[some[0] : some[-1] + 1]
    end_s = signals.time_s[~np.isnan(signals.values).all(axis=1)][-1]
    if end_s > time_s[-1]:  # the even clock may stop a fraction of a tick before the last frame
        time_s, values = np.append(time_s, end_s), np.concatenate([values, values[-1:]])
    known = ~np.isnan(values)
    filled = [
        np.interp(time_s, time_s[there], column[there])
        for column, there in zip(values.T, known.T, strict=True)
    ]
    return Signals(time_s, np.stack(filled, axis=1))


def _read(signals: Signals, tick_s: float) -> Floats:
    """Rows at even ticks from the first moment on."""
    n_ticks = int(float(np.ptp(signals.time_s)) / tick_s + 1e-6) + 1
    wanted_s = signals.time_s[0] + np.arange(n_ticks) * tick_s
    columns = [np.interp(wanted_s, signals.time_s, column) for column in signals.values.T]
    return np.stack(columns, axis=1)


def _list_lines(a: Signals, b: Signals, rate_hz: float) -> list[_Line]:
    """What the band may lie around, the plainest first."""
    lines = [_find_lag(a, b, *_make_ticks(rate_hz, 1.0))]
    lengths_s = [float(np.ptp(each.time_s)) for each in (a, b)]
    if 0 < max(lengths_s) <= _LARGEST_STRETCH * min(lengths_s):
        lines.append(_Line(*_make_ticks(rate_hz, lengths_s[1] / lengths_s[0]), 0))
    if min(lengths_s) > 0:
        stretch = _look_over(a, b, rate_hz)
        if 1 / _LARGEST_STRETCH <= stretch <= _LARGEST_STRETCH:
            lines.append(_find_lag(a, b, *_make_ticks(rate_hz, stretch)))
    return list(dict.fromkeys(lines))


def _make_ticks(rate_hz: float, stretch: float) -> tuple[float, float]:
    """Ticks of A and of B, which runs so many times as long."""
    return float(1 / (rate_hz * np.sqrt(stretch))), float(np.sqrt(stretch) / rate_hz)


def _look_over(a: Signals, b: Signals, rate_hz: float) -> float:
    """How many times as long B runs as A, by the path of a coarse clock without any band."""
    n_cells = float(np.ptp(a.time_s)) * float(np.ptp(b.time_s))
    tick_s = max(1 / rate_hz, 1 / _COARSE_HZ, float(np.sqrt(n_cells / _MOST_COARSE_CELLS)))
    a_rows, b_rows = _read(a, tick_s), _read(b, tick_s)
    path = _find_steps(a_rows, b_rows, max(len(a_rows), len(b_rows)))
    return compute_stretch(path[:, 0], path[:, 1])


def compute_stretch(a: Floats, b: Floats) -> float:
    """Pace of B in that of A: the slope of Tukey's resistant line through matched moments.

    Parameters
    ----------
    a, b : ndarray, shape (n,), rising

    Returns
    -------
    float
        From the medians of the first and the last third; 1 where the matches tell none.
    """
    third = -(-len(a) // 3)
    rises = [float(np.median(each[-third:]) - np.median(each[:third])) for each in (a, b)]
    return rises[1] / rises[0] if min(rises) > 0 else 1.0


def _find_lag(a: Signals, b: Signals, a_tick_s: float, b_tick_s: float) -> _Line:
    """Lag with the least squared difference."""
    from scipy.signal import correlate

    a_rows, b_rows = _read(a, a_tick_s), _read(b, b_tick_s)
    n_a, n_b = len(a_rows), len(b_rows)
    middle = (a_rows.mean(axis=0) + b_rows.mean(axis=0)) / 2
    a_rows, b_rows = a_rows - middle, b_rows - middle
    lags = np.arange(1 - n_a, n_b)
    first, stop = np.maximum(0, -lags), np.minimum(n_a, n_b - lags)
    overlap = stop - first
    a_sums, b_sums = (
        np.concatenate(([0.0], np.cumsum((rows**2).sum(axis=1)))) for rows in (a_rows, b_rows)
    )
    squares = a_sums[stop] - a_sums[first] + b_sums[stop + lags] - b_sums[first + lags]
    for a_column, b_column in zip(a_rows.T, b_rows.T, strict=True):
        squares -= 2 * correlate(b_column, a_column, mode="full", method="fft")
    n_mean = (n_a + n_b) / 2
    unrelated = _compare_unrelated(a_rows, b_rows)
    cost = (squares + unrelated * (n_mean - overlap)) / n_mean
    cost[overlap < min(n_a, n_b, max(2, _LEAST_OVERLAP * min(n_a, n_b)))] = np.inf
    # Of equally good ones, the one that moves least.
    good = np.flatnonzero(cost <= cost.min() + _TIE * max(unrelated, 1.0))
    return _Line(a_tick_s, b_tick_s, int(lags[good][np.abs(lags[good]).argmin()]))


def _compare_unrelated(a_rows: Floats, b_rows: Floats) -> float:
    """Squared difference of a row of A and one of B, mean over all pairs."""
    apart = a_rows.mean(axis=0) - b_rows.mean(axis=0)
    return float((a_rows.var(axis=0) + b_rows.var(axis=0) + apart**2).sum())


def _match(a: Signals, b: Signals, line: _Line, limit_s: float) -> _Match:
    """Path around a line; a tick at which one runs alone counts as one without counterpart."""
    a_rows, b_rows = _read(a, line.a_tick_s), _read(b, line.b_tick_s)
    n_both = len(a_rows) + len(b_rows)
    unrelated = _compare_unrelated(a_rows, b_rows)
    first = np.array([max(0, -line.lag), max(0, line.lag)])
    n_ticks = min(len(a_rows) - first[0], len(b_rows) - first[1])
    a_rows, b_rows = a_rows[first[0] :][:n_ticks], b_rows[first[1] :][:n_ticks]
    n_limit = round(limit_s / float(np.sqrt(line.a_tick_s * line.b_tick_s)))
    steps = _find_steps(a_rows, b_rows, n_limit)
    a_at, b_at = steps.T.astype(np.int64)
    squares = float(((a_rows[a_at] - b_rows[b_at]) ** 2).sum())
    is_together = np.diff(steps, axis=0).sum(axis=1) == 2
    n_alone = n_both - 2 * (1 + int(is_together.sum()))
    return _Match((2 * squares + unrelated * n_alone) / n_both, line, first + steps)


def _find_steps(a_rows: Floats, b_rows: Floats, n_limit: int) -> Floats:
    """Cheapest path from the first pair of rows to the last, shape (n, 2)."""
    from dtaidistance.dtw import warping_path_fast

    # One signal alone is brought the way of several: the library has two, with other shapes.
    scaled = [
        np.ascontiguousarray(np.pad(rows, ((0, 0), (0, 1))) / np.sqrt(rows.shape[1]))
        for rows in (a_rows, b_rows)
    ]
    path = warping_path_fast(*scaled, window=n_limit + 1, penalty=float(np.sqrt(_PENALTY)))
    return np.asarray(path, dtype=np.float64)


def _make_even(steps: Floats, n_settling: int) -> tuple[Floats, Floats]:
    """Positions in both, shape (n,) each, strictly rising and as evenly as the path allows."""
    # The sum of both positions rises with each step, whichever of them stands still.
    total, between = steps.sum(axis=1), steps[:, 1] - steps[:, 0]
    ticks = np.arange(total[0], total[-1] + 1)
    apart = _average(np.interp(ticks, total, between) - between[0], n_settling)
    apart = between[0] + (1 - _FREEZE) * apart
    return (ticks - apart)[::2] / 2, (ticks + apart)[::2] / 2


def _average(values: Floats, n_half: int) -> Floats:
    """Mean over so many values on either side, fewer towards the ends, as many on both."""
    at = np.arange(len(values))
    reach = np.minimum(n_half, np.minimum(at, len(values) - 1 - at))
    sums = np.concatenate(([0.0], np.cumsum(values)))
    return np.asarray((sums[at + reach + 1] - sums[at - reach]) / (2 * reach + 1))
