"""One plain hint when the camera cannot see the athlete well."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posecore.sequence import PoseFrame
from posecore.topology import Landmark

TOO_DARK: Final = "Too dark to see you well: turn on a light, best from the front."
NOBODY: Final = "Nobody in view: step in front of the camera."
NOBODY_RECORDED: Final = "Nobody is seen: the recording goes on, with a gap until somebody is back."
HEAD_CUT: Final = "Step back or tilt the camera up: the head is out of the picture."
FEET_CUT: Final = "Step back or tilt the camera down: the feet are out of the picture."
TOO_SLOW: Final = (
    "This computer skips frames: choose the lite model or a smaller picture in Settings."
)

_DARK_LEVEL = 40.0
"""Mean brightness of 255 below which the estimator was seen to lose people."""
_SKIPPED_SHARE = 0.1
_SLOW_FOR_S = 4.0
"""A recording that begins or ends may cost some frames, which is nothing to do anything about."""
_HEAD = [Landmark.NOSE, Landmark.LEFT_EYE, Landmark.RIGHT_EYE]
_FEET = [Landmark.LEFT_ANKLE, Landmark.RIGHT_ANKLE]


def find_hint(
    frame: PoseFrame,
    frame_rgb: NDArray[np.uint8],
    *,
    skipped_share: float = 0.0,
    is_recording: bool = False,
) -> str:
    """Find what most hinders the measurement now.

    Parameters
    ----------
    frame : PoseFrame
    frame_rgb : ndarray, shape (height, width, 3), uint8
    skipped_share : float
        Share of the latest frames that were dropped, 0 to 1.
    is_recording : bool

    Returns
    -------
    str
        One sentence with what to do, or empty when all is well.
    """
    if _is_dark(frame_rgb):
        return TOO_DARK
    if not frame.is_detected:
        return NOBODY_RECORDED if is_recording else NOBODY
    y = frame.image_landmarks[:, 1]
    if (y[_HEAD] < 0).any():
        return HEAD_CUT
    if (y[_FEET] > 1).any():
        return FEET_CUT
    return TOO_SLOW if skipped_share > _SKIPPED_SHARE else ""


def _is_dark(frame_rgb: NDArray[np.uint8]) -> bool:
    # Every 16th pixel each way says as much as all of them.
    return bool(frame_rgb[::16, ::16].mean() < _DARK_LEVEL)


@dataclass
class SteadyHint:
    """Shows a hint only once it has held, so that the line does not flicker.

    Parameters
    ----------
    hold_s : float
        How long a change must last before it is shown, seconds.
    """

    hold_s: float = 0.6
    shown: str = ""
    _candidate: str = ""
    _since_s: float = 0.0

    def update(self, hint: str, now_s: float) -> str:
        """Take the newest finding and return what to show."""
        if hint != self._candidate:
            self._candidate, self._since_s = hint, now_s
        hold_s = _SLOW_FOR_S if hint == TOO_SLOW else self.hold_s
        if now_s - self._since_s >= hold_s:
            self.shown = self._candidate
        return self.shown
