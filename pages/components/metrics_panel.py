"""The numbers of a session, each with its formula and source behind an info mark."""

from typing import Final, NamedTuple

import pandas as pd
import streamlit as st

from pages.components.climbing_limits import ask_for_limits, get_limits
from pages.components.database import view_as
from pages.components.downloads import download_numbers
from pages.components.metrics_tables import (
    make_figures,
    make_movement_tables,
    make_plain_table,
    make_repetitions_table,
    make_stillness_table,
)
from pages.components.number_tables import Table, show_numbers
from pages.components.state import get_store
from posecore import Session
from posecore.climbing import ClimbingThresholds
from posecore.events import Repetition
from posecore.measures import Material
from posecore.metric_definition import GROUPS
from posecore.metrics import tabulate_metrics
from posecore.processing import load_processed
from posecore.settings import Processing
from posecore.stillness import Stillness

_ABOUT_CLIMBING: Final = (
    "From the picture of a camera that stands still: lengths in body heights, at the median "
    "distance. Holds are unknown; a hand or foot that is still counts as a contact. Not validated "
    "on climbs measured otherwise: compare attempts filmed from the same place."
)


class _Numbers(NamedTuple):
    problem: str
    metrics: pd.DataFrame
    repetitions: list[Repetition]
    stillness: list[Stillness] | str
    begin_s: float


def show_metrics(session: Session, processing: Processing) -> None:
    """Show the numbers of a session in an expander; they are computed when it is first opened."""
    expander = st.expander("Numbers of this session", key="numbers", on_change="rerun")
    if not expander.open:
        return
    with expander:
        numbers = _compute(
            get_store().owner, session.id, session.frame_count, processing, get_limits()
        )
        if numbers.problem:
            st.write(f"There are no numbers: {numbers.problem}.")
            return
        show_numbers(make_figures(numbers.metrics), key="key_figures")
        # Symmetry stands beside the ranges it is made of.
        groups = {key: title for key, title in GROUPS.items() if key != "symmetry"}
        for tab, group in zip(st.tabs(list(groups.values())), groups, strict=True):
            with tab:
                _show_group(numbers, session.id, group)
        with st.container(horizontal=True):
            download_numbers(session, key="numbers")
            if numbers.repetitions and st.button("Lay repetitions over one another"):
                st.switch_page("repetitions.py", query_params={"session": session.id})


@st.cache_data(max_entries=16, show_spinner="Computing the numbers")
def _compute(
    owner: str,
    session_id: str,
    frame_count: int,
    processing: Processing,
    limits: ClimbingThresholds,
) -> _Numbers:
    """Numbers of a finished session, which never change; ``frame_count`` tells it from others."""
    material = Material(load_processed(view_as(owner), session_id, processing), limits)
    metrics = tabulate_metrics(material)
    if material.problem:
        return _Numbers(material.problem, metrics, [], [], 0.0)
    begin_s = float(material.sequence.time_s[0])
    return _Numbers("", metrics, material.repetitions, material.stillness, begin_s)


def _show_group(numbers: _Numbers, session_id: str, group: str) -> None:
    if group == "climbing":
        st.caption(_ABOUT_CLIMBING)
        ask_for_limits()
    show_numbers(*_make_tables(numbers, session_id, group), key=f"numbers_{group}")


def _make_tables(numbers: _Numbers, session_id: str, group: str) -> list[Table]:
    if group == "movement":
        return make_movement_tables(numbers.metrics)
    moments = None
    if group == "repetitions":
        moments = make_repetitions_table(numbers.repetitions, session_id, numbers.begin_s)
    elif group == "holds":
        moments = make_stillness_table(numbers.stillness, session_id, numbers.begin_s)
    return [make_plain_table(numbers.metrics, group), *([moments] if moments else [])]
