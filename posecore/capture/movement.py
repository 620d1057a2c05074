"""Whether somebody moves in view: an attempt's beginning and end, from the picture alone."""

from collections import deque
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from posecore.sequence import PoseFrame
from posecore.topology import MIRROR, Landmark

MOVES_HZ: Final = 0.25
"""Body lengths a second from which somebody moves; walking is about 0.7, slow climbing 0.3."""
STILL_HZ: Final = 0.12
"""Below this somebody stands still; the estimator's jitter makes less, at any distance."""
MOVES_FOR_S: Final = 0.7
"""How long the movement must last: longer than the window, in which one jump shows."""
STILL_FOR_S: Final = 3.0
"""How long the stillness, or the absence, must last by default."""

_WINDOW_S = 0.6
_FLICKER_S = 0.3
_MIN_VISIBILITY = 0.5
_SIZE_FADES_S = 10.0
_MIN_JOINTS = 4
_LEFT_CHAIN = (
    Landmark.LEFT_SHOULDER,
    Landmark.LEFT_HIP,
    Landmark.LEFT_KNEE,
    Landmark.LEFT_ANKLE,
)
_CHAINS = np.array([_LEFT_CHAIN, [MIRROR[each] for each in _LEFT_CHAIN]])
_CHAIN_SHARE = 0.779
"""Trunk, thigh and shank of the stature, as in :mod:`posecore.image_scale`."""
_LEFT_JOINTS = (*_LEFT_CHAIN, Landmark.LEFT_ELBOW, Landmark.LEFT_WRIST)
_JOINTS = [*_LEFT_JOINTS, *(MIRROR[each] for each in _LEFT_JOINTS)]

Change = Literal["began", "ended"]


class MovementMeter:
    """Measures how fast a body moves, in body lengths a second, so that distance does not matter.

    Notes
    -----
    Each of the twelve large joints moves from its mean place in the older half of a window of
    0.6 s to that in the newer half; the second fastest is the speed. The means take away what
    jitters, the second fastest what one wrongly seen joint does, and one arm that reaches still
    counts.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, NDArray[np.float64]]] = deque()
        self._body_px = 0.0

    def update(self, frame: PoseFrame, image_size: tuple[int, int]) -> float | None:
        """Take the next frame; returns the speed, None where nobody is seen or not for long."""
        if self._seen and not 0 <= frame.time_s - self._seen[-1][0] < _FLICKER_S:
            self._seen.clear()
        if not frame.is_detected:
            return None
        places = frame.image_landmarks[:, :2].astype(np.float64) * image_size
        self._measure_body(places, frame.time_s)
        places[~(frame.visibility >= _MIN_VISIBILITY)] = np.nan
        self._seen.append((frame.time_s, places[_JOINTS]))
        while self._seen[0][0] < frame.time_s - _WINDOW_S:
            self._seen.popleft()
        return self._compute_speed()

    def _measure_body(self, places: NDArray[np.float64], now_s: float) -> None:
        """Take the longest of late: whoever bends or turns is not smaller."""
        chain = places[_CHAINS]
        steps_px = np.linalg.norm(np.diff(chain, axis=1), axis=-1)
        body_px = float(np.nan_to_num(steps_px.sum(axis=1)).max()) / _CHAIN_SHARE
        since_s = now_s - self._seen[-1][0] if self._seen else np.inf
        self._body_px = max(body_px, self._body_px * float(np.exp(-since_s / _SIZE_FADES_S)))

    def _compute_speed(self) -> float | None:
        times_s = np.array([time_s for time_s, _ in self._seen])
        if times_s[-1] - times_s[0] < _WINDOW_S / 2 or not self._body_px > 0:
            return None
        is_new = times_s > (times_s[0] + times_s[-1]) / 2
        places = np.array([place for _, place in self._seen])
        older, newer = places[~is_new].mean(axis=0), places[is_new].mean(axis=0)
        apart_s = times_s[is_new].mean() - times_s[~is_new].mean()
        speeds = np.linalg.norm(newer - older, axis=1) / (apart_s * self._body_px)
        known = np.sort(speeds[~np.isnan(speeds)])
        return float(known[-2]) if len(known) >= _MIN_JOINTS else None


class AttemptWatch:
    """Tells when somebody begins an attempt and when it is over; times are the frames' own.

    Attributes
    ----------
    still_for_s : float
        How long somebody must stand still, or be away, until the attempt is over.
    speed : float or None
        Body lengths a second now; None where nobody is measured.
    moving_since_s : float
        When the movement began of which ``began`` was told last.
    """

    def __init__(self) -> None:
        self.still_for_s = STILL_FOR_S
        self.speed: float | None = None
        self.moving_since_s = float("inf")
        self._meter = MovementMeter()
        self._is_moving = False
        self._must_rest = False
        self._fast_since_s = self._last_fast_s = self._last_unstill_s = float("-inf")
        self._now_s = float("-inf")

    @property
    def now_s(self) -> float:
        """Time of the newest frame."""
        return self._now_s

    @property
    def is_moving(self) -> bool:
        """Whether an attempt goes on."""
        return self._is_moving

    def rest(self) -> None:
        """Wait for stillness before the next attempt: this one was ended by somebody else."""
        self._is_moving = False
        self._must_rest = True

    def update(self, frame: PoseFrame, image_size: tuple[int, int]) -> Change | None:
        """Take the next frame; returns what changed with it."""
        now_s = frame.time_s
        if now_s < self._now_s:
            self._last_fast_s = self._last_unstill_s = float("-inf")
        self._now_s = now_s
        self.speed = self._meter.update(frame, image_size)
        speed = self.speed or 0.0
        if speed >= STILL_HZ:
            self._last_unstill_s = now_s
        if speed >= MOVES_HZ:
            if now_s - self._last_fast_s > _FLICKER_S:
                self._fast_since_s = now_s
            self._last_fast_s = now_s
        if self._is_moving:
            return self._look_for_end(now_s)
        if self._must_rest:
            self._must_rest = now_s - self._last_unstill_s < MOVES_FOR_S
        elif speed >= MOVES_HZ and now_s - self._fast_since_s >= MOVES_FOR_S:
            self._is_moving = True
            self.moving_since_s = self._fast_since_s
            return "began"
        return None

    def _look_for_end(self, now_s: float) -> Change | None:
        if now_s - self._last_unstill_s < self.still_for_s:
            return None
        self._is_moving = False
        return "ended"
