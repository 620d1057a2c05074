"""All SQL about tracks: sessions that several cameras filmed at once, on one clock."""

import math
import uuid
from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple, Self, TypeAlias

import duckdb

from posecore.errors import InvalidFieldError
from posecore.storage.audit_store import write_down
from posecore.storage.connection import Database
from posecore.storage.session_lookup import find_session, make_readable_sql, name_asker

HOWS: Final = ("reference", "clocks", "movement")
"""How an offset is known: of the track whose clock it is, by the computers' clocks, by the
movement."""

_LONGEST_OFFSET_S: Final = 86_400.0
_LARGEST_DRIFT: Final = 0.01


@dataclass(frozen=True, kw_only=True)
class Track:
    """A session as one of several tracks of a recording.

    Attributes
    ----------
    recording_id : str
    session_id : str
    offset_s : float
        What is added to the session's times to have them on the recording's clock, at its start.
    offset_error_s : float
        How far the times may then be off anywhere in the session, two standard deviations.
    how : {"reference", "clocks", "movement"}
    drift : float
        What is added besides, for each second of the session: 0 where it is not known.
    """

    recording_id: str
    session_id: str
    offset_s: float
    offset_error_s: float
    how: str
    drift: float = 0.0

    @classmethod
    def from_row(cls, row: tuple[Any, ...]) -> Self:
        """Build it from a row of the table."""
        recording_id, session_id, *rest = row
        return cls(**dict(zip(_NAMES, (str(recording_id), str(session_id), *rest), strict=True)))


_NAMES: Final = tuple(field.name for field in fields(Track))
_COLUMNS: Final = ", ".join(f"tracks.{name}" for name in _NAMES)
# Inside the class, ``list`` is the method.
_Tracks: TypeAlias = list[Track]


class Offset(NamedTuple):
    """What is added to the times of B to have them on the clock of A: ``offset + drift t``."""

    offset_s: float
    error_s: float
    how: str
    drift: float = 0.0


class TrackStore:
    """Which sessions were filmed at once; reached as ``store.tracks``.

    Each session is in one recording at most. Whoever may read a session sees those of its tracks
    that they may read; only who owns both of two sessions joins them.
    """

    def __init__(self, database: Database, *, owner: str) -> None:
        self._database = database
        self._owner = owner

    def join(
        self,
        session_id: str,
        *,
        beside: str,
        offset_s: float,
        error_s: float,
        how: str,
        drift: float = 0.0,
    ) -> Track:
        """Make a session a track of the recording of another; again, with a better offset.

        Parameters
        ----------
        session_id : str
        beside : str
            The other session; with it the recording begins where it has none yet.
        offset_s : float
            What is added to the session's times to have them on the clock of the other.
        error_s : float
            How far that may be off, two standard deviations.
        how : {"clocks", "movement"}
        drift : float
            What is added besides, for each second of the session.

        Raises
        ------
        InvalidFieldError
            If both are the same session, or a number is none.
        SessionNotFoundError, NotAllowedError
        """
        _check(offset_s, error_s, how, drift)
        with self._database.transaction() as cursor:
            session, other = (
                find_session(cursor, each, owner=self._owner, right="own")
                for each in (session_id, beside)
            )
            if session.id == other.id:
                raise InvalidFieldError("A session is no second track of itself; name another one.")
            reference = self._find(cursor, other.id)
            if reference is None:
                reference = Track(
                    recording_id=str(uuid.uuid4()),
                    session_id=other.id,
                    offset_s=0.0,
                    offset_error_s=0.0,
                    how="reference",
                )
                _insert(cursor, reference)
            remove_track(cursor, session.id, keeps=reference.recording_id)
            track = Track(
                recording_id=reference.recording_id,
                session_id=session.id,
                offset_s=reference.offset_s + (1 + reference.drift) * offset_s,
                offset_error_s=math.hypot(reference.offset_error_s, error_s),
                how="clocks" if reference.how == "clocks" else how,
                drift=reference.drift + drift + reference.drift * drift,
            )
            _insert(cursor, track)
            write_down(cursor, "changed", actor=self._owner, session=session, detail="track")
        return track

    def list(self, session_id: str) -> _Tracks:
        """Return the tracks of a session's recording, itself among them; none of one alone.

        Raises
        ------
        SessionNotFoundError
        """
        with self._database.cursor() as cursor:
            session = find_session(cursor, session_id, owner=self._owner)
            rows = cursor.execute(
                f"SELECT {_COLUMNS} FROM tracks JOIN sessions ON sessions.id = tracks.session_id "
                "WHERE tracks.recording_id = "
                "(SELECT recording_id FROM tracks WHERE session_id = $id) "
                f"AND {make_readable_sql()} ORDER BY tracks.offset_s, tracks.session_id",
                name_asker(self._owner) | {"id": session.id},
            ).fetchall()
        tracks = [Track.from_row(row) for row in rows]
        return tracks if len(tracks) > 1 else []

    def find_offset(self, a: str, b: str) -> Offset | None:
        """Return how the clock of session B stands to that of session A; None where unknown.

        Raises
        ------
        SessionNotFoundError
        """
        by_id = {track.session_id: track for track in self.list(a)}
        with self._database.cursor() as cursor:
            a_id, b_id = (find_session(cursor, each, owner=self._owner).id for each in (a, b))
        if a_id == b_id or a_id not in by_id or b_id not in by_id:
            return None
        of_a, of_b = by_id[a_id], by_id[b_id]
        error_s = math.hypot(of_a.offset_error_s, of_b.offset_error_s)
        hows = {of_a.how, of_b.how} - {"reference"}
        how = "clocks" if "clocks" in hows else "movement"
        pace = 1 + of_a.drift
        offset_s = (of_b.offset_s - of_a.offset_s) / pace
        return Offset(offset_s, error_s, how, (of_b.drift - of_a.drift) / pace)

    def _find(self, cursor: duckdb.DuckDBPyConnection, session_id: str) -> Track | None:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM tracks WHERE session_id = ?", [session_id]
        ).fetchall()
        return Track.from_row(rows[0]) if rows else None


def remove_track(
    cursor: duckdb.DuckDBPyConnection, session_id: str, *, keeps: str | None = None
) -> None:
    """Take a session out of its recording, which ends with its last but one.

    Parameters
    ----------
    cursor : DuckDBPyConnection
    session_id : str
    keeps : str, optional
        Recording that goes on even with one track.
    """
    rows = cursor.execute(
        "DELETE FROM tracks WHERE session_id = ? RETURNING recording_id", [session_id]
    ).fetchall()
    for (recording_id,) in rows:
        if str(recording_id) != keeps:
            cursor.execute(
                "DELETE FROM tracks WHERE recording_id = $id "
                "AND (SELECT count(*) FROM tracks WHERE recording_id = $id) = 1",
                {"id": recording_id},
            )


def _insert(cursor: duckdb.DuckDBPyConnection, track: Track) -> None:
    cursor.execute(
        f"INSERT INTO tracks ({', '.join(_NAMES)}) VALUES (?, ?, ?, ?, ?, ?)",
        [getattr(track, name) for name in _NAMES],
    )


def _check(offset_s: float, error_s: float, how: str, drift: float) -> None:
    if not abs(offset_s) <= _LONGEST_OFFSET_S:
        raise InvalidFieldError(
            f"An offset is a number of seconds within a day, not {offset_s!r:.40}."
        )
    if not 0 <= error_s <= _LONGEST_OFFSET_S:
        raise InvalidFieldError(
            f"An offset's error is a number of seconds from 0, not {error_s!r:.40}."
        )
    if not abs(drift) <= _LARGEST_DRIFT:
        raise InvalidFieldError(
            f"A clock's drift is seconds a second, {_LARGEST_DRIFT:g} at most, not {drift!r:.40}."
        )
    if how not in HOWS[1:]:
        raise InvalidFieldError(f"An offset is known by {' or '.join(HOWS[1:])}, not {how!r:.40}.")
