"""What is known about a session, shown beside it."""

from html import escape

import streamlit as st

from pages.components.lending import make_badge
from pages.components.state import get_store
from pages.components.text import plain
from pages.components.words import SOURCES, as_date, as_length, as_size
from posecore import Session
from posecore.sequence import NO_PICTURE

_GRID = "display:grid;grid-template-columns:auto 1fr;gap:.4rem 1rem;font-size:.875rem"
_MAY = {"read": "look at it", "annotate": "look at it and write notes"}
_TERM = "opacity:.68;white-space:nowrap"
_FACT = "text-align:right;overflow-wrap:anywhere"


def show_session_facts(session: Session) -> None:
    """Show description and facts; what people typed is shown letter by letter."""
    if badge := make_badge(session):
        is_reader = get_store().get_right(session.id) == "read"
        st.caption(f"{badge} You may {_MAY['read' if is_reader else 'annotate']}.")
    if session.description:
        st.text(session.description)
    rows = "".join(_make_row(term, fact) for term, fact in _collect_facts(session))
    st.html(f'<div role="list" style="{_GRID}">{rows}</div>')
    if session.status_reason:
        st.caption(f":orange[{plain(session.status_reason)}]")
    if session.recovered:
        st.caption(
            ":orange-badge[:material/healing: recovered] This recording was cut off; all that was "
            "saved until then is here."
        )


def _make_row(term: str, fact: str) -> str:
    return (
        f'<div role="listitem" style="display:contents"><span style="{_TERM}">{escape(term)}</span>'
        f'<span style="{_FACT}">{escape(fact)}</span></div>'
    )


def _collect_facts(session: Session) -> list[tuple[str, str]]:
    facts = [
        ("Athlete", session.athlete),
        ("Tags", ", ".join(session.tags)),
        ("Date", as_date(session.created_at)),
        ("Length", as_length(session.duration_s)),
        ("Frames", f"{session.frame_count:,}"),
    ]
    if session.frame_count:
        seen = session.detected_count / session.frame_count
        facts.append(("Somebody in view", f"{seen:.0%}"))
    if session.dropped_count:
        facts.append(("Dropped", f"{session.dropped_count:,}"))
    if session.fps == session.fps:
        facts.append(("Frames a second", f"{session.fps:.1f}"))
    if (session.image_width or 1, session.image_height or 1) != NO_PICTURE:
        facts.append(("Picture", f"{session.image_width} x {session.image_height}"))
    if video := get_store().get_video_file(session.id):
        facts.append(("Video", as_size(video.stat().st_size)))
    elif session.video_path:
        facts.append(("Video", "its file is gone"))
    facts += [("Model", session.model), ("Source", SOURCES[session.source])]
    return [(term, fact) for term, fact in facts if fact]
