"""A recording packed for the browser: one block of bytes that describes itself.

The block is little-endian throughout::

    uint32           length of the header in bytes
    header           UTF-8 JSON, padded with spaces so that the arrays begin at a multiple of 8
    arrays           one after the other, each at a multiple of 8

The header's ``arrays`` names each array with its dtype, shape and offset from the first array's
first byte. About 320 bytes a frame: landmarks in whole millimetres and angles in tenths of a degree
are finer than anything an estimator knows.
"""

import json
import struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from posecore.angles import ANGLES
from posecore.centre_of_mass import MASS_SHARES
from posecore.errors import InvalidSequenceError
from posecore.sequence import PoseSequence
from posecore.topology import LANDMARK_NAMES, SEGMENTS_BY_SIDE

if TYPE_CHECKING:
    import pandas as pd

MISSING: Final = -32768
"""What stands for NaN in the packed landmarks and angles."""

_LARGEST: Final = 32767
_UNKNOWN: Final = 255
_ALIGNMENT: Final = 8
_REACH_MM: Final = (1600, 2600)
"""Farthest from the body's axis and highest above the ground that anybody reaches; an estimator's
wild guess beyond it must not shrink the figure for the whole session."""


def pack_replay(
    sequence: PoseSequence,
    angles: "pd.DataFrame",
    *,
    expected_error: "pd.DataFrame | None" = None,
    session_id: str = "",
) -> bytes:
    """Pack a recording and its joint angles for the player in the browser.

    Parameters
    ----------
    sequence : PoseSequence
    angles : DataFrame, shape (n_frames, n_angles), degrees
        What :func:`posecore.compute_joint_angles` returns for this sequence.
    expected_error : DataFrame, shape (n_frames, n_angles), degrees, optional
        How far each reading may be off; the charts show it as a band.
    session_id : str
        Which session it is; the player keeps it in the address.

    Returns
    -------
    bytes
        ``time_s`` float64, seconds since the first frame; ``world_mm`` int16, shape
        (n_frames, 33, 3); ``visibility`` uint8, 255 is 1; ``frame_number`` int32;
        ``angles_ddeg`` int16, tenths of a degree, shape (n_angles, n_frames); ``errors_deg``
        uint8, whole degrees, rounded up, of the same shape if there is one, 255 where unknown.

    Raises
    ------
    InvalidSequenceError
        If the angles are not this sequence's: another length, or a name nobody defined.

    Notes
    -----
    NaN becomes :data:`MISSING`, in ``visibility`` 0. A value too large for its type is clipped to
    the largest that fits: 32.767 m and 3276.7 degrees either way, far outside a body.
    """
    _check_angles(sequence, angles)
    time_s = sequence.time_s
    world_mm = _quantise(sequence.world_landmarks, 1000.0)
    arrays = {
        "time_s": (time_s - time_s[:1]).astype("<f8"),
        "world_mm": world_mm,
        "visibility": np.rint(255.0 * np.nan_to_num(sequence.visibility)).clip(0, 255).astype("u1"),
        "frame_number": sequence.frame_number.clip(max=2**31 - 1).astype("<i4"),
        "angles_ddeg": _quantise(angles.to_numpy(dtype=np.float64).T, 10.0),
    }
    if expected_error is not None:
        _check_angles(sequence, expected_error)
        arrays["errors_deg"] = _quantise_errors(expected_error[list(angles.columns)])
    layout, body = _lay_out(arrays)
    header = {
        "version": 1,
        "session_id": session_id,
        "n_frames": sequence.n_frames,
        "start_s": float(time_s[0]) if sequence.n_frames else 0.0,
        "image_size": sequence.image_size,
        "landmarks": LANDMARK_NAMES,
        "segments": [
            {"from": int(a), "to": int(b), "side": side}
            for side, segments in SEGMENTS_BY_SIDE.items()
            for a, b in segments
        ],
        "mass_shares": MASS_SHARES.round(6).tolist(),
        "angles": [_describe_angle(name) for name in angles.columns],
        "reach_m": _compute_reach_m(world_mm),
        "missing": MISSING,
        "arrays": layout,
    }
    return _frame_header(header) + body


def pack_expected_error(expected_error: "pd.DataFrame") -> bytes:
    """Pack how far each reading may be off, for a player that has the recording already.

    Parameters
    ----------
    expected_error : DataFrame, shape (n_frames, n_angles), degrees
        With the columns of the recording's angles, in their order.

    Returns
    -------
    bytes
        ``errors_deg`` as in :func:`pack_replay`.
    """
    return _quantise_errors(expected_error).tobytes()


def _quantise_errors(expected_error: "pd.DataFrame") -> NDArray[np.uint8]:
    errors = np.ceil(expected_error.to_numpy(dtype=np.float64).T)
    return np.asarray(np.nan_to_num(errors, nan=_UNKNOWN).clip(0, _UNKNOWN), dtype="u1")


def pack_image_landmarks(sequence: PoseSequence) -> bytes:
    """Pack where the landmarks are in the picture, to be drawn over the video.

    Parameters
    ----------
    sequence : PoseSequence

    Returns
    -------
    bytes
        int16, little-endian, shape (n_frames, 33, 2): x and y in steps of 1 / 8192 of the
        picture's width and height, clipped to 4 pictures either way; NaN is :data:`MISSING`.
    """
    return _quantise(sequence.image_landmarks[:, :, :2], 8192.0).tobytes()


def _check_angles(sequence: PoseSequence, angles: "pd.DataFrame") -> None:
    if len(angles) != sequence.n_frames:
        raise InvalidSequenceError(
            f"The angles have {len(angles)} rows and the recording has {sequence.n_frames} frames; "
            "compute them from this recording."
        )
    unknown = [str(name) for name in angles.columns if name not in ANGLES]
    if unknown:
        raise InvalidSequenceError(
            f"There is no angle {unknown[0]!r}; the known ones are {', '.join(ANGLES)}."
        )


def _quantise(values: ArrayLike, steps_per_unit: float) -> NDArray[np.int16]:
    """Whole steps as int16, clipped to what fits; NaN becomes :data:`MISSING`."""
    steps = np.rint(np.multiply(values, steps_per_unit))
    is_missing = np.isnan(steps)
    steps = np.clip(steps, -_LARGEST, _LARGEST)
    steps[is_missing] = MISSING
    return steps.astype("<i2")


def _describe_angle(name: str) -> dict[str, Any]:
    """What the player needs to draw one angle; ``joint`` is null where it has no one joint."""
    definition = ANGLES[name]
    return {
        "joint": definition.joint,
        "zero": definition.zero,
        "name": definition.name,
        "label": definition.label,
        "side": definition.side,
        "group": definition.motion,
        "title": definition.title,
        "meaning": definition.meaning,
    }


def _compute_reach_m(world_mm: NDArray[np.int16]) -> dict[str, float]:
    """How far the body gets from its own axis, and how high above its lowest landmark."""
    # MISSING is the one int16 without a positive twin: it stays negative and is never the largest.
    radius_mm = int(np.abs(world_mm[:, :, ::2]).max(initial=0))
    y = world_mm[:, :, 1]
    lowest = y.max(axis=1, initial=MISSING).astype(np.int32)
    highest = np.where(y == MISSING, _LARGEST, y).min(axis=1, initial=_LARGEST)
    height_mm = int((lowest - highest).max(initial=0))
    reaches = zip(("radius", "height"), (radius_mm, height_mm), _REACH_MM, strict=True)
    return {name: min(reach, limit) / 1000 for name, reach, limit in reaches}


def _lay_out(arrays: dict[str, NDArray[Any]]) -> tuple[list[dict[str, Any]], bytes]:
    layout, parts, offset = [], [], 0
    for name, array in arrays.items():
        data = np.ascontiguousarray(array).tobytes()
        layout.append(
            {"name": name, "dtype": array.dtype.name, "shape": array.shape, "offset": offset}
        )
        padding = -len(data) % _ALIGNMENT
        parts += [data, bytes(padding)]
        offset += len(data) + padding
    return layout, b"".join(parts)


def _frame_header(header: dict[str, Any]) -> bytes:
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(4 + len(text)) % _ALIGNMENT)
    return struct.pack("<I", len(text)) + text
