"""C3D, the binary file of marker positions that motion laboratories exchange.

What posecore writes: the 33 landmarks under their own names, as float32 in metres, y up (see
:mod:`posecore.formats.markers` for the half turn; ``X_SCREEN`` is ``+X`` and ``Y_SCREEN`` ``+Y``),
at even time steps. A missing marker is at the origin with the residual -1, any other has the
residual 0. The format has one frame rate, a float32, and no time: frames count from 0 s.
"""

import io
import warnings
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from posecore.formats.catalogue import MAX_FRAMES
from posecore.formats.even_clock import to_even
from posecore.formats.markers import MAX_MARKERS, Y_UP, read_markers
from posecore.formats.reading import FileReading, explaining, make_broken
from posecore.formats.trc import METRES
from posecore.sequence import PoseSequence
from posecore.topology import LANDMARK_NAMES

_AXES: Final = {
    f"{sign}{name}": factor * axis
    for name, axis in zip("XYZ", np.eye(3), strict=True)
    for sign, factor in (("+", 1.0), ("-", -1.0))
}
_USUAL_SCREEN: Final = ("+X", "+Z")


def write_c3d(sequence: PoseSequence, stream: IO[bytes]) -> None:
    """Write the world landmarks as markers.

    Parameters
    ----------
    sequence : PoseSequence
        Resampled where its steps are uneven, see :func:`posecore.formats.even_clock.to_even`.
    stream : binary file

    Raises
    ------
    ExportError
        If there is no frame.

    References
    ----------
    The C3D File Format, User Guide, https://www.c3d.org/docs/C3D_User_Guide.pdf
    """
    import c3d

    even = to_even(sequence)
    writer = c3d.Writer(point_rate=even.fps, point_scale=-1.0, point_units="m")
    writer.set_point_labels(list(LANDMARK_NAMES))
    writer.set_screen_axis("+X", "+Y")
    world = even.sequence.world_landmarks * Y_UP
    points = np.zeros((len(world), len(LANDMARK_NAMES), 5), dtype=np.float32)
    points[..., :3] = np.nan_to_num(world)
    points[..., 3] = np.where(np.isnan(world).any(axis=-1), -1.0, 0.0)
    points[points[..., 3] < 0, :3] = 0.0
    nothing = np.empty((0, 0))
    writer.add_frames([(frame, nothing) for frame in points])
    # The writer asks where it is, which a file inside a ZIP cannot tell.
    whole = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that there are no analogue channels
        writer.write(whole)
    stream.write(whole.getbuffer())


def read_c3d(path: Path, title: str) -> FileReading:
    """Read markers.

    Parameters
    ----------
    path : Path
    title : str
        What messages call the file.

    Returns
    -------
    FileReading
        Up is the direction of ``POINT:Y_SCREEN``, right that of ``POINT:X_SCREEN``; where the file
        does not say, +Z and +X, as most laboratories have it. Frame ``i`` is at ``i`` divided by
        the file's rate: the format knows no other times.

    Raises
    ------
    LandmarkFileError
        If it is no C3D file, cut short, or has no marker that is a landmark.
    """
    import c3d

    # What the package warns about is judged here: either it is fatal, or nobody needs to know.
    with explaining(title), path.open("rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader = c3d.Reader(stream)
        names = _read_names(title, reader)
        n_frames = int(reader.last_frame) - int(reader.first_frame) + 1
        _check_size(title, reader, n_frames, path.stat().st_size)
        positions = _read_positions(reader, n_frames)
        if len(positions) != n_frames:
            raise make_broken(title, f"it is cut off after {len(positions):,} frames")
        metres = METRES.get(_read_text(reader, "POINT:UNITS").lower() or "mm")
        if metres is None:
            raise make_broken(title, "its unit of length is not one of m, cm, mm")
        time_s = np.arange(len(positions)) / float(reader.point_rate)
        return read_markers(title, names, time_s, positions @ _find_turn(reader) * metres)


def _read_text(reader: Any, key: str) -> str:
    parameter = reader.get(key)
    return str(parameter.string_value).strip(" \0") if parameter is not None else ""


def _read_names(title: str, reader: Any) -> list[str]:
    names = [str(name).strip(" \0") for name in reader.point_labels] if reader.point_used else []
    if not names:
        raise make_broken(title, "it holds no markers")
    # More points than names are allowed: the rest are nameless.
    n_points = int(reader.point_used)
    return (names + [""] * n_points)[:n_points]


def _check_size(title: str, reader: Any, n_frames: int, n_bytes: int) -> None:
    """Refuse counts that the file cannot hold before any memory is taken for them."""
    n_points, rate = int(reader.point_used), float(reader.point_rate)
    word = 4 if reader.point_scale < 0 else 2
    is_possible = 0 < n_frames <= MAX_FRAMES and n_points <= MAX_MARKERS and 0 < rate < np.inf
    if not is_possible:
        raise make_broken(
            title, f"it says it holds {n_frames:,} frames of {n_points:,} markers at {rate:g} Hz"
        )
    if n_frames * n_points * 4 * word > n_bytes:
        raise make_broken(title, f"it says it holds {n_frames:,} frames, and is too short for them")


def _read_positions(reader: Any, n_frames: int) -> NDArray[np.float32]:
    """Shape (n_read, n_points, 3), NaN where the residual says that a marker is missing."""
    frames = np.full((n_frames, int(reader.point_used), 3), np.nan, dtype=np.float32)
    n_read = 0
    for _, points, _ in reader.read_frames(copy=False):
        frames[n_read] = np.where(points[:, 3:4] < 0, np.nan, points[:, :3])
        n_read += 1
    return frames[:n_read]


def _find_turn(reader: Any) -> NDArray[np.float32]:
    """Matrix that turns rows (x, y, z) of the file into right, down and away."""
    screen = tuple(_read_text(reader, f"POINT:{axis}_SCREEN").upper() for axis in "XY")
    if not set(screen) <= set(_AXES) or screen[0][1] == screen[1][1]:
        screen = _USUAL_SCREEN
    right, up = _AXES[screen[0]], _AXES[screen[1]]
    return np.stack([right, -up, -np.cross(right, up)], axis=1).astype(np.float32)
