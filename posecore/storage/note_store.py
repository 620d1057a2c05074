"""All SQL about notes, each seen by whoever may read its session."""

import uuid
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import duckdb

from posecore.errors import InvalidFieldError, NotAllowedError, NoteNotFoundError
from posecore.storage.audit_entry import Action
from posecore.storage.audit_store import write_down
from posecore.storage.connection import Database
from posecore.storage.note import CHANGEABLE, Note, check_note
from posecore.storage.session import Session
from posecore.storage.session_lookup import (
    READABLE,
    Right,
    find_session,
    has_right,
    name_asker,
    read_uuid,
)

# Inside the class, ``list`` is the method.
_Notes: TypeAlias = list[Note]
_Ids: TypeAlias = set[str]

MAX_OF_A_GUEST: Final = 500
"""Notes that one person may have on a session of somebody else."""

_COLUMNS: Final = ", ".join(field.name for field in fields(Note))
_READABLE: Final = f"session_id IN (SELECT id FROM sessions WHERE {READABLE})"


class NoteStore:
    """Notes on the sessions somebody may read; reached as ``store.notes``.

    Whoever may annotate a session adds notes; each is changed and deleted by its author and by the
    session's owner. Whoever may not read the session gets the same answer as for an unknown id.
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
        NotAllowedError
            If the session was shared without the right to annotate, or is full of one's notes.
        """
        checked = check_note(start_s=start_s, end_s=end_s, text=text, tag=tag)
        with self._database.transaction() as cursor:
            session = find_session(cursor, session_id, owner=self._owner, right="annotate")
            self._check_room(cursor, session)
            note = Note(
                **checked,
                id=str(uuid.uuid4()),
                session_id=session.id,
                created_at=datetime.now(UTC),
                author=self._owner,
            )
            row = asdict(note) | {"created_at": note.created_at.replace(tzinfo=None)}
            places = ", ".join(f"${key}" for key in row)
            cursor.execute(f"INSERT INTO notes ({_COLUMNS}) VALUES ({places})", row)
            self._write_down(cursor, "note written", note, session)
        return note

    def _check_room(self, cursor: duckdb.DuckDBPyConnection, session: Session) -> None:
        if session.owner == self._owner:
            return
        [(n_notes,)] = cursor.execute(
            "SELECT count(*) FROM notes WHERE session_id = ? AND author = ?",
            [session.id, self._owner],
        ).fetchall()
        if n_notes >= MAX_OF_A_GUEST:
            raise NotAllowedError(
                f"On a session of somebody else there may be {MAX_OF_A_GUEST} notes of yours; "
                "delete one that is not needed."
            )

    def update(self, note_id: str, **changes: Any) -> Note:
        """Change ``start_s``, ``end_s``, ``text`` or ``tag``; None as ``end_s`` makes it a moment.

        Returns
        -------
        Note
            The note as it is now.

        Raises
        ------
        InvalidFieldError, NoteNotFoundError
        NotAllowedError
            If it is neither one's own nor on one's own session.
        """
        unknown = [key for key in changes if key not in CHANGEABLE]
        if unknown:
            raise InvalidFieldError(f"{unknown[0]!r} of a note cannot be changed.")
        with self._database.transaction() as cursor:
            note, session = self._find_own(cursor, note_id)
            kept = {key: getattr(note, key) for key in CHANGEABLE}
            checked = check_note(**kept | changes)
            cursor.execute(
                "UPDATE notes SET start_s = $start_s, end_s = $end_s, text = $text, tag = $tag "
                "WHERE id = $id",
                checked | {"id": note.id},
            )
            self._write_down(cursor, "note changed", note, session)
            return self._get(cursor, note_id)

    def delete(self, note_id: str) -> None:
        """Delete a note for good.

        Raises
        ------
        NoteNotFoundError, NotAllowedError
            As :meth:`update` does.
        """
        with self._database.transaction() as cursor:
            note, session = self._find_own(cursor, note_id)
            cursor.execute("DELETE FROM notes WHERE id = ?", [note.id])
            self._write_down(cursor, "note deleted", note, session)

    def may_change(self, note: Note) -> bool:
        """Whether this owner may change and delete a note they can read."""
        with self._database.cursor() as cursor:
            session = find_session(cursor, note.session_id, owner=self._owner)
            return self._is_own(cursor, note, session)

    def find_noted_sessions(self) -> _Ids:
        """Return the ids of the sessions that have a note."""
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT DISTINCT session_id FROM notes WHERE {_READABLE}", name_asker(self._owner)
            ).fetchall()
        return {str(session_id) for (session_id,) in rows}

    def list_all(self) -> _Notes:
        """Return the notes of all sessions, each session's in the order they start."""
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT {_COLUMNS} FROM notes WHERE {_READABLE} "
                "ORDER BY session_id, start_s, created_at, id",
                name_asker(self._owner),
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
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM notes WHERE id = $id AND {_READABLE}",
            name_asker(self._owner) | {"id": read_uuid(note_id)},
        ).fetchall()
        if not rows:
            raise _not_found(note_id)
        return Note.from_row(rows[0])

    def _find_own(self, cursor: duckdb.DuckDBPyConnection, note_id: str) -> tuple[Note, Session]:
        note = self._get(cursor, note_id)
        session = find_session(cursor, note.session_id, owner=self._owner)
        if not self._is_own(cursor, note, session):
            raise NotAllowedError(
                "Only whose session this is, and who wrote the note, may change it."
            )
        return note, session

    def _is_own(self, cursor: duckdb.DuckDBPyConnection, note: Note, session: Session) -> bool:
        is_author = note.author == self._owner
        right: Right = "annotate" if is_author else "own"
        return has_right(cursor, session, owner=self._owner, right=right)

    def _write_down(
        self, cursor: duckdb.DuckDBPyConnection, action: Action, note: Note, session: Session
    ) -> None:
        detail = f"at {note.start_s:.1f} s"
        write_down(cursor, action, actor=self._owner, session=session, detail=detail)


def _not_found(note_id: str) -> NoteNotFoundError:
    return NoteNotFoundError(
        f"There is no note {str(note_id)[:40]!r}; it may have been deleted. "
        "Open the session again to see its notes."
    )
