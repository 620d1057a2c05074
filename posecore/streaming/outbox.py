"""What waits to be sent to one reader: never more than a little, whatever comes and from where."""

import asyncio
import threading
from collections import deque
from contextlib import suppress
from typing import Final, Self

CAPACITY: Final = 60
"""Poses that may wait, two seconds at 30 a second: a reader that is slower misses the oldest."""

MAX_NOTICES: Final = 256
"""Answers that may wait for a reader that asks and does not read."""


Message = str | bytes


class Outbox:
    """Messages for one reader, put in from any thread and taken out on the loop it is made on.

    Poses are bounded, and the oldest makes room for the newest. Notices (answers, errors) come
    first and are never dropped in silence: too many of them close the outbox.

    A reader that says what it has got (:meth:`note_read`) is never more than ``max_ahead`` poses
    behind what is sent: of what the line itself holds back, nobody else would know.

    Parameters
    ----------
    capacity : int
        Poses that may wait.
    max_ahead : int, optional
        Poses that may be on their way to a reader that says what it has got.

    Attributes
    ----------
    n_dropped : int
        Poses that this reader missed.
    """

    def __init__(self, capacity: int = CAPACITY, *, max_ahead: int | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._capacity = capacity
        self._poses: deque[Message] = deque()
        self._notices: deque[Message] = deque()
        self._lock = threading.Lock()
        self._has_news = asyncio.Event()
        self._is_closed = False
        self._max_ahead = max_ahead
        self._n_taken = 0
        self._n_read: int | None = None
        self.n_dropped = 0

    @property
    def is_closed(self) -> bool:
        """Whether nothing more comes."""
        return self._is_closed

    @property
    def n_notices(self) -> int:
        """Notices that wait."""
        return len(self._notices)

    def put(self, message: Message) -> None:
        """Add a pose; the oldest one that waits is given up where there is no room."""
        with self._lock:
            if self._is_closed:
                return
            self._poses.append(message)
            if len(self._poses) > self._capacity:
                self._poses.popleft()
                self.n_dropped += 1
        self._wake()

    def put_notice(self, text: str) -> None:
        """Add what has to be read; a reader for whom too many wait is given up."""
        with self._lock:
            self._notices.append(text)
            is_too_much = len(self._notices) > MAX_NOTICES
        if is_too_much:
            self.close()
        self._wake()

    def note_read(self, n_poses: int) -> None:
        """Note how many poses the reader says to have got in all; never more than were sent."""
        with self._lock:
            self._n_read = min(n_poses, self._n_taken)
        self._wake()

    @property
    def _is_far_ahead(self) -> bool:
        if self._max_ahead is None or self._n_read is None:
            return False
        return self._n_taken - self._n_read >= self._max_ahead

    def _wake(self) -> None:
        if threading.get_ident() == self._thread:
            self._has_news.set()
        else:
            with suppress(RuntimeError):  # the loop has ended, and with it who read
                self._loop.call_soon_threadsafe(self._has_news.set)

    async def get(self) -> Message | None:
        """Wait for the next message; None when the outbox is closed."""
        while True:
            with self._lock:
                if self._is_closed:
                    return None
                if self._notices:
                    return self._notices.popleft()
                if self._poses and not self._is_far_ahead:
                    self._n_taken += 1
                    return self._poses.popleft()
                self._has_news.clear()
            await self._has_news.wait()

    def close(self) -> None:
        """Give up what waits; nothing more is taken."""
        with self._lock:
            self._is_closed = True
            self._poses.clear()
            self._notices.clear()
        self._wake()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        message = await self.get()
        if message is None:
            raise StopAsyncIteration
        return message
