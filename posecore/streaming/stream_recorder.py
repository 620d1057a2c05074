"""Records what one client sends on a stream, with the client's own frame numbers.

The rule for what does not come in order: a frame is stored if both its number and its time are
larger than those of every frame that came before it in this recording. Any other (a duplicate, a
late one, one out of order) is not stored and counts as dropped. A number that never came counts as
dropped, too; one that comes late was counted already and is not counted twice.
"""

from collections import deque
from dataclasses import replace
from typing import Any, Final

from posecore.capture.recorder import SessionRecorder
from posecore.errors import InvalidMessageError
from posecore.storage.session import Session, check_text
from posecore.storage.session_store import SessionStore
from posecore.streaming.messages import MAX_FRAME_NUMBER, PoseMessage

MAX_LENGTH_S: Final = 24 * 3600.0
_MAX_HOLES: Final = 1_000
_MAX_MODEL_LENGTH: Final = 100


class StreamRecorder:
    """One recording of one client's poses; every valid pose is stored or counted as dropped.

    :meth:`start` and :meth:`stop` wait for the disk, :meth:`add` does not.

    Parameters
    ----------
    store : SessionStore
        The owner's.
    model : str
        Name of the pose model that the sender uses, where it says so; at most 100 characters.

    Raises
    ------
    InvalidFieldError
    """

    def __init__(self, store: SessionStore, *, model: str = "") -> None:
        model = check_text("model", model, _MAX_MODEL_LENGTH)
        self._recorder = SessionRecorder(store, source="stream", model=model)
        self._highest = -1
        self._holes: deque[tuple[int, int]] = deque(maxlen=_MAX_HOLES)
        self._first: PoseMessage | None = None
        self._last_time_s = 0.0
        self._last_stored: int | None = None

    @property
    def session_id(self) -> str:
        """Id of the session."""
        return self._recorder.session_id

    @property
    def last_frame_number(self) -> int | None:
        """Number of the last frame that was taken in; None before the first."""
        return self._last_stored

    @property
    def problem(self) -> str:
        """One sentence while the frames cannot be saved; empty when all is well."""
        return self._recorder.problem

    @property
    def is_lost(self) -> bool:
        """Whether the session was deleted or finished by somebody else meanwhile."""
        return self._recorder.is_lost

    def start(self, **fields: Any) -> str:
        """Make the session; returns its id.

        Raises
        ------
        InvalidFieldError, StoreError
        """
        self._recorder.start(at_once=True, **fields)
        return self.session_id

    def add(self, message: PoseMessage) -> None:
        """Take in one pose; returns at once.

        Raises
        ------
        InvalidMessageError
            If it does not belong to this recording: another clock, another size of picture, or a
            day later. It counts as dropped.
        """
        number = self._highest + 1 if message.frame_number is None else message.frame_number
        if number > MAX_FRAME_NUMBER or not self._is_new(number):
            self._recorder.add_dropped()
            return
        frame, first = message.frame, self._first
        if first is not None:
            try:
                _check_belongs(first, message)
            except InvalidMessageError:
                self._recorder.add_dropped()
                raise
            if frame.time_s <= self._last_time_s:
                self._recorder.add_dropped()
                return
        else:
            self._first = first = message
        self._last_time_s = frame.time_s
        self._last_stored = number
        # From the first frame on, so that milliseconds since 1970 keep their fractions.
        placed = replace(frame, time_s=frame.time_s - first.frame.time_s)
        self._recorder.add_frame(placed, message.image_size, frame_number=number)

    def _is_new(self, number: int) -> bool:
        """Whether a number is larger than all before, whose holes are counted.

        One from a hole is taken out of it: it was counted with it, and will be again on its own.
        """
        if number > self._highest:
            n_missed = number - self._highest - 1
            if self._first is not None and n_missed:
                self._holes.append((self._highest + 1, number - 1))
                self._recorder.add_dropped(n_missed)
            self._highest = number
            return True
        for index in reversed(range(len(self._holes))):
            first, last = self._holes[index]
            if first <= number <= last:
                del self._holes[index]
                self._holes.extend(
                    part for part in ((first, number - 1), (number + 1, last)) if part[0] <= part[1]
                )
                self._recorder.add_dropped(-1)
                break
        return False

    def stop(self) -> Session | None:
        """Finish the session; one without a frame fails, with the reason.

        Raises
        ------
        StorageFullError
            What could not be saved stays in memory: stop again when there is room.
        PoseCoreError
        """
        return self._recorder.stop()


def _check_belongs(first: PoseMessage, message: PoseMessage) -> None:
    if message.is_epoch != first.is_epoch:
        raise InvalidMessageError(
            "This timestamp is of another kind than the recording's first, seconds from the start "
            "or milliseconds since 1970; keep to one.",
            code="other_clock",
        )
    if message.image_size != first.image_size:
        raise InvalidMessageError(
            f"This picture is {message.image_size[0]} x {message.image_size[1]} pixels and the "
            f"recording's are {first.image_size[0]} x {first.image_size[1]}; stop and start a new "
            "recording.",
            code="other_size",
        )
    if message.frame.time_s - first.frame.time_s > MAX_LENGTH_S:
        raise InvalidMessageError(
            "A recording may last 24 hours; stop and start a new recording.",
            code="recording_too_long",
        )
