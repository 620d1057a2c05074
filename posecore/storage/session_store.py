"""Sessions with their frames and videos, each seen by its owner only."""

from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Self

from posecore.settings import LOCAL_OWNER, Settings
from posecore.storage.connection import Database
from posecore.storage.metric_store import MetricStore
from posecore.storage.note_store import NoteStore
from posecore.storage.processed_store import ProcessedStore
from posecore.storage.reading_store import ReadingStore
from posecore.storage.session import Session
from posecore.storage.session_lookup import COLUMNS, find_session
from posecore.storage.session_recovery import IMPORT_INTERRUPTED, SessionRecovery

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["IMPORT_INTERRUPTED", "SessionStore", "open_store"]


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


class SessionStore(SessionRecovery):
    """One owner's sessions in one DuckDB file; a context manager.

    Safe to use from several threads: each call works on a cursor of its own. One process owns the
    file. Whoever's session it is not gets the same answer as for an unknown id.
    ``notes`` are the notes on this owner's sessions, ``processed`` what was computed of them and
    kept, ``readings`` the signals of each frame, to search in.
    """

    def __init__(self, database: Database, *, owner: str = LOCAL_OWNER) -> None:
        super().__init__(database, owner=owner)
        self.notes = NoteStore(database, owner=owner)
        self.processed = ProcessedStore(database, owner=owner)
        self.readings = ReadingStore(database, owner=owner)
        self.metrics = MetricStore(database, owner=owner)

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
            return find_session(cursor, session_id, owner=self.owner)
