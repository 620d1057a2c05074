"""What is off, limb by limb and in words that can be read."""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from posecore.angles import ANGLES, CORE_ANGLES

Floats = NDArray[np.float64]
Level = Literal["good", "warn", "bad"]

WARN_DEG: Final = 15.0
"""From here on a limb is off: what the measurement alone may make is mostly less."""
BAD_DEG: Final = 30.0
_READ_S: Final = 0.7
_RIGHT_S: Final = 0.15

_WORDS: Final = {
    "elbow_flexion": ("elbow", "more bent", "straighter"),
    "shoulder_elevation": ("arm", "higher", "lower"),
    "hip_flexion": ("hip", "more bent", "straighter"),
    "knee_flexion": ("knee", "more bent", "straighter"),
}


def find_levels(difference_deg: Floats) -> dict[str, Level]:
    """How far off each angle is; one that is not known in both is left out."""
    return {
        name: "good" if apart < WARN_DEG else "warn" if apart < BAD_DEG else "bad"
        for name, apart in zip(CORE_ANGLES, np.abs(difference_deg), strict=True)
        if not np.isnan(apart)
    }


def find_worst(difference_deg: Floats) -> int | None:
    """Which of the angles is most off; None where none is."""
    apart = np.nan_to_num(np.abs(difference_deg))
    worst = int(apart.argmax())
    return worst if apart[worst] >= WARN_DEG else None


def describe_worst(difference_deg: Floats) -> str:
    """Say what is most off, "left elbow 25° more bent than the ghost"; empty where nothing is."""
    worst = find_worst(difference_deg)
    if worst is None:
        return ""
    apart = np.abs(difference_deg)
    angle = ANGLES[CORE_ANGLES[worst]]
    joint, more, less = _WORDS[angle.motion]
    words = more if difference_deg[worst] > 0 else less
    return f"{angle.side} {joint} {round(float(apart[worst]))}° {words} than the ghost"


class SteadyWords:
    """What is most off, on the mean of some tenths of a second, so that it can be read.

    A limb that is right meanwhile is not spoken of any more: words and colours go together.

    Attributes
    ----------
    words : str
        As of :func:`describe_worst`.
    """

    def __init__(self) -> None:
        self.words = ""
        self._worst: int | None = None
        self._off_at_s = -float("inf")
        self._said_s = -float("inf")
        self._sums, self._counts = np.zeros(len(CORE_ANGLES)), np.zeros(len(CORE_ANGLES))

    def add(self, now_s: float, difference_deg: Floats) -> None:
        """Take in one moment."""
        known = ~np.isnan(difference_deg)
        self._sums += np.where(known, difference_deg, 0.0)
        self._counts += known
        if not 0 <= now_s - self._said_s < _READ_S:
            mean = np.where(self._counts > 0, self._sums / np.maximum(self._counts, 1), np.nan)
            self.words, self._worst = describe_worst(mean), find_worst(mean)
            self._said_s = now_s
            self._sums, self._counts = 0 * self._sums, 0 * self._counts
            self._off_at_s = now_s
        elif self._worst is None or not abs(difference_deg[self._worst]) < WARN_DEG:
            self._off_at_s = now_s
        elif now_s - self._off_at_s > _RIGHT_S:
            self.words, self._worst = "", None
