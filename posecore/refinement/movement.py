"""How much a recording accelerates, joint by joint and moment by moment."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_SPAN_S: Final = 0.2
"""Long enough that the jitter of landmarks says little, short beside most movements of a joint."""

_AROUND_S: Final = 1.0
"""What moved fast so long before or after may do so now."""

_FACTOR: Final = 3.0
"""More than what is measured, for a movement is not white noise: it stops and turns."""

_LEAST_SHARE: Final = 0.5
"""Of the most: less would take a degree and more off the lowest point of a slow squat."""


def measure_roughness(
    time_s: FloatArray,
    body_m: FloatArray,
    picture_m: FloatArray,
    *,
    most: float,
    longest_gap_s: float,
) -> FloatArray:
    """Power of each joint's acceleration, as the recording itself shows it.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
    body_m : ndarray, shape (n, J, 3)
        Joints from the hips.
    picture_m : ndarray, shape (n, J, 2)
        The same joints in the picture, at the athlete's distance.
    most : float, m^2 s^-3
        No more than this is returned.
    longest_gap_s : float
        Two frames further apart have a hole between them.

    Returns
    -------
    ndarray, shape (n, J), m^2 s^-3

    Notes
    -----
    A joint whose acceleration is white noise of power ``q`` has second differences over a span
    ``t`` of variance ``2 q t^3 / 3``, which is solved for ``q``: from spans of 0.2 s, averaged
    over a second before and after, times three. The body and the picture each have an answer and
    the larger one counts, so that what moves along the line of sight, or with the whole body, is
    not held still. Never less than half of ``most``. Nothing is measured across a hole.

    References
    ----------
    Bar-Shalom, Li & Kirubarajan (2001), Estimation with applications to tracking and navigation,
    section 6.2.2: white noise acceleration, and its power as what smoothing is chosen by.
    """
    holes = np.flatnonzero(np.diff(time_s) > longest_gap_s) + 1
    pieces = zip(*(np.split(array, holes) for array in (time_s, body_m, picture_m)), strict=True)
    roughness = np.concatenate([_FACTOR * _measure_piece(*piece) for piece in pieces])
    return np.asarray(np.clip(roughness, _LEAST_SHARE * most, most))


def _measure_piece(time_s: FloatArray, body_m: FloatArray, picture_m: FloatArray) -> FloatArray:
    """Without a hole; infinite where there are too few frames to measure anything."""
    n, n_joints = body_m.shape[:2]
    if n < 3:
        return np.full((n, n_joints), np.inf)
    span_s = max(_SPAN_S, float(np.median(np.diff(time_s))))
    middle_s = time_s
    if time_s[-1] - time_s[0] > 2 * span_s:
        middle_s = time_s.clip(time_s[0] + span_s, time_s[-1] - span_s)
    moments = (middle_s - span_s, middle_s, middle_s + span_s)
    first = np.searchsorted(time_s, time_s - _AROUND_S)
    end = np.searchsorted(time_s, time_s + _AROUND_S, side="right")
    roughness = np.empty((n, n_joints))
    for joint in range(n_joints):
        largest = np.zeros(n)
        for track in (body_m[:, joint], picture_m[:, joint]):
            square = np.zeros(n)
            for values in track.T:
                before, now, after = (np.interp(moment, time_s, values) for moment in moments)
                square += (before - 2 * now + after) ** 2
            largest = np.maximum(largest, square / track.shape[1])
        total = np.concatenate([[0.0], np.cumsum(largest)])
        roughness[:, joint] = (total[end] - total[first]) / (end - first)
    return np.asarray(roughness / (2 / 3 * span_s**3))
