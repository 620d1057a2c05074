"""Whose a session is: what others share is marked, and what was opened is written down for them."""

import logging
from collections.abc import Iterable
from typing import Final

from pages.components.state import get_store
from pages.components.text import plain
from posecore import Session
from posecore.errors import StorageFullError
from posecore.storage.audit_entry import Action
from posecore.storage.share import Granted

RIGHTS: Final[dict[Granted, str]] = {
    "read": "look at them",
    "annotate": "look at them and write notes",
}
"""What a share allows, for people."""
_NAMELESS: Final = "somebody else"


def is_own(session: Session) -> bool:
    """Whether a session is this person's own, who may then change it."""
    return session.owner == get_store().owner


def find_lenders(sessions: Iterable[Session]) -> dict[str, str]:
    """Return what those are called who share some of these sessions, by owner."""
    owners = {session.owner for session in sessions if not is_own(session)}
    if not owners:
        return {}
    names = get_store().people.load_names()
    return {owner: names.get(owner, _NAMELESS) for owner in owners}


def describe_lender(session: Session, lenders: dict[str, str]) -> str:
    """``shared by Gina``; empty for one's own."""
    return "" if is_own(session) else f"shared by {lenders.get(session.owner, _NAMELESS)}"


def make_badge(session: Session, lenders: dict[str, str] | None = None) -> str:
    """Small badge in Markdown that says who shares a session; empty for one's own."""
    words = describe_lender(session, find_lenders([session]) if lenders is None else lenders)
    return f":gray-badge[:material/group: {plain(words)}]" if words else ""


def note_opened(*sessions: Session) -> None:
    """Write down that somebody looks at these sessions."""
    for session in sessions:
        _note("opened", session)


def note_downloaded(session: Session, what: str) -> None:
    """Write down that somebody took something of a session away."""
    _note("downloaded", session, what)


def _note(action: Action, session: Session, detail: str = "") -> None:
    try:
        get_store().audit.note(action, session.id, detail)
    except StorageFullError:  # what was recorded can be looked at all the same
        logging.getLogger("posecore").warning("The audit list has no room on the disk")
