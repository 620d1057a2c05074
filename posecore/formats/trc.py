"""TRC, the track-row-column file of marker positions that OpenSim opens.

What posecore writes: the 33 landmarks under their own names, in metres, y up (see
:mod:`posecore.formats.markers` for the half turn), at even time steps. A missing marker is three
empty cells; each row ends with a tab, without which OpenSim 4 refuses a row that ends with one.
"""

import csv
from itertools import chain
from pathlib import Path
from typing import IO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from posecore.errors import LandmarkFileError
from posecore.formats.catalogue import MAX_FRAMES
from posecore.formats.even_clock import to_even
from posecore.formats.markers import MAX_MARKERS, Y_UP, read_markers
from posecore.formats.reading import FileReading, explaining, make_broken
from posecore.sequence import PoseSequence
from posecore.topology import LANDMARK_NAMES

METRES: Final = {"m": 1.0, "cm": 0.01, "mm": 0.001}
"""Metres in each unit of length that is understood."""

_FACTS: Final = (
    *("DataRate", "CameraRate", "NumFrames", "NumMarkers"),
    *("Units", "OrigDataRate", "OrigDataStartFrame", "OrigNumFrames"),
)
_HEADER_LINES: Final = 5
_LONGEST_LINE: Final = 1_000_000


def write_trc(sequence: PoseSequence, stream: IO[bytes]) -> None:
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
    OpenSim documentation, Marker (.trc) Files.
    """
    even = to_even(sequence)
    n_frames, n_markers, fps = len(even.sequence), len(LANDMARK_NAMES), even.fps
    names = chain.from_iterable((name, "", "") for name in LANDMARK_NAMES)
    axes = chain.from_iterable((f"X{i}", f"Y{i}", f"Z{i}") for i in range(1, n_markers + 1))
    header = (
        ("PathFileType", "4", "(X/Y/Z)", "posecore.trc"),
        _FACTS,
        map(str, (fps, fps, n_frames, n_markers, "m", fps, 1, n_frames)),
        ("Frame#", "Time", *names),
        ("", "", *axes),
        (),
    )
    stream.write("".join("\t".join(line) + "\n" for line in header).encode())
    positions = (even.sequence.world_landmarks * Y_UP + np.float32(0)).reshape(n_frames, -1)
    for frame, (time_s, row) in enumerate(zip(even.sequence.time_s, positions, strict=True), 1):
        cells = ("" if cell != cell else str(cell) for cell in row)
        stream.write("\t".join((str(frame), str(float(time_s)), *cells, "\n")).encode())


class _Header(NamedTuple):
    n_frames: int
    metres: float
    names: list[str]


def read_trc(path: Path, title: str) -> FileReading:
    """Read markers; y is up, as OpenSim has it, and the times are those of the file.

    Parameters
    ----------
    path : Path
    title : str
        What messages call the file.

    Raises
    ------
    LandmarkFileError
        If it is no TRC file, cut short, or has no marker that is a landmark.
    """
    with explaining(title):
        with path.open(encoding="utf-8", errors="replace", newline=None) as stream:
            lines = [stream.readline(_LONGEST_LINE) for _ in range(_HEADER_LINES)]
            header = _read_header(title, lines)
            cells = _read_cells(title, stream, header)
        positions = cells[:, 2:].reshape(len(cells), len(header.names), 3)
        return read_markers(title, header.names, cells[:, 1], positions * header.metres * Y_UP)


def _read_header(title: str, lines: list[str]) -> _Header:
    if not lines[0].startswith("PathFileType"):
        raise LandmarkFileError(
            f"{title} is no TRC file: it must begin with PathFileType. Choose another file."
        )
    facts = dict(zip(lines[1].split(), lines[2].split(), strict=False))
    n_frames, n_markers = int(facts["NumFrames"]), int(facts["NumMarkers"])
    if not 0 < n_frames <= MAX_FRAMES or not 0 < n_markers <= MAX_MARKERS:
        raise make_broken(title, f"it says it holds {n_frames:,} frames of {n_markers:,} markers")
    metres = METRES.get(facts["Units"].lower())
    if metres is None:
        raise make_broken(title, f"its unit is {facts['Units'][:20]!r}, not one of m, cm, mm")
    [cells] = csv.reader([lines[3]], delimiter="\t", quoting=csv.QUOTE_NONE)
    names = [name.strip() for name in cells[2:]]
    return _Header(n_frames, metres, [names[3 * i] for i in range(n_markers)])


def _read_cells(title: str, stream: IO[str], header: _Header) -> NDArray[np.float64]:
    """Shape (n_frames, 2 + 3 n_markers), NaN where a cell is empty."""
    n_columns = 2 + 3 * len(header.names)
    cells = np.full((header.n_frames, n_columns), np.nan)
    n_rows = 0
    for line in iter(lambda: stream.readline(_LONGEST_LINE), ""):
        row = line.rstrip("\n").split("\t")
        if not any(map(str.strip, row)):
            continue
        if n_rows == header.n_frames:
            raise make_broken(title, f"it says it holds {n_rows:,} frames and holds more")
        if len(row) > n_columns and any(map(str.strip, row[n_columns:])):
            raise make_broken(title, f"frame {n_rows + 1:,} has more cells than markers")
        # Some programs leave the empty cells at the end of a row out; a row cut off has no end.
        if len(row) < n_columns and not line.endswith("\n"):
            break
        row = row[:n_columns]
        cells[n_rows, : len(row)] = [float(cell) if cell.strip() else np.nan for cell in row]
        n_rows += 1
    if n_rows < header.n_frames:
        raise make_broken(
            title, f"it says it holds {header.n_frames:,} frames and ends after {n_rows:,}"
        )
    return cells
