"""All SQL about readings: every signal of every frame, derived, and the search over all of them."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from posecore.conditions import SIGNALS, Condition
from posecore.storage.connection import Database
from posecore.storage.session import Session
from posecore.storage.session_lookup import COLUMNS, READABLE, find_session, name_asker

if TYPE_CHECKING:
    import pandas as pd

_CURRENT: Final = """
    SELECT session_id FROM readings
    WHERE version = $version AND readings.frame_count = sessions.frame_count
"""
# Frames in which all conditions hold lie at consecutive places as long as they belong together, so
# that the place minus the number of those before is the same for all frames of one moment.
_SEARCH: Final = """
    WITH searched AS (
        SELECT id, name, athlete, created_at FROM sessions
        WHERE {readable} AND status = 'completed' AND id IN ({current})
            AND ($athlete::VARCHAR IS NULL OR athlete = $athlete)
            AND ($tag::VARCHAR IS NULL OR list_contains(tags, $tag))
            AND ($since::TIMESTAMP IS NULL OR created_at >= $since)
            AND ($until::TIMESTAMP IS NULL OR created_at < $until)
    ), held AS (
        SELECT
            session_id, time_s,
            place - row_number() OVER (PARTITION BY session_id ORDER BY place) AS moment
        FROM reading_frames
        WHERE session_id IN (SELECT id FROM searched) AND {conditions}
    ), found AS (
        SELECT session_id, min(time_s) AS start_s, max(time_s) AS end_s
        FROM held GROUP BY session_id, moment
        HAVING max(time_s) - min(time_s) >= $min_duration_s - 1e-6
    )
    SELECT
        session_id::VARCHAR AS session_id, name, athlete, created_at,
        start_s, end_s, end_s - start_s AS duration_s
    FROM found JOIN searched ON searched.id = session_id
    ORDER BY created_at DESC, session_id, start_s
"""


class ReadingStore:
    """The readings of recordings somebody may read; reached as ``store.readings``.

    They are made of the frames alone and the same for everybody, so that whoever may read a
    session may have them kept. Only those of finished recordings are kept. They are whole numbers
    of a signal's steps, NULL where there is no reading. ``place`` counts the frames, and one more
    over a hole in time.
    """

    def __init__(self, database: Database, *, owner: str) -> None:
        self._database = database
        self._owner = owner

    def find_missing(self, version: str) -> list[Session]:
        """Return the finished sessions whose readings are not there in this version.

        The newest come first.
        """
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT {COLUMNS} FROM sessions WHERE {READABLE} AND status = 'completed' "
                f"AND frame_count > 0 AND id NOT IN ({_CURRENT}) ORDER BY created_at DESC, id",
                name_asker(self._owner) | {"version": version},
            ).fetchall()
        return [Session.from_row(row) for row in rows]

    def keep(
        self, session_id: str, version: str, readings: "pd.DataFrame", *, longest_step_s: float
    ) -> None:
        """Keep the readings of a session in place of older ones; none of one that still grows.

        Parameters
        ----------
        session_id : str
        version : str
        readings : DataFrame
            Indexed by ``time_s``, a column for each of :data:`posecore.SIGNALS`, NaN where missing.
        longest_step_s : float
            Two frames further apart have a hole between them, where a moment ends.

        Raises
        ------
        SessionNotFoundError, StorageFullError
        """
        table = _to_arrow(readings, longest_step_s)
        with self._database.transaction() as cursor:
            session = find_session(cursor, session_id, owner=self._owner)
            if session.status != "completed" or session.frame_count != table.num_rows:
                return
            remove_readings(cursor, session.id)
            cursor.execute(
                "INSERT INTO readings VALUES (?, ?, ?)", [session.id, version, table.num_rows]
            )
            cursor.register("kept_readings", table)
            cursor.execute(
                "INSERT INTO reading_frames BY NAME "
                "SELECT CAST(? AS UUID) AS session_id, * FROM kept_readings",
                [session.id],
            )

    def find_moments(
        self,
        version: str,
        conditions: Sequence[Condition],
        *,
        min_duration_s: float = 0.0,
        athlete: str | None = None,
        tag: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> "pd.DataFrame":
        """Search all readings of this version, in one query.

        Parameters
        ----------
        version : str
        conditions : sequence of Condition
            At least one; all hold in every frame of a moment.
        min_duration_s : float
            From the first to the last frame.
        athlete, tag : str, optional
            Only the sessions of this athlete, or with this tag.
        since, until : datetime, optional
            Only the sessions recorded from then on, or before; without a zone, UTC.

        Returns
        -------
        DataFrame
            As :func:`posecore.find_moments` returns it; ``created_at`` without its zone.
        """
        sql, values = _compile(conditions)
        with self._database.cursor() as cursor:
            return cursor.execute(
                _SEARCH.format(readable=READABLE, current=_CURRENT, conditions=sql),
                values
                | name_asker(self._owner)
                | {
                    "version": version,
                    "min_duration_s": min_duration_s,
                    "athlete": athlete,
                    "tag": tag,
                    "since": since,
                    "until": until,
                },
            ).df()


def remove_readings(cursor: duckdb.DuckDBPyConnection, session_id: str) -> None:
    """Remove the readings of a session."""
    cursor.execute("DELETE FROM reading_frames WHERE session_id = ?", [session_id])
    cursor.execute("DELETE FROM readings WHERE session_id = ?", [session_id])


def _compile(conditions: Sequence[Condition]) -> tuple[str, dict[str, Any]]:
    """Columns come from the table of signals, and every value is bound, in a column's own steps.

    A whole number is above a value if it is above the next lower whole one.
    """
    parts, values = [], {}
    for number, condition in enumerate(conditions):
        signal = SIGNALS[condition.signal]
        if condition.above is not None:
            steps = round(condition.above * signal.steps_per_unit, 6)
            parts.append(f"{signal.name} > CAST($above_{number} AS SMALLINT)")
            values[f"above_{number}"] = math.floor(steps)
        if condition.below is not None:
            steps = round(condition.below * signal.steps_per_unit, 6)
            parts.append(f"{signal.name} < CAST($below_{number} AS SMALLINT)")
            values[f"below_{number}"] = math.ceil(steps)
    return " AND ".join(parts), values


def _to_arrow(readings: "pd.DataFrame", longest_step_s: float) -> pa.Table:
    time_s = readings.index.to_numpy(dtype=np.float64)
    is_after_hole = np.diff(time_s, prepend=time_s[:1]) > longest_step_s
    columns = {
        "place": pa.array((np.arange(len(time_s)) + np.cumsum(is_after_hole)).astype(np.int32)),
        "time_s": pa.array(time_s - time_s[:1]),
    }
    for name, signal in SIGNALS.items():
        values = readings[name].to_numpy(dtype=np.float64)
        is_missing = np.isnan(values)
        steps = np.rint(np.where(is_missing, 0.0, values) * signal.steps_per_unit)
        columns[name] = pa.array(steps.astype(np.int16), mask=is_missing)
    return pa.table(columns)
