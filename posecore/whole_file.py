"""A file is written whole or not at all."""

import errno
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import IO

from posecore.errors import ExportError


def write_whole(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write beside the file, then put it in place in one step: what was there stays until then.

    Parameters
    ----------
    path : Path
        Overwritten if it is a file.
    write : callable
        Given the open stream.

    Raises
    ------
    ExportError
        If the file cannot be written.
    """
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


def _explain(error: OSError, path: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        reason = "the disk is full; free some space and try again"
    elif error.errno == errno.ENOENT:
        reason = f"there is no folder {path.parent}; make it or choose another"
    else:
        reason = f"{error.strerror or error}; choose another place"
    return f"{path.name} could not be written: {reason}."
