"""Frames as an Arrow table and back: one row a frame, landmarks as fixed-size lists of float32."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from posecore.sequence import PoseSequence

_LIST_SIZES = {"image_landmarks": 99, "world_landmarks": 99, "visibility": 33, "presence": 33}


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


def from_arrow(table: pa.Table, *, image_size: tuple[int, int]) -> PoseSequence:
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
