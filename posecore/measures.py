"""What the metrics are computed from, and how a measure becomes one: a number or a reason."""

from collections.abc import Callable
from functools import cached_property
from typing import Final, Literal

import numpy as np

from posecore.angles import ANGLES, compute_joint_angles
from posecore.climbing import Climb, ClimbingThresholds, prepare_climb
from posecore.events import Repetition, detect_repetitions
from posecore.sequence import PoseSequence
from posecore.signals import EvenSignals, Floats, differentiate, smooth_evenly
from posecore.stillness import POSTURE, Stillness, detect_stillness

SMALLEST_RANGE_DEG: Final = 5.0
"""A joint with a smaller range does not move to speak of."""

NEITHER_MOVES: Final = "neither side moves"
"""Why ranges below 5 degrees have no symmetry."""

_NOISE_FACTOR: Final = 2.0
_SMALLEST_NOISE_DEG: Final = 0.1


class Material:
    """A recording, and what several metrics share; each part is made when it is first asked for."""

    def __init__(self, sequence: PoseSequence, limits: ClimbingThresholds) -> None:
        self.sequence = sequence
        self.limits = limits

    @cached_property
    def problem(self) -> str:
        """Why nothing at all can be measured; empty where something can."""
        if self.sequence.n_frames < 3:
            return f"too few frames: {self.sequence.n_frames}"
        if not self.sequence.is_detected.any():
            return "nobody is seen"
        return ""

    @cached_property
    def angles(self) -> EvenSignals:
        """All angles, smoothed, in the order of :data:`posecore.ANGLES`."""
        degrees = compute_joint_angles(self.sequence).to_numpy()
        return smooth_evenly(self.sequence.time_s, degrees)

    @cached_property
    def ranges_deg(self) -> dict[str, float | str]:
        """Range of motion of each angle, or why there is none."""
        return dict(zip(ANGLES, _measure_ranges(self.angles), strict=True))

    @cached_property
    def peak_speeds(self) -> dict[str, float | str]:
        """Highest angular velocity of each angle, degrees a second, or why there is none."""
        speed = np.abs(differentiate(self.angles.values, self.angles.rate_hz))
        highest = np.fmax.reduce(speed, axis=0, initial=np.nan)
        return {
            name: range_ if isinstance(range_, str) else _or_reason(peak, "never seen for 0.2 s")
            for (name, range_), peak in zip(self.ranges_deg.items(), highest, strict=True)
        }

    @cached_property
    def repetitions(self) -> list[Repetition]:
        """Repetitions of the movement."""
        return detect_repetitions(self.sequence, smoothed=self.angles)

    @cached_property
    def stillness(self) -> list[Stillness] | str:
        """Holds and pauses, or why they cannot be told."""
        seen = ~np.isnan(self.sequence.world_landmarks[:, POSTURE, 0])
        if not (seen.mean(axis=1) >= 0.5).any():
            return "too little of the body is seen"
        return detect_stillness(self.sequence, self.repetitions)

    @cached_property
    def speeds(self) -> tuple[list[Floats], float]:
        """Speed of the body in each repetition, at even times, and how many of these a second."""
        world = self.sequence.world_landmarks[:, POSTURE].reshape(-1, 3 * len(POSTURE))
        even = smooth_evenly(self.sequence.time_s, world, measures_noise=False)
        speed = np.sqrt((differentiate(even.values, even.rate_hz) ** 2).mean(axis=1))
        borders = [
            np.searchsorted(even.time_s, (each.start_s, each.end_s)) for each in self.repetitions
        ]
        return [speed[first:stop] for first, stop in borders], even.rate_hz

    @cached_property
    def climb(self) -> Climb | str:
        """What climbing is measured from, or why it cannot be."""
        return prepare_climb(self.sequence, self.limits)


Measure = Callable[[Material], float | str]
"""From the material to the number, or to the reason why there is none."""


def compute_symmetry_index(left: float, right: float) -> float:
    """Symmetry index of Robinson et al. (1987), percent: ``100 (L - R) / (0.5 (L + R))``.

    0 is symmetric, more than 0 more on the left, -200 and 200 one side alone.
    """
    return 200 * (left - right) / (left + right)


def _or_reason(value: float, reason: str) -> float | str:
    return float(value) if np.isfinite(value) else reason


def _measure_ranges(angles: EvenSignals) -> list[float | str]:
    """Largest minus smallest; none where white noise of the landmarks alone could make it."""
    highest = np.fmax.reduce(angles.values, axis=0, initial=np.nan)
    lowest = np.fmin.reduce(angles.values, axis=0, initial=np.nan)
    n_known = (~np.isnan(angles.values)).sum(axis=0)
    # The range of n independent normal values grows with the square root of 2 ln n on either side.
    of_noise = 2 * np.sqrt(2 * np.log(n_known.clip(2))) * angles.noise
    return [
        "it is never seen"
        if np.isnan(range_)
        else "it moves no more than the noise of its landmarks"
        if range_ < _NOISE_FACTOR * noise and noise > _SMALLEST_NOISE_DEG
        else float(range_)
        for range_, noise in zip(highest - lowest, of_noise, strict=True)
    ]


def symmetry_of(left: str, right: str) -> Measure:
    """Symmetry index of the ranges of a pair of angles."""

    def measure(material: Material) -> float | str:
        ranges = material.ranges_deg[left], material.ranges_deg[right]
        numbers = [each for each in ranges if not isinstance(each, str)]
        if len(numbers) < 2:
            return next(each for each in ranges if isinstance(each, str))
        if max(numbers) < SMALLEST_RANGE_DEG:
            return NEITHER_MOVES
        return compute_symmetry_index(*numbers)

    return measure


def over_repetitions(measure: Callable[[list[Repetition]], float | str]) -> Measure:
    """A measure of the repetitions, where there are any."""
    return lambda material: (
        measure(material.repetitions) if material.repetitions else "nothing is repeated"
    )


def over_stillness(
    kind: Literal["hold", "pause"], measure: Callable[[list[float]], float]
) -> Measure:
    """A measure of the lengths of the holds, or of the pauses, in seconds."""

    def over_lengths(material: Material) -> float | str:
        if isinstance(material.stillness, str):
            return material.stillness
        lengths_s = [each.duration_s for each in material.stillness if each.kind == kind]
        if not lengths_s and measure is max:
            return f"there is no {kind}"
        return float(measure(lengths_s))

    return over_lengths


def smoothness_of(measure: Callable[[Floats, float], float]) -> Measure:
    """Median over the repetitions of a measure of a speed."""

    def median(material: Material) -> float | str:
        speeds, rate_hz = material.speeds
        values = np.array([measure(speed, rate_hz) for speed in speeds])
        known = values[np.isfinite(values)]
        return float(np.median(known)) if len(known) else "nothing is repeated"

    return median


def of_climb(measure: Callable[[Climb], float | str]) -> Measure:
    """A measure of the climb, where the body is seen well enough."""
    return lambda material: (
        material.climb if isinstance(material.climb, str) else measure(material.climb)
    )
