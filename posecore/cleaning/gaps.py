"""Gaps: short ones are bridged, longer ones stay."""

from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from posecore.cleaning.runs import HOLE_S, is_within
from posecore.errors import InvalidOptionError
from posecore.sequence import PoseSequence, ProcessingStep

GapMethod = Literal["pchip", "linear"]

_SPACES: Final = ("image_landmarks", "world_landmarks")


def fill_gaps(
    sequence: PoseSequence, *, limit_s: float = HOLE_S, method: GapMethod = "pchip"
) -> PoseSequence:
    """Bridge gaps up to a limit; nothing is made up before the first or after the last value.

    Parameters
    ----------
    sequence : PoseSequence
    limit_s : float, seconds
        Longest gap to bridge, from the last value before it to the first after it.
    method : {"pchip", "linear"}
        Piecewise cubic that never leaves the range of its two ends, or a straight line.

    Returns
    -------
    PoseSequence
        Each landmark is bridged on its own, in the image and in the world. Frames that were not
        recorded are not added; visibility and presence stay, NaN where nobody was seen.

    References
    ----------
    Fritsch and Butland (1984), A method for constructing local monotone piecewise cubic
    interpolants, SIAM J. Sci. Stat. Comput. 5(2):300-304, as ``scipy.interpolate`` has it.
    Howarth and Callaghan (2010), Quantitative assessment of the accuracy for three interpolation
    techniques in kinematic analysis of human movement, Comput. Methods Biomech. Biomed. Eng.
    13(6):847-855: gaps up to 0.2 s can be bridged.
    """
    if method not in get_args(GapMethod):
        raise InvalidOptionError(f"method must be one of {get_args(GapMethod)}, not {method!r}.")
    filled = {}
    n_filled = 0
    for name in _SPACES:
        array = np.array(getattr(sequence, name))
        is_gap = np.isnan(array).any(axis=2)
        for landmark in np.flatnonzero(is_gap.any(axis=0)):
            n_filled += _fill_column(sequence.time_s, array[:, landmark], limit_s, method)
        filled[name] = array
    step = ProcessingStep.of("fill_gaps", limit_s=limit_s, method=method, n_filled=n_filled)
    return sequence.after(step, **filled)


def _fill_column(
    time_s: NDArray[np.float64], values: NDArray[np.float32], limit_s: float, method: GapMethod
) -> int:
    """Fill gaps of one landmark in place, shape (n, 3); return how many frames."""
    from scipy.interpolate import PchipInterpolator, make_interp_spline

    is_gap = np.isnan(values).any(axis=1)
    gaps, known = np.flatnonzero(is_gap), np.flatnonzero(~is_gap)
    after = np.searchsorted(known, gaps)
    is_inside = (after > 0) & (after < len(known))
    gaps, after = gaps[is_inside], after[is_inside]
    is_short = is_within(time_s[known[after]] - time_s[known[after - 1]], limit_s)
    gaps, after = gaps[is_short], after[is_short]
    if len(gaps) == 0:
        return 0
    # A cubic piece depends on two values each side, so that all others can be left out.
    nearby = np.unique(np.clip(after[:, np.newaxis] + np.arange(-2, 2), 0, len(known) - 1))
    times, samples = time_s[known[nearby]], values[known[nearby]].astype(np.float64)
    curve = (
        PchipInterpolator(times, samples)
        if method == "pchip"
        else make_interp_spline(times, samples, k=1)
    )
    values[gaps] = curve(time_s[gaps])
    return len(gaps)
