"""An athlete's number from session to session: who, which number, the chart, the reference."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.charts import show_chart
from pages.components.data_table import LINK, ShownTable, show_table
from pages.components.lending import is_own, make_badge
from pages.components.metric_choice import (
    MetricChoice,
    explain_metric,
    make_number_column,
)
from pages.components.number_tables import Cell, Figure, show_numbers
from pages.components.session_values import load_values
from pages.components.state import get_store, take_from_address
from pages.components.text import plain
from pages.components.words import as_date
from posecore import Session
from posecore.errors import PoseCoreError
from posecore.export import safe_file_name
from posecore.figures.labels import as_value
from posecore.figures.progress_chart import make_progress_figure
from posecore.progress import TREND_RULE, SessionValue, compute_trend, find_best

NOBODY = "(no athlete)"
_ALL_TAGS = "All tags"
_REFERENCE = "This is how it should look: a line in the chart, for this athlete and tag."
_TREND = f"How the number changes in 30 days: {TREND_RULE}."


class Who(NamedTuple):
    """An athlete, the tag looked at ("" for all), and the sessions that are meant, newest first."""

    athlete: str
    tag: str
    sessions: list[Session]

    @property
    def title(self) -> str:
        """Athlete and tag as text."""
        return " · ".join(filter(None, (self.athlete or NOBODY, self.tag)))


def choose_who(sessions: list[Session], who: DeltaGenerator, what: DeltaGenerator) -> Who:
    """Ask for athlete and tag, each in its place; the athlete stands in the address."""
    athletes = list(dict.fromkeys(session.athlete for session in sessions))
    wanted = st.query_params.get("athlete")
    if wanted is not None and wanted not in athletes:
        st.warning(f"There is no finished session of {plain(wanted)}; choose somebody else.")
    take_from_address("athlete", "progress_athlete", athletes, athletes[0])
    athlete = who.selectbox(
        "Athlete",
        athletes,
        format_func=lambda name: name or NOBODY,
        key="progress_athlete",
        on_change=lambda: st.query_params.update(athlete=st.session_state.progress_athlete),
        persist_state="session",
    )
    if wanted is None:
        st.query_params["athlete"] = athlete
    own = [session for session in sessions if session.athlete == athlete]
    tags = sorted({tag for session in own for tag in session.tags}, key=str.casefold)
    # By place, so that a tag that is called like "all" is one like any other.
    place = what.selectbox(
        "Tag",
        range(len(tags) + 1),
        format_func=lambda place: tags[place - 1] if place else _ALL_TAGS,
        key=f"progress_tag_{athletes.index(athlete)}",
    )
    tag = tags[place - 1] if place else ""
    return Who(athlete, tag, [each for each in own if not tag or tag in each.tags])


def show_progress(who: Who, choice: MetricChoice) -> list[SessionValue]:
    """Show figures and chart of a number, and return what it is in each session."""
    reference = get_store().get_reference(who.athlete, who.tag) if who.athlete else None
    values = load_values(who.sessions, choice.metric.name)
    of_reference = load_values([reference], choice.metric.name) if reference else [None]
    _show_figures(values, choice)
    figure = make_progress_figure(
        values, choice.metric, better=choice.better, reference=of_reference[0]
    )
    show_chart(
        figure,
        title=f"{who.title}: {choice.metric.label}",
        file_stem=_file_stem(who, choice),
        key="progress_chart",
        alt=f"{choice.metric.label} from session to session",
        opens_replay=True,
    )
    st.caption("Press a point to open its session.")
    return values


def show_reference(who: Who) -> None:
    """Show what can be done with one session: open it, or make it how the movement should look."""
    reference = get_store().get_reference(who.athlete, who.tag) if who.athlete else None
    chosen = st.selectbox(
        "Session",
        who.sessions,
        format_func=lambda session: f"{session.name} · {as_date(session.created_at)}",
        key=f"progress_session_{who.title}",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Replay", type="primary"):
            st.switch_page("replay.py", query_params={"session": chosen.id})
        if st.button("Repetitions"):
            st.switch_page("repetitions.py", query_params={"session": chosen.id})
        is_other = reference is None or reference.id != chosen.id
        if who.athlete and is_other and is_own(chosen) and _offer_reference():
            _set(chosen, who.tag)
        if reference and st.button("Remove reference"):
            get_store().remove_reference(who.athlete, who.tag)
            st.rerun()
    if badge := make_badge(chosen):
        st.caption(f"{badge} A reference is one of your own sessions.")
    if not who.athlete:
        st.caption("A reference session belongs to an athlete: edit a session to give it one.")
    elif reference:
        st.markdown(f"Reference: **{plain(reference.name)}**, {as_date(reference.created_at)}")


def _offer_reference() -> bool:
    return st.button("Set as reference", help=_REFERENCE)


def _set(session: Session, tag: str) -> None:
    try:
        get_store().set_reference(session.id, tag)
    except PoseCoreError as error:
        st.error(plain(str(error)))
    else:
        st.rerun()


def show_values(who: Who, choice: MetricChoice, values: list[SessionValue]) -> ShownTable:
    """Show the number of each session as a table, newest first, with a link into each replay."""
    unit = f", {choice.metric.unit}" if choice.metric.unit else ""
    label = f"{choice.metric.label}{unit}"
    rows = pd.DataFrame(
        {
            "Session": [each.name for each in values],
            label: [each.value for each in values],
            LINK: [f"replay?session={each.session_id}" for each in values],
            "Recorded": [each.recorded_at.replace(tzinfo=None) for each in values],
            "Notes": [each.notes for each in values],
            "Why there is none": [each.reason for each in values],
        }
    )
    columns = {
        "Recorded": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
        label: make_number_column(choice.metric),
        LINK: st.column_config.LinkColumn(display_text="Replay"),
    }
    if not any(each.reason for each in values):
        rows = rows.drop(columns="Why there is none")
    return show_table(
        rows, file_stem=_file_stem(who, choice), key="progress_table", columns=columns
    )


def _show_figures(values: list[SessionValue], choice: MetricChoice) -> None:
    metric = choice.metric
    known = [each for each in values if np.isfinite(each.value)]
    about = explain_metric(metric)
    latest = max(known, key=lambda each: each.recorded_at, default=None)
    figures = [_make_figure("Latest", latest, choice, about)]
    if choice.better:
        best = find_best(values, choice.better)
        figures.append(_make_figure("Personal best", best, choice, about))
    else:
        for name, better in (("Highest", "higher"), ("Lowest", "lower")):
            figures.append(_make_figure(name, find_best(values, better), choice, about))
    figures.append(_make_trend(values, choice))
    missing = len(values) - len(known)
    why = f"{missing} without a value" if missing else ""
    figures.append(Figure("Sessions", Cell(f"{len(values):,}"), "", why))
    show_numbers(figures, key="progress_figures")


def _make_figure(
    label: str, value: SessionValue | None, choice: MetricChoice, about: str
) -> Figure:
    if value is None:
        return Figure(label, Cell(), about, "no session has a value")
    number = as_value(value.value, choice.metric.digits)
    return Figure(label, Cell(number, choice.metric.unit), about, as_date(value.recorded_at))


def _make_trend(values: list[SessionValue], choice: MetricChoice) -> Figure:
    trend = compute_trend(values)
    if trend is None:
        return Figure(
            "Trend a month", Cell(), _TREND, "needs four sessions with a value, over a week or more"
        )
    digits = choice.metric.digits + 1
    slope, low, high = (
        ("+" if each > 0 else "") + as_value(each, digits)
        for each in (trend.per_month, trend.low, trend.high)
    )
    clear = "" if trend.is_clear else ": no clear direction"
    return Figure(
        "Trend a month", Cell(slope, choice.metric.unit), _TREND, f"95 %: {low} to {high}{clear}"
    )


def _file_stem(who: Who, choice: MetricChoice) -> str:
    return safe_file_name(who.title, "", f"{choice.metric.name}")
