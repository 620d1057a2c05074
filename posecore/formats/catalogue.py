"""What can be handed over in which format, and what can be taken in: a table, nothing else."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

What = Literal["landmarks", "angles", "metrics", "notes", "steps"]
WHATS: Final[tuple[What, ...]] = get_args(What)


@dataclass(frozen=True, kw_only=True)
class FileFormat:
    """One format that posecore writes.

    Attributes
    ----------
    name : str
        What the command line and :func:`posecore.write_sequence` call it.
    label : str
        What a button calls it.
    extension : str
        Of the file's name, without a dot.
    holds : tuple of {"landmarks", "angles", "metrics", "notes", "steps"}
        What of a session it can hold; the first is the default.
    media_type : str
        For a download.
    help : str
        One sentence for the coach.
    """

    name: str
    label: str
    extension: str
    holds: tuple[What, ...]
    media_type: str
    help: str


_FORMATS: Final = (
    FileFormat(
        name="csv",
        label="CSV",
        extension="csv",
        holds=WHATS,
        media_type="text/csv",
        help="A table for any spreadsheet, one row a frame.",
    ),
    FileFormat(
        name="csv-tidy",
        label="CSV (tidy)",
        extension="csv",
        holds=("landmarks", "angles"),
        media_type="text/csv",
        help="A long table for statistics and plots, one row for each frame and landmark or angle.",
    ),
    FileFormat(
        name="parquet",
        label="Parquet",
        extension="parquet",
        holds=WHATS,
        media_type="application/vnd.apache.parquet",
        help="The same table as CSV, small and fast to open in Python, R or DuckDB.",
    ),
    FileFormat(
        name="trc",
        label="TRC",
        extension="trc",
        holds=("landmarks",),
        media_type="text/tab-separated-values",
        help="Markers in metres for OpenSim and other motion analysis.",
    ),
    FileFormat(
        name="mot",
        label="MOT",
        extension="mot",
        holds=("angles",),
        media_type="text/tab-separated-values",
        help="Joint angles in degrees for OpenSim.",
    ),
    FileFormat(
        name="c3d",
        label="C3D",
        extension="c3d",
        holds=("landmarks",),
        media_type="application/octet-stream",
        help="Markers in metres for gait laboratories and motion analysis.",
    ),
    FileFormat(
        name="json",
        label="JSON",
        extension="json",
        holds=WHATS,
        media_type="application/json",
        help="Everything about each frame, for programs.",
    ),
    FileFormat(
        name="bvh",
        label="BVH",
        extension="bvh",
        holds=("landmarks",),
        media_type="text/plain",
        help="A moving skeleton for Blender and other animation programs.",
    ),
)

FORMATS: Final = {file_format.name: file_format for file_format in _FORMATS}
"""Every format by its name, in the order in which they are offered."""

IMPORT_ENDINGS: Final = ("trc", "c3d", "csv", "parquet", "json", "jsonl", "ndjson")
"""Endings of the files of landmarks that can be imported, without a dot."""

MAX_FRAMES: Final = 1_000_000
"""Nine hours at 30 frames a second: more is rather a broken clock or file than a recording."""


def find_by_ending(path: str | Path) -> FileFormat | None:
    """Find the first format whose files end like this one; None where there is none."""
    ending = Path(path).suffix.lower().removeprefix(".")
    return next((each for each in _FORMATS if each.extension == ending), None)


def is_landmark_file(path: str | Path) -> bool:
    """Whether a file is by its ending one of landmarks, which needs no pose model."""
    return Path(path).suffix.lower().removeprefix(".") in IMPORT_ENDINGS
