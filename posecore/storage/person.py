"""Somebody who signed in."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final, Self

LABEL: Final = "coalesce(nullif(people.name, ''), nullif(people.email, ''))"
"""What somebody is called, in SQL; NULL where neither name nor address is known."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who signed in, as their provider describes them.

    Attributes
    ----------
    owner : str
        As :attr:`posecore.identity.Identity.owner`.
    name, email : str
        For people to read; never used to decide anything. May be empty.
    first_seen_at, last_seen_at : datetime
        UTC, aware; the last to the minute.
    """

    owner: str
    name: str = ""
    email: str = ""
    first_seen_at: datetime
    last_seen_at: datetime

    @property
    def label(self) -> str:
        """What to call them."""
        return self.name or self.email or self.owner

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """Build it from a row of the database, whose columns are the fields above, in order."""
        values = dict(zip((field.name for field in fields(cls)), row, strict=True))
        for key in ("first_seen_at", "last_seen_at"):
            values[key] = values[key].replace(tzinfo=UTC)
        return cls(**values)
