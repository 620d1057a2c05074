"""Facts of a session, and the limits its texts keep to."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final, Self

from posecore.errors import InvalidFieldError

TEXT_LIMITS: Final = {"name": 200, "athlete": 100, "description": 5000}
"""Longest accepted text of each field, in characters."""
SOURCES: Final = ("live", "video", "stream", "sample", "file")
TAG_LIMIT: Final = 50
MAX_TAGS: Final = 20


@dataclass(frozen=True, kw_only=True)
class Session:
    """Facts of one continuous recording.

    Attributes
    ----------
    source : {"live", "video", "stream", "sample", "file"}
        "file" for landmarks that another program measured.
    status : {"recording", "processing", "completed", "failed"}
    status_reason : str
        Why it failed, or what a completed one lacks (its video, markers of its file), in
        sentences; empty otherwise.
    created_at : datetime
        UTC, aware.
    frame_count, detected_count, dropped_count : int
        Frames stored; those with somebody in them; those lost before they could be analysed.
    fps : float
        Frames per second over the recording; NaN for fewer than two frames.
    image_width, image_height : int or None
        Pixels; None before the first frame.
    video_path : str or None
        Where its video is, relative to the database's folder; None where none was kept.
    recovered : bool
        Whether the recording was cut off and finished at the next start.
    """

    id: str
    name: str
    description: str
    owner: str
    athlete: str
    tags: tuple[str, ...]
    source: str
    status: str
    status_reason: str = ""
    created_at: datetime
    duration_s: float = 0.0
    frame_count: int = 0
    detected_count: int = 0
    dropped_count: int = 0
    fps: float = math.nan
    image_width: int | None = None
    image_height: int | None = None
    model: str = ""
    video_path: str | None = None
    recovered: bool = False

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """Build it from a row of the database, whose columns are the fields above, in order."""
        values = dict(zip((field.name for field in fields(cls)), row, strict=True))
        values["id"] = str(values["id"])
        values["tags"] = tuple(values["tags"])
        values["created_at"] = values["created_at"].replace(tzinfo=UTC)
        values["fps"] = math.nan if values["fps"] is None else values["fps"]
        return cls(**values)


def check_fields(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Check the texts of a session against their limits; they are kept as given.

    Raises
    ------
    InvalidFieldError
        With one sentence that names the field, the limit and what came.
    """
    checked: dict[str, Any] = {}
    for key, value in changes.items():
        if key == "tags":
            checked[key] = _check_tags(value)
        elif key in TEXT_LIMITS:
            checked[key] = check_text(key, value, TEXT_LIMITS[key])
        else:
            raise InvalidFieldError(f"{key!r} of a session cannot be changed.")
    return checked


def check_text(key: str, value: Any, limit: int) -> str:
    """Check one text against its limit; it is kept as given.

    Raises
    ------
    InvalidFieldError
    """
    if not isinstance(value, str):
        raise InvalidFieldError(f"The {key} must be text, not {type(value).__name__}.")
    if len(value) > limit:
        raise InvalidFieldError(
            f"The {key} may have {limit:,} characters and this one has {len(value):,}; shorten it."
        )
    if key == "name" and not value.strip():
        raise InvalidFieldError("A session needs a name; type at least one character.")
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidFieldError(f"The {key} holds a character that is no text; type it again.")
    return value


def _check_tags(tags: Any) -> tuple[str, ...]:
    if isinstance(tags, str) or not isinstance(tags, Iterable):
        raise InvalidFieldError("Tags must be a list of words.")
    checked = tuple(dict.fromkeys(check_text("tag", tag, TAG_LIMIT) for tag in tags))
    if len(checked) > MAX_TAGS:
        raise InvalidFieldError(
            f"A session may have {MAX_TAGS} tags and this one has {len(checked)}; remove some."
        )
    return checked
