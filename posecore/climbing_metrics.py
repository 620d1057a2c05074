"""The metrics of climbing: what each is called, how it is computed, and who says so.

Their papers measured with sensors on the body, forces in the holds or marked places in the video.
Here they are read from one camera's estimate, with thresholds of posecore's own, and none of them
has been compared with a climb measured otherwise.
"""

from dataclasses import replace
from typing import Final

from posecore import climbing
from posecore.measures import Measure, of_climb
from posecore.metric_definition import BODY_HEIGHTS, OWN_DEFINITION, Metric

_MASSES: Final = (
    "Winter (2009), Biomechanics and Motor Control of Human Movement, 4th ed., table 4.1"
)
_STRAIGHT: Final = "straightness index D / L of Batschelet (1981), Circular Statistics in Biology"
_ENTROPY: Final = (
    "Cordier et al. (1994), Thermodynamic study of motor behaviour optimization, Acta "
    "Biotheoretica 42(2-3):187-201, in the form of Watts et al. (2016), Geometric entropy for lead "
    "vs top-rope rock climbing, Int J Exerc Sci 9(2):168-174"
)
_IMMOBILITY: Final = (
    "as reviewed by Orth et al. (2017), Analysis of relations between spatiotemporal movement "
    "regulation and performance of discrete actions, Front Psychol 8:1744"
)
_JERK: Final = (
    "after Seifert et al. (2014), Climbing skill and complexity of climbing wall design: assessment"
    " of jerk as a novel indicator of performance fluency, J Appl Biomech 30(5):619-625, made "
    "dimensionless as by Hogan and Sternad (2009), J Mot Behav 41(6):529-534"
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
    "analysis in sport climbing, Sports Technology 1(6):301-313, there from force"
)
_NOT_VALIDATED: Final = "here from one camera's picture, not validated on real climbing"


def _state_of(number: int) -> Measure:
    return of_climb(lambda climb: climbing.compute_state_shares(climb)[number])


_METRICS: Final = (
    Metric(
        "com_path_length",
        "Path of the centre of mass",
        "climbing",
        BODY_HEIGHTS,
        2,
        "L = sum |dx| in the picture while the centre of mass moves; the camera stands still",
        f"posecore's own definition; masses of the segments from {_MASSES}",
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
        "ln(2 L / c), L the path of the centre of mass while it moves, c the perimeter of the "
        "convex hull of all its places",
        _ENTROPY,
        of_climb(climbing.compute_geometric_entropy),
    ),
    Metric(
        "immobility_ratio",
        "Immobility ratio",
        "climbing",
        "%",
        0,
        "share of the time with the centre of mass slower than the threshold (usually "
        "0.06 body heights/s)",
        _IMMOBILITY,
        of_climb(climbing.compute_immobility_ratio),
    ),
    Metric(
        "immobility_share",
        "Immobility, share of the time",
        "climbing",
        "%",
        0,
        "neither body nor limbs move; body from 0.06 (usually), limbs from 0.12 body heights/s",
        _STATES,
        _state_of(0),
    ),
    Metric(
        "postural_regulation_share",
        "Postural regulation, share of the time",
        "climbing",
        "%",
        0,
        "the body moves, no hand or foot does; body from 0.06 (usually), limbs from 0.12 "
        "body heights/s",
        _STATES,
        _state_of(1),
    ),
    Metric(
        "hold_interaction_share",
        "Hold interaction, exploration, share of the time",
        "climbing",
        "%",
        0,
        "a hand or foot moves, the body does not; body from 0.06 (usually), limbs from "
        "0.12 body heights/s",
        _STATES,
        _state_of(2),
    ),
    Metric(
        "traction_share",
        "Traction, share of the time",
        "climbing",
        "%",
        0,
        "body and limbs move; body from 0.06 (usually), limbs from 0.12 body heights/s",
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
        "lower",
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
        OWN_DEFINITION,
        of_climb(climbing.compute_straight_arm_share),
    ),
    Metric(
        "lock_off_count",
        "Lock-offs",
        "climbing",
        "",
        0,
        "elbow flexion of at least 90° for at least 1 s, hand still and above the elbow",
        OWN_DEFINITION,
        of_climb(climbing.count_lock_offs),
    ),
    Metric(
        "reach_count",
        "Reaches",
        "climbing",
        "",
        0,
        "a hand goes from one contact to another at least 0.15 body heights away",
        OWN_DEFINITION,
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

CLIMBING_METRICS: Final = tuple(
    replace(metric, reference=f"{metric.reference}; {_NOT_VALIDATED}") for metric in _METRICS
)
