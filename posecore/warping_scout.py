"""Looks for a movement in a whole recording: what online warping does for those who are lost."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from posecore.angles import CORE_ANGLES

Floats = NDArray[np.float64]

_MOST: Final = 3.0
"""A difference counts at most so many units: one angle seen wrongly decides nothing."""
PENALTY: Final = 0.05
_LONGEST_STEP: Final = 64
_SCOUT_STEP: Final = 1.0
SCOUTED: Final = 6
"""So many rows of 16 degrees make a movement that can be told from others."""
_NEAR: Final = 0.1
_ONES: Final = np.ones(len(CORE_ANGLES), dtype=np.float32)


class Poses:
    """Angles of many frames in units, and how far one live pose is from each."""

    def __init__(self, values: Floats) -> None:
        self.values = values
        self._known = (~np.isnan(values)).astype(np.float32)
        self._filled = np.nan_to_num(values).astype(np.float32)

    def take(self, frames: NDArray[np.int64]) -> "Poses":
        """Some of them."""
        return Poses(self.values[frames])

    def differ(self, pose: Floats, first: int = 0, stop: int | None = None) -> Floats:
        """Mean of the squared differences of what is known in both, shape (stop - first,)."""
        is_known = ~np.isnan(pose)
        # One that is not known is 0 in both, and counts nothing.
        apart = self._filled[first:stop] - np.where(is_known, pose, 0.0).astype(np.float32)
        apart *= apart
        np.minimum(apart, _MOST**2, out=apart)
        known = self._known[first:stop] * is_known
        n_known = known @ _ONES
        apart *= known
        # Where nothing can be compared, it is as if nothing were alike.
        sums = np.where(n_known > 0, apart @ _ONES, _MOST**2)
        return np.asarray(sums / np.maximum(n_known, 1), dtype=np.float64)


class Movement:
    """Tells when somebody has moved by a step."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._last = np.full(len(CORE_ANGLES), np.nan)

    def note(self, pose: Floats) -> float:
        """How many steps it is since the last time; 0 while it is less than 1."""
        change = np.abs(pose - self._last)
        change = change[~np.isnan(change)]
        moved = float(change.max()) / self._step if len(change) else 1.0
        if moved < 1.0:
            return 0.0
        self._last = np.where(np.isnan(pose), self._last, pose)
        return moved


class Found(NamedTuple):
    """Where the scout found the movement: a frame, and how well it fits."""

    frame: int
    cost: float


class Scout:
    """Looks for a movement in the whole reference: a matrix whose paths may begin anywhere."""

    def __init__(self, frames: Poses, match: float, resume: float) -> None:
        self._rows = thin_out(frames.values, _SCOUT_STEP)
        self._poses = frames.take(self._rows)
        self._match, self._resume = match, resume
        self._at = np.arange(len(self._rows))
        self.forget()

    def forget(self) -> None:
        """Begin anew with the next live pose."""
        self._movement = Movement(_SCOUT_STEP)
        self._covered = np.zeros(len(self._rows))
        self._cost = np.zeros(len(self._rows))
        self._n_columns = 0

    def step(self, pose: Floats, frame: int) -> Found | None:
        """Take a live pose; return where the movement was found, if it was."""
        moved = self._movement.note(pose)
        if not moved:
            return None
        differences = self._poses.differ(pose)
        longest = min(int(np.ceil(2 * moved)) + 1, _LONGEST_STEP)
        cheapest, came_from = _relax_with_origin(self._cost, longest, moved)
        self._covered = (1 - 1 / SCOUTED) * self._covered[came_from] + (self._at - came_from)
        self._cost = (1 - 1 / SCOUTED) * cheapest + differences / SCOUTED
        self._n_columns += 1
        if self._n_columns < SCOUTED:
            return None
        is_good = self._cost <= 0.5 * self._match
        is_good &= self._covered >= 0.4 * SCOUTED
        is_good &= differences <= self._resume
        if not is_good.any():
            return None
        away = _NEAR * np.abs(self._rows - frame) / len(self._rows)
        best = int(np.where(is_good, self._cost + away, np.inf).argmin())
        return Found(int(self._rows[best]), float(self._cost[best]))


def thin_out(values: Floats, step: float) -> NDArray[np.int64]:
    """Frames at which some angle is a step away from the last one taken, the first included."""
    rows, last = [0], values[0].copy()
    for number, pose in enumerate(values[1:], start=1):
        change = np.abs(pose - last)
        if (change >= step).any():
            rows.append(number)
            last = np.where(np.isnan(pose), last, pose)
        elif np.isnan(last).any():
            last = np.where(np.isnan(last), pose, last)
    return np.array(rows, dtype=np.int64)


def _relax_with_origin(
    path: Floats, longest: int, expected: float
) -> tuple[Floats, NDArray[np.int64]]:
    """Cost of coming to each row, and from which row one came."""
    cheapest = path + PENALTY * expected
    came_from = np.arange(len(path))
    for step in range(1, min(longest, len(path) - 1) + 1):
        other = path[:-step] + PENALTY * abs(step - expected)
        is_cheaper = other < cheapest[step:]
        cheapest[step:][is_cheaper] = other[is_cheaper]
        came_from[step:][is_cheaper] = np.flatnonzero(is_cheaper)
    return cheapest, came_from
