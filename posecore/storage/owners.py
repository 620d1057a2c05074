"""All owners of one database, for whoever runs it: who there is, and giving sessions to another."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import duckdb

from posecore.errors import InvalidFieldError
from posecore.settings import LOCAL_OWNER
from posecore.storage.audit_store import write_down
from posecore.storage.connection import Database
from posecore.storage.person import LABEL
from posecore.storage.session_lookup import find_session

if TYPE_CHECKING:
    from posecore.storage.session_store import SessionStore

# What belongs to an owner by itself; all else belongs to a session.
_REFERENCES: Final = """
    FROM session_references AS reference JOIN sessions AS session
    ON session.id = reference.session_id
    WHERE reference.owner = $giver AND session.owner = $receiver
"""


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Somebody whose sessions lie in the database, or who signed in once.

    Attributes
    ----------
    owner : str
        As in :class:`posecore.identity.Identity`.
    name : str
        For people; empty where nobody of that owner signed in yet.
    n_sessions : int
    """

    owner: str
    name: str
    n_sessions: int


class Owners:
    """Sees all owners' sessions, so nothing that somebody can ask from elsewhere may use it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def of(cls, store: "SessionStore") -> "Owners":
        """Return all owners of the database that a store works on."""
        return cls(store._database)

    def list(self) -> list[Owner]:
        """List everybody, who has most sessions first."""
        with self._database.cursor() as cursor:
            return _list(cursor)

    def give(self, giver: str, receiver: str, session_ids: Iterable[str] = ()) -> int:
        """Make one owner's sessions another's, with frames, notes, videos and references.

        Parameters
        ----------
        giver, receiver : str
            The receiver has signed in once, or has sessions, so that no slip of the pen gives them
            to nobody.
        session_ids : iterable of str
            All of the giver's, when left out.

        Returns
        -------
        int
            How many sessions changed their owner.

        Raises
        ------
        InvalidFieldError
            If there is no such owner, or the two are one.
        SessionNotFoundError
            If a session is not the giver's; none is given then.
        """
        with self._database.transaction() as cursor:
            known = {each.owner for each in _list(cursor)} | {LOCAL_OWNER}
            for owner in (giver, receiver):
                if owner not in known:
                    raise InvalidFieldError(
                        f"There is no owner {owner[:200]!r}: nobody of that name has signed in or "
                        "has sessions. The command owners lists them."
                    )
            if giver == receiver:
                raise InvalidFieldError("Giver and receiver are the same owner; name two.")
            ids = [find_session(cursor, each, owner=giver, right="own").id for each in session_ids]
            n_given = _give(cursor, giver, receiver, ids)
            # Whoever may run the command sits at the computer, and is nobody of the two.
            for owner, what in ((giver, f"to {receiver}"), (receiver, f"from {giver}")):
                detail = f"{n_given} session{'s' * (n_given != 1)} {what}"
                write_down(cursor, "given", actor=LOCAL_OWNER, owner=owner, detail=detail)
            return n_given


def _list(cursor: duckdb.DuckDBPyConnection) -> list[Owner]:
    rows = cursor.execute(
        f"""
        SELECT owner, coalesce(max(label), ''), CAST(sum(n_sessions) AS INTEGER) FROM (
            SELECT owner, NULL AS label, count(*) AS n_sessions FROM sessions GROUP BY owner
            UNION ALL SELECT owner, {LABEL}, 0 FROM people
        ) GROUP BY owner ORDER BY 3 DESC, owner
        """
    ).fetchall()
    return [Owner(owner=owner, name=name, n_sessions=n) for owner, name, n in rows]


def _give(
    cursor: duckdb.DuckDBPyConnection, giver: str, receiver: str, session_ids: list[str]
) -> int:
    names = {"giver": giver, "receiver": receiver}
    only = "AND list_contains($ids, CAST(id AS VARCHAR))" if session_ids else ""
    given = cursor.execute(
        f"UPDATE sessions SET owner = $receiver WHERE owner = $giver {only} RETURNING id",
        names | ({"ids": session_ids} if session_ids else {}),
    ).fetchall()
    # The receiver's own choice of a reference stands; both sessions are there.
    cursor.execute(
        "INSERT OR IGNORE INTO session_references SELECT $receiver, reference.athlete, "
        f"reference.tag, reference.session_id {_REFERENCES}",
        names,
    )
    cursor.execute(
        "DELETE FROM session_references WHERE owner = $giver AND session_id IN "
        "(SELECT id FROM sessions WHERE owner = $receiver)",
        names,
    )
    return len(given)
