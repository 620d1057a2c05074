"""The course of one angle from 0 to 100 %, to lay recordings of any length side by side."""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from posecore.angle_readings import read_angles
from posecore.angles import compute_joint_angles
from posecore.errors import ComparisonError
from posecore.repetition_profile import N_PERCENT, compute_repetition_profile
from posecore.sequence import PoseSequence

CourseOf = Literal["session", "repetitions"]
COURSES_OF: Final[tuple[CourseOf, ...]] = ("session", "repetitions")


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
    ndarray, shape (101,), degrees
        NaN where the angle is not known; outliers are left out of the mean of the repetitions.

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
    wanted_s = np.linspace(sequence.time_s[0], sequence.time_s[-1], N_PERCENT)
    course = read_angles(compute_joint_angles(sequence, [angle]), wanted_s)[:, 0]
    if np.isnan(course).all():
        raise ComparisonError("This angle is never seen in it; choose another angle.")
    return course
