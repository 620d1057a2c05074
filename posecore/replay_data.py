"""A recording packed for the browser: one block of bytes that describes itself.

The block is little-endian throughout, and each part of it begins at a multiple of 8::

    uint32, uint32   length of the header, and of the head: all a player needs before it draws
    header           UTF-8 JSON
    time_s           float64, seconds since the first frame
    series           int16, shape (n_series, n_frames): what can be charted, read when it is
    pieces           landmarks of 64 frames each, read when they are shown
    errors_deg       uint8, shape (n_angles, n_frames), if there are any

So an hour, which has 41 MB, opens as fast as a minute: the player reads the head, the series on
the screen and the pieces it plays. The header's ``arrays`` names each array with its dtype, shape
and offset from the header's end; ``piece`` has the same of the arrays in each piece, one
after the other, for as many frames as are in it. About 380 bytes a frame, 510 with a video:
landmarks in whole millimetres and angles in tenths of a degree are finer than anything an
estimator knows.
"""

import json
import struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from posecore.angles import ANGLES
from posecore.centre_of_mass import MASS_SHARES
from posecore.clip_scene import compute_ground, make_room
from posecore.errors import InvalidSequenceError
from posecore.replay_series import make_series
from posecore.sequence import PoseSequence
from posecore.topology import LANDMARK_NAMES, SEGMENTS_BY_SIDE

if TYPE_CHECKING:
    import pandas as pd

MISSING: Final = -32768
"""What stands for NaN in the packed landmarks and series."""
PIECE_FRAMES: Final = 64
"""About 2 s: small enough for a jump to show at once, long enough to play on meanwhile."""

_LARGEST: Final = 32767
_UNKNOWN: Final = 255
_ALIGNMENT: Final = 8
_LENGTHS: Final = struct.Struct("<II")
_IMAGE_STEPS: Final = 8192.0


def pack_replay(
    sequence: PoseSequence,
    angles: "pd.DataFrame",
    *,
    expected_error: "pd.DataFrame | None" = None,
    session_id: str = "",
    has_video: bool = False,
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
    has_video : bool
        Whether the landmarks are to be drawn over a video as well.

    Returns
    -------
    bytes
        Each frame has ``world_mm`` int16, shape (33, 3); ``ground_mm`` int16, the ground below the
        hips; with a video ``image_steps`` int16, shape (33, 2): x and y in steps of 1 / 8192 of the
        picture's width and height; ``visibility`` uint8, 255 is 1. ``errors_deg`` are whole
        degrees, rounded up, 255 where unknown.

    Raises
    ------
    InvalidSequenceError
        If the angles are not this sequence's: another length, or a name nobody defined.

    Notes
    -----
    NaN becomes :data:`MISSING`, in ``visibility`` 0. A value too large for its type is clipped to
    the largest that fits: 32.767 m, 3276.7 degrees and 4 pictures either way, far outside a body.
    """
    _check_angles(sequence, angles)
    time_s = sequence.time_s
    series = make_series(sequence, angles)
    frames = _quantise_frames(sequence, has_video=has_video)
    values = [_quantise(each.values, each.steps_per_unit) for each in series]
    arrays: dict[str, NDArray[Any]] = {
        "time_s": (time_s - time_s[:1]).astype("<f8"),
        "series": np.stack(values),
        "pieces": _join_pieces(frames),
    }
    if expected_error is not None:
        _check_angles(sequence, expected_error)
        arrays["errors_deg"] = _quantise_errors(expected_error[list(angles.columns)])
    header = {
        "version": 2,
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
        "series": [{**each.about, "steps_per_unit": each.steps_per_unit} for each in series],
        "room": make_room(sequence)._asdict(),
        "missing": MISSING,
        "piece": {"n_frames": PIECE_FRAMES, "arrays": _describe_frames(frames)},
    }
    return _lay_out(header, arrays)


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


def get_head(packed: bytes) -> bytes:
    """Return what of a packed recording a player needs before it draws."""
    return packed[: _LENGTHS.unpack_from(packed)[1]]


def _quantise_errors(expected_error: "pd.DataFrame") -> NDArray[np.uint8]:
    errors = np.ceil(expected_error.to_numpy(dtype=np.float64).T)
    return np.asarray(np.nan_to_num(errors, nan=_UNKNOWN).clip(0, _UNKNOWN), dtype="u1")


def _quantise_frames(sequence: PoseSequence, *, has_video: bool) -> dict[str, NDArray[Any]]:
    """All that each frame has, a row a frame; two-byte values first, so that they are aligned."""
    frames: dict[str, NDArray[Any]] = {
        "world_mm": _quantise(sequence.world_landmarks, 1000.0),
        "ground_mm": _quantise(compute_ground(sequence), 1000.0),
    }
    if has_video:
        frames["image_steps"] = _quantise(sequence.image_landmarks[:, :, :2], _IMAGE_STEPS)
    visibility = np.rint(255.0 * np.nan_to_num(sequence.visibility)).clip(0, 255)
    return {**frames, "visibility": visibility.astype("u1")}


def _describe_frames(frames: dict[str, NDArray[Any]]) -> list[dict[str, Any]]:
    return [
        {"name": name, "dtype": array.dtype.name, "shape": array.shape[1:]}
        for name, array in frames.items()
    ]


def _join_pieces(frames: dict[str, NDArray[Any]]) -> NDArray[np.uint8]:
    """Piece by piece, each array of its frames as a whole; every piece begins aligned."""
    n_frames = len(frames["world_mm"])
    parts = []
    for first in range(0, n_frames, PIECE_FRAMES):
        data = b"".join(array[first : first + PIECE_FRAMES].tobytes() for array in frames.values())
        parts += [data, bytes(-len(data) % _ALIGNMENT)]
    return np.frombuffer(b"".join(parts), dtype=np.uint8)


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


def _lay_out(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> bytes:
    """Write the header, and the arrays at the places that it says."""
    layout = []
    offset = 0
    for name, array in arrays.items():
        layout.append(
            {"name": name, "dtype": array.dtype.name, "shape": array.shape, "offset": offset}
        )
        offset += array.nbytes + -array.nbytes % _ALIGNMENT
    text = json.dumps({**header, "arrays": layout}, separators=(",", ":")).encode()
    text += b" " * (-(_LENGTHS.size + len(text)) % _ALIGNMENT)
    begin = _LENGTHS.size + len(text)
    parts = [_LENGTHS.pack(len(text), begin + arrays["time_s"].nbytes), text]
    for array in arrays.values():
        parts += [np.ascontiguousarray(array).tobytes(), bytes(-array.nbytes % _ALIGNMENT)]
    return b"".join(parts)
