"""Making sessions, changing, finishing and deleting them."""

import uuid
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

import duckdb

from posecore.errors import InvalidFieldError
from posecore.storage.audit_store import write_down
from posecore.storage.frame_table import update_duration
from posecore.storage.metric_store import remove_metrics
from posecore.storage.processed_store import remove_processed
from posecore.storage.reading_store import remove_readings
from posecore.storage.session import SOURCES, Session, check_fields
from posecore.storage.session_lookup import COLUMNS, find_session, parse_id
from posecore.storage.session_videos import SessionVideos
from posecore.storage.track_store import remove_track

_NOTHING: Final = "frame_count = 0, detected_count = 0, video_path = NULL"


class SessionChanges(SessionVideos):
    """What an owner does with sessions; a part of :class:`posecore.SessionStore`."""

    def create_session(
        self,
        *,
        name: str,
        source: str,
        athlete: str = "",
        tags: Iterable[str] = (),
        description: str = "",
        model: str = "",
        status: str | None = None,
        session_id: str | None = None,
    ) -> str:
        """Begin a session that :meth:`append_frames` fills and :meth:`finish_session` completes.

        Parameters
        ----------
        name : str
            1 to 200 characters, kept as given.
        source : {"live", "video", "stream", "sample", "file"}
        athlete, description : str
            At most 100 and 5,000 characters.
        tags : iterable of str
            At most 20 of at most 50 characters.
        model : str
            The pose model's name.
        status : {"recording", "processing"}, optional
            "recording" for live and stream, "processing" for the rest, when left out.
        session_id : str, optional
            A new UUID, where something needs to know it beforehand.

        Returns
        -------
        str
            The new session's id.

        Raises
        ------
        InvalidFieldError
            If a text is outside its limits.
        """
        if source not in SOURCES:
            raise InvalidFieldError(f"A source is one of {', '.join(SOURCES)}, not {source!r}.")
        texts = check_fields(
            {"name": name, "athlete": athlete, "description": description, "tags": tags}
        )
        status = status or ("recording" if source in ("live", "stream") else "processing")
        session = Session(
            **texts,
            id=parse_id(session_id or str(uuid.uuid4())),
            owner=self.owner,
            source=source,
            status=status,
            created_at=datetime.now(UTC),
            model=model,
        )
        row = asdict(session) | {
            "created_at": session.created_at.replace(tzinfo=None),
            "fps": None,
            "tags": list(session.tags),
        }
        places = ", ".join(f"${key}" for key in row)
        with self._database.transaction() as cursor:
            _check_is_new(cursor, session.id)
            cursor.execute(f"INSERT INTO sessions ({COLUMNS}) VALUES ({places})", row)
            write_down(cursor, "created", actor=self.owner, session=session, detail=source)
        return session.id

    def update_session(self, session_id: str, **changes: Any) -> Session:
        """Change name, athlete, description or tags.

        Returns
        -------
        Session
            The session as it is now.

        Raises
        ------
        InvalidFieldError, SessionNotFoundError, NotAllowedError
        """
        checked = check_fields(changes)
        with self._database.transaction() as cursor:
            session_id = find_session(cursor, session_id, owner=self.owner, right="own").id
            for key, value in checked.items():
                cursor.execute(
                    f"UPDATE sessions SET {key} = ? WHERE id = ? AND owner = ?",
                    [list(value) if key == "tags" else value, session_id, self.owner],
                )
            session = find_session(cursor, session_id, owner=self.owner)
            detail = ", ".join(checked)
            write_down(cursor, "changed", actor=self.owner, session=session, detail=detail)
        if "athlete" in checked:  # by which sessions are shared
            self._database.note_less_rights()
        return session

    def finish_session(
        self, session_id: str, *, dropped_count: int = 0, reason: str = ""
    ) -> Session:
        """Complete a session: its length is that of its frames; ``reason`` says what it lacks."""
        return self._close_session(
            session_id, "completed", dropped_count=dropped_count, reason=reason
        )

    def fail_session(self, session_id: str, reason: str) -> Session:
        """Mark a session as failed, with one sentence why; its frames and video are removed."""
        return self._close_session(session_id, "failed", reason=reason)

    def _close_session(
        self,
        session_id: str,
        status: str,
        *,
        dropped_count: int = 0,
        reason: str = "",
        recovered: bool = False,
    ) -> Session:
        with self._database.transaction() as cursor:
            session_id = find_session(cursor, session_id, owner=self.owner, right="own").id
            if status == "failed":
                _remove_derived(cursor, session_id)
                remove_track(cursor, session_id)
                cursor.execute("DELETE FROM frames WHERE session_id = ?", [session_id])
                cursor.execute(f"UPDATE sessions SET {_NOTHING} WHERE id = ?", [session_id])
                self._videos.remove(session_id)
            update_duration(cursor, session_id)
            cursor.execute(
                "UPDATE sessions SET status = ?, status_reason = ?, dropped_count = ?, "
                "recovered = ? WHERE id = ?",
                [status, reason, dropped_count, recovered, session_id],
            )
            session = find_session(cursor, session_id, owner=self.owner)
            detail = "recovered" if recovered else status
            write_down(cursor, "changed", actor=self.owner, session=session, detail=detail)
            return session

    def delete_session(self, session_id: str) -> None:
        """Delete a session with its frames, all made of them, notes, goals and video for good."""
        with self._database.transaction() as cursor:
            session = find_session(cursor, session_id, owner=self.owner, right="own")
            session_id = session.id
            _remove_derived(cursor, session_id)
            remove_track(cursor, session_id)
            cursor.execute("DELETE FROM notes WHERE session_id = ?", [session_id])
            cursor.execute("DELETE FROM goals WHERE session_id = ?", [session_id])
            cursor.execute("DELETE FROM session_references WHERE session_id = ?", [session_id])
            cursor.execute("DELETE FROM frames WHERE session_id = ?", [session_id])
            cursor.execute("DELETE FROM sessions WHERE id = ?", [session_id])
            write_down(
                cursor,
                "deleted",
                actor=self.owner,
                session=session,
                detail=f"{session.frame_count:,} frames",
            )
            self._videos.remove(session_id)
        self._database.note_less_rights()


def _check_is_new(cursor: duckdb.DuckDBPyConnection, session_id: str) -> None:
    if cursor.execute("SELECT 1 FROM sessions WHERE id = ?", [session_id]).fetchall():
        raise InvalidFieldError("This id is in use; leave it out, and the session gets a new one.")


def _remove_derived(cursor: duckdb.DuckDBPyConnection, session_id: str) -> None:
    """Remove all that was computed of a session."""
    remove_processed(cursor, session_id)
    remove_readings(cursor, session_id)
    remove_metrics(cursor, session_id)
