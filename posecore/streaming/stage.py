"""The live rooms that can be watched from another screen, and who watches.

A room is known by its owner and the name of its stream. Two tabs of one owner may have a camera on
the same stream; one of them is shown, the other takes its place when that one's camera ends.
"""

import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from posecore.streaming.channels import Channels, Key

VIEWER_CAPACITY: Final = 3
"""Frames that may wait for a viewer: one who is slow sees the newest, not what was."""
MAX_AHEAD: Final = 30
"""Frames on their way to a viewer whose line is slow: it is a second behind, never a minute."""
PICTURE_CAPACITY: Final = 1
MAX_PICTURES_AHEAD: Final = 3


class LiveSource(Protocol):
    """A live room, as those who watch it see it."""

    owner: str
    stream: str

    @property
    def athlete(self) -> str:
        """Who is chosen there now; decides who may watch."""

    @property
    def is_on(self) -> bool:
        """Whether its camera runs."""

    @property
    def shows_picture(self) -> bool:
        """Whether viewers may have the picture as well."""

    def send_cue(
        self, message: Mapping[str, Any], *, author: str, by: str, tell: Callable[..., None]
    ) -> bool:
        """Show what a viewer says; returns whether it becomes a note of a recording.

        Parameters
        ----------
        message : mapping
            As it came from the viewer.
        author, by : str
            Who sends it, as an owner and for people to read.
        tell : callable
            Called with nothing when the note is kept, or with one sentence when it could not be;
            from any thread, or never.

        Raises
        ------
        InvalidMessageError
        """


class LiveStage:
    """Live rooms that are watched; rooms that are gone are forgotten by themselves.

    Attributes
    ----------
    poses, pictures : Channels
        Who watches, and who wants the picture.
    """

    def __init__(self) -> None:
        self.poses = Channels()
        self.pictures = Channels()
        self._shown: dict[Key, weakref.ref[LiveSource]] = {}
        self._lock = threading.Lock()

    def take(self, source: LiveSource) -> bool:
        """Take the place of a stream where it is free; whether the source is the one shown."""
        key = (source.owner, source.stream)
        with self._lock:
            found = self._shown.get(key)
            shown = found() if found is not None else None
            if shown is source:
                return True
            if shown is not None and shown.is_on:
                return False
            self._shown[key] = weakref.ref(source)
            return True

    def find(self, owner: str, stream: str) -> LiveSource | None:
        """Find the room that is shown, or was shown last and may come back."""
        found = self._shown.get((owner, stream))
        return found() if found is not None else None

    def list_live(self) -> list[LiveSource]:
        """Return the rooms whose camera runs; who may watch which is not decided here."""
        with self._lock:
            found = [each() for each in self._shown.values()]
            self._shown = {key: each for key, each in self._shown.items() if each() is not None}
        return [source for source in found if source is not None and source.is_on]

    def find_athlete(self, owner: str, stream: str) -> str | None:
        """Find who is chosen in a room; None where there is no such room."""
        source = self.find(owner, stream)
        return None if source is None else source.athlete
