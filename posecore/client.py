"""Work on a running dashboard as on its database: the same methods, over REST.

A dashboard owns its database file, so that no other program can open it meanwhile
(:func:`posecore.open_store`); a notebook asks the dashboard instead::

    import posecore

    with posecore.connect() as store:
        sessions = store.list_sessions()
        sequence = store.load_sequence(sessions.id[0])
"""

import math
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias, TypeVar

from posecore.client_goals import RemoteGoals
from posecore.client_link import Link, at_note, at_session
from posecore.client_readings import RemoteReadings
from posecore.errors import InvalidFieldError
from posecore.frame_arrow import read_stream, write_stream
from posecore.sequence import PoseSequence
from posecore.storage.note import CHANGEABLE, Note, check_note
from posecore.storage.session import SOURCES, Session, check_fields

if TYPE_CHECKING:
    import pandas as pd

_Made = TypeVar("_Made", Session, Note)
# Inside the class, ``list`` is the method.
_Notes: TypeAlias = list[Note]

DEFAULT_URL: Final = "http://127.0.0.1:8501"
_PAGE: Final = 500
_FRAMES_AT_ONCE: Final = 20_000


def connect(url: str = DEFAULT_URL, token: str | None = None) -> "RemoteStore":
    """Connect to a running dashboard, on this machine or another.

    Parameters
    ----------
    url : str
        The dashboard's address, as in the browser.
    token : str, optional
        Made in the dashboard's Settings; needed where people sign in.

    Returns
    -------
    RemoteStore

    Raises
    ------
    RemoteError
        If no dashboard answers there.
    NotSignedInError
        If the token is unknown, has expired, or is needed and missing.
    """
    store = RemoteStore(url, token)
    try:
        store._link.ask("GET", "/sessions", params={"limit": 1})
    except BaseException:
        store.close()
        raise
    return store


class RemoteStore:
    """The sessions of a running dashboard; a context manager, made by :func:`connect`.

    Its methods are those of :class:`posecore.SessionStore`, with the same results and errors;
    ``notes`` are the notes, ``goals`` the goals, and :func:`posecore.find_moments` searches. What
    belongs to the program that owns the file, such as the settings of its pages, is left out.

    Parameters
    ----------
    url : str
    token : str, optional
    """

    def __init__(self, url: str = DEFAULT_URL, token: str | None = None) -> None:
        self._link = Link(url, token)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.notes = RemoteNotes(self._link)
        self.goals = RemoteGoals(self._link)
        self.readings = RemoteReadings(self._link)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the dashboard, and remove the videos that were fetched to no given place."""
        self._link.close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    # Sessions

    def list_sessions(self) -> "pd.DataFrame":
        """List all sessions, newest first, one row each with the fields of :class:`Session`."""
        import pandas as pd

        return pd.DataFrame(
            [asdict(session) for session in self.get_sessions()],
            columns=[field.name for field in fields(Session)],
        )

    def get_sessions(self) -> list[Session]:
        """Return all sessions, newest first."""
        found: list[Session] = []
        params: dict[str, Any] = {"limit": _PAGE}
        while True:
            page = self._link.ask("GET", "/sessions", params=params).json()
            found += [_to_session(each) for each in page["sessions"]]
            if page["next_cursor"] is None:
                return found
            params["cursor"] = page["next_cursor"]

    def get_session(self, session_id: str) -> Session:
        """Return one session's facts.

        Raises
        ------
        SessionNotFoundError
        """
        return _to_session(self._link.ask("GET", at_session(session_id)).json())

    def create_session(
        self,
        *,
        name: str,
        source: str,
        athlete: str = "",
        tags: Iterable[str] = (),
        description: str = "",
        model: str = "",
        status: str | None = None,
        session_id: str | None = None,
    ) -> str:
        """Begin a session; as :meth:`posecore.SessionStore.create_session`.

        Parameters
        ----------
        name, source, athlete, tags, description, model, status
        session_id : None
            A dashboard gives the id itself.

        Raises
        ------
        InvalidFieldError
        """
        if session_id is not None:
            raise InvalidFieldError(
                "A dashboard gives a new session its id itself; leave session_id out."
            )
        if source not in SOURCES:
            raise InvalidFieldError(f"A source is one of {', '.join(SOURCES)}, not {source!r}.")
        texts = check_fields(
            {"name": name, "athlete": athlete, "description": description, "tags": tags}
        )
        new = texts | {"source": source, "model": model, "status": status}
        return str(self._link.ask("POST", "/sessions", body=new).json()["id"])

    def update_session(self, session_id: str, **changes: Any) -> Session:
        """Change name, athlete, description or tags; returns the session as it is now.

        Raises
        ------
        InvalidFieldError, SessionNotFoundError
        """
        checked = check_fields(changes)
        return _to_session(self._link.ask("PATCH", at_session(session_id), body=checked).json())

    def finish_session(
        self, session_id: str, *, dropped_count: int = 0, reason: str = ""
    ) -> Session:
        """Complete a session: its length is that of its frames; ``reason`` says what it lacks."""
        ending = {"dropped_count": dropped_count, "reason": reason}
        return _to_session(
            self._link.ask("POST", at_session(session_id, "/finish"), body=ending).json()
        )

    def delete_session(self, session_id: str) -> None:
        """Delete a session with its frames, all that was made of them, notes and video for good."""
        self._link.ask("DELETE", at_session(session_id))

    # Videos

    def get_video_file(self, session_id: str, path: str | Path | None = None) -> Path | None:
        """Fetch a session's video; None where none was kept, or its file is gone.

        Parameters
        ----------
        session_id : str
        path : str or Path, optional
            Where to write it; a folder that is removed by :meth:`close` when left out.

        Raises
        ------
        SessionNotFoundError
        """
        session = self.get_session(session_id)
        if session.video_path is None:
            return None
        if path is None:
            self._folder = self._folder or tempfile.TemporaryDirectory(prefix="posecore-")
            path = Path(self._folder.name) / f"{session.id}.mp4"
        path = Path(path)
        return path if self._link.fetch(at_session(session_id, "/video"), path) else None

    # Frames

    def append_frames(
        self, session_id: str, sequence: PoseSequence, *, dropped_count: int | None = None
    ) -> None:
        """Add frames to a session; on the dashboard's disk when this returns.

        All of them or none, up to 20,000 frames; more are sent in parts, each of which is.

        Parameters
        ----------
        session_id : str
        sequence : PoseSequence
            Later than what is stored, with frame numbers not used yet.
        dropped_count : int, optional
            Frames lost so far, kept with the session.

        Raises
        ------
        InvalidFieldError, InvalidSequenceError, SessionNotFoundError, StorageFullError
        """
        params = {} if dropped_count is None else {"dropped_count": dropped_count}
        for start in range(0, len(sequence), _FRAMES_AT_ONCE):
            self._link.ask(
                "POST",
                at_session(session_id, "/frames"),
                params=params,
                content=write_stream(sequence[start : start + _FRAMES_AT_ONCE]),
                content_type="application/vnd.apache.arrow.stream",
            )

    def load_sequence(
        self, session_id: str, *, every: int = 1, processing: str = "recorded"
    ) -> PoseSequence:
        """Load the frames of a session.

        Parameters
        ----------
        session_id : str
        every : int
            Load each frame whose number is a multiple of this; 1 for all of them.
        processing : {"recorded", "cleaned", "refined"}
            The dashboard cleans or refines them, and keeps the result.

        Raises
        ------
        SessionNotFoundError
        """
        params = {"format": "arrow", "every": max(1, every), "processing": processing}
        return read_stream(
            self._link.ask("GET", at_session(session_id, "/frames"), params=params).content
        )


class RemoteNotes:
    """The notes of a running dashboard; reached as ``store.notes``."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def add(
        self,
        session_id: str,
        *,
        start_s: float,
        end_s: float | None = None,
        text: str,
        tag: str = "",
    ) -> Note:
        """Write a note at a moment of a session, or over a stretch of it.

        Raises
        ------
        InvalidFieldError, SessionNotFoundError
        """
        new = check_note(start_s=start_s, end_s=end_s, text=text, tag=tag)
        return _to_note(self._link.ask("POST", at_session(session_id, "/notes"), body=new).json())

    def update(self, note_id: str, **changes: Any) -> Note:
        """Change ``start_s``, ``end_s``, ``text`` or ``tag``; None as ``end_s`` makes it a moment.

        Raises
        ------
        InvalidFieldError, NoteNotFoundError
        """
        unknown = [key for key in changes if key not in CHANGEABLE]
        if unknown:
            raise InvalidFieldError(f"{unknown[0]!r} of a note cannot be changed.")
        return _to_note(self._link.ask("PATCH", at_note(note_id), body=changes).json())

    def delete(self, note_id: str) -> None:
        """Delete a note for good.

        Raises
        ------
        NoteNotFoundError
        """
        self._link.ask("DELETE", at_note(note_id))

    def find_noted_sessions(self) -> set[str]:
        """Return the ids of the sessions that have a note."""
        return {note.session_id for note in self.list_all()}

    def list_all(self) -> _Notes:
        """Return the notes of all sessions, each session's in the order they start."""
        return [_to_note(each) for each in self._link.ask("GET", "/notes").json()["notes"]]

    def list(self, session_id: str) -> _Notes:
        """Return the notes of a session in the order they start.

        Raises
        ------
        SessionNotFoundError
        """
        found = self._link.ask("GET", at_session(session_id, "/notes")).json()["notes"]
        return [_to_note(each) for each in found]


def _to_session(facts: dict[str, Any]) -> Session:
    session = _pick(Session, facts)
    session["tags"] = tuple(session["tags"])
    session["fps"] = math.nan if session["fps"] is None else session["fps"]
    return Session(**session)


def _to_note(facts: dict[str, Any]) -> Note:
    return Note(**_pick(Note, facts))


def _pick(kind: type[_Made], facts: dict[str, Any]) -> dict[str, Any]:
    """Take what this version knows; a newer dashboard may say more."""
    found = {field.name: facts[field.name] for field in fields(kind) if field.name in facts}
    return found | {"created_at": datetime.fromisoformat(facts["created_at"])}
