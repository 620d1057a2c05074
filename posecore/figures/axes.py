"""Axes of angles: what is next to nothing must not fill the chart."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_LEAST_DEG: Final = 20.0
_MARGIN: Final = 0.06


def find_range(*courses_deg: NDArray[np.float64]) -> tuple[float, float]:
    """Range of an axis that holds all courses, at least 20 degrees.

    Parameters
    ----------
    courses_deg : ndarray, any shape, degrees
        NaN where an angle is not known.
    """
    all_deg = np.concatenate([each.ravel() for each in courses_deg] or [np.empty(0)])
    known = all_deg[np.isfinite(all_deg)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    missing = max(_LEAST_DEG - (high - low), 0.0) / 2
    margin = _MARGIN * max(high - low, _LEAST_DEG)
    return low - missing - margin, high + missing + margin
