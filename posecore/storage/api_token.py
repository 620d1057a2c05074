"""A token: what a person gives a program, so that it may act for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from posecore.errors import InvalidFieldError
from posecore.identity import SCOPES, Scope
from posecore.storage import clock
from posecore.storage.session import check_text

TOKEN_PREFIX: Final = "pc_"
"""How every token begins, so that a search for leaked secrets finds one."""
TOKEN_NAME_LIMIT: Final = 100
MAX_TOKENS: Final = 100
"""Tokens that one owner may have."""
MAX_DAYS: Final = 366


@dataclass(frozen=True, kw_only=True)
class ApiToken:
    """What is known of a token; its text was shown once and is kept nowhere.

    Attributes
    ----------
    id : str
    name : str
        What it is for.
    scopes : frozenset of {"read", "write", "stream"}
    created_at, expires_at : datetime
        UTC, aware.
    last_used_at : datetime or None
        To the minute.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None

    @property
    def is_expired(self) -> bool:
        """Whether it opens nothing any more."""
        return self.expires_at.replace(tzinfo=None) <= clock.now()

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """Build it from a row of the database, whose columns are the fields above, in order."""
        token_id, name, scopes, *moments = row
        created_at, expires_at, last_used_at = (
            moment.replace(tzinfo=UTC) if moment else None for moment in moments
        )
        assert created_at is not None and expires_at is not None
        return cls(
            id=str(token_id),
            name=name,
            scopes=read_scopes(scopes),
            created_at=created_at,
            expires_at=expires_at,
            last_used_at=last_used_at,
        )


def check_token(name: Any, scopes: Any, days: Any) -> tuple[str, frozenset[Scope], int]:
    """Check what a token is to be made of.

    Raises
    ------
    InvalidFieldError
        With one sentence that names the field, the limit and what came.
    """
    check_text("name of a token", name, TOKEN_NAME_LIMIT)
    if not name.strip():
        raise InvalidFieldError("A token needs a name that says what it is for; type one.")
    if isinstance(scopes, str) or not isinstance(scopes, Iterable):
        raise InvalidFieldError("The scopes of a token must be a list of words.")
    chosen = list(scopes)
    if not chosen or any(scope not in SCOPES for scope in chosen):
        raise InvalidFieldError(
            f"A token needs one or more of the scopes {', '.join(SCOPES)}; choose what it may do."
        )
    return name, frozenset(chosen), check_days("A token", days)


def check_days(what: str, days: Any) -> int:
    """Check for how many days something holds.

    Raises
    ------
    InvalidFieldError
    """
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= MAX_DAYS:
        raise InvalidFieldError(
            f"{what} holds for a whole number of days from 1 to {MAX_DAYS}, not {str(days)[:40]!r}."
        )
    return days


def write_scopes(scopes: frozenset[Scope]) -> str:
    """Scopes as the database keeps them: words with a space between."""
    return " ".join(scope for scope in SCOPES if scope in scopes)


def read_scopes(text: str) -> frozenset[Scope]:
    """Scopes as they were kept; a word that means nothing grants nothing."""
    return frozenset(scope for scope in SCOPES if scope in text.split())
