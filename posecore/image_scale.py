"""How large the body is in the picture: the bridge from image landmarks to lengths.

World landmarks have their origin between the hips and carry no travel; image landmarks do, but in
parts of a picture. The scale between the two makes travel a length.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posecore.sequence import PoseSequence
from posecore.topology import MIRROR, Landmark

_LEFT_JOINTS: Final = (
    Landmark.LEFT_SHOULDER,
    Landmark.LEFT_ELBOW,
    Landmark.LEFT_WRIST,
    Landmark.LEFT_HIP,
    Landmark.LEFT_KNEE,
    Landmark.LEFT_ANKLE,
)
_JOINTS: Final = (*_LEFT_JOINTS, *(MIRROR[joint] for joint in _LEFT_JOINTS))
_CHAIN: Final = (
    (Landmark.LEFT_ANKLE, Landmark.LEFT_KNEE),
    (Landmark.LEFT_KNEE, Landmark.LEFT_HIP),
    (Landmark.LEFT_HIP, Landmark.LEFT_SHOULDER),
)
_CHAIN_SHARE: Final = 0.779
"""Shank 0.246, thigh 0.245 and hip to shoulder 0.288 of the stature."""


def to_pixels(
    sequence: PoseSequence, landmarks: Sequence[int] = tuple(Landmark)
) -> NDArray[np.float64]:
    """Image landmarks in pixels of the analysed picture, shape (n, k, 2): x right, y down."""
    size = np.asarray(sequence.image_size, dtype=np.float64)
    return sequence.image_landmarks[:, list(landmarks), :2].astype(np.float64) * size


def compute_image_scale(sequence: PoseSequence) -> NDArray[np.float64]:
    """Pixels a metre at the athlete's distance, frame by frame.

    Parameters
    ----------
    sequence : PoseSequence

    Returns
    -------
    ndarray, shape (n_frames,), pixels a metre
        NaN where fewer than four joints are known.

    Notes
    -----
    Least squares of a weak-perspective camera over the twelve large joints, ``s = sum(q . w) /
    sum(w . w)`` with q the image and w the world landmarks (x, y), each about its mean. Metres are
    those of the estimator, which knows the athlete's true size only roughly.
    """
    image = sequence.image_landmarks[..., :2].astype(np.float64) * sequence.image_size
    return fit_image_scale(sequence.world_landmarks, image)


def fit_image_scale(
    world_landmarks: NDArray[np.floating], image_px: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Do as :func:`compute_image_scale`, with what is known of some frames.

    Parameters
    ----------
    world_landmarks : ndarray, shape (n, 33, 3), metres
    image_px : ndarray, shape (n, 33, 2), pixels

    Returns
    -------
    ndarray, shape (n,), pixels a metre
    """
    world = world_landmarks[:, _JOINTS, :2].astype(np.float64)
    image = image_px[:, _JOINTS]
    known = ~(np.isnan(world) | np.isnan(image)).any(axis=-1, keepdims=True)
    n_known = known.sum(axis=1, keepdims=True)
    world, image = (
        np.where(known, each - np.where(known, each, 0).sum(1, keepdims=True) / n_known.clip(1), 0)
        for each in (world, image)
    )
    square = (world**2).sum(axis=(1, 2))
    is_usable = (n_known[:, 0, 0] >= 4) & (square > 0)
    scale = (image * world).sum(axis=(1, 2)) / np.where(is_usable, square, 1.0)
    return np.where(is_usable & (scale > 0), scale, np.nan)


def compute_body_height(sequence: PoseSequence) -> float:
    """Stature in the estimator's own metres; NaN where no frame shows both legs and the trunk.

    Shank, thigh and trunk, each the median over the recording and the mean of both sides, make
    0.779 of the stature (Drillis and Contini 1964, in Winter 2009, fig. 4.1).
    """
    return measure_body_height(sequence.world_landmarks)


def measure_body_height(world_landmarks: NDArray[np.floating]) -> float:
    """Do as :func:`compute_body_height`, with world landmarks of shape (n, 33, 3)."""
    world = world_landmarks.astype(np.float64)
    chain_m = 0.0
    for first, second in _CHAIN:
        sides = (
            world[:, a] - world[:, b] for a, b in ((first, second), (MIRROR[first], MIRROR[second]))
        )
        lengths_m = np.concatenate([np.sqrt((side**2).sum(axis=1)) for side in sides])
        known = lengths_m[~np.isnan(lengths_m)]
        chain_m += float(np.median(known)) / _CHAIN_SHARE if len(known) else np.nan
    return chain_m if chain_m > 0 else float("nan")


def compute_picture_height(sequence: PoseSequence) -> float:
    """Stature in pixels of the picture, at the median distance; NaN where it is not known."""
    scale = compute_image_scale(sequence)
    known = scale[~np.isnan(scale)]
    return compute_body_height(sequence) * float(np.median(known)) if len(known) else float("nan")
