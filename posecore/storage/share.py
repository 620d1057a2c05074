"""A share: one athlete's sessions, lent to somebody else."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final, Literal, Self, get_args

from posecore.errors import InvalidFieldError
from posecore.storage import clock
from posecore.storage.api_token import check_days
from posecore.storage.session import TEXT_LIMITS, check_text

Granted = Literal["read", "annotate"]
GRANTS: Final[tuple[Granted, ...]] = get_args(Granted)
ACCEPT_DAYS: Final = 7
"""Days within which an invitation can be accepted."""
MAX_SHARES: Final = 500
"""Shares and invitations that one owner may have at once."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """All sessions of one owner's athlete, of today and later, lent to one person.

    Attributes
    ----------
    id : str
    owner : str
        Whose sessions they are.
    owner_name : str
        The same for people to read; empty where it is not known.
    athlete : str
    right : {"read", "annotate"}
        To look at them, or to write notes as well.
    created_at, accept_until : datetime
        UTC, aware. An invitation that was not accepted until then is void.
    ends_at : datetime or None
        When it ends by itself; None for one that lasts until it is taken back.
    accepted_by, accepted_name : str or None, str
        Who has it; nobody yet while it is an invitation.
    accepted_at : datetime or None
    """

    id: str
    owner: str
    owner_name: str
    athlete: str
    right: Granted
    created_at: datetime
    accept_until: datetime
    ends_at: datetime | None
    accepted_by: str | None
    accepted_name: str
    accepted_at: datetime | None

    @property
    def state(self) -> Literal["invited", "expired", "accepted", "ended"]:
        """Whether it waits for somebody, was never accepted, is in force, or is over."""
        if self.ends_at and self.ends_at.replace(tzinfo=None) <= clock.now():
            return "ended"
        if self.accepted_by is not None:
            return "accepted"
        return "invited" if self.accept_until.replace(tzinfo=None) > clock.now() else "expired"

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """Build it from a row of the database, whose columns are the fields above, in order."""
        values = dict(zip((field.name for field in fields(cls)), row, strict=True))
        values["id"] = str(values["id"])
        for key in ("created_at", "accept_until", "ends_at", "accepted_at"):
            values[key] = values[key].replace(tzinfo=UTC) if values[key] else None
        return cls(**values)


def check_share(athlete: Any, right: Any, days: Any) -> None:
    """Check what is to be shared with which right.

    Raises
    ------
    InvalidFieldError
        With one sentence that names the field, the limit and what came.
    """
    check_text("athlete", athlete, TEXT_LIMITS["athlete"])
    if not athlete:
        raise InvalidFieldError(
            "Sessions are shared by athlete; give the sessions an athlete first."
        )
    if right not in GRANTS:
        raise InvalidFieldError(
            f"A share gives the right to {' or to '.join(GRANTS)}, not {str(right)[:40]!r}."
        )
    if days is not None:
        check_days("A share", days)
