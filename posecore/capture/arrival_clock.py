"""How a camera's clock stands to this computer's, by when its frames arrive: offset and drift.

A frame's delay is the time from its own stamp to its arrival. The least delay of some seconds is
what the line takes at best, and hardly anything else; where that rises or falls evenly through a
long recording, one clock runs faster than the other.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from posecore.errors import InvalidOptionError

Floats = NDArray[np.float64]

CLOCK_ERROR_S: Final = 0.1
"""How far the clocks of two cameras may be off at best: one device takes longer than another from
the shutter to the line, which no arrival tells."""

DRIFT: Final = 50e-6
"""Seconds a second that the clocks of two devices may run apart where it was not measured: quartz
is good for some 25 parts in a million each."""

LARGEST_DRIFT: Final = 200e-6
"""No clock of a device runs so far from another: what rises faster is the line that gets slower."""

LEAST_LENGTH_S: Final = 300.0
"""In less than this a clock's drift is a few milliseconds at most, and not looked for."""

_WINDOW_S: Final = 10.0
_MOST_WINDOWS: Final = 400
_LEAST_WINDOWS: Final = 12
_MOST_DELAYS: Final = 20_000
_MOST_STEPS: Final = 6
_SHORTEST_LEVEL: Final = 3  # windows
_CLEAR_STEP: Final = 5.0  # standard errors
_UNSEEN_STEP: Final = 8.0  # standard errors of the slope that a step just not found may move it by
_N_BLOCKS: Final = 8
_OUTLIER: Final = 4.0
_N_PARTS: Final = 4
_FINEST_S: Final = 1e-3
_MAD_TO_SD: Final = 1.4826


class ClockLine(NamedTuple):
    """Time on this computer's clock as a line over the recording's own: ``start + (1 + drift) t``.

    ``error_s`` is how far it may be off anywhere in the recording, and ``drift_error`` how far the
    drift may be, both two standard deviations.
    """

    start_s: float
    error_s: float
    drift: float
    drift_error: float


@dataclass(frozen=True)
class TrackClock:
    """Where a recording begins on this computer's clock, and how far that may be off, seconds.

    Attributes
    ----------
    start_s, error_s : float
        Where the drift is left out of account.
    line : ClockLine or None
        Both with the drift; None where that cannot be told.
    seen_drift : float
        Drift the delays would be read as, up or down, if nothing but the clock had changed them:
        in all of the recording or in a quarter of it, whichever is more, as far as a clock drifts.
    """

    start_s: float
    error_s: float
    line: ClockLine | None = None
    seen_drift: float = 0.0


class ClockOffset(NamedTuple):
    """How clock B stands to clock A: A reads ``offset + (1 + drift) t`` where B reads t.

    ``drift_error`` is how far both may still run apart, a second.
    """

    offset_s: float
    error_s: float
    drift: float
    drift_error: float


class ArrivalClock:
    """Finds how the times of a stream stand to the clock of arrival, in bounded memory.

    The shortest of all delays is the one least disturbed; how far the usual one lies from it says
    how steady the line is.

    Notes
    -----
    Kept are the least delay of each 10 s, of twice as long whenever there are 400 of them, and
    every nth delay, at most 20,000.
    """

    def __init__(self) -> None:
        self._first_s: float | None = None
        self._window_s = _WINDOW_S
        self._least: dict[int, tuple[float, float]] = {}
        self._kept: list[tuple[float, float]] = []
        self._keep_each = 1
        self._n_frames = 0

    def add(self, time_s: float, arrived_s: float, recorded_s: float) -> None:
        """Take in a frame of the recording, ``recorded_s`` after its first."""
        if self._first_s is None:
            self._first_s = time_s - recorded_s
        moment = (time_s - self._first_s, arrived_s - time_s)
        self._add_to_window(moment)
        if len(self._least) > _MOST_WINDOWS:
            moments = list(self._least.values())
            self._window_s, self._least = 2 * self._window_s, {}
            for each in moments:
                self._add_to_window(each)
        if self._n_frames % self._keep_each == 0:
            self._kept.append(moment)
            if len(self._kept) >= _MOST_DELAYS:
                self._kept, self._keep_each = self._kept[::2], 2 * self._keep_each
        self._n_frames += 1

    def _add_to_window(self, moment: tuple[float, float]) -> None:
        window = int(moment[0] // self._window_s)
        if window not in self._least or moment[1] < self._least[window][1]:
            self._least[window] = moment

    def read(self) -> TrackClock | None:
        """Return where the recording begins; None before its first frame."""
        if self._first_s is None:
            return None
        time_s, least_s = np.array(sorted(self._least.values())).T
        kept = np.array(self._kept)
        shortest_s = float(least_s.min())
        unsteady_s = float(np.median(kept[:, 1])) - shortest_s
        start_s, error_s = self._first_s + shortest_s, CLOCK_ERROR_S / np.sqrt(2) + unsteady_s
        if time_s[-1] - time_s[0] < LEAST_LENGTH_S or len(time_s) < _LEAST_WINDOWS:
            return TrackClock(start_s, error_s)
        found = fit_delays(time_s, least_s)
        if found is None:
            return TrackClock(start_s, error_s, seen_drift=_see_drift(time_s, least_s))
        unsteady_s = max(0.0, float(np.median(kept[:, 1] - found.read(kept[:, 0]))))
        line = ClockLine(
            self._first_s + float(found.levels_s.min()),
            CLOCK_ERROR_S / np.sqrt(2) + unsteady_s + found.error_s,
            found.slope,
            found.slope_error,
        )
        return TrackClock(start_s, error_s, line, abs(found.slope))


def compare_clocks(a: TrackClock, b: TrackClock, length_s: float) -> ClockOffset:
    """How the clock of recording B stands to that of recording A.

    Parameters
    ----------
    a, b : TrackClock
    length_s : float
        How long they recorded together.

    Returns
    -------
    ClockOffset
        With the drift where both were measured and it is more than its own error; else without, and
        the error says how far both may run apart within half of the recording: by what was
        measured, or 50 parts in a million, or what the delays look like where that is more.
    """
    if length_s < 0:
        raise InvalidOptionError(f"A recording takes 0 s or more, not {length_s}.")
    half_s = length_s / 2
    if a.line is not None and b.line is not None:
        slower = 1 + a.line.drift
        offset_s = (b.line.start_s - a.line.start_s) / slower
        drift = (1 + b.line.drift) / slower - 1
        drift_error = float(np.hypot(a.line.drift_error, b.line.drift_error))
        error_s = float(np.hypot(a.line.error_s, b.line.error_s))
        if abs(drift) > drift_error:
            return ClockOffset(offset_s, error_s, drift, drift_error)
        offset_s += drift * half_s
        return ClockOffset(offset_s, error_s + abs(drift) * half_s, 0.0, abs(drift) + drift_error)
    drift_error = max(DRIFT, a.seen_drift + b.seen_drift)
    error_s = float(np.hypot(a.error_s, b.error_s)) + drift_error * half_s
    return ClockOffset(b.start_s - a.start_s, error_s, 0.0, drift_error)


class DelayFit(NamedTuple):
    """Lines of one slope below the delays, each from its start to the next.

    ``error_s`` is how far the lowest may be off anywhere in the recording.
    """

    starts_s: Floats
    levels_s: Floats
    slope: float
    error_s: float
    slope_error: float

    def read(self, time_s: Floats) -> Floats:
        """Return the least delay to be expected at each moment."""
        at = np.searchsorted(self.starts_s[1:], time_s, side="right")
        return self.levels_s[at] + self.slope * time_s


def fit_delays(time_s: Floats, least_s: Floats) -> DelayFit | None:
    """Fit the drift of a clock to the least delays, beside a line that gets slower or faster.

    Parameters
    ----------
    time_s, least_s : ndarray, shape (n,)
        When the least delay of each window was met, and how long it was.

    Returns
    -------
    DelayFit or None
        None where it cannot be told: the delays go up and down more than six times, or as fast as
        no clock does.

    Notes
    -----
    Least squares for one slope and for levels between which the delay jumps, as it does when a
    network gets worse: after the line itself the step that explains most is added, as long as it is
    clear by five standard errors, so that a jump of the delay is no drift. Windows are held within
    four standard deviations of the running median of five. Noise is measured from each window to
    the next, where steps and the slope have no say, and never taken for less than 1 ms.

    The slope's error is twice its standard deviation by the jackknife, one of eight stretches left
    out at a time, and at least eight of its standard errors: a step just too small to be clear in
    the middle of the recording moves it by that much. What grows evenly through all of it, like a
    line that gets slower all the time, cannot be told from a clock.
    """
    y_s = _hold_outliers(least_s)
    steps = _find_steps(time_s, y_s)
    if steps is None:
        return None
    columns = _make_columns(time_s, steps)
    weights, *_ = np.linalg.lstsq(columns, y_s)
    slope = float(weights[1])
    noise_s = max(_measure_noise(y_s - columns @ weights), _measure_change(y_s))
    own = np.linalg.lstsq(np.delete(columns, 1, axis=1), columns[:, 1])[0]
    free_s = columns[:, 1] - np.delete(columns, 1, axis=1) @ own
    standard_error = noise_s / float(np.sqrt(free_s @ free_s))
    left_out = [
        np.linalg.lstsq(np.delete(columns, block, axis=0), np.delete(y_s, block))[0][1]
        for block in np.array_split(np.arange(len(y_s)), _N_BLOCKS)
    ]
    jackknife = float(np.sqrt((_N_BLOCKS - 1) * np.mean((np.array(left_out) - slope) ** 2)))
    slope_error = max(2 * jackknife, _UNSEEN_STEP * standard_error)
    if abs(slope) > LARGEST_DRIFT:
        return None
    parts = np.split(np.arange(len(y_s)), steps)
    levels_s = np.array([float(np.mean(y_s[each] - slope * time_s[each])) for each in parts])
    lowest = parts[int(levels_s.argmin())]
    centre_s = float(np.mean(time_s[lowest]))
    reach_s = max(centre_s - time_s[0], time_s[-1] - centre_s)
    starts_s = time_s[[int(each[0]) for each in parts]]
    error_s = 2 * noise_s / float(np.sqrt(len(lowest))) + slope_error * reach_s
    return DelayFit(starts_s, levels_s, slope, error_s, slope_error)


def _see_drift(time_s: Floats, least_s: Floats) -> float:
    parts = [np.arange(len(time_s)), *np.array_split(np.arange(len(time_s)), _N_PARTS)]
    slopes = [abs(float(np.polyfit(time_s[each], least_s[each], 1)[0])) for each in parts]
    return min(max(slopes), LARGEST_DRIFT)


def _hold_outliers(least_s: Floats) -> Floats:
    wide = np.pad(least_s, 2, mode="edge")
    calm_s = np.median(np.lib.stride_tricks.sliding_window_view(wide, 5), axis=1)
    room_s = _OUTLIER * _measure_noise(least_s - calm_s)
    return np.asarray(np.clip(least_s, calm_s - room_s, calm_s + room_s))


def _measure_noise(rest_s: Floats) -> float:
    """Standard deviation by the median, never below a millisecond: less is of no account."""
    return max(_MAD_TO_SD * float(np.median(np.abs(rest_s - np.median(rest_s)))), _FINEST_S)


def _measure_change(y_s: Floats) -> float:
    return _measure_noise(np.diff(y_s) / np.sqrt(2))


def _make_columns(time_s: Floats, steps: list[int]) -> Floats:
    numbers = np.arange(len(time_s))
    return np.column_stack(
        [np.ones(len(time_s)), time_s, *[(numbers >= step).astype(float) for step in steps]]
    )


def _find_steps(time_s: Floats, y_s: Floats) -> list[int] | None:
    """First windows of the levels after the first; None of too many to tell a slope beside them."""
    n = len(y_s)
    every_step = np.tri(n)[:, _SHORTEST_LEVEL : n - _SHORTEST_LEVEL + 1]
    numbers = np.arange(_SHORTEST_LEVEL, n - _SHORTEST_LEVEL + 1)
    noise_s = _measure_change(y_s)
    steps: list[int] = []
    while True:
        basis, _ = np.linalg.qr(_make_columns(time_s, steps))
        rest_s = y_s - basis @ (basis.T @ y_s)
        free = every_step - basis @ (basis.T @ every_step)
        squares = (free**2).sum(axis=0)
        is_free = (squares > 1e-6) & np.all(
            [abs(numbers - step) >= _SHORTEST_LEVEL for step in steps], axis=0
        )
        gain_s = np.abs(free.T @ rest_s) / np.sqrt(np.where(is_free, squares, 1.0))
        gain_s = np.where(is_free, gain_s, 0.0)
        best = int(gain_s.argmax())
        if gain_s[best] < _CLEAR_STEP * noise_s:
            return sorted(steps)
        if len(steps) == _MOST_STEPS:
            return None
        steps.append(int(numbers[best]))
