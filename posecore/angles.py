"""Angles of a body over time, in space and in the picture, and how fast they change."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from posecore.angle_definition import AngleDefinition
from posecore.angle_measures import make_resolver
from posecore.angle_table import ANGLES, CORE_ANGLES
from posecore.sequence import PoseSequence

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ANGLES",
    "CORE_ANGLES",
    "IMAGE_ANGLES",
    "MAX_STEP_S",
    "AngleDefinition",
    "compute_angle",
    "compute_angular_velocity",
    "compute_image_angles",
    "compute_joint_angles",
    "name_angles",
]

IMAGE_ANGLES: Final = tuple(name for name, definition in ANGLES.items() if definition.view)
"""The angles that can also be read in the picture."""

MAX_STEP_S: Final = 0.25
"""Two frames further apart than this have a hole between them: 5 frames/s are still a movement."""

_BLOCK_FRAMES: Final = 8192
"""So many frames at once stay in the processor's cache while every angle is worked out."""


def compute_angle(
    definition: AngleDefinition, world_landmarks: NDArray[np.floating]
) -> NDArray[np.float64]:
    """One angle from world landmarks.

    Parameters
    ----------
    definition : AngleDefinition
    world_landmarks : ndarray, shape (..., 33, 3), metres

    Returns
    -------
    ndarray, shape (...), degrees in ``definition.range_deg``
        NaN where a segment has zero length, a landmark is NaN, or the angle is not defined.
    """
    return definition.measure.compute(make_resolver(world_landmarks))


def compute_joint_angles(
    sequence: PoseSequence, names: Iterable[str] | None = None
) -> "pd.DataFrame":
    """Joint angles of a recording, from its world landmarks.

    Parameters
    ----------
    sequence : PoseSequence
    names : iterable of str, optional
        Keys of :data:`ANGLES`; all of them when left out.

    Returns
    -------
    DataFrame
        Indexed by ``time_s``, one column an angle, degrees in its ``range_deg``. NaN where a
        landmark the angle needs is missing or the pose leaves it undefined (two lines that should
        span a plane within 10 degrees of parallel; the direction of an arm's swing within 10
        degrees of overhead); nothing is filled in or smoothed.

    Raises
    ------
    KeyError
        If a name is not in :data:`ANGLES`.
    """
    chosen = [ANGLES[name] for name in (ANGLES if names is None else names)]
    return _tabulate(sequence, chosen, sequence.world_landmarks)


def compute_image_angles(
    sequence: PoseSequence, names: Iterable[str] | None = None
) -> "pd.DataFrame":
    """Angles as they appear in the picture, from the image landmarks in pixels.

    Parameters
    ----------
    sequence : PoseSequence
    names : iterable of str, optional
        Members of :data:`IMAGE_ANGLES`; all of them when left out.

    Returns
    -------
    DataFrame
        As :func:`compute_joint_angles` returns it. The same definitions, with every line replaced
        by its image: equal to the angle in space only where its plane is parallel to the picture,
        which needs the ``view`` its definition names.

    Raises
    ------
    KeyError
        If an angle has no form in the picture.
    """
    wanted = IMAGE_ANGLES if names is None else tuple(names)
    for name in wanted:
        if name not in IMAGE_ANGLES:
            raise KeyError(f"{name} cannot be read in the picture; {', '.join(IMAGE_ANGLES)} can")
    # Depth is left out by a factor of 0; it is still NaN where x and y are.
    pixels = sequence.image_landmarks * np.array([*sequence.image_size, 0.0], dtype=np.float32)
    return _tabulate(sequence, [ANGLES[name] for name in wanted], pixels)


def compute_angular_velocity(
    angles: "PoseSequence | pd.DataFrame",
    names: Iterable[str] | None = None,
    *,
    max_step_s: float = MAX_STEP_S,
) -> "pd.DataFrame":
    """How fast angles change.

    Parameters
    ----------
    angles : PoseSequence or DataFrame
        A recording, or angles of one as :func:`compute_joint_angles` returns them.
    names : iterable of str, optional
        Columns; all of them when left out.
    max_step_s : float, seconds
        Frames further apart have a hole between them.

    Returns
    -------
    DataFrame
        Degrees per second, indexed like the angles. NaN in the first and the last frame, where the
        angle or one of its two neighbours is NaN, and beside a hole.

    Raises
    ------
    KeyError
        If a name is not among the columns.

    Notes
    -----
    Central differences on the measured times, exact for a parabola at uneven steps (Fornberg 1988,
    Generation of Finite Difference Formulas on Arbitrarily Spaced Grids, Math Comp 51:699-706).
    Differences amplify noise: smooth the recording first.
    """
    if isinstance(angles, PoseSequence):
        table = compute_joint_angles(angles, names)
    else:
        table = angles if names is None else angles[list(names)]
    step_s = np.diff(table.index.to_numpy(dtype=np.float64))[:, np.newaxis]
    with np.errstate(invalid="ignore"):
        slope = np.diff(table.to_numpy(dtype=np.float64), axis=0) / step_s
    slope[step_s[:, 0] > max_step_s] = np.nan
    before_s, after_s = step_s[:-1], step_s[1:]
    velocity = np.full(table.shape, np.nan)
    velocity[1:-1] = (slope[:-1] * after_s + slope[1:] * before_s) / (before_s + after_s)
    return table.__class__(velocity, index=table.index, columns=table.columns)


def _tabulate(
    sequence: PoseSequence, definitions: list[AngleDefinition], points: NDArray[np.float32]
) -> "pd.DataFrame":
    import pandas as pd

    values = np.empty((len(definitions), sequence.n_frames))
    for start in range(0, sequence.n_frames, _BLOCK_FRAMES):
        block = slice(start, start + _BLOCK_FRAMES)
        resolve = make_resolver(points[block])
        for row, definition in enumerate(definitions):
            values[row, block] = definition.measure.compute(resolve)
    index = pd.Index(sequence.time_s, name="time_s")
    return pd.DataFrame(values.T, index=index, columns=[each.name for each in definitions])


def name_angles(names: Iterable[str]) -> str:
    """Name angles in a sentence: "left and right elbow flexion and knee flexion, trunk lean"."""
    names = list(names)
    sides: dict[str, list[str]] = {}
    for name in names:
        sides.setdefault(ANGLES[name].title, []).append(ANGLES[name].side)
    both = [title.lower() for title, found in sides.items() if len(found) == 2]
    one = [ANGLES[name].label.lower() for name in names if len(sides[ANGLES[name].title]) == 1]
    listed = " and ".join(filter(None, [", ".join(both[:-1]), *both[-1:]]))
    return ", ".join([*([f"left and right {listed}"] if both else []), *one])
