"""Goals a session was recorded with, and what was reached, beside its replay."""

import math
from html import escape
from typing import Any, Final

import streamlit as st

from pages.components.state import get_store
from posecore import Goal, Session, SessionGoal, SessionStore, load_goals

_TITLE: Final = "font-size:.875rem;font-weight:600;margin-bottom:.3rem"
_LIST: Final = "display:grid;gap:.5rem;font-size:.875rem;font-variant-numeric:tabular-nums"
_REACHED: Final = "border-left:.2rem solid #009e73;padding-left:.6rem"
_MISSED: Final = "border-left:.2rem dashed #e69f00;padding-left:.6rem"
_QUIET: Final = "opacity:.68"


def show_goals(session: Session) -> None:
    """Show each goal in words with repetitions, time in its zone and the best reading."""
    goals = _load(session)
    if goals:
        rows = "".join(_make_row(each) for each in goals)
        st.html(
            f'<div style="{_TITLE}">Goals</div><div role="list" style="{_LIST}">{rows}</div>',
        )
        st.caption("Counted of the readings as recorded; the charts show each zone in green.")


def describe_zones(store: SessionStore, session_id: str) -> list[dict[str, Any]]:
    """Return the zones of a session's goals as the player draws them; null is open."""
    return [_describe_zone(each.goal) for each in store.goals.list(session_id)]


def _describe_zone(goal: Goal) -> dict[str, Any]:
    return {"angle": goal.angle, "low": goal.low_deg, "high": goal.high_deg, "label": goal.label}


def _load(session: Session) -> list[SessionGoal]:
    store = get_store()
    goals = store.goals.list(session.id)
    if all(each.result for each in goals) or session.status != "completed":
        return goals
    return _count(store, store.owner, session.id, session.frame_count)


@st.cache_data(max_entries=100, show_spinner="Goals are being counted ...")
def _count(_store: SessionStore, owner: str, session_id: str, n_frames: int) -> list[SessionGoal]:
    """Count what was reached in a recording that was cut off, once for all runs of the page."""
    return load_goals(_store, session_id)


def _make_row(each: SessionGoal) -> str:
    is_reached = each.result is not None and each.result.in_zone_s > 0
    return (
        f'<div role="listitem" style="{_REACHED if is_reached else _MISSED}">'
        f"<div>{escape(each.goal.label)}</div>"
        f'<div style="{_QUIET}">{escape(_say(each))}</div></div>'
    )


def _say(each: SessionGoal) -> str:
    result = each.result
    if result is None:
        return "Counted when the recording is stopped."
    if math.isnan(result.best_deg):
        return "The angle was never seen."
    best = f"best {math.floor(result.best_deg + 0.5)}\N{DEGREE SIGN}"
    if not result.in_zone_s:
        return f"Not reached, {best}"
    n_times = result.n_repetitions
    times = "1 repetition" if n_times == 1 else f"{n_times:,} repetitions"
    zone = f"in the zone for {result.in_zone_s:.1f} s"
    return ", ".join([times, zone, best])
