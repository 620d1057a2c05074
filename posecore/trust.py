"""How far to trust each reading of an angle: a band in degrees, calibrated on measured errors."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from posecore.angles import ANGLES, CORE_ANGLES
from posecore.geometry import compute_vector_angle
from posecore.refinement.body import JOINTS
from posecore.refinement.camera import compute_rays, place_body
from posecore.sequence import PoseSequence

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]

LANDMARKS: Final = {name: ANGLES[name].joint or () for name in CORE_ANGLES}
"""The angles whose error was measured, each with its three landmarks."""

FEATURES: Final = ("always", "hidden", "along sight", "misfit")

COEFFICIENTS: Final = {
    "raw": {
        "elbow_flexion": (53.0, 0.0, 0.0, 0.0),
        "shoulder_elevation": (14.4, 0.0, 0.0, 8.9),
        "hip_flexion": (22.5, 23.0, 0.0, 0.0),
        "knee_flexion": (23.0, 54.0, 1.5, 5.2),
    },
    "refined": {
        "elbow_flexion": (22.8, 19.3, 24.0, 3.1),
        "shoulder_elevation": (14.0, 15.2, 0.0, 4.5),
        "hip_flexion": (16.1, 14.2, 0.0, 9.1),
        "knee_flexion": (14.5, 35.7, 18.3, 11.1),
    },
}
"""Degrees for each unit of :data:`FEATURES`, with refinement and without.

Fitted by ``python -m benchmarks.trust_calibration`` on 2026-11-22 (MediaPipe 1.2.2, full model) by
quantile regression on the errors of the four cameras of ``benchmarks/four_cameras.py`` and, with
the same weight in all, of twelve simulated views of ``benchmarks/simulated_views.py``. Of the
readings of cameras that were left out, 91 % were inside the band; of the worst one 80 %. All four
saw the same movement of one man. Of 72 recordings of rendered people, other builds and movements to
which nothing was fitted, 88 % of the refined readings and 89 % of the raw ones were inside against
the joints of the mesh (``benchmarks/rendered_people.py``), least of the shoulders, 82 and 81 %.
"""

_FOCAL_LENGTH: Final = 0.85
_MISFIT_UNIT_M: Final = 0.05
_LARGEST_MISFIT: Final = 4.0


def compute_expected_error(
    sequence: PoseSequence, names: Iterable[str] | None = None
) -> "pd.DataFrame":
    """How wrong each reading of an angle may be.

    Parameters
    ----------
    sequence : PoseSequence
        Raw, cleaned or refined; ``steps`` says which.
    names : iterable of str, optional
        Keys of :data:`LANDMARKS`; all of them when left out. There is no answer for other angles,
        whose errors were never measured.

    Returns
    -------
    DataFrame
        Indexed by ``time_s``, one column an angle, degrees: half the width of the band that holds
        nine readings of ten. NaN where there is no reading.

    Raises
    ------
    KeyError
        If a name is not in :data:`LANDMARKS`.

    Notes
    -----
    A sum of four parts: what every reading of this joint has; how hidden its least visible
    landmark is; how far its segments point along the line of sight, where depth is all that bends
    them; and by how much the landmarks miss those of the image. The estimator is sure of many
    points it cannot see, so that the band is a statement about many readings, not about one.

    References
    ----------
    Koenker & Bassett (1978), Regression quantiles, Econometrica 46(1):33-50.
    """
    import pandas as pd

    names = tuple(LANDMARKS if names is None else names)
    known = _errors.setdefault(sequence, {})
    missing = [name for name in names if name not in known]
    if missing:
        known.update(_compute_errors(sequence, missing))
    columns = {name: known[name] for name in names}
    return pd.DataFrame(columns, index=pd.Index(sequence.time_s, name="time_s"))


# Warping and comparing ask for the same errors of the same recording, which never changes.
_errors: Final[WeakKeyDictionary[PoseSequence, dict[str, FloatArray]]] = WeakKeyDictionary()


def _compute_errors(sequence: PoseSequence, names: list[str]) -> dict[str, FloatArray]:
    kind = "refined" if any(step.name == "refine" for step in sequence.steps) else "raw"
    misfit = _compute_misfit(sequence)
    return {
        name: compute_features(sequence, name, misfit)
        @ np.array(COEFFICIENTS[kind][name.partition("_")[2]])
        for name in names
    }


def hide_untrusted(
    angles: "pd.DataFrame", expected_error: "pd.DataFrame", max_error_deg: float
) -> "pd.DataFrame":
    """Make gaps of the readings that may be further off than a limit.

    Parameters
    ----------
    angles, expected_error : DataFrame, shape (n_frames, n_angles), degrees
        What :func:`posecore.compute_joint_angles` and :func:`compute_expected_error` return for
        the same recording. An angle without an expected error stays as it is.
    max_error_deg : float, degrees

    Returns
    -------
    DataFrame
        NaN where the limit is passed.
    """
    errors = expected_error.reindex(columns=angles.columns)
    return angles.mask(errors > max_error_deg)


def compute_features(
    sequence: PoseSequence, name: str, misfit: FloatArray | None = None
) -> FloatArray:
    """What the expected error of an angle is made of, shape (n, 4), each at least 0.

    Parameters
    ----------
    sequence : PoseSequence
    name : str
        A key of :data:`LANDMARKS`.
    misfit : ndarray, shape (n, 33), optional
        Computed when left out.
    """
    marks = list(LANDMARKS[name])
    if misfit is None:
        misfit = _compute_misfit(sequence)
    world_m = sequence.world_landmarks[:, marks].astype(np.float64)
    sight = np.broadcast_to([0.0, 0.0, 1.0], (len(world_m), 3))
    along = np.zeros(len(world_m))
    for end in (0, 2):
        angle = compute_vector_angle(world_m[:, end] - world_m[:, 1], sight)
        along = along + np.abs(np.cos(np.radians(angle))) / 2
    visibility = np.clip(sequence.visibility[:, marks].astype(np.float64), 0.0, 1.0)
    return np.stack(
        [np.ones(len(world_m)), 1 - visibility.min(axis=1), along, misfit[:, marks].max(axis=1)],
        axis=-1,
    )


def _compute_misfit(sequence: PoseSequence) -> FloatArray:
    """Distance between image landmarks and world landmarks placed under them, in units of 5 cm."""
    joints = list(JOINTS)
    world_m = sequence.world_landmarks[:, joints].astype(np.float64)
    image = sequence.image_landmarks[:, joints]
    rays = compute_rays(image, sequence.image_size, _FOCAL_LENGTH)
    is_missing = np.isnan(world_m).any(axis=-1) | np.isnan(rays).any(axis=-1)
    world_m[is_missing], rays[is_missing] = 0.0, 0.0
    weights = np.where(is_missing, 0.0, 1.0)
    placed_m = world_m + place_body(world_m, rays, weights)[:, np.newaxis]
    depth_m = np.maximum(placed_m[..., 2:], _MISFIT_UNIT_M)
    off_m = np.linalg.norm(placed_m[..., :2] - rays * depth_m, axis=-1)
    misfit = np.full(sequence.visibility.shape, np.nan)
    misfit[:, joints] = np.minimum(off_m / _MISFIT_UNIT_M, _LARGEST_MISFIT)
    misfit[:, joints] += np.where(is_missing, np.nan, 0.0)
    return misfit
