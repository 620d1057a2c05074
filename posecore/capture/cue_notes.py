"""Keeps cues as notes of the recording they were sent for, which may not be on the disk yet."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from posecore.errors import PoseCoreError, SessionNotFoundError, StoreError
from posecore.storage.session_store import SessionStore

RETRY_S: Final = 0.2
"""A session is on the disk half a second after its first frame."""
GIVE_UP_S: Final = 60.0
"""How long after the end of its recording a note waits for a disk that is full."""
MAX_WAITING: Final = 500
"""As many notes as a guest may write on a session, and more than three minutes of cues without a
pause; each is tried again and again."""

_TOO_MANY: Final = (
    f"The cue is not kept as a note, because {MAX_WAITING} wait already to be written; the athlete "
    "saw it, so send it again once they are on the disk."
)

Tell = Callable[..., None]
"""Called with nothing when a note is kept, or with one sentence when it cannot be."""


@dataclass(eq=False)
class _Waiting:
    session_id: str
    author: str
    fields: dict[str, Any]
    tell: Tell
    over_at: float = field(default=float("inf"))


class CueNotes:
    """Writes notes from a thread of its own, which ends when none waits.

    Parameters
    ----------
    store : SessionStore
    clock : callable
        Rising seconds.
    """

    def __init__(self, store: SessionStore, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None

    def keep(self, session_id: str, *, author: str, tell: Tell, **fields: Any) -> None:
        """Write a note as soon as the session is there; returns at once.

        Where `MAX_WAITING` wait already, ``tell`` is told at once that this one is not kept.
        """
        with self._changed:
            is_full = len(self._waiting) >= MAX_WAITING
            if not is_full:
                self._waiting.append(_Waiting(session_id, author, fields, tell))
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="cue-notes", daemon=True)
                    self._thread.start()
                self._changed.notify_all()
        if is_full:
            tell(_TOO_MANY)

    def finish(self) -> None:
        """Write what waits: its recording is over. What cannot be written is told."""
        over_at = self._clock()
        with self._changed:
            for each in self._waiting:
                each.over_at = min(each.over_at, over_at)
        self._try_all()

    def _run(self) -> None:
        while True:
            self._try_all()
            with self._changed:
                if not self._waiting:
                    self._thread = None
                    return
                self._changed.wait(RETRY_S)

    def _try_all(self) -> None:
        with self._writing:
            with self._changed:
                waiting = list(self._waiting)
            absent = set()
            for each in waiting:
                if (each.session_id, each.author) in absent:
                    continue
                try:
                    is_over = self._try(each)
                except StoreError:  # it would refuse the others as well
                    return
                if is_over:
                    with self._changed:
                        self._waiting.remove(each)
                else:
                    absent.add((each.session_id, each.author))

    def _try(self, note: _Waiting) -> bool:
        """Whether there is no more to be done about a note; False where its session is not there.

        Raises
        ------
        StoreError
            If the disk refuses it, and may take it later.
        """
        now_s = self._clock()
        try:
            self._store.for_owner(note.author).notes.add(note.session_id, **note.fields)
        except SessionNotFoundError as error:
            # It comes with the first batch; its athlete, and with them a right, only at the end.
            if now_s < note.over_at:
                return False
            note.tell(f"The cue is not kept as a note: {error}")
        except StoreError as error:
            if now_s < note.over_at + GIVE_UP_S:
                raise
            note.tell(f"The cue is not kept as a note: {error}")
        except PoseCoreError as error:
            note.tell(f"The cue is not kept as a note: {error}")
        else:
            note.tell()
        return True
