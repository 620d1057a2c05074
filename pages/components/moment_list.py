"""What was found: moments under their sessions, each a link into the replay."""

from functools import partial

import pandas as pd
import streamlit as st

from pages.components.lending import find_lenders, make_badge
from pages.components.own_downloads import download_button
from pages.components.search_form import Search
from pages.components.state import get_store
from pages.components.text import plain
from pages.components.words import as_clock, as_date, as_length
from posecore import find_moments
from posecore.export import to_csv_bytes
from posecore.search import to_moments_table

PAGE_SIZE = 40


def show_moments(search: Search, *, is_all_read: bool) -> None:
    """Search what is read already, and show what was found."""
    moments = find_moments(get_store(), search.conditions, fill=False, **search.to_options())
    if moments.empty and not is_all_read:
        st.info("Nothing is found so far; what is being read now is searched when that is done.")
        return
    if moments.empty:
        st.info(
            "No moment is like that. Move a limit, ask for a shorter time, or leave a condition "
            "out; a frame in which a landmark is hidden counts as no."
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{_count(moments)}**, {as_length(moments['duration_s'].sum())} in all")
        download_button(
            "Download CSV",
            partial(_make_csv, moments),
            file_name="posecore_moments.csv",
            mime="text/csv",
            help="One row a moment: session, athlete, date, start, end and length in seconds.",
        )
    page, n_pages = 1, -(-len(moments) // PAGE_SIZE)
    if n_pages > 1:
        page = st.pagination(n_pages, key=f"find_page_{n_pages}")
    shown = moments[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    badges = _find_badges(set(map(str, shown["session_id"])))
    for session_id, of_session in shown.groupby("session_id", sort=False):
        _show_session(str(session_id), of_session, badges.get(str(session_id), ""))


def _find_badges(session_ids: set[str]) -> dict[str, str]:
    """Who shares which of these sessions, as small badges."""
    sessions = [each for each in get_store().get_sessions() if each.id in session_ids]
    lenders = find_lenders(sessions)
    return {session.id: make_badge(session, lenders) for session in sessions}


def _count(moments: pd.DataFrame) -> str:
    n_moments, n_sessions = len(moments), moments["session_id"].nunique()
    return (
        f"{n_moments:,} moment{'s' * (n_moments != 1)} in "
        f"{n_sessions:,} session{'s' * (n_sessions != 1)}"
    )


def _show_session(session_id: str, moments: pd.DataFrame, badge: str) -> None:
    first = moments.iloc[0]
    facts = [plain(first["athlete"])] * bool(first["athlete"])
    facts.append(as_date(first["created_at"].to_pydatetime()))
    with st.container(border=True, key=f"found_{session_id}", gap="xsmall"):
        st.markdown(f"**{plain(first['name'])}**")
        st.caption(" ".join([" · ".join(facts), badge]))
        with st.container(horizontal=True, gap="xsmall"):
            for start_s, end_s in zip(moments["start_s"], moments["end_s"], strict=True):
                _show_moment(session_id, start_s, end_s)


def _show_moment(session_id: str, start_s: float, end_s: float) -> None:
    """Link to a moment, which the replay plays over and over; one frame alone cannot be."""
    query = {"session": session_id, "t": f"{start_s:.3f}"}
    if end_s > start_s:
        query["loop"] = f"{start_s:.3f}-{end_s:.3f}"
    st.page_link(
        "replay.py",
        label=f"{as_clock(start_s)} · {end_s - start_s:.1f} s",
        icon=":material/play_arrow:",
        query_params=query,
    )


def _make_csv(moments: pd.DataFrame) -> bytes:
    return to_csv_bytes(to_moments_table(moments))
