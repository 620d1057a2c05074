"""The centre of mass of the body, from a table of segment masses."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from posecore.sequence import PoseSequence
from posecore.topology import MIRROR_INDEX, N_LANDMARKS, Landmark

# Left and middle segments: share of the body's mass, where their weight acts between the two ends
# (0 is the first), and the ends. The trunk is typed as its left half, so that mirroring makes it
# whole; the head's weight acts at the ear.
_LEFT_MASSES: Final = (
    (0.006, 0.506, Landmark.LEFT_WRIST, Landmark.LEFT_INDEX),
    (0.016, 0.430, Landmark.LEFT_ELBOW, Landmark.LEFT_WRIST),
    (0.028, 0.436, Landmark.LEFT_SHOULDER, Landmark.LEFT_ELBOW),
    (0.0145, 0.500, Landmark.LEFT_ANKLE, Landmark.LEFT_FOOT_INDEX),
    (0.0465, 0.433, Landmark.LEFT_KNEE, Landmark.LEFT_ANKLE),
    (0.100, 0.433, Landmark.LEFT_HIP, Landmark.LEFT_KNEE),
    (0.497 / 2, 0.500, Landmark.LEFT_HIP, Landmark.LEFT_SHOULDER),
    (0.081 / 2, 0.000, Landmark.LEFT_EAR, Landmark.LEFT_EAR),
)


def _make_mass_shares() -> NDArray[np.float64]:
    left = np.zeros(N_LANDMARKS)
    for share, position, first, second in _LEFT_MASSES:
        left[first] += share * (1 - position)
        left[second] += share * position
    return left + left[list(MIRROR_INDEX)]


MASS_SHARES: Final = _make_mass_shares()
"""Share of the body's mass that acts at each landmark, shape (33,); they sum to 1."""


def compute_centre_of_mass(sequence: PoseSequence) -> NDArray[np.float64]:
    """Centre of mass of the body in the frame of the world landmarks.

    Parameters
    ----------
    sequence : PoseSequence

    Returns
    -------
    ndarray, shape (n_frames, 3), metres
        Origin mid-hip, x right, y down, z away from the camera. NaN where a landmark that carries
        mass is NaN.

    Notes
    -----
    A sum of rigid segments, each with its share of the body's mass acting at a fixed place between
    its ends; written as one weight a landmark, because every place is linear in the two ends. The
    estimator's tip of the foot stands for the head of the second metatarsal.

    References
    ----------
    Winter (2009), Biomechanics and Motor Control of Human Movement, 4th ed., table 4.1.
    """
    world = sequence.world_landmarks.astype(np.float64)
    carries = MASS_SHARES > 0
    centre: NDArray[np.float64] = np.einsum("k,nkd->nd", MASS_SHARES[carries], world[:, carries])
    return centre
