"""How near somebody is to a ghost: the score while it goes on."""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posecore.angles import CORE_ANGLES
from posecore.comparison import LARGEST_DIFFERENCE_DEG

Floats = NDArray[np.float64]

RECENT_S: Final = 5.0
_LEAST_S: Final = 0.5
"""The large number is of so many seconds at least: over a frame or two it is chance."""
STILL_DEG: Final = 10.0
"""So many degrees an angle may move by the measurement alone."""
LEAST_WEIGHT: Final = 5.0
"""What an angle weighs that the ghost does not move: little, but a bent elbow is seen."""
_OWN_SHARE: Final = 1 / 3
"""So much of what somebody moves must be the ghost's movement; the rest may be measurement."""
_STEP_DEG: Final = 8.0
BRIDGED: Final = 12
"""So many steps of the ghost's movement somebody may take from one frame to the next."""
LEAST_STEPS: Final = 8.0
"""Fewer steps than this, 64° of an angle, another movement may share by chance; with
more, who moves slowly would see no number. Of a shorter movement half is enough."""

GHOST_SCORE_FORMULA: Final = (
    "100 x the mean, over elbows, shoulders, hips and knees, of "
    f"1 - min(|you - ghost|, {LARGEST_DIFFERENCE_DEG:g}°) / {LARGEST_DIFFERENCE_DEG:g}°, where an "
    f"angle weighs as many degrees as the ghost moves it beyond {STILL_DEG:g}°, at least "
    f"{LEAST_WEIGHT:g}. The large number is over the last {RECENT_S:g} s. At its own pace a run is "
    "the mean over what was played. Waiting, it is the mean over the whole movement, each step of "
    "it as you did it last, and a step that you did not do is 0: so it grows as you go on; the "
    "large number is over the steps you did, and less where more than two thirds of what you moved "
    f"was something else; it needs {LEAST_STEPS * _STEP_DEG:g}° of the movement, or half of a "
    "shorter one"
)
"""What the score beside the picture is, for people."""


def compute_weights(angles_deg: Floats) -> Floats:
    """What each angle weighs: by how far the ghost moves it, all alike in one that stands still.

    Parameters
    ----------
    angles_deg : ndarray, shape (n, 8), degrees
        Those of the ghost; NaN where missing.

    Returns
    -------
    ndarray, shape (8,)
    """
    ranges_deg = np.zeros(angles_deg.shape[1])
    known = ~np.isnan(angles_deg).all(axis=0)
    if known.any():  # a frame that was seen wrongly moves nothing
        low, high = np.nanpercentile(angles_deg[:, known], [1, 99], axis=0)
        ranges_deg[known] = high - low
    return np.maximum(ranges_deg - STILL_DEG, LEAST_WEIGHT)


def compute_likeness(difference_deg: Floats) -> Floats:
    """How alike angles are, 0 to 1; NaN where they are not known in both."""
    apart = np.minimum(np.abs(difference_deg), LARGEST_DIFFERENCE_DEG)
    return np.asarray(1 - apart / LARGEST_DIFFERENCE_DEG)


class _Recent:
    """Sums over the last seconds."""

    def __init__(self, n_values: int) -> None:
        self._rows: deque[tuple[float, Floats, Floats]] = deque()
        self.sums, self.counts = np.zeros(n_values), np.zeros(n_values)

    @property
    def length_s(self) -> float:
        """From the first moment to the last."""
        return self._rows[-1][0] - self._rows[0][0] if self._rows else 0.0

    def add(self, now_s: float, sums: Floats, counts: Floats) -> None:
        """Take in one moment."""
        self._rows.append((now_s, sums, counts))
        self.sums += sums
        self.counts += counts

    def forget(self, now_s: float) -> None:
        """Leave out what is longer ago."""
        # Another clock is another time: what is later than now is forgotten too.
        while self._rows and not now_s - RECENT_S <= self._rows[0][0] <= now_s:
            _, sums, counts = self._rows.popleft()
            self.sums -= sums
            self.counts -= counts


class RunningScore:
    """Similarity from 0 to 100 with a ghost at its own pace: :data:`GHOST_SCORE_FORMULA`.

    Parameters
    ----------
    weights : ndarray, shape (8,), optional
        What each angle weighs, as of :func:`compute_weights`. Where all weigh alike, which is so
        for a position and when left out, it is the score of :func:`posecore.compare`; in a ghost
        that moves a part of its joints it is not: what does not move would make up for what does.
    """

    def __init__(self, weights: Floats | None = None) -> None:
        self._weights = np.ones(len(CORE_ANGLES)) if weights is None else weights
        self._recent = _Recent(len(CORE_ANGLES))
        self.begin_run()

    def begin_run(self) -> None:
        """Count a run anew from here on; the last seconds stay the last seconds."""
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
        alike = compute_likeness(difference_deg)
        known = ~np.isnan(alike)
        alike, counts = np.where(known, alike, 0.0), known.astype(np.float64)
        self._sums += alike
        self._counts += counts
        self._recent.forget(now_s)
        self._recent.add(now_s, alike, counts)

    @property
    def whole(self) -> float:
        """Of the run so far; NaN where nothing was known."""
        return self._score(self._sums, self._counts)

    @property
    def recent(self) -> float:
        """Of the last seconds; NaN where nothing was known, or for less than half a second."""
        if self._recent.length_s < _LEAST_S:
            return float("nan")
        return self._score(self._recent.sums, self._recent.counts)

    def _score(self, sums: Floats, counts: Floats) -> float:
        known = counts > 0
        if not known.any():
            return float("nan")
        return 100 * _average(sums[known] / counts[known], self._weights[known])


class StepScore:
    """Similarity from 0 to 100 with a ghost that waits: :data:`GHOST_SCORE_FORMULA`.

    A ghost that waits stands wherever it fits best, so that its likeness of one frame says little:
    who never moves is in the pose at which it stands. What counts is the movement: each step of it
    once, with the likeness when it was done.

    Parameters
    ----------
    steps_s : ndarray, shape (n_steps,)
        Moments of the steps of the ghost's movement, as of :class:`posecore.OnlineWarping`.
    steps_deg : ndarray, shape (n_steps, 8), degrees
        Its angles at them; NaN where they are not compared.
    weights : ndarray, shape (8,)
        What each angle weighs.

    Notes
    -----
    Between two frames the athlete may be several steps further. Those between are compared with
    poses on a straight line between the two, up to :data:`BRIDGED` steps, which is 96° of an
    angle. What is leapt over beyond that was not done.
    """

    def __init__(self, steps_s: Floats, steps_deg: Floats, weights: Floats) -> None:
        self._steps_s, self._steps_deg, self._weights = steps_s, steps_deg, weights
        self._is_countable = ~np.isnan(steps_deg).all(axis=1)
        self._recent = _Recent(2)
        # As the athlete's are counted: by the angle that moves furthest.
        apart_deg = np.nan_to_num(np.abs(np.diff(steps_deg, axis=0, prepend=steps_deg[:1])))
        self._lengths = np.maximum(apart_deg.max(axis=1) / _STEP_DEG, 1.0)
        self._least = min(LEAST_STEPS, float(self._lengths.sum()) / 2)
        self.begin_run()

    def begin_run(self) -> None:
        """Count a run anew from here on; the last seconds stay the last seconds."""
        self._likeness = np.full(len(self._steps_deg), np.nan)
        self.break_off()

    def break_off(self) -> None:
        """Count no step between the last frame and the next."""
        self._step: int | None = None
        self._position_s = float("nan")
        self._angles_deg = np.full(len(CORE_ANGLES), np.nan)

    def add(
        self,
        now_s: float,
        angles_deg: Floats,
        ghost_deg: Floats,
        position_s: float,
        *,
        is_matched: bool,
        moved: float,
    ) -> None:
        """Count one moment.

        Parameters
        ----------
        now_s : float
            Rising seconds.
        angles_deg, ghost_deg : ndarray, shape (8,), degrees
            The athlete's, and the ghost's where it is most like them; NaN where missing.
        position_s : float
            Where that is, on the clock of ``steps_s``.
        is_matched : bool
            Whether the athlete is in the pose of the ghost.
        moved : float
            How far the athlete moved, in steps of 8°.
        """
        self._recent.forget(now_s)
        if moved > 0:
            self._recent.add(now_s, np.zeros(2), np.array([0.0, moved]))
        if is_matched:
            self._count(now_s, angles_deg, ghost_deg, position_s)

    def _count(
        self, now_s: float, angles_deg: Floats, ghost_deg: Floats, position_s: float
    ) -> None:
        step, last = int(self._steps_s.searchsorted(position_s, side="right")) - 1, self._step
        is_first = last is None or not -BRIDGED <= step - last <= BRIDGED
        n_new = 0 if last is None or is_first else step - last
        if n_new > 1:
            passed = slice(step - n_new + 1, step)
            way_s = position_s - self._position_s
            shares = ((self._steps_s[passed] - self._position_s) / way_s).clip(0)[:, np.newaxis]
            passed_deg = self._angles_deg + shares * (angles_deg - self._angles_deg)
            self._likeness[passed] = self._compare(passed_deg - self._steps_deg[passed])
        self._likeness[step] = self._compare((angles_deg - ghost_deg)[np.newaxis])[0]
        # A step back by noise and forth again is no step that was done.
        if is_first or n_new > 0:
            self._step = step
        self._angles_deg, self._position_s = angles_deg, position_s
        is_position = len(self._likeness) == 1
        if n_new > 0 or is_position:
            which = slice(step - max(n_new - 1, 0), step + 1)
            lengths = np.where(np.isnan(self._likeness[which]), 0.0, self._lengths[which])
            alike = float((np.nan_to_num(self._likeness[which]) * lengths).sum())
            self._recent.add(now_s, np.array([alike, 0.0]), np.array([lengths.sum(), 0.0]))

    def _compare(self, difference_deg: Floats) -> Floats:
        alike = compute_likeness(difference_deg)
        weights = np.where(np.isnan(alike), 0.0, self._weights)
        total = weights.sum(axis=1)
        mean = (np.nan_to_num(alike) * weights).sum(axis=1) / np.maximum(total, 1e-9)
        return np.where(total > 0, mean, np.nan)

    @property
    def whole(self) -> float:
        """Of the whole movement, what is not done yet 0; NaN before its first step."""
        done = self._likeness[~np.isnan(self._likeness)]
        return float(100 * done.sum() / self._is_countable.sum()) if len(done) else float("nan")

    @property
    def recent(self) -> float:
        """Of the last seconds; NaN where nobody moved, or too little of the movement was done."""
        done, moved = self._recent.counts
        whole = max(float(done), _OWN_SHARE * float(moved))
        if done > 0 and whole < self._least:
            return float("nan")
        return float(100 * self._recent.sums[0] / whole) if whole > 0 else float("nan")

    @property
    def share(self) -> float:
        """How much of the movement is done, 0 to 1."""
        n_countable = int(self._is_countable.sum())
        return float((~np.isnan(self._likeness)).sum() / n_countable) if n_countable else 0.0


def _average(values: Floats, weights: Floats) -> float:
    return float((values * weights).sum() / weights.sum())
