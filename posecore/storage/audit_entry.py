"""An entry of the audit list: who did what, when, and with which session."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final, Literal, Self, get_args

Action = Literal[
    "created",
    "changed",
    "deleted",
    "given",
    "opened",
    "downloaded",
    "watched",
    "note written",
    "note changed",
    "note deleted",
    "shared",
    "accepted",
    "left",
    "taken back",
    "token made",
    "token revoked",
]
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """Something that was done with what is an owner's.

    Attributes
    ----------
    happened_at : datetime
        UTC, aware.
    actor : str
        Who did it, as :attr:`posecore.identity.Identity.owner` names people.
    actor_name : str
        The same for people to read, as it is known today; empty where it is not.
    action : str
        One of :data:`ACTIONS`.
    session_id : str or None
    session_name : str
        As it was called then: the session may be gone.
    detail : str
        What was changed, of which athlete, which token, ...
    """

    happened_at: datetime
    actor: str
    actor_name: str
    action: str
    session_id: str | None
    session_name: str
    detail: str

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """Build it from a row of the database, whose columns are the fields above, in order."""
        values = dict(zip((field.name for field in fields(cls)), row, strict=True))
        values["happened_at"] = values["happened_at"].replace(tzinfo=UTC)
        values["session_id"] = str(values["session_id"]) if values["session_id"] else None
        return cls(**values)
