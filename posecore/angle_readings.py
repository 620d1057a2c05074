"""Angles at moments between two frames, and how far two of them are apart."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from posecore.angles import ANGLES, MAX_STEP_S
from posecore.signals import read_between

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


def read_angles(angles: "pd.DataFrame", wanted_s: Floats) -> Floats:
    """Angles at any moments, on straight lines between the frames.

    Parameters
    ----------
    angles : DataFrame, shape (n_frames, n_angles), degrees
        As :func:`posecore.compute_joint_angles` gives them, or their expected errors.
    wanted_s : ndarray, shape (m,)

    Returns
    -------
    ndarray, shape (m, n_angles), degrees
        NaN outside the recording, beside a gap, and between frames further apart than 0.25 s and
        twice the usual step. An angle that goes all the way round is read across 180 the short way.
    """
    time_s = angles.index.to_numpy(dtype=np.float64)
    longest_step_s = find_longest_step(time_s)
    degrees = angles.to_numpy(dtype=np.float64)
    read = read_between(time_s, degrees, wanted_s, longest_step_s=longest_step_s)
    rounds = [number for number, name in enumerate(angles.columns) if _goes_round(name)]
    if rounds:
        radians = np.radians(degrees[:, rounds])
        sine, cosine = (
            read_between(time_s, part, wanted_s, longest_step_s=longest_step_s)
            for part in (np.sin(radians), np.cos(radians))
        )
        read[:, rounds] = np.degrees(np.arctan2(sine, cosine))
    return read


def find_longest_step(time_s: Floats) -> float:
    """Seconds above which two frames have a hole between them: 0.25, or twice the usual step."""
    usual_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0
    return max(MAX_STEP_S, 2 * usual_s)


def subtract_angles(angles: Floats, others: Floats, names: list[str]) -> Floats:
    """``angles - others``, shape (..., n_angles), degrees; the short way round where it goes round.

    Parameters
    ----------
    angles, others : ndarray, shape (..., n_angles), degrees
    names : list of str
        Keys of :data:`posecore.ANGLES`, one a column.
    """
    difference = angles - others
    goes_round = np.array([_goes_round(name) for name in names], dtype=bool)
    # Only what is more than half a turn is brought back: a difference of 0 stays exactly 0.
    turned = difference - 360.0 * np.round(difference / 360.0)
    return np.where(goes_round, turned, difference)


def _goes_round(name: str) -> bool:
    return name in ANGLES and ANGLES[name].range_deg == (-180.0, 180.0)
