"""A recorded movement over the live picture: it plays at its own pace, or waits for the athlete."""

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posecore.capture.canvas import Canvas
from posecore.capture.ghost_overlay import GOOD_RGB, draw_ghost
from posecore.capture.ghost_placement import GhostPlacer, Placement
from posecore.capture.ghost_reference import GhostPose, GhostReference, leave_out_hidden
from posecore.capture.ghost_run import DrawnGhost, GhostRun, Way
from posecore.capture.ghost_score import StepScore
from posecore.capture.ghost_words import find_levels
from posecore.capture.live_part import KeptDrawing, LiveMoment, LivePart
from posecore.errors import InvalidMessageError, PoseCoreError
from posecore.online_warping import compute_core_angles
from posecore.replay_clock import SPEEDS
from posecore.sequence import PoseSequence

Floats = NDArray[np.float64]

WAYS: Final[dict[Way, str]] = {"own": "Own pace", "waiting": "Waits for you"}
"""How a ghost can run, for people."""

_CALM_S: Final = 0.06
_LONGEST_WAY_S: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class GhostChoice:
    """Which recording is the ghost.

    Attributes
    ----------
    session_id : str
    key : tuple
        What tells it apart from every other choice.
    name : str
        For people.
    load : callable
        Gives the recording; called on a thread of its own.
    from_s, to_s : float
        The stretch, on the recording's clock.
    """

    session_id: str
    key: tuple[object, ...]
    name: str
    load: Callable[[], PoseSequence]
    from_s: float = -math.inf
    to_s: float = math.inf


class Ghost(LivePart):
    """A session, or a stretch of one, as a ghost over the athlete's own picture.

    Parameters
    ----------
    clock : callable
        Rising seconds; that of the pipeline.

    Attributes
    ----------
    choice : GhostChoice or None
        Set by :meth:`choose`.
    way : {"own", "waiting"}
        At its own pace, or moved on by the athlete (:class:`posecore.OnlineWarping`).
    """

    name = "ghost"

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._run: GhostRun | None = None
        self._loading: threading.Thread | None = None
        self._problem = ""
        self._recording_id = ""
        self._is_looped = True
        self._speed = 1.0
        self._placement: Placement = "hips"
        self.choice: GhostChoice | None = None
        self.way: Way = "own"

    # What the page chooses

    def choose(self, choice: GhostChoice | None) -> None:
        """Take another ghost, or none; it is loaded on a thread of its own and then plays."""
        with self._lock:
            if (choice and choice.key) == (self.choice and self.choice.key):
                return
            self.choice, self._run, self._problem = choice, None, ""
            if choice is None:
                return
            self._loading = threading.Thread(
                target=self._load, args=(choice,), name="ghost", daemon=True
            )
            self._loading.start()

    @property
    def placement(self) -> Placement:
        """Where it stands, one of :data:`posecore.capture.ghost_placement.PLACEMENTS`."""
        return self._placement

    @placement.setter
    def placement(self, placement: Placement) -> None:
        with self._lock:
            if placement != self._placement and self._run is not None:
                self._run.placer = GhostPlacer(self._run.reference, placement)
            self._placement = placement

    def run_as(self, way: Way) -> None:
        """Run at its own pace or wait for the athlete, from the start."""
        with self._lock:
            if way != self.way and self._run is not None:
                self._run.begin_scores()
                self._run.begin(self._clock())
            self.way = way

    def wait_until_loaded(self, timeout_s: float) -> None:
        """Return when nothing is being loaded any more, or the time is over."""
        thread = self._loading
        if thread is not None:
            thread.join(timeout_s)

    def _load(self, choice: GhostChoice) -> None:
        problem, run = "", None
        try:
            sequence = choice.load()
            reference = GhostReference(sequence, from_s=choice.from_s, to_s=choice.to_s)
            run = GhostRun(reference, self._placement, self._clock())
        except PoseCoreError as error:
            problem = str(error)
        except Exception:
            logging.getLogger(__name__).exception("The ghost could not be loaded")
            problem = "This session cannot be shown as a ghost; choose another one."
        with self._lock:
            if self.choice is choice:
                self._run, self._problem = run, problem
                if run is not None:
                    run.placer = GhostPlacer(run.reference, self._placement)
                    run.clock.set_speed(self._speed, self._clock())

    # What the pipeline asks

    def see(self, moment: LiveMoment) -> None:
        """Move the ghost on, put it in its place and compare the athlete with it."""
        with self._lock:
            run = self._run
            if run is None:
                return
            now_s = moment.arrived_s
            if not math.isfinite(run.seen_s) and run.clock.is_playing:
                run.clock.seek(run.shown_s, now_s)  # it did not run on while there was no camera
            if moment.recording_id not in ("", self._recording_id) and self.way == "own":
                run.begin(now_s)  # behind the countdown, with the recording's first frame
            self._recording_id = moment.recording_id
            angles_deg = leave_out_hidden(compute_core_angles(moment.calm), moment.frame.visibility)
            is_followed = self.way == "waiting" and run.clock.is_playing
            time_s = self._move_on(run, now_s, angles_deg)
            run.placer.see(now_s, moment.frame, moment.image_size)
            # Followed, it stands at a frame, and is drawn at another moment than that.
            pose = None if is_followed else run.reference.read(time_s)
            frame_deg = run.reference.read_angles(time_s) if is_followed else None
            run.count(self.way, now_s, angles_deg, frame_deg if pose is None else pose.angles_deg)
            is_hold = self._is_hold(run, time_s)
            is_still = not run.clock.is_playing or is_hold
            run.held.add(now_s, run.difference_deg, is_still=is_still)
            run.drawn = self._place(run, pose, now_s, time_s, moment.image_size)
            run.seen_s = now_s
            # Behind all else: the last pose belongs to the run that ends with it.
            if is_followed and run.is_followed_to_end(now_s, is_hold=is_hold):
                run.finish("waiting", now_s, is_looped=self._is_looped)

    def _move_on(self, run: GhostRun, now_s: float, angles_deg: Floats) -> float:
        """Moment of the recording that is now."""
        reference, clock = run.reference, run.clock
        if self.way == "waiting" and clock.is_playing:
            time_s = run.warping.follow_angles(now_s, angles_deg)
            clock.seek(time_s, now_s)
            return time_s
        if clock.position_s(now_s) >= reference.end_s and clock.is_playing:
            run.finish(self.way, now_s, is_looped=self._is_looped)
        return min(max(clock.position_s(now_s), reference.start_s), reference.end_s)

    def _is_hold(self, run: GhostRun, time_s: float) -> bool:
        # All of a hold looks alike: waiting, the ghost stands somewhere in it.
        span_s = run.warping.span_s if self.way == "waiting" else (time_s, time_s)
        return run.reference.is_hold(*span_s)

    def _place(
        self,
        run: GhostRun,
        pose: GhostPose | None,
        now_s: float,
        time_s: float,
        image_size: tuple[int, int],
    ) -> DrawnGhost | None:
        if self.way == "waiting":  # what follows a person trembles a little, and is calmed
            away_s = time_s - run.shown_s
            share = 1 - math.exp(-max(now_s - run.seen_s, 0.0) / _CALM_S)
            run.shown_s += away_s * (share if abs(away_s) < _LONGEST_WAY_S else 1.0)
            pose = run.reference.read(run.shown_s)
        else:
            run.shown_s = time_s
        if pose is None:
            return None
        xy = run.placer.place(pose, image_size)
        return DrawnGhost(xy, pose.is_seen, find_levels(run.difference_deg))

    def draw_below(self, canvas: Canvas) -> None:
        """Draw the ghost."""
        if (drawing := self.keep_drawing()) is not None:
            drawing.below(canvas)

    def draw_above(self, canvas: Canvas) -> None:
        """Say in the picture, for whoever stands far away, that a position is held."""
        if (drawing := self.keep_drawing()) is not None:
            drawing.above(canvas)

    def keep_drawing(self) -> KeptDrawing | None:
        """Return the ghost where it stands now, and whether a position is held."""
        run = self._run
        if run is None:
            return None
        is_held = run.seen_s < run.held.said_until_s
        return KeptDrawing(partial(_draw, run.drawn), partial(_write_held, is_held))

    def camera_ended(self) -> None:
        """Begin anew with the next camera, maybe another."""
        with self._lock:
            if self._run is not None:
                self._run.camera_ended()

    # What the panel asks

    def status(self) -> dict[str, Any]:
        """How it stands."""
        with self._lock:
            run = self._run
            if self.choice is None:
                return {"state": "none"}
            found = {"name": self.choice.name, "way": self.way, "problem": self._problem}
            if run is None:
                return {"state": "problem" if self._problem else "loading", **found}
            is_waiting, score = self.way == "waiting", run.score(self.way)
            return {
                "state": "ready",
                **found,
                "note": run.reference.note,
                "is_playing": run.clock.is_playing,
                "start_s": round(run.reference.start_s, 2),
                "end_s": round(run.reference.end_s, 2),
                "position_s": round(run.shown_s, 1),
                "speed": self._speed,
                "is_looped": self._is_looped,
                "score": _whole(score.recent),
                "run_score": _whole(score.whole),
                "done_share": round(score.share, 2) if isinstance(score, StepScore) else None,
                "last_score": _whole(run.last_score),
                "worst": run.worst.words,
                "is_matched": is_waiting and run.warping.is_matched,
                "is_lost": is_waiting and run.warping.is_lost,
                "hold_share": round(run.held.share, 1),
                "is_held": run.seen_s < run.held.said_until_s,
                "n_held": run.held.n_held,
            }

    def obey(self, command: Mapping[str, Any]) -> None:
        """Play, pause, restart, seek, change the way it runs, the speed or loop.

        Raises
        ------
        InvalidMessageError
        """
        with self._lock:
            wanted, now_s, run = command.get("do"), self._clock(), self._run
            if wanted == "loop":
                self._is_looped = command.get("on") is True
            elif wanted == "way":
                self.run_as(_read_way(command))
            elif wanted == "speed":
                self._speed = min(max(_read_number(command, "speed"), SPEEDS[0]), SPEEDS[1])
                if run is not None:
                    run.clock.set_speed(self._speed, now_s)
            elif wanted in ("play", "pause", "restart", "seek") and run is None:
                raise InvalidMessageError("There is no ghost yet; choose a session for it first.")
            elif wanted == "seek" and run is not None:
                run.go_to(_read_number(command, "time_s"), now_s)
            elif wanted == "pause" and run is not None:
                run.pause(now_s)
            elif wanted == "restart" and run is not None:
                run.begin(now_s)
            elif wanted == "play" and run is not None:
                self._play(run, now_s)
            else:
                super().obey(command)

    def _play(self, run: GhostRun, now_s: float) -> None:
        if run.shown_s >= run.reference.end_s:
            run.begin(now_s)
        run.clock.play(now_s)


def _draw(drawn: DrawnGhost | None, canvas: Canvas) -> None:
    if drawn is not None:
        draw_ghost(canvas, drawn.xy, drawn.is_seen, drawn.levels)


def _write_held(is_held: bool, canvas: Canvas) -> None:
    if is_held:
        size = canvas.height // 9
        place = (canvas.width // 2, int(1.4 * size))
        canvas.write("Held", place, size=size, colour=GOOD_RGB, centred=True)


def _read_number(command: Mapping[str, Any], key: str) -> float:
    value = command.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidMessageError("The ghost did not understand this; reload the page.")
    return float(value)


def _read_way(command: Mapping[str, Any]) -> Way:
    way = next((each for each in WAYS if each == command.get("way")), None)
    if way is None:
        raise InvalidMessageError("The ghost did not understand this; reload the page.")
    return way


def _whole(score: float) -> int | None:
    return None if math.isnan(score) else round(score)
