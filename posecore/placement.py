"""Where a body stands: seen in a mirror, hung from its hips or put on the ground, scaled."""

import numpy as np
from numpy.typing import NDArray

from posecore.clip_scene import compute_ground
from posecore.sequence import PoseSequence, ProcessingStep
from posecore.topology import MIRROR_INDEX, Landmark

_HIPS = (Landmark.LEFT_HIP, Landmark.RIGHT_HIP)


def mirror(sequence: PoseSequence) -> PoseSequence:
    """Recording as a mirror shows it: what the left arm did, the right one does.

    Parameters
    ----------
    sequence : PoseSequence

    Returns
    -------
    PoseSequence
        Picture and world turned over from left to right, every landmark named for the side it is
        then on; once more is the recording itself again. NaN stays.
    """
    order = list(MIRROR_INDEX)
    image, world = sequence.image_landmarks[:, order], sequence.world_landmarks[:, order]
    image[..., 0] = 1 - image[..., 0]
    world[..., 0] *= -1
    return sequence.after(
        ProcessingStep.of("mirror"),
        image_landmarks=image,
        world_landmarks=world,
        visibility=sequence.visibility[:, order],
        presence=sequence.presence[:, order],
    )


def place_landmarks(
    sequence: PoseSequence, *, on_ground: bool = False, scale: float = 1.0
) -> NDArray[np.float64]:
    """World landmarks with a common place, so that two bodies can be laid over one another.

    Parameters
    ----------
    sequence : PoseSequence
    on_ground : bool
        The ground of the replay, where the lowest landmark is (mean over five frames, against
        jitter), is at height 0; else the middle of the hips is.
    scale : float
        What lengths are multiplied by.

    Returns
    -------
    ndarray, shape (n_frames, 33, 3), metres
        The middle of the hips at x = z = 0. NaN where a hip is missing, and where the landmark is.
    """
    world = sequence.world_landmarks.astype(np.float64)
    origin = world[:, _HIPS].mean(axis=1)
    if on_ground:
        # NaN with the hips stays: a body without them has no place either way.
        origin[:, 1] = np.where(np.isnan(origin[:, 1]), np.nan, compute_ground(sequence))
    return np.asarray(scale * (world - origin[:, np.newaxis]))
