"""What is said about a recording: athlete, name, tags and description, kept while one works."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages.components.sign_in import needs_sign_in
from pages.components.state import get_settings, get_store
from pages.components.text import plain
from posecore import Session
from posecore.storage.session import MAX_TAGS, TAG_LIMIT, TEXT_LIMITS


def ask_athlete_and_tags(key: str, session: Session | None = None) -> dict[str, Any]:
    """Ask who moves and under which tags, offering those used before.

    Without a session they are for the next one, and hold until they are changed.
    """
    known = get_store().get_sessions()
    athletes = sorted({each.athlete for each in known if each.athlete})
    tags = sorted({tag for each in known for tag in each.tags})
    current = session.athlete if session else None
    athlete = st.selectbox(
        "Athlete",
        athletes,
        index=athletes.index(current) if current in athletes else None,
        placeholder="Who moves? Type a name",
        accept_new_options=True,
        key=f"{key}_athlete",
        persist_state=None if session else "session",
    )
    chosen = st.multiselect(
        "Tags",
        tags,
        default=list(session.tags) if session else None,
        placeholder="For example: wall, warm-up",
        accept_new_options=True,
        max_selections=MAX_TAGS,
        key=f"{key}_tags",
        persist_state=None if session else "session",
    )
    return {
        "athlete": _keep_within("athlete", athlete or ""),
        "tags": [_keep_within("tag", tag) for tag in chosen],
    }


def ask_name(key: str, session: Session | None = None, placeholder: str = "") -> str:
    """Ask for the session's name."""
    name = st.text_input(
        "Name",
        value=session.name if session else "",
        placeholder=placeholder,
        key=f"{key}_name",
    )
    return _keep_within("name", name)


def ask_description(key: str, session: Session | None = None) -> str:
    """Ask for a description."""
    description = st.text_area(
        "Description",
        value=session.description if session else "",
        height=90,
        key=f"{key}_description",
    )
    return _keep_within("description", description)


def _keep_within(what: str, text: str) -> str:
    """Say that a text is too long, and go on with as much of it as is kept.

    A limit of the field itself leaves out all of a longer text that is pasted, and says nothing.
    """
    limit = TAG_LIMIT if what == "tag" else TEXT_LIMITS[what]
    if len(text) <= limit:
        return text
    st.warning(
        f"This {what} has {len(text):,} characters, and a session keeps {limit:,}: shorten it, or "
        f"only the first {limit:,} are kept."
    )
    return text[:limit]


def ask_keep_video(key: str, *, disabled: bool = False) -> bool:
    """Ask whether the video is kept; off until somebody decides so."""
    # Where the files of another computer lie is nothing for who looks at it from afar.
    where = "" if needs_sign_in() else f", in {plain(str(get_settings().videos_dir))}"
    return st.toggle(
        "Keep video",
        key=f"{key}_keep_video",
        persist_state="session",
        disabled=disabled,
        help=(
            f"The picture of the athlete is stored on the computer that runs posecore{where}; ask "
            "before you film. It is deleted with its session."
        ),
    )


def make_default_name() -> str:
    """Name of a recording that was given none: its day and time."""
    zone = ZoneInfo(st.context.timezone) if st.context.timezone else None
    now = datetime.now(zone)
    return f"Recording {now.day} {now:%b, %H:%M}"
