"""All SQL about API tokens: made, listed, taken away, and who shows one."""

import re
import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from posecore.errors import (
    InvalidFieldError,
    NotSignedInError,
    StorageFullError,
    TokenNotFoundError,
)
from posecore.identity import Identity
from posecore.storage import clock
from posecore.storage.api_token import (
    MAX_TOKENS,
    TOKEN_PREFIX,
    ApiToken,
    check_token,
    read_scopes,
    write_scopes,
)
from posecore.storage.audit_store import write_down
from posecore.storage.connection import Database
from posecore.storage.person import LABEL
from posecore.storage.secret_text import hash_secret, make_secret
from posecore.storage.session_lookup import read_uuid

# Inside the class, ``list`` is the method.
_Tokens: TypeAlias = list[ApiToken]

_COLUMNS: Final = "id, name, scopes, created_at, expires_at, last_used_at"
_TEXT: Final = re.compile(rf"{TOKEN_PREFIX}[A-Za-z0-9_-]{{43}}")
_USE_NOTED_EVERY: Final = timedelta(minutes=1)


class TokenStore:
    """One owner's API tokens; reached as ``store.tokens``."""

    def __init__(self, database: Database, *, owner: str) -> None:
        self._database = database
        self._owner = owner

    def create(self, *, name: str, scopes: object, days: int) -> tuple[ApiToken, str]:
        """Make a token.

        Parameters
        ----------
        name : str
            What it is for, 1 to 100 characters.
        scopes : iterable of {"read", "write", "stream"}
            What it may do, at least one.
        days : int
            For how long, 1 to 366.

        Returns
        -------
        ApiToken
        str
            Its text, which nobody can find out again.

        Raises
        ------
        InvalidFieldError
        """
        name, granted, days = check_token(name, scopes, days)
        text, now = TOKEN_PREFIX + make_secret(), clock.now()
        with self._database.transaction() as cursor:
            [(n_tokens,)] = cursor.execute(
                "SELECT count(*) FROM api_tokens WHERE owner = ?", [self._owner]
            ).fetchall()
            if n_tokens >= MAX_TOKENS:
                raise InvalidFieldError(
                    f"There are {MAX_TOKENS} tokens already; revoke one that is not needed."
                )
            rows = cursor.execute(
                "INSERT INTO api_tokens VALUES ($id, $owner, $name, $scopes, $sha256, $now, "
                f"$expires_at, NULL) RETURNING {_COLUMNS}",
                {
                    "id": str(uuid.uuid4()),
                    "owner": self._owner,
                    "name": name,
                    "scopes": write_scopes(granted),
                    "sha256": hash_secret(text),
                    "now": now,
                    "expires_at": now + timedelta(days=days),
                },
            ).fetchall()
            detail = f"{name}: {write_scopes(granted)}, {days} days"
            write_down(cursor, "token made", actor=self._owner, detail=detail)
        return ApiToken.from_row(rows[0]), text

    def list(self) -> _Tokens:
        """Return the tokens that were not revoked, newest first; some may have expired."""
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT {_COLUMNS} FROM api_tokens WHERE owner = ? ORDER BY created_at DESC, id",
                [self._owner],
            ).fetchall()
        return [ApiToken.from_row(row) for row in rows]

    def revoke(self, token_id: str) -> None:
        """Take a token away; from now on it opens nothing.

        Raises
        ------
        TokenNotFoundError
        """
        with self._database.transaction() as cursor:
            rows = cursor.execute(
                "DELETE FROM api_tokens WHERE id = CAST(? AS UUID) AND owner = ? RETURNING name",
                [read_uuid(token_id), self._owner],
            ).fetchall()
            if not rows:
                raise TokenNotFoundError(
                    f"There is no token {str(token_id)[:40]!r}; it may have been revoked already. "
                    "The list in Settings shows those that are left."
                )
            write_down(cursor, "token revoked", actor=self._owner, detail=rows[0][0])
        self._database.note_less_rights()


def identify(database: Database, text: str) -> Identity:
    """Say who shows a token, whoever's it is.

    Raises
    ------
    NotSignedInError
        If it is unknown, expired or revoked: which of them is not said.
    """
    if not isinstance(text, str) or not _TEXT.fullmatch(text):
        raise _not_signed_in()
    now = clock.now()
    with database.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT id, api_tokens.owner, coalesce({LABEL}, ''), scopes, last_used_at "
            "FROM api_tokens LEFT JOIN people ON people.owner = api_tokens.owner "
            "WHERE secret_sha256 = $sha256 AND expires_at > $now",
            {"sha256": hash_secret(text), "now": now},
        ).fetchall()
    if not rows:
        raise _not_signed_in()
    token_id, owner, name, scopes, last_used_at = rows[0]
    if last_used_at is None or now - last_used_at >= _USE_NOTED_EVERY:
        _note_use(database, token_id, now)
    return Identity(owner=owner, name=name, scopes=read_scopes(scopes))


def _note_use(database: Database, token_id: uuid.UUID, now: datetime) -> None:
    # What only reads goes on when the disk is full.
    with suppress(StorageFullError), database.transaction() as cursor:
        cursor.execute("UPDATE api_tokens SET last_used_at = ? WHERE id = ?", [now, token_id])


def _not_signed_in() -> NotSignedInError:
    return NotSignedInError(
        "This token is unknown, expired or revoked; make a new one in Settings."
    )
