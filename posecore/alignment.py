"""Which moment of one recording belongs to which of another: by start, event, repetition, warp."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from posecore.angles import CORE_ANGLES, compute_joint_angles, name_angles
from posecore.errors import ComparisonError, InvalidOptionError
from posecore.events import detect_repetitions
from posecore.sequence import PoseSequence
from posecore.stillness import detect_stillness
from posecore.trust import LANDMARKS, compute_expected_error
from posecore.warping import Signals, compute_stretch, warp

Floats = NDArray[np.float64]
Event = Literal["first movement", "first repetition"]
AlignmentMethod = Literal["start", "moment", "event", "repetition", "warp", "clock"]

LIMIT_S: Final = 2.0
"""How far from the straight line a warp goes when nothing else is asked for."""

_UNMEASURED_ERROR_DEG: Final = 20.0
_AT_START_S: Final = 0.25
_SHORTEST_STEP_S: Final = 1e-3
_ROUNDING_S: Final = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class Alignment:
    """Which moment of recording A belongs to which moment of recording B.

    Attributes
    ----------
    method : {"start", "moment", "event", "repetition", "warp", "clock"}
    description : str
        How it was made, for people: "by dynamic time warping on left elbow, at most 2 s apart".
    a_time_s, b_time_s : ndarray, shape (m,)
        Matched moments, each on the clock of its recording's ``time_s``, both strictly rising.
        Between two of them time runs evenly in both. What lies outside has no counterpart.
    """

    method: AlignmentMethod
    description: str
    a_time_s: Floats
    b_time_s: Floats

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for name in ("a_time_s", "b_time_s"):
            array = np.array(getattr(self, name), dtype=np.float64)
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def stretch(self) -> float:
        """How many times as long B takes as A, over what was matched: 1.2 is 20 % slower.

        The slope of Tukey's resistant line through the pairs at even steps: 1 for a single pair.
        """
        return compute_stretch(*self._read_evenly())

    @property
    def offset_s(self) -> float:
        """Time of B minus time of A where the match begins.

        On the line of :attr:`stretch` through the median pair, so that it does not hang on how the
        first frame happened to be matched.
        """
        a_s, b_s = self._read_evenly()
        start_s = float(np.median(b_s - self.stretch * (a_s - a_s[0])))
        return start_s - float(a_s[0])

    def to_b(self, time_s: ArrayLike) -> Floats:
        """Moments of B that belong to moments of A; NaN where there is no counterpart."""
        return _map(time_s, self.a_time_s, self.b_time_s)

    def to_a(self, time_s: ArrayLike) -> Floats:
        """Moments of A that belong to moments of B; NaN where there is no counterpart."""
        return _map(time_s, self.b_time_s, self.a_time_s)

    def swapped(self) -> "Alignment":
        """Return the same alignment with A and B changed over."""
        return Alignment(
            method=self.method,
            description=self.description,
            a_time_s=self.b_time_s,
            b_time_s=self.a_time_s,
        )

    def _read_evenly(self) -> tuple[Floats, Floats]:
        """Pairs at even steps of both clocks' mean, so that pairs far apart count for more."""
        middle_s = (self.a_time_s + self.b_time_s) / 2
        steps_s = np.linspace(middle_s[0], middle_s[-1], max(len(middle_s), 100))
        return np.interp(steps_s, middle_s, self.a_time_s), np.interp(
            steps_s, middle_s, self.b_time_s
        )


def align(a: PoseSequence, b: PoseSequence, by: AlignmentMethod | str = "warp") -> Alignment:
    """Bring two recordings together in the standard way of a method.

    Parameters
    ----------
    a, b : PoseSequence
    by : {"start", "event", "repetition", "warp"}
        :func:`align_by_start`, :func:`align_by_event` (the first movement),
        :func:`align_by_repetition` (all of them) and :func:`align_by_warping`. A moment set by hand
        needs :func:`align_by_moment`, two cameras' common clock :func:`align_by_clock`.

    Raises
    ------
    InvalidOptionError
        If there is no such method.
    ComparisonError
        If the recordings cannot be brought together this way.
    """
    makers: dict[str, Callable[[PoseSequence, PoseSequence], Alignment]] = {
        "start": align_by_start,
        "event": align_by_event,
        "repetition": align_by_repetition,
        "warp": align_by_warping,
    }
    if by not in makers:
        raise InvalidOptionError(
            f"Recordings are brought together by {', '.join(makers)}, not by {by!r}; "
            "choose one of these."
        )
    return makers[by](a, b)


def align_by_start(a: PoseSequence, b: PoseSequence) -> Alignment:
    """Bring together the first frames of both; time then runs at the same pace.

    Raises
    ------
    ComparisonError
        If one has no frame with somebody in it.
    """
    _check_somebody(a, b)
    return _align_moments(a, b, a.time_s[0], b.time_s[0], "start", "by start, first frame to first")


def align_by_moment(a: PoseSequence, b: PoseSequence, *, a_s: float, b_s: float) -> Alignment:
    """Bring together two moments set by hand; time then runs at the same pace.

    Parameters
    ----------
    a, b : PoseSequence
    a_s, b_s : float
        On the clocks of ``time_s``, within the recordings.

    Raises
    ------
    InvalidOptionError
        If a moment lies outside its recording.
    ComparisonError
        If one has no frame with somebody in it.
    """
    _check_somebody(a, b)
    for name, sequence, moment_s in (("A", a, a_s), ("B", b, b_s)):
        if not sequence.time_s[0] <= moment_s <= sequence.time_s[-1]:
            raise InvalidOptionError(
                f"The moment in {name} must lie between {sequence.time_s[0]:.2f} and "
                f"{sequence.time_s[-1]:.2f} s, not at {moment_s} s."
            )
    words = f"by hand, {a_s:.2f} s of A to {b_s:.2f} s of B"
    return _align_moments(a, b, a_s, b_s, "moment", words)


def align_by_clock(
    a: PoseSequence, b: PoseSequence, *, offset_s: float, error_s: float, drift: float = 0.0
) -> Alignment:
    """Bring together what two cameras filmed at the same time, by their common clock.

    Parameters
    ----------
    a, b : PoseSequence
    offset_s : float
        What is added to the times of B to have them on the clock of A.
    error_s : float
        How far that may be off, for the description.
    drift : float
        Added to the times of B besides, for each second.

    Raises
    ------
    ComparisonError
        If one has no frame with somebody in it, or they have no moment in common.
    """
    _check_somebody(a, b)
    pace = 1 + drift
    start_s = max(float(a.time_s[0]), pace * float(b.time_s[0]) + offset_s)
    if start_s > min(float(a.time_s[-1]), pace * float(b.time_s[-1]) + offset_s):
        raise ComparisonError(
            "On the cameras' common clock one recording ends before the other begins; bring the "
            "two together in another way."
        )
    put_right = f", a drift of {1e6 * abs(drift):.0f} parts in a million put right" if drift else ""
    words = f"by the cameras' common clock, known within ±{1000 * error_s:.0f} ms{put_right}"
    return _align_moments(a, b, start_s, (start_s - offset_s) / pace, "clock", words, pace)


def align_by_event(
    a: PoseSequence, b: PoseSequence, event: Event | str = "first movement"
) -> Alignment:
    """Bring together the same event in both; time then runs at the same pace.

    Parameters
    ----------
    a, b : PoseSequence
    event : {"first movement", "first repetition"}
        The first movement is the end of the stillness a recording begins with (see
        :func:`posecore.stillness.detect_stillness`), or the first frame with somebody in it where
        it begins in movement. The first repetition is its start.

    Raises
    ------
    InvalidOptionError
        If there is no such event.
    ComparisonError
        If one has no frame with somebody in it, or nothing is repeated in it.
    """
    _check_somebody(a, b)
    if event == "first movement":
        a_s, b_s = _find_first_movement(a), _find_first_movement(b)
    elif event == "first repetition":
        a_s, b_s = (each[0][0] for each in (_find_repetitions("A", a), _find_repetitions("B", b)))
    else:
        raise InvalidOptionError(
            f"The event is {' or '.join(get_args(Event))}, not {event!r}; choose one of these."
        )
    words = f"by the {event} of each, at {a_s:.2f} s of A and {b_s:.2f} s of B"
    return _align_moments(a, b, a_s, b_s, "event", words)


def align_by_repetition(
    a: PoseSequence, b: PoseSequence, *, numbers: tuple[int, int] | None = None
) -> Alignment:
    """Bring together the repetitions of both: start to start, peak to peak, end to end.

    Parameters
    ----------
    a, b : PoseSequence
    numbers : tuple of int, optional
        One repetition of A and one of B, counted from 1. When left out each repetition of A goes
        with the one of the same number in B, as many as both have, pauses included.

    Raises
    ------
    InvalidOptionError
        If a recording has no repetition of that number.
    ComparisonError
        If one has no frame with somebody in it, or nothing is repeated in it.
    """
    _check_somebody(a, b)
    found = [_find_repetitions("A", a), _find_repetitions("B", b)]
    if numbers is None:
        n_common = min(len(each) for each in found)
        chosen = [each[:n_common] for each in found]
        words = f"by repetition, the first {n_common} of each, at start, peak and end"
    else:
        for name, each, number in zip("AB", found, numbers, strict=True):
            if not 1 <= number <= len(each):
                raise InvalidOptionError(
                    f"{name} has repetitions 1 to {len(each)}, not {number}; choose one of these."
                )
        chosen = [each[number - 1 : number] for each, number in zip(found, numbers, strict=True)]
        words = f"by repetition, number {numbers[0]} of A and {numbers[1]} of B"
    a_s, b_s = (_make_rising(each.ravel()) for each in chosen)
    return Alignment(method="repetition", description=words, a_time_s=a_s, b_time_s=b_s)


def align_by_warping(
    a: PoseSequence,
    b: PoseSequence,
    *,
    angles: Iterable[str] | None = None,
    limit_s: float = LIMIT_S,
) -> Alignment:
    """Bring together the moments at which the same angles look the same.

    Parameters
    ----------
    a, b : PoseSequence
    angles : iterable of str, optional
        Keys of :data:`posecore.ANGLES`; the eight of elbows, shoulders, hips and knees when left
        out. Those that are missing in one recording throughout are left out.
    limit_s : float, seconds
        How far a moment may lie from the straight line that brings the recordings together best.

    Raises
    ------
    KeyError
        If an angle is not in :data:`posecore.ANGLES`.
    InvalidOptionError
        If ``limit_s`` is not a number above 0.
    ComparisonError
        If one has no frame with somebody in it, or no angle is known in both.

    Notes
    -----
    Dynamic time warping as :func:`posecore.warping.warp` describes it. Each angle is divided by its
    expected error, the median over a recording and the root mean square of both (20 degrees where
    it was never measured), so that what may be no more than the error of a badly seen elbow does
    not bend time. An angle's gaps are bridged by straight lines.
    """
    if not 0 < limit_s < float("inf"):
        raise InvalidOptionError(f"limit_s must be a number of seconds above 0, not {limit_s}.")
    _check_somebody(a, b)
    names = tuple(dict.fromkeys(CORE_ANGLES if angles is None else angles))
    values = [compute_joint_angles(each, names).to_numpy() for each in (a, b)]
    is_known = ~(np.isnan(values[0]).all(axis=0) | np.isnan(values[1]).all(axis=0))
    used = [name for name, known in zip(names, is_known, strict=True) if known]
    if not used:
        raise ComparisonError(
            "No angle is known in both recordings, so nothing can be brought together; "
            "choose other angles or other recordings."
        )
    scale = _measure_scale(a, b, used)
    a_s, b_s = warp(
        Signals(a.time_s, values[0][:, is_known] / scale),
        Signals(b.time_s, values[1][:, is_known] / scale),
        limit_s=limit_s,
    )
    words = f"by dynamic time warping on {name_angles(used)}, at most {limit_s:g} s apart"
    return Alignment(method="warp", description=words, a_time_s=a_s, b_time_s=b_s)


def _map(time_s: ArrayLike, from_s: Floats, to_s: Floats) -> Floats:
    wanted_s = np.asarray(time_s, dtype=np.float64)
    is_inside = (wanted_s >= from_s[0] - _ROUNDING_S) & (wanted_s <= from_s[-1] + _ROUNDING_S)
    return np.where(is_inside, np.interp(wanted_s, from_s, to_s), np.nan)


def _check_somebody(a: PoseSequence, b: PoseSequence) -> None:
    for name, sequence in (("A", a), ("B", b)):
        if np.isnan(sequence.world_landmarks).all():
            raise ComparisonError(
                f"Nobody is seen in recording {name}, so there is nothing to compare; "
                "choose another one."
            )


def _align_moments(
    a: PoseSequence,
    b: PoseSequence,
    a_s: float,
    b_s: float,
    method: AlignmentMethod,
    words: str,
    pace: float = 1.0,
) -> Alignment:
    """Even pace, as far as both recordings go on either side of the two moments."""
    before_s = min(a_s - a.time_s[0], pace * (b_s - b.time_s[0]))
    after_s = min(a.time_s[-1] - a_s, pace * (b.time_s[-1] - b_s))
    ends_s = np.array([-before_s, after_s]) if before_s + after_s > 0 else np.zeros(1)
    matched = {"a_time_s": a_s + ends_s, "b_time_s": b_s + ends_s / pace}
    return Alignment(method=method, description=words, **matched)


def _find_first_movement(sequence: PoseSequence) -> float:
    is_seen = ~np.isnan(sequence.world_landmarks).all(axis=(1, 2))
    first_s = float(sequence.time_s[is_seen][0])
    still = detect_stillness(sequence, shortest_s=0.0)
    return still[0].end_s if still and still[0].start_s <= first_s + _AT_START_S else first_s


def _find_repetitions(name: str, sequence: PoseSequence) -> Floats:
    """Start, peak and end of each, shape (n, 3)."""
    found = detect_repetitions(sequence)
    if not found:
        raise ComparisonError(
            f"Nothing is repeated in recording {name}; bring the two together in another way."
        )
    return np.array([(each.start_s, each.peak_s, each.end_s) for each in found])


def _make_rising(time_s: Floats) -> Floats:
    """A repetition may begin where the one before ends: a millisecond apart keeps the order."""
    steps_s = np.arange(len(time_s)) * _SHORTEST_STEP_S
    return np.asarray(np.maximum.accumulate(time_s - steps_s) + steps_s)


def _measure_scale(a: PoseSequence, b: PoseSequence, names: list[str]) -> Floats:
    scale = np.full(len(names), _UNMEASURED_ERROR_DEG)
    measured = [number for number, name in enumerate(names) if name in LANDMARKS]
    columns = [names[number] for number in measured]
    squares = [
        compute_expected_error(each, columns).median().to_numpy(dtype=np.float64) ** 2
        for each in (a, b)
    ]
    error = np.sqrt((squares[0] + squares[1]) / 2)
    scale[measured] = np.where(np.isnan(error), _UNMEASURED_ERROR_DEG, error)
    return scale
