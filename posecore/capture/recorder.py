"""Keeps a live recording safe: frames go to the database in small batches, off the video thread."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from posecore.capture.video_recorder import VideoRecorder
from posecore.capture.waiting_frames import WaitingFrames
from posecore.errors import InvalidFieldError, PoseCoreError, SessionNotFoundError, StoreError
from posecore.sequence import PoseFrame, PoseSequence
from posecore.storage.session import Session, check_fields
from posecore.storage.session_store import SessionStore

if TYPE_CHECKING:  # pictures as JPEG need OpenCV, which a stream without pictures does without
    from posecore.capture.rolling_buffer import RememberedFrame

_Result = TypeVar("_Result")
BATCH_INTERVAL_S: Final = 0.4
"""Well under the second that a killed program may cost."""

NO_FRAME: Final = "The recording was stopped before its first frame came."
UNFORESEEN: Final = (
    "Something unexpected keeps the last frames from the disk. They wait in memory and are tried "
    "again; if this stays after the stop, press Save again."
)


class RecorderState(Enum):
    """Where a recording stands."""

    IDLE = "idle"
    COUNTDOWN = "countdown"
    RECORDING = "recording"
    SAVING = "saving"
    """Stopped, and the last frames are on their way to the disk."""
    UNSAVED = "unsaved"
    """Stopped, but the last frames wait in memory because the disk refused them."""


class SessionRecorder:
    """Records one session at a time from a stream of poses.

    :meth:`start` and :meth:`stop` are for the person's thread, :meth:`add_frame` and
    :meth:`add_dropped` for the video's; all may be called in any state and any order. A session
    exists from its first frame on, so a start without a camera leaves nothing behind, unless it
    is started ``at_once``.

    Parameters
    ----------
    store : SessionStore
    source : {"live", "stream"}
    model : str
        Name of the pose model, kept with the session.
    on_created : callable
        Called with the session's id as soon as it exists, on the thread that writes.
    clock : callable
        Rising seconds; for the countdown and the timer only, never for the frames' times.
    """

    def __init__(
        self,
        store: SessionStore,
        *,
        source: str = "live",
        model: str = "",
        on_created: Callable[[str], None] = lambda session_id: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._source = source
        self._model = model
        self._on_created = on_created
        self._clock = clock
        self._lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._writer: threading.Thread | None = None
        self._stopping = threading.Event()
        self._starts_at = float("inf")
        self._problem = self._video_problem = ""
        self._begin(None)

    def _begin(self, fields: Mapping[str, Any] | None) -> None:
        self._fields = fields
        self._session_id = str(uuid.uuid4())
        self._is_created = False
        self._is_lost = self._is_refused = False
        self._video: VideoRecorder | None = None
        self._waiting = WaitingFrames()

    @property
    def state(self) -> RecorderState:
        """What is going on now."""
        with self._lock:
            return self._state()

    def _state(self) -> RecorderState:
        if self._fields is None:
            return RecorderState.IDLE
        if self._stopping.is_set():
            return RecorderState.UNSAVED if self._is_refused else RecorderState.SAVING
        is_waiting = self._clock() < self._starts_at
        return RecorderState.COUNTDOWN if is_waiting else RecorderState.RECORDING

    @property
    def countdown_s(self) -> float:
        """Seconds until the recording starts; 0 when none is waiting."""
        with self._lock:
            waiting = self._fields is not None
            return max(0.0, self._starts_at - self._clock()) if waiting else 0.0

    @property
    def elapsed_s(self) -> float:
        """Seconds recorded so far, by the frames' own times."""
        with self._lock:
            return self._waiting.elapsed_s

    @property
    def problem(self) -> str:
        """One sentence when the last batch could not be saved; empty when all is well."""
        return self._problem

    @property
    def session_id(self) -> str:
        """Id of the session that is recorded, or will be next."""
        return self._session_id

    @property
    def store(self) -> SessionStore:
        """Where it records to."""
        return self._store

    @property
    def image_size(self) -> tuple[int, int] | None:
        """(width, height) of the recording's pictures; None before the first."""
        return self._waiting.image_size

    @property
    def fields(self) -> dict[str, Any]:
        """What the running recording was started with: name, athlete, tags and description."""
        return dict(self._fields or {})

    @property
    def is_lost(self) -> bool:
        """Whether the session was deleted or finished by somebody else while it was recorded."""
        return self._is_lost

    @property
    def video_problem(self) -> str:
        """One sentence when the last recording's video is not whole; empty when all is well."""
        video = self._video
        return self._video_problem if video is None else video.problem

    def start(
        self,
        *,
        delay_s: float = 0.0,
        keep_video: bool = False,
        at_once: bool = False,
        lead_in: "Sequence[RememberedFrame]" = (),
        **fields: Any,
    ) -> None:
        """Record from ``delay_s`` seconds from now on; without effect while one is running.

        Parameters
        ----------
        delay_s : float
        keep_video : bool
            Whether the pictures that come with the frames are kept, too.
        at_once : bool
            Whether the session exists before its first frame; without any it fails at the stop.
        lead_in : sequence of RememberedFrame
            What was seen just before: the recording begins with these. The next frame that is
            added follows them, so no frame may be in the stream between the last of them and this
            call. Without effect where there is a countdown.
        **fields
            Name, athlete, tags and description.

        Raises
        ------
        InvalidFieldError
            If a text is outside its limits; nothing is started then.
        StoreError
            If the session is to exist at once and cannot.
        """
        checked = check_fields(fields)
        with self._lock:
            if self._fields is not None:
                return
            self._begin(checked)
            if at_once:
                try:
                    self._create()
                except BaseException:
                    self._begin(None)
                    raise
            self._problem = self._video_problem = ""
            if keep_video:
                self._video = VideoRecorder(self._store.make_video_path(self._session_id))
            self._starts_at = self._clock() + delay_s
            if lead_in and not delay_s:
                self._waiting.take_in(lead_in)
                if self._video is not None:
                    self._video.take_in(lead_in, lead_in[0].time_s)
            self._stopping = threading.Event()
            self._writer = threading.Thread(
                target=self._write_batches, args=(self._stopping,), name="recorder", daemon=True
            )
            self._writer.start()

    def add_frame(
        self,
        frame: PoseFrame,
        image_size: tuple[int, int],
        frame_rgb: NDArray[np.uint8] | None = None,
        *,
        frame_number: int | None = None,
    ) -> str:
        """Hand over one analysed frame; returns at once.

        A frame that is not later than the one before it is counted as dropped, and so is one for
        which there is no room while the disk is full.

        Parameters
        ----------
        frame : PoseFrame
        image_size : tuple of int
            (width, height) in pixels.
        frame_rgb : ndarray, shape (height, width, 3), uint8, optional
            The picture itself, for the video; as the camera gave it, neither mirrored nor drawn on.
        frame_number : int, optional
            Larger than any before; counted from 0 where left out.

        Returns
        -------
        str
            Id of the session that the frame came into; empty where none was being recorded.
        """
        with self._lock:
            if self._state() is not RecorderState.RECORDING:
                return ""
            time_s = self._waiting.add(frame, image_size, frame_number)
            if time_s is not None and self._video is not None and frame_rgb is not None:
                self._video.add(frame_rgb, time_s)
            return self._session_id

    def add_dropped(self, n_frames: int = 1) -> None:
        """Count frames that were lost before they could be analysed; they leave a hole."""
        with self._lock:
            if self._state() is RecorderState.RECORDING:
                self._waiting.add_dropped(n_frames)

    def stop(self) -> Session | None:
        """Finish the recording and save its last frames.

        Returns
        -------
        Session or None
            None when nothing was recorded: not started, still counting down, or no frame came.

        Raises
        ------
        StoreError
            If the last frames cannot be stored, as on a full disk. They stay in memory: stop again
            when there is room.
        PoseCoreError
            If the session is gone.
        """
        with self._lock:
            self._stopping.set()
            writer = self._writer
        if writer is None:
            return None
        writer.join()
        with self._write_lock:
            try:
                session = self._foresee(self._finish)
            except StoreError:
                # Kept in memory: stop again when there is room.
                self._is_refused = True
                raise
            except PoseCoreError:
                self._reset()
                raise
            self._reset()
        return session

    def discard(self) -> Session | None:
        """Give up frames that could not be saved, and finish the session with what was saved.

        Returns
        -------
        Session or None
            None where no frames wait for a disk that refused them.

        Raises
        ------
        PoseCoreError
            If not even that can be stored now; what was saved is there, and is finished at the next
            start.
        """
        with self._write_lock:
            if self.state is not RecorderState.UNSAVED:
                return None
            with self._lock:
                self._waiting.give_up()
            try:
                return self._foresee(self._finish)
            finally:
                self._reset()

    def _finish(self) -> Session | None:
        if self._fields is None:
            return None
        self._save_batch()
        if not self._is_created:
            return None
        if not self._waiting.n_kept:
            return self._store.fail_session(self._session_id, NO_FRAME)
        session = self._store.finish_session(
            self._session_id, dropped_count=self._waiting.dropped_count
        )
        if self._video is None or (path := self._video.close()) is None:
            return session
        try:
            return self._store.set_video(session.id, path)
        except PoseCoreError as error:
            # The file is there: the next start attaches it.
            self._video.problem = str(error)
            return session

    def _reset(self) -> None:
        if self._video is not None:
            # Of a session that could not be finished, too: the next start attaches it.
            self._video.close()
            self._video_problem = self._video.problem
        with self._lock:
            self._writer = None
            self._problem = ""
            self._begin(None)

    def _write_batches(self, stopping: threading.Event) -> None:
        while not stopping.wait(BATCH_INTERVAL_S):
            try:
                with self._write_lock:
                    self._foresee(self._save_batch)
                self._problem = ""
            except PoseCoreError as error:
                # The frames stay in memory and the next batch tries again.
                self._is_lost = isinstance(error, SessionNotFoundError | InvalidFieldError)
                self._problem = str(error)

    def _foresee(self, work: Callable[[], _Result]) -> _Result:
        """Do this; what nobody foresaw counts as a store that refuses, so that nothing is lost."""
        try:
            return work()
        except PoseCoreError:
            raise
        except Exception as error:
            if self._problem != UNFORESEEN:  # once, not with every batch
                logging.getLogger(__name__).exception("Frames could not be stored")
            raise StoreError(UNFORESEEN) from error

    def _save_batch(self) -> None:
        with self._lock:
            frames, numbers = self._waiting.get_batch()
            image_size, dropped_count = self._waiting.image_size, self._waiting.dropped_count
        if not frames or self._fields is None:
            return
        if not self._is_created:
            self._create()
        assert image_size is not None
        batch = PoseSequence.from_frames(frames, image_size=image_size, frame_number=numbers)
        self._store.append_frames(self._session_id, batch, dropped_count=dropped_count)
        with self._lock:
            self._waiting.forget(len(frames))

    def _create(self) -> None:
        assert self._fields is not None
        self._store.create_session(
            source=self._source, model=self._model, session_id=self._session_id, **self._fields
        )
        self._is_created = True
        self._on_created(self._session_id)
