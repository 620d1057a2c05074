"""Two recordings side by side: where they differ, by how much, and whether that can be trusted."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from posecore.alignment import Alignment, AlignmentMethod, align
from posecore.angle_readings import read_angles, subtract_angles
from posecore.angles import CORE_ANGLES, MAX_STEP_S, compute_joint_angles
from posecore.errors import ComparisonError
from posecore.image_scale import compute_body_height
from posecore.placement import mirror as mirror_sequence
from posecore.placement import place_landmarks
from posecore.sequence import PoseSequence
from posecore.signals import read_between
from posecore.topology import N_LANDMARKS, SEGMENTS
from posecore.trust import LANDMARKS, compute_expected_error

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

LARGEST_DIFFERENCE_DEG: Final = 45.0
"""From here on two angles count as having nothing in common."""

SCORE_FORMULA: Final = (
    "100 x the mean, over all angles and all matched moments, of "
    f"1 - min(|B - A|, {LARGEST_DIFFERENCE_DEG:g}°) / {LARGEST_DIFFERENCE_DEG:g}°"
)
"""What the similarity score is, for people."""

MOST_OUTSIDE: Final = 0.1
"""Share of the moments that may be outside the band before a difference counts as one: the bands
hold nine readings of ten."""

TIMING_WINDOW_S: Final = 1.0
_SMALLEST_RANGE_DEG: Final = 5.0
_LEAST_ALIKE: Final = 0.5
_AS_GOOD: Final = 0.01


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """How recording B differs from recording A, moment by moment.

    Attributes
    ----------
    alignment : Alignment
        What was brought together with what.
    time_s : ndarray, shape (m,)
        The common clock: even steps from 0, the mean of the time passed in A and in B.
    a_time_s, b_time_s : ndarray, shape (m,)
        The same moments on the clocks of A and of B.
    a_deg, b_deg : DataFrame, shape (m, n_angles), degrees
        Indexed by ``time_s``; read on straight lines between the frames, NaN beside a gap.
    difference_deg : DataFrame, shape (m, n_angles), degrees
        B minus A; more than 0 is a larger angle in B.
    band_deg : DataFrame, shape (m, n_angles), degrees
        How far the difference may be off: root of the sum of the squared expected errors of both
        (:func:`posecore.compute_expected_error`). NaN for angles whose error was never measured.
    is_outside : DataFrame of bool, shape (m, n_angles)
        Whether the difference is larger than its band; False where either is unknown.
    a_places_m, b_places_m : ndarray, shape (m, 33, 3), metres
        The landmarks of both laid over one another, as x right, y down, z away from the camera;
        NaN beside a gap. Their origin is the middle of the hips, or the ground below it.
    deviation_m : ndarray, shape (m, n_segments), metres
        How far apart each of :data:`posecore.SEGMENTS` is in both, mean of its two ends.
    table : DataFrame
        One row an angle, see :func:`compare`.
    score : float
        Similarity from 0 to 100, by :data:`SCORE_FORMULA`; 100 for the same movement.
    a_share, b_share : float, in [0, 1]
        How much of each recording has a counterpart in the other.
    """

    alignment: Alignment
    time_s: Floats
    a_time_s: Floats
    b_time_s: Floats
    a_deg: "pd.DataFrame"
    b_deg: "pd.DataFrame"
    difference_deg: "pd.DataFrame"
    band_deg: "pd.DataFrame"
    is_outside: "pd.DataFrame"
    a_places_m: Floats
    b_places_m: Floats
    deviation_m: Floats
    table: "pd.DataFrame"
    score: float
    a_share: float
    b_share: float


def compare(
    a: PoseSequence,
    b: PoseSequence,
    *,
    alignment: Alignment | AlignmentMethod | str = "warp",
    angles: Iterable[str] | None = None,
    mirror: bool = False,
    same_size: bool = False,
    on_ground: bool = False,
) -> Comparison:
    """Compare two recordings.

    Parameters
    ----------
    a, b : PoseSequence
        Best both raw, both cleaned or both refined.
    alignment : Alignment or {"start", "event", "repetition", "warp"}
        Made already, or the way to make it (:func:`posecore.align`).
    angles : iterable of str, optional
        Keys of :data:`posecore.ANGLES`; the eight of elbows, shoulders, hips and knees when left
        out.
    mirror : bool
        Compare with B as a mirror shows it: a left-handed athlete with a right-handed one.
    same_size : bool
        Scale both bodies to the mean of their statures, for ``deviation_m``.
    on_ground : bool
        Lay the bodies over one another at the ground rather than at the hips, for ``deviation_m``.

    Returns
    -------
    Comparison
        Its ``table`` is indexed by the angle's name, with ``mean_difference_deg``,
        ``mean_absolute_difference_deg``, ``largest_difference_deg`` (with its sign) and when that
        is, ``largest_at_s`` on the common clock; ``a_range_deg`` and ``b_range_deg``, largest minus
        smallest reading of what was matched; ``timing_offset_s``, by how much B is later than A in
        this angle alone; ``outside_share``, the share of the moments outside the measuring error,
        and ``is_outside``, whether that is more than a tenth (missing where the error is unknown).

    Raises
    ------
    KeyError
        If an angle is not in :data:`posecore.ANGLES`.
    InvalidOptionError
        If there is no such way to bring them together.
    ComparisonError
        If one has nobody in it or one frame only, if no angle is known in both at the same moment,
        or if the bodies cannot be scaled because a size cannot be measured.

    Notes
    -----
    The timing offset is the lag, at most 1 s, at which the readings of B correlate best with those
    of A on the common clock: what is left after the alignment. It is NaN where an angle moves less
    than 5 degrees, where the correlation stays below 0.5, and where it still rises at 1 s.

    A timing that the alignment has taken away is no difference: two movements at another pace,
    brought together by warping, score 100. Swapping A and B turns the signs and keeps the score.
    """
    b = mirror_sequence(b) if mirror else b
    _check_movement(a, b)
    made = alignment if isinstance(alignment, Alignment) else align(a, b, alignment)
    time_s, a_time_s, b_time_s = _make_clock(made, a, b)
    names = list(dict.fromkeys(CORE_ANGLES if angles is None else angles))
    a_deg, b_deg = (
        read_angles(compute_joint_angles(sequence, names), times_s)
        for sequence, times_s in ((a, a_time_s), (b, b_time_s))
    )
    difference = subtract_angles(b_deg, a_deg, names)
    if np.isnan(difference).all():
        raise ComparisonError(
            "No angle is known in both recordings at the same moment, so there is nothing to "
            "compare; choose other angles, or bring them together in another way."
        )
    band = _compute_band(a, b, names, a_time_s, b_time_s)
    scales = _measure_scales(a, b) if same_size else (1.0, 1.0)
    a_places = _place(a, a_time_s, scales[0], on_ground=on_ground)
    b_places = _place(b, b_time_s, scales[1], on_ground=on_ground)
    curves = {"a_deg": a_deg, "b_deg": b_deg, "difference_deg": difference, "band_deg": band}
    tables = {name: _tabulate(time_s, values, names) for name, values in curves.items()}
    return Comparison(
        alignment=made,
        time_s=time_s,
        a_time_s=a_time_s,
        b_time_s=b_time_s,
        **tables,
        is_outside=_tabulate(time_s, np.abs(difference) > band, names),
        a_places_m=a_places,
        b_places_m=b_places,
        deviation_m=_compute_deviation(a_places, b_places),
        table=_make_table(time_s, **tables),
        score=compute_score(difference),
        a_share=min(1.0, float(np.ptp(a_time_s)) / a.duration_s),
        b_share=min(1.0, float(np.ptp(b_time_s)) / b.duration_s),
    )


def compute_score(difference_deg: Floats) -> float:
    """Similarity from 0 to 100: :data:`SCORE_FORMULA`.

    Parameters
    ----------
    difference_deg : ndarray, shape (m, n_angles), degrees

    Returns
    -------
    float
        ``100 mean_j mean_t (1 - min(|d|, 45) / 45)`` over the moments t at which angle j is known,
        so that each angle counts as much as any other; exactly 100 where nothing differs. Angles
        that are nowhere known do not count; NaN where none is. The formula is ours.
    """
    alike = 1 - np.minimum(np.abs(difference_deg), LARGEST_DIFFERENCE_DEG) / LARGEST_DIFFERENCE_DEG
    known = alike[:, ~np.isnan(alike).all(axis=0)]
    return float(100 * np.nanmean(known, axis=0).mean()) if known.size else float("nan")


def _check_movement(a: PoseSequence, b: PoseSequence) -> None:
    for name, sequence in (("A", a), ("B", b)):
        n_seen = int((~np.isnan(sequence.world_landmarks).all(axis=(1, 2))).sum())
        if n_seen < 2:
            found = "nobody is seen" if not n_seen else "somebody is seen in one frame only"
            raise ComparisonError(
                f"In recording {name} {found}, so there is no movement to compare; "
                "choose another one."
            )


def _tabulate(time_s: Floats, values: NDArray[Any], names: list[str]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(values, index=pd.Index(time_s, name="time_s"), columns=names)


def _make_clock(
    alignment: Alignment, a: PoseSequence, b: PoseSequence
) -> tuple[Floats, Floats, Floats]:
    """Even steps as long as those between the frames of the faster recording."""
    middle_s = (alignment.a_time_s + alignment.b_time_s) / 2
    middle_s = middle_s - middle_s[0]
    if not middle_s[-1] > 0:
        raise ComparisonError(
            "Brought together in this way the recordings have no two moments in common; "
            "choose another way."
        )
    steps_s = [float(np.median(np.diff(each.time_s))) for each in (a, b)]
    step_s = min(*steps_s, float(middle_s[-1]))
    n_steps = int(middle_s[-1] / step_s + 1e-6)
    time_s = np.arange(n_steps + 1) * step_s
    clocks = (alignment.a_time_s, alignment.b_time_s)
    a_time_s, b_time_s = (np.interp(time_s, middle_s, each) for each in clocks)
    return np.asarray(time_s, dtype=np.float64), a_time_s, b_time_s


def _compute_band(
    a: PoseSequence, b: PoseSequence, names: list[str], a_time_s: Floats, b_time_s: Floats
) -> Floats:
    measured = [name for name in names if name in LANDMARKS]
    errors = [
        read_angles(compute_expected_error(sequence, measured), times_s)
        for sequence, times_s in ((a, a_time_s), (b, b_time_s))
    ]
    band = np.full((len(a_time_s), len(names)), np.nan)
    band[:, [names.index(name) for name in measured]] = np.hypot(*errors)
    return band


def _measure_scales(a: PoseSequence, b: PoseSequence) -> tuple[float, float]:
    """What makes either body as tall as the mean of both."""
    heights_m = [compute_body_height(each) for each in (a, b)]
    for name, height_m in zip("AB", heights_m, strict=True):
        if np.isnan(height_m):
            raise ComparisonError(
                f"The body in recording {name} is never seen from shoulder to ankle, so its size "
                "is unknown; compare the two without making them equally tall."
            )
    mean_m = sum(heights_m) / 2
    return mean_m / heights_m[0], mean_m / heights_m[1]


def _place(sequence: PoseSequence, times_s: Floats, scale: float, *, on_ground: bool) -> Floats:
    """Where the body is at each moment, shape (m, 33, 3)."""
    placed = place_landmarks(sequence, on_ground=on_ground, scale=scale)
    longest_step_s = max(MAX_STEP_S, 2 * float(np.median(np.diff(sequence.time_s))))
    flat = placed.reshape(len(placed), -1)
    read = read_between(sequence.time_s, flat, times_s, longest_step_s=longest_step_s)
    return read.reshape(-1, N_LANDMARKS, 3)


def _compute_deviation(a_places_m: Floats, b_places_m: Floats) -> Floats:
    """Distance between both bodies' segments, shape (m, n_segments)."""
    apart_m = np.sqrt(((b_places_m - a_places_m) ** 2).sum(axis=-1))
    ends = np.array(SEGMENTS, dtype=np.intp)
    return np.asarray((apart_m[:, ends[:, 0]] + apart_m[:, ends[:, 1]]) / 2)


def _make_table(
    time_s: Floats,
    a_deg: "pd.DataFrame",
    b_deg: "pd.DataFrame",
    difference_deg: "pd.DataFrame",
    band_deg: "pd.DataFrame",
) -> "pd.DataFrame":
    import pandas as pd

    largest_at_s = {
        name: float(np.abs(column).idxmax()) if column.notna().any() else np.nan
        for name, column in difference_deg.items()
    }
    known = difference_deg.notna() & band_deg.notna()
    outside_share = (difference_deg.abs() > band_deg).sum() / known.sum().replace(0, np.nan)
    return pd.DataFrame(
        {
            "mean_difference_deg": difference_deg.mean(),
            "mean_absolute_difference_deg": difference_deg.abs().mean(),
            "largest_difference_deg": {
                name: np.nan if np.isnan(at_s) else difference_deg.at[at_s, name]
                for name, at_s in largest_at_s.items()
            },
            "largest_at_s": largest_at_s,
            "a_range_deg": a_deg.max() - a_deg.min(),
            "b_range_deg": b_deg.max() - b_deg.min(),
            "timing_offset_s": dict(
                zip(
                    difference_deg.columns,
                    _find_timing(time_s, a_deg.to_numpy(), b_deg.to_numpy()),
                    strict=True,
                )
            ),
            "outside_share": outside_share,
            "is_outside": (outside_share > MOST_OUTSIDE)
            .astype("boolean")
            .mask(outside_share.isna()),
        },
        index=pd.Index(difference_deg.columns, name="angle"),
    )


def _find_timing(time_s: Floats, a_deg: Floats, b_deg: Floats) -> Floats:
    """Lag of B behind A with the best correlation, shape (n_angles,); NaN where there is none."""
    step_s = float(time_s[1] - time_s[0])
    n_lags = min(round(TIMING_WINDOW_S / step_s), (len(time_s) - 1) // 2)
    lags = np.arange(-n_lags, n_lags + 1)
    alike = np.stack([_correlate(a_deg, b_deg, int(lag)) for lag in lags])
    known = ~np.isnan(a_deg), ~np.isnan(b_deg)
    moves = [
        np.where(there, each, -np.inf).max(axis=0) - np.where(there, each, np.inf).min(axis=0)
        >= _SMALLEST_RANGE_DEG
        for each, there in zip((a_deg, b_deg), known, strict=True)
    ]
    found = np.full(a_deg.shape[1], np.nan)
    for number in np.flatnonzero(moves[0] & moves[1]):
        found[number] = step_s * _find_peak(lags, alike[:, number])
    return found


def _correlate(a_deg: Floats, b_deg: Floats, lag: int) -> Floats:
    """Pearson's correlation of A with B so many steps later, where half or more is known."""
    n = len(a_deg) - abs(lag)
    first, second = a_deg[max(0, -lag) :][:n], b_deg[max(0, lag) :][:n]
    known = ~(np.isnan(first) | np.isnan(second))
    n_known = known.sum(axis=0)
    some = np.maximum(n_known, 1)
    first, second = (
        np.where(known, each - np.where(known, each, 0).sum(axis=0) / some, 0)
        for each in (first, second)
    )
    spread = np.sqrt((first**2).sum(axis=0) * (second**2).sum(axis=0))
    is_enough = (2 * n_known >= n) & (n_known > 2) & (spread > 0)
    together = np.einsum("ij,ij->j", first, second)
    return np.where(is_enough, together / np.where(is_enough, spread, 1.0), -1.0)


def _find_peak(lags: NDArray[np.int64], alike: Floats) -> float:
    """Lag of the highest peak between two samples; of equally high ones that nearest to 0."""
    best = float(alike.max())
    good = np.flatnonzero(alike >= best - _AS_GOOD)
    at = int(good[np.abs(lags[good]).argmin()])
    while 0 < at < len(lags) - 1 and max(alike[at - 1], alike[at + 1]) > alike[at]:
        at += 1 if alike[at + 1] > alike[at - 1] else -1
    if best < _LEAST_ALIKE or at in (0, len(lags) - 1):
        return float("nan")
    before, here, after = alike[at - 1 : at + 2]
    bend = before - 2 * here + after
    return float(lags[at] + (0.5 * (before - after) / bend if bend < 0 else 0.0))
