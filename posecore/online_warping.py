"""Where in a recording somebody is who does the same movement now: warping without a future."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from posecore.angles import ANGLES, CORE_ANGLES, compute_joint_angles
from posecore.errors import ComparisonError
from posecore.geometry import compute_vector_angle
from posecore.sequence import PoseFrame, PoseSequence
from posecore.warping_scout import PENALTY, SCOUTED, Movement, Poses, Scout, thin_out

Floats = NDArray[np.float64]

_DEFINITIONS: Final = [ANGLES[name] for name in CORE_ANGLES]
_JOINTS: Final = np.array([each.joint for each in _DEFINITIONS], dtype=np.intp).T
"""Proximal landmarks, vertices and distal landmarks."""
_IS_STRAIGHT: Final = np.array([each.zero == "straight" for each in _DEFINITIONS])

UNIT_DEG: Final = 16.0
"""What an angle may be off by the measurement alone: differences are counted in this."""

MATCH_DEG: Final = (15.0, 25.0)
"""Root mean square of the angles' differences up to which a pose counts as that of the reference:
seven tenths of how far two of its poses are apart, but within this range. The upper end is a little
less than where the score of a comparison says half alike."""

_MATCH_SHARE: Final = 0.7
_RESUME_SHARE: Final = 0.85
_STEP: Final = 0.5
"""How far an angle goes from one landmark of the way to the next, in units."""
_BACK, _AHEAD = 30, 90
_ASTRAY_S: Final = 1.0
_GAP_S: Final = 0.25
_LONGEST_GAP_S: Final = 2.0
_LEAST_KNOWN: Final = 4
_TIE: Final = 0.02
_ROWS_ROUND: Final = 150
_MEMORY: Final = _STEP / SCOUTED
_MUCH_BETTER: Final = 0.3
_WELL: Final = 0.25
"""A path half as far away as a match fits well: where another fits better, that is noise."""


class OnlineWarping:
    """Follows somebody live through a recording: goes on as they go on, and stands as they stand.

    Each live pose is answered with a moment of the reference. Nothing is known of poses to come, so
    the answer is for now, and a later one may be a little before it.

    Parameters
    ----------
    reference : PoseSequence
        Best cleaned. Stretches in which nobody is seen are stepped over.

    Attributes
    ----------
    position_s : float
        Moment of the reference at which the athlete is, on the clock of its ``time_s``.
    nearest_s : float
        Moment near the position that looks most like the pose; the position itself stays where it
        is as long as it looks about as much like it.
    moved : float
        How far the athlete moved with the last pose, in such steps; 0 for less than one.
    difference_deg : float
        Root mean square difference of the angles there; NaN while nobody is seen.
    is_matched : bool
        Whether the athlete is in the pose of that moment, ``match_deg`` or less away.
    match_deg : float
        How far that is, see :data:`MATCH_DEG`.
    is_lost : bool
        Whether they have not been for a second: the position stands until they take up that pose
        again, or do a part of the movement from which it can be told where they are.
    is_at_end : bool
        Whether the last pose of the reference is reached.
    rows_s : ndarray, shape (n_rows,)
        Moments of the reference between which some angle has moved by 8 degrees: its movement step
        by step, however fast it was. A hold is one of them.

    Raises
    ------
    ComparisonError
        If the reference has no frame with somebody in it.

    Notes
    -----
    On-line time warping as Dixon described it: the matrix of dynamic time warping is filled column
    by column as poses come in, in a band around the cheapest end of the last column, and the end of
    the path is open. What is different here serves people who slow down and pause:

    1. Both clocks run by movement, not by time. A pose becomes a row or a column when an angle is
       8 degrees away from the last one. So pace does not matter, a pause adds no column however
       long it lasts, and a hold is a single row.
    2. The cost is the squared difference of the eight core angles in units of 16 degrees, each at
       most 9, mean over the angles known in both, and 0.05 for each row by which a step is shorter
       or longer than what the athlete has moved. The path never goes back. After a gap in the live
       poses a step may be as long as twice the time that passed, of which two seconds count: who
       comes back later than that is where they were, or is looked for.
    3. Between the rows the answer is the frame that looks most like the pose, of equal ones the
       nearest to the answer before.
    4. The position moves only while the pose is matched. Astray for a second, the path is begun
       anew where it stands.
    5. All the time a second matrix over the whole reference, with an open beginning (a subsequence
       search) and rows of 16 degrees, looks for a movement of about 100 degrees that was matched
       all along; of equal ones it takes the nearest. It counts when the path is lost, and when the
       path does not fit well and it fits three times as well over as long a movement.

    One pose takes a few tenths of a millisecond with five minutes of reference.

    References
    ----------
    Dixon (2005), An on-line time warping algorithm for tracking musical performances, IJCAI:1727.
    Sakoe & Chiba (1978), Dynamic programming algorithm optimization for spoken word recognition,
    IEEE Trans ASSP 26(1):43-49.
    """

    def __init__(self, reference: PoseSequence) -> None:
        angles_deg = compute_joint_angles(reference, CORE_ANGLES).to_numpy(dtype=np.float64)
        is_known = (~np.isnan(angles_deg)).sum(axis=1) >= _LEAST_KNOWN
        if not is_known.any():
            raise ComparisonError(
                "Nobody is seen in the reference, so it cannot be followed; choose another one."
            )
        self._frames_s = reference.time_s[is_known]
        self._frames = Poses(angles_deg[is_known] / UNIT_DEG)
        self._rows = thin_out(self._frames.values, _STEP)
        self._poses = self._frames.take(self._rows)
        self.rows_s = self._frames_s[self._rows]
        self.match_deg = _find_match(self._poses.values)
        self._match = (self.match_deg / UNIT_DEG) ** 2
        self._resume = (_RESUME_SHARE * self.match_deg / UNIT_DEG) ** 2
        self._scout = Scout(self._frames, self._match, self._resume)
        self._cost, self._n_better = 0.0, 0
        self.seek(float(self._frames_s[0]))

    def pause(self) -> None:
        """Break the live poses off: the time until the next one is no time for a movement."""
        self._live_s = -np.inf
        self._astray_since_s = np.inf

    def seek(self, time_s: float) -> None:
        """Wait at a moment of the reference for the athlete to take up its pose."""
        self.pause()
        self._frame = int(np.searchsorted(self._frames_s, time_s, side="right").clip(1)) - 1
        self._row = int(np.searchsorted(self._rows, self._frame, side="right")) - 1
        self.position_s = self.nearest_s = float(self._frames_s[self._frame])
        self.difference_deg = float("nan")
        self.is_matched = self.is_lost = False
        self._is_following = False
        self._movement, self.moved = Movement(_STEP), 0.0
        self._scout.forget()
        self._begin_path(self._row)

    @property
    def span_s(self) -> tuple[float, float]:
        """First and last moment around the position at which the reference looks about like it."""
        is_last = self._row + 1 == len(self._rows)
        after = len(self._frames_s) if is_last else int(self._rows[self._row + 1])
        return float(self._frames_s[self._rows[self._row]]), float(self._frames_s[after - 1])

    @property
    def is_at_end(self) -> bool:
        """Whether the last pose of the reference is reached; a single position has no end."""
        return self.is_matched and self._row == len(self._rows) - 1 > 0

    def follow(self, frame: PoseFrame) -> float:
        """Take the next live pose and return where in the reference it is.

        Parameters
        ----------
        frame : PoseFrame
            Later than the one before. One with nobody in it leaves everything as it is.

        Returns
        -------
        float
            :attr:`position_s`.
        """
        return self.follow_angles(frame.time_s, compute_core_angles(frame))

    def follow_angles(self, time_s: float, angles_deg: Floats) -> float:
        """Do as :meth:`follow`, with the angles of :data:`CORE_ANGLES` where they are known.

        Parameters
        ----------
        time_s : float
        angles_deg : ndarray, shape (8,), degrees
            NaN where missing.
        """
        pose = np.asarray(angles_deg, dtype=np.float64) / UNIT_DEG
        if (~np.isnan(pose)).sum() < _LEAST_KNOWN:
            self.difference_deg = float("nan")
            self.is_matched, self.moved = False, 0.0
            return self.position_s
        if time_s < self._live_s:  # another stream
            self._astray_since_s = np.inf
        gap_s = time_s - self._live_s if np.isfinite(self._live_s) else 0.0
        self._live_s = time_s
        self.moved = moved = self._movement.note(pose)
        self._look_around(pose)
        if self._is_following:
            if moved:
                self._step(pose, moved, gap_s)
        elif self._frames.differ(pose, self._frame, self._frame + 1)[0] <= self._resume:
            self._is_following = True
            self._begin_path(self._row)
        self._settle(pose, time_s)
        return self.position_s

    def _look_around(self, pose: Floats) -> None:
        """Go to where the movement is found, if it is not where the path is."""
        found = self._scout.step(pose, self._frame)
        if found is None:
            return
        is_well = self._cost < _WELL * self._match
        is_better = not is_well and found.cost < _MUCH_BETTER * self._cost
        self._n_better = self._n_better + 1 if is_better else 0
        if self.is_lost or self._n_better >= SCOUTED:
            self._is_following, self._frame = True, found.frame
            self._row = int(np.searchsorted(self._rows, found.frame, side="right")) - 1
            self._begin_path(self._row)

    def _begin_path(self, row: int) -> None:
        self._path_first, self._path = row, np.zeros(1)
        self._cost, self._n_better = 0.0, 0

    def _step(self, pose: Floats, moved: float, gap_s: float) -> None:
        """Fill one more column of the matrix within the band."""
        longest = int(np.ceil(2 * moved)) + 1
        if gap_s > _GAP_S:
            # What has to be paid for a long step is paid after a gap too: of poses that are equally
            # good, as in one repetition and the next, noise would choose one.
            until_s = self.rows_s[self._row] + 2 * min(gap_s, _LONGEST_GAP_S)
            passed = int(np.searchsorted(self.rows_s, until_s)) - self._row
            longest = max(longest, min(passed, _AHEAD))
        first = max(0, self._row - _BACK)
        stop = min(len(self._rows), self._row + _AHEAD + 1)
        begin = max(0, first - longest)
        path = self._read_path(begin, stop)
        cheapest = _relax(path, longest, moved)[first - begin :]
        column = cheapest + self._poses.differ(pose, first, stop)
        self._path_first, self._path = first, column - column.min()
        difference = float(self._poses.differ(pose, self._row, self._row + 1)[0])
        self._cost += _MEMORY * (difference - self._cost)

    def _read_path(self, begin: int, stop: int) -> Floats:
        """Last column of the matrix in some rows; infinite outside its band."""
        path = np.full(stop - begin, np.inf)
        from_row = max(begin, self._path_first)
        to_row = min(stop, self._path_first + len(self._path))
        if from_row < to_row:
            kept = self._path[from_row - self._path_first : to_row - self._path_first]
            path[from_row - begin : to_row - begin] = kept
        return path

    def _settle(self, pose: Floats, time_s: float) -> None:
        """Find the frame that looks most like the pose, and see whether it does."""
        is_following = self._is_following
        row = self._path_first + int(self._path.argmin()) if is_following else self._row
        first = int(self._rows[max(row - 1, 0)])
        stop = int(self._rows[row + 2]) if row + 2 < len(self._rows) else len(self._frames_s)
        first = max(first, int(self._rows[row]) - _ROWS_ROUND)
        differences = self._frames.differ(pose, first, stop)
        nearest = int(differences.argmin())
        good = first + np.flatnonzero(differences <= differences[nearest] + _TIE)
        frame = int(good[np.abs(good - self._frame).argmin()])
        square = float(differences[frame - first])
        self.is_matched = self._is_following and square <= self._match
        if self.is_matched:
            self._row, self._frame = row, frame
            self.position_s = float(self._frames_s[frame])
            self.nearest_s = float(self._frames_s[first + nearest])
            self.is_lost, self._astray_since_s = False, np.inf
        else:
            self._astray_since_s = min(self._astray_since_s, time_s)
            if time_s - self._astray_since_s >= _ASTRAY_S:
                self.is_lost, self._is_following = True, False
        self.difference_deg = float(np.sqrt(square) * UNIT_DEG)


def compute_core_angles(frame: PoseFrame) -> Floats:
    """Angles of :data:`CORE_ANGLES` in one frame, shape (8,), degrees; NaN where missing."""
    # All joints at once: one pose of eight joints costs what one joint does.
    proximal, vertex, distal = frame.world_landmarks[_JOINTS]
    interior = compute_vector_angle(proximal - vertex, distal - vertex)
    return np.where(_IS_STRAIGHT, 180.0 - interior, interior)


def _find_match(values: Floats) -> float:
    """How alike a pose must be, in a movement that itself goes only so far."""
    spread = np.nanmean(np.nanvar(values[:, ~np.isnan(values).all(axis=0)], axis=0))
    apart_deg = float(np.sqrt(2 * spread) * UNIT_DEG)
    return float(np.clip(_MATCH_SHARE * apart_deg, *MATCH_DEG))


def _make_windows(path: Floats, longest: int) -> NDArray[np.float64]:
    """Each place with those before it, shape (n, longest + 1), the place itself last."""
    padded = np.concatenate([np.full(longest, np.inf), path])
    return np.lib.stride_tricks.sliding_window_view(padded, longest + 1)


def _relax(path: Floats, longest: int, expected: float) -> Floats:
    """Cost of coming to each row in one step of 0 to so many rows."""
    penalty = PENALTY * np.abs(np.arange(longest + 1) - expected)
    return np.asarray((_make_windows(path, longest) + penalty[::-1]).min(axis=1))
