"""Videos that wait for their turn to become sessions, one at a time, in the background."""

import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, Literal

from posecore.errors import (
    EstimatorError,
    ImportCancelledError,
    PoseCoreError,
    SessionNotFoundError,
)
from posecore.importing import ImportProgress, default_name, import_video
from posecore.settings import Settings
from posecore.storage.session_store import IMPORT_INTERRUPTED, SessionStore

JobState = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class ImportJob:
    """One video on its way, as it was when asked for.

    Attributes
    ----------
    id, name, session_id : str
        A cancelled job's session is gone.
    state : {"waiting", "running", "done", "failed", "cancelled"}
    progress : ImportProgress or None
        None until the first frame is analysed.
    error : str
        Why it failed, or why its video could not be kept, one sentence; empty otherwise.
    """

    id: str
    name: str
    session_id: str
    state: JobState = "waiting"
    progress: ImportProgress | None = None
    error: str = ""


@dataclass(frozen=True)
class _Order:
    job_id: str
    path: Path
    settings: Settings
    delete_file_afterwards: bool
    keep_video: bool


class ImportQueue:
    """Runs one import after the other on a thread of its own; safe to use from several threads.

    The thread and its child processes end with the program at the latest. What is under way when
    :meth:`close` is called is marked as failed, and what was cut off by force is marked so by
    :meth:`SessionStore.recover_sessions` at the next start.

    Parameters
    ----------
    store : SessionStore
    turn : Lock, optional
        Shared by the queues of several owners, of which one imports at a time; the videos of the
        others wait.
    """

    def __init__(self, store: SessionStore, *, turn: "Lock | None" = None) -> None:
        self._store = store
        self._turn = turn or Lock()
        self._jobs: dict[str, ImportJob] = {}
        self._cancelled: set[str] = set()
        self._lock = Lock()
        self._orders: SimpleQueue[_Order | None] = SimpleQueue()
        self._is_closing = False
        self._thread = Thread(target=self._run, name="imports", daemon=True)
        self._thread.start()

    @property
    def jobs(self) -> list[ImportJob]:
        """All jobs so far, newest first."""
        with self._lock:
            return list(self._jobs.values())[::-1]

    def submit(
        self,
        path: str | Path,
        *,
        settings: Settings,
        delete_file_afterwards: bool,
        name: str | None = None,
        athlete: str = "",
        tags: Iterable[str] = (),
        description: str = "",
        keep_video: bool = False,
    ) -> ImportJob:
        """Put a video in the queue; its session is there at once, as ``processing``.

        Parameters
        ----------
        path : str or Path
        settings : Settings
        delete_file_afterwards : bool
            Whether the file is only an upload's copy, to be removed however the import ends.
        name : str, optional
            The file's name without its ending, when left out.
        athlete, tags, description
            As in :meth:`SessionStore.create_session`.
        keep_video : bool
            As in :func:`import_video`.

        Raises
        ------
        InvalidFieldError, StoreError
            If no session can be made; an upload's copy is removed.
        """
        path = Path(path)
        name = default_name(path) if name is None else name
        try:
            session_id = self._store.create_session(
                name=name,
                source="video",
                athlete=athlete,
                tags=tags,
                description=description,
                model=settings.model,
            )
        except BaseException:
            _remove(path, delete_file_afterwards)
            raise
        job = ImportJob(id=str(uuid.uuid4()), name=name, session_id=session_id)
        with self._lock:
            self._jobs[job.id] = job
        self._orders.put(_Order(job.id, path, settings, delete_file_afterwards, keep_video))
        return job

    def cancel(self, job_id: str) -> None:
        """Cancel a waiting or running job, and delete its session; else do nothing."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.state not in ("waiting", "running"):
                return
            self._cancelled.add(job_id)
            is_waiting = job.state == "waiting"
            if is_waiting:
                self._jobs[job_id] = replace(job, state="cancelled")
        if is_waiting:
            with suppress(SessionNotFoundError):
                self._store.delete_session(job.session_id)

    def stop(self) -> None:
        """Begin to stop, without waiting: of queues that take turns, first all are told."""
        self._is_closing = True
        self._orders.put(None)

    def close(self) -> None:
        """Stop: unfinished imports fail with the reason, uploads' copies are removed."""
        self.stop()
        self._thread.join()

    def _run(self) -> None:
        while (order := self._orders.get()) is not None:
            try:
                with self._turn:
                    if self._begin(order.job_id):
                        self._import(order)
            finally:
                _remove(order.path, order.delete_file_afterwards)

    def _begin(self, job_id: str) -> bool:
        """Mark a job as running, unless it was cancelled while it waited."""
        with self._lock:
            job = self._jobs[job_id]
            if job.state != "waiting":
                return False
            self._jobs[job_id] = replace(job, state="running")
            return True

    def _import(self, order: _Order) -> None:
        job = self._jobs[order.job_id]
        try:
            import_video(
                order.path,
                self._store,
                settings=order.settings,
                title=job.name,
                session_id=job.session_id,
                keep_video=order.keep_video,
                on_progress=lambda progress: self._report(order.job_id, progress),
                should_stop=lambda: self._should_stop(order.job_id),
            )
            reason = self._store.get_session(job.session_id).status_reason
        except ImportCancelledError:
            self._change(order.job_id, state="cancelled")
        except PoseCoreError as error:
            self._change(order.job_id, state="failed", error=str(error))
        except Exception as error:  # the queue goes on with the next video
            said = f"{type(error).__name__}: {error}"
            reason = f"Something unexpected stopped the import ({said}); import the video again."
            self._change(order.job_id, state="failed", error=reason)
        else:
            self._change(order.job_id, state="done", error=reason)

    def _should_stop(self, job_id: str) -> bool:
        if self._is_closing:
            # An error, unlike a cancelled import, leaves a session behind that says why.
            raise EstimatorError(IMPORT_INTERRUPTED)
        return job_id in self._cancelled

    def _report(self, job_id: str, progress: ImportProgress) -> None:
        self._change(job_id, progress=progress)

    def _change(self, job_id: str, **changes: Any) -> None:
        with self._lock:
            self._jobs[job_id] = replace(self._jobs[job_id], **changes)


def remove_abandoned_uploads(settings: Settings) -> None:
    """Remove the copies of uploads that a program cut off by force left behind.

    To be called once at start, by the program that owns the database, before the first upload.
    """
    for path in settings.uploads_dir.glob("*.upload"):
        _remove(path, is_ours=True)


def _remove(path: Path, is_ours: bool) -> None:
    if is_ours:
        with suppress(OSError):
            path.unlink(missing_ok=True)
