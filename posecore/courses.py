"""The course of one angle from 0 to 100 %, to lay recordings of any length side by side."""

from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from posecore.angle_readings import read_angles
from posecore.angles import compute_joint_angles
from posecore.errors import ComparisonError
from posecore.repetition_profile import compute_repetition_profile
from posecore.sequence import PoseSequence

CourseOf = Literal["session", "repetitions"]
COURSES_OF: Final[tuple[CourseOf, ...]] = ("session", "repetitions")

_N_STRETCHES: Final = 250
"""More than a small chart has pixels."""


def compute_course(
    sequence: PoseSequence, angle: str, of: CourseOf = "session"
) -> NDArray[np.float64]:
    """Course of one angle over a recording's time, or the mean course of its repetitions.

    Parameters
    ----------
    sequence : PoseSequence
    angle : str
        Key of :data:`posecore.ANGLES`.
    of : {"session", "repetitions"}

    Returns
    -------
    ndarray, shape (501,), or (101,) of repetitions, degrees
        At even steps. NaN where the angle is not known; outliers are left out of the mean of the
        repetitions. Of a recording with more frames, the lowest and the highest reading of each of
        250 stretches, in their order: single readings would miss most of a fast movement.

    Raises
    ------
    ComparisonError
        If the recording has fewer than two frames, the angle is never known in it, or nothing is
        repeated in it.
    KeyError
        If the angle is not in :data:`posecore.ANGLES`.
    """
    if of == "repetitions":
        profile = compute_repetition_profile(sequence, [angle])
        return profile.mean_deg[angle].to_numpy()
    if sequence.n_frames < 2:
        raise ComparisonError(
            "A course needs at least two frames; choose a session that is longer."
        )
    angles = compute_joint_angles(sequence, [angle])
    wanted_s = np.linspace(sequence.time_s[0], sequence.time_s[-1], 2 * _N_STRETCHES + 1)
    if sequence.n_frames > len(wanted_s):
        course = _keep_extremes(sequence.time_s, angles[angle].to_numpy(), wanted_s[::2])
    else:
        course = read_angles(angles, wanted_s)[:, 0]
    if np.isnan(course).all():
        raise ComparisonError("This angle is never seen in it; choose another angle.")
    return course


def _keep_extremes(
    time_s: NDArray[np.float64], angle_deg: NDArray[np.float64], edges_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Lowest and highest reading of each stretch, in their order, and the last one of all."""
    edges = np.searchsorted(time_s, edges_s)
    course = np.full(2 * len(edges) - 1, np.nan)
    for place, (first, end) in enumerate(pairwise(edges)):
        known = first + np.flatnonzero(np.isfinite(angle_deg[first:end]))
        if len(known):
            both = known[[angle_deg[known].argmin(), angle_deg[known].argmax()]]
            course[2 * place : 2 * place + 2] = angle_deg[np.sort(both)]
    course[-1] = angle_deg[-1]
    return course
