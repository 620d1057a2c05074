"""What the replay can chart: joint angles, speeds of landmarks, height of the centre of mass."""

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from posecore.angles import ANGLES
from posecore.centre_of_mass import compute_centre_of_mass
from posecore.clip_scene import compute_ground
from posecore.replay_block import Series
from posecore.sequence import PoseSequence
from posecore.topology import LANDMARK_NAMES, Side

if TYPE_CHECKING:
    import pandas as pd

_SPEED_REACH_S: Final = 0.05
"""Central difference over about a tenth of a second: enough to calm an estimator's jitter."""
_HOLE_S: Final = 0.5
_HOLE_STEPS: Final = 5
_SIDE: Final = re.compile("_?(left|right)_?")


def make_series(sequence: PoseSequence, angles: "pd.DataFrame") -> list[Series]:
    """Return all that can be charted of a recording, the given angles first, in their order."""
    return [
        *(
            _make_angle(row, str(name), angles[name].to_numpy())
            for row, name in enumerate(angles.columns)
        ),
        *_make_speeds(sequence),
        _make_height(sequence),
    ]


def draw_as(side: Side | str) -> dict[str, Any]:
    """How a side's line looks: its colour, its letter, and dashes for the right."""
    letter = {"left": "L", "right": "R"}.get(side, "")
    return {"side": side, "letter": letter, "is_dashed": side == "right", "is_pale": False}


def compute_landmark_speeds(sequence: PoseSequence) -> NDArray[np.float64]:
    """Speed of each landmark as seen from the hips, which stand still in world landmarks.

    Parameters
    ----------
    sequence : PoseSequence

    Returns
    -------
    ndarray, shape (n_frames, 33), m/s
        Central difference over about a tenth of a second of measured time, one-sided at either
        end. NaN where the landmark is missing at either side, across a hole in the recording, and
        for a single frame.
    """
    n_frames, time_s = sequence.n_frames, sequence.time_s
    if n_frames < 2:
        return np.full((n_frames, len(LANDMARK_NAMES)), np.nan)
    step_s = float(np.median(np.diff(time_s)))
    reach = max(1, round(_SPEED_REACH_S / step_s))
    frames = np.arange(n_frames)
    before, after = (frames - reach).clip(0), (frames + reach).clip(max=n_frames - 1)
    elapsed_s = time_s[after] - time_s[before]
    elapsed_s[elapsed_s > max(_HOLE_S, _HOLE_STEPS * step_s, 4 * reach * step_s)] = np.nan
    way_m = sequence.world_landmarks[after] - sequence.world_landmarks[before]
    speeds: NDArray[np.float64] = np.linalg.norm(way_m, axis=-1) / elapsed_s[:, None]
    return speeds


def _make_angle(row: int, name: str, values: NDArray[np.float64]) -> Series:
    definition = ANGLES[name]
    about = {
        "group": "Joint angles",
        "panel": definition.motion,
        "title": definition.title,
        "label": definition.title,
        "meaning": definition.meaning,
        "unit": "°",
        "name": definition.name,
        "joint": definition.joint,
        "zero": definition.zero,
        "error_row": row,
    }
    return Series(about | draw_as(definition.side), 10.0, values)


def _make_speeds(sequence: PoseSequence) -> list[Series]:
    speeds = compute_landmark_speeds(sequence)
    return [
        Series(_describe_speed(name), 1000.0, speeds[:, landmark])
        for landmark, name in enumerate(LANDMARK_NAMES)
    ]


def _describe_speed(name: str) -> dict[str, Any]:
    side = _SIDE.search(name)
    part = _SIDE.sub("", name)
    label = part.replace("_", " ").capitalize()
    return {
        "group": "Speed, seen from the hips",
        "panel": f"speed_{part}",
        "title": f"{label} speed, m/s",
        "label": label,
        "meaning": "How fast it moves as seen from the hips, which stand still in these landmarks",
        "unit": "m/s",
        "name": f"{name}_speed",
        "joint": None,
        "zero": None,
        "error_row": None,
        **draw_as(side[1] if side else "middle"),
    }


def _make_height(sequence: PoseSequence) -> Series:
    about = {
        "group": "Body",
        "panel": "com_height",
        "title": "Centre of mass, m",
        "label": "Height of the centre of mass",
        "meaning": "Height of the body's centre of mass above its lowest landmark",
        "unit": "m",
        "name": "com_height",
        "joint": None,
        "zero": None,
        "error_row": None,
        **draw_as("middle"),
    }
    height_m = compute_ground(sequence) - compute_centre_of_mass(sequence)[:, 1]
    return Series(about, 1000.0, height_m)
