"""Handing data over: tables of a recording as CSV or Parquet, and several of them as one ZIP.

A value that is missing (NaN in posecore's arrays) is an empty cell in CSV and a NULL in Parquet.
Numbers are written with the digits that give back exactly the same number.
"""

import io
import json
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Any, Final, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from posecore.angles import compute_joint_angles
from posecore.climbing import ClimbingThresholds
from posecore.errors import ExportError
from posecore.metric_table import METRICS
from posecore.metrics import compute_metrics
from posecore.sequence import PoseSequence
from posecore.storage.note import Note
from posecore.storage.session import Session
from posecore.table_columns import (
    AXES,
    add_steps,
    make_clock_columns,
    make_size_columns,
    with_nulls,
)
from posecore.topology import LANDMARK_NAMES
from posecore.trust import compute_expected_error, hide_untrusted
from posecore.whole_file import Writer, fill_zip, write_whole

TableFormat = Literal["csv", "parquet"]
TABLE_FORMATS: Final[tuple[TableFormat, ...]] = get_args(TableFormat)

# Spreadsheets compute a cell that begins with one of these; the last four are = + - @ in the full
# width of East Asian typing.
_FORMULA_STARTS: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_LONGEST_STEM: Final = 40
_CSV_OPTIONS: Final = pa.csv.WriteOptions(quoting_header="none", batch_size=4096)


def to_landmarks_table(sequence: PoseSequence, *, notes: Iterable[Note] | None = None) -> pa.Table:
    """Table of landmarks, one row a frame.

    Parameters
    ----------
    sequence : PoseSequence
    notes : iterable of Note, optional
        The session's notes; with them, be they none, the table gets the column ``note``.

    Returns
    -------
    pyarrow.Table
        ``frame_number``, ``time_s``, then for each of the 33 landmarks ``<name>_image_x``,
        ``_image_y``, ``_image_z`` (of the picture's width and height), ``_world_x_m``,
        ``_world_y_m``, ``_world_z_m`` (metres), ``_visibility`` and ``_presence``, and last
        ``image_width_px`` and ``image_height_px``, the same in every row: 268 columns. NULL where
        the recording has NaN or no picture; a frame with nobody in it keeps its row. With notes, a
        last column ``note``: ``tag: text`` of the notes that cover the frame, joined with ``; ``,
        safe to open in a spreadsheet, NULL where there is none. A note over a stretch covers the
        stretch's frames, one at a moment the frame nearest to it.
    """
    columns = make_clock_columns(sequence)
    for landmark, name in enumerate(LANDMARK_NAMES):
        for array_name, axes in AXES.items():
            array = getattr(sequence, array_name)
            for axis, axis_name in enumerate(axes):
                columns[f"{name}_{axis_name}"] = with_nulls(array[:, landmark, axis])
        columns[f"{name}_visibility"] = with_nulls(sequence.visibility[:, landmark])
        columns[f"{name}_presence"] = with_nulls(sequence.presence[:, landmark])
    columns |= make_size_columns(sequence)
    return add_steps(pa.table(columns | _note_column(sequence, notes)), sequence)


def to_angles_table(
    sequence: PoseSequence,
    names: Iterable[str] | None = None,
    *,
    notes: Iterable[Note] | None = None,
    max_error_deg: float = math.inf,
) -> pa.Table:
    """Table of joint angles, one row a frame.

    Parameters
    ----------
    sequence : PoseSequence
    names : iterable of str, optional
        Keys of :data:`posecore.ANGLES`; all of them when left out.
    notes : iterable of Note, optional
        As for :func:`to_landmarks_table`.
    max_error_deg : float
        Readings that may be further off are left out.

    Returns
    -------
    pyarrow.Table
        ``frame_number``, ``time_s``, then one column an angle, in degrees, and behind it, where
        it is known, ``<angle>_error_deg``: how far a reading may be off, see
        :func:`posecore.compute_expected_error`. NULL where the angle is NaN. With notes, a last
        column ``note``.
    """
    columns = make_clock_columns(sequence)
    angles, errors = compute_joint_angles(sequence, names), compute_expected_error(sequence)
    for name, degrees in hide_untrusted(angles, errors, max_error_deg).items():
        columns[str(name)] = with_nulls(degrees.to_numpy())
        if name in errors:
            columns[f"{name}_error_deg"] = with_nulls(errors[name].to_numpy().round(1))
    return add_steps(pa.table(columns | _note_column(sequence, notes)), sequence)


def to_metrics_table(sequence: PoseSequence, limits: ClimbingThresholds | None = None) -> pa.Table:
    """Table of metrics, one row a metric, safe to open in a spreadsheet.

    Parameters
    ----------
    sequence : PoseSequence
    limits : ClimbingThresholds, optional
        As for :func:`posecore.compute_metrics`.

    Returns
    -------
    pyarrow.Table
        ``name``, ``group``, ``label``, ``value`` (NULL where there is none), ``unit``, ``note``
        (why there is none), ``formula`` and ``reference`` of :data:`posecore.METRICS`.
    """
    table = compute_metrics(sequence, limits=limits).reset_index()
    rows = [
        _to_harmless(
            {str(key): cell for key, cell in row.items()}
            | {"formula": metric.formula, "reference": metric.reference}
        )
        for metric, row in zip(METRICS.values(), table.to_dict("records"), strict=True)
    ]
    return add_steps(pa.Table.from_pylist(rows, schema=_METRICS_SCHEMA), sequence)


def to_steps_table(sequence: PoseSequence) -> pa.Table:
    """Table of what was done to a recording, one row a step, in order.

    Parameters
    ----------
    sequence : PoseSequence

    Returns
    -------
    pyarrow.Table
        ``step`` (1, 2, ...), ``name``, and ``parameters``: what the step was told and what it
        found out, as JSON. No rows for a recording as it was recorded.
    """
    rows = [
        {"step": number, "name": step.name, "parameters": json.dumps(dict(step.parameters))}
        for number, step in enumerate(sequence.steps, start=1)
    ]
    return pa.Table.from_pylist(rows, schema=_STEPS_SCHEMA)


def to_notes_table(notes: Iterable[Note]) -> pa.Table:
    """Table of notes, one row a note, safe to open in a spreadsheet.

    Parameters
    ----------
    notes : iterable of Note

    Returns
    -------
    pyarrow.Table
        The fields of :class:`posecore.Note` but its author: ``start_s`` and ``end_s`` in seconds
        since the session's first frame, ``end_s`` NULL for a moment, ``created_at`` as text in
        ISO 8601.
    """
    rows = [_to_harmless(asdict(note)) for note in notes]
    return pa.Table.from_pylist(rows, schema=_NOTE_SCHEMA)


def to_sessions_table(sessions: Iterable[Session]) -> pa.Table:
    """Table of sessions' facts, one row a session, safe to open in a spreadsheet.

    Parameters
    ----------
    sessions : iterable of Session

    Returns
    -------
    pyarrow.Table
        The fields of :class:`posecore.Session`; tags joined by commas, ``created_at`` as text in
        ISO 8601, NULL where ``fps`` is NaN.

    Notes
    -----
    A text that begins with ``=``, ``+``, ``-``, ``@`` (in full width too), a tab or a line break
    gets an apostrophe in front, because a spreadsheet would compute it. Everything else is as
    it was typed.

    References
    ----------
    OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
    """
    rows = [_to_harmless(asdict(session)) for session in sessions]
    return pa.Table.from_pylist(rows, schema=_SESSION_SCHEMA)


def write_csv(table: pa.Table, stream: IO[bytes]) -> None:
    """Write a table to an open stream as CSV: UTF-8, a header, commas, line feeds."""
    pa.csv.write_csv(table, stream, _CSV_OPTIONS)


def to_csv_bytes(table: pa.Table) -> bytes:
    """Return a table as CSV text in UTF-8."""
    stream = io.BytesIO()
    write_csv(table, stream)
    return stream.getvalue()


def write_table(table: pa.Table, path: str | Path, table_format: TableFormat | str = "csv") -> None:
    """Write a table to a file, all of it or nothing: what was there before stays until the end.

    Parameters
    ----------
    table : pyarrow.Table
    path : str or Path
        Overwritten if it is a file.
    table_format : {"csv", "parquet"}

    Raises
    ------
    ExportError
        If the format is unknown or the file cannot be written.
    """
    if table_format not in TABLE_FORMATS:
        raise ExportError(
            f"A table can be written as {' or '.join(TABLE_FORMATS)}, not as {table_format!r}."
        )
    write = write_csv if table_format == "csv" else pa.parquet.write_table
    write_whole(path, lambda stream: write(table, stream))


def write_zip(tables: Iterable[tuple[str, pa.Table]], path: str | Path) -> None:
    """Write several tables as CSV files in one ZIP file, all of it or nothing.

    Parameters
    ----------
    tables : iterable of (file name, pyarrow.Table)
        Taken one at a time, so a generator keeps only one in memory.
    path : str or Path

    Raises
    ------
    ExportError
        If the file cannot be written.
    """
    write_whole(path, lambda stream: fill_zip(_csv_members(tables), stream))


def to_zip_bytes(tables: Iterable[tuple[str, pa.Table]]) -> bytes:
    """Return several tables as CSV files in one ZIP; see :func:`write_zip`."""
    stream = io.BytesIO()
    fill_zip(_csv_members(tables), stream)
    return stream.getvalue()


def _csv_members(tables: Iterable[tuple[str, pa.Table]]) -> Iterator[tuple[str, Writer]]:
    return ((file_name, partial(write_csv, table)) for file_name, table in tables)


def safe_file_name(name: str, session_id: str, ending: str = "") -> str:
    """File name for a session that every system and browser accepts.

    Parameters
    ----------
    name : str
        The session's name, whatever was typed.
    session_id : str
        Its first 8 characters keep equal names apart.
    ending : str
        For example ``"angles.csv"``, joined with an underscore.

    Returns
    -------
    str
        ASCII letters, digits, ``-`` and ``_`` before the ending: ``autumn-wall-3_1f0c22ab``.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    stem = re.sub(r"[^a-z0-9]+", "-", plain.lower())[:_LONGEST_STEM].strip("-") or "session"
    return "_".join(filter(None, (stem, session_id[:8], ending)))


def make_harmless(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would compute."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _note_column(sequence: PoseSequence, notes: Iterable[Note] | None) -> dict[str, pa.Array]:
    if notes is None:
        return {}
    cells: list[str | None] = [None] * len(sequence)
    clock_s = sequence.time_s - sequence.time_s[:1]
    for note in notes:
        for frame in _covered_frames(clock_s, note):
            before = cells[frame]
            cells[frame] = note.label if before is None else f"{before}; {note.label}"
    harmless = [None if cell is None else make_harmless(cell) for cell in cells]
    return {"note": pa.array(harmless, pa.string())}


def _covered_frames(clock_s: NDArray[np.float64], note: Note) -> range:
    """Frames of a stretch; the nearest one for a moment, and for a stretch between two frames."""
    if not len(clock_s):
        return range(0)
    end_s = note.start_s if note.end_s is None else note.end_s
    first = int(np.searchsorted(clock_s, note.start_s, side="left"))
    stop = int(np.searchsorted(clock_s, end_s, side="right"))
    if note.end_s is None or first == stop:
        first = int(np.abs(clock_s - note.start_s).argmin())
        stop = first + 1
    return range(first, stop)


_NUMBER_TYPES: Final = {
    "duration_s": pa.float64(),
    "frame_count": pa.int64(),
    "detected_count": pa.int64(),
    "dropped_count": pa.int64(),
    "fps": pa.float64(),
    "image_width": pa.int64(),
    "image_height": pa.int64(),
    "recovered": pa.bool_(),
}
_SESSION_SCHEMA: Final = pa.schema(
    [(field.name, _NUMBER_TYPES.get(field.name, pa.string())) for field in fields(Session)]
)


_NOTE_SCHEMA: Final = pa.schema(
    [
        (field.name, pa.float64() if field.name.endswith("_s") else pa.string())
        for field in fields(Note)
        if field.name != "author"  # an account, which says nothing to whoever reads the table
    ]
)


_STEPS_SCHEMA: Final = pa.schema(
    [("step", pa.int64()), ("name", pa.string()), ("parameters", pa.string())]
)


_METRICS_SCHEMA: Final = pa.schema(
    [
        (name, pa.float64() if name == "value" else pa.string())
        for name in ("name", "group", "label", "value", "unit", "note", "formula", "reference")
    ]
)


def _to_harmless(row: dict[str, Any]) -> dict[str, Any]:
    """Facts as they go into a table: dates as text, tags joined, missing as None."""
    harmless = {}
    for key, value in row.items():
        if isinstance(value, datetime):
            value = value.isoformat()
        elif isinstance(value, tuple):
            value = ", ".join(value)
        elif isinstance(value, float) and math.isnan(value):
            value = None
        harmless[key] = make_harmless(value) if isinstance(value, str) else value
    return harmless
