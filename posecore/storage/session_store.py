"""All SQL of the project: sessions and their frames, each seen by its owner only."""

import uuid
from collections.abc import Iterable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import duckdb

from posecore.errors import InvalidFieldError, SessionNotFoundError
from posecore.sequence import PoseSequence
from posecore.settings import LOCAL_OWNER, Settings
from posecore.storage.connection import connect, store_errors
from posecore.storage.frame_table import from_arrow, to_arrow
from posecore.storage.migrations import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

TEXT_LIMITS: Final = {"name": 200, "athlete": 100, "description": 5000}
"""Longest accepted text of each field, in characters."""
TAG_LIMIT: Final = 50
MAX_TAGS: Final = 20
IMPORT_INTERRUPTED: Final = "posecore was stopped while it analysed the video; import it again."


@dataclass(frozen=True, kw_only=True)
class Session:
    """Facts of one continuous recording.

    Attributes
    ----------
    source : {"live", "video", "stream", "sample"}
    status : {"recording", "processing", "completed", "failed"}
    status_reason : str
        Why it failed, one sentence; empty otherwise.
    created_at : datetime
        UTC, aware.
    frame_count, detected_count, dropped_count : int
        Frames stored; those with somebody in them; those lost before they could be analysed.
    fps : float
        Frames per second over the recording; NaN for fewer than two frames.
    image_width, image_height : int or None
        Pixels; None before the first frame.
    video_path : str or None
        Relative to the data folder.
    recovered : bool
        Whether the recording was cut off and finished at the next start.
    """

    id: str
    name: str
    description: str
    owner: str
    athlete: str
    tags: tuple[str, ...]
    source: str
    status: str
    status_reason: str
    created_at: datetime
    duration_s: float
    frame_count: int
    detected_count: int
    dropped_count: int
    fps: float
    image_width: int | None
    image_height: int | None
    model: str
    video_path: str | None
    recovered: bool


_COLUMNS: Final = ", ".join(field.name for field in fields(Session))

_DURATION_FROM_FRAMES: Final = """
    UPDATE sessions SET
        duration_s = facts.duration_s,
        fps = CASE WHEN facts.duration_s > 0 THEN (facts.n - 1) / facts.duration_s END
    FROM (
        SELECT count(*) AS n, coalesce(max(time_s) - min(time_s), 0) AS duration_s
        FROM frames WHERE session_id = $id
    ) AS facts
    WHERE sessions.id = $id
"""


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
    return SessionStore(Path(path) if path else Settings.from_env().database, owner=owner)


class SessionStore:
    """One owner's sessions in one DuckDB file; a context manager.

    Safe to use from several threads: each call works on a cursor of its own. One process owns the
    file. Whoever's session it is not gets the same answer as for an unknown id.
    """

    def __init__(self, path: Path, *, owner: str = LOCAL_OWNER) -> None:
        self.path = path
        self.owner = owner
        self._connection = connect(path)
        try:
            with store_errors(path):
                migrate(self._connection)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write everything out and let go of the file."""
        with store_errors(self.path):
            self._connection.close()

    @contextmanager
    def _cursor(self) -> "Iterator[duckdb.DuckDBPyConnection]":
        with store_errors(self.path), self._connection.cursor() as cursor:
            yield cursor

    @contextmanager
    def _transaction(self) -> "Iterator[duckdb.DuckDBPyConnection]":
        with self._cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                # A failed COMMIT has rolled back already; the first error is the news.
                with suppress(duckdb.Error):
                    cursor.execute("ROLLBACK")
                raise

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
        with self._cursor() as cursor:
            rows = cursor.execute(
                f"SELECT {_COLUMNS} FROM sessions WHERE owner = ? ORDER BY created_at DESC, id",
                [self.owner],
            ).fetchall()
        return [_to_session(row) for row in rows]

    def get_session(self, session_id: str) -> Session:
        """Return one session's facts.

        Raises
        ------
        SessionNotFoundError
            If there is none with this id, or it is somebody else's.
        """
        with self._cursor() as cursor:
            return self._get(cursor, session_id)

    def _get(self, cursor: duckdb.DuckDBPyConnection, session_id: str) -> Session:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM sessions WHERE id = ? AND owner = ?",
            [_parse_id(session_id), self.owner],
        ).fetchall()
        if not rows:
            raise _not_found(session_id)
        return _to_session(rows[0])

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
    ) -> str:
        """Begin a session that :meth:`append_frames` fills and :meth:`finish_session` completes.

        Parameters
        ----------
        name : str
            1 to 200 characters, kept as given.
        source : {"live", "video", "stream", "sample"}
        athlete, description : str
            At most 100 and 5,000 characters.
        tags : iterable of str
            At most 20 of at most 50 characters.
        model : str
            The pose model's name.
        status : {"recording", "processing"}, optional
            "recording" for live and stream, "processing" for the rest, when left out.

        Returns
        -------
        str
            The new session's id.

        Raises
        ------
        InvalidFieldError
            If a text is outside its limits.
        """
        texts = check_fields(
            {"name": name, "athlete": athlete, "description": description, "tags": tags}
        )
        status = status or ("recording" if source in ("live", "stream") else "processing")
        session = Session(
            **texts,
            id=str(uuid.uuid4()),
            owner=self.owner,
            source=source,
            status=status,
            status_reason="",
            created_at=datetime.now(UTC),
            duration_s=0.0,
            frame_count=0,
            detected_count=0,
            dropped_count=0,
            fps=float("nan"),
            image_width=None,
            image_height=None,
            model=model,
            video_path=None,
            recovered=False,
        )
        row = asdict(session) | {
            "created_at": session.created_at.replace(tzinfo=None),
            "fps": None,
            "tags": list(session.tags),
        }
        places = ", ".join(f"${key}" for key in row)
        with self._cursor() as cursor:
            cursor.execute(f"INSERT INTO sessions ({_COLUMNS}) VALUES ({places})", row)
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
        with self._transaction() as cursor:
            self._get(cursor, session_id)
            for key, value in checked.items():
                cursor.execute(
                    f"UPDATE sessions SET {key} = ? WHERE id = ? AND owner = ?",
                    [list(value) if key == "tags" else value, session_id, self.owner],
                )
        return self.get_session(session_id)

    def finish_session(self, session_id: str, *, dropped_count: int = 0) -> Session:
        """Complete a session: its length is taken from the frames that are really there."""
        return self._close_session(session_id, "completed", dropped_count=dropped_count)

    def fail_session(self, session_id: str, reason: str) -> Session:
        """Mark a session as failed, with one sentence why; frames stored so far are removed."""
        with self._transaction() as cursor:
            self._get(cursor, session_id)
            cursor.execute("DELETE FROM frames WHERE session_id = ?", [session_id])
            cursor.execute(
                "UPDATE sessions SET frame_count = 0, detected_count = 0 WHERE id = ?",
                [session_id],
            )
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
        with self._transaction() as cursor:
            self._get(cursor, session_id)
            cursor.execute(_DURATION_FROM_FRAMES, {"id": session_id})
            cursor.execute(
                "UPDATE sessions SET status = ?, status_reason = ?, dropped_count = ?, "
                "recovered = ? WHERE id = ?",
                [status, reason, dropped_count, recovered, session_id],
            )
            return self._get(cursor, session_id)

    def delete_session(self, session_id: str) -> None:
        """Delete a session and its frames for good.

        Raises
        ------
        SessionNotFoundError
        """
        with self._transaction() as cursor:
            self._get(cursor, session_id)
            cursor.execute("DELETE FROM frames WHERE session_id = ?", [session_id])
            cursor.execute("DELETE FROM sessions WHERE id = ?", [session_id])

    def recover_sessions(self) -> list[Session]:
        """Finish what was cut off when the program last ended; call once at start.

        A recording becomes ``completed`` and ``recovered`` with the frames that reached the disk;
        one without a single frame, or an import, becomes ``failed`` with the reason.

        Returns
        -------
        list of Session
            Those that were touched.
        """
        with self._cursor() as cursor:
            rows = cursor.execute(
                f"SELECT {_COLUMNS} FROM sessions WHERE status IN ('recording', 'processing')"
            ).fetchall()
            touched = []
            for session in map(_to_session, rows):
                owned = self.for_owner(session.owner)
                if session.status == "processing":
                    touched.append(owned.fail_session(session.id, IMPORT_INTERRUPTED))
                elif session.frame_count:
                    touched.append(
                        owned._close_session(
                            session.id,
                            "completed",
                            dropped_count=session.dropped_count,
                            recovered=True,
                        )
                    )
                else:
                    reason = "The recording was cut off before its first frame was saved."
                    touched.append(owned._close_session(session.id, "failed", reason=reason))
        return touched

    def for_owner(self, owner: str) -> "SessionStore":
        """Return the same open file as another owner sees it."""
        store = object.__new__(SessionStore)
        store.path, store.owner, store._connection = self.path, owner, self._connection
        return store

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
            If the session is finished already, or a frame number is stored already.
        """
        if not sequence.n_frames:
            return
        batch = to_arrow(sequence)
        width, height = sequence.image_size
        with self._transaction() as cursor:
            if self._get(cursor, session_id).status not in ("recording", "processing"):
                raise InvalidFieldError(
                    "This session is finished, so no frames can be added; begin a new one."
                )
            cursor.register("batch", batch)
            try:
                cursor.execute(
                    "INSERT INTO frames SELECT CAST(? AS UUID), * FROM batch", [session_id]
                )
            except duckdb.ConstraintException as error:
                raise InvalidFieldError(
                    "Some of these frame numbers are stored in this session already; "
                    "go on from the last one."
                ) from error
            cursor.execute(
                "UPDATE sessions SET image_width = ?, image_height = ?, "
                "frame_count = frame_count + ?, detected_count = detected_count + ?, "
                "dropped_count = coalesce(?, dropped_count) WHERE id = ?",
                [
                    width,
                    height,
                    sequence.n_frames,
                    int(sequence.is_detected.sum()),
                    dropped_count,
                    session_id,
                ],
            )

    def load_sequence(self, session_id: str) -> PoseSequence:
        """Load all frames of a session.

        Returns
        -------
        PoseSequence
            Frames with nobody in them are rows of NaN.

        Raises
        ------
        SessionNotFoundError
        """
        with self._cursor() as cursor:
            session = self._get(cursor, session_id)
            table = cursor.sql(
                "SELECT frame_number, time_s, image_landmarks, world_landmarks, visibility, "
                "presence FROM frames WHERE session_id = ?",
                params=[session.id],
            ).to_arrow_table()
        image_size = (session.image_width or 1, session.image_height or 1)
        return from_arrow(table, image_size=image_size)

    # Preferences

    def load_preferences(self) -> dict[str, str]:
        """Load what this owner chose on the Settings page."""
        with self._cursor() as cursor:
            rows = cursor.execute(
                "SELECT key, value FROM preferences WHERE owner = ?", [self.owner]
            ).fetchall()
        return dict(rows)

    def save_preference(self, key: str, value: str) -> None:
        """Keep one choice of this owner."""
        with self._cursor() as cursor:
            cursor.execute(
                "INSERT OR REPLACE INTO preferences VALUES (?, ?, ?)", [self.owner, key, value]
            )


def check_fields(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Check the texts of a session against their limits; they are kept as given.

    Raises
    ------
    InvalidFieldError
        With one sentence that names the field, the limit and what came.
    """
    checked: dict[str, Any] = {}
    for key, value in changes.items():
        if key == "tags":
            checked[key] = _check_tags(value)
        elif key in TEXT_LIMITS:
            checked[key] = _check_text(key, value, TEXT_LIMITS[key])
        else:
            raise InvalidFieldError(f"{key!r} of a session cannot be changed.")
    return checked


def _check_text(key: str, value: Any, limit: int) -> str:
    if not isinstance(value, str):
        raise InvalidFieldError(f"The {key} must be text, not {type(value).__name__}.")
    if len(value) > limit:
        raise InvalidFieldError(
            f"The {key} may have {limit:,} characters and this one has {len(value):,}; shorten it."
        )
    if key == "name" and not value.strip():
        raise InvalidFieldError("A session needs a name; type at least one character.")
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidFieldError(f"The {key} holds a character that is no text; type it again.")
    return value


def _check_tags(tags: Any) -> tuple[str, ...]:
    if isinstance(tags, str) or not isinstance(tags, Iterable):
        raise InvalidFieldError("Tags must be a list of words.")
    checked = tuple(dict.fromkeys(_check_text("tag", tag, TAG_LIMIT) for tag in tags))
    if len(checked) > MAX_TAGS:
        raise InvalidFieldError(
            f"A session may have {MAX_TAGS} tags and this one has {len(checked)}; remove some."
        )
    return checked


def _parse_id(session_id: str) -> str:
    try:
        return str(uuid.UUID(str(session_id)))
    except ValueError:
        raise _not_found(session_id) from None


def _not_found(session_id: str) -> SessionNotFoundError:
    return SessionNotFoundError(
        f"There is no session {str(session_id)[:40]!r}; it may have been deleted. "
        "Look for it in the list of sessions."
    )


def _to_session(row: tuple[Any, ...]) -> Session:
    values = dict(zip((field.name for field in fields(Session)), row, strict=True))
    values["id"] = str(values["id"])
    values["tags"] = tuple(values["tags"])
    values["created_at"] = values["created_at"].replace(tzinfo=UTC)
    values["fps"] = float("nan") if values["fps"] is None else values["fps"]
    return Session(**values)
