"""A gesture that is held: both hands over the head, and how long already."""

from enum import Enum
from typing import Final

import numpy as np

from posecore.sequence import PoseFrame
from posecore.topology import Landmark

HOLD_S: Final = 2.0
GAP_S: Final = 0.3
"""A shorter interruption is a flicker of the estimator and does not count."""

_MIN_VISIBILITY = 0.5
_OVER_HEAD = 0.3
"""Trunk lengths from the nose up to a little over the crown; the trunk is shoulders to hips."""
_NEEDED = [
    Landmark.NOSE,
    Landmark.LEFT_SHOULDER,
    Landmark.RIGHT_SHOULDER,
    Landmark.LEFT_WRIST,
    Landmark.RIGHT_WRIST,
]
_WRISTS = [Landmark.LEFT_WRIST, Landmark.RIGHT_WRIST]
_SHOULDERS = [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]
_HIPS = [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]


class Hands(Enum):
    """Where both hands are."""

    RAISED = "raised"
    """Both over the head, seen, in the picture."""
    DOWN = "down"
    """Both seen below the shoulders."""
    BETWEEN = "between"
    """Anything else, and whatever is not seen for certain."""


def find_hands(frame: PoseFrame) -> Hands:
    """Say where both hands are; a wrist that is hidden, or out of the picture, is nowhere."""
    if not frame.is_detected or not (frame.visibility[_NEEDED] >= _MIN_VISIBILITY).all():
        return Hands.BETWEEN
    xy = frame.image_landmarks[:, :2]
    wrists = xy[_WRISTS]
    if not ((wrists >= 0) & (wrists <= 1)).all():  # NaN is not in the picture either
        return Hands.BETWEEN
    shoulder_y = xy[_SHOULDERS, 1]
    trunk = float(xy[_HIPS, 1].mean() - shoulder_y.mean())
    if not trunk > 0:  # upside down, or bent over: nobody shows a sign like that
        return Hands.BETWEEN
    if (wrists[:, 1] > shoulder_y.max()).all():
        return Hands.DOWN
    is_over = wrists[:, 1] < xy[Landmark.NOSE, 1] - _OVER_HEAD * trunk
    return Hands.RAISED if is_over.all() else Hands.BETWEEN


class HeldGesture:
    """Fires once when both hands were over the head for :data:`HOLD_S`, then waits for them down.

    Whoever comes into view with the hands up has to take them down first, too. Times are the
    frames' own.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew, as for somebody who just came into view."""
        self._is_armed = False
        self._since_s: float | None = None
        self._last_s = float("-inf")
        self._down_since_s: float | None = None
        self._now_s = float("-inf")

    @property
    def is_armed(self) -> bool:
        """Whether hands over the head would count now."""
        return self._is_armed

    @property
    def progress(self) -> float:
        """How much of the time has been held, 0 to 1."""
        if self._since_s is None:
            return 0.0
        return float(np.clip((self._last_s - self._since_s) / HOLD_S, 0.0, 1.0))

    def update(self, frame: PoseFrame) -> bool:
        """Take the next frame; returns whether the gesture is complete with it."""
        if frame.time_s < self._now_s:
            self.reset()
        self._now_s = frame.time_s
        hands = find_hands(frame)
        self._arm(hands, frame.time_s)
        if self._since_s is not None and frame.time_s - self._last_s >= GAP_S:
            self._since_s = None
        if hands is not Hands.RAISED or not self._is_armed:
            return False
        if self._since_s is None:
            self._since_s = frame.time_s
        self._last_s = frame.time_s
        if self.progress < 1.0:
            return False
        self._is_armed = False
        self._since_s = None
        return True

    def _arm(self, hands: Hands, now_s: float) -> None:
        """Armed by hands that stay down as long as no flicker lasts."""
        if hands is not Hands.DOWN:
            self._down_since_s = None
        elif self._down_since_s is None:
            self._down_since_s = now_s
        elif now_s - self._down_since_s >= GAP_S:
            self._is_armed = True
