"""How a number changes from session to session: its trend and its best."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

MONTH_DAYS: Final = 30.0
FEWEST: Final = 4
"""Sessions on different moments that a trend needs."""

SHORTEST_DAYS: Final = 7.0
"""From the first session to the last: what changes within a training is no change a month."""

TREND_RULE: Final = (
    "the median of the slopes between all pairs of sessions (Theil-Sen), which single odd sessions "
    "do not move; its range holds the true slope in 95 of 100 cases if the sessions' scatter is "
    "independent. Theil (1950), Proc. R. Neth. Acad. Sci. 53:386-392; Sen (1968), J Am Stat Assoc "
    "63(324):1379-1389"
)
"""How a trend is computed, for people."""

_MOST: Final = 2000
_SECONDS_A_DAY: Final = 86_400.0


@dataclass(frozen=True, kw_only=True)
class SessionValue:
    """One number of one session.

    Attributes
    ----------
    session_id, name, athlete : str
    tags : tuple of str
    recorded_at : datetime
        In the zone in which it is shown.
    value : float
        NaN where there is none.
    reason : str
        Why there is none.
    notes : str
        The notes on the session, in one line.
    """

    session_id: str
    name: str
    athlete: str = ""
    tags: tuple[str, ...] = ()
    recorded_at: datetime
    value: float
    reason: str = ""
    notes: str = ""


@dataclass(frozen=True, kw_only=True)
class Trend:
    """A straight line through the values of sessions.

    Attributes
    ----------
    per_month, low, high : float
        Slope in units a month of 30 days, and the ends of its 95 % range.
    first, last : tuple of (datetime, float)
        Where the line begins and ends.
    """

    per_month: float
    low: float
    high: float
    first: tuple[datetime, float]
    last: tuple[datetime, float]

    @property
    def is_clear(self) -> bool:
        """Whether the range leaves no doubt which way it goes."""
        return self.low > 0 or self.high < 0


def compute_trend(values: Sequence[SessionValue]) -> Trend | None:
    """Robust trend of a number over time.

    Parameters
    ----------
    values : sequence of SessionValue
        In any order; those without a value are left out. Of more than 2,000, every n-th is taken.

    Returns
    -------
    Trend or None
        None for fewer than four sessions at different moments, or within less than a week.

    Notes
    -----
    By :data:`TREND_RULE`, with SciPy's ``theilslopes``.
    """
    known = sorted(
        (each for each in values if np.isfinite(each.value)), key=lambda each: each.recorded_at
    )
    if len({each.recorded_at for each in known}) < FEWEST:
        return None
    begin = known[0].recorded_at
    last_day = (known[-1].recorded_at - begin).total_seconds() / _SECONDS_A_DAY
    if last_day < SHORTEST_DAYS:
        return None
    from scipy.stats import theilslopes

    taken = known[:: -(-len(known) // _MOST)]
    days = [(each.recorded_at - begin).total_seconds() / _SECONDS_A_DAY for each in taken]
    result = theilslopes([each.value for each in taken], days)
    slope, intercept = float(result.slope), float(result.intercept)
    return Trend(
        per_month=MONTH_DAYS * slope,
        low=MONTH_DAYS * float(result.low_slope),
        high=MONTH_DAYS * float(result.high_slope),
        first=(begin, intercept),
        last=(known[-1].recorded_at, intercept + slope * last_day),
    )


def find_best(values: Sequence[SessionValue], better: str) -> SessionValue | None:
    """Return the session with the best value, the first of equal ones.

    Parameters
    ----------
    values : sequence of SessionValue
    better : {"", "higher", "lower"}
        Which way is better; with "" nothing is the best.
    """
    ranked = rank(values, better) if better else []
    return ranked[0] if ranked else None


def rank(values: Sequence[SessionValue], better: str) -> list[SessionValue]:
    """Sessions that have a value, best first; highest first where no way is better.

    Of equal ones the earlier session comes first.
    """
    known = [each for each in values if np.isfinite(each.value)]
    sign = 1 if better == "lower" else -1
    return sorted(known, key=lambda each: (sign * each.value, each.recorded_at))
