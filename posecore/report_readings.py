"""What a report says of each angle: its lowest and highest reading, and how far each may be off."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from posecore.angles import ANGLES, CORE_ANGLES, AngleDefinition
from posecore.measures import Material
from posecore.sequence import PoseSequence
from posecore.signals import CUTOFF_HZ
from posecore.trust import compute_expected_error

if TYPE_CHECKING:
    import pandas as pd

ERROR_UNKNOWN: Final = "error not known"

_RISE: Final = 0.35
"""Rise time of a low-pass from 10 to 90 % of a step, in periods of its cut-off."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Range of one angle in a recording.

    Attributes
    ----------
    name : str
        Key of :data:`posecore.ANGLES`.
    lowest_deg, highest_deg : float
        After the low-pass that the range of motion is measured with; NaN where there is a reason.
    lowest_error_deg, highest_error_deg : float
        How far each may be off; NaN where that is not known.
    highest_s : float
        When it is highest, seconds since the first frame.
    reason : str
        Why there is no range; empty where there is one.
    """

    name: str
    lowest_deg: float = math.nan
    highest_deg: float = math.nan
    lowest_error_deg: float = math.nan
    highest_error_deg: float = math.nan
    highest_s: float = math.nan
    reason: str = ""

    @property
    def range_deg(self) -> float:
        """Highest minus lowest, degrees: the metric ``<angle>_range``."""
        return self.highest_deg - self.lowest_deg

    @property
    def range_error_deg(self) -> float:
        """How far the range may be off: the root of the sum of both squared errors."""
        return math.hypot(self.lowest_error_deg, self.highest_error_deg)


def read_ranges(material: Material) -> dict[str, Reading]:
    """Read the range of every angle; nothing where nothing can be measured at all."""
    if material.problem:
        return {}
    errors = compute_expected_error(material.sequence)
    return {name: _read_range(material, name, errors) for name in ANGLES}


def _read_range(material: Material, name: str, errors: "pd.DataFrame") -> Reading:
    range_ = material.ranges_deg[name]
    if isinstance(range_, str):
        return Reading(name=name, reason=range_)
    degrees = material.angles.values[:, list(ANGLES).index(name)]
    lowest, highest = int(np.nanargmin(degrees)), int(np.nanargmax(degrees))
    at_s = material.angles.time_s[[lowest, highest]]
    off = _read_errors(errors, name, at_s)
    return Reading(
        name=name,
        lowest_deg=float(degrees[lowest]),
        highest_deg=float(degrees[highest]),
        lowest_error_deg=off[0],
        highest_error_deg=off[1],
        highest_s=float(at_s[1] - material.sequence.time_s[0]),
    )


def _read_errors(errors: "pd.DataFrame", name: str, times_s: np.ndarray) -> list[float]:
    """Expected errors at moments; in a bridged gap on a straight line between its sides."""
    unknown = [math.nan] * len(times_s)
    if name not in errors:
        return unknown
    known = errors[name].dropna()
    if known.empty:
        return unknown
    return [float(each) for each in np.interp(times_s, known.index.to_numpy(), known.to_numpy())]


def estimate_range_error(sequence: PoseSequence, name: str) -> float:
    """How far a range of an angle may be off where its ends are not known, degrees.

    The typical expected error at both ends; NaN where it is not known.
    """
    if name not in CORE_ANGLES:
        return math.nan
    return math.sqrt(2) * float(compute_expected_error(sequence, [name])[name].median())


def estimate_time_error(sequence: PoseSequence, cutoff_hz: float = CUTOFF_HZ) -> float:
    """How far the length of an event may be off, seconds; an estimate of posecore's own.

    Each of its two ends is read to within one frame, and smeared by the low-pass it is found after.
    """
    frame_s = float(np.median(np.diff(sequence.time_s)))
    return math.sqrt(2) * math.hypot(frame_s, _RISE / cutoff_hz)


def say_degrees(value_deg: float, error_deg: float) -> str:
    """Whole degrees with their error, ``142° ± 6°``, or why there is none."""
    number = f"{value_deg:.0f}°".replace("-0°", "0°")
    return (
        f"{number} ({ERROR_UNKNOWN})" if math.isnan(error_deg) else f"{number} ± {error_deg:.0f}°"
    )


def say_zero(definition: AngleDefinition) -> str:
    """What 0 is and what is more, as a sentence without its full stop."""
    return f"0° is {definition.at_zero}; {definition.rising}"


def say_reading(reading: Reading) -> str:
    """Range of an angle and between which readings it lies."""
    ends = f"{reading.lowest_deg:z.0f}° to {reading.highest_deg:z.0f}°"
    return f"{say_degrees(reading.range_deg, reading.range_error_deg)}, from {ends}"


def pair_sides(readings: Mapping[str, Reading]) -> dict[str, tuple[Reading, Reading]]:
    """Left and right of each angle that has sides, by its motion."""
    lefts = [name for name in readings if name.startswith("left_")]
    motions = [name.removeprefix("left_") for name in lefts]
    return {each: (readings[f"left_{each}"], readings[f"right_{each}"]) for each in motions}
