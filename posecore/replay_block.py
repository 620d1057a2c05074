"""A block of bytes for the player in the browser, which describes itself.

The block is little-endian throughout, and each part of it begins at a multiple of 8::

    uint32, uint32   length of the header, and of the head: all a player needs before it draws
    header           UTF-8 JSON
    time_s           float64, seconds since the first frame
    series           int16, shape (n_series, n_frames): what can be charted, read when it is
    pieces           what each frame has, for 64 frames each, read when they are shown
    errors_deg       uint8, shape (n_rows, n_frames), of the first series, if there are any

So an hour, which has 41 MB, opens as fast as a minute: the player reads the head, the series on
the screen and the pieces it plays. The header's ``arrays`` names each array with its dtype, shape
and offset from the header's end; ``piece`` has the same of the arrays in each piece, one after the
other, for as many frames as are in it.
"""

import json
import struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from posecore.topology import LANDMARK_NAMES, SEGMENTS_BY_SIDE

if TYPE_CHECKING:
    import pandas as pd

MISSING: Final = -32768
"""What stands for NaN in the packed landmarks and series."""
IMAGE_STEPS: Final = 8192.0
"""Steps of a packed place in the picture, to its width or height."""
PIECE_FRAMES: Final = 64
"""About 2 s: small enough for a jump to show at once, long enough to play on meanwhile."""

_LARGEST: Final = 32767
_UNKNOWN: Final = 255
_ALIGNMENT: Final = 8
_LENGTHS: Final = struct.Struct("<II")


class Series(NamedTuple):
    """One line of a chart.

    Attributes
    ----------
    about : dict
        What the player needs to draw it. ``panel`` is what shares one axis with it, ``group`` the
        heading it is listed under; ``joint`` is null where it has no one joint,
        ``error_row`` where nothing is known of its error. ``is_difference`` is there where 0 is
        the middle: nothing differs.
    steps_per_unit : float
        How finely a value is packed.
    values : ndarray, shape (n_frames,)
        In the series' ``unit``; NaN where there is none.
    """

    about: dict[str, Any]
    steps_per_unit: float
    values: NDArray[np.floating]


def pack_block(
    header: dict[str, Any],
    time_s: NDArray[np.float64],
    series: list[Series],
    frames: dict[str, NDArray[Any]],
    errors_deg: NDArray[np.uint8] | None = None,
) -> bytes:
    """Pack what a player shows.

    Parameters
    ----------
    header : dict
        What is to stand in the header beside what it says of the block itself.
    time_s : ndarray, shape (n_frames,)
    series : list of Series
    frames : dict of str to ndarray, shape (n_frames, ...)
        What each frame has; arrays of two bytes before those of one, so that they are aligned.
    errors_deg : ndarray, shape (n_rows, n_frames), optional
        What :func:`quantise_errors` returns, for the first series.

    Returns
    -------
    bytes
    """
    rows = [quantise(each.values, each.steps_per_unit) for each in series]
    arrays: dict[str, NDArray[Any]] = {
        "time_s": (time_s - time_s[:1]).astype("<f8"),
        "series": np.stack(rows),
        "pieces": _join_pieces(frames),
    }
    if errors_deg is not None:
        arrays["errors_deg"] = errors_deg
    about = {
        "version": 3,
        "n_frames": len(time_s),
        "landmarks": LANDMARK_NAMES,
        "segments": [
            {"from": int(a), "to": int(b), "side": side}
            for side, segments in SEGMENTS_BY_SIDE.items()
            for a, b in segments
        ],
        "series": [{**each.about, "steps_per_unit": each.steps_per_unit} for each in series],
        "missing": MISSING,
        "piece": {"n_frames": PIECE_FRAMES, "arrays": _describe_frames(frames)},
    }
    return _lay_out(about | header, arrays)


def get_head(packed: bytes) -> bytes:
    """Return what of a block a player needs before it draws."""
    return packed[: _LENGTHS.unpack_from(packed)[1]]


def quantise(values: ArrayLike, steps_per_unit: float) -> NDArray[np.int16]:
    """Whole steps as int16, clipped to what fits; NaN becomes :data:`MISSING`."""
    steps = np.rint(np.multiply(values, steps_per_unit))
    is_missing = np.isnan(steps)
    steps = np.clip(steps, -_LARGEST, _LARGEST)
    steps[is_missing] = MISSING
    return steps.astype("<i2")


def quantise_places(places_m: ArrayLike) -> NDArray[np.int16]:
    """Metres as whole millimetres, at most 32.767 m either way."""
    return quantise(places_m, 1000.0)


def quantise_image(image_landmarks: NDArray[np.floating]) -> NDArray[np.int16]:
    """X and y in steps of 1 / 8192 of the picture, at most 4 pictures either way."""
    return quantise(image_landmarks[..., :2], IMAGE_STEPS)


def quantise_visibility(
    visibility: NDArray[np.floating], world_landmarks: NDArray[np.floating]
) -> NDArray[np.uint8]:
    """0 to 1 as 0 to 255; NaN becomes 0, or 255 for a landmark that is there all the same.

    Where nobody said how visible a landmark is, it is not to be drawn as hidden.
    """
    is_there = ~np.isnan(world_landmarks).any(axis=-1)
    known = np.where(np.isnan(visibility), is_there, visibility)
    return np.asarray(np.rint(255.0 * known).clip(0, 255), dtype="u1")


def quantise_errors(errors_deg: "pd.DataFrame") -> NDArray[np.uint8]:
    """Whole degrees, rounded up, a row an angle; 255 where unknown."""
    errors = np.ceil(errors_deg.to_numpy(dtype=np.float64).T)
    return np.asarray(np.nan_to_num(errors, nan=_UNKNOWN).clip(0, _UNKNOWN), dtype="u1")


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
