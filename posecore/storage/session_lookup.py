"""Finding one session's row: somebody else's gets the same answer as an unknown id."""

import uuid
from dataclasses import fields
from typing import Final

import duckdb

from posecore.errors import SessionNotFoundError
from posecore.storage.session import Session

COLUMNS: Final = ", ".join(field.name for field in fields(Session))


def find_session(cursor: duckdb.DuckDBPyConnection, session_id: str, *, owner: str) -> Session:
    """Return one owner's session.

    Raises
    ------
    SessionNotFoundError
        If there is none with this id, or it is somebody else's.
    """
    rows = cursor.execute(
        f"SELECT {COLUMNS} FROM sessions WHERE id = ? AND owner = ?",
        [parse_id(session_id), owner],
    ).fetchall()
    if not rows:
        raise _not_found(session_id)
    return Session.from_row(rows[0])


def parse_id(session_id: str) -> str:
    """Return an id as the database writes it.

    Raises
    ------
    SessionNotFoundError
        If it is no id at all.
    """
    try:
        return str(uuid.UUID(str(session_id)))
    except ValueError:
        raise _not_found(session_id) from None


def _not_found(session_id: str) -> SessionNotFoundError:
    return SessionNotFoundError(
        f"There is no session {str(session_id)[:40]!r}; it may have been deleted. "
        "Look for it in the list of sessions."
    )
