"""Keep that one: what was just seen becomes a session after the fact, while the stream goes on."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from posecore.capture.rolling_buffer import RememberedFrame, RollingBuffer, Stretch
from posecore.errors import PoseCoreError
from posecore.goals import Goal, SessionGoal, measure_goal
from posecore.sequence import PoseSequence
from posecore.storage.session import TEXT_LIMITS, Session
from posecore.storage.session_store import SessionStore
from posecore.video_writer import VideoWriter

LENGTHS_S: Final = (5, 10, 20, 30, 60)
NOTHING: Final = "Nothing has been seen yet that could be kept: start the camera first."
_UNFORESEEN: Final = "Something unexpected went wrong; press Try again, what was seen is kept."


@dataclass(frozen=True, kw_only=True)
class KeptStatus:
    """Where keeping stands, for the panel.

    Attributes
    ----------
    state : {"idle", "saving", "kept", "failed"}
    sentence : str
    session_id : str
        What was kept last; empty where nothing was.
    """

    state: Literal["idle", "saving", "kept", "failed"] = "idle"
    sentence: str = ""
    session_id: str = ""


class StretchKeeper:
    """Stores the end of a rolling buffer as a session, on a thread of its own.

    While it is being stored, and until it could be, the buffer holds the frames.

    Parameters
    ----------
    store : SessionStore
    buffer : RollingBuffer
    model : str
        Name of the pose model, kept with the session.
    get_goals : callable
        Gives the goals that are followed now, to be kept with the session.
    """

    def __init__(
        self,
        store: SessionStore,
        buffer: RollingBuffer,
        *,
        model: str,
        get_goals: Callable[[], Sequence[Goal]] = tuple,
    ) -> None:
        self._store = store
        self._buffer = buffer
        self._model = model
        self._get_goals = get_goals
        self._lock = threading.Lock()
        self._waiting: Callable[[], KeptStatus] | None = None
        self._held: list[RememberedFrame] = []
        self._thread: threading.Thread | None = None
        self._n_kept = 0
        self.status = KeptStatus()

    def keep(self, seconds: float, fields: Mapping[str, Any], *, keep_video: bool) -> None:
        """Begin to store the last seconds; without effect while others are being stored.

        Parameters
        ----------
        seconds : float
        fields : mapping
            Name, athlete, tags and description.
        keep_video : bool
            Whether the pictures that are remembered become the session's video.
        """
        with self._lock:
            if self.has_unsaved:
                return
            stretch = self._buffer.get_last(seconds)
            if not stretch.frames:
                self.status = KeptStatus(sentence=NOTHING)
                return
            self._n_kept += 1
            named = {**fields, "name": add_number(fields.get("name", ""), f"kept {self._n_kept}")}
            self._held = stretch.frames
            self._buffer.hold(self._held)
            words = describe_length(stretch, seconds, is_full=self._buffer.is_full)
            goals = self._get_goals()
            self._waiting = lambda: self._store_one(stretch, named, words, keep_video, goals)
            self._begin()

    @property
    def has_unsaved(self) -> bool:
        """Whether something is to be kept that is not stored yet."""
        return self.status.state in ("saving", "failed")

    def try_again(self) -> None:
        """Store once more what could not be stored."""
        with self._lock:
            if self.status.state == "failed":
                self._begin()

    def give_up(self) -> None:
        """Let go of what could not be stored."""
        with self._lock:
            if self.status.state == "failed":
                self._let_go()
                self.status = KeptStatus()

    def join(self) -> None:
        """Wait until nothing is being stored."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _begin(self) -> None:
        self.status = KeptStatus(state="saving", sentence="Keeping it …")
        # Not a daemon: the program waits for it when it is closed.
        self._thread = threading.Thread(target=self._run, name="keep that one")
        self._thread.start()

    def _run(self) -> None:
        assert self._waiting is not None
        try:
            status = self._waiting()
        except PoseCoreError as error:
            status = KeptStatus(state="failed", sentence=str(error))
        except Exception:
            logging.getLogger(__name__).exception("What was seen could not be kept")
            status = KeptStatus(state="failed", sentence=_UNFORESEEN)
        with self._lock:
            if status.state == "kept":
                self._let_go()
            self.status = status

    def _let_go(self) -> None:
        self._buffer.release(self._held)
        self._held, self._waiting = [], None

    def _store_one(
        self,
        stretch: Stretch,
        fields: Mapping[str, Any],
        words: str,
        keep_video: bool,
        goals: Sequence[Goal],
    ) -> KeptStatus:
        session, problem = store_stretch(
            self._store,
            stretch.frames,
            fields,
            model=self._model,
            keep_video=keep_video,
            goals=goals,
        )
        sentence = f'Kept {words} as "{session.name}". {problem}'.strip()
        return KeptStatus(state="kept", sentence=sentence, session_id=session.id)


def store_stretch(
    store: SessionStore,
    frames: list[RememberedFrame],
    fields: Mapping[str, Any],
    *,
    model: str,
    keep_video: bool,
    goals: Sequence[Goal] = (),
) -> tuple[Session, str]:
    """Store frames as a completed session, with their own times and the holes between them.

    Parameters
    ----------
    store : SessionStore
    frames : list of RememberedFrame
        At least one, in order of time, all with one shape of the picture.
    fields : mapping
        Name, athlete, tags and description.
    model : str
    keep_video : bool
    goals : sequence of Goal
        Kept with what was reached of them in these frames.

    Returns
    -------
    Session
    str
        What became of the video where it could not be kept; empty when all is well.

    Raises
    ------
    PoseCoreError
        If the session cannot be stored; nothing is left of it then.
    """
    first = frames[0]
    sequence = PoseSequence.from_frames(
        [replace(each.frame, time_s=each.time_s - first.time_s) for each in frames],
        image_size=first.image_size,
        frame_number=[each.frame_number - first.frame_number for each in frames],
    )
    n_dropped = int(sequence.frame_number[-1]) + 1 - len(frames)
    session_id = store.create_session(source="live", model=model, **fields)
    problem = ""
    try:
        store.append_frames(session_id, sequence, dropped_count=n_dropped)
        if goals:
            reached = [
                SessionGoal(goal=goal, result=measure_goal(sequence, goal)) for goal in goals
            ]
            store.goals.set(session_id, reached)
        if keep_video:
            problem = _write_video(store, session_id, frames)
        session = store.finish_session(session_id, dropped_count=n_dropped)
    except BaseException:
        with suppress(PoseCoreError):
            store.delete_session(session_id)
        raise
    path = store.make_video_path(session_id)
    try:
        return (store.set_video(session_id, path) if path.exists() else session), problem
    except PoseCoreError as error:
        # The file is there: the next start attaches it.
        return session, str(error)


def _write_video(store: SessionStore, session_id: str, frames: list[RememberedFrame]) -> str:
    """Write the pictures that are remembered; returns what went wrong."""
    begin_s = frames[0].time_s
    try:
        # As little work as can be, on one core: the live picture goes on beside it.
        with VideoWriter(
            store.make_video_path(session_id),
            frames[0].image_size,
            preset="ultrafast",
            crf=26,
            n_threads=1,
        ) as video:
            for each in frames:
                picture = each.read_picture()
                if picture is not None:
                    video.write(picture, each.time_s - begin_s)
    except PoseCoreError as error:
        return str(error)
    if not video.n_frames:
        return "There was no picture of it yet: Keep video remembers them from when it is on."
    return ""


def describe_length(stretch: Stretch, asked_s: float, *, is_full: bool) -> str:
    """Say how much is kept, and why it is less than was asked for."""
    words = f"{stretch.length_s:.0f} s"
    if stretch.is_cut:
        return f"{words} (before that the picture had another shape)"
    # A frame's time is missing at the end of every stretch.
    if stretch.is_all and stretch.length_s < asked_s - 0.5:
        return f"{words} (all that {'fitted into memory' if is_full else 'was seen'})"
    return words


def add_number(name: str, number: str) -> str:
    """Put a number behind a session's name, which is cut where it would be too long."""
    room = TEXT_LIMITS["name"] - len(number) - 1
    return f"{name[:room].rstrip()} {number}".strip()
