"""What can be searched for: signals of a movement, and conditions on them, as text and as data."""

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from posecore.angle_table import ANGLES
from posecore.errors import InvalidOptionError

MAX_CONDITIONS: Final = 10

_NUMBER: Final = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_TEXT: Final = re.compile(
    rf"(?:(?P<above>{_NUMBER})\s*<\s*)?(?P<signal>[a-z_]+)\s*"
    rf"(?P<comparison>[<>])\s*(?P<value>{_NUMBER})",
    re.ASCII,
)


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One number of each frame that a condition can be about.

    Attributes
    ----------
    name : str
    label : str
        What a person reads.
    unit : str
        ``°``, ``body heights``, ``body heights/s`` or ``m/s``.
    about : str
        How it is measured.
    meaning : str
        What its values mean.
    lowest, highest : float
        What lies beyond is kept as this.
    steps_per_unit : int
        How finely it is kept.
    """

    name: str
    label: str
    unit: str
    about: str
    meaning: str
    lowest: float
    highest: float
    steps_per_unit: int


_FURTHER: Final = (
    Signal(
        name="hip_speed",
        label="Speed of the hips",
        unit="body heights/s",
        about="of the middle of the hips in the picture, after a 2 Hz low-pass",
        meaning="below 0.06 is still; needs a camera that stands still",
        lowest=0.0,
        highest=30.0,
        steps_per_unit=1000,
    ),
    Signal(
        name="posture_speed",
        label="Speed of the limbs",
        unit="m/s",
        about="of the fastest shoulder, elbow, wrist, knee or ankle relative to the hips, after a "
        "2 Hz low-pass",
        meaning="below 0.1 is still",
        lowest=0.0,
        highest=30.0,
        steps_per_unit=1000,
    ),
    *(
        Signal(
            name=f"{side}_hand_above_head",
            label=f"{side.capitalize()} hand above the head",
            unit="body heights",
            about="height of the wrist above the nose in the picture",
            meaning="above 0 it is higher than the nose",
            lowest=-3.0,
            highest=3.0,
            steps_per_unit=1000,
        )
        for side in ("left", "right")
    ),
)

SIGNALS: Final[dict[str, Signal]] = {
    name: Signal(
        name=name,
        label=angle.label,
        unit="°",
        about=angle.definition,
        meaning=angle.meaning,
        lowest=angle.range_deg[0],
        highest=angle.range_deg[1],
        steps_per_unit=10,
    )
    for name, angle in ANGLES.items()
} | {signal.name: signal for signal in _FURTHER}
"""Everything a condition can be about: all angles, two speeds, and how high the hands are."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A reading is above a value, below one, or between two; a missing reading is neither.

    Attributes
    ----------
    signal : str
        A key of :data:`SIGNALS`.
    above, below : float, optional
        In the signal's unit; one of them, or both. The values themselves do not count.

    Raises
    ------
    InvalidOptionError
        If it names no signal, holds no value, or none that the signal can have.
    """

    signal: str
    above: float | None = None
    below: float | None = None

    def __post_init__(self) -> None:
        """Refuse what could never hold."""
        if self.signal not in SIGNALS:
            raise InvalidOptionError(
                f"There is no signal {self.signal[:60]!r}; take an angle's name, such as "
                f"left_elbow_flexion, or one of {', '.join(each.name for each in _FURTHER)}."
            )
        signal = SIGNALS[self.signal]
        values = [value for value in (self.above, self.below) if value is not None]
        if not values:
            raise InvalidOptionError(
                f"A condition on {signal.label.lower()} needs a value above or below; give one."
            )
        for value in values:
            if not signal.lowest <= value <= signal.highest:  # nor is what is no number
                raise InvalidOptionError(
                    f"{signal.label} goes from {signal.lowest:g} to {signal.highest:g} "
                    f"{signal.unit}, so it cannot be compared with {value:g}; change the value."
                )
        _check_order(signal.label, self.above, self.below)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``left_elbow_flexion > 90``, ``hip_speed < 0.05`` or ``60 < trunk_lean < 90``.

        Raises
        ------
        InvalidOptionError
        """
        match = _TEXT.fullmatch(text.strip())
        if not match or (match["above"] and match["comparison"] == ">"):
            raise InvalidOptionError(
                f"A condition reads like 'left_elbow_flexion > 90' or '60 < trunk_lean < 90', not "
                f"{text[:60]!r}; write it like that."
            )
        value = float(match["value"])
        if match["comparison"] == ">":
            return cls(signal=match["signal"], above=value)
        above = float(match["above"]) if match["above"] else None
        return cls(signal=match["signal"], above=above, below=value)

    def __str__(self) -> str:
        """Write it as :meth:`parse` reads it."""
        if self.below is None:
            return f"{self.signal} > {self.above:.12g}"
        above = "" if self.above is None else f"{self.above:.12g} < "
        return f"{above}{self.signal} < {self.below:.12g}"


def check_conditions(
    conditions: Iterable[Condition | str] | Condition | str,
) -> list[Condition]:
    """Read conditions that are to hold at once.

    Raises
    ------
    InvalidOptionError
        If there are none, too many, one that cannot be read, or two that exclude each other.
    """
    if isinstance(conditions, Condition | str):
        conditions = [conditions]
    read = [Condition.parse(each) if isinstance(each, str) else each for each in conditions]
    if not 1 <= len(read) <= MAX_CONDITIONS:
        raise InvalidOptionError(
            f"A search has 1 to {MAX_CONDITIONS} conditions, not {len(read)}; "
            + ("leave some out." if read else "add one.")
        )
    by_signal = defaultdict(list)
    for condition in read:
        by_signal[condition.signal].append(condition)
    for name, same in by_signal.items():
        above = max((each.above for each in same if each.above is not None), default=None)
        below = min((each.below for each in same if each.below is not None), default=None)
        _check_order(SIGNALS[name].label, above, below)
    return read


def check_duration(min_duration_s: float) -> float:
    """Check the shortest length of a moment.

    Raises
    ------
    InvalidOptionError
    """
    if not 0 <= min_duration_s < math.inf:
        raise InvalidOptionError(
            f"The shortest length of a moment is a number of seconds from 0, not "
            f"{min_duration_s:g}; change it."
        )
    return float(min_duration_s)


def _check_order(label: str, above: float | None, below: float | None) -> None:
    if above is not None and below is not None and above >= below:
        raise InvalidOptionError(
            f"{label} cannot be above {above:g} and below {below:g} at once; change one of the two."
        )
