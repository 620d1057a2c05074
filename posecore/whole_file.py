"""Files that are whole or not there: written beside, then put in place in one step."""

import errno
import uuid
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from posecore.errors import ExportError

Writer = Callable[[IO[bytes]], None]
"""Writes a file's content to an open stream."""


def write_whole(path: str | Path, write: Writer) -> None:
    """Write a file, all of it or nothing: what was there before stays until the end.

    Parameters
    ----------
    path : str or Path
        Overwritten if it is a file; a link stays a link.
    write : callable
        Given the stream to write to.

    Raises
    ------
    ExportError
        If the file cannot be written.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise ExportError(f"{path} is not a file that can be written to; choose another name.")
        path = path.resolve()
        unfinished = path.with_name(f".{uuid.uuid4().hex}.part")
        try:
            with unfinished.open("wb") as stream:
                write(stream)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(_explain(error, path)) from error


def fill_zip(members: Iterable[tuple[str, Writer]], stream: IO[bytes]) -> None:
    """Write several files as one ZIP; they are taken one at a time."""
    # The fastest level: an hour of landmarks is 300 MB of text.
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file_name, write in members:
            with archive.open(file_name, "w", force_zip64=True) as member:
                write(member)


def _explain(error: OSError, path: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        reason = "the disk is full; free some space and try again"
    elif error.errno == errno.ENOENT:
        reason = f"there is no folder {path.parent}; make it or choose another"
    else:
        reason = f"{error.strerror or error}; choose another place"
    return f"{path.name} could not be written: {reason}."
