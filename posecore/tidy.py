"""Tidy tables: one row for each frame and landmark, or for each frame and angle."""

import math
from typing import Final

import numpy as np
import pyarrow as pa

from posecore.export import to_angles_table
from posecore.sequence import PoseSequence
from posecore.table_columns import AXES, add_steps, make_size_columns, with_nulls
from posecore.topology import LANDMARK_NAMES, N_LANDMARKS

_ERROR: Final = "_error_deg"


def to_tidy_landmarks_table(sequence: PoseSequence) -> pa.Table:
    """Table of landmarks, one row a frame and landmark.

    Parameters
    ----------
    sequence : PoseSequence

    Returns
    -------
    pyarrow.Table
        ``frame_number``, ``time_s``, ``landmark``, ``image_x``, ``image_y``, ``image_z`` (of the
        picture's width and height), ``world_x_m``, ``world_y_m``, ``world_z_m`` (metres),
        ``visibility``, ``presence``, ``image_width_px``, ``image_height_px``. NULL where the
        recording has NaN or no picture; a frame with nobody in it keeps its 33 rows.
    """
    n_frames = len(sequence)
    columns = {
        "frame_number": pa.array(np.repeat(sequence.frame_number, N_LANDMARKS)),
        "time_s": pa.array(np.repeat(sequence.time_s, N_LANDMARKS)),
        "landmark": _repeat_names(LANDMARK_NAMES, n_frames),
    }
    for array_name, axes in AXES.items():
        for axis, axis_name in enumerate(axes):
            columns[axis_name] = with_nulls(getattr(sequence, array_name)[..., axis].reshape(-1))
    for name in ("visibility", "presence"):
        columns[name] = with_nulls(getattr(sequence, name).reshape(-1))
    rows = pa.array(np.repeat(np.arange(n_frames), N_LANDMARKS))
    columns |= {name: cells.take(rows) for name, cells in make_size_columns(sequence).items()}
    return add_steps(pa.table(columns), sequence)


def to_tidy_angles_table(sequence: PoseSequence, *, max_error_deg: float = math.inf) -> pa.Table:
    """Table of joint angles, one row a frame and angle.

    Parameters
    ----------
    sequence : PoseSequence
    max_error_deg : float
        Readings that may be further off are left out.

    Returns
    -------
    pyarrow.Table
        ``frame_number``, ``time_s``, ``angle``, ``value_deg`` and ``error_deg``, the columns of
        :func:`posecore.export.to_angles_table` one below the other. NULL where there is no
        reading, or where nobody knows how far it may be off.
    """
    wide = to_angles_table(sequence, max_error_deg=max_error_deg)
    names = [name for name in wide.column_names[2:] if not name.endswith(_ERROR)]
    n_frames, nothing = len(sequence), pa.nulls(len(sequence), pa.float64())

    def stack(cells: list[pa.ChunkedArray]) -> pa.Array:
        values = [column.to_numpy(zero_copy_only=False) for column in cells]
        return with_nulls(np.stack(values, axis=1).reshape(-1))

    errors = [f"{name}{_ERROR}" for name in names]
    columns = {
        "frame_number": pa.array(np.repeat(sequence.frame_number, len(names))),
        "time_s": pa.array(np.repeat(sequence.time_s, len(names))),
        "angle": _repeat_names(names, n_frames),
        "value_deg": stack([wide[name] for name in names]),
        "error_deg": stack([wide[e] if e in wide.column_names else nothing for e in errors]),
    }
    return add_steps(pa.table(columns), sequence)


def _repeat_names(names: list[str] | tuple[str, ...], n_frames: int) -> pa.Array:
    indices = pa.array(np.tile(np.arange(len(names), dtype=np.int32), n_frames))
    return pa.DictionaryArray.from_arrays(indices, pa.array(names)).cast(pa.string())
