"""Frames as Arrow has them, in the database and on the wire: a row a frame, landmarks as lists.

A stream of Arrow (IPC) says in its schema's metadata how large the picture was
(``posecore_image_size``) and what was done to the recording (``posecore_steps``).
"""

import json
import struct
from contextlib import suppress
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from posecore.errors import InvalidSequenceError
from posecore.sequence import PoseSequence, ProcessingStep

LIST_SIZES: Final = {
    "image_landmarks": 99,
    "world_landmarks": 99,
    "visibility": 33,
    "presence": 33,
}
"""The arrays of a recording, and how many numbers of each a frame has."""

SCHEMA: Final = pa.schema(
    [
        ("frame_number", pa.int32()),
        ("time_s", pa.float64()),
        *((name, pa.list_(pa.float32(), size)) for name, size in LIST_SIZES.items()),
    ]
)
"""The columns of frames."""


def to_arrow(sequence: PoseSequence) -> pa.Table:
    """Arrow table of a recording; a frame with nobody in it has NULL in place of its landmarks."""
    columns = {
        "frame_number": pa.array(sequence.frame_number.astype(np.int32)),
        "time_s": pa.array(sequence.time_s),
    }
    for name, size in LIST_SIZES.items():
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


def describe_recording(
    image_size: tuple[int, int], steps: tuple[ProcessingStep, ...] = ()
) -> dict[str, str]:
    """Metadata of a stream: what of a recording is no column."""
    return {
        "posecore_image_size": json.dumps(list(image_size)),
        "posecore_steps": json.dumps([step.to_dict() for step in steps]),
    }


def write_stream(sequence: PoseSequence) -> bytes:
    """Write a recording as a stream of Arrow."""
    table = to_arrow(sequence).replace_schema_metadata(
        describe_recording(sequence.image_size, sequence.steps)
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def read_stream(content: bytes) -> PoseSequence:
    """Read a recording from a stream of Arrow, whoever wrote it.

    Parameters
    ----------
    content : bytes
        With the columns of :data:`SCHEMA`; a frame with nobody in it has NULL, or NaN, in place of
        its landmarks. Not compressed: what is small here may not become large in memory.

    Raises
    ------
    InvalidSequenceError
    """
    try:
        with pa.ipc.open_stream(content) as reader:
            _check_schema(reader.schema)
        _check_uncompressed(content)
        with pa.ipc.open_stream(content) as reader:
            table = reader.read_all()
        table.validate(full=True)
        found = table.schema.metadata or {}
        image_size = json.loads(found.get(b"posecore_image_size", b"[1, 1]"))
        steps = [ProcessingStep.from_dict(each) for each in json.loads(_find_steps(found))]
        if table["frame_number"].null_count or table["time_s"].null_count:
            raise InvalidSequenceError("Each frame needs its number and its time; one has none.")
        if not isinstance(image_size, list) or len(image_size) != 2:
            raise InvalidSequenceError("posecore_image_size must be [width, height] in pixels.")
        size = (int(image_size[0]), int(image_size[1]))
        return from_arrow(table, image_size=size, steps=tuple(steps))
    except InvalidSequenceError:
        raise
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise InvalidSequenceError(
            "These are no frames as a stream of Arrow: "
            f"{str(error).partition(chr(10))[0][:200] or type(error).__name__}."
        ) from error


def _find_steps(found: dict[bytes, bytes]) -> bytes:
    return found.get(b"posecore_steps", b"[]")


def _check_schema(schema: pa.Schema) -> None:
    for field in SCHEMA:
        place = schema.get_all_field_indices(field.name)
        if len(place) != 1:
            raise InvalidSequenceError(
                f"Frames need one column {field.name!r}, and there are {len(place)}; the columns "
                f"are {', '.join(SCHEMA.names)}."
            )
        actual = schema.field(place[0]).type
        is_same = actual == field.type or (field.name == "frame_number" and actual == pa.int64())
        is_list = pa.types.is_fixed_size_list(actual) and pa.types.is_fixed_size_list(field.type)
        is_alike = is_list and (actual.list_size, actual.value_type) == (
            field.type.list_size,
            field.type.value_type,
        )
        if not is_same and not is_alike:
            raise InvalidSequenceError(
                f"The column {field.name!r} must be {field.type}, not {str(actual)[:60]}."
            )


def _check_uncompressed(content: bytes) -> None:
    """Refuse compressed batches before one is unpacked: it may be as large as it likes."""
    messages = pa.ipc.MessageReader.open_stream(content)
    with suppress(StopIteration):
        while True:
            message = messages.read_next_message()
            if message.type == "record batch" and _has_compression(message.metadata.to_pybytes()):
                raise InvalidSequenceError(
                    "This stream of Arrow is compressed; write it without compression."
                )


def _has_compression(flatbuffer: bytes) -> bool:
    """Whether a message's header, a RecordBatch, has its fourth field, ``compression``.

    References
    ----------
    Apache Arrow, format/Message.fbs, and the FlatBuffers binary format: a table begins with the
    distance back to its list of fields, which holds its own size, the table's, and each field's
    place.
    """
    try:
        (message,) = struct.unpack_from("<I", flatbuffer, 0)
        header = _find_field(flatbuffer, message, 2)
        if not header:
            return False
        (distance,) = struct.unpack_from("<I", flatbuffer, header)
        return _find_field(flatbuffer, header + distance, 3) != 0
    except struct.error as error:
        raise InvalidSequenceError("This stream of Arrow is damaged; write it again.") from error


def _find_field(flatbuffer: bytes, table: int, number: int) -> int:
    """Place of a table's field; 0 where it has none."""
    (back,) = struct.unpack_from("<i", flatbuffer, table)
    fields = table - back
    if fields < 0:
        raise InvalidSequenceError("This stream of Arrow is damaged; write it again.")
    (size,) = struct.unpack_from("<H", flatbuffer, fields)
    if size < 4 + 2 * number + 2:
        return 0
    (place,) = struct.unpack_from("<H", flatbuffer, fields + 4 + 2 * number)
    return table + place if place else 0


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
