"""All SQL about processed recordings: derived, kept because they take long, made again at will."""

import json
import uuid

import duckdb

from posecore.frame_arrow import from_arrow, to_arrow
from posecore.sequence import PoseSequence, ProcessingStep
from posecore.storage.connection import Database
from posecore.storage.session_lookup import find_session


class ProcessedStore:
    """What was computed of recordings somebody may read; reached as ``store.processed``.

    It is made of the frames alone and the same for everybody, so that whoever may read a session
    may have it kept. Only what was made of a whole, finished recording is kept, one result for each
    processing.
    """

    def __init__(self, database: Database, *, owner: str) -> None:
        self._database = database
        self._owner = owner

    def find(self, session_id: str, processing: str, version: str) -> PoseSequence | None:
        """Return what was kept, with its steps; None where it is to be made (again).

        Parameters
        ----------
        session_id : str
        processing : str
            The processing's name.
        version : str
            What another version of the processing made is not returned.

        Raises
        ------
        SessionNotFoundError
        """
        with self._database.cursor() as cursor:
            session = find_session(cursor, session_id, owner=self._owner)
            rows = cursor.execute(
                "SELECT id, steps FROM processed WHERE session_id = ? AND processing = ? "
                "AND version = ? AND frame_count = ?",
                [session.id, processing, version, session.frame_count],
            ).fetchall()
            if not rows:
                return None
            table = cursor.sql(
                "SELECT * EXCLUDE id FROM processed_frames WHERE id = ?", params=[rows[0][0]]
            ).to_arrow_table()
        if table.num_rows != session.frame_count:
            return None  # put away for a newer one between the two questions
        image_size = (session.image_width or 1, session.image_height or 1)
        steps = tuple(ProcessingStep.from_dict(step) for step in json.loads(rows[0][1]))
        return from_arrow(table, image_size=image_size, steps=steps)

    def keep(self, session_id: str, processing: str, version: str, sequence: PoseSequence) -> None:
        """Keep a result in place of the older one; nothing of a session that still grows.

        Parameters
        ----------
        session_id : str
        processing, version : str
        sequence : PoseSequence
            The processed recording: all frames of the session, and what was done in ``steps``.

        Raises
        ------
        SessionNotFoundError, StorageFullError
        """
        steps = json.dumps([step.to_dict() for step in sequence.steps])
        with self._database.transaction() as cursor:
            session = find_session(cursor, session_id, owner=self._owner)
            if session.status != "completed" or session.frame_count != len(sequence):
                return
            remove_processed(cursor, session.id, processing)
            result_id = str(uuid.uuid4())
            cursor.execute(
                "INSERT INTO processed VALUES (?, ?, ?, ?, ?, ?)",
                [result_id, session.id, processing, version, len(sequence), steps],
            )
            cursor.register("result", to_arrow(sequence))
            cursor.execute(
                "INSERT INTO processed_frames SELECT CAST(? AS UUID), * FROM result", [result_id]
            )


def remove_processed(
    cursor: duckdb.DuckDBPyConnection, session_id: str, processing: str | None = None
) -> None:
    """Remove what was kept of a session, all of it or that of one processing."""
    results = cursor.execute(
        "SELECT id FROM processed WHERE session_id = $id AND coalesce(processing = $name, true)",
        {"id": session_id, "name": processing},
    ).fetchall()
    for result in results:
        cursor.execute("DELETE FROM processed_frames WHERE id = ?", result)
        cursor.execute("DELETE FROM processed WHERE id = ?", result)
