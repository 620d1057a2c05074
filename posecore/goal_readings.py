"""What of an angle's readings, one after the other, is a movement and what the estimator's leap."""

import math
import statistics
from collections import deque
from itertools import pairwise
from typing import Final, NamedTuple

CLOSE_S: Final = 0.06
"""Of readings that follow each other so closely, what one alone says is most often the estimator's
leap, up to 55 degrees in real recordings, and no movement."""

NEAR_S: Final = 0.09
"""Of readings that follow each other so closely, as at 15 frames a second, two in a row that leap
and come back are no movement: nobody bends a joint seven times a second."""

LEAP_DEG: Final = 15.0
"""A leap of less makes no repetition: a movement is back when it is so far outside its zone."""

_SUDDEN: Final = 2.0  # times the speed before
_LONGEST_LEAP: Final = 2  # readings
_BACK: Final = 0.5


class Reading(NamedTuple):
    """An angle at a moment; NaN where there is a gap."""

    time_s: float
    angle_deg: float


class GoalReadings:
    """Passes on the readings that count, in order; what leapt is left out.

    Notes
    -----
    At most :data:`NEAR_S` apart, a reading that is suddenly 15 degrees or more from the one before,
    with more than twice the speed that there was, is doubtful. It counts if the next two are still
    off by more than half of that; if one of them is back, it was a leap, and what leapt is left
    out. After a gap, and at the beginning, three in a row that go on evenly are needed before the
    first of them counts. So a reading is held back by two frames where the movement is sudden, and
    not at all elsewhere: 67 ms at 30 frames/s, 133 ms at 15.

    At most :data:`CLOSE_S` apart, what is left is the median of the last three (Tukey's running
    median of 3, one frame late), so that smaller leaps of a single frame count nowhere either. A
    slower stream is taken as it comes, its first reading with the second.
    """

    def __init__(self) -> None:
        self._time_s = -math.inf
        self._settled: Reading | None = None
        self._speed = 0.0
        self._held: list[Reading] = []
        self._passed_s = -math.inf
        self._latest: deque[float] = deque(maxlen=3)

    def add(self, time_s: float, angle_deg: float) -> list[Reading]:
        """Take the next frame's and return what counts now: none, one or some; a gap as it is."""
        reading, step_s = Reading(time_s, angle_deg), time_s - self._time_s
        self._time_s = time_s
        if not math.isfinite(angle_deg):
            self._settled, self._held = None, []
            self._latest.clear()
            self._passed_s = time_s
            return [reading]
        self._held.append(reading)
        if step_s <= NEAR_S:
            is_sure = self._has_begun() if self._settled is None else self._is_movement()
        else:
            is_sure = math.isfinite(step_s)
        return self._pass_on() if is_sure else []

    def _has_begun(self) -> bool:
        """Whether the last three go on evenly; of those before nobody knows."""
        self._held = self._held[-3:]
        steps_deg = [b.angle_deg - a.angle_deg for a, b in pairwise(self._held)]
        if len(steps_deg) < 2:
            return False
        least, most = sorted(abs(step_deg) for step_deg in steps_deg)
        goes_on = steps_deg[0] * steps_deg[1] > 0 and most <= _SUDDEN * least
        return most < LEAP_DEG or goes_on

    def _is_movement(self) -> bool:
        assert self._settled is not None
        first, last = self._held[0], self._held[-1]
        away_deg = first.angle_deg - self._settled.angle_deg
        if len(self._held) > 1 and (last.angle_deg - self._settled.angle_deg) / away_deg <= _BACK:
            self._held = [last]
            return self._is_movement()
        speed = abs(away_deg) / (first.time_s - self._settled.time_s)
        is_sudden = abs(away_deg) >= LEAP_DEG and speed > _SUDDEN * self._speed
        return not is_sudden or len(self._held) > _LONGEST_LEAP

    def _pass_on(self) -> list[Reading]:
        passed = []
        for reading in self._held:
            if self._settled is not None:
                step_deg = reading.angle_deg - self._settled.angle_deg
                self._speed = abs(step_deg) / (reading.time_s - self._settled.time_s)
            else:
                self._speed = 0.0
            self._settled = reading
            if reading.time_s - self._passed_s > CLOSE_S:
                self._latest.clear()
                self._latest.extend([reading.angle_deg] * 2)
            self._passed_s = reading.time_s
            self._latest.append(reading.angle_deg)
            if len(self._latest) == 3:
                passed.append(Reading(reading.time_s, statistics.median(self._latest)))
        self._held = []
        return passed
