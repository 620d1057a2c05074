"""Sessions as cards with a small skeleton picture."""

import streamlit as st

from pages.components.database import view_as
from pages.components.lending import make_badge
from pages.components.state import get_store
from pages.components.text import plain
from pages.components.ways_in import show_import, show_record
from pages.components.words import STATUSES, as_date, as_length
from posecore import Session
from posecore.figures.thumbnail import make_thumbnail_svg

_THUMBNAIL_FRAMES = 120
_CARDS_A_ROW = 3


@st.cache_data(show_spinner=False, max_entries=200)
def _make_thumbnail(owner: str, session_id: str, frame_count: int) -> str | None:
    """Picture of an owner's session; a sample of its frames is enough to find a telling one."""
    every = max(1, frame_count // _THUMBNAIL_FRAMES)
    return make_thumbnail_svg(view_as(owner).load_sequence(session_id, every=every))


def show_last_and_ways_in(session: Session) -> None:
    """Show the last session, one click from its replay, and beside it the ways to the next."""
    last, record, video = st.columns([2, 1, 1])
    with last.container(border=True, height="stretch", key="last_session"):
        picture, facts = st.columns([1, 3], vertical_alignment="center")
        with picture:
            _show_thumbnail(session, width=130)
        with facts:
            st.caption("Go on where you were")
            st.markdown(f"### {plain(session.name)}")
            st.caption(" ".join([_describe(session), make_badge(session)]))
            if st.button("Replay", type="primary"):
                st.switch_page("replay.py", query_params={"session": session.id})
    with record:
        show_record(is_main=False)
    with video:
        show_import()


def show_cards(sessions: list[Session]) -> None:
    """Show sessions in rows of cards."""
    for start in range(0, len(sessions), _CARDS_A_ROW):
        row = st.columns(_CARDS_A_ROW)
        for column, session in zip(row, sessions[start : start + _CARDS_A_ROW], strict=False):
            with column.container(border=True, height="stretch", key=f"card_of_{session.id}"):
                _show_card(session)


def _show_card(session: Session) -> None:
    _show_thumbnail(session, width=90)
    st.markdown(f"**{plain(session.name)}**")
    st.caption(_describe(session))
    if badge := make_badge(session):  # apart, so that two lines of facts do not cut it off
        st.caption(badge)
    if session.status != "completed":
        st.markdown(STATUSES[session.status])
    elif st.button("Replay", key=f"card_{session.id}"):
        st.switch_page("replay.py", query_params={"session": session.id})


def _describe(session: Session) -> str:
    facts = [as_date(session.created_at), as_length(session.duration_s)]
    return " · ".join([plain(session.athlete)] * bool(session.athlete) + facts)


def _show_thumbnail(session: Session, width: int) -> None:
    if not session.frame_count:
        return
    svg = _make_thumbnail(get_store().owner, session.id, session.frame_count)
    if svg:
        st.image(svg, width=width)
