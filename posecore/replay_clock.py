"""A clock that goes through a recording at its own pace, and does not drift."""

import math
from typing import Final

SPEEDS: Final = (0.1, 8.0)
"""Slowest and fastest."""


class ReplayClock:
    """Says which moment of a recording is now; each answer is from the last change on, not summed.

    Times that end in ``now_s`` are of a monotonic clock, the others of the recording.
    """

    def __init__(self) -> None:
        self.is_playing = False
        self.speed = 1.0
        self._from_s = 0.0
        self._since_s = 0.0

    def position_s(self, now_s: float) -> float:
        """Moment of the recording."""
        if not self.is_playing:
            return self._from_s
        return self._from_s + (now_s - self._since_s) * self.speed

    def seek(self, time_s: float, now_s: float) -> None:
        """Go to a moment; plays on if it played."""
        self._from_s, self._since_s = time_s, now_s

    def play(self, now_s: float) -> None:
        """Go on from where it stands."""
        self.seek(self.position_s(now_s), now_s)
        self.is_playing = True

    def pause(self, now_s: float) -> None:
        """Stand still."""
        self.seek(self.position_s(now_s), now_s)
        self.is_playing = False

    def set_speed(self, speed: float, now_s: float) -> None:
        """Go faster or slower from now on."""
        self.seek(self.position_s(now_s), now_s)
        self.speed = speed

    def wait_s(self, time_s: float, now_s: float) -> float:
        """Seconds until a moment is due, below 0 where it was; endless while it stands still."""
        if not self.is_playing:
            return math.inf
        return self._since_s + (time_s - self._from_s) / self.speed - now_s
