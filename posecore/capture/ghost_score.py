"""How near somebody is to a ghost: a running score, the limbs that are off, and a held position."""

from collections import deque
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from posecore.angles import ANGLES, CORE_ANGLES
from posecore.comparison import LARGEST_DIFFERENCE_DEG

Floats = NDArray[np.float64]
Level = Literal["good", "warn", "bad"]

RECENT_S: Final = 5.0
WARN_DEG: Final = 15.0
"""From here on a limb is off: what the measurement alone may make is mostly less."""
BAD_DEG: Final = 30.0
HELD_DEG: Final = 20.0
HELD_S: Final = 1.0
_LEAST_KNOWN: Final = 4
_TOLERATED_S: Final = 0.25
_SAID_S: Final = 1.5
_READ_S: Final = 0.7

GHOST_SCORE_FORMULA: Final = (
    "100 x the mean, over elbows, shoulders, hips and knees and over the moments, of "
    f"1 - min(|you - ghost|, {LARGEST_DIFFERENCE_DEG:g}°) / {LARGEST_DIFFERENCE_DEG:g}°; "
    f"the large number over the last {RECENT_S:g} s, the small ones over a whole run"
)
"""What the score beside the picture is, for people."""

_WORDS: Final = {
    "elbow_flexion": ("elbow", "more bent", "straighter"),
    "shoulder_elevation": ("arm", "higher", "lower"),
    "hip_flexion": ("hip", "more bent", "straighter"),
    "knee_flexion": ("knee", "more bent", "straighter"),
}


class RunningScore:
    """Similarity from 0 to 100 while it goes on: :data:`GHOST_SCORE_FORMULA`."""

    def __init__(self) -> None:
        self._rows: deque[tuple[float, Floats, Floats]] = deque()
        self.begin_run()

    def begin_run(self) -> None:
        """Count anew from here on."""
        self._rows.clear()
        self._sums, self._counts = np.zeros(len(CORE_ANGLES)), np.zeros(len(CORE_ANGLES))

    def add(self, now_s: float, difference_deg: Floats) -> None:
        """Count one moment.

        Parameters
        ----------
        now_s : float
            Rising seconds.
        difference_deg : ndarray, shape (8,), degrees
            NaN where an angle is not known in both.
        """
        apart = np.minimum(np.abs(difference_deg), LARGEST_DIFFERENCE_DEG)
        alike, known = 1 - apart / LARGEST_DIFFERENCE_DEG, ~np.isnan(difference_deg)
        row = (now_s, np.where(known, alike, 0.0), known.astype(np.float64))
        self._rows.append(row)
        self._sums, self._counts = self._sums + row[1], self._counts + row[2]
        while self._rows[0][0] < now_s - RECENT_S:
            self._rows.popleft()

    @property
    def whole(self) -> float:
        """Of the whole run; NaN where nothing was known."""
        return _score(self._sums, self._counts)

    @property
    def recent(self) -> float:
        """Of the last seconds; NaN where nothing was known."""
        if not self._rows:
            return float("nan")
        _, alike, known = zip(*self._rows, strict=True)
        return _score(np.sum(alike, axis=0), np.sum(known, axis=0))


def _score(sums: Floats, counts: Floats) -> float:
    known = counts > 0
    return float(100 * (sums[known] / counts[known]).mean()) if known.any() else float("nan")


def find_levels(difference_deg: Floats) -> dict[str, Level]:
    """How far off each angle is; one that is not known in both is left out."""
    return {
        name: "good" if apart < WARN_DEG else "warn" if apart < BAD_DEG else "bad"
        for name, apart in zip(CORE_ANGLES, np.abs(difference_deg), strict=True)
        if not np.isnan(apart)
    }


def describe_worst(difference_deg: Floats) -> str:
    """Say what is most off, "left elbow 25° more bent than the ghost"; empty where nothing is."""
    apart = np.nan_to_num(np.abs(difference_deg))
    worst = int(apart.argmax())
    if apart[worst] < WARN_DEG:
        return ""
    angle = ANGLES[CORE_ANGLES[worst]]
    joint, more, less = _WORDS[angle.motion]
    words = more if difference_deg[worst] > 0 else less
    return f"{angle.side} {joint} {round(float(apart[worst]))}° {words} than the ghost"


class SteadyWords:
    """What is most off, on the mean of some tenths of a second, so that it can be read.

    Attributes
    ----------
    words : str
        As of :func:`describe_worst`.
    """

    def __init__(self) -> None:
        self.words = ""
        self._said_s = -float("inf")
        self._sums, self._counts = np.zeros(len(CORE_ANGLES)), np.zeros(len(CORE_ANGLES))

    def add(self, now_s: float, difference_deg: Floats) -> None:
        """Take in one moment."""
        known = ~np.isnan(difference_deg)
        self._sums += np.where(known, difference_deg, 0.0)
        self._counts += known
        if not 0 <= now_s - self._said_s < _READ_S:
            mean = np.where(self._counts > 0, self._sums / np.maximum(self._counts, 1), np.nan)
            self.words, self._said_s = describe_worst(mean), now_s
            self._sums, self._counts = 0 * self._sums, 0 * self._counts


@dataclass
class HeldPosition:
    """Notes when somebody keeps the position of a ghost that stands still.

    Attributes
    ----------
    share : float
        How much of the second is over, 0 to 1.
    is_held : bool
        Whether it is over, until the position is left.
    n_held : int
        How many positions were held.
    said_until_s : float
        Until when that is said, a while longer than it lasts.
    """

    share: float = 0.0
    is_held: bool = False
    n_held: int = 0
    said_until_s: float = -float("inf")
    _since_s: float = float("nan")
    _off_since_s: float = float("nan")

    def add(self, now_s: float, difference_deg: Floats, *, is_still: bool) -> None:
        """Take in one moment; ``is_still`` says whether the ghost stands still."""
        known = difference_deg[~np.isnan(difference_deg)]
        is_kept = is_still and len(known) >= _LEAST_KNOWN and np.abs(known).max() <= HELD_DEG
        if is_kept:
            self._off_since_s = float("nan")
            if np.isnan(self._since_s):
                self._since_s = now_s
            self.share = min(1.0, (now_s - self._since_s) / HELD_S)
            if self.share >= 1.0 and not self.is_held:
                self.is_held, self.n_held = True, self.n_held + 1
            if self.is_held:
                self.said_until_s = now_s + _SAID_S
            return
        if np.isnan(self._off_since_s):
            self._off_since_s = now_s
        if not is_still or now_s - self._off_since_s > _TOLERATED_S:
            self.leave()

    def leave(self) -> None:
        """Wait for the next position."""
        self.share, self.is_held, self._since_s = 0.0, False, float("nan")
