"""All repetitions laid over one another: the usual course, its spread, and who is out of line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from posecore.angle_readings import read_angles, subtract_angles
from posecore.angles import CORE_ANGLES, compute_joint_angles
from posecore.errors import ComparisonError
from posecore.events import Repetition, detect_repetitions
from posecore.sequence import PoseSequence

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

N_PERCENT: Final = 101
"""Points of a time-normalised repetition: 0 to 100 %."""

OUTLIER_RULE: Final = (
    "its distance from the median course is above the typical distance by more than 3.5 robust "
    "standard deviations (1.4826 x the median absolute deviation) and by more than 2°; "
    "looked for from 4 repetitions on"
)
"""When a repetition is out of line, for people."""

_MOST_SPREADS: Final = 3.5
_LEAST_EXCESS_DEG: Final = 2.0
_FEWEST: Final = 4


@dataclass(frozen=True, kw_only=True)
class ProfiledRepetition:
    """One repetition of a profile.

    Attributes
    ----------
    recording : int
        Which of the recordings it is from, counted from 0.
    number : int
        Which of that recording's repetitions it is, counted from 1.
    repetition : Repetition
        Where it is, on that recording's clock.
    distance_deg : float
        Root mean square distance from the median course, over all angles and percents; NaN where
        no angle is known.
    is_outlier : bool
        By :data:`OUTLIER_RULE`.
    """

    recording: int
    number: int
    repetition: Repetition
    distance_deg: float
    is_outlier: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class RepetitionProfile:
    """Repetitions of one or several recordings, each from 0 to 100 % of its time.

    Attributes
    ----------
    repetitions : tuple of ProfiledRepetition
        In order of recordings, then of time.
    curves_deg : ndarray, shape (n_repetitions, 101, n_angles), degrees
        Each angle in each repetition; NaN where it is not known.
    mean_deg, sd_deg : DataFrame, shape (101, n_angles), degrees
        Mean course and sample standard deviation over all that are no outliers, indexed by
        ``percent``. NaN where fewer than one, or two, are known.
    """

    repetitions: tuple[ProfiledRepetition, ...]
    curves_deg: Floats
    mean_deg: "pd.DataFrame"
    sd_deg: "pd.DataFrame"

    @property
    def outliers(self) -> tuple[ProfiledRepetition, ...]:
        """Those out of line."""
        return tuple(each for each in self.repetitions if each.is_outlier)

    @property
    def best(self) -> ProfiledRepetition:
        """The most repeatable one: closest to the median course."""
        return min(self.repetitions, key=lambda each: np.nan_to_num(each.distance_deg, nan=np.inf))

    @property
    def worst(self) -> ProfiledRepetition:
        """The least repeatable one: furthest from the median course."""
        return max(self.repetitions, key=lambda each: np.nan_to_num(each.distance_deg, nan=-np.inf))


def compute_repetition_profile(
    recordings: PoseSequence | Sequence[PoseSequence], angles: Iterable[str] | None = None
) -> RepetitionProfile:
    """Lay all repetitions of one or several recordings over one another.

    Parameters
    ----------
    recordings : PoseSequence or sequence of PoseSequence
        Those in which nothing is repeated add nothing.
    angles : iterable of str, optional
        Keys of :data:`posecore.ANGLES`; the eight of elbows, shoulders, hips and knees when left
        out.

    Returns
    -------
    RepetitionProfile

    Raises
    ------
    KeyError
        If an angle is not in :data:`posecore.ANGLES`.
    ComparisonError
        If nothing is repeated in any of them.

    Notes
    -----
    Repetitions are those of :func:`posecore.detect_repetitions`. Each is read at 101 even moments
    from its start to its end, on straight lines between the frames; gaps stay. The distance of a
    repetition is taken from the median course of all, which one odd repetition does not move. An
    outlier is one whose modified z-score is above 3.5, as recommended by Iglewicz and Hoaglin
    (1993), How to Detect and Handle Outliers, ASQC Quality Press; the least distance of 2 degrees
    keeps repetitions that are nearly the same from being told apart. Ours is that only repetitions
    too far away count, not those unusually close.
    """
    names = list(dict.fromkeys(CORE_ANGLES if angles is None else angles))
    sequences = [recordings] if isinstance(recordings, PoseSequence) else list(recordings)
    found: list[tuple[int, int, Repetition]] = []
    curves = [np.empty((0, N_PERCENT, len(names)))]
    for place, sequence in enumerate(sequences):
        table = compute_joint_angles(sequence, names)
        for number, repetition in enumerate(detect_repetitions(sequence), start=1):
            found.append((place, number, repetition))
            wanted_s = np.linspace(repetition.start_s, repetition.end_s, N_PERCENT)
            curves.append(read_angles(table, wanted_s)[np.newaxis])
    if not found:
        raise ComparisonError(
            "Nothing is repeated in what was chosen; choose a session with at least two "
            "repetitions of one movement."
        )
    stacked = np.concatenate(curves)
    distance_deg = _measure_distance(stacked, names)
    is_outlier = _find_outliers(distance_deg)
    mean_deg, sd_deg = _summarise(stacked[~is_outlier], names)
    return RepetitionProfile(
        repetitions=tuple(
            ProfiledRepetition(
                recording=place,
                number=number,
                repetition=repetition,
                distance_deg=float(distance_deg[row]),
                is_outlier=bool(is_outlier[row]),
            )
            for row, (place, number, repetition) in enumerate(found)
        ),
        curves_deg=stacked,
        mean_deg=mean_deg,
        sd_deg=sd_deg,
    )


def _measure_distance(curves_deg: Floats, names: list[str]) -> Floats:
    """Root mean square distance from the median course, shape (n_repetitions,)."""
    apart = subtract_angles(curves_deg, _take_median(curves_deg), names)
    known = ~np.isnan(apart)
    n_known = known.sum(axis=(1, 2))
    squares = np.where(known, apart, 0.0) ** 2
    mean = squares.sum(axis=(1, 2)) / np.maximum(n_known, 1)
    return np.where(n_known > 0, np.sqrt(mean), np.nan)


def _take_median(curves_deg: Floats) -> Floats:
    """Median over the repetitions in which an angle is known, NaN where it is known in none."""
    is_known = ~np.isnan(curves_deg).all(axis=0)
    median = np.full(curves_deg.shape[1:], np.nan)
    median[is_known] = np.nanmedian(curves_deg[:, is_known], axis=0)
    return median


def _find_outliers(distance_deg: Floats) -> NDArray[np.bool_]:
    known = distance_deg[~np.isnan(distance_deg)]
    if len(known) < _FEWEST:
        return np.zeros(len(distance_deg), dtype=bool)
    typical = float(np.median(known))
    spread = 1.4826 * float(np.median(np.abs(known - typical)))
    excess = np.nan_to_num(distance_deg - typical, nan=0.0)
    return np.asarray(excess > max(_MOST_SPREADS * spread, _LEAST_EXCESS_DEG))


def _summarise(curves_deg: Floats, names: list[str]) -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """Mean and sample standard deviation over the repetitions, each shape (101, n_angles)."""
    import pandas as pd

    known = ~np.isnan(curves_deg)
    n_known = known.sum(axis=0)
    middle = np.nan_to_num(_take_median(curves_deg))
    # About the median, the short way round: the mean of 179 and -179 degrees is not 0.
    apart = np.where(known, subtract_angles(curves_deg, middle, names), 0.0)
    shift = apart.sum(axis=0) / np.maximum(n_known, 1)
    squares = (np.where(known, apart - shift, 0.0) ** 2).sum(axis=0)
    mean = np.where(n_known > 0, middle + shift, np.nan)
    sd = np.where(n_known > 1, np.sqrt(squares / np.maximum(n_known - 1, 1)), np.nan)
    index = pd.Index(np.arange(N_PERCENT), name="percent")
    return (
        pd.DataFrame(mean, index=index, columns=names),
        pd.DataFrame(sd, index=index, columns=names),
    )
