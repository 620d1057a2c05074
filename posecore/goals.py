"""Goals: a target for an angle, and what was reached of it, one reading after the other."""

import math
import statistics
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from numbers import Real
from typing import Any, Final, Literal, Self

from posecore.angles import ANGLES, MAX_STEP_S
from posecore.errors import InvalidFieldError
from posecore.seen_angles import compute_seen_angle
from posecore.sequence import PoseSequence

Kind = Literal["at_least", "at_most", "within"]
Zone = Literal["in", "out", "unseen"]

KINDS: Final[tuple[Kind, ...]] = ("at_least", "at_most", "within")
MAX_GOALS: Final = 4
"""So many goals at once: more numbers than that nobody follows while they move."""

RETURN_DEG: Final = 15.0
"""So far outside its zone a movement is back, as small as the smallest repetition
:func:`posecore.detect_repetitions` finds."""

LEAVE_DEG: Final = 3.0
"""So far outside the zone is left: jitter at its border does not flicker."""

LEAST_ROOM_DEG: Final = 10.0
"""Less than this outside the zone is no room for a movement to begin in."""

CLOSE_S: Final = 0.06
"""Of readings that follow each other so closely, what one alone says is most often the estimator's
leap, up to 55 degrees in real recordings, and no movement."""

_HALF_DEG: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A target for one angle.

    Attributes
    ----------
    angle : str
        Key of :data:`posecore.ANGLES`.
    kind : {"at_least", "at_most", "within"}
    low_deg, high_deg : float or None
        The zone, both limits included; None where it is open: above for "at_least", below for
        "at_most".

    Raises
    ------
    InvalidFieldError
        If there is no such angle or kind, a limit is missing or one too many, outside what the
        angle can be, or so that no movement could begin outside the zone.
    """

    angle: str
    kind: Kind
    low_deg: float | None = None
    high_deg: float | None = None

    def __post_init__(self) -> None:
        _check_names(self)
        for name in ("low_deg", "high_deg"):
            object.__setattr__(self, name, _check_limit(self, name))
        if self.low_deg is not None and self.high_deg is not None and self.low_deg > self.high_deg:
            raise InvalidFieldError(
                f"A zone must begin below its end, not at {self.low_deg:g}\N{DEGREE SIGN} with the "
                f"end at {self.high_deg:g}\N{DEGREE SIGN}; exchange the two."
            )
        if max(self.rooms_deg) < LEAST_ROOM_DEG:
            raise InvalidFieldError(
                f"A goal must leave at least {LEAST_ROOM_DEG:g}\N{DEGREE SIGN} outside it to move "
                f"in, and {self.label} leaves almost nothing; choose a smaller zone."
            )

    @property
    def label(self) -> str:
        """The goal in words: "Right knee at least 90°"."""
        low, high = (f"{limit or 0:g}\N{DEGREE SIGN}" for limit in (self.low_deg, self.high_deg))
        words = {
            "at_least": f"at least {low}",
            "at_most": f"at most {high}",
            "within": f"between {low} and {high}",
        }
        return f"{ANGLES[self.angle].label} {words[self.kind]}"

    @property
    def rooms_deg(self) -> tuple[float, float]:
        """How many degrees the angle has below and above the zone; 0 where it is open."""
        lowest, highest = ANGLES[self.angle].range_deg
        below = 0.0 if self.low_deg is None else self.low_deg - lowest
        above = 0.0 if self.high_deg is None else highest - self.high_deg
        return below, above

    def to_dict(self) -> dict[str, Any]:
        """Return the goal as JSON knows it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build it from :meth:`to_dict`, checked like any other.

        Raises
        ------
        InvalidFieldError
        """
        try:
            return cls(**values)
        except TypeError as error:
            raise InvalidFieldError(
                "A goal is an angle, a kind and one or two limits in degrees, and nothing else."
            ) from error


@dataclass(frozen=True, kw_only=True)
class GoalResult:
    """What was reached of a goal.

    Attributes
    ----------
    n_repetitions : int
    in_zone_s : float
        Seconds between the limits.
    seen_s : float
        Seconds in which the angle could be read at all; what lies outside is gaps.
    best_deg : float
        The reading nearest to the goal: the largest for "at_least", the smallest for "at_most",
        the one nearest to the middle for "within"; NaN where there was none.
    """

    n_repetitions: int = 0
    in_zone_s: float = 0.0
    seen_s: float = 0.0
    best_deg: float = math.nan


@dataclass(frozen=True, kw_only=True)
class SessionGoal:
    """A goal that a session was recorded with.

    Attributes
    ----------
    goal : Goal
    result : GoalResult or None
        What was reached until the recording was stopped; None while it runs, and of one that was
        cut off.
    """

    goal: Goal
    result: GoalResult | None = None


class GoalTracker:
    """Follows one goal, reading by reading; the same readings give the same result, live or later.

    Parameters
    ----------
    goal : Goal

    Attributes
    ----------
    goal : Goal
    zone : {"in", "out", "unseen"}
        Where the angle is now. It comes in when a reading is in the zone, and goes out more than
        3 degrees outside of it, so that jitter at the border is no coming and going. Without a
        reading for longer than :data:`posecore.angles.MAX_STEP_S` it is "unseen".

    Notes
    -----
    Readings count as the whole degree that is shown: 89.5 is 90. Each is the median of the last
    three that are at most :data:`CLOSE_S` apart (Tukey's running median of 3, one frame late), so
    that what a single frame says counts nowhere; a slower stream is taken as it comes. After a
    frame without a reading it takes three until there is one again.

    A **repetition** is an excursion into the zone: the angle was at least 15 degrees outside of it
    on one side, reached the zone, and is again at least 15 degrees outside on the same side. It is
    counted when it is back. Where the angle's range leaves less than 30 degrees outside the zone,
    half of that room takes the place of the 15 degrees, and a side with less than 10 degrees is no
    side to begin from. With one repetition counted, what was begun from the other side is
    forgotten: a squat through the zone and beyond is one, not two. A gap neither begins nor ends a
    repetition. Between two frames without a gap the angle moves on a straight line, so that a
    narrow zone that lies between them was reached.

    **Time** counts between two frames that both have a reading and are at most 0.25 s apart, by
    their own clock: the part of the straight line between them that lies in the zone.

    All of this is posecore's own. An angle that can turn past 180 degrees jumps there, and the
    jump is a movement like any other.
    """

    def __init__(self, goal: Goal) -> None:
        self.goal = goal
        self._low = -math.inf if goal.low_deg is None else goal.low_deg - _HALF_DEG
        self._high = math.inf if goal.high_deg is None else goal.high_deg + _HALF_DEG
        below, above = (min(RETURN_DEG, room / 2) for room in goal.rooms_deg)
        is_side = [room >= LEAST_ROOM_DEG for room in goal.rooms_deg]
        self._back_below = (goal.low_deg or 0) - below if is_side[0] else -math.inf
        self._back_above = (goal.high_deg or 0) + above if is_side[1] else math.inf
        self._leave_below = -math.inf if goal.low_deg is None else goal.low_deg - LEAVE_DEG
        self._leave_above = math.inf if goal.high_deg is None else goal.high_deg + LEAVE_DEG
        self.reset()

    def reset(self) -> None:
        """Begin anew, as with the first frame of a recording."""
        self._n_repetitions = 0
        self._in_zone_s = 0.0
        self._seen_s = 0.0
        self._best_deg = math.nan
        self._begun = {"below": False, "above": False}
        self._reached = {"below": False, "above": False}
        self.break_off()

    def break_off(self) -> None:
        """Let the next frame stand alone, because its clock is another one."""
        self.zone: Zone = "unseen"
        self._time_s = -math.inf
        self._read_at_s = -math.inf
        self._last_deg = math.nan
        self._latest: deque[float] = deque(maxlen=3)

    @property
    def result(self) -> GoalResult:
        """What was reached until now."""
        return GoalResult(
            n_repetitions=self._n_repetitions,
            in_zone_s=self._in_zone_s,
            seen_s=self._seen_s,
            best_deg=self._best_deg,
        )

    def add(self, time_s: float, angle_deg: float) -> None:
        """Take the next frame; one that is not later than the one before is passed over.

        Parameters
        ----------
        time_s : float
        angle_deg : float
            NaN where it could not be read.
        """
        if not time_s > self._time_s:
            return
        step_s, self._time_s = time_s - self._time_s, time_s
        angle_deg = self._leave_out_glitches(step_s, angle_deg)
        before_deg, self._last_deg = self._last_deg, angle_deg
        if time_s - self._read_at_s > MAX_STEP_S:
            self.zone = "unseen"
        if not math.isfinite(angle_deg):
            self._last_deg = math.nan
            return
        self._read_at_s = time_s
        share = 1.0 if self._low <= angle_deg < self._high else 0.0
        if step_s <= MAX_STEP_S and math.isfinite(before_deg):
            line_share = self._share_of_line(before_deg, angle_deg)
            self._seen_s += step_s
            self._in_zone_s += step_s * line_share
            share = max(share, line_share)
        self._count(angle_deg, is_reached=share > 0)
        self._place(angle_deg)
        if not self._miss(angle_deg) >= self._miss(self._best_deg):
            self._best_deg = angle_deg

    def _leave_out_glitches(self, step_s: float, angle_deg: float) -> float:
        """Median of the last three readings that follow each other closely."""
        if not math.isfinite(angle_deg):
            self._latest.clear()
            return angle_deg
        if step_s > CLOSE_S:
            self._latest.clear()
            self._latest.extend([angle_deg, angle_deg])
        self._latest.append(angle_deg)
        return statistics.median(self._latest) if len(self._latest) == 3 else math.nan

    def _share_of_line(self, start_deg: float, end_deg: float) -> float:
        """How much of a straight line lies in the zone."""
        lowest, highest = min(start_deg, end_deg), max(start_deg, end_deg)
        if lowest == highest:
            return 1.0 if self._low <= lowest < self._high else 0.0
        inside = min(highest, self._high) - max(lowest, self._low)
        return max(0.0, inside / (highest - lowest))

    def _count(self, angle_deg: float, *, is_reached: bool) -> None:
        if is_reached:
            self._reached = dict(self._begun)
        is_back = {
            "below": angle_deg <= self._back_below,
            "above": angle_deg >= self._back_above,
        }
        for side in ("below", "above"):
            if not is_back[side]:
                continue
            if self._reached[side]:
                self._n_repetitions += 1
                self._begun = dict.fromkeys(self._begun, False)
                self._reached = dict.fromkeys(self._reached, False)
            self._begun[side] = True

    def _place(self, angle_deg: float) -> None:
        if self._low <= angle_deg < self._high:
            self.zone = "in"
        elif self.zone == "in" and self._leave_below <= angle_deg <= self._leave_above:
            return
        else:
            self.zone = "out"

    def _miss(self, angle_deg: float) -> float:
        """Less for what is nearer to the goal; NaN of nothing, which is not less."""
        low, high = self.goal.low_deg, self.goal.high_deg
        if high is None:
            return -angle_deg
        return angle_deg if low is None else abs(angle_deg - (low + high) / 2)


def measure_goal(sequence: PoseSequence, goal: Goal) -> GoalResult:
    """What was reached of a goal in a recording: what a :class:`GoalTracker` counted live.

    Parameters
    ----------
    sequence : PoseSequence
        As recorded; what was cleaned has other readings, and maybe other numbers.
    goal : Goal
    """
    tracker = GoalTracker(goal)
    angles_deg = compute_seen_angle(goal.angle, sequence)
    for time_s, angle_deg in zip(sequence.time_s.tolist(), angles_deg.tolist(), strict=True):
        tracker.add(time_s, angle_deg)
    return tracker.result


def _check_names(goal: Goal) -> None:
    if goal.angle not in ANGLES:
        raise InvalidFieldError(
            f"There is no angle {str(goal.angle)[:60]!r}; take one such as right_knee_flexion."
        )
    if goal.kind not in KINDS:
        raise InvalidFieldError(
            f"A goal is at_least, at_most or within, not {str(goal.kind)[:60]!r}."
        )


def _check_limit(goal: Goal, name: str) -> float | None:
    """Return a limit as a number, if the goal's kind has it; it must be one the angle can reach."""
    value: Any = getattr(goal, name)
    is_needed = goal.kind == "within" or (goal.kind == "at_least") == (name == "low_deg")
    if not is_needed:
        if value is not None:
            raise InvalidFieldError(f"A goal that is {goal.kind} has no {name}; leave it out.")
        return None
    lowest, highest = ANGLES[goal.angle].range_deg
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not lowest <= value <= highest:
        raise InvalidFieldError(
            f"A goal for {ANGLES[goal.angle].label.lower()} needs degrees from {lowest:g} to "
            f"{highest:g}, not {str(value)[:40]!r}; choose a number that the angle can reach."
        )
    return float(value)
