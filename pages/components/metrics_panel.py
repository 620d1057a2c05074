"""The numbers of a session, each with its formula and source behind an info mark."""

from typing import Final, NamedTuple

import pandas as pd
import streamlit as st

from pages.components.state import get_store
from pages.components.text import plain
from pages.components.words import as_length
from posecore import METRICS, Session, compute_metrics, detect_repetitions
from posecore.climbing import ClimbingThresholds
from posecore.events import Repetition
from posecore.metric_definition import GROUPS
from posecore.processing import load_processed
from posecore.settings import Processing

_NONE: Final = "\N{EN DASH}"
_PREFERENCE: Final = "immobility_speed"
_ABOUT_CLIMBING: Final = (
    "From the picture of a camera that stands still: lengths in body heights, at the median "
    "distance. Holds are unknown; a hand or foot that is still counts as a contact."
)


class _Numbers(NamedTuple):
    metrics: pd.DataFrame
    repetitions: list[Repetition]
    begin_s: float


def show_metrics(session: Session, processing: Processing) -> None:
    """Show the numbers of a session in an expander; they are computed when it is first opened."""
    expander = st.expander("Numbers of this session", key="numbers", on_change="rerun")
    if not expander.open:
        return
    with expander:
        limit = _ask_for_limit()
        numbers = _compute(session.id, session.frame_count, processing, limit)
        for tab, group in zip(st.tabs(list(GROUPS.values())), GROUPS, strict=True):
            with tab:
                if group == "climbing":
                    st.caption(_ABOUT_CLIMBING)
                _show_group(numbers.metrics, group)
                if group == "repetitions":
                    _show_repetitions(numbers)


@st.cache_data(max_entries=16, show_spinner="Computing the numbers")
def _compute(session_id: str, frame_count: int, processing: Processing, limit: float) -> _Numbers:
    """Numbers of a finished session, which never change; ``frame_count`` tells it from others."""
    sequence = load_processed(get_store(), session_id, processing)
    metrics = compute_metrics(sequence, limits=ClimbingThresholds(immobile=limit))
    begin_s = float(sequence.time_s[0]) if frame_count else 0.0
    return _Numbers(metrics, detect_repetitions(sequence), begin_s)


def _ask_for_limit() -> float:
    """Ask below which speed a climber is immobile; the answer is kept for all sessions."""
    try:
        kept = float(get_store().load_preferences().get(_PREFERENCE, ClimbingThresholds().immobile))
    except ValueError:
        kept = ClimbingThresholds().immobile
    limit = st.number_input(
        "Immobile below, body heights a second",
        min_value=0.01,
        max_value=1.0,
        value=min(max(kept, 0.01), 1.0),
        step=0.01,
        help="Speed of the centre of mass in the picture, for all that is said about climbing. "
        "Below about 0.05 the estimator's own noise counts as movement.",
        width=300,
    )
    if limit != kept:
        get_store().save_preference(_PREFERENCE, str(limit))
    return limit


def _show_group(metrics: pd.DataFrame, group: str) -> None:
    for name, row in metrics[metrics["group"] == group].iterrows():
        metric = METRICS[str(name)]
        if row["note"]:
            text = f"{plain(metric.label)}: {_NONE} ({plain(row['note'])})"
        else:
            number = plain(f"{row['value']:,.{metric.digits}f}")
            text = f"{plain(metric.label)}: **{number}** {plain(row['unit'])}".rstrip()
        about = f"{plain(metric.formula)}\n\nSource: {plain(metric.reference)}"
        st.markdown(text, help=about)


def _show_repetitions(numbers: _Numbers) -> None:
    if not numbers.repetitions:
        return
    first = numbers.repetitions[0]
    st.caption(
        f"Counted in {plain(first.signal)}; ranges are those of {plain(first.angle)}, in degrees."
    )
    rows = [
        {
            "Begins at": f"{as_length(start_s)} ({start_s:.1f} s)",
            "Length, s": round(each.duration_s, 2),
            "Range, °": round(each.range_deg),
            "Like the mean, %": round(100 * each.repeatability),
        }
        for each in numbers.repetitions
        for start_s in [each.start_s - numbers.begin_s]
    ]
    st.dataframe(rows, hide_index=True)
