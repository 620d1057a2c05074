"""A note on a session: what was seen, and when."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from numbers import Real
from typing import Any, Final, Self

from posecore.errors import InvalidFieldError
from posecore.storage.session import TAG_LIMIT, check_text

NOTE_LIMIT: Final = 2000
"""Longest accepted text of a note, in characters."""
CHANGEABLE: Final = ("start_s", "end_s", "text", "tag")


@dataclass(frozen=True, kw_only=True)
class Note:
    """Words at a moment of a session, or over a stretch of it.

    Attributes
    ----------
    start_s : float
        Seconds since the session's first frame, which is what the replay's clock shows:
        ``time_s - time_s[0]`` of the session's frames.
    end_s : float or None
        Where the stretch ends, on the same clock, itself included; None for a moment.
    text : str
        1 to 2,000 characters, kept as given.
    tag : str
        One word to find it by, at most 50 characters; may be empty.
    created_at : datetime
        UTC, aware.
    author : str
        Who wrote it, as :attr:`posecore.identity.Identity.owner` names people.
    """

    id: str
    session_id: str
    start_s: float
    end_s: float | None = None
    text: str
    tag: str = ""
    created_at: datetime
    author: str = ""

    @property
    def label(self) -> str:
        """Tag and text in one line of words."""
        return f"{self.tag}: {self.text}" if self.tag else self.text

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """Build it from a row of the database, whose columns are the fields above, in order."""
        values = dict(zip((field.name for field in fields(cls)), row, strict=True))
        values["id"], values["session_id"] = str(values["id"]), str(values["session_id"])
        values["created_at"] = values["created_at"].replace(tzinfo=UTC)
        return cls(**values)


def check_note(*, start_s: Any, end_s: Any, text: Any, tag: Any) -> dict[str, Any]:
    """Check the fields of a note against their limits; the texts are kept as given.

    Raises
    ------
    InvalidFieldError
        With one sentence that names the field, the limit and what came.
    """
    start_s = _check_time("start", start_s)
    if end_s is not None:
        end_s = _check_time("end", end_s)
        if end_s < start_s:
            raise InvalidFieldError(
                f"A note must end where it starts or later, not at {end_s:g} s when it starts at "
                f"{start_s:g} s."
            )
    text = check_text("text of a note", text, NOTE_LIMIT)
    if not text.strip():
        raise InvalidFieldError("A note needs a text; type at least one character.")
    return {
        "start_s": start_s,
        "end_s": end_s,
        "text": text,
        "tag": check_text("tag of a note", tag, TAG_LIMIT),
    }


def _check_time(name: str, time_s: Any) -> float:
    if not isinstance(time_s, Real) or not math.isfinite(time_s) or time_s < 0:
        raise InvalidFieldError(
            f"The {name} of a note must be seconds since the session's first frame, 0 or more, "
            f"not {str(time_s)[:40]!r}."
        )
    return float(time_s)
