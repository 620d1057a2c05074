"""Who listens on which stream; whoever has a pose hands it to all of them."""

import threading
from collections.abc import Callable
from typing import Final, Self

from posecore.errors import InvalidMessageError
from posecore.sequence import PoseFrame
from posecore.streaming.messages import write_pose
from posecore.streaming.outbox import CAPACITY, Outbox
from posecore.streaming.recordings import Recordings

DEFAULT_STREAM: Final = "main"
CAMERA_STREAM: Final = "camera"
"""On which the Live page's own camera publishes."""
MAX_NAME_LENGTH: Final = 100

_Key = tuple[str, str]
PosePublisher = Callable[[PoseFrame, int, tuple[int, int]], None]


class Listener(Outbox):
    """One who listens on a stream: an async iterator over messages, and a context manager."""

    def __init__(self, hub: "StreamHub", key: _Key, capacity: int) -> None:
        super().__init__(capacity)
        self._hub = hub
        self._key = key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Listen no more."""
        self._hub._leave(self._key, self)
        super().close()


class StreamHub:
    """Named streams, each owner's their own, and what is recorded of them.

    A stream is there while somebody listens; what is published to none costs nothing.

    Attributes
    ----------
    recordings : Recordings
        What is being recorded from sockets.
    """

    def __init__(self) -> None:
        self._listeners: dict[_Key, tuple[Listener, ...]] = {}
        self._lock = threading.Lock()
        self.recordings = Recordings()

    def listen(self, owner: str, name: str, *, capacity: int = CAPACITY) -> Listener:
        """Listen on a stream from now on; call on the event loop that reads.

        Parameters
        ----------
        owner, name : str
        capacity : int
            Messages that may wait; the oldest are given up for newer ones.
        """
        key = (owner, name)
        listener = Listener(self, key, capacity)
        with self._lock:
            self._listeners[key] = (*self._listeners.get(key, ()), listener)
        return listener

    def _leave(self, key: _Key, listener: Listener) -> None:
        with self._lock:
            left = tuple(each for each in self._listeners.get(key, ()) if each is not listener)
            if left:
                self._listeners[key] = left
            else:
                self._listeners.pop(key, None)

    def is_heard(self, owner: str, name: str) -> bool:
        """Whether anybody listens, so that a message is worth making."""
        return (owner, name) in self._listeners

    def publish(
        self, owner: str, name: str, message_text: str, *, sender: Listener | None = None
    ) -> None:
        """Hand a message to all who listen, but not to its sender; from any thread, at once."""
        for listener in self._listeners.get((owner, name), ()):
            if listener is not sender:
                listener.put(message_text)

    def close(self) -> None:
        """Finish all recordings; for the end of the program."""
        self.recordings.close()


def make_publisher(hub: StreamHub, owner: str, name: str) -> PosePublisher:
    """Make what publishes an estimator's poses; it costs next to nothing while nobody listens."""

    def publish(frame: PoseFrame, frame_number: int, image_size: tuple[int, int]) -> None:
        if hub.is_heard(owner, name):
            hub.publish(owner, name, write_pose(frame, frame_number, image_size))

    return publish


def check_stream_name(name: str) -> str:
    """Check the name of a stream; it is a name only, never a path.

    Raises
    ------
    InvalidMessageError
    """
    if not name.strip() or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise InvalidMessageError(
            f"The name of a stream has 1 to {MAX_NAME_LENGTH} characters that can be printed; "
            "choose another after ?stream=.",
            code="invalid_stream",
        )
    return name
