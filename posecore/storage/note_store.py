"""All SQL about notes, each seen by the owner of its session only."""

import uuid
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import duckdb

from posecore.errors import InvalidFieldError, NoteNotFoundError
from posecore.storage.connection import Database
from posecore.storage.note import CHANGEABLE, Note, check_note
from posecore.storage.session_lookup import find_session

# Inside the class, ``list`` is the method.
_Notes: TypeAlias = list[Note]
_Ids: TypeAlias = set[str]

_COLUMNS: Final = ", ".join(field.name for field in fields(Note))
_OF_OWNER: Final = "session_id IN (SELECT id FROM sessions WHERE owner = ?)"


class NoteStore:
    """One owner's notes; reached as ``store.notes``.

    Whoever's session or note it is not gets the same answer as for an unknown id.
    """

    def __init__(self, database: Database, *, owner: str) -> None:
        self._database = database
        self._owner = owner

    def add(
        self,
        session_id: str,
        *,
        start_s: float,
        end_s: float | None = None,
        text: str,
        tag: str = "",
    ) -> Note:
        """Write a note at a moment of a session, or over a stretch of it.

        Parameters
        ----------
        session_id : str
        start_s, end_s : float
            Seconds since the session's first frame; without ``end_s`` the note is at a moment.
        text : str
            1 to 2,000 characters, kept as given.
        tag : str
            At most 50 characters.

        Raises
        ------
        InvalidFieldError, SessionNotFoundError
        """
        checked = check_note(start_s=start_s, end_s=end_s, text=text, tag=tag)
        with self._database.transaction() as cursor:
            note = Note(
                **checked,
                id=str(uuid.uuid4()),
                session_id=find_session(cursor, session_id, owner=self._owner).id,
                created_at=datetime.now(UTC),
                author=self._owner,
            )
            row = asdict(note) | {"created_at": note.created_at.replace(tzinfo=None)}
            places = ", ".join(f"${key}" for key in row)
            cursor.execute(f"INSERT INTO notes ({_COLUMNS}) VALUES ({places})", row)
        return note

    def update(self, note_id: str, **changes: Any) -> Note:
        """Change ``start_s``, ``end_s``, ``text`` or ``tag``; None as ``end_s`` makes it a moment.

        Returns
        -------
        Note
            The note as it is now.

        Raises
        ------
        InvalidFieldError, NoteNotFoundError
        """
        unknown = [key for key in changes if key not in CHANGEABLE]
        if unknown:
            raise InvalidFieldError(f"{unknown[0]!r} of a note cannot be changed.")
        with self._database.transaction() as cursor:
            note = self._get(cursor, note_id)
            kept = {key: getattr(note, key) for key in CHANGEABLE}
            checked = check_note(**kept | changes)
            cursor.execute(
                "UPDATE notes SET start_s = $start_s, end_s = $end_s, text = $text, tag = $tag "
                "WHERE id = $id",
                checked | {"id": note.id},
            )
            return self._get(cursor, note_id)

    def delete(self, note_id: str) -> None:
        """Delete a note for good.

        Raises
        ------
        NoteNotFoundError
        """
        with self._database.transaction() as cursor:
            note = self._get(cursor, note_id)
            cursor.execute("DELETE FROM notes WHERE id = ?", [note.id])

    def find_noted_sessions(self) -> _Ids:
        """Return the ids of the sessions that have a note."""
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT DISTINCT session_id FROM notes WHERE {_OF_OWNER}", [self._owner]
            ).fetchall()
        return {str(session_id) for (session_id,) in rows}

    def list_all(self) -> _Notes:
        """Return the notes of all sessions, each session's in the order they start."""
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT {_COLUMNS} FROM notes WHERE {_OF_OWNER} "
                "ORDER BY session_id, start_s, created_at, id",
                [self._owner],
            ).fetchall()
        return [Note.from_row(row) for row in rows]

    def list(self, session_id: str) -> _Notes:
        """Return the notes of a session in the order they start.

        Raises
        ------
        SessionNotFoundError
        """
        with self._database.cursor() as cursor:
            session = find_session(cursor, session_id, owner=self._owner)
            rows = cursor.execute(
                f"SELECT {_COLUMNS} FROM notes WHERE session_id = ? "
                "ORDER BY start_s, created_at, id",
                [session.id],
            ).fetchall()
        return [Note.from_row(row) for row in rows]

    def _get(self, cursor: duckdb.DuckDBPyConnection, note_id: str) -> Note:
        try:
            parsed = str(uuid.UUID(str(note_id)))
        except ValueError:
            raise _not_found(note_id) from None
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM notes WHERE id = ? AND {_OF_OWNER}", [parsed, self._owner]
        ).fetchall()
        if not rows:
            raise _not_found(note_id)
        return Note.from_row(rows[0])


def _not_found(note_id: str) -> NoteNotFoundError:
    return NoteNotFoundError(
        f"There is no note {str(note_id)[:40]!r}; it may have been deleted. "
        "Open the session again to see its notes."
    )
