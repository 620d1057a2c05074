"""Climbing: how a body travels over a wall, rests, reaches and holds, from one camera.

World landmarks are centred on the hips and carry no travel. Everything about the path is therefore
read from the image landmarks, in body heights: pixels over the athlete's stature in pixels, at the
median distance of the recording. That holds for a camera that stands still and faces the wall;
movement towards the camera is not seen. Holds are unknown: a hand or foot that is still in the
picture counts as a contact, also one that is still in the air.

Tested on made movements with noise; not validated on real climbing measured by other means. Compare
attempts filmed from the same place rather than with numbers of a paper.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posecore.angles import compute_joint_angles
from posecore.centre_of_mass import MASS_SHARES
from posecore.image_scale import compute_picture_height, to_pixels
from posecore.sequence import PoseSequence
from posecore.signals import Floats, differentiate, find_runs, smooth_evenly
from posecore.topology import MIRROR, Landmark

CUTOFF_HZ: Final = 2.0
"""Low-pass of places and angles here: climbing is slow, and 2 cm of noise must stay still."""

LIMBS: Final = ("left_hand", "right_hand", "left_foot", "right_foot")
STATES: Final = ("immobility", "postural regulation", "hold interaction", "traction")

_HAND: Final = (
    Landmark.LEFT_WRIST,
    Landmark.LEFT_INDEX,
    Landmark.LEFT_PINKY,
    Landmark.LEFT_THUMB,
)
_FOOT: Final = (Landmark.LEFT_ANKLE, Landmark.LEFT_HEEL, Landmark.LEFT_FOOT_INDEX)
_LIMB_LANDMARKS: Final = tuple(
    tuple(landmarks if side == "left" else (MIRROR[each] for each in landmarks))
    for landmarks in (_HAND, _FOOT)
    for side in ("left", "right")
)
_SHORTEST_SLIP_S: Final = 0.15
_SWAY_WINDOW_S: Final = 5.0


@dataclass(frozen=True, kw_only=True)
class ClimbingThresholds:
    """What counts as what; the values are posecore's own, chosen above 2 cm of landmark noise.

    Attributes
    ----------
    immobile : float
        Body heights a second below which the centre of mass is immobile.
    limb : float
        Body heights a second below which a hand or foot is still.
    contact_s : float
        Shortest contact.
    reach : float
        Shortest way of a hand between two contacts that is a reach, body heights.
    straight_deg, locked_deg : float
        Elbow flexion of a straight arm, at most; of a lock-off, at least.
    lock_s : float
        Shortest lock-off.
    """

    immobile: float = 0.06
    limb: float = 0.12
    contact_s: float = 0.3
    reach: float = 0.15
    straight_deg: float = 30.0
    locked_deg: float = 90.0
    lock_s: float = 1.0


@dataclass(frozen=True, eq=False)
class Climb:
    """A recording as climbing is measured: even times, places in body heights, y down.

    Attributes
    ----------
    time_s : ndarray, shape (m,)
    rate_hz : float
    centre, hips : ndarray, shape (m, 2)
        Centre of mass and mid-hip.
    limbs : ndarray, shape (m, 4, 2)
        Hands and feet in the order of :data:`LIMBS`.
    elbow_deg : ndarray, shape (m, 2)
        Flexion of the left and right elbow.
    hand_is_high : ndarray of bool, shape (m, 2)
        Wrist above elbow in the picture.
    limits : ClimbingThresholds
    """

    time_s: Floats
    rate_hz: float
    centre: Floats
    hips: Floats
    limbs: Floats
    elbow_deg: Floats
    hand_is_high: NDArray[np.bool_]
    limits: ClimbingThresholds

    @cached_property
    def speed(self) -> Floats:
        """Of the centre of mass, shape (m,), body heights a second."""
        return _length(differentiate(self.centre, self.rate_hz))

    @cached_property
    def is_still(self) -> NDArray[np.bool_]:
        """Shape (m, 4): whether each hand and foot is still; False where unknown."""
        return _length(differentiate(self.limbs, self.rate_hz)) < self.limits.limb

    @cached_property
    def contacts(self) -> dict[str, NDArray[np.int64]]:
        """Contacts of each limb; see :func:`find_contacts`."""
        return find_contacts(self)


def prepare_climb(sequence: PoseSequence, limits: ClimbingThresholds | None = None) -> Climb | str:
    """Places in body heights on an even clock, or the reason why there are none."""
    height_px = compute_picture_height(sequence)
    if np.isnan(height_px):
        return "the body is not seen well enough to know its size in the picture"
    places = to_pixels(sequence) / height_px
    carries = MASS_SHARES > 0
    elbows = compute_joint_angles(sequence, ["left_elbow_flexion", "right_elbow_flexion"])
    lift = [
        places[:, elbow, 1] - places[:, wrist, 1]
        for elbow, wrist in (
            (Landmark.LEFT_ELBOW, Landmark.LEFT_WRIST),
            (Landmark.RIGHT_ELBOW, Landmark.RIGHT_WRIST),
        )
    ]
    columns = [
        np.einsum("k,nkd->nd", MASS_SHARES[carries], places[:, carries]),
        places[:, [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]].mean(axis=1),
        *(places[:, landmarks].mean(axis=1) for landmarks in _LIMB_LANDMARKS),
        elbows.to_numpy(),
        np.stack(lift, axis=1),
    ]
    together = np.concatenate(columns, axis=1)
    even = smooth_evenly(sequence.time_s, together, cutoff_hz=CUTOFF_HZ, measures_noise=False)
    climb = Climb(
        even.time_s,
        even.rate_hz,
        centre=even.values[:, 0:2],
        hips=even.values[:, 2:4],
        limbs=even.values[:, 4:12].reshape(-1, 4, 2),
        elbow_deg=even.values[:, 12:14],
        hand_is_high=even.values[:, 14:16] > 0,
        limits=limits or ClimbingThresholds(),
    )
    if np.isnan(climb.speed).all():
        return "some part of the body is never seen, or never for long enough"
    return climb


def compute_path_length(climb: Climb) -> float:
    """Path of the centre of mass while it moves, body heights: ``L = sum |dx|``.

    Steps slower than the immobility threshold are noise and left out; posecore's own definition.
    """
    return float(_length(_find_steps(climb)).sum())


def compute_straightness(climb: Climb) -> float | str:
    """Straight line over path, ``|sum dx| / sum |dx|``, 0 to 1; 1 is a straight line.

    The straightness index D / L of Batschelet (1981), Circular Statistics in Biology, Academic
    Press, over the steps in which the body moves.
    """
    steps = _find_steps(climb)
    path = _length(steps).sum()
    return float(_length(steps.sum(axis=0)) / path) if path > 0 else "the body does not travel"


def compute_geometric_entropy(climb: Climb) -> float | str:
    """Geometric index of entropy ``ln(2 L / c)`` of the path of the centre of mass.

    L is its length while the body moves and c the perimeter of the convex hull of all its places;
    0 is a straight line, the more the path winds, the higher. A body that creeps much of its way
    below the threshold, which L leaves out, comes out below that.

    Cordier, Mendes France, Bolon and Pailhous (1994), Thermodynamic study of motor behaviour
    optimization, Acta Biotheoretica 42(2-3):187-201; in this form Watts, Drum, Kilgas and Phillips
    (2016), Geometric entropy for lead vs top-rope rock climbing, Int J Exerc Sci 9(2):168-174.
    """
    path = compute_path_length(climb)
    if not path > 0:
        return "the body does not travel"
    return float(np.log(2 * path / _measure_hull(climb.centre)))


def compute_immobility_ratio(climb: Climb) -> float:
    """Share of the time in which the centre of mass is slower than the threshold, percent.

    Immobility as reviewed by Orth, Kerr, Davids and Seifert (2017), Analysis of relations between
    spatiotemporal movement regulation and performance of discrete actions reveals functionality in
    skilled climbing, Front Psychol 8:1744; the threshold is posecore's.
    """
    speed = climb.speed[~np.isnan(climb.speed)]
    return 100 * float((speed < climb.limits.immobile).mean())


def compute_state_shares(climb: Climb) -> tuple[float, float, float, float]:
    """Share of the time in each of :data:`STATES`, percent.

    Nothing moves: immobility. Only the body does: postural regulation. Only a hand or foot does:
    hold interaction, or exploration. Both do: traction.

    Boulanger, Seifert, Herault and Coeurjolly (2016), Automatic sensor-based detection and
    classification of climbing activities, IEEE Sensors Journal 16(3):742-749, there from sensors at
    hips, hands and feet; the thresholds are posecore's.
    """
    known = ~np.isnan(climb.speed)
    body = climb.speed[known] >= climb.limits.immobile
    limb = ~climb.is_still[known].all(axis=1)
    shares = np.bincount(body + 2 * limb, minlength=4) * (100 / known.sum())
    return float(shares[0]), float(shares[1]), float(shares[2]), float(shares[3])


def compute_hip_jerk(climb: Climb) -> float | str:
    """Logarithm of the dimensionless jerk of the hips, ``ln(T^5 / L^2 integral |d3x/dt3|^2 dt)``.

    T is the time the hips are seen and L their path; lower is more fluent. After a 2 Hz low-pass.

    Seifert, Orth, Boulanger, Dovgalecs, Herault and Davids (2014), Climbing skill and complexity of
    climbing wall design: assessment of jerk as a novel indicator of performance fluency, J Appl
    Biomech 30(5):619-625, there from a sensor at the hips. Made dimensionless by time and path as
    by Hogan and Sternad (2009), Sensitivity of smoothness measures to movement duration, amplitude,
    and arrests, J Mot Behav 41(6):529-534.
    """
    velocity = differentiate(climb.hips, climb.rate_hz)
    jerk = differentiate(differentiate(velocity, climb.rate_hz), climb.rate_hz)
    known = ~np.isnan(jerk[:, 0])
    speed = _length(velocity[known])
    path = float(speed[speed >= climb.limits.immobile].sum() / climb.rate_hz)
    square = float((jerk[known] ** 2).sum() / climb.rate_hz)
    if not path > 0 or not square > 0:
        return "the hips do not travel"
    return float(np.log((known.sum() / climb.rate_hz) ** 5 / path**2 * square))


def compute_hip_sway(climb: Climb) -> float | str:
    """Sway of the hips sideways in the picture, body heights.

    Root mean square distance from their own mean over 5 seconds, as the RMS distance of Prieto et
    al. (1996), Measures of postural steadiness, IEEE Trans Biomed Eng 43(9):956-966, for standing;
    the moving mean, which lets the climber travel, is posecore's.
    """
    x = climb.hips[:, 0]
    n_window = round(_SWAY_WINDOW_S * climb.rate_hz)
    total = np.concatenate(([0.0], np.cumsum(np.nan_to_num(x))))
    count = np.concatenate(([0], np.cumsum(~np.isnan(x))))
    complete = (count[n_window:] - count[:-n_window]) == n_window
    if not complete.any():
        return f"never seen for {_SWAY_WINDOW_S:g} s without a gap"
    mean = (total[n_window:] - total[:-n_window]) / n_window
    about = x[n_window // 2 : n_window // 2 + len(mean)] - mean
    return float(np.sqrt((about[complete] ** 2).mean()))


def compute_straight_arm_share(climb: Climb) -> float | str:
    """Share of the time an arm is straight, percent, the mean of both arms.

    Straight is an elbow flexion of at most 30 degrees; a coaching rule (straight arms save the
    forearms), not a published measure.
    """
    known = ~np.isnan(climb.elbow_deg)
    if not known.any():
        return "no elbow is seen"
    return 100 * float((climb.elbow_deg[known] <= climb.limits.straight_deg).mean())


def count_lock_offs(climb: Climb) -> float | str:
    """How often an arm holds bent: elbow flexion of at least 90 degrees for at least 1 s.

    The hand is still and above the elbow. Posecore's own definition of the climbers' word.
    """
    if np.isnan(climb.elbow_deg).all():
        return "no elbow is seen"
    locked = (climb.elbow_deg >= climb.limits.locked_deg) & climb.hand_is_high
    locked &= climb.is_still[:, :2]
    least = climb.limits.lock_s * climb.rate_hz
    return float(sum((np.diff(find_runs(arm)) >= least).sum() for arm in locked.T))


def find_contacts(climb: Climb) -> dict[str, NDArray[np.int64]]:
    """Contacts of each limb, shape (r, 2): first index on the climb's clock, and after the last.

    A limb that is still for at least 0.3 s is in contact; a slip shorter than 0.15 s ends none.
    """
    contacts = {}
    for name, is_still in zip(LIMBS, climb.is_still.T, strict=True):
        held = is_still.copy()
        unknown = np.isnan(climb.limbs[:, LIMBS.index(name), 0])
        for first, stop in find_runs(~is_still & ~unknown):
            if first > 0 and stop < len(held):
                held[first:stop] = stop - first < _SHORTEST_SLIP_S * climb.rate_hz
        runs = find_runs(held)
        contacts[name] = runs[runs[:, 1] - runs[:, 0] >= climb.limits.contact_s * climb.rate_hz]
    return contacts


def compute_contact_time(climb: Climb, limb: str) -> float | str:
    """Mean time a hand, or a foot, stays in one contact, seconds; ``limb`` is "hand" or "foot".

    As the hold time of Fuss and Niegl (2008), Instrumented climbing holds and performance analysis
    in sport climbing, Sports Technology 1(6):301-313, there measured by force.
    """
    contacts = climb.contacts
    runs = np.concatenate([contacts[f"{side}_{limb}"] for side in ("left", "right")])
    return float(np.diff(runs).mean() / climb.rate_hz) if len(runs) else f"no {limb} is ever still"


def count_reaches(climb: Climb) -> float | str:
    """How often a hand goes from one contact to another at least 0.15 body heights away."""
    contacts = climb.contacts
    if not len(contacts["left_hand"]) + len(contacts["right_hand"]):
        return "no hand is ever still"
    n_reaches = 0
    for number, name in enumerate(LIMBS[:2]):
        middle = contacts[name].sum(axis=1) // 2
        way = _length(np.diff(climb.limbs[middle, number], axis=0))
        n_reaches += int((way >= climb.limits.reach).sum())
    return float(n_reaches)


def _length(vectors: Floats) -> Floats:
    squares: Floats = (vectors**2).sum(axis=-1)
    return np.sqrt(squares)


def _find_steps(climb: Climb) -> Floats:
    """Steps of the centre of mass from tick to tick while it moves; a gap is a straight line."""
    known = ~np.isnan(climb.centre).any(axis=1)
    steps = np.diff(climb.centre[known], axis=0)
    passed_s = np.diff(climb.time_s[known])
    moves = _length(steps) >= climb.limits.immobile * passed_s
    return np.asarray(steps[moves])


def _measure_hull(points: Floats) -> float:
    """Perimeter of the convex hull; twice the length of points that lie on one line."""
    from scipy.spatial import ConvexHull

    points = points[~np.isnan(points).any(axis=1)]
    about = points - points.mean(axis=0)
    _, sizes, axes = np.linalg.svd(about, full_matrices=False)
    if len(points) < 3 or sizes[1] < 1e-6 * sizes[0]:
        return 2 * float(np.ptp(about @ axes[0]))
    return float(ConvexHull(about).area)
