"""Angles of what the camera really sees: one rule for the live numbers and for the goals."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from posecore.angles import ANGLES, compute_angle
from posecore.sequence import PoseFrame, PoseSequence

MIN_VISIBILITY: Final = 0.5
"""Below this a landmark counts as hidden, and the angles it belongs to are not shown."""


def compute_seen_angle(name: str, poses: PoseFrame | PoseSequence) -> NDArray[np.float64]:
    """One angle, only where all its landmarks are seen.

    Parameters
    ----------
    name : str
        Key of :data:`posecore.ANGLES`.
    poses : PoseFrame or PoseSequence

    Returns
    -------
    ndarray, shape () or (n_frames,), degrees
        NaN where a landmark it needs is hidden or missing.
    """
    definition = ANGLES[name]
    visibility = poses.visibility[..., list(definition.landmarks)]
    # A comparison with NaN is false: who is not there is not seen.
    is_seen = (visibility >= MIN_VISIBILITY).all(axis=-1)
    return np.where(is_seen, compute_angle(definition, poses.world_landmarks), np.nan)
