"""Columns that the tables of a recording share."""

import json
from typing import Any, Final

import numpy as np
import pyarrow as pa

from posecore.sequence import NO_PICTURE, PoseSequence

AXES: Final = {
    "image_landmarks": ("image_x", "image_y", "image_z"),
    "world_landmarks": ("world_x_m", "world_y_m", "world_z_m"),
}
"""The columns of each array's last axis."""


def add_steps(table: pa.Table, sequence: PoseSequence) -> pa.Table:
    """Keep what was done to the recording in the table's metadata, where a Parquet file has it."""
    if not sequence.steps:
        return table
    steps = json.dumps([step.to_dict() for step in sequence.steps])
    return table.replace_schema_metadata({"posecore_steps": steps})


def make_size_columns(sequence: PoseSequence) -> dict[str, pa.Array]:
    """Size of the picture, the same for every frame; NULL where there is no picture."""
    size = sequence.image_size
    cells = (None, None) if size == NO_PICTURE else size
    return {
        name: pa.array([cell] * len(sequence), pa.int32())
        for name, cell in zip(("image_width_px", "image_height_px"), cells, strict=True)
    }


def make_clock_columns(sequence: PoseSequence) -> dict[str, pa.Array]:
    """Number and time of each frame."""
    return {
        "frame_number": pa.array(sequence.frame_number),
        "time_s": pa.array(sequence.time_s),
    }


def with_nulls(values: np.ndarray[Any, Any]) -> pa.Array:
    """Column of numbers, NULL where one is NaN."""
    return pa.array(np.ascontiguousarray(values), from_pandas=True)
