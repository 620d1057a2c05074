"""The repetitions of sessions laid over one another: which, in words, as curves and as a table."""

from typing import Final, NamedTuple

import pandas as pd
import streamlit as st

from pages.components.charts import show_chart
from pages.components.data_table import LINK, download_table, show_table
from pages.components.database import view_as
from pages.components.lending import describe_lender, find_lenders
from pages.components.state import get_settings, get_store
from pages.components.text import plain
from pages.components.words import as_clock, as_date
from posecore import ANGLES, CORE_ANGLES, Session
from posecore.errors import ComparisonError
from posecore.export import safe_file_name
from posecore.figures.repetition_chart import make_repetitions_figure
from posecore.processing import load_processed
from posecore.repetition_profile import (
    OUTLIER_RULE,
    ProfiledRepetition,
    RepetitionProfile,
    compute_repetition_profile,
)
from posecore.settings import Processing

MOST: Final = 10


class Repetitions(NamedTuple):
    """Repetitions of sessions, and where each session's clock begins."""

    sessions: list[Session]
    profile: RepetitionProfile
    begins_s: list[float]

    def name(self, each: ProfiledRepetition) -> str:
        """Say which repetition it is, by number and moment, and of which session if of several."""
        start_s, _ = self.place(each)
        name = f"repetition {each.number} ({as_clock(start_s)})"
        several = len(self.sessions) > 1
        return f"{self.sessions[each.recording].name}, {name}" if several else name

    def place(self, each: ProfiledRepetition) -> tuple[float, float]:
        """Start and end on the replay's clock."""
        begin_s = self.begins_s[each.recording]
        return each.repetition.start_s - begin_s, each.repetition.end_s - begin_s

    def query(self, each: ProfiledRepetition) -> dict[str, str]:
        """Address of the replay that plays it over and over."""
        start_s, end_s = self.place(each)
        return {
            "session": self.sessions[each.recording].id,
            "t": f"{start_s:.3f}",
            "loop": f"{start_s:.3f}-{end_s:.3f}",
        }


def choose_more(session: Session) -> list[Session]:
    """Ask for further sessions to lay beside one; they stand in the address."""
    others = [
        each
        for each in get_store().get_sessions()
        if each.status == "completed" and each.id != session.id
    ]
    # Those of the same athlete come first.
    others.sort(key=lambda each: each.athlete != session.athlete)
    lenders = find_lenders(others)
    wanted = st.query_params.get("more", "").split(",")
    more = st.multiselect(
        "With the repetitions of",
        others,
        default=[each for each in others if each.id in wanted][: MOST - 1],
        format_func=lambda each: " · ".join(
            filter(None, [each.name, as_date(each.created_at), describe_lender(each, lenders)])
        ),
        max_selections=MOST - 1,
        placeholder="This session alone",
        key=f"repetitions_more_{session.id}",
    )
    if more:
        st.query_params["more"] = ",".join(each.id for each in more)
    else:
        st.query_params.pop("more", None)
    return [session, *more]


def choose_angles() -> list[str]:
    """Ask which angles are looked at, in the chart as well as in what is out of line."""
    return st.multiselect(
        "Angles",
        list(ANGLES),
        default=list(CORE_ANGLES),
        format_func=lambda name: ANGLES[name].label,
        key="repetitions_angles",
    )


def show_repetitions(sessions: list[Session], angles: list[str]) -> None:
    """Show the repetitions, or say why there is nothing to lay over one another."""
    if not angles:
        st.info("Choose at least one angle.")
        return
    ids = tuple((each.id, each.frame_count) for each in sessions)
    computed = _compute(get_store().owner, ids, get_settings().processing, tuple(angles))
    if isinstance(computed, str):
        st.info(computed)
        _show_ways_on(sessions[0])
        return
    found = Repetitions(sessions, *computed)
    _show_words(found)
    names = [found.name(each) for each in found.profile.repetitions]
    title = ", ".join(each.name for each in sessions)
    file_stem = safe_file_name(sessions[0].name, sessions[0].id, "repetitions")
    show_chart(
        make_repetitions_figure(found.profile, names),
        title=f"{title}: {len(names)} repetitions, mean and one standard deviation",
        file_stem=file_stem,
        key="repetitions_chart",
        alt="Each repetition from 0 to 100 % of its time, with mean and standard deviation",
    )
    st.caption("Thick: the mean; the band: one standard deviation; outliers are in neither.")
    _show_table(found, file_stem)


def _show_ways_on(session: Session) -> None:
    """Offer what can be done with a session in which nothing is repeated."""
    with st.container(horizontal=True):
        if st.button("Replay", type="primary"):
            st.switch_page("replay.py", query_params={"session": session.id})
        if st.button("Compare", help="Beside another session, on one clock."):
            st.switch_page("compare.py", query_params={"b": session.id})
        if st.button("Another session"):
            st.switch_page("repetitions.py", query_params={})


@st.cache_data(max_entries=16, show_spinner="Laying the repetitions over one another")
def _compute(
    owner: str,
    sessions: tuple[tuple[str, int], ...],
    processing: Processing,
    angles: tuple[str, ...],
) -> tuple[RepetitionProfile, list[float]] | str:
    """Repetitions of an owner's finished sessions, which never change; or why there are none."""
    store = view_as(owner)
    recordings = [load_processed(store, session_id, processing) for session_id, _ in sessions]
    begins_s = [float(each.time_s[0]) if len(each) else 0.0 for each in recordings]
    try:
        return compute_repetition_profile(recordings, angles), begins_s
    except ComparisonError as error:
        return str(error)


def _show_words(found: Repetitions) -> None:
    """Say how many there are and which are out of line; the best and the worst can be played."""
    profile = found.profile
    n_all, outliers = len(profile.repetitions), profile.outliers
    count = "1 repetition" if n_all == 1 else f"{n_all} repetitions"
    names = ", ".join(plain(found.name(each)) for each in outliers)
    verb = "is" if len(outliers) == 1 else "are"
    words = f"Out of line {verb} {names}." if outliers else "None is out of line."
    st.markdown(f"**{count}.** {words}", help=f"A repetition is out of line when {OUTLIER_RULE}.")
    with st.container(horizontal=True):
        if st.button("Play the best", type="primary", help=_explain(found, profile.best)):
            st.switch_page("replay.py", query_params=found.query(profile.best))
        if st.button("Play the worst", help=_explain(found, profile.worst)):
            st.switch_page("replay.py", query_params=found.query(profile.worst))


def _explain(found: Repetitions, each: ProfiledRepetition) -> str:
    return f"{plain(found.name(each))}: {each.distance_deg:.1f}° from the median course."


def _show_table(found: Repetitions, file_stem: str) -> None:
    all_ = found.profile.repetitions
    queries = [found.query(each) for each in all_]
    rows = pd.DataFrame(
        {
            "Session": [found.sessions[each.recording].name for each in all_],
            "Repetition": [each.number for each in all_],
            "Begins at": [as_clock(found.place(each)[0]) for each in all_],
            LINK: [
                f"replay?session={each['session']}&t={each['t']}&loop={each['loop']}"
                for each in queries
            ],
            "Length, s": [each.repetition.duration_s for each in all_],
            "Range, °": [each.repetition.range_deg for each in all_],
            "Distance, °": [each.distance_deg for each in all_],
            "Out of line": ["out of line" if each.is_outlier else "" for each in all_],
        }
    )
    if len(found.sessions) == 1:
        rows = rows.drop(columns="Session")
    columns = {
        "Length, s": st.column_config.NumberColumn(format="%.2f"),
        "Range, °": st.column_config.NumberColumn(format="%.0f"),
        "Distance, °": st.column_config.NumberColumn(
            format="%.1f",
            help="Root mean square distance from the median course, over the angles chosen.",
        ),
        LINK: st.column_config.LinkColumn(display_text="Play"),
    }
    table = show_table(rows, file_stem=file_stem, key="repetitions_table", columns=columns)
    download_table(table)
