"""Every signal of a recording, frame by frame: what searching looks at."""

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from posecore.angles import ANGLES, compute_joint_angles
from posecore.conditions import SIGNALS
from posecore.image_scale import compute_picture_height, to_pixels
from posecore.processing import find_version, hash_sources
from posecore.sequence import PoseSequence
from posecore.signals import Floats, differentiate, read_between, smooth_evenly
from posecore.stillness import compute_posture_speed
from posecore.topology import Landmark

if TYPE_CHECKING:
    import pandas as pd

_HIPS: Final = (Landmark.LEFT_HIP, Landmark.RIGHT_HIP)
_CUTOFF_HZ: Final = 2.0
"""As for stillness and climbing: the estimator's own noise must stay still."""

_SOURCES: Final = (
    "signal_readings.py",
    "conditions.py",
    "angles.py",
    "angle_table.py",
    "angle_definition.py",
    "angle_measures.py",
    "angle_readings.py",
    "image_scale.py",
    "signals.py",
    "stillness.py",
)


def compute_readings(sequence: PoseSequence) -> "pd.DataFrame":
    """All signals of a recording.

    Parameters
    ----------
    sequence : PoseSequence

    Returns
    -------
    DataFrame
        Indexed by ``time_s``, one column for each of :data:`posecore.SIGNALS`, in its unit and
        within its limits. NaN where the landmarks it needs are missing; a speed also in the two
        frames beside a gap, at the beginning and at the end.
    """
    angles = compute_joint_angles(sequence, ANGLES)
    height_px = compute_picture_height(sequence)
    columns = {
        "hip_speed": _compute_hip_speed(sequence, height_px),
        "posture_speed": _read_at(*compute_posture_speed(sequence), sequence.time_s),
        "left_hand_above_head": _compute_hand_height(sequence, Landmark.LEFT_WRIST, height_px),
        "right_hand_above_head": _compute_hand_height(sequence, Landmark.RIGHT_WRIST, height_px),
    }
    table = angles.assign(**columns)[list(SIGNALS)]
    lowest, highest = (
        [getattr(signal, end) for signal in SIGNALS.values()] for end in ("lowest", "highest")
    )
    return table.clip(lowest, highest, axis=1)


@cache
def find_readings_version() -> str:
    """Version of the readings and of the cleaning before them: the hash of their own source."""
    return f"{find_version()}-{hash_sources(_SOURCES)}"


def _compute_hip_speed(sequence: PoseSequence, height_px: float) -> Floats:
    hips = to_pixels(sequence, _HIPS).mean(axis=1) / height_px
    even = smooth_evenly(sequence.time_s, hips, cutoff_hz=_CUTOFF_HZ)
    velocity = differentiate(even.values, even.rate_hz)
    return _read_at(even.time_s, np.hypot(velocity[:, 0], velocity[:, 1]), sequence.time_s)


def _compute_hand_height(sequence: PoseSequence, wrist: Landmark, height_px: float) -> Floats:
    places = to_pixels(sequence, (Landmark.NOSE, wrist)) / height_px
    height: Floats = places[:, 0, 1] - places[:, 1, 1]
    return height


def _read_at(even_s: Floats, values: Floats, time_s: Floats) -> Floats:
    """Read values of an even clock at the frames; a row of NaN marks a hole in that clock."""
    return read_between(even_s, values[:, np.newaxis], time_s, longest_step_s=np.inf)[:, 0]
