"""One recording as a file in any format of :data:`posecore.formats.catalogue.FORMATS`."""

import io
import math
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet

from posecore import export, tidy
from posecore.angles import compute_joint_angles
from posecore.errors import ExportError
from posecore.formats.catalogue import FORMATS, FileFormat, find_by_ending
from posecore.sequence import PoseSequence
from posecore.storage.note import Note
from posecore.trust import compute_expected_error, hide_untrusted
from posecore.whole_file import Writer, write_whole


def write_sequence(
    sequence: PoseSequence,
    path: str | Path,
    *,
    what: str | None = None,
    file_format: str | None = None,
    notes: Iterable[Note] | None = None,
    max_error_deg: float = math.inf,
) -> None:
    """Write a recording to a file, all of it or nothing.

    Parameters
    ----------
    sequence : PoseSequence
    path : str or Path
        Overwritten if it is a file; what was there before stays until the end.
    what, file_format, notes, max_error_deg
        As for :func:`make_writer`; the format follows from the path's ending when left out.

    Raises
    ------
    ExportError
        If the format cannot hold it, there is nothing to write, or the file cannot be written.
    """
    if file_format is None:
        found = find_by_ending(path)
        if found is None:
            raise ExportError(
                f"{Path(path).name} ends in none of {_list_formats()}; name a format with its file."
            )
        file_format = found.name
    write = make_writer(
        sequence, what=what, file_format=file_format, notes=notes, max_error_deg=max_error_deg
    )
    write_whole(path, write)


def to_bytes(write: Writer) -> bytes:
    """Return what a writer writes, for a download."""
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def make_writer(
    sequence: PoseSequence,
    *,
    what: str | None = None,
    file_format: str = "csv",
    notes: Iterable[Note] | None = None,
    max_error_deg: float = math.inf,
) -> Writer:
    """Make what writes a recording to an open stream; nothing is computed before it is called.

    Parameters
    ----------
    sequence : PoseSequence
    what : {"landmarks", "angles", "metrics", "notes", "steps"}, optional
        What of it; the first that the format holds when left out.
    file_format : str
        A name of :data:`posecore.formats.catalogue.FORMATS`.
    notes : iterable of Note, optional
        The session's notes: the file itself for ``what="notes"``, and a column beside landmarks
        and angles in CSV and Parquet. Without them there is no such column.
    max_error_deg : float
        Readings of angles that may be further off are left out.

    Raises
    ------
    ExportError
        If there is no such format, or it cannot hold that.
    """
    what = check_combination(what, file_format)
    noted = None if notes is None else list(notes)

    def make_table() -> pa.Table:
        if what == "notes":
            return export.to_notes_table(noted or ())
        if what == "metrics":
            return export.to_metrics_table(sequence)
        if what == "steps":
            return export.to_steps_table(sequence)
        is_tidy = file_format == "csv-tidy"
        if what == "angles":
            if is_tidy:
                return tidy.to_tidy_angles_table(sequence, max_error_deg=max_error_deg)
            return export.to_angles_table(sequence, notes=noted, max_error_deg=max_error_deg)
        if is_tidy:
            return tidy.to_tidy_landmarks_table(sequence)
        return export.to_landmarks_table(sequence, notes=noted)

    if file_format == "parquet":
        return lambda stream: _write_parquet(make_table(), stream)
    if file_format == "json" and what != "landmarks":
        from posecore.formats.json_file import write_table_json

        return lambda stream: write_table_json(make_table(), what, stream)
    if file_format in ("csv", "csv-tidy"):
        return lambda stream: export.write_csv(make_table(), stream)
    if file_format == "mot":
        return lambda stream: _write_mot(sequence, max_error_deg, stream)
    return partial(_write_landmarks, sequence, file_format)


def check_combination(what: str | None, file_format: str) -> str:
    """Say what a format is to hold, its first when left out.

    Raises
    ------
    ExportError
        If there is no such format, or it cannot hold that.
    """
    if file_format not in FORMATS:
        raise ExportError(f"There is no format {file_format!r}; choose one of {_list_formats()}.")
    found: FileFormat = FORMATS[file_format]
    if what is None:
        return found.holds[0]
    if what not in found.holds:
        raise ExportError(
            f"{found.label} holds {' or '.join(found.holds)}, not {what}; choose another format."
        )
    return what


def _list_formats() -> str:
    return ", ".join(FORMATS)


def _write_parquet(table: pa.Table, stream: IO[bytes]) -> None:
    # A file inside a ZIP cannot tell where it is, which Parquet asks.
    whole = io.BytesIO()
    pa.parquet.write_table(table, whole)
    stream.write(whole.getbuffer())


def _write_mot(sequence: PoseSequence, max_error_deg: float, stream: IO[bytes]) -> None:
    from posecore.formats.mot import write_mot

    angles, errors = compute_joint_angles(sequence), compute_expected_error(sequence)
    write_mot(hide_untrusted(angles, errors, max_error_deg), stream)


def _write_landmarks(sequence: PoseSequence, file_format: str, stream: IO[bytes]) -> None:
    # Each brings what only it needs.
    if file_format == "trc":
        from posecore.formats.trc import write_trc as write
    elif file_format == "c3d":
        from posecore.formats.c3d_file import write_c3d as write
    elif file_format == "bvh":
        from posecore.formats.bvh import write_bvh as write
    else:
        from posecore.formats.json_file import write_sequence_json as write
    write(sequence, stream)
