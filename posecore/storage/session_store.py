"""Sessions with their frames and videos, each seen by whoever may read it."""

from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Self

from posecore.identity import Identity
from posecore.settings import LOCAL_OWNER, Settings
from posecore.storage.audit_store import AuditStore
from posecore.storage.connection import Database
from posecore.storage.device_store import DeviceStore
from posecore.storage.goal_store import GoalStore
from posecore.storage.metric_store import MetricStore
from posecore.storage.note_store import NoteStore
from posecore.storage.people_store import PeopleStore
from posecore.storage.processed_store import ProcessedStore
from posecore.storage.reading_store import ReadingStore
from posecore.storage.session import Session
from posecore.storage.session_lookup import (
    COLUMNS,
    READABLE,
    Right,
    find_session,
    has_right,
    name_asker,
)
from posecore.storage.session_query import SessionQueries
from posecore.storage.session_recovery import IMPORT_INTERRUPTED, SessionRecovery
from posecore.storage.share_store import ShareStore
from posecore.storage.token_store import TokenStore, identify
from posecore.storage.track_store import TrackStore

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
    file. Whoever may not read a session gets the same answer as for an unknown id; one that was
    shared is refused with :class:`posecore.errors.NotAllowedError` what the share does not cover.
    ``notes`` are the notes on these sessions, ``goals`` what they were recorded with as a target,
    ``processed`` what was computed of them and kept, ``readings`` the signals of each frame, to
    search in, and ``metrics`` their numbers. ``tracks`` says which sessions several cameras filmed
    at once. ``shares`` lends an athlete's sessions to others, ``tokens`` are what programs show in
    this owner's name, ``audit`` is who opened or changed what, ``people`` what others are called,
    and ``devices`` what is paired with this computer.
    """

    def __init__(self, database: Database, *, owner: str = LOCAL_OWNER) -> None:
        super().__init__(database, owner=owner)
        self.notes = NoteStore(database, owner=owner)
        self.goals = GoalStore(database, owner=owner)
        self.processed = ProcessedStore(database, owner=owner)
        self.readings = ReadingStore(database, owner=owner)
        self.metrics = MetricStore(database, owner=owner)
        self.shares = ShareStore(database, owner=owner)
        self.tokens = TokenStore(database, owner=owner)
        self.audit = AuditStore(database, owner=owner)
        self.devices = DeviceStore(database)
        self.people = PeopleStore(database, owner=owner)
        self.tracks = TrackStore(database, owner=owner)
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

    def identify(self, token_text: str) -> Identity:
        """Say who shows an API token, whosever store this is.

        Raises
        ------
        NotSignedInError
            If it is unknown, expired or revoked: which of them is not said.
        """
        return identify(self._database, token_text)

    @property
    def rights_version(self) -> int:
        """Another number as soon as anybody may do less than before, by whatever was taken back.

        What goes on for long compares it before each piece and, where it is another, asks anew.
        """
        return self._database.rights_version

    def note_less_rights(self) -> None:
        """Say that somebody may do less, by what the store cannot know: they signed out."""
        self._database.note_less_rights()

    # Sessions

    def list_sessions(self) -> "pd.DataFrame":
        """List all sessions, newest first, one row each with the fields of :class:`Session`.

        Those that others share are among them; ``owner`` says whose each is.
        """
        import pandas as pd

        return pd.DataFrame(
            [asdict(session) for session in self.get_sessions()],
            columns=[field.name for field in fields(Session)],
        )

    def get_sessions(self) -> list[Session]:
        """Return all sessions, newest first, with those that others share."""
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT {COLUMNS} FROM sessions WHERE {READABLE} ORDER BY created_at DESC, id",
                name_asker(self.owner),
            ).fetchall()
        return [Session.from_row(row) for row in rows]

    def get_session(self, session_id: str) -> Session:
        """Return one session's facts.

        Raises
        ------
        SessionNotFoundError
            If there is none with this id, or it is somebody else's and not shared.
        """
        with self._database.cursor() as cursor:
            return find_session(cursor, session_id, owner=self.owner)

    def get_right(self, session_id: str) -> Right:
        """Return the most that this owner may do with a session: read, annotate or own it.

        Raises
        ------
        SessionNotFoundError
        """
        with self._database.cursor() as cursor:
            session = find_session(cursor, session_id, owner=self.owner)
            if session.owner == self.owner:
                return "own"
            may_annotate = has_right(cursor, session, owner=self.owner, right="annotate")
            return "annotate" if may_annotate else "read"
