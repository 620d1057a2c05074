"""Many sessions beside each other: which, their ranking, their spread, and one angle's course."""

from datetime import date
from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from pages.components.charts import show_chart
from pages.components.data_table import LINK, ShownTable, download_table, show_table
from pages.components.database import view_as
from pages.components.metric_choice import MetricChoice, make_number_column
from pages.components.progress_view import NOBODY
from pages.components.state import get_settings, get_store
from pages.components.text import plain
from pages.components.words import get_zone
from posecore import ANGLES, CORE_ANGLES, Session
from posecore.courses import COURSES_OF, CourseOf, compute_course
from posecore.errors import ComparisonError
from posecore.figures.course_grid import Course, make_course_grid
from posecore.figures.distribution_chart import make_distribution_figure
from posecore.processing import load_processed
from posecore.progress import SessionValue, rank
from posecore.settings import Processing

MOST: Final = 50
_NO_TAG: Final = "(no tag)"
_WHY: Final = "Why there is none"
_N_LISTED: Final = 6
_COURSES: Final[dict[CourseOf, str]] = {
    "session": "session",
    "repetitions": "mean repetition",
}


def choose_sessions(sessions: list[Session]) -> list[Session]:
    """Ask for athletes, tags and days, and return the newest 50 that fit."""
    athletes = sorted({each.athlete for each in sessions}, key=str.casefold)
    tags = sorted({tag for each in sessions for tag in each.tags}, key=str.casefold)
    who, what, begin, end = st.columns([3, 3, 2, 2])
    wanted_athletes = who.multiselect(
        "Athletes",
        athletes,
        format_func=lambda name: name or NOBODY,
        placeholder="All",
        key="many_athletes",
    )
    wanted_tags = what.multiselect("Tags", tags, placeholder="All", key="many_tags")
    first = begin.date_input("From", None, key="many_from")
    last = end.date_input("To", None, key="many_to")
    found = [
        each
        for each in sessions
        if (not wanted_athletes or each.athlete in wanted_athletes)
        and (not wanted_tags or set(wanted_tags) & set(each.tags))
        and _is_within(each.created_at.astimezone(get_zone()).date(), first, last)
    ]
    if len(found) > MOST:
        st.caption(f"{len(found):,} sessions fit; these are the newest {MOST}.")
    elif found:
        st.caption(f"{len(found)} sessions." if len(found) > 1 else "1 session.")
    return found[:MOST]


def _is_within(day: date, first: date | None, last: date | None) -> bool:
    return (first is None or day >= first) and (last is None or day <= last)


def show_ranking(values: list[SessionValue], choice: MetricChoice) -> ShownTable:
    """Show the sessions in order, best first; those without a value come last, with the reason."""
    metric = choice.metric
    ranked = rank(values, choice.better)
    missing = [each for each in values if not np.isfinite(each.value)]
    order = (
        f"Best first: {choice.better} is better."
        if choice.better
        else ("Highest first. This number does not say which way is better; choose it above.")
    )
    st.caption(order)
    label = f"{metric.label}, {metric.unit}" if metric.unit else metric.label
    rows = pd.DataFrame(
        {
            "Place": [*range(1, len(ranked) + 1), *[None] * len(missing)],
            "Session": [each.name for each in ranked + missing],
            label: [each.value for each in ranked + missing],
            _WHY: [each.reason for each in ranked + missing],
            "Athlete": [each.athlete for each in ranked + missing],
            LINK: [f"replay?session={each.session_id}" for each in ranked + missing],
            "Recorded": [each.recorded_at.replace(tzinfo=None) for each in ranked + missing],
            "Tags": [", ".join(each.tags) for each in ranked + missing],
        }
    ).astype({"Place": "Int64"})
    columns = {
        "Place": st.column_config.NumberColumn(width="small"),
        label: make_number_column(metric),
        "Recorded": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
        LINK: st.column_config.LinkColumn(display_text="Replay"),
    }
    if not missing:
        rows = rows.drop(columns=_WHY)
    table = show_table(
        rows, file_stem=f"ranking_{metric.name}", key="many_ranking", columns=columns
    )
    _explain_missing(missing)
    return table


def _explain_missing(missing: list[SessionValue]) -> None:
    """Say below the table why numbers are missing: on a phone its column is beyond the edge."""
    by_reason: dict[str, list[str]] = {}
    for each in missing:
        by_reason.setdefault(each.reason, []).append(plain(each.name))
    for reason, names in by_reason.items():
        listed = ", ".join(names[:_N_LISTED])
        further = f" and {len(names) - _N_LISTED} more" if len(names) > _N_LISTED else ""
        st.caption(f"No number for {listed}{further}: {plain(reason)}")


def show_distribution(values: list[SessionValue], choice: MetricChoice) -> None:
    """Show how the number is spread, by athlete or by tag."""
    by = st.segmented_control(
        "By", ["Athlete", "Tag"], default="Athlete", required=True, key="many_by"
    )
    groups: dict[str, list[SessionValue]] = {}
    for each in values:
        names = [each.athlete or NOBODY] if by == "Athlete" else (each.tags or (_NO_TAG,))
        for name in names:
            groups.setdefault(name, []).append(each)
    if not any(np.isfinite(each.value) for each in values):
        st.info(f"No session chosen has this number; the first says: {plain(values[0].reason)}.")
        return
    if by == "Tag":
        st.caption("A session with several tags stands in each of them.")
    show_chart(
        make_distribution_figure(groups, choice.metric),
        title=f"{choice.metric.label} by {by.lower()}",
        file_stem=f"spread_{choice.metric.name}",
        key="many_distribution",
        alt=f"Spread of {choice.metric.label} by {by.lower()}",
        opens_replay=True,
    )
    st.caption(" ".join(["Press a point to open its session.", *_say_missing(values)]))


def _say_missing(values: list[SessionValue]) -> list[str]:
    """Say of how many sessions nothing is in the chart, and where the reasons are."""
    n_missing = sum(not np.isfinite(each.value) for each in values)
    missing = f"{n_missing} of {len(values)} sessions have no value; Ranking says why."
    return [missing] if n_missing else []


def show_courses(sessions: list[Session]) -> None:
    """Show one angle's course in each session, in small charts on one scale."""
    which, of_what = st.columns([3, 4], vertical_alignment="bottom")
    angle = which.selectbox(
        "Angle",
        list(ANGLES),
        index=list(ANGLES).index(CORE_ANGLES[-1]),
        format_func=lambda name: ANGLES[name].label,
        key="many_angle",
    )
    of = of_what.segmented_control(
        "0 to 100 % of",
        COURSES_OF,
        default="session",
        required=True,
        format_func=_COURSES.__getitem__,
        key="many_of",
    )
    courses = []
    without: dict[str, list[str]] = {}
    for each in sessions:
        read = _read_course(
            get_store().owner, each.id, each.frame_count, get_settings().processing, angle, of
        )
        if isinstance(read, str):
            without.setdefault(read, []).append(plain(each.name))
        else:
            courses.append(Course(each.name, each.athlete, read))
    for reason, names in without.items():
        st.caption(f"Without a course: {', '.join(names)}. {reason}")
    if not courses:
        return
    title = f"{ANGLES[angle].label}, 0 to 100 % of {_COURSES[of]}"
    show_chart(
        make_course_grid(courses, angle, with_median=of == "repetitions"),
        title=title,
        file_stem=f"courses_{angle}",
        key="many_courses",
        alt=title,
    )
    if of == "repetitions":
        st.caption("Thin and grey: the median of all shown.")
    percent = np.linspace(0, 100, len(courses[0].angle_deg))
    table = pd.DataFrame({"percent": percent} | _make_columns(courses))
    with st.expander("As a table"):
        download_table(show_table(table, file_stem=f"courses_{angle}", key="many_courses_table"))


def _make_columns(courses: list[Course]) -> dict[str, np.ndarray]:
    """Columns by name; of equal names, the later ones are numbered."""
    columns: dict[str, np.ndarray] = {}
    for number, course in enumerate(courses, start=1):
        title = ": ".join(filter(None, (course.athlete, course.title)))
        title = f"{title} ({number})" if title in columns else title
        columns[title] = course.angle_deg
    return columns


@st.cache_data(max_entries=400, show_spinner="Reading the sessions")
def _read_course(
    owner: str, session_id: str, frame_count: int, processing: Processing, angle: str, of: CourseOf
) -> np.ndarray | str:
    """Course of an owner's finished session, which never changes; or why there is none."""
    try:
        return compute_course(load_processed(view_as(owner), session_id, processing), angle, of)
    except ComparisonError as error:
        return str(error)
