"""Who listens on which stream; whoever has a message hands it to all of them."""

import threading
from typing import Final, Self

from posecore.errors import InvalidMessageError
from posecore.streaming.outbox import CAPACITY, Message, Outbox

MAX_NAME_LENGTH: Final = 100

Key = tuple[str, str]
"""Owner, and name of the stream."""


class Listener(Outbox):
    """One who listens on a stream: an async iterator over messages, and a context manager."""

    def __init__(
        self, channels: "Channels", key: Key, capacity: int, max_ahead: int | None
    ) -> None:
        super().__init__(capacity, max_ahead=max_ahead)
        self._channels = channels
        self._key = key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Listen no more."""
        self._channels._leave(self._key, self)
        super().close()


class Channels:
    """Named streams, each owner's their own.

    A stream is there while somebody listens; what is published to none costs nothing.
    """

    def __init__(self) -> None:
        self._listeners: dict[Key, tuple[Listener, ...]] = {}
        self._lock = threading.Lock()

    def listen(
        self, owner: str, name: str, *, capacity: int = CAPACITY, max_ahead: int | None = None
    ) -> Listener:
        """Listen on a stream from now on; call on the event loop that reads.

        Parameters
        ----------
        owner, name : str
        capacity : int
            Messages that may wait; the oldest are given up for newer ones.
        max_ahead : int, optional
            As an :class:`Outbox` has it.
        """
        key = (owner, name)
        listener = Listener(self, key, capacity, max_ahead)
        with self._lock:
            self._listeners[key] = (*self._listeners.get(key, ()), listener)
        return listener

    def _leave(self, key: Key, listener: Listener) -> None:
        with self._lock:
            left = tuple(each for each in self._listeners.get(key, ()) if each is not listener)
            if left:
                self._listeners[key] = left
            else:
                self._listeners.pop(key, None)

    def is_heard(self, owner: str, name: str) -> bool:
        """Whether anybody listens, so that a message is worth making."""
        return (owner, name) in self._listeners

    def count(self, owner: str, name: str) -> int:
        """How many listen."""
        return len(self._listeners.get((owner, name), ()))

    def publish(
        self, owner: str, name: str, message: Message, *, sender: Listener | None = None
    ) -> None:
        """Hand a message to all who listen, but not to its sender; from any thread, at once."""
        for listener in self._listeners.get((owner, name), ()):
            if listener is not sender:
                listener.put(message)


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
