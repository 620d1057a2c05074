"""All SQL about the numbers of sessions: derived, kept so that a thousand are read at once."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import duckdb

from posecore.storage.connection import Database
from posecore.storage.session_lookup import find_session, make_readable_sql, name_asker

if TYPE_CHECKING:
    import pandas as pd

_VALID: Final = f"""
    FROM session_metrics AS kept JOIN sessions AS session
    ON session.id = kept.session_id AND session.frame_count = kept.frame_count
    WHERE {make_readable_sql("session")} AND session.status = 'completed'
    AND kept.processing = $processing AND kept.version = $version AND kept.thresholds = $thresholds
"""


class Measured(NamedTuple):
    """What numbers were computed with; those of another kind are not returned.

    Attributes
    ----------
    processing : str
        The landmarks' processing.
    version : str
        Of the computation.
    thresholds : str
        What counted as still, straight, locked.
    """

    processing: str
    version: str
    thresholds: str


class MetricStore:
    """Numbers of the finished sessions somebody may read; reached as ``store.metrics``.

    They are computed of the frames alone and the same for everybody, so that whoever may read a
    session may have them kept.

    One result is kept for each session and processing.
    """

    def __init__(self, database: Database, *, owner: str) -> None:
        self._database = database
        self._owner = owner

    def find_measured(self, measured: Measured) -> set[str]:
        """Return the ids of the sessions whose numbers are kept."""
        with self._database.cursor() as cursor:
            rows = cursor.execute(f"SELECT kept.session_id {_VALID}", self._name(measured))
            return {str(session_id) for (session_id,) in rows.fetchall()}

    def load(self, measured: Measured, names: Iterable[str]) -> "pd.DataFrame":
        """Load some numbers of all sessions that have them kept.

        Parameters
        ----------
        measured : Measured
        names : iterable of str
            Keys of :data:`posecore.METRICS`.

        Returns
        -------
        DataFrame
            One row a session and name: ``session_id``, ``name``, ``value`` (NaN where there is
            none) and ``reason``, why there is none.
        """
        with self._database.cursor() as cursor:
            found = cursor.sql(
                "SELECT CAST(kept.session_id AS VARCHAR) AS session_id, wanted.name AS name, "
                "kept.numbers[wanted.name] AS value, "
                "coalesce(kept.reasons[wanted.name], '') AS reason "
                "FROM (SELECT unnest($names) AS name) AS wanted CROSS JOIN "
                f"(SELECT kept.* {_VALID}) AS kept ORDER BY session_id, name",
                params=self._name(measured) | {"names": list(names)},
            ).to_arrow_table()
        table: pd.DataFrame = found.to_pandas()
        return table.astype({"value": float})

    def keep(
        self,
        session_id: str,
        measured: Measured,
        *,
        frame_count: int,
        numbers: Mapping[str, float],
        reasons: Mapping[str, str],
    ) -> None:
        """Keep a session's numbers in place of the older ones; nothing of one that still grows.

        Parameters
        ----------
        session_id : str
        measured : Measured
        frame_count : int
            Frames they were computed from.
        numbers, reasons : mapping
            By name: the numbers, and why there is none.

        Raises
        ------
        SessionNotFoundError, StorageFullError
        """
        with self._database.transaction() as cursor:
            session = find_session(cursor, session_id, owner=self._owner)
            if session.status != "completed" or session.frame_count != frame_count:
                return
            cursor.execute(
                "DELETE FROM session_metrics WHERE session_id = ? AND processing = ?",
                [session.id, measured.processing],
            )
            cursor.execute(
                "INSERT INTO session_metrics VALUES (?, ?, ?, ?, ?, map(?, ?), map(?, ?))",
                [
                    session.id,
                    *measured,
                    frame_count,
                    *(list(each) for each in (numbers, numbers.values())),
                    *(list(each) for each in (reasons, reasons.values())),
                ],
            )

    def _name(self, measured: Measured) -> dict[str, Any]:
        return name_asker(self._owner) | measured._asdict()


def remove_metrics(cursor: duckdb.DuckDBPyConnection, session_id: str) -> None:
    """Remove the numbers of a session."""
    cursor.execute("DELETE FROM session_metrics WHERE session_id = ?", [session_id])
