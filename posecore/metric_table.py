"""The table of metrics: what each is called, how it is computed, and who says so."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from posecore import climbing
from posecore.angles import ANGLES
from posecore.events import Repetition, compute_tempo, find_most_repeatable
from posecore.measures import Measure, of_climb, over_repetitions, smoothness_of, symmetry_of
from posecore.smoothness import compute_dlj, compute_ldlj, compute_sparc

BODY_HEIGHTS: Final = "body heights"

_OWN: Final = "posecore's own definition, stated in its docstring"
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
_MASSES: Final = (
    "Winter (2009), Biomechanics and Motor Control of Human Movement, 4th ed., table 4.1"
)
_STRAIGHT: Final = "Batschelet (1981), Circular Statistics in Biology, Academic Press, section 2.1"
_ENTROPY: Final = (
    "Cordier et al. (1994), Thermodynamic study of motor behaviour optimization, Acta "
    "Biotheoretica 42(2-3):187-201"
)
_JERK: Final = (
    "Seifert et al. (2014), Climbing skill and complexity of climbing wall design: assessment"
    " of jerk as a novel indicator of performance fluency, J Appl Biomech 30(5):619-625"
)
_STATES: Final = (
    "Boulanger et al. (2016), Automatic sensor-based detection and classification of climbing"
    " activities, IEEE Sensors Journal 16(3):742-749"
)
_SWAY: Final = (
    "as the RMS distance of Prieto et al. (1996), Measures of postural steadiness, IEEE Trans"
    " Biomed Eng 43(9):956-966"
)
_HOLD_TIME: Final = (
    "as the hold time of Fuss and Niegl (2008), Instrumented climbing holds and performance "
    "analysis in sport climbing, Sports Technology 1(6):301-313; here from the picture, not "
    "from force"
)


@dataclass(frozen=True)
class Metric:
    """One number of a session.

    Attributes
    ----------
    name, label : str
        Key in :data:`METRICS`; what a person reads.
    group : {"repetitions", "movement", "symmetry", "smoothness", "climbing"}
    unit : str
    digits : int
        After the decimal point; more would claim too much.
    formula, reference : str
        How it is computed, and who says so.
    function : callable
        From a :class:`Material` to the number, or to the reason why there is none.
    """

    name: str
    label: str
    group: str
    unit: str
    digits: int
    formula: str
    reference: str
    function: Measure


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
            formula="largest |dangle/dt| after a zero-lag 6 Hz low-pass, central differences",
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


def _find_best_start(repetitions: list[Repetition]) -> float | str:
    best = find_most_repeatable(repetitions)
    return best.start_s if best else "nothing is repeated"


def _state_of(number: int) -> Measure:
    return of_climb(lambda climb: climbing.compute_state_shares(climb)[number])


_METRICS: Final = (
    Metric(
        "repetition_count",
        "Repetitions",
        "repetitions",
        "",
        0,
        "excursions of the most periodic angle or principal component that are alike",
        _OWN,
        lambda material: float(len(material.repetitions)),
    ),
    Metric(
        "tempo",
        "Tempo",
        "repetitions",
        "per minute",
        1,
        "60 over the median time from one peak to the next",
        _OWN,
        over_repetitions(lambda all_: _number(compute_tempo(all_))),
    ),
    Metric(
        "repetition_duration",
        "Length of a repetition",
        "repetitions",
        "s",
        2,
        "median time from start to end",
        _OWN,
        over_repetitions(lambda all_: _median([each.duration_s for each in all_])),
    ),
    Metric(
        "repetition_range",
        "Range of a repetition",
        "repetitions",
        "°",
        0,
        "median range of the angle that moves most",
        _OWN,
        over_repetitions(lambda all_: _median([each.range_deg for each in all_])),
    ),
    Metric(
        "most_repeatable_start",
        "Most repeatable repetition begins at",
        "repetitions",
        "s",
        1,
        "the repetition most like the mean of all",
        _OWN,
        over_repetitions(_find_best_start),
    ),
    Metric(
        "sparc",
        "SPARC, spectral arc length",
        "smoothness",
        "",
        2,
        "minus the arc length of the amplitude spectrum of the body's speed up to 10 Hz, "
        "median over the repetitions; nearer to 0 is smoother",
        _SPARC_2015,
        smoothness_of(compute_sparc),
    ),
    Metric(
        "dlj",
        "DLJ, dimensionless jerk",
        "smoothness",
        "",
        0,
        "-(T^3 / v_peak^2) integral (d2v/dt2)^2 dt of the body's speed v, median over the "
        "repetitions; nearer to 0 is smoother",
        _DLJ_2012,
        smoothness_of(compute_dlj),
    ),
    Metric(
        "ldlj",
        "LDLJ, log dimensionless jerk",
        "smoothness",
        "",
        2,
        "-ln |DLJ|, median over the repetitions; nearer to 0 is smoother",
        _SPARC_2015,
        smoothness_of(compute_ldlj),
    ),
    Metric(
        "com_path_length",
        "Path of the centre of mass",
        "movement",
        BODY_HEIGHTS,
        2,
        "L = sum |dx| in the picture while the centre of mass moves; the camera stands still",
        _MASSES,
        of_climb(climbing.compute_path_length),
    ),
    Metric(
        "straightness",
        "Straightness of the path",
        "climbing",
        "",
        2,
        "straight line over path, |sum dx| / sum |dx|",
        _STRAIGHT,
        of_climb(climbing.compute_straightness),
    ),
    Metric(
        "geometric_entropy",
        "Geometric entropy",
        "climbing",
        "",
        2,
        "ln(2 L / c), L the path of the centre of mass, c the perimeter of its convex hull",
        _ENTROPY,
        of_climb(climbing.compute_geometric_entropy),
    ),
    Metric(
        "immobility_ratio",
        "Immobility ratio",
        "climbing",
        "%",
        0,
        "share of the time with the centre of mass slower than the threshold (0.06 body heights/s)",
        _JERK,
        of_climb(climbing.compute_immobility_ratio),
    ),
    Metric(
        "immobility_share",
        "Immobility, share of the time",
        "climbing",
        "%",
        0,
        "neither body nor limbs move; body from 0.06, limbs from 0.12 body heights/s",
        _STATES,
        _state_of(0),
    ),
    Metric(
        "postural_regulation_share",
        "Postural regulation, share of the time",
        "climbing",
        "%",
        0,
        "the body moves, no hand or foot does; body from 0.06, limbs from 0.12 body heights/s",
        _STATES,
        _state_of(1),
    ),
    Metric(
        "hold_interaction_share",
        "Hold interaction, exploration, share of the time",
        "climbing",
        "%",
        0,
        "a hand or foot moves, the body does not; body from 0.06, limbs from 0.12 body heights/s",
        _STATES,
        _state_of(2),
    ),
    Metric(
        "traction_share",
        "Traction, share of the time",
        "climbing",
        "%",
        0,
        "body and limbs move; body from 0.06, limbs from 0.12 body heights/s",
        _STATES,
        _state_of(3),
    ),
    Metric(
        "hip_jerk",
        "Jerk of the hips",
        "climbing",
        "",
        1,
        "ln(T^5 / L^2 integral |d3x/dt3|^2 dt) after a 2 Hz low-pass; lower is more fluent",
        _JERK,
        of_climb(climbing.compute_hip_jerk),
    ),
    Metric(
        "hip_sway",
        "Hip sway, sideways",
        "climbing",
        BODY_HEIGHTS,
        3,
        "RMS distance of the hips from their own mean over 5 s, sideways in the picture",
        _SWAY,
        of_climb(climbing.compute_hip_sway),
    ),
    Metric(
        "straight_arm_share",
        "Straight arms, share of the time",
        "climbing",
        "%",
        0,
        "elbow flexion of at most 30°, mean of both arms",
        _OWN,
        of_climb(climbing.compute_straight_arm_share),
    ),
    Metric(
        "lock_off_count",
        "Lock-offs",
        "climbing",
        "",
        0,
        "elbow flexion of at least 90° for at least 1 s, hand still and above the elbow",
        _OWN,
        of_climb(climbing.count_lock_offs),
    ),
    Metric(
        "reach_count",
        "Reaches",
        "climbing",
        "",
        0,
        "a hand goes from one contact to another at least 0.15 body heights away",
        _OWN,
        of_climb(climbing.count_reaches),
    ),
    Metric(
        "hand_contact_time",
        "Time per hand contact",
        "climbing",
        "s",
        1,
        "mean time a hand stays slower than 0.12 body heights/s, from 0.3 s on; holds are unknown",
        _HOLD_TIME,
        of_climb(lambda climb: climbing.compute_contact_time(climb, "hand")),
    ),
    Metric(
        "foot_contact_time",
        "Time per foot contact",
        "climbing",
        "s",
        1,
        "mean time a foot stays slower than 0.12 body heights/s, from 0.3 s on; holds are unknown",
        _HOLD_TIME,
        of_climb(lambda climb: climbing.compute_contact_time(climb, "foot")),
    ),
)

METRICS: Final[dict[str, Metric]] = {
    metric.name: metric for metric in (*_METRICS, *_make_angle_metrics())
}
"""Every number posecore computes of a session, by name, in the order of its table."""
