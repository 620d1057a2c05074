"""The frames in the database: one row a frame, landmarks as fixed-size lists of float32."""

from typing import Final

import duckdb

from posecore.errors import InvalidFieldError
from posecore.frame_arrow import from_arrow, to_arrow
from posecore.sequence import PoseSequence

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


def insert_frames(
    cursor: duckdb.DuckDBPyConnection, session_id: str, sequence: PoseSequence
) -> None:
    """Add frames to a session.

    Raises
    ------
    InvalidFieldError
        If it has frames as late as these.
    """
    _check_is_later(cursor, session_id, sequence)
    cursor.register("batch", to_arrow(sequence))
    cursor.execute("INSERT INTO frames SELECT CAST(? AS UUID), * FROM batch", [session_id])


def select_frames(
    cursor: duckdb.DuckDBPyConnection, session_id: str, every: int, image_size: tuple[int, int]
) -> PoseSequence:
    """Return the frames of a session whose number is a multiple of ``every``."""
    table = cursor.sql(
        "SELECT frame_number, time_s, image_landmarks, world_landmarks, visibility, "
        "presence FROM frames WHERE session_id = ? AND frame_number % ? = 0",
        params=[session_id, max(1, every)],
    ).to_arrow_table()
    return from_arrow(table, image_size=image_size)


def update_duration(cursor: duckdb.DuckDBPyConnection, session_id: str) -> None:
    """Take a session's length and rate from the frames that are really there."""
    cursor.execute(_DURATION_FROM_FRAMES, {"id": session_id})


def _check_is_later(
    cursor: duckdb.DuckDBPyConnection, session_id: str, sequence: PoseSequence
) -> None:
    [(last_number, last_time_s)] = cursor.execute(
        "SELECT max(frame_number), max(time_s) FROM frames WHERE session_id = ?", [session_id]
    ).fetchall()
    if last_number is None:
        return
    if sequence.frame_number[0] <= last_number or sequence.time_s[0] <= last_time_s:
        raise InvalidFieldError(
            f"Frames must follow those stored (the last is number {last_number} at "
            f"{last_time_s:.3f} s), not begin with number {sequence.frame_number[0]} at "
            f"{sequence.time_s[0]:.3f} s."
        )
