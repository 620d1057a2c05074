"""All SQL about the audit list: who opened or changed what of an owner's, the newest of it."""

from datetime import timedelta
from typing import Final, TypeAlias

import duckdb

from posecore.errors import InvalidFieldError
from posecore.storage import clock
from posecore.storage.audit_entry import ACTIONS, Action, AuditEntry
from posecore.storage.connection import Database
from posecore.storage.person import LABEL
from posecore.storage.session import Session, check_text
from posecore.storage.session_lookup import find_session

# Inside the class, ``list`` is the method.
_Entries: TypeAlias = list[AuditEntry]

KEPT: Final = 10_000
"""Entries kept of each owner, the newest."""
KEPT_OF_A_GUEST: Final = 1_000
"""Of these, entries of what one other person did: they cannot push all others out."""
QUIET: Final = timedelta(minutes=10)
"""For so long the same that the same person opens or downloads again is not noted again."""
DETAIL_LIMIT: Final = 200
_PRUNED_EVERY: Final = 100


class AuditStore:
    """What was done with one owner's sessions; reached as ``store.audit``.

    Whatever changes something writes it down itself, in the same transaction: there is no change
    without its entry. An entry belongs to the owner of the session, whoever acted, and nobody else
    sees it.
    """

    def __init__(self, database: Database, *, owner: str) -> None:
        self._database = database
        self._owner = owner

    def note(self, action: Action, session_id: str | None = None, detail: str = "") -> None:
        """Write down what leaves no other trace: that something was opened or downloaded.

        The same by the same person is noted once in ten minutes.

        Parameters
        ----------
        action : str
            One of :data:`posecore.storage.audit_entry.ACTIONS`.
        session_id : str, optional
        detail : str
            At most 200 characters.

        Raises
        ------
        InvalidFieldError, SessionNotFoundError, StorageFullError
        """
        if action not in ACTIONS:
            raise InvalidFieldError(f"The audit list knows no {str(action)[:40]!r}.")
        check_text("detail", detail, DETAIL_LIMIT)
        with self._database.cursor() as cursor:
            session = None
            if session_id is not None:
                session = find_session(cursor, session_id, owner=self._owner)
            if was_noted(cursor, action, actor=self._owner, session=session, detail=detail):
                return
        with self._database.transaction() as cursor:
            if session is not None:  # it may have been deleted or taken back meanwhile
                session = find_session(cursor, session.id, owner=self._owner)
            if not was_noted(cursor, action, actor=self._owner, session=session, detail=detail):
                write_down(cursor, action, actor=self._owner, session=session, detail=detail)

    def list(self, *, limit: int = 1000) -> _Entries:
        """Return what was done with this owner's sessions, shares and tokens, newest first.

        Parameters
        ----------
        limit : int
            At most so many; no more than 10,000 are kept.
        """
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT happened_at, actor, coalesce({LABEL}, ''), action, session_id, "
                "session_name, detail FROM audit LEFT JOIN people ON people.owner = audit.actor "
                "WHERE audit.owner = $owner ORDER BY number DESC LIMIT $limit",
                {"owner": self._owner, "limit": min(max(int(limit), 0), KEPT)},
            ).fetchall()
        return [AuditEntry.from_row(row) for row in rows]


def write_down(
    cursor: duckdb.DuckDBPyConnection,
    action: Action,
    *,
    actor: str,
    session: Session | None = None,
    owner: str | None = None,
    detail: str = "",
) -> None:
    """Add an entry within the transaction that does what it says.

    Parameters
    ----------
    cursor : DuckDBPyConnection
    action : str
    actor : str
        Who does it.
    session : Session, optional
        With which session; the entry is then its owner's.
    owner : str, optional
        Whose entry it is where there is no session; the actor's own when left out.
    detail : str
        Cut after 200 characters.
    """
    owner = session.owner if session else owner or actor
    [(number,)] = cursor.execute(
        "INSERT INTO audit SELECT $owner, coalesce(max(number), 0) + 1, $now, $actor, $action, "
        "CAST($session_id AS UUID), $session_name, $detail FROM audit WHERE owner = $owner "
        "RETURNING number",
        {
            "owner": owner,
            "now": clock.now(),
            "actor": actor,
            "action": action,
            "session_id": session.id if session else None,
            "session_name": session.name if session else "",
            "detail": detail[:DETAIL_LIMIT],
        },
    ).fetchall()
    if number % _PRUNED_EVERY == 0:
        _prune(cursor, owner)


def was_noted(
    cursor: duckdb.DuckDBPyConnection,
    action: Action,
    *,
    actor: str,
    session: Session | None = None,
    owner: str | None = None,
    detail: str = "",
) -> bool:
    """Whether there is such an entry, as :func:`write_down` makes it, of the last ten minutes."""
    found = cursor.execute(
        "SELECT 1 FROM audit WHERE owner = $owner AND actor = $actor AND action = $action "
        "AND detail = $detail AND happened_at > $since "
        "AND session_id IS NOT DISTINCT FROM CAST($session_id AS UUID) LIMIT 1",
        {
            "owner": session.owner if session else owner or actor,
            "actor": actor,
            "action": action,
            "detail": detail,
            "since": clock.now() - QUIET,
            "session_id": session.id if session else None,
        },
    ).fetchall()
    return bool(found)


def _prune(cursor: duckdb.DuckDBPyConnection, owner: str) -> None:
    """Forget the oldest: first of each guest, who could fill the list on purpose, then of all."""
    cursor.execute(
        "DELETE FROM audit WHERE owner = $owner AND number IN (SELECT number FROM audit "
        "WHERE owner = $owner AND actor <> $owner QUALIFY "
        "row_number() OVER (PARTITION BY actor ORDER BY number DESC) > $kept)",
        {"owner": owner, "kept": KEPT_OF_A_GUEST},
    )
    cursor.execute(
        "DELETE FROM audit WHERE owner = $owner AND number <= (SELECT number FROM audit "
        "WHERE owner = $owner ORDER BY number DESC LIMIT 1 OFFSET $kept)",
        {"owner": owner, "kept": KEPT},
    )
