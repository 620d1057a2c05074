"""All SQL that looks for some of the sessions, or for some of a session's frames."""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from posecore.errors import InvalidOptionError
from posecore.frame_arrow import from_arrow
from posecore.sequence import PoseSequence
from posecore.storage.connection import Database
from posecore.storage.session import Session
from posecore.storage.session_lookup import COLUMNS, READABLE, find_session, name_asker, parse_id

_FRAME_COLUMNS: Final = (
    "frame_number, time_s, image_landmarks, world_landmarks, visibility, presence"
)
_MATCHES: Final = """
    ($athlete IS NULL OR athlete = $athlete)
    AND ($tag IS NULL OR list_contains(tags, $tag))
    AND ($status IS NULL OR status = $status)
    AND ($source IS NULL OR source = $source)
    AND ($text IS NULL OR contains(
        lower(name || chr(10) || description || chr(10) || athlete || chr(10)
              || array_to_string(tags, chr(10))),
        lower($text)))
    AND ($since IS NULL OR created_at >= $since)
    AND ($until IS NULL OR created_at < $until)
"""
_IS_BEHIND: Final = (
    "($at IS NULL OR created_at < $at OR (created_at = $at AND id > CAST($id AS UUID)))"
)


@dataclass(frozen=True, kw_only=True)
class SessionFilter:
    """Which sessions are looked for; what is None does not matter.

    Attributes
    ----------
    athlete, tag, status, source : str or None
        As they are, every letter.
    text : str or None
        Somewhere in name, description, athlete or a tag, in small or capital letters.
    since, until : datetime or None
        Recorded from then on, or before; UTC where there is no zone.
    """

    athlete: str | None = None
    tag: str | None = None
    status: str | None = None
    source: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class SessionPage(NamedTuple):
    """Some of the sessions that were found, newest first.

    Attributes
    ----------
    sessions : list of Session
    total : int
        How many were found in all.
    next_cursor : str or None
        Where the next page begins; None on the last one.
    """

    sessions: list[Session]
    total: int
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class FrameRange:
    """Which frames of a session: those that meet all of it, ends included.

    Attributes
    ----------
    from_frame, to_frame : int or None
        Frame numbers.
    from_s, to_s : float or None
        On the clock of ``time_s``.
    every : int
        Only frames whose number is a multiple of this.
    limit : int or None
        At most so many, the first ones.
    """

    from_frame: int | None = None
    to_frame: int | None = None
    from_s: float | None = None
    to_s: float | None = None
    every: int = 1
    limit: int | None = None

    def cut(self, sequence: PoseSequence) -> NDArray[np.intp]:
        """Places of these frames in a recording."""
        number, time_s = sequence.frame_number, sequence.time_s
        is_wanted = number % self.every == 0
        for bound, values, sign in (
            (self.from_frame, number, 1),
            (self.to_frame, number, -1),
            (self.from_s, time_s, 1),
            (self.to_s, time_s, -1),
        ):
            if bound is not None:
                is_wanted &= sign * values >= sign * bound
        return np.flatnonzero(is_wanted)[: self.limit]


class SessionQueries:
    """Looks for the sessions and frames that somebody may read; reached as ``store.queries``."""

    def __init__(self, database: Database, *, owner: str) -> None:
        self._database = database
        self._owner = owner

    def find(
        self, wanted: SessionFilter, *, limit: int = 50, cursor: str | None = None
    ) -> SessionPage:
        """Find sessions, newest first, a page at a time.

        Parameters
        ----------
        wanted : SessionFilter
        limit : int
            Sessions a page.
        cursor : str, optional
            The ``next_cursor`` of the page before. New sessions do not move what lies behind it.

        Raises
        ------
        InvalidOptionError
            If the cursor is none, or a day is beyond the calendar.
        """
        values = {
            **vars(wanted),
            **name_asker(self._owner),
            "since": to_utc(wanted.since),
            "until": to_utc(wanted.until),
        }
        place = _read_cursor(cursor)
        with self._database.cursor() as connection:
            [(total,)] = connection.execute(
                f"SELECT count(*) FROM sessions WHERE {READABLE} AND {_MATCHES}", values
            ).fetchall()
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM sessions WHERE {READABLE} AND {_MATCHES} AND {_IS_BEHIND} "
                "ORDER BY created_at DESC, id LIMIT $limit",
                values | place | {"limit": limit + 1},
            ).fetchall()
        sessions = [Session.from_row(row) for row in rows[:limit]]
        has_more = len(rows) > limit
        return SessionPage(sessions, total, _write_cursor(sessions[-1]) if has_more else None)

    def find_frames(self, session_id: str, wanted: FrameRange) -> NDArray[np.int32]:
        """Find the numbers of frames, in order.

        Raises
        ------
        SessionNotFoundError
        """
        with self._database.cursor() as connection:
            session = find_session(connection, session_id, owner=self._owner)
            found = connection.execute(
                "SELECT frame_number FROM frames WHERE session_id = $id "
                "AND frame_number % $every = 0 "
                "AND ($from_frame IS NULL OR frame_number >= $from_frame) "
                "AND ($to_frame IS NULL OR frame_number <= $to_frame) "
                "AND ($from_s IS NULL OR time_s >= $from_s) "
                "AND ($to_s IS NULL OR time_s <= $to_s) ORDER BY frame_number",
                {
                    "id": session.id,
                    **{name: each for name, each in vars(wanted).items() if name != "limit"},
                },
            ).fetchnumpy()
        numbers = np.asarray(found["frame_number"], dtype=np.int32)
        return numbers[: wanted.limit]

    def find_last_frame(self, session_id: str) -> int | None:
        """Find the number of the last frame; None where there is none yet.

        Raises
        ------
        SessionNotFoundError
        """
        with self._database.cursor() as connection:
            session = find_session(connection, session_id, owner=self._owner)
            [(number,)] = connection.execute(
                "SELECT max(frame_number) FROM frames WHERE session_id = ?", [session.id]
            ).fetchall()
        return None if number is None else int(number)

    def load_window(
        self,
        session_id: str,
        *,
        n_frames: int,
        from_number: int = 0,
        from_time_s: float = float("-inf"),
    ) -> PoseSequence:
        """Load a stretch of a session, for those who go through it and need not hold it all.

        Parameters
        ----------
        session_id : str
        n_frames : int
            How many at most; fewer at the end.
        from_number, from_time_s : int, float
            Frames with a smaller number, or an earlier time, are left out.

        Raises
        ------
        SessionNotFoundError
        """
        with self._database.cursor() as connection:
            session = find_session(connection, session_id, owner=self._owner)
            table = connection.sql(
                f"SELECT {_FRAME_COLUMNS} FROM frames WHERE session_id = ? "
                "AND frame_number >= ? AND time_s >= ? ORDER BY frame_number LIMIT ?",
                params=[session.id, from_number, from_time_s, n_frames],
            ).to_arrow_table()
        image_size = (session.image_width or 1, session.image_height or 1)
        return from_arrow(table, image_size=image_size)

    def read_frames(
        self, session_id: str, numbers: NDArray[np.int32], *, every: int, n_at_once: int
    ) -> Iterator[pa.Table]:
        """Read frames in order, some at a time; between two pieces nothing of the file is held.

        Parameters
        ----------
        session_id : str
        numbers : ndarray of int
            As :meth:`find_frames` found them.
        every : int
            What it was asked with.
        n_at_once : int

        Raises
        ------
        SessionNotFoundError
            If the session is deleted meanwhile, before the next piece.
        """
        for start in range(0, len(numbers), n_at_once):
            piece = numbers[start : start + n_at_once]
            with self._database.cursor() as connection:
                session = find_session(connection, session_id, owner=self._owner)
                table = connection.sql(
                    f"SELECT {_FRAME_COLUMNS} FROM frames WHERE session_id = ? "
                    "AND frame_number BETWEEN ? AND ? AND frame_number % ? = 0",
                    params=[session.id, int(piece[0]), int(piece[-1]), every],
                ).to_arrow_table()
            stored = table["frame_number"].to_numpy()
            # Stored in order, so sorting is hardly ever needed.
            yield table if (np.diff(stored) > 0).all() else table.sort_by("frame_number")


def to_utc(moment: datetime | None) -> datetime | None:
    """Moment as the database keeps it: UTC, which it is taken for where it has no zone.

    Raises
    ------
    InvalidOptionError
        If it is beyond the calendar.
    """
    if moment is None or moment.tzinfo is None:
        return moment
    try:
        return moment.astimezone(UTC).replace(tzinfo=None)
    except (OverflowError, OSError, ValueError) as error:
        raise InvalidOptionError(
            f"Sessions cannot be looked for around the year {moment.year}; choose another day."
        ) from error


def _write_cursor(session: Session) -> str:
    created_at = session.created_at.replace(tzinfo=None)
    return base64.urlsafe_b64encode(f"{created_at.isoformat()}|{session.id}".encode()).decode()


def _read_cursor(cursor: str | None) -> dict[str, Any]:
    if cursor is None:
        return {"at": None, "id": None}
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
        at, _, session_id = text.partition("|")
        return {
            "at": datetime.fromisoformat(at).replace(tzinfo=None),
            "id": parse_id(session_id),
        }
    except (binascii.Error, ValueError, LookupError) as error:
        raise InvalidOptionError(
            "This is no cursor of a page of sessions; take next_cursor of the page before."
        ) from error
