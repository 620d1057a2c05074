"""What is recorded from sockets: begun by a client, finished with it, or gone on with by another.

A recording belongs to the client that started it and holds that client's poses only: two clients
that record on one stream make two sessions. When its client is gone it is finished at once, or
after the time within which the client said that it may come back.
"""

import asyncio
import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

from posecore.errors import InvalidMessageError, PoseCoreError, StorageFullError
from posecore.storage.session import Session
from posecore.storage.session_store import SessionStore
from posecore.streaming.stream_recorder import StreamRecorder

MAX_RESUME_S: Final = 300.0
MAX_AT_ONCE: Final = 32
"""Recordings of one owner."""
_DISK_RETRY_S: Final = 2.0
_DISK_PATIENCE_S: Final = 600.0
_REMEMBERED: Final = 200


@dataclass(eq=False)
class Recording:
    """One recording and who holds it.

    Attributes
    ----------
    holder : object or None
        The connection that sends the poses; None while it is away.
    resume_s : float
        How long it may be away.
    """

    owner: str
    recorder: StreamRecorder
    session_id: str
    resume_s: float
    holder: object | None
    is_ending: bool = False
    n_left: int = field(default=0)


class Recordings:
    """All recordings of all owners; methods that wait for the disk say so."""

    def __init__(self) -> None:
        self._running: dict[str, Recording] = {}
        self._n_starting: Counter[str] = Counter()
        self._over: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = threading.Lock()
        self._waiting: set[asyncio.Task[None]] = set()

    def start(
        self,
        store: SessionStore,
        *,
        holder: object,
        resume_s: float = 0.0,
        model: str = "",
        **fields: Any,
    ) -> Recording:
        """Begin a recording; waits for the disk.

        Parameters
        ----------
        store : SessionStore
            The owner's.
        holder : object
            Who sends the poses.
        resume_s : float
            How long the holder may be away, at most :data:`MAX_RESUME_S`.
        model : str
            Name of the pose model.
        **fields
            Name, athlete, tags and description of the session.

        Raises
        ------
        InvalidFieldError, InvalidMessageError, StoreError
        """
        self._take_place(store.owner)
        try:
            recorder = StreamRecorder(store, model=model)
            session_id = recorder.start(**fields)
            recording = Recording(store.owner, recorder, session_id, resume_s, holder)
            with self._lock:
                self._running[session_id] = recording
        finally:
            self._give_place_back(store.owner)
        return recording

    def _take_place(self, owner: str) -> None:
        with self._lock:
            n_running = sum(each.owner == owner for each in self._running.values())
            if self._n_starting[owner] + n_running >= MAX_AT_ONCE:
                raise InvalidMessageError(
                    f"{MAX_AT_ONCE} recordings are running already; stop one first.",
                    code="too_many_recordings",
                )
            self._n_starting[owner] += 1

    def _give_place_back(self, owner: str) -> None:
        with self._lock:
            self._n_starting[owner] -= 1
            if not self._n_starting[owner]:
                del self._n_starting[owner]

    def resume(self, owner: str, session_id: object, *, holder: object) -> Recording:
        """Go on with a recording whose client was away, or is and nobody has noticed yet.

        Raises
        ------
        InvalidMessageError
            If it was not started with a time to come back within, that time is over, or it is
            nobody's or somebody else's.
        """
        with self._lock:
            recording = self._running.get(str(session_id))
            if recording and recording.owner == owner and recording.resume_s > 0:
                if not recording.is_ending:
                    recording.holder = holder
                    return recording
            elif (owner, str(session_id)) not in self._over:
                raise InvalidMessageError(
                    "There is no recording with this session_id to resume; start a new one.",
                    code="not_resumable",
                )
        raise InvalidMessageError(
            "This recording is finished; start a new one.", code="recording_over"
        )

    def release(self, recording: Recording, holder: object) -> None:
        """Its client is gone: finish it, after the time within which it may come back."""
        with self._lock:
            if recording.holder is not holder:
                return
            recording.holder = None
            recording.n_left += 1
        task = asyncio.get_running_loop().create_task(self._wait_and_finish(recording))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _wait_and_finish(self, recording: Recording) -> None:
        n_left = recording.n_left
        await asyncio.sleep(recording.resume_s)
        with self._lock:
            if recording.holder is not None or recording.n_left != n_left:
                return
            recording.is_ending = True
        for _ in range(int(_DISK_PATIENCE_S / _DISK_RETRY_S)):
            try:
                await asyncio.to_thread(self.finish, recording)
            except StorageFullError:
                await asyncio.sleep(_DISK_RETRY_S)
            except PoseCoreError:
                return  # deleted meanwhile, for example
            else:
                return

    def finish(self, recording: Recording) -> Session | None:
        """Finish a recording and save its last frames; waits for the disk.

        Raises
        ------
        StorageFullError
            It stays as it is: finish it again when there is room.
        PoseCoreError
            It is over, though not in order: the session was deleted, for example.
        """
        try:
            session = recording.recorder.stop()
        except StorageFullError:
            raise
        except PoseCoreError:
            self._forget(recording)
            raise
        self._forget(recording)
        return session

    def _forget(self, recording: Recording) -> None:
        with self._lock:
            recording.is_ending = True
            self._running.pop(recording.session_id, None)
            self._over[recording.owner, recording.session_id] = None
            while len(self._over) > _REMEMBERED:
                self._over.popitem(last=False)

    def close(self) -> None:
        """Finish all of them; waits for the disk. What it refuses now, the next start mends."""
        for recording in list(self._running.values()):
            try:
                self.finish(recording)
            except PoseCoreError:
                continue
