"""All SQL about people: what those are called whom one shares something with."""

from dataclasses import fields
from datetime import timedelta
from typing import Final

from posecore.errors import NotAllowedError
from posecore.identity import Identity
from posecore.storage import clock
from posecore.storage.connection import Database
from posecore.storage.person import LABEL, Person

_COLUMNS: Final = ", ".join(field.name for field in fields(Person))
_TEXT_LIMIT: Final = 200
_SEEN_EVERY: Final = timedelta(minutes=1)
_KNOWN: Final = """
    SELECT $owner
    UNION SELECT owner FROM shares WHERE accepted_by = $owner
    UNION SELECT accepted_by FROM shares WHERE owner = $owner
    UNION SELECT actor FROM audit WHERE owner = $owner
"""


class PeopleStore:
    """One person, and those they share something with; reached as ``store.people``.

    Nobody can look up anybody else.
    """

    def __init__(self, database: Database, *, owner: str) -> None:
        self._database = database
        self._owner = owner

    def remember(self, *, name: str = "", email: str = "") -> Person:
        """Keep what the sign-in says of this owner; call at each visit.

        Parameters
        ----------
        name, email : str
            As the provider gives them; cut after 200 characters, without what is no text.
        """
        name, email = _to_text(name), _to_text(email)
        now = clock.now()
        known = self.get()
        is_same = known is not None and (known.name, known.email) == (name, email)
        if known and is_same and now - known.last_seen_at.replace(tzinfo=None) < _SEEN_EVERY:
            return known
        with self._database.transaction() as cursor:
            rows = cursor.execute(
                f"INSERT INTO people ({_COLUMNS}) VALUES ($owner, $name, $email, $now, $now) "
                "ON CONFLICT (owner) DO UPDATE SET name = excluded.name, email = excluded.email, "
                f"last_seen_at = excluded.last_seen_at RETURNING {_COLUMNS}",
                {"owner": self._owner, "name": name, "email": email, "now": now},
            ).fetchall()
        return Person.from_row(rows[0])

    def note(self, identity: Identity) -> Person:
        """Keep the name of whoever signed in as this owner, as :meth:`remember` does.

        Raises
        ------
        NotAllowedError
            If it is somebody else's: nobody's name stands beside another's sessions.
        """
        if identity.owner != self._owner:
            raise NotAllowedError(
                "A name can be kept for the person alone who signed in; sign in again."
            )
        known = self.get()
        return self.remember(name=identity.name, email=known.email if known else "")

    def get(self) -> Person | None:
        """Return what is known of this owner; None for somebody who never signed in."""
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT {_COLUMNS} FROM people WHERE owner = ?", [self._owner]
            ).fetchall()
        return Person.from_row(rows[0]) if rows else None

    def load_names(self) -> dict[str, str]:
        """Load what people are called, by owner: this one, who shares with them, who acted.

        Whose name is not known is not there.
        """
        with self._database.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT owner, {LABEL} AS label FROM people WHERE owner IN ({_KNOWN}) "
                "AND label IS NOT NULL",
                {"owner": self._owner},
            ).fetchall()
        return dict(rows)


def _to_text(value: str) -> str:
    """Make one line of a text from elsewhere that the database and a page can take."""
    printable = "".join(each if each.isprintable() else " " for each in str(value))
    return " ".join(printable.split())[:_TEXT_LIMIT]
