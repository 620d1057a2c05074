"""What an owner chose: settings, and which session is an athlete's reference."""

from typing import TypeAlias

from posecore.errors import InvalidFieldError
from posecore.storage.audit_store import write_down
from posecore.storage.connection import Database
from posecore.storage.session import Session
from posecore.storage.session_lookup import COLUMNS, find_session

References: TypeAlias = dict[tuple[str, str], str]

_IN_FORCE = """
    FROM session_references AS reference JOIN sessions AS session
    ON session.id = reference.session_id AND session.owner = reference.owner
    AND session.athlete = reference.athlete AND session.status = 'completed'
    AND (reference.tag = '' OR list_contains(session.tags, reference.tag))
    WHERE reference.owner = $owner
"""


class OwnerChoices:
    """One owner's choices; a part of :class:`posecore.SessionStore`.

    A reference session is how a movement should look: one for each athlete and tag, and one for
    the athlete whatever the tag. It is in force as long as the session is that athlete's and has
    that tag, and goes with its session.
    """

    def __init__(self, database: Database, *, owner: str) -> None:
        self.owner = owner
        self._database = database

    # Preferences

    def load_preferences(self) -> dict[str, str]:
        """Load what this owner chose on the Settings page."""
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                "SELECT key, value FROM preferences WHERE owner = ?", [self.owner]
            ).fetchall()
        return dict(rows)

    def save_preference(self, key: str, value: str) -> None:
        """Keep one choice of this owner."""
        with self._database.transaction() as cursor:
            cursor.execute(
                "INSERT OR REPLACE INTO preferences VALUES (?, ?, ?)", [self.owner, key, value]
            )

    # Reference sessions

    def get_reference(self, athlete: str, tag: str = "") -> Session | None:
        """Return an athlete's reference session for a tag; None where there is none.

        Parameters
        ----------
        athlete : str
        tag : str
            Empty for the one that holds whatever the tag.
        """
        columns = ", ".join(f"session.{column}" for column in COLUMNS.split(", "))
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT {columns} {_IN_FORCE} AND reference.athlete = $athlete "
                "AND reference.tag = $tag",
                {"owner": self.owner, "athlete": athlete, "tag": tag},
            ).fetchall()
        return Session.from_row(rows[0]) if rows else None

    def load_references(self) -> References:
        """Load all reference sessions in force: session ids by athlete and tag."""
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT reference.athlete, reference.tag, reference.session_id {_IN_FORCE}",
                {"owner": self.owner},
            ).fetchall()
        return {(athlete, tag): str(session_id) for athlete, tag, session_id in rows}

    def set_reference(self, session_id: str, tag: str = "") -> None:
        """Make a session its athlete's reference for a tag, in place of the one before.

        Raises
        ------
        InvalidFieldError
            If the session is nobody's, is not finished, or has no such tag.
        SessionNotFoundError, NotAllowedError
        """
        with self._database.transaction() as cursor:
            session = find_session(cursor, session_id, owner=self.owner, right="own")
            _check_reference(session, tag)
            cursor.execute(
                "INSERT OR REPLACE INTO session_references VALUES (?, ?, ?, ?)",
                [self.owner, session.athlete, tag, session.id],
            )
            detail = f"reference {tag}".strip()
            write_down(cursor, "changed", actor=self.owner, session=session, detail=detail)

    def remove_reference(self, athlete: str, tag: str = "") -> None:
        """Let an athlete have no reference for a tag any more; the session stays."""
        with self._database.transaction() as cursor:
            removed = cursor.execute(
                "DELETE FROM session_references WHERE owner = ? AND athlete = ? AND tag = ? "
                "RETURNING session_id",
                [self.owner, athlete, tag],
            ).fetchall()
            if removed:
                detail = f"no reference {tag}".strip() + f" of {athlete}"
                write_down(cursor, "changed", actor=self.owner, detail=detail)


def _check_reference(session: Session, tag: str) -> None:
    if not session.athlete:
        raise InvalidFieldError(
            "A reference session belongs to an athlete and this one has none; give it one first."
        )
    if session.status != "completed":
        raise InvalidFieldError(
            "A reference session must be finished; wait until this one is, or choose another."
        )
    if tag and tag not in session.tags:
        raise InvalidFieldError(
            f"This session has no tag {tag[:40]!r}; add it, or choose a session that has it."
        )
