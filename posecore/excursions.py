"""Excursions of one signal: where it leaves its low side and comes back."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posecore.signals import EvenSignals, Floats, find_runs

_SMALLEST_SHARE: Final = 0.4  # of the typical range
_SHORTEST_S, _LONGEST_S = 0.3, 20.0
_LEAST_SIDE: Final = 0.4  # of a rise or fall cut off by the end of the recording
# From half to a tenth of the height a half cosine runs 0.1476 of its period, to its foot 0.25.
_TO_ONSET: Final = 0.25 / 0.1476


@dataclass(frozen=True)
class Excursions:
    """Places where a signal leaves its low side and comes back; positions on the even clock.

    One that the beginning or end of a stretch cuts off, but not too much, is not ``whole``.
    """

    peak: Floats
    start: Floats
    end: Floats
    whole: NDArray[np.bool_]

    def keep(self, chosen: NDArray[np.bool_]) -> "Excursions":
        return Excursions(
            self.peak[chosen], self.start[chosen], self.end[chosen], self.whole[chosen]
        )


def no_excursions() -> Excursions:
    """None at all."""
    nothing = np.empty(0)
    return Excursions(nothing, nothing, nothing, nothing.astype(bool))


def find_excursions(values: Floats, even: EvenSignals, smallest: float) -> Excursions:
    """Excursions from the low side of one signal; both ends of a stretch count as that side."""
    from scipy.signal import find_peaks, peak_widths

    known = ~np.isnan(values)
    low = values[known].min()
    filled = np.concatenate(([low], np.where(known, values, low), [low]))
    width = 2 * round(_LONGEST_S * even.rate_hz) + 1
    peak, found = find_peaks(filled, prominence=smallest, wlen=width)
    if not len(peak):
        return no_excursions()
    chosen = found["prominences"] >= _SMALLEST_SHARE * _find_typical(found["prominences"])
    measures = tuple(found[name][chosen] for name in ("prominences", "left_bases", "right_bases"))
    peak = peak[chosen]
    top, half, foot = (
        np.array(peak_widths(filled, peak, share, measures)[2:]) for share in (0.2, 0.5, 0.9)
    )
    start, end = half + _TO_ONSET * (foot - half) - 1
    return _cut(start, top - 1, end, known, even)


def _cut(
    start: Floats, top: Floats, end: Floats, known: NDArray[np.bool_], even: EvenSignals
) -> Excursions:
    """Leave out what begins or ends too far outside its stretch; let none overlap the next."""
    peak = top.mean(axis=0)
    runs = find_runs(known)
    run = runs[np.searchsorted(runs[:, 0], peak, side="right") - 1]
    first, last = run[:, 0].astype(np.float64), run[:, 1] - 1.0
    rise, fall = peak - start, end - peak
    starts_inside, ends_inside = start > first - 1, end < last + 1
    n_frame = even.frame_s * even.rate_hz
    least_rise, least_fall = (
        _LEAST_SIDE * _median(side) for side in (rise[starts_inside], fall[ends_inside])
    )
    is_risen = starts_inside | ((peak - first >= least_rise) & (top[0] > first))
    is_fallen = ends_inside | ((last + n_frame - peak >= least_fall) & (top[1] < last))
    start, end = np.maximum(start, first), np.minimum(end, last)
    between = (end[:-1] + start[1:]) / 2
    overlaps = end[:-1] > start[1:]
    end[:-1] = np.where(overlaps, between, end[:-1])
    start[1:] = np.where(overlaps, between, start[1:])
    length_s = (end - start) / even.rate_hz
    fits = (length_s >= _SHORTEST_S) & (length_s <= _LONGEST_S)
    whole = starts_inside & ends_inside
    return Excursions(peak, start, end, whole).keep(is_risen & is_fallen & fits)


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else float("inf")


def _find_typical(prominences: Floats) -> float:
    """The excursion in the middle of all that was moved; small ones count little, one alone too."""
    ordered = np.sort(prominences)
    total = np.cumsum(ordered)
    return float(ordered[np.searchsorted(total, total[-1] / 2)])


def take_between(values: Floats, position: Floats) -> Floats:
    """Rows between the ticks, on straight lines."""
    before = np.floor(position).astype(np.int64).clip(0, max(len(values) - 2, 0))
    share = (position - before)[..., None]
    taken = values.take(before, axis=0)
    taken *= 1 - share
    later = values.take(before + 1, axis=0)
    later *= share
    return np.asarray(taken + later)
