"""A file of landmarks as a recording, whatever program it comes from."""

from pathlib import Path

from posecore.errors import LandmarkFileError
from posecore.formats.catalogue import IMPORT_ENDINGS
from posecore.formats.reading import FileReading
from posecore.sequence import PoseSequence


def read_sequence(path: str | Path, *, image_size: tuple[int, int] | None = None) -> PoseSequence:
    """Read landmarks that posecore or another program wrote.

    Parameters
    ----------
    path : str or Path
        ``.trc``, ``.c3d``, ``.csv`` and ``.parquet`` (posecore's landmarks, wide or tidy),
        ``.json`` (posecore's) or ``.jsonl`` / ``.ndjson`` (of MediaPipe, one frame a line).
    image_size : tuple of int, optional
        (width, height) of the picture in pixels, for a file with landmarks of the picture that
        does not say it.

    Returns
    -------
    PoseSequence
        Missing is NaN. A file of markers has no picture: its image landmarks, visibility and
        presence are NaN, and so is each landmark that it does not name.

    Raises
    ------
    LandmarkFileError
        If the file is not there, damaged, of another program, or holds no landmark.
    """
    return read_landmark_file(path, image_size=image_size).sequence


def read_landmark_file(
    path: str | Path, *, title: str | None = None, image_size: tuple[int, int] | None = None
) -> FileReading:
    """Read landmarks, and say what of the file is not in the recording.

    Parameters
    ----------
    path : str or Path
    title : str, optional
        What messages call the file, and its ending what it is; its own name when left out.
    image_size : tuple of int, optional
        As for :func:`read_sequence`.

    Raises
    ------
    LandmarkFileError
    """
    # Each brings what only it needs.
    path, title = Path(path), title or Path(path).name
    ending = Path(title).suffix.lower().removeprefix(".")
    if ending == "trc":
        from posecore.formats.trc import read_trc

        return read_trc(path, title)
    if ending == "c3d":
        from posecore.formats.c3d_file import read_c3d

        return read_c3d(path, title)
    if ending in ("csv", "parquet"):
        from posecore.formats.landmark_table import read_landmark_table

        return read_landmark_table(path, title, image_size)
    if ending == "json":
        from posecore.formats.json_file import read_json

        return read_json(path, title, image_size)
    if ending in ("jsonl", "ndjson"):
        from posecore.formats.json_file import read_json_lines

        return read_json_lines(path, title, image_size)
    raise LandmarkFileError(
        f"{title} is no file of landmarks: it must end in one of {', '.join(IMPORT_ENDINGS)}."
    )
