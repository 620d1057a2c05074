"""When a position of the ghost is held, and when its movement has been followed to the end."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HELD_DEG: Final = 20.0
HELD_S: Final = 1.0
_LEAST_KNOWN: Final = 4
_TOLERATED_S: Final = 0.25
_SAID_S: Final = 1.5
_KEPT_S: Final = 1.5
_LEFT_DEG: Final = 8.0
_LEFT_S: Final = 0.15


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
    _kept_s: float = -float("inf")

    def add(self, now_s: float, difference_deg: Floats, *, is_still: bool) -> None:
        """Take in one moment; ``is_still`` says whether the ghost stands still."""
        # Of what was between two frames nothing is known.
        if not is_still or not 0 <= now_s - self._kept_s <= _TOLERATED_S:
            self.leave()
        known = difference_deg[~np.isnan(difference_deg)]
        if not is_still or len(known) < _LEAST_KNOWN or np.abs(known).max() > HELD_DEG:
            return
        self._kept_s = now_s
        if np.isnan(self._since_s):
            self._since_s = now_s
        self.share = min(1.0, (now_s - self._since_s) / HELD_S)
        if self.share >= 1.0 and not self.is_held:
            self.is_held, self.n_held = True, self.n_held + 1
        if self.is_held:
            self.said_until_s = now_s + _SAID_S

    def leave(self) -> None:
        """Wait for the next position."""
        self.share, self.is_held, self._since_s = 0.0, False, float("nan")


class EndOfRun:
    """Notices when a ghost that waits has been followed to its end.

    A movement is over with its last pose. Where that is a stillness it may be one to be held, and
    is waited for: until it is held, or was kept about as well as the ghost asks of any pose for a
    while, or is left again.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Wait for the end of another run."""
        self._since_s, self._off_since_s = float("nan"), float("nan")
        self._nearest_deg = float("inf")

    def is_over(
        self, now_s: float, difference_deg: float, *, is_at_end: bool, is_hold: bool, is_held: bool
    ) -> bool:
        """Take in one moment.

        Parameters
        ----------
        now_s : float
            Rising seconds.
        difference_deg : float
            Root mean square difference of the angles; NaN while nobody is seen.
        is_at_end : bool
            Whether the last pose is reached.
        is_hold : bool
            Whether the ghost stands still in it.
        is_held : bool
            Whether the athlete has held it.
        """
        if is_at_end and (is_held or not is_hold):
            return True
        if is_at_end and np.isnan(self._since_s):
            self._since_s = now_s
        if np.isnan(self._since_s) or np.isnan(difference_deg):
            return False
        self._nearest_deg = min(self._nearest_deg, difference_deg)
        if is_at_end and difference_deg <= self._nearest_deg + _LEFT_DEG:
            self._off_since_s = float("nan")
            return now_s - self._since_s >= _KEPT_S
        if np.isnan(self._off_since_s):
            self._off_since_s = now_s
        return now_s - self._off_since_s >= _LEFT_S
