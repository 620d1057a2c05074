"""The times of a camera's frames, put right where its clock jumps."""

from typing import Final

CLOCK_JUMPED: Final = (
    "The camera's clock jumped: the times go on by this computer's clock, and nothing was lost."
)

LARGEST_GAIN_S: Final = 5.0
"""By how much more or less time may pass from one frame to the next in the stream than on the
clock of arrival: a slow line delays frames, but not by so much."""

ROUND_S: Final = 2**32 / 90_000
"""Seconds that the 32-bit counter of a video stream (RTP, RFC 3551) counts before it begins anew.
One frame out of order is enough for its reader to count a round too many: aiortc adds one wherever
the counter falls. That is no jump of the camera's clock, and taken back without a word."""

_LATE_S: Final = 0.2
_SHORTEST_STEP_S: Final = 1e-3


class StreamClock:
    """Gives each frame its time: the stream's own, moved on the spot after each jump of its clock.

    A frame up to 0.2 s earlier than the one before comes late and keeps its time.

    Attributes
    ----------
    jumped_at_s : float
        When the last jump was met, on the clock of arrival; minus infinity before the first.
    """

    def __init__(self) -> None:
        self.jumped_at_s = float("-inf")
        self._shift_s = 0.0
        self._last_s: float | None = None
        self._last_arrived_s = 0.0

    def place(self, time_s: float, arrived_s: float) -> float:
        """Return the time that a frame counts with.

        Parameters
        ----------
        time_s : float
            The frame's own in the stream, seconds.
        arrived_s : float
            When it came, on a clock that never jumps.
        """
        placed_s = time_s + self._shift_s
        if self._last_s is not None:
            step_s, passed_s = placed_s - self._last_s, arrived_s - self._last_arrived_s
            rounds_s = round((step_s - passed_s) / ROUND_S) * ROUND_S
            if rounds_s and abs(step_s - rounds_s - passed_s) <= LARGEST_GAIN_S:
                self._shift_s -= rounds_s
                placed_s, step_s = placed_s - rounds_s, step_s - rounds_s
            if step_s < -_LATE_S or abs(step_s - passed_s) > LARGEST_GAIN_S:
                self.jumped_at_s = arrived_s
                placed_s = self._last_s + max(passed_s, _SHORTEST_STEP_S)
                self._shift_s = placed_s - time_s
        self._last_s = placed_s if self._last_s is None else max(placed_s, self._last_s)
        self._last_arrived_s = arrived_s
        return placed_s
