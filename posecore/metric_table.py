"""The table of metrics: what each is called, how it is computed, and who says so."""

from collections.abc import Callable
from typing import Final, Literal

import numpy as np

from posecore.angles import ANGLES
from posecore.climbing_metrics import CLIMBING_METRICS
from posecore.events import compute_tempo, find_most_repeatable
from posecore.measures import (
    Material,
    over_repetitions,
    over_stillness,
    smoothness_of,
    symmetry_of,
)
from posecore.metric_definition import OWN_DEFINITION, Metric
from posecore.smoothness import compute_dlj, compute_ldlj, compute_sparc

_WINTER: Final = "Winter (2009), Biomechanics and Motor Control of Human Movement, 4th ed."
_SYMMETRY: Final = (
    "Robinson, Herzog and Nigg (1987), Use of force platform variables to quantify the effects "
    "of chiropractic manipulation on gait symmetry, J Manipulative Physiol Ther 10(4):172-176"
)
_SPARC_2015: Final = (
    "Balasubramanian et al. (2015), On the analysis of movement smoothness, J NeuroEng "
    "Rehabil 12:112"
)
_DLJ_2012: Final = (
    "Balasubramanian et al. (2012), A robust and sensitive metric for quantifying movement "
    "smoothness, IEEE Trans Biomed Eng 59(8):2126-2136"
)
_SPEED: Final = (
    ", the root mean square of the speeds of shoulders, elbows, wrists, knees and ankles relative "
    "to the hips, after a zero-lag 6 Hz low-pass; median over the repetitions; higher is smoother"
)
_STILL: Final = (
    "the body keeps its posture for at least 0.7 s: no shoulder, elbow, wrist, knee or ankle is "
    "faster than 0.1 m/s relative to the hips, after a zero-lag 2 Hz low-pass"
)
_HOLD: Final = f"in a hold, {_STILL}, within a repetition or where nothing is repeated"
_PAUSE: Final = f"in a pause, {_STILL}, outside the repetitions"


def _make_angle_metrics() -> list[Metric]:
    ranges = [
        Metric(
            name=f"{name}_range",
            label=f"{angle.label}, range of motion",
            group="movement",
            unit="°",
            digits=0,
            formula="largest minus smallest angle after a zero-lag 6 Hz low-pass",
            reference=angle.reference,
            function=lambda material, name=name: material.ranges_deg[name],  # type: ignore[misc]
        )
        for name, angle in ANGLES.items()
    ]
    speeds = [
        Metric(
            name=f"{name}_peak_speed",
            label=f"{angle.label}, peak angular velocity",
            group="movement",
            unit="°/s",
            digits=0,
            formula="largest |dangle/dt| after a zero-lag 6 Hz low-pass, central differences of "
            "fourth order",
            reference=f"{_WINTER}, chapter 3",
            function=lambda material, name=name: material.peak_speeds[name],  # type: ignore[misc]
        )
        for name, angle in ANGLES.items()
    ]
    pairs = {name.removeprefix("left_"): name for name in ANGLES if name.startswith("left_")}
    symmetries = [
        Metric(
            name=f"{name}_symmetry",
            label=f"{_without_side(ANGLES[left].label)}, symmetry of the ranges",
            group="symmetry",
            unit="%",
            digits=0,
            formula="symmetry index 100 (L - R) / (0.5 (L + R)); 0 is even, above 0 the left more",
            reference=_SYMMETRY,
            function=symmetry_of(left, f"right_{name}"),
        )
        for name, left in pairs.items()
    ]
    return [*ranges, *speeds, *symmetries]


def _without_side(label: str) -> str:
    return label.removeprefix("Left ").capitalize()


def _median(values: list[float]) -> float | str:
    return float(np.median(values))


def _number(value: float) -> float | str:
    return "one repetition has no tempo" if np.isnan(value) else value


def _find_best_start(material: Material) -> float | str:
    best = find_most_repeatable(material.repetitions)
    begin_s = material.sequence.time_s[0]
    return best.start_s - float(begin_s) if best else "nothing is repeated"


def _make_stillness_metrics(kind: Literal["hold", "pause"], meaning: str) -> list[Metric]:
    """Count, longest and total of the holds, or of the pauses."""

    def make(
        name: str, label: str, unit: str, formula: str, measure: Callable[[list[float]], float]
    ) -> Metric:
        return Metric(
            name=name,
            label=label,
            group="holds",
            unit=unit,
            digits=1 if unit else 0,
            formula=f"{formula}; {meaning}",
            reference=OWN_DEFINITION,
            function=over_stillness(kind, measure),
        )

    return [
        make(f"{kind}_count", f"{kind.capitalize()}s", "", f"number of {kind}s", len),
        make(f"longest_{kind}", f"Longest {kind}", "s", f"length of the longest {kind}", max),
        make(f"{kind}_time", f"Time in {kind}s", "s", f"sum of the lengths of all {kind}s", sum),
    ]


_METRICS: Final = (
    Metric(
        "repetition_count",
        "Repetitions",
        "repetitions",
        "",
        0,
        "excursions of the most periodic angle or principal component that are alike",
        OWN_DEFINITION,
        lambda material: float(len(material.repetitions)),
    ),
    Metric(
        "tempo",
        "Tempo",
        "repetitions",
        "per minute",
        1,
        "60 over the median time from one peak to the next",
        OWN_DEFINITION,
        over_repetitions(lambda all_: _number(compute_tempo(all_))),
    ),
    Metric(
        "repetition_duration",
        "Length of a repetition",
        "repetitions",
        "s",
        2,
        "median time from start to end",
        OWN_DEFINITION,
        over_repetitions(lambda all_: _median([each.duration_s for each in all_])),
    ),
    Metric(
        "repetition_range",
        "Range of a repetition",
        "repetitions",
        "°",
        0,
        "median range of the angle that moves most",
        OWN_DEFINITION,
        over_repetitions(lambda all_: _median([each.range_deg for each in all_])),
    ),
    Metric(
        "most_repeatable_start",
        "Most repeatable repetition begins at",
        "repetitions",
        "s",
        1,
        "the repetition most like the mean of all; seconds since the first frame",
        OWN_DEFINITION,
        _find_best_start,
    ),
    *_make_stillness_metrics("hold", _HOLD),
    *_make_stillness_metrics("pause", _PAUSE),
    Metric(
        "sparc",
        "SPARC, spectral arc length",
        "smoothness",
        "",
        2,
        f"minus the arc length of the amplitude spectrum of the body's speed up to 10 Hz{_SPEED}",
        _SPARC_2015,
        smoothness_of(compute_sparc),
        "higher",
    ),
    Metric(
        "dlj",
        "DLJ, dimensionless jerk",
        "smoothness",
        "",
        0,
        f"-(T^3 / v_peak^2) integral (d2v/dt2)^2 dt of the body's speed v{_SPEED}",
        _DLJ_2012,
        smoothness_of(compute_dlj),
        "higher",
    ),
    Metric(
        "ldlj",
        "LDLJ, log dimensionless jerk",
        "smoothness",
        "",
        2,
        f"-ln |DLJ| of the body's speed{_SPEED}",
        _SPARC_2015,
        smoothness_of(compute_ldlj),
        "higher",
    ),
    *CLIMBING_METRICS,
)

METRICS: Final[dict[str, Metric]] = {
    metric.name: metric for metric in (*_METRICS, *_make_angle_metrics())
}
"""Every number posecore computes of a session, by name, in the order of its table."""
