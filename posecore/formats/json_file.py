"""JSON: a recording as one document, and landmarks as JSON lines, one frame a line.

The document that posecore writes::

    {"format": "posecore", "version": 1, "what": "landmarks",
     "units": {"time_s": "s", "image_landmarks": ..., "world_landmarks": "m"},
     "image_size": [1280, 720], "steps": [...], "landmark_names": ["nose", ...],
     "frames": [
      {"frame_number": 0, "time_s": 0.0, "image_landmarks": [[x, y, z], ... 33],
       "world_landmarks": [[x, y, z], ... 33], "visibility": [... 33], "presence": [... 33]},
      ...]}

A missing number is null; a frame with nobody in it has null for each of its arrays, and
``image_size`` is null where there was no picture. Tables are ``{"format": "posecore", "version": 1,
"what": "angles", "rows": [{"frame_number": 0, ...}, ...]}`` with the columns of the CSV.

What is read: that document, and JSON lines of MediaPipe landmarks in the shapes people keep them
in. Each line is an object with

- a time: ``time_s``, ``timestamp_s``, ``timestamp_ms`` or ``timestamp_us``;
- landmarks of the picture, ``image_landmarks``, ``pose_landmarks`` or ``landmarks``, and in metres,
  ``world_landmarks`` or ``pose_world_landmarks``: 33 lists ``[x, y, z]``, with visibility and
  presence behind if they are known, or 33 objects with these names; in a list of persons (the first
  is taken), in ``{"landmark": [...]}``, or null for nobody;
- if they are known, ``visibility``, ``presence``, ``frame_number`` and ``image_size``.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from posecore.errors import LandmarkFileError
from posecore.formats.catalogue import MAX_FRAMES
from posecore.formats.reading import FileReading, explaining, make_broken, make_reading
from posecore.sequence import NO_PICTURE, PoseSequence, ProcessingStep
from posecore.topology import LANDMARK_NAMES, N_LANDMARKS

_SECONDS: Final = {"time_s": 1.0, "timestamp_s": 1.0, "timestamp_ms": 1e-3, "timestamp_us": 1e-6}
_NAMES: Final = {
    "image_landmarks": ("image_landmarks", "pose_landmarks", "landmarks"),
    "world_landmarks": ("world_landmarks", "pose_world_landmarks"),
}
_PARTS: Final = ("x", "y", "z", "visibility", "presence")
_UNITS: Final = {
    "time_s": "s",
    "image_landmarks": "of the picture's width (x, z) and height (y), origin top left",
    "world_landmarks": "m, origin mid-hip, x right, y down, z away from the camera",
}
_LONGEST_LINE: Final = 1_000_000
_LARGEST_DOCUMENT: Final = 1_000_000_000


def write_sequence_json(sequence: PoseSequence, stream: IO[bytes]) -> None:
    """Write a recording as one JSON document, a frame a line."""
    head = {
        "format": "posecore",
        "version": 1,
        "what": "landmarks",
        "units": _UNITS,
        "image_size": None if sequence.image_size == NO_PICTURE else sequence.image_size,
        "steps": [step.to_dict() for step in sequence.steps],
        "landmark_names": LANDMARK_NAMES,
    }
    _write_document(head, "frames", _frames(sequence), stream)


def write_table_json(table: pa.Table, what: str, stream: IO[bytes]) -> None:
    """Write a table as one JSON document, a row a line."""
    head = {"format": "posecore", "version": 1, "what": what}
    rows = (row for batch in table.to_batches(4096) for row in batch.to_pylist())
    texts = (json.dumps(row, allow_nan=False, ensure_ascii=False) for row in rows)
    _write_document(head, "rows", texts, stream)


def _write_document(
    head: Mapping[str, Any], key: str, texts: Iterable[str], stream: IO[bytes]
) -> None:
    stream.write(f"{json.dumps(head)[:-1]}, {json.dumps(key)}: [".encode())
    for number, text in enumerate(texts):
        stream.write(f"{',' if number else ''}\n{text}".encode())
    stream.write(b"\n]}\n")


def _frames(sequence: PoseSequence) -> Iterator[str]:
    for i in range(len(sequence)):
        arrays = (
            f'"{name}": {_to_text(getattr(sequence, name)[i])}'
            for name in (*_NAMES, "visibility", "presence")
        )
        yield (
            f'{{"frame_number": {sequence.frame_number[i]}, '
            f'"time_s": {float(sequence.time_s[i])}, {", ".join(arrays)}}}'
        )


def _to_text(array: NDArray[np.float32]) -> str:
    """Lists with null for NaN; null alone where all of it is.

    Written here and not by ``json``, which knows float64 only and would give a float32 digits that
    it does not have.
    """
    if np.isnan(array).all():
        return "null"
    cells = ["null" if cell != cell else str(cell) for cell in array.ravel()]
    if array.ndim > 1:
        width = array.shape[1]
        cells = [f"[{', '.join(cells[i : i + width])}]" for i in range(0, len(cells), width)]
    return f"[{', '.join(cells)}]"


def read_json(path: Path, title: str, image_size: tuple[int, int] | None = None) -> FileReading:
    """Read the document that :func:`write_sequence_json` writes.

    Raises
    ------
    LandmarkFileError
        If it is another document, or damaged.
    """
    with explaining(title):
        if path.stat().st_size > _LARGEST_DOCUMENT:
            raise LandmarkFileError(
                f"{title} is too large to be read as one document; import it as Parquet, or as "
                "JSON lines (.jsonl)."
            )
        document = json.loads(path.read_bytes())
        if not isinstance(document, dict) or document.get("format") != "posecore":
            raise LandmarkFileError(
                f"{title} is no JSON file of posecore; landmarks of MediaPipe are read from JSON "
                "lines, one frame a line, in a file that ends in .jsonl."
            )
        if document.get("what") != "landmarks":
            raise make_broken(title, "it holds no landmarks")
        steps = tuple(ProcessingStep.from_dict(step) for step in document["steps"])
        size = document["image_size"] or image_size
        return _read_frames(title, iter(document["frames"]), size, steps)


def read_json_lines(
    path: Path, title: str, image_size: tuple[int, int] | None = None
) -> FileReading:
    """Read landmarks of MediaPipe, one frame a line.

    Parameters
    ----------
    path : Path
    title : str
        What messages call the file.
    image_size : tuple of int, optional
        (width, height) of the picture in pixels, where no line says it.

    Raises
    ------
    LandmarkFileError
        If a line is no frame, has no time, or the times do not rise.
    """

    def parse(stream: IO[str]) -> Iterator[Any]:
        for number, line in enumerate(iter(lambda: stream.readline(_LONGEST_LINE), ""), 1):
            if line.strip():
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise make_broken(title, f"line {number:,} is no JSON") from error

    with explaining(title), path.open(encoding="utf-8") as stream:
        return _read_frames(title, parse(stream), image_size, ())


def _read_frames(
    title: str,
    frames: Iterator[Any],
    image_size: tuple[int, int] | None,
    steps: tuple[ProcessingStep, ...],
) -> FileReading:
    times: list[float] = []
    numbers: list[Any] = []
    rows: list[NDArray[np.float32]] = []
    for frame in frames:
        if len(rows) == MAX_FRAMES:
            raise make_broken(title, f"it holds more than {MAX_FRAMES:,} frames")
        if not isinstance(frame, dict):
            raise make_broken(title, f"frame {len(rows) + 1:,} is no object")
        times.append(_find_time_s(title, frame, len(rows)))
        numbers.append(frame.get("frame_number", len(rows)))
        rows.append(_read_frame(title, frame, len(rows)))
        image_size = image_size or frame.get("image_size")
    if not rows:
        raise make_broken(title, "it holds no frames")
    values = np.stack(rows)
    return make_reading(
        title,
        time_s=np.array(times),
        image_landmarks=values[..., :3],
        world_landmarks=values[..., 3:6],
        visibility=values[..., 6],
        presence=values[..., 7],
        frame_number=np.array(numbers),
        image_size=image_size,
        steps=steps,
    )


def _find_time_s(title: str, frame: Mapping[str, Any], n_before: int) -> float:
    for name, seconds in _SECONDS.items():
        if isinstance(frame.get(name), int | float):
            return float(frame[name]) * seconds
    raise make_broken(title, f"frame {n_before + 1:,} has no time (one of {', '.join(_SECONDS)})")


def _read_frame(title: str, frame: Mapping[str, Any], n_before: int) -> NDArray[np.float32]:
    """Shape (33, 8): image landmarks, world landmarks, visibility, presence."""
    values = np.full((N_LANDMARKS, 8), np.nan, dtype=np.float32)
    for first, names in ((0, _NAMES["image_landmarks"]), (3, _NAMES["world_landmarks"])):
        marks = _find_marks(next((frame[name] for name in names if frame.get(name)), None))
        if marks is None:
            continue
        if len(marks) != N_LANDMARKS:
            raise make_broken(
                title, f"frame {n_before + 1:,} has {len(marks)} landmarks instead of {N_LANDMARKS}"
            )
        cells = np.array([_read_mark(mark) for mark in marks], dtype=np.float32)
        values[:, first : first + 3] = cells[:, :3]
        # Those of the picture come first, and count where both say it.
        values[:, 6:] = np.where(np.isnan(values[:, 6:]), cells[:, 3:], values[:, 6:])
    for column, name in ((6, "visibility"), (7, "presence")):
        if frame.get(name):
            values[:, column] = np.array(frame[name], dtype=np.float32)
    return values


def _find_marks(value: Any) -> Any:
    """The list of 33, out of the wrappings it comes in; None where there is nobody."""
    if isinstance(value, dict):
        value = value.get("landmark") or value.get("landmarks")
    if value and isinstance(value[0], list) and isinstance(value[0][:1], list):
        is_person = any(isinstance(mark, dict | list) for mark in value[0])
        value = value[0] if is_person else value
    return value or None


def _read_mark(mark: Any) -> list[float]:
    if isinstance(mark, dict):
        cells = [mark.get(part) for part in _PARTS]
    else:
        cells = [*mark, *[None] * (len(_PARTS) - len(mark))]
    return [np.nan if cell is None else float(cell) for cell in cells]
