"""Repetitions of a movement, whatever it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from posecore.angles import ANGLES, compute_joint_angles
from posecore.excursions import Excursions, find_excursions, no_excursions, take_between
from posecore.image_scale import compute_image_scale, to_pixels
from posecore.sequence import PoseSequence
from posecore.signals import EvenSignals, Floats, find_runs, smooth_evenly
from posecore.topology import N_LANDMARKS, Landmark

if TYPE_CHECKING:
    import pandas as pd

    Angles = pd.DataFrame | pd.Series[float]

SMALLEST_ANGLE_DEG: Final = 15.0
SMALLEST_SHIFT_M: Final = 0.25
"""Least range of a repetition: of an angle, and of a principal component of all landmarks."""

_N_COMPONENTS: Final = 3
_NOISE_FACTOR: Final = 6.0
_LEAST_ALIKE: Final = 0.7
_MOST_UNLIKE_LENGTH: Final = 0.6
_LONGEST_TRAVEL_M: Final = 0.3
_LARGEST_GROWTH: Final = 0.15
_LEAST_LEAN: Final = 0.3
_N_POINTS: Final = 16
_N_MODELS: Final = 24
_N_ROWS: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class Repetition:
    """One repetition of a movement.

    Attributes
    ----------
    start_s, end_s : float
        When the body leaves the position it begins from, and when it is back; on the clock of the
        recording's ``time_s``.
    peak_s : float
        When it is farthest from there: the middle of the time above 0.8 of the excursion.
    signal : str
        What was counted: the name of an angle, or ``movement 1``, the first principal component.
    angle : str
        The angle that moves most during the repetitions.
    range_deg : float
        From the smallest to the largest value of that angle within this repetition, degrees.
    repeatability : float
        Likeness to the mean repetition, 1 the same, 0 nothing in common.
    """

    start_s: float
    end_s: float
    peak_s: float
    signal: str
    angle: str
    range_deg: float
    repeatability: float

    @property
    def duration_s(self) -> float:
        """Seconds from start to end."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class _Material:
    """What is counted in (a row of ``values`` each), and the space in which it is compared.

    Rows because each candidate is read from its first value to its last, often.
    """

    even: EvenSignals
    values: Floats
    noise: Floats
    names: list[str]
    n_angles: int
    smallest: Floats
    shape: Floats
    place: Floats


class _Found(NamedTuple):
    """Repetitions in one candidate, and how alike they are: the score is the time they fill."""

    score: float
    column: int
    bumps: Excursions
    alike: Floats


def detect_repetitions(
    movement: "PoseSequence | Angles", *, smoothed: EvenSignals | None = None
) -> list[Repetition]:
    """Repetitions of a periodic movement, whatever it is.

    Parameters
    ----------
    movement : PoseSequence, DataFrame or Series
        A recording; or angles in degrees indexed by ``time_s``, as
        :func:`posecore.compute_joint_angles` gives them.
    smoothed : EvenSignals, optional
        All angles of the recording as :func:`posecore.signals.smooth_evenly` gives them, where
        they are at hand; computed when left out.

    Returns
    -------
    list of Repetition
        In order of time; empty where nothing is repeated. Rates from 0.05 to 3 Hz are found, up
        to a third of the frame rate.

    Notes
    -----
    Candidates are every angle and the first three principal components of all world landmarks
    (of the angles, where only angles are given), smoothed by a zero-lag 6 Hz low-pass, each with
    either side as the one where a repetition begins. In each, excursions from that side are found
    that are larger than 15 degrees or 0.25 m, than six times the noise, and than 0.4 of the typical
    excursion. Two are alike when ``2 <a, b> / (<a, a> + <b, b>)`` of their time-normalised
    principal components is above 0.7 and their lengths agree within a factor of 0.6. Repetitions
    are the excursions like the one that most others are like, three or more in a row; two where
    the recording holds no other. The candidate wins whose repetitions cover most time, weighted
    by their likeness.

    A repetition ends where it began: steps that carry the body through the picture by more than
    0.3 m, or change its size by more than 15 %, are not counted. Only one kind of movement is
    counted in a recording, the one that fills most of its time.

    Principal components as in Daffertshofer et al. (2004), PCA in studying coordination and
    variability, Clin Biomech 19(4):415-428. All the rest, its limits included, is posecore's own;
    it is tested on made movements and the sample recordings, not on climbing.
    """
    from threadpoolctl import threadpool_limits

    # Many small products: threads that share them wait for each other on a busy machine.
    with threadpool_limits(1, user_api="blas"):
        material = _prepare(movement, smoothed)
        return [] if material is None else _describe(material, _find_best(material))


def compute_tempo(repetitions: Sequence[Repetition]) -> float:
    """Repetitions a minute: 60 over the median time from one peak to the next; NaN below two."""
    peaks_s = [repetition.peak_s for repetition in repetitions]
    return 60.0 / float(np.median(np.diff(peaks_s))) if len(peaks_s) > 1 else float("nan")


def find_most_repeatable(repetitions: Sequence[Repetition]) -> Repetition | None:
    """The repetition most like the mean of all; None where there is none."""
    return max(repetitions, key=lambda each: each.repeatability, default=None)


def _prepare(movement: "PoseSequence | Angles", smoothed: EvenSignals | None) -> _Material | None:
    import pandas as pd

    if isinstance(movement, PoseSequence):
        time_s = movement.time_s
        points = movement.world_landmarks.reshape(-1, 3 * N_LANDMARKS)
        place = _measure_place(movement)
        smallest_shift = SMALLEST_SHIFT_M
        names = list(ANGLES)
    else:
        table = pd.DataFrame(movement)
        time_s = table.index.to_numpy(dtype=np.float64)
        points = table.to_numpy(dtype=np.float64)
        names = [str(name) for name in table.columns]
        place = np.zeros((len(time_s), 3))
        smallest_shift = SMALLEST_ANGLE_DEG
    if len(time_s) < 3 or np.isnan(points).all():
        return None
    shape = _find_components(np.asarray(points, dtype=np.float64))
    n_angles, n_shapes = len(names), shape.shape[1]
    if smoothed is None and isinstance(movement, PoseSequence):
        smoothed = smooth_evenly(time_s, compute_joint_angles(movement).to_numpy())
    elif smoothed is None:
        smoothed = smooth_evenly(time_s, points)
    even = smooth_evenly(time_s, np.concatenate([shape, place], axis=1))
    return _Material(
        even=even,
        values=np.ascontiguousarray(np.concatenate([smoothed.values.T, even.values.T[:n_shapes]])),
        noise=np.concatenate([smoothed.noise, even.noise[:n_shapes]]),
        names=names + [f"movement {number + 1}" for number in range(n_shapes)],
        n_angles=n_angles,
        smallest=np.repeat([SMALLEST_ANGLE_DEG, smallest_shift], [n_angles, n_shapes]),
        shape=even.values[:, :n_shapes],
        place=even.values[:, n_shapes:],
    )


def _find_best(material: _Material) -> _Found:
    """The candidate whose repetitions cover most time."""
    best = _Found(0.0, -1, no_excursions(), np.empty(0))
    for column in range(len(material.names)):
        if not np.isnan(material.values[column]).all():
            signs = _find_sides(material.values[column])
            found = max(
                (_find_alike(material, column, sign) for sign in signs),
                key=lambda each: (len(each.alike), each.score),
            )
            best = max(best, found, key=lambda each: each.score)
    return best


def _measure_place(sequence: PoseSequence) -> Floats:
    """Where the hips are in the picture, in metres of the athlete's size, and the log of it."""
    scale = compute_image_scale(sequence)
    hips = to_pixels(sequence, [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]).mean(axis=1)
    known = ~np.isnan(scale)
    if not known.any():
        return np.full((len(scale), 3), np.nan)
    return np.column_stack([hips / np.median(scale[known]), np.log(scale)])


def _find_components(points: Floats) -> Floats:
    """First principal components, shape (n, up to 3); NaN where no point is known.

    What is missing of a row is taken from the time around it, so that a hidden hand is no step.
    """
    from_frames = np.arange(len(points))
    known = ~np.isnan(points)
    filled = points if known.all() else points[:, known.any(axis=0)]
    for column in np.flatnonzero(np.isnan(filled).any(axis=0)):
        there = ~np.isnan(filled[:, column])
        filled[:, column] = np.interp(from_frames, from_frames[there], filled[there, column])
    filled = filled - filled.mean(axis=0)
    n_components = min(_N_COMPONENTS, filled.shape[1])
    some = filled[
        :: -(-len(filled) // _N_ROWS)
    ]  # enough to know the directions of a long recording
    _, directions = np.linalg.eigh(some.T @ some)
    # Backwards in memory they would be multiplied number by number.
    components = filled @ np.ascontiguousarray(directions[:, : -n_components - 1 : -1])
    components[~known.any(axis=1)] = np.nan
    return np.asarray(components)


def _find_sides(values: Floats) -> tuple[float, ...]:
    """1 where repetitions begin low, -1 high: where the body rests; both where it does not."""
    known = values[~np.isnan(values)]
    lean = known.mean() - np.median(known)
    if abs(lean) > _LEAST_LEAN * known.std():
        return (float(np.sign(lean)),)
    return 1.0, -1.0


def _find_alike(material: _Material, column: int, sign: float) -> _Found:
    """Repetitions in one candidate that begin at its low side, or at its high one."""
    nothing = _Found(0.0, column, no_excursions(), np.empty(0))
    smallest = max(material.smallest[column], _NOISE_FACTOR * material.noise[column])
    values = sign * material.values[column]
    bumps = find_excursions(values, material.even, float(smallest))
    bumps = bumps.keep(_stay_in_place(material, bumps))
    if len(bumps.peak) < 2:
        return nothing
    waves = _take_waves(material.shape, bumps)
    is_one = _keep_series(_compare(waves, bumps), bumps.whole)
    moves = np.sqrt((waves**2).mean(axis=1) * material.shape.shape[1])
    is_one &= moves > material.smallest[-1] / 5
    if (is_one & bumps.whole).sum() < 2:
        return nothing
    bumps, waves = bumps.keep(is_one), waves[is_one]
    alike = _likeness(waves[bumps.whole].mean(axis=0)[None], waves)[0]
    return _Found(float(((bumps.end - bumps.start) * alike).sum()), column, bumps, alike)


def _stay_in_place(material: _Material, bumps: Excursions) -> NDArray[np.bool_]:
    """Whether the body ends each excursion where and as large as it began it."""
    change = take_between(material.place, bumps.end) - take_between(material.place, bumps.start)
    # Where the picture says nothing, nothing speaks against it.
    right_m, down_m, growth = np.abs(np.nan_to_num(change)).T
    stays: NDArray[np.bool_] = np.hypot(right_m, down_m) <= _LONGEST_TRAVEL_M
    stays &= growth <= _LARGEST_GROWTH
    return stays


def _take_waves(shape: Floats, bumps: Excursions) -> Floats:
    """Course of each excursion about its own mean, shape (number, points x components)."""
    along = (np.arange(_N_POINTS) + 0.5) / _N_POINTS
    waves = take_between(shape, bumps.start[:, None] + (bumps.end - bumps.start)[:, None] * along)
    about_mean: Floats = np.nan_to_num(waves - waves.mean(axis=1, keepdims=True))
    return about_mean.reshape(len(bumps.peak), -1)


def _likeness(some: Floats, others: Floats) -> Floats:
    """``2 <a, b> / (<a, a> + <b, b>)`` of each with each: 1 the same, 0 nothing in common."""
    squares = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)
    return np.asarray(2 * some @ others.T / np.where(squares > 0, squares, 1.0))


def _compare(waves: Floats, bumps: Excursions) -> NDArray[np.bool_]:
    """Which excursions are like the one that most are like."""
    length = bumps.end - bumps.start
    models = np.unique(np.linspace(0, len(waves) - 1, _N_MODELS).round().astype(np.int64))
    alike = _likeness(waves[models], waves)
    ratio = length[models][:, None] / length
    alike[(np.minimum(ratio, 1 / ratio) < _MOST_UNLIKE_LENGTH) | (alike < _LEAST_ALIKE)] = 0.0
    return np.asarray(alike[alike.sum(axis=1).argmax()] > 0)


def _keep_series(is_alike: NDArray[np.bool_], is_whole: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Three alike in a row make a series; two do where there is nothing else.

    One that is cut off belongs to the series it stands beside.
    """
    beside = np.zeros_like(is_alike)
    beside[1:] |= is_alike[:-1]
    beside[:-1] |= is_alike[1:]
    is_alike = is_alike | (~is_whole & beside)
    least = 2 if is_alike[is_whole].all() else 3
    kept = np.zeros_like(is_alike)
    for first, stop in find_runs(is_alike):
        kept[first:stop] = stop - first >= least
    return kept


def _describe(material: _Material, found: _Found) -> list[Repetition]:
    bumps = found.bumps
    if not len(bumps.peak):
        return []
    angles = material.values[: material.n_angles].T
    first = np.ceil(bumps.start).astype(np.int64)
    last = np.floor(bumps.end).astype(np.int64)
    borders = np.column_stack([first, last + 1]).ravel()
    padded = np.vstack([angles, np.full((1, angles.shape[1]), np.nan)])
    ranges = (np.fmax.reduceat(padded, borders) - np.fmin.reduceat(padded, borders))[::2]
    main = int(np.median(np.nan_to_num(ranges), axis=0).argmax())
    time_s, step_s = material.even.time_s, 1 / material.even.rate_hz

    def at(position: float) -> float:
        before = int(position)
        return float(time_s[before] + (position - before) * step_s)

    return [
        Repetition(
            start_s=at(bumps.start[number]),
            end_s=at(bumps.end[number]),
            peak_s=at(bumps.peak[number]),
            signal=material.names[found.column],
            angle=material.names[main],
            range_deg=float(ranges[number, main]),
            repeatability=float(found.alike[number]),
        )
        for number in range(len(bumps.peak))
    ]
