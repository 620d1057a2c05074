"""Finding sessions by who asks: the one place where it is decided who may see and do what.

A session may be read by its owner, and by whoever accepted a share of its athlete that is still in
force; with the right to annotate they may write notes, all else is its owner's alone. Whoever may
not read it gets the same answer as for an unknown id.
"""

import uuid
from dataclasses import fields
from datetime import datetime
from typing import Any, Final, Literal

import duckdb

from posecore.errors import NotAllowedError, SessionNotFoundError
from posecore.storage import clock
from posecore.storage.session import Session

Right = Literal["read", "annotate", "own"]
"""What somebody may do with a session, each including those before."""

COLUMNS: Final = ", ".join(field.name for field in fields(Session))
IN_FORCE: Final = "accepted_by = $owner AND (ends_at IS NULL OR ends_at > $now)"
"""The condition in SQL that a share is ``$owner``'s at the time ``$now``."""
_REFUSALS: Final = {
    "annotate": "This session was shared with you to look at, without notes; ask whose it is to "
    "share it again with the right to annotate.",
    "own": "This session was shared with you, and only its owner may change it.",
}


def make_readable_sql(sessions: str = "sessions") -> str:
    """Return the condition in SQL that ``$owner`` may read a session at the time ``$now``.

    Parameters
    ----------
    sessions : str
        The table's name or alias in the query; :func:`name_asker` gives the values.
    """
    return (
        f"({sessions}.owner = $owner OR ({sessions}.owner, {sessions}.athlete) IN "
        f"(SELECT (owner, athlete) FROM shares WHERE {IN_FORCE}))"
    )


def name_asker(owner: str) -> dict[str, str | datetime]:
    """Return the values that :func:`make_readable_sql` asks for."""
    return {"owner": owner, "now": clock.now()}


READABLE: Final = make_readable_sql()


def find_session(
    cursor: duckdb.DuckDBPyConnection, session_id: str, *, owner: str, right: Right = "read"
) -> Session:
    """Return a session with which somebody may do something.

    Parameters
    ----------
    cursor : DuckDBPyConnection
    session_id : str
    owner : str
        Who asks.
    right : {"read", "annotate", "own"}
        What they want to do.

    Raises
    ------
    SessionNotFoundError
        If there is none with this id, or they may not even read it.
    NotAllowedError
        If it was shared with them, but not for this.
    """
    session = _select_session(cursor, session_id, owner)
    if session is None:
        raise _not_found(session_id)
    if not has_right(cursor, session, owner=owner, right=right):
        raise NotAllowedError(_REFUSALS[right])
    return session


def has_right(
    cursor: duckdb.DuckDBPyConnection, session: Session, *, owner: str, right: Right
) -> bool:
    """Whether somebody who may read a session may do this with it."""
    if right == "read" or session.owner == owner:
        return True
    if right == "own":
        return False
    found: list[Any] = cursor.execute(
        "SELECT 1 FROM shares WHERE owner = $of AND athlete = $athlete AND granted = 'annotate' "
        f"AND {IN_FORCE} LIMIT 1",
        name_asker(owner) | {"of": session.owner, "athlete": session.athlete},
    ).fetchall()
    return bool(found)


def _select_session(
    cursor: duckdb.DuckDBPyConnection, session_id: str, owner: str
) -> Session | None:
    values: dict[str, Any] = {"owner": owner, "id": parse_id(session_id)}
    own = f"SELECT {COLUMNS} FROM sessions WHERE id = $id AND owner = $owner"
    # One's own are asked for all the time, by a recording with every batch.
    rows = (
        cursor.execute(own, values).fetchall()
        or cursor.execute(
            f"SELECT {COLUMNS} FROM sessions WHERE id = $id AND {READABLE}",
            values | name_asker(owner),
        ).fetchall()
    )
    return Session.from_row(rows[0]) if rows else None


def parse_id(session_id: str) -> str:
    """Return an id as the database writes it.

    Raises
    ------
    SessionNotFoundError
        If it is no id at all.
    """
    parsed = read_uuid(session_id)
    if parsed is None:
        raise _not_found(session_id)
    return parsed


def read_uuid(text: str) -> str | None:
    """Return an id of anything as the database writes it; None for what is no id at all."""
    try:
        return str(uuid.UUID(str(text)))
    except ValueError:
        return None


def _not_found(session_id: str) -> SessionNotFoundError:
    return SessionNotFoundError(
        f"There is no session {str(session_id)[:40]!r}; it may have been deleted. "
        "Look for it in the list of sessions."
    )
