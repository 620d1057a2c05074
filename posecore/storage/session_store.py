"""Sessions with their frames and videos, each seen by its owner only."""

import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import duckdb

from posecore.errors import InvalidFieldError, VideoWriteError
from posecore.sequence import PoseSequence
from posecore.settings import LOCAL_OWNER, Settings
from posecore.storage.connection import Database
from posecore.storage.frame_table import insert_frames, select_frames, update_duration
from posecore.storage.metric_store import MetricStore, remove_metrics
from posecore.storage.note_store import NoteStore
from posecore.storage.owner_choices import OwnerChoices
from posecore.storage.processed_store import ProcessedStore, remove_processed
from posecore.storage.reading_store import ReadingStore, remove_readings
from posecore.storage.session import SOURCES, Session, check_fields
from posecore.storage.session_lookup import COLUMNS, find_session, parse_id
from posecore.storage.session_query import SessionQueries
from posecore.storage.video_files import VideoFiles

if TYPE_CHECKING:
    import pandas as pd

IMPORT_INTERRUPTED: Final = "posecore was stopped while it analysed the video; import it again."
_NO_FRAME: Final = "The recording was cut off before its first frame was saved."

_NOTHING: Final = "frame_count = 0, detected_count = 0, video_path = NULL"


def open_store(path: str | Path | None = None, *, owner: str = LOCAL_OWNER) -> "SessionStore":
    """Open the database, made and brought to the newest shape where needed.

    Parameters
    ----------
    path : str or Path, optional
        The DuckDB file; by default the dashboard's own (``POSECORE_DB``).
    owner : str
        Whose sessions to work with.

    Raises
    ------
    DatabaseLockedError, DatabaseUnreadableError, SchemaVersionError, StorageFullError
    """
    path = Path(path) if path else Settings.from_env().database
    return SessionStore(Database(path), owner=owner)


class SessionStore(OwnerChoices):
    """One owner's sessions in one DuckDB file; a context manager.

    Safe to use from several threads: each call works on a cursor of its own. One process owns the
    file. Whoever's session it is not gets the same answer as for an unknown id.
    ``notes`` are the notes on this owner's sessions, ``processed`` what was computed of them and
    kept, ``readings`` the signals of each frame, to search in.
    """

    def __init__(self, database: Database, *, owner: str = LOCAL_OWNER) -> None:
        super().__init__(database, owner=owner)
        self._videos = VideoFiles(database.path)
        self.notes = NoteStore(database, owner=owner)
        self.processed = ProcessedStore(database, owner=owner)
        self.readings = ReadingStore(database, owner=owner)
        self.metrics = MetricStore(database, owner=owner)
        self.queries = SessionQueries(database, owner=owner)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Write everything out and let go of the file."""
        self._database.close()

    def for_owner(self, owner: str) -> "SessionStore":
        """Return the same open file as another owner sees it."""
        return SessionStore(self._database, owner=owner)

    # Sessions

    def list_sessions(self) -> "pd.DataFrame":
        """List all sessions, newest first, one row each with the fields of :class:`Session`."""
        import pandas as pd

        return pd.DataFrame(
            [asdict(session) for session in self.get_sessions()],
            columns=[field.name for field in fields(Session)],
        )

    def get_sessions(self) -> list[Session]:
        """Return all sessions, newest first."""
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT {COLUMNS} FROM sessions WHERE owner = ? ORDER BY created_at DESC, id",
                [self.owner],
            ).fetchall()
        return [Session.from_row(row) for row in rows]

    def get_session(self, session_id: str) -> Session:
        """Return one session's facts.

        Raises
        ------
        SessionNotFoundError
            If there is none with this id, or it is somebody else's.
        """
        with self._database.cursor() as cursor:
            return self._get(cursor, session_id)

    def _get(self, cursor: duckdb.DuckDBPyConnection, session_id: str) -> Session:
        return find_session(cursor, session_id, owner=self.owner)

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
            cursor.execute(f"INSERT INTO sessions ({COLUMNS}) VALUES ({places})", row)
        return session.id

    def update_session(self, session_id: str, **changes: Any) -> Session:
        """Change name, athlete, description or tags.

        Returns
        -------
        Session
            The session as it is now.

        Raises
        ------
        InvalidFieldError, SessionNotFoundError
        """
        checked = check_fields(changes)
        with self._database.transaction() as cursor:
            session_id = self._get(cursor, session_id).id
            for key, value in checked.items():
                cursor.execute(
                    f"UPDATE sessions SET {key} = ? WHERE id = ? AND owner = ?",
                    [list(value) if key == "tags" else value, session_id, self.owner],
                )
        return self.get_session(session_id)

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
            session_id = self._get(cursor, session_id).id
            if status == "failed":
                _remove_derived(cursor, session_id)
                cursor.execute("DELETE FROM frames WHERE session_id = ?", [session_id])
                cursor.execute(f"UPDATE sessions SET {_NOTHING} WHERE id = ?", [session_id])
                self._videos.remove(session_id)
            update_duration(cursor, session_id)
            cursor.execute(
                "UPDATE sessions SET status = ?, status_reason = ?, dropped_count = ?, "
                "recovered = ? WHERE id = ?",
                [status, reason, dropped_count, recovered, session_id],
            )
            return self._get(cursor, session_id)

    def delete_session(self, session_id: str) -> None:
        """Delete a session with its frames, all that was made of them, notes and video for good."""
        with self._database.transaction() as cursor:
            session_id = self._get(cursor, session_id).id
            _remove_derived(cursor, session_id)
            cursor.execute("DELETE FROM notes WHERE session_id = ?", [session_id])
            cursor.execute("DELETE FROM session_references WHERE session_id = ?", [session_id])
            cursor.execute("DELETE FROM frames WHERE session_id = ?", [session_id])
            cursor.execute("DELETE FROM sessions WHERE id = ?", [session_id])
            self._videos.remove(session_id)

    def recover_sessions(self) -> list[Session]:
        """Finish what was cut off when the program last ended; call once at start.

        A recording becomes ``completed`` and ``recovered`` with the frames that reached the disk,
        and with its video up to the last second; one without a single frame, or an import, becomes
        ``failed`` with the reason. Videos of sessions that are gone are removed if unfinished.

        Returns
        -------
        list of Session
            Those that were touched.
        """
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT {COLUMNS} FROM sessions WHERE status IN ('recording', 'processing')"
            ).fetchall()
        touched = [self._recover(session) for session in map(Session.from_row, rows)]
        for session_id in self._videos.list_ids():
            self._recover_video(session_id)
        return touched

    def _recover(self, session: Session) -> Session:
        owned = self.for_owner(session.owner)
        if session.status == "processing":
            return owned.fail_session(session.id, IMPORT_INTERRUPTED)
        if not session.frame_count:
            return owned.fail_session(session.id, _NO_FRAME)
        return owned._close_session(
            session.id, "completed", dropped_count=session.dropped_count, recovered=True
        )

    def _recover_video(self, session_id: str) -> None:
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                "SELECT owner, video_path FROM sessions WHERE id = ? AND status = 'completed'",
                [session_id],
            ).fetchall()
        with suppress(VideoWriteError):  # no room now; the next start tries again
            if not rows:
                self._videos.remove_part(session_id)
            elif (path := self._videos.finish(session_id)) and rows[0][1] is None:
                self.for_owner(rows[0][0]).set_video(session_id, path)

    # Videos

    def make_video_path(self, session_id: str) -> Path:
        """Say where a session's video is to be written, before :meth:`set_video` attaches it."""
        return self._videos.path_of(parse_id(session_id))

    def set_video(self, session_id: str, path: Path) -> Session:
        """Attach a finished video to its session, with which it is deleted.

        Raises
        ------
        InvalidFieldError
            If it does not lie where :meth:`make_video_path` says.
        SessionNotFoundError
        """
        with self._database.transaction() as cursor:
            session_id = self._get(cursor, session_id).id
            stored = self._videos.to_stored(session_id, path)
            cursor.execute("UPDATE sessions SET video_path = ? WHERE id = ?", [stored, session_id])
            return self._get(cursor, session_id)

    def get_video_file(self, session_id: str) -> Path | None:
        """Find a session's video; None where none was kept, or its file is gone."""
        return self._videos.find(self.get_session(session_id).video_path)

    # Frames

    def append_frames(
        self, session_id: str, sequence: PoseSequence, *, dropped_count: int | None = None
    ) -> None:
        """Add frames to a session, all of them or none; on disk when this returns.

        Parameters
        ----------
        session_id : str
        sequence : PoseSequence
            Later than what is stored, with frame numbers not used yet.
        dropped_count : int, optional
            Frames lost so far, kept with the session.

        Raises
        ------
        SessionNotFoundError, StorageFullError
        InvalidFieldError
            If the session is finished already, or has frames as late as these.
        """
        if not sequence.n_frames:
            return
        width, height = sequence.image_size
        n_detected = int(sequence.is_detected.sum())
        with self._database.transaction() as cursor:
            if self._get(cursor, session_id).status not in ("recording", "processing"):
                raise InvalidFieldError(
                    "This session is finished, so no frames can be added; begin a new one."
                )
            insert_frames(cursor, session_id, sequence)
            cursor.execute(
                "UPDATE sessions SET image_width = ?, image_height = ?, "
                "frame_count = frame_count + ?, detected_count = detected_count + ?, "
                "dropped_count = coalesce(?, dropped_count) WHERE id = ?",
                [width, height, len(sequence), n_detected, dropped_count, session_id],
            )

    def load_sequence(self, session_id: str, *, every: int = 1) -> PoseSequence:
        """Load the frames of a session.

        Parameters
        ----------
        session_id : str
        every : int
            Load each frame whose number is a multiple of this; 1 for all of them.

        Returns
        -------
        PoseSequence
            Frames with nobody in them are rows of NaN.

        Raises
        ------
        SessionNotFoundError
        """
        with self._database.cursor() as cursor:
            session = self._get(cursor, session_id)
            image_size = (session.image_width or 1, session.image_height or 1)
            return select_frames(cursor, session.id, every, image_size)


def _remove_derived(cursor: duckdb.DuckDBPyConnection, session_id: str) -> None:
    """Remove all that was computed of a session."""
    remove_processed(cursor, session_id)
    remove_readings(cursor, session_id)
    remove_metrics(cursor, session_id)
