"""posecore's own tables of landmarks, wide or tidy, read back from CSV or Parquet."""

import json
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from posecore.errors import LandmarkFileError
from posecore.formats.catalogue import MAX_FRAMES
from posecore.formats.reading import FileReading, explaining, make_broken, make_reading
from posecore.sequence import ProcessingStep
from posecore.topology import LANDMARK_NAMES, N_LANDMARKS

QUANTITIES: Final = (
    "image_x",
    "image_y",
    "image_z",
    "world_x_m",
    "world_y_m",
    "world_z_m",
    "visibility",
    "presence",
)
"""What a table has of each landmark."""

_SIZE: Final = ("image_width_px", "image_height_px")
_NUMBERS: Final = ("time_s", *_SIZE, *QUANTITIES)
_STEPS_KEY: Final = b"posecore_steps"


def read_landmark_table(
    path: Path, title: str, image_size: tuple[int, int] | None = None
) -> FileReading:
    """Read a table of landmarks as posecore writes it, one row a frame, or a frame and landmark.

    Parameters
    ----------
    path : Path
        CSV, or Parquet if it ends so.
    title : str
        What messages call the file.
    image_size : tuple of int, optional
        (width, height) of the picture in pixels, where the table does not say it.

    Returns
    -------
    FileReading
        The same numbers as were written. Columns that are not there are NaN, columns that are not
        posecore's are left out.

    Raises
    ------
    LandmarkFileError
        If it is another table, or damaged.
    """
    with explaining(title):
        is_parquet = title.lower().endswith(".parquet")
        table = _load_parquet(title, path) if is_parquet else _load_csv(title, path)
        stored = (table.schema.metadata or {}).get(_STEPS_KEY, b"[]")
        names = set(table.column_names)
        is_tidy = "landmark" in names
        if "time_s" not in names or not (names & set(QUANTITIES if is_tidy else _wide_names())):
            raise LandmarkFileError(
                f"{title} is no table of landmarks as posecore writes it: it needs the column "
                "time_s and columns like left_knee_world_x_m. Choose another file."
            )
        values, frames = _read_tidy(title, table) if is_tidy else _read_wide(table)
        return make_reading(
            title,
            time_s=_to_numbers(frames, "time_s"),
            image_landmarks=values[..., :3],
            world_landmarks=values[..., 3:6],
            visibility=values[..., 6],
            presence=values[..., 7],
            frame_number=_to_frame_number(title, frames),
            image_size=_find_size(frames) or image_size,
            steps=tuple(map(ProcessingStep.from_dict, json.loads(stored))),
        )


def _wide_names() -> list[str]:
    return [f"{name}_{quantity}" for name in LANDMARK_NAMES for quantity in QUANTITIES]


def _load_csv(title: str, path: Path) -> pa.Table:
    """Table of the columns that are known; numbers as numbers, whatever the file thinks."""
    with path.open("rb") as stream:
        header = stream.readline(1_000_000).decode("utf-8-sig", errors="replace")
    names = {name.strip().strip('"') for name in header.split(",")}
    known = [name for name in (*_NUMBERS, *_wide_names()) if name in names]
    types = dict.fromkeys(known, pa.float64())
    if "frame_number" in names:
        types["frame_number"] = pa.int64()
    if "landmark" in names:
        types["landmark"] = pa.string()
    if not types:
        return pa.table({})
    options = pa.csv.ConvertOptions(column_types=types, include_columns=list(types))
    try:
        table = pa.csv.read_csv(path, convert_options=options)
    except pa.ArrowInvalid as error:
        raise make_broken(title, "a row is cut short, or a cell is not a number") from error
    _check_rows(title, table.num_rows, table.column_names)
    return table


def _load_parquet(title: str, path: Path) -> pa.Table:
    with pa.parquet.ParquetFile(path) as file:
        schema = file.schema_arrow
        # A few bytes can say that they hold billions of rows.
        _check_rows(title, file.metadata.num_rows, schema.names)
        numbers = {*_NUMBERS, *_wide_names(), "frame_number"}
        for field in schema:
            is_number = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
            if field.name in numbers and not is_number:
                raise make_broken(title, f"its column {field.name} holds no numbers")
        return file.read(columns=[name for name in schema.names if name in {*numbers, "landmark"}])


def _check_rows(title: str, n_rows: int, names: list[str]) -> None:
    if n_rows > MAX_FRAMES * (N_LANDMARKS if "landmark" in names else 1):
        raise make_broken(title, f"it holds more than {MAX_FRAMES:,} frames")


def _to_numbers(table: pa.Table, name: str) -> NDArray[np.float64]:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return np.asarray(table[name].to_numpy(), dtype=np.float64)


def _read_wide(table: pa.Table) -> tuple[NDArray[np.float32], pa.Table]:
    """Shape (n_frames, 33, 8), and the table itself."""
    values = np.empty((table.num_rows, N_LANDMARKS, len(QUANTITIES)), dtype=np.float32)
    for landmark, name in enumerate(LANDMARK_NAMES):
        for column, quantity in enumerate(QUANTITIES):
            values[:, landmark, column] = _to_numbers(table, f"{name}_{quantity}")
    return values, table


def _read_tidy(title: str, table: pa.Table) -> tuple[NDArray[np.float32], pa.Table]:
    """Shape (n_frames, 33, 8), and the first row of each frame; rows in any order of landmarks."""
    time_s = _to_numbers(table, "time_s")
    if np.isnan(time_s).any():
        raise make_broken(title, "a row has no time_s")
    _, firsts, frame = np.unique(time_s, return_index=True, return_inverse=True)
    order = {name: index for index, name in enumerate(LANDMARK_NAMES)}
    landmark = np.array([order.get(name, -1) for name in table["landmark"].to_pylist()], dtype=int)
    is_known = landmark >= 0
    if len(np.unique(frame[is_known] * N_LANDMARKS + landmark[is_known])) < is_known.sum():
        raise make_broken(title, "a landmark comes twice at one time")
    values = np.full((len(firsts), N_LANDMARKS, len(QUANTITIES)), np.nan, dtype=np.float32)
    for column, quantity in enumerate(QUANTITIES):
        cells = _to_numbers(table, quantity)
        values[frame[is_known], landmark[is_known], column] = cells[is_known]
    return values, table.take(pa.array(firsts))


def _to_frame_number(title: str, frames: pa.Table) -> NDArray[np.int64]:
    if "frame_number" not in frames.column_names:
        return np.arange(frames.num_rows)
    numbers = _to_numbers(frames, "frame_number")
    if not np.isfinite(numbers).all():
        raise make_broken(title, "a frame has no number")
    return numbers.astype(np.int64)


def _find_size(frames: pa.Table) -> tuple[int, int] | None:
    width, height = (_to_numbers(frames, name)[:1] for name in _SIZE)
    if not len(width) or np.isnan(width[0]) or np.isnan(height[0]):
        return None
    return int(width[0]), int(height[0])
