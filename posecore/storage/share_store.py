"""All SQL about shares: invitations by link, accepted by one person, taken back at any time."""

import uuid
from datetime import timedelta
from typing import Any, Final

import duckdb

from posecore.errors import InvalidFieldError, NotAllowedError, ShareNotFoundError
from posecore.storage import clock
from posecore.storage.audit_store import was_noted, write_down
from posecore.storage.connection import Database
from posecore.storage.person import LABEL
from posecore.storage.secret_text import hash_secret, make_secret
from posecore.storage.session_lookup import IN_FORCE, Right, name_asker, read_uuid
from posecore.storage.share import ACCEPT_DAYS, MAX_SHARES, Granted, Share, check_share

_SELECT: Final = f"""
    SELECT
        shares.id, shares.owner, coalesce({LABEL.replace("people.", "giver.")}, ''),
        shares.athlete, shares.granted, shares.created_at, shares.accept_until, shares.ends_at,
        shares.accepted_by, coalesce({LABEL.replace("people.", "taker.")}, ''), shares.accepted_at
    FROM shares
    LEFT JOIN people AS giver ON giver.owner = shares.owner
    LEFT JOIN people AS taker ON taker.owner = shares.accepted_by
"""
# An invitation that nobody can accept any more, or a share that is over.
_OVER: Final = "(ends_at <= $now OR (accepted_by IS NULL AND accept_until <= $now))"


class ShareStore:
    """What one owner shares, and what is shared with them; reached as ``store.shares``.

    A share is of all sessions of an athlete, also of those still to come. Whoever accepts its
    invitation may read them, or read and annotate them, until it ends or is taken back.
    """

    def __init__(self, database: Database, *, owner: str) -> None:
        self._database = database
        self._owner = owner

    def create(
        self, *, athlete: str, right: Granted = "read", days: int | None = None
    ) -> tuple[Share, str]:
        """Invite somebody to an athlete's sessions; whoever has the link may accept, once.

        Parameters
        ----------
        athlete : str
            As it stands in the sessions; may not be empty.
        right : {"read", "annotate"}
        days : int, optional
            After how many days from now, 1 to 366, the share ends by itself; when left out, it
            lasts until it is taken back. It can be accepted for 7 days in any case.

        Returns
        -------
        Share
        str
            The secret for the link, which nobody can find out again.

        Raises
        ------
        InvalidFieldError
        """
        check_share(athlete, right, days)
        secret, now = make_secret(), clock.now()
        row: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "owner": self._owner,
            "athlete": athlete,
            "granted": right,
            "sha256": hash_secret(secret),
            "now": now,
            "accept_until": now + timedelta(days=ACCEPT_DAYS),
            "ends_at": None if days is None else now + timedelta(days=days),
        }
        with self._database.transaction() as cursor:
            self._make_room(cursor)
            cursor.execute(
                "INSERT INTO shares VALUES ($id, $owner, $athlete, $granted, $sha256, $now, "
                "$accept_until, $ends_at, NULL, NULL)",
                row,
            )
            detail = f"{athlete}, to {right}"
            write_down(cursor, "shared", actor=self._owner, detail=detail)
            [share] = _select(cursor, "shares.id = $id", id=row["id"])
        return share, secret

    def _make_room(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Forget what is over; refuse where there are too many all the same."""
        asker = {"owner": self._owner, "now": clock.now()}
        cursor.execute(f"DELETE FROM shares WHERE owner = $owner AND {_OVER}", asker)
        [(n_shares,)] = cursor.execute(
            "SELECT count(*) FROM shares WHERE owner = ?", [self._owner]
        ).fetchall()
        if n_shares >= MAX_SHARES:
            raise InvalidFieldError(
                f"There are {MAX_SHARES} shares already; take back one that is not needed."
            )

    def look(self, secret: str) -> Share:
        """Say what an invitation offers, before it is accepted.

        Raises
        ------
        ShareNotFoundError
            If it is unknown, void, taken back, or somebody else has accepted it: which of them is
            not said.
        NotAllowedError
            If it is one's own.
        """
        with self._database.cursor() as cursor:
            return self._find_invitation(cursor, secret)

    def accept(self, secret: str) -> Share:
        """Accept an invitation; a second time changes nothing.

        Raises
        ------
        ShareNotFoundError, NotAllowedError
            As :meth:`look` does.
        """
        with self._database.transaction() as cursor:
            share = self._find_invitation(cursor, secret)
            if share.accepted_by is not None:
                return share
            cursor.execute(
                "UPDATE shares SET accepted_by = ?, accepted_at = ? WHERE id = ?",
                [self._owner, clock.now(), share.id],
            )
            self._write_down_for_both(cursor, "accepted", share)
            [share] = _select(cursor, "shares.id = $id", id=share.id)
        return share

    def _find_invitation(self, cursor: duckdb.DuckDBPyConnection, secret: str) -> Share:
        found = _select(cursor, "shares.secret_sha256 = $sha256", sha256=hash_secret(str(secret)))
        if found and found[0].owner == self._owner:
            raise NotAllowedError(
                "This invitation is your own; send its link to whom you want to share with."
            )
        is_open = found and (
            found[0].state == "invited"
            or (found[0].state == "accepted" and found[0].accepted_by == self._owner)
        )
        if not is_open:
            raise ShareNotFoundError(
                "This invitation is not valid: it may be too old, taken back, or accepted by "
                "somebody else already. Ask for a new link."
            )
        return found[0]

    def list_given(self) -> list[Share]:
        """Return what this owner shares, and the invitations, newest first."""
        with self._database.cursor() as cursor:
            return _select(cursor, "shares.owner = $owner", owner=self._owner)

    def list_received(self) -> list[Share]:
        """Return what is shared with this owner now, newest first."""
        with self._database.cursor() as cursor:
            found = _select(cursor, "shares.accepted_by = $owner", owner=self._owner)
        return [share for share in found if share.state == "accepted"]

    def find_right(self, *, of: str, athlete: str) -> Right | None:
        """Find what this owner may do with an athlete of somebody, live or recorded.

        Parameters
        ----------
        of : str
            Whose athlete it is.
        athlete : str
            As it stands in the sessions.

        Returns
        -------
        {"own", "annotate", "read"} or None
            None where nothing of it is shared with them.
        """
        if of == self._owner:
            return "own"
        with self._database.cursor() as cursor:
            return self._find_granted(cursor, of, athlete)

    def watch(self, *, of: str, athlete: str) -> Right | None:
        """Find the same for whoever is about to look live; whose it is finds it in their list.

        The same by the same person is noted once in ten minutes.

        Raises
        ------
        StorageFullError
            If it cannot be written down.
        """
        right = self.find_right(of=of, athlete=athlete)
        if right is None or right == "own":
            return right
        me = self._owner
        with self._database.transaction() as cursor:
            right = self._find_granted(cursor, of, athlete)
            if right and not was_noted(cursor, "watched", actor=me, owner=of, detail=athlete):
                write_down(cursor, "watched", actor=me, owner=of, detail=athlete)
        return right

    def _find_granted(
        self, cursor: duckdb.DuckDBPyConnection, of: str, athlete: str
    ) -> Right | None:
        rows = cursor.execute(
            "SELECT DISTINCT granted FROM shares WHERE owner = $of AND athlete = $athlete "
            f"AND {IN_FORCE}",
            name_asker(self._owner) | {"of": of, "athlete": athlete},
        ).fetchall()
        granted = {right for (right,) in rows}
        return "annotate" if "annotate" in granted else "read" if granted else None

    def revoke(self, share_id: str) -> None:
        """Take back a share or an invitation; from now on it opens nothing.

        Raises
        ------
        ShareNotFoundError
        """
        with self._database.transaction() as cursor:
            share = self._remove(cursor, share_id, "owner")
            detail = f"{share.athlete}, to {share.right}"
            write_down(cursor, "taken back", actor=self._owner, detail=detail)
        self._database.note_less_rights()

    def leave(self, share_id: str) -> None:
        """Give back what was shared with this owner.

        Raises
        ------
        ShareNotFoundError
        """
        with self._database.transaction() as cursor:
            self._write_down_for_both(cursor, "left", self._remove(cursor, share_id, "accepted_by"))
        self._database.note_less_rights()

    def _remove(self, cursor: duckdb.DuckDBPyConnection, share_id: str, side: str) -> Share:
        found = _select(
            cursor,
            f"shares.id = CAST($id AS UUID) AND shares.{side} = $owner",
            id=read_uuid(share_id),
            owner=self._owner,
        )
        if not found:
            raise ShareNotFoundError(
                f"There is no share {str(share_id)[:40]!r}; it may have been taken back already. "
                "The lists in Settings show those that are left."
            )
        cursor.execute("DELETE FROM shares WHERE id = ?", [found[0].id])
        return found[0]

    def _write_down_for_both(
        self, cursor: duckdb.DuckDBPyConnection, action: Any, share: Share
    ) -> None:
        """Both who gave and who took it see it in their list."""
        detail = f"{share.athlete}, to {share.right}"
        for owner in (share.owner, self._owner):
            write_down(cursor, action, actor=self._owner, owner=owner, detail=detail)


def _select(cursor: duckdb.DuckDBPyConnection, condition: str, **values: str | None) -> list[Share]:
    rows = cursor.execute(
        f"{_SELECT} WHERE {condition} ORDER BY shares.created_at DESC, shares.id", values
    ).fetchall()
    return [Share.from_row(row) for row in rows]
