"""One ghost that is loaded: where it is, where it stands, and how near the athlete is."""

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from posecore.capture.ghost_held import EndOfRun, HeldPosition
from posecore.capture.ghost_placement import GhostPlacer, Placement
from posecore.capture.ghost_reference import GhostReference
from posecore.capture.ghost_score import RunningScore, StepScore, compute_weights
from posecore.capture.ghost_words import Level, SteadyWords
from posecore.online_warping import OnlineWarping
from posecore.replay_clock import ReplayClock

Floats = NDArray[np.float64]
Way = Literal["own", "waiting"]

_UNKNOWN: Final = np.full(8, np.nan)


@dataclass(frozen=True, eq=False)
class DrawnGhost:
    """What is drawn of it in one frame.

    Attributes
    ----------
    xy : ndarray, shape (33, 2)
        Normalised to the live picture, not mirrored.
    is_seen : ndarray of bool, shape (33,)
    levels : dict of str to {"good", "warn", "bad"}
        How far off the limbs are.
    """

    xy: Floats
    is_seen: NDArray[np.bool_]
    levels: dict[str, Level]


class GhostRun:
    """What changes while a ghost runs; :class:`posecore.capture.ghost.Ghost` moves it on.

    Parameters
    ----------
    reference : GhostReference
    placement : {"hips", "feet", "recorded"}
    now_s : float
        By the pipeline's rising clock.
    """

    def __init__(self, reference: GhostReference, placement: Placement, now_s: float) -> None:
        self.reference = reference
        self.warping = OnlineWarping(reference.sequence)
        self.placer = GhostPlacer(reference, placement)
        self.clock = ReplayClock()
        self.begin_scores()
        self.held = HeldPosition()
        self.end = EndOfRun()
        self.worst = SteadyWords()
        self.last_score = float("nan")
        self.difference_deg = _UNKNOWN
        self.shown_s = reference.start_s
        self.seen_s = -math.inf
        self.drawn: DrawnGhost | None = None
        self.clock.seek(reference.start_s, now_s)
        self.clock.play(now_s)

    def begin_scores(self) -> None:
        """Know of no movement so far."""
        weights = compute_weights(self.reference.angles_deg)
        steps_s = self.warping.rows_s
        steps_deg = np.array([self.reference.read_angles(float(each)) for each in steps_s])
        self.own_score = RunningScore(weights)
        self.step_score = StepScore(steps_s, steps_deg, weights)

    def score(self, way: Way) -> RunningScore | StepScore:
        """That of a way to run."""
        return self.step_score if way == "waiting" else self.own_score

    def go_to(self, time_s: float, now_s: float) -> None:
        """Stand at a moment."""
        reference = self.reference
        time_s = min(max(time_s, reference.start_s), reference.end_s)
        self.clock.seek(time_s, now_s)
        self.warping.seek(time_s)
        self.step_score.break_off()
        self.shown_s = time_s
        self.held.leave()
        self.end.forget()

    def begin(self, now_s: float) -> None:
        """Begin a new run."""
        self.own_score.begin_run()
        self.step_score.begin_run()
        self.go_to(self.reference.start_s, now_s)
        self.clock.play(now_s)

    def pause(self, now_s: float) -> None:
        """Stand still; the time until it goes on is none."""
        self.clock.pause(now_s)
        self.warping.pause()
        self.step_score.break_off()

    def camera_ended(self) -> None:
        """Be drawn no more; the next picture is another place, and maybe another person."""
        self.placer.forget()
        self.warping.pause()
        self.step_score.break_off()
        self.drawn, self.seen_s = None, -math.inf

    def count(self, way: Way, now_s: float, angles_deg: Floats, ghost_deg: Floats | None) -> None:
        """Compare the athlete with the ghost where it is now.

        Parameters
        ----------
        way : {"own", "waiting"}
        now_s : float
        angles_deg : ndarray, shape (8,), degrees
            The athlete's; NaN where missing.
        ghost_deg : ndarray, shape (8,), degrees, or None
            The ghost's; None where the recording has a gap.
        """
        self.difference_deg = _UNKNOWN if ghost_deg is None else angles_deg - ghost_deg
        self.worst.add(now_s, self.difference_deg)
        if not self.clock.is_playing:
            return
        if way == "own":
            self.own_score.add(now_s, self.difference_deg)
            return
        warping = self.warping
        self.step_score.add(
            now_s,
            angles_deg,
            self.reference.read_angles(warping.nearest_s),
            float(warping.rows_s[-1]) if warping.is_at_end else warping.nearest_s,
            is_matched=warping.is_matched,
            moved=warping.moved,
        )

    def finish(self, way: Way, now_s: float, *, is_looped: bool) -> None:
        """Keep the score of a run that is over, and begin another or stand at the end."""
        self.last_score = self.score(way).whole
        if is_looped:
            self.begin(now_s)
        else:
            self.clock.seek(self.reference.end_s, now_s)
            self.pause(now_s)

    def is_followed_to_end(self, now_s: float, *, is_hold: bool) -> bool:
        """Whether the athlete has done the whole movement of a ghost that waits."""
        warping = self.warping
        return self.end.is_over(
            now_s,
            warping.difference_deg,
            is_at_end=warping.is_at_end,
            is_hold=is_hold,
            is_held=self.held.is_held,
        )
