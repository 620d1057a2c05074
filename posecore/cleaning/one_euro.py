"""The One-Euro filter: smooth when slow, quick when fast, and it knows only the past."""

import math

import numpy as np
from numpy.typing import NDArray

from posecore.cleaning.runs import HOLE_S, Floats
from posecore.errors import InvalidOptionError
from posecore.sequence import PoseSequence, ProcessingStep


class OneEuroFilter:
    """Smooth values as they come in, one frame after the other.

    Parameters
    ----------
    min_cutoff_hz : float
        Cut-off at rest: lower is calmer and lags more.
    beta : float, hertz per unit and second
        What speed adds to the cut-off: higher lags less in fast movement. The unit is that of the
        values: metres for world landmarks, picture widths for the image's.
    derivative_cutoff_hz : float
        Cut-off of the speed itself.
    max_gap_s : float, seconds
        A value that was missing for longer starts anew, without a memory.

    References
    ----------
    Casiez, Roussel and Vogel (2012), 1 Euro filter: a simple speed-based low-pass filter for noisy
    input in interactive systems, CHI '12:2527-2530.
    """

    def __init__(
        self,
        *,
        min_cutoff_hz: float = 1.5,
        beta: float = 2.0,
        derivative_cutoff_hz: float = 1.0,
        max_gap_s: float = HOLE_S,
    ) -> None:
        if not (min_cutoff_hz > 0 and derivative_cutoff_hz > 0 and beta >= 0):
            raise InvalidOptionError(
                "Cut-offs must be above 0 and beta not below 0, not "
                f"{min_cutoff_hz}, {derivative_cutoff_hz} and {beta}."
            )
        self._min_cutoff_hz = min_cutoff_hz
        self._beta = beta
        self._derivative_cutoff_hz = derivative_cutoff_hz
        self._max_gap_s = max_gap_s
        self._last_s: Floats | None = None
        self._value: Floats = np.empty(0)
        self._speed: Floats = np.empty(0)

    def __call__(self, time_s: float, values: NDArray[np.floating]) -> Floats:
        """Take the next frame and return it smoothed.

        Parameters
        ----------
        time_s : float
            Later than the frame before.
        values : ndarray, any shape, always the same

        Returns
        -------
        ndarray, the same shape
            NaN where the value is NaN.
        """
        new = np.asarray(values, dtype=np.float64)
        if self._last_s is None:
            self._last_s = np.full(new.shape, -math.inf)
            self._value, self._speed = np.full(new.shape, np.nan), np.zeros(new.shape)
        elapsed_s = time_s - self._last_s
        is_there = ~np.isnan(new)
        is_followed = is_there & (elapsed_s <= self._max_gap_s)
        step_s = np.where(is_followed, elapsed_s, 1.0)
        change = np.where(is_followed, new - self._value, 0.0)
        kept_speed = np.where(is_followed, self._speed, 0.0)
        weight = _compute_weight(step_s, self._derivative_cutoff_hz)
        speed = kept_speed + weight * (change / step_s - kept_speed)
        weight = _compute_weight(step_s, self._min_cutoff_hz + self._beta * np.abs(speed))
        smoothed = np.where(is_followed, self._value + weight * change, new)
        self._last_s = np.where(is_there, time_s, self._last_s)
        self._value = np.where(is_there, smoothed, self._value)
        self._speed = np.where(is_there, speed, self._speed)
        return smoothed


def smooth_one_euro(
    sequence: PoseSequence, *, min_cutoff_hz: float = 1.5, beta: float = 2.0
) -> PoseSequence:
    """Smooth a recording as it would have been live: from the past alone, so that it lags.

    Parameters
    ----------
    sequence : PoseSequence
    min_cutoff_hz, beta : float
        As in :class:`OneEuroFilter`; ``beta`` for metres, and twice as much for picture widths.

    Returns
    -------
    PoseSequence
        Gaps stay gaps.
    """
    smoothed = {}
    for name, factor in (("image_landmarks", 2.0), ("world_landmarks", 1.0)):
        take = OneEuroFilter(min_cutoff_hz=min_cutoff_hz, beta=factor * beta)
        array = np.array(getattr(sequence, name))
        for frame, time_s in enumerate(sequence.time_s):
            array[frame] = take(time_s, array[frame])
        smoothed[name] = array
    step = ProcessingStep.of("smooth_one_euro", min_cutoff_hz=min_cutoff_hz, beta=beta)
    return sequence.after(step, **smoothed)


def _compute_weight(step_s: Floats, cutoff_hz: Floats | float) -> Floats:
    """Share of the new value in a first-order low-pass."""
    turn = 2 * math.pi * cutoff_hz * step_s
    return np.asarray(turn / (turn + 1))
