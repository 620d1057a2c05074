"""Goals over the live picture: counted with each frame, drawn at the joint, kept afterwards."""

import math
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posecore.angles import ANGLES
from posecore.capture.canvas import SUBPIXEL_BITS, WHITE, Canvas, Colour, Points
from posecore.capture.live_part import KeptDrawing, LiveMoment, LivePart
from posecore.errors import InvalidFieldError, InvalidMessageError
from posecore.goals import MAX_GOALS, Goal, GoalTracker, SessionGoal, Zone, measure_goal
from posecore.seen_angles import compute_seen_angle
from posecore.sequence import PoseFrame
from posecore.storage.session import Session
from posecore.storage.session_store import SessionStore
from posecore.topology import Landmark

GOOD_RGB: Final[Colour] = (0, 158, 115)
WARN_RGB: Final[Colour] = (230, 159, 0)
_SAME_S: Final = 1e-3
_RADIUS_SHARE: Final = 0.2  # of the trunk's length
_LEAST_RADIUS, _LARGEST_RADIUS = 1 / 26, 1 / 14  # of the picture's height
_N_DASHES: Final = 5
_DASH_SHARE: Final = 0.4
_SHOULDERS: Final = [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]
_HIPS: Final = [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]
_TICK: Final = np.array([[-0.45, 0.05], [-0.1, 0.4], [0.5, -0.4]])
_TICK_AT: Final = np.array([1.75, -0.7])


@dataclass(frozen=True)
class _Mark:
    """Where a goal is drawn: at a place of the camera's picture, the nth one there.

    ``trunk`` is the length of the athlete's trunk, of the picture's height.
    """

    xy: NDArray[np.floating]
    zone: Zone
    ring: int
    trunk: float


@dataclass
class _Crossings:
    """How often an angle came into a goal's zone and left it; whoever is hidden does neither.

    Counted here, because those who only look now and then miss a short visit.
    """

    n_entered: int = 0
    n_left: int = 0
    is_in: bool = False

    def add(self, zone: Zone) -> None:
        if zone == "in" and not self.is_in:
            self.n_entered += 1
        elif zone == "out" and self.is_in:
            self.n_left += 1
        if zone != "unseen":
            self.is_in = zone == "in"


@dataclass(frozen=True)
class _Counted:
    """What was counted in a recording, and how much of it was seen."""

    recording_id: str
    goals: list[SessionGoal]
    n_frames: int
    length_s: float

    def is_of(self, session: Session) -> bool:
        """Whether it was counted of exactly the frames that were stored."""
        is_as_long = math.isclose(self.length_s, session.duration_s, abs_tol=_SAME_S)
        is_whole = self.n_frames == session.frame_count and is_as_long
        return self.recording_id == session.id and is_whole


class LiveGoals(LivePart):
    """Counts goals while the camera runs: anew for each recording, and outside of one as well.

    Parameters
    ----------
    store : SessionStore
        Where the goals of a recording are kept, with what was reached when it is stopped.

    Attributes
    ----------
    has_sound : bool
        Whether coming into a zone, and leaving it, can be heard.
    """

    name = "goals"

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._trackers: list[GoalTracker] = []
        self._readings_deg: list[float] = []
        self._crossings: list[_Crossings] = []
        self._marks: list[_Mark] = []
        self._recording_id = self._stopped_id = ""
        self._n_frames = 0
        self._first_s = self._last_s = -math.inf
        self._counted: _Counted | None = None
        self.has_sound = True

    @property
    def goals(self) -> list[Goal]:
        """What is followed, in the order in which it was chosen."""
        with self._lock:
            return [tracker.goal for tracker in self._trackers]

    def choose(self, goals: Iterable[Goal]) -> None:
        """Follow these goals; those that stay go on counting. Nothing changes in a recording.

        Raises
        ------
        InvalidFieldError
            If there are more than four.
        """
        wanted = list(goals)
        if len(wanted) > MAX_GOALS:
            raise InvalidFieldError(f"{MAX_GOALS} goals are followed at once; remove some.")
        with self._lock:
            if self._recording_id or wanted == [tracker.goal for tracker in self._trackers]:
                return
            kept = {tracker.goal: tracker for tracker in self._trackers}
            self._trackers = [kept.get(goal) or GoalTracker(goal) for goal in wanted]
            self._readings_deg = [math.nan] * len(wanted)
            self._crossings = [_Crossings() for _ in wanted]
            self._marks = []
            self._counted = None

    def see(self, moment: LiveMoment) -> None:
        """Give each goal its reading of a frame."""
        frame = moment.frame
        with self._lock:
            # The last frame of a recording may come when it was stopped and counted already.
            is_late = moment.recording_id == self._stopped_id
            recording_id = "" if is_late else moment.recording_id
            if recording_id != self._recording_id:
                self._begin(recording_id)
            elif not recording_id and frame.time_s <= self._last_s:
                self._break_off()  # the camera was started again, with a clock of its own
            if frame.time_s > self._last_s:
                self._n_frames += 1
                self._first_s = frame.time_s if self._n_frames == 1 else self._first_s
                self._last_s = frame.time_s
            self._readings_deg = [
                float(compute_seen_angle(tracker.goal.angle, frame)) for tracker in self._trackers
            ]
            for tracker, reading_deg, crossings in zip(
                self._trackers, self._readings_deg, self._crossings, strict=True
            ):
                # The very number that is stored: rounded otherwise, a step could count otherwise.
                tracker.add(frame.time_s - self._first_s, reading_deg)
                crossings.add(tracker.zone)
            self._marks = self._place_marks(frame)

    def _begin(self, recording_id: str) -> None:
        """Put away what was counted in a recording, and count anew in another or outside of one."""
        if self._recording_id:
            goals = [SessionGoal(goal=each.goal, result=each.result) for each in self._trackers]
            length_s = self._last_s - self._first_s
            self._counted = _Counted(self._recording_id, goals, self._n_frames, length_s)
        self._recording_id = recording_id
        for tracker in self._trackers:
            tracker.reset()
        self._n_frames = 0
        self._first_s = self._last_s = -math.inf

    def _break_off(self) -> None:
        self._last_s = -math.inf
        for tracker in self._trackers:
            tracker.break_off()

    def _place_marks(self, frame: PoseFrame) -> list[_Mark]:
        rings: Counter[bytes] = Counter()
        marks = []
        for tracker, reading_deg in zip(self._trackers, self._readings_deg, strict=True):
            xy = _find_place(tracker.goal, frame)
            if math.isfinite(reading_deg) and np.isfinite(xy).all():
                ring = rings[xy.tobytes()]
                marks.append(_Mark(xy, tracker.zone, ring, _measure_trunk(frame)))
                rings[xy.tobytes()] += 1
        return marks

    def draw_above(self, canvas: Canvas) -> None:
        """Draw a ring at each goal's joint: whole with a tick in the zone, dashed outside."""
        _draw_marks(self._marks, canvas)

    def keep_drawing(self) -> KeptDrawing:
        """Return the rings of the frame just seen."""
        return KeptDrawing(above=partial(_draw_marks, self._marks))

    def status(self) -> dict[str, Any]:
        """Describe each goal: where the angle is, what was reached, and in the last recording."""
        with self._lock:
            followed = zip(self._trackers, self._readings_deg, self._crossings, strict=True)
            before = {each.goal: each for each in self._counted.goals} if self._counted else {}
            return {
                "is_recording": bool(self._recording_id),
                "has_sound": self.has_sound,
                "goals": [
                    _describe(tracker, reading_deg, before.get(tracker.goal))
                    | {"n_entered": crossings.n_entered, "n_left": crossings.n_left}
                    for tracker, reading_deg, crossings in followed
                ],
            }

    def obey(self, command: Mapping[str, Any]) -> None:
        """Count anew: ``{"do": "reset"}``."""
        if command.get("do") != "reset":
            super().obey(command)
        with self._lock:
            if self._recording_id:
                raise InvalidMessageError(
                    "A recording counts from its start to its end; stop it, then count anew."
                )
            for tracker in self._trackers:
                tracker.reset()
            self._counted = None

    def recording_started(self) -> None:
        """Forget what was reached in the one before."""
        with self._lock:
            self._counted = None

    def session_created(self, session_id: str) -> None:
        """Keep what is to be reached, so that it is there whatever happens."""
        if goals := self.goals:
            self._store.goals.set(session_id, [SessionGoal(goal=goal) for goal in goals])

    def recording_stopped(self, session: Session) -> None:
        """Keep what was reached: as it was counted, or of the stored frames where one is amiss."""
        with self._lock:
            if self._recording_id == session.id:
                self._begin("")
            self._stopped_id = session.id
            counted = self._counted
        if counted is None or not counted.is_of(session):
            counted = self._count_stored(session)
            with self._lock:
                self._counted = counted
        if counted.goals:
            self._store.goals.set(session.id, counted.goals)

    def _count_stored(self, session: Session) -> _Counted:
        """Count in the frames as they were stored, whatever is followed by now."""
        if goals := self._store.goals.list(session.id):
            sequence = self._store.load_sequence(session.id)
            goals = [
                SessionGoal(goal=each.goal, result=measure_goal(sequence, each.goal))
                for each in goals
            ]
        return _Counted(session.id, goals, session.frame_count, session.duration_s)

    def camera_ended(self) -> None:
        """Let the next camera begin with a clock of its own; what was counted stays."""
        with self._lock:
            if self._recording_id:
                self._begin("")
            self._break_off()
            self._readings_deg = [math.nan] * len(self._trackers)
            self._marks = []


def _find_place(goal: Goal, frame: PoseFrame) -> NDArray[np.floating]:
    """Where in the picture an angle is: at its joint, or amid all it is read from."""
    definition = ANGLES[goal.angle]
    landmarks = definition.joint[1:2] if definition.joint else definition.landmarks
    place: NDArray[np.floating] = frame.image_landmarks[list(landmarks), :2].mean(axis=0)
    return place


def _measure_trunk(frame: PoseFrame) -> float:
    """From the middle of the shoulders to that of the hips; 0 where they are not known."""
    xy = frame.image_landmarks[:, :2]
    trunk = xy[_SHOULDERS].mean(axis=0) - xy[_HIPS].mean(axis=0)
    # Across the picture a unit is longer than up and down; a lying trunk is only roughly measured.
    return float(np.nan_to_num(np.hypot(*trunk)))


def _describe(
    tracker: GoalTracker, reading_deg: float, before: SessionGoal | None
) -> dict[str, Any]:
    goal, result = tracker.goal, tracker.result
    lowest, highest = ANGLES[goal.angle].range_deg
    last = None
    if before is not None and before.result is not None:
        last = {
            "n_repetitions": before.result.n_repetitions,
            "in_zone_s": round(before.result.in_zone_s, 1),
        }
    return {
        "label": goal.label,
        "side": ANGLES[goal.angle].side,
        "low_deg": lowest if goal.low_deg is None else goal.low_deg,
        "high_deg": highest if goal.high_deg is None else goal.high_deg,
        "lowest_deg": lowest,
        "highest_deg": highest,
        "value_deg": _round(reading_deg),
        "zone": tracker.zone,
        "n_repetitions": result.n_repetitions,
        "in_zone_s": round(result.in_zone_s, 1),
        "best_deg": _round(result.best_deg),
        "last": last,
    }


def _round(value_deg: float) -> int | None:
    """Return the whole degree that counts, halves upwards; None where nothing was read."""
    return math.floor(value_deg + 0.5) if math.isfinite(value_deg) else None


def _make_arc(start: float, end: float, n_points: int) -> NDArray[np.float64]:
    turns = 2 * np.pi * np.linspace(start, end, n_points)
    return np.column_stack([np.cos(turns), np.sin(turns)])


_CIRCLE: Final = _make_arc(0.0, 1.0, 49)
_DASHES: Final = [
    _make_arc(number / _N_DASHES, (number + _DASH_SHARE) / _N_DASHES, 6)
    for number in range(_N_DASHES)
]


def _draw_marks(marks: list[_Mark], canvas: Canvas) -> None:
    for mark in marks:
        centre = canvas.to_points(mark.xy)
        share = np.clip(_RADIUS_SHARE * mark.trunk, _LEAST_RADIUS, _LARGEST_RADIUS)
        radius = canvas.height * share * (1 + 0.4 * mark.ring)
        is_in = mark.zone == "in"
        lines = [_CIRCLE, _TICK_AT + 0.9 * _TICK] if is_in else _DASHES
        shapes = [_place(centre, line * radius) for line in lines]
        if is_in:
            canvas.draw_lines(shapes, WHITE, canvas.thickness + 3)
        canvas.draw_lines(shapes, GOOD_RGB if is_in else WARN_RGB, canvas.thickness + 1)


def _place(centre: Points, offset_px: NDArray[np.float64]) -> Points:
    return (centre + np.rint(offset_px * (1 << SUBPIXEL_BITS))).astype(np.int32)
