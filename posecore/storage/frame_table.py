"""The frames in the database: one row a frame, landmarks as fixed-size lists of float32."""

from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from posecore.errors import InvalidFieldError
from posecore.sequence import PoseSequence, ProcessingStep

_LIST_SIZES = {"image_landmarks": 99, "world_landmarks": 99, "visibility": 33, "presence": 33}

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


def to_arrow(sequence: PoseSequence) -> pa.Table:
    """Arrow table of a recording; a frame with nobody in it has NULL in place of its landmarks."""
    columns = {
        "frame_number": pa.array(sequence.frame_number.astype(np.int32)),
        "time_s": pa.array(sequence.time_s),
    }
    for name, size in _LIST_SIZES.items():
        rows = np.ascontiguousarray(getattr(sequence, name)).reshape(-1, size)
        columns[name] = pa.FixedSizeListArray.from_arrays(
            pa.array(rows.reshape(-1)), size, mask=pa.array(np.isnan(rows).all(axis=1))
        )
    return pa.table(columns)


def from_arrow(
    table: pa.Table, *, image_size: tuple[int, int], steps: tuple[ProcessingStep, ...] = ()
) -> PoseSequence:
    """Recording from an Arrow table made by :func:`to_arrow`; rows may come in any order."""
    n_frames = table.num_rows
    frame_number = table["frame_number"].to_numpy()
    # Stored in order, so sorting is hardly ever needed; moving 100 MB through it would be slow.
    order = slice(None) if (np.diff(frame_number) > 0).all() else np.argsort(frame_number)
    return PoseSequence(
        time_s=table["time_s"].to_numpy()[order],
        frame_number=frame_number[order].astype(np.int64),
        image_landmarks=_to_rows(table["image_landmarks"], 99)[order].reshape(n_frames, 33, 3),
        world_landmarks=_to_rows(table["world_landmarks"], 99)[order].reshape(n_frames, 33, 3),
        visibility=_to_rows(table["visibility"], 33)[order],
        presence=_to_rows(table["presence"], 33)[order],
        image_size=image_size,
        steps=steps,
    )


def _to_rows(column: pa.ChunkedArray, size: int) -> NDArray[np.float32]:
    """Array of shape (n, size), NaN where the column is NULL."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # what an empty column combines to
        return np.empty((0, size), dtype=np.float32)
    # Flattening leaves the NULL rows out.
    values: NDArray[np.float32] = array.flatten().to_numpy(zero_copy_only=False)
    if array.null_count == 0:
        return values.reshape(-1, size)
    rows = np.full((len(array), size), np.nan, dtype=np.float32)
    rows[array.is_valid().to_numpy(zero_copy_only=False)] = values.reshape(-1, size)
    return rows
