"""The list of sessions: search, sort, choose several, and what can be done with each."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.components.downloads import download_buttons
from pages.components.lending import find_lenders, is_own, make_badge
from pages.components.session_dialogs import confirm_delete, edit_session
from pages.components.text import plain
from pages.components.words import SOURCES, STATUSES, as_facts
from posecore import Session

PAGE_SIZE = 20
FINISHED = ("completed", "failed")
SORT_KEYS: dict[str, Callable[[Session], Any]] = {
    "Date": lambda session: session.created_at,
    "Name": lambda session: session.name.casefold(),
    "Athlete": lambda session: session.athlete.casefold(),
    "Tags": lambda session: tuple(tag.casefold() for tag in session.tags),
    "Length": lambda session: session.duration_s,
    "Frames": lambda session: session.frame_count,
    "Status": lambda session: session.status,
}


def ask_filter(sessions: list[Session]) -> list[Session]:
    """Ask what to look for and in which order, and return the sessions that remain."""
    search, sort, order = st.columns([5, 2, 3], vertical_alignment="bottom")
    text = search.text_input(
        "Search", placeholder="Name, athlete, tag, status or words of the description"
    )
    key = sort.selectbox("Sort by", list(SORT_KEYS))
    direction = order.segmented_control(
        "Order", ["Descending", "Ascending"], default="Descending", required=True
    )
    words = text.casefold().split()
    found = [session for session in sessions if all(word in _haystack(session) for word in words)]
    found.sort(key=SORT_KEYS[key], reverse=direction == "Descending")
    if not found:
        st.info("No session matches. Use fewer or other words.")
    return found


def _haystack(session: Session) -> str:
    parts = [session.name, session.athlete, session.description, session.status, *session.tags]
    return "\n".join(parts).casefold()


def show_selection(sessions: list[Session]) -> None:
    """Show what can be done with the sessions that are ticked."""
    chosen = [each for each in sessions if st.session_state.get(f"choose_{each.id}")]
    if not chosen:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        count = "1 session" if len(chosen) == 1 else f"{len(chosen)} sessions"
        st.markdown(f"**{count} chosen**")
        download_buttons([each for each in chosen if each.frame_count], key="chosen")
        _offer_repetitions([each for each in chosen if each.status == "completed"])
        finished = [each for each in chosen if each.status in FINISHED and is_own(each)]
        if finished and st.button("Delete chosen"):
            confirm_delete(finished)


def _offer_repetitions(sessions: list[Session]) -> None:
    """Offer the way to the repetitions of the sessions that are ticked."""
    if sessions and st.button("Repetitions"):
        query = {"session": sessions[0].id}
        if len(sessions) > 1:
            query["more"] = ",".join(session.id for session in sessions[1:])
        st.switch_page("repetitions.py", query_params=query)


def show_page(sessions: list[Session]) -> None:
    """Show one page of the list."""
    n_pages = -(-len(sessions) // PAGE_SIZE)
    page = 1
    if n_pages > 1:
        page = st.pagination(n_pages, key="sessions_page")
    shown = sessions[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    lenders = find_lenders(shown)
    for session in shown:
        _show_row(session, lenders)


def _show_row(session: Session, lenders: dict[str, str]) -> None:
    with st.container(border=True, key=f"row_{session.id}", gap="xsmall"):
        facts, buttons = st.columns([4, 5], vertical_alignment="center")
        with facts:
            st.checkbox(plain(session.name), key=f"choose_{session.id}", persist_state="page")
            st.caption(_describe(session, lenders))
            if session.status_reason:
                st.caption(f":red[{plain(session.status_reason)}]")
        with buttons, st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
            _show_row_buttons(session)


def _show_row_buttons(session: Session) -> None:
    if session.status == "completed":
        if st.button("Replay", key=f"replay_{session.id}", type="secondary"):
            st.switch_page("replay.py", query_params={"session": session.id})
        download_buttons([session], key=session.id, is_dense=True)
    if not is_own(session):
        return
    if st.button("Edit", key=f"edit_{session.id}"):
        edit_session(session)
    # What is being made is stopped where it is made: on Live, or on Import.
    if session.status in FINISHED and st.button("Delete", key=f"delete_{session.id}"):
        confirm_delete([session])


def _describe(session: Session, lenders: dict[str, str]) -> str:
    who = [f"**{plain(session.athlete)}**"] if session.athlete else []
    tags = [f"\\#{plain(tag)}" for tag in session.tags]
    marks = [SOURCES[session.source], STATUSES[session.status]]
    if session.recovered:
        marks.append(":orange-badge[:material/healing: recovered]")
    if badge := make_badge(session, lenders):
        marks.append(badge)
    return " · ".join([*who, as_facts(session), *tags, " ".join(marks)])
