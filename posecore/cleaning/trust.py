"""The trust mask: a landmark that cannot be right becomes a gap."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from posecore.cleaning.robust import compute_median
from posecore.cleaning.runs import HOLE_S
from posecore.sequence import PoseSequence, ProcessingStep
from posecore.topology import N_LANDMARKS, SEGMENTS, Landmark

_BONES: Final = tuple(
    (first, second) for first, second in SEGMENTS if min(first, second) >= Landmark.LEFT_SHOULDER
)
_BONE_SLACK_M: Final = 0.05
"""Added to every tolerance: what the estimator's own noise does to a short bone."""

_NOISE_M: Final = 0.10
"""A landmark may jump this far between two frames, however short the time."""


def mask_untrusted(
    sequence: PoseSequence,
    *,
    min_visibility: float = 0.5,
    min_presence: float = 0.5,
    bone_tolerance: float = 0.5,
    max_speed_m_s: float = 15.0,
) -> PoseSequence:
    """Take out the landmarks that cannot be right.

    Parameters
    ----------
    sequence : PoseSequence
    min_visibility, min_presence : float, in [0, 1]
        Below it, a landmark is a gap. Where the estimator gave none (NaN), it is not judged.
    bone_tolerance : float
        Share of a bone's median length over the recording by which it may be longer or shorter
        (and 5 cm more). A landmark goes when every bone that meets in it breaks this.
    max_speed_m_s : float, metres per second
        A landmark goes when it came faster (and 10 cm more) and leaves faster: a jump and back.

    Returns
    -------
    PoseSequence
        The landmarks in question are NaN, in the image and in the world; visibility and presence
        stay as the estimator gave them.

    Notes
    -----
    Lengths and speeds are those of the world landmarks, in metres; where there are none they judge
    nothing. A person cannot be told from a wrong one by a single frame: with one frame, or at the
    first and last frame, a speed judges nothing either.
    """
    is_unseen = (sequence.visibility < min_visibility) | (sequence.presence < min_presence)
    trusted = np.where(is_unseen[..., np.newaxis], np.nan, sequence.world_landmarks)
    has_wrong_bone = _find_wrong_bones(trusted, bone_tolerance)
    is_too_fast = _find_too_fast(sequence.time_s, trusted, max_speed_m_s)
    return remove_landmarks(
        sequence,
        is_unseen | has_wrong_bone | is_too_fast,
        "mask_untrusted",
        min_visibility=min_visibility,
        min_presence=min_presence,
        bone_tolerance=bone_tolerance,
        max_speed_m_s=max_speed_m_s,
    )


def remove_landmarks(
    sequence: PoseSequence, is_wrong: NDArray[np.bool_], name: str, **parameters: float
) -> PoseSequence:
    """Make landmarks gaps, in the image and in the world, and record it with their number.

    Parameters
    ----------
    sequence : PoseSequence
    is_wrong : ndarray of bool, shape (n, 33)
    name : str
    **parameters : float
        Of the :class:`posecore.sequence.ProcessingStep`.
    """
    was_there = ~np.isnan(sequence.image_landmarks[..., 0] + sequence.world_landmarks[..., 0])
    step = ProcessingStep.of(
        name, **parameters, n_removed=int(np.count_nonzero(is_wrong & was_there))
    )
    return sequence.after(
        step,
        image_landmarks=np.where(is_wrong[..., np.newaxis], np.nan, sequence.image_landmarks),
        world_landmarks=np.where(is_wrong[..., np.newaxis], np.nan, sequence.world_landmarks),
    )


def _find_wrong_bones(world: NDArray[np.float32], tolerance: float) -> NDArray[np.bool_]:
    """Shape (n, 33): where all bones that meet in a landmark, one at least, are implausible."""
    n_bones = np.zeros((len(world), N_LANDMARKS), dtype=np.int8)
    n_wrong = np.zeros_like(n_bones)
    for first, second in _BONES:
        length_m = np.linalg.norm(world[:, first] - world[:, second], axis=1)
        usual_m = compute_median(length_m)
        is_wrong = np.abs(length_m - usual_m) > tolerance * usual_m + _BONE_SLACK_M
        for landmark in (first, second):
            n_bones[:, landmark] += ~np.isnan(length_m)
            n_wrong[:, landmark] += is_wrong
    return np.asarray((n_wrong > 0) & (n_wrong == n_bones))


def _find_too_fast(
    time_s: NDArray[np.float64], world: NDArray[np.float32], max_speed_m_s: float
) -> NDArray[np.bool_]:
    """Shape (n, 33): where a landmark both came and left faster than it can."""
    is_wrong = np.zeros(world.shape[:2], dtype=np.bool_)
    step_s = np.diff(time_s)[:, np.newaxis]
    distance_m = np.linalg.norm(np.diff(world, axis=0), axis=2)
    is_fast = (distance_m > max_speed_m_s * step_s + _NOISE_M) & (step_s <= HOLE_S)
    is_wrong[1:-1] = is_fast[:-1] & is_fast[1:]
    return is_wrong
