"""How much may be asked: size of a body, requests a minute, and how much is computed at once."""

import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from anyio import fail_after
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from posecore.api.problems import ApiProblem, make_problem
from posecore.errors import TooManyRequestsError

Kind = Literal["writes", "computations"]
_WAIT_S: Final = 30.0
_WAITING: Final = 8


@dataclass(frozen=True, kw_only=True)
class ApiLimits:
    """What may be asked of REST; each number is one a person can be told.

    Attributes
    ----------
    writes, computations : str
        Of one owner: changes, and answers that have to be computed (angles, numbers, comparisons,
        searches, processed landmarks), in words of the package ``limits``.
    at_once : int
        Answers computed at the same time, of all owners.
    body_bytes : int
        Of a request that is none of the following.
    json_frames_bytes, arrow_frames_bytes : int
        Frames added in one request, as JSON and as Arrow.
    video_bytes, landmark_file_bytes : int
        A video or a file of landmarks to be imported.
    frames_at_once : int
        Frames added in one request.
    stalled_s : float
        Nothing more of a body came for so long, so that its sender is taken for gone.
    """

    writes: str = "1200/minute"
    computations: str = "120/minute"
    at_once: int = 2
    body_bytes: int = 1_000_000
    json_frames_bytes: int = 8_000_000
    arrow_frames_bytes: int = 64_000_000
    video_bytes: int = 2_000_000_000
    landmark_file_bytes: int = 200_000_000
    frames_at_once: int = 50_000
    stalled_s: float = 60.0

    def find_body_limit(self, path: str, content_type: str) -> int:
        """Bytes that a request to an address may have."""
        last = path.rstrip("/").rpartition("/")[2]
        if last == "frames":
            is_arrow = content_type.startswith("application/vnd.apache.arrow.stream")
            return self.arrow_frames_bytes if is_arrow else self.json_frames_bytes
        by_address = {"videos": self.video_bytes, "landmark-files": self.landmark_file_bytes}
        return by_address.get(last, self.body_bytes)


class RateLimits:
    """Counts what each owner asks; safe to use from several threads."""

    def __init__(self, limits: ApiLimits) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._items = {
            "writes": parse(limits.writes),
            "computations": parse(limits.computations),
        }
        self._running = threading.BoundedSemaphore(limits.at_once)
        self._waiting = threading.BoundedSemaphore(limits.at_once + _WAITING)

    def count(self, kind: Kind, owner: str) -> None:
        """Count one request.

        Raises
        ------
        TooManyRequestsError
        """
        item = self._items[kind]
        if self._limiter.hit(item, owner):
            return
        wait_s = self._limiter.get_window_stats(item, owner).reset_time - time.time()
        raise TooManyRequestsError(
            f"More than {item.amount:,} {kind} in {item.get_expiry():,} s were asked for; wait "
            f"{max(1, round(wait_s))} s and go on more slowly.",
            retry_after_s=max(1.0, wait_s),
        )

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Keep the computer from computing too much at once; a few wait for their turn.

        Raises
        ------
        TooManyRequestsError
        """
        if not self._waiting.acquire(blocking=False):
            raise _busy()
        try:
            if not self._running.acquire(timeout=_WAIT_S):
                raise _busy()
            try:
                yield
            finally:
                self._running.release()
        finally:
            self._waiting.release()


def _busy() -> TooManyRequestsError:
    return TooManyRequestsError(
        "The dashboard computes as much as it can already; ask again in a few seconds.",
        retry_after_s=5.0,
    )


async def read_chunks(request: Request) -> AsyncIterator[bytes]:
    """Read a body as it comes; a sender who says nothing any more is not waited for.

    Raises
    ------
    ApiProblem
        With status 408.
    """
    limits: ApiLimits = request.app.state.limits
    chunks = aiter(request.stream())
    while True:
        try:
            with fail_after(limits.stalled_s):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise ApiProblem(
                408,
                f"Nothing more of the body came for {limits.stalled_s:g} s, so nothing was done; "
                "send it again.",
            ) from error
        yield chunk


class BodyLimit:
    """Middleware that stops a body that is too large, by its header or while it arrives."""

    def __init__(self, app: ASGIApp, limits: ApiLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is not too large."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = self._limits.find_body_limit(scope["path"], headers.get("content-type", ""))
        sentence = (
            f"A body may have {limit:,} bytes here and this one has more; send it in parts, or "
            "import it from the command line."
        )
        length = headers.get("content-length", "")
        if length.isdecimal() and (len(length) > 18 or int(length) > limit):
            await make_problem(413, sentence)(scope, receive, send)
            return
        n_bytes = 0

        async def receive_counted() -> Message:
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > limit:
                raise ApiProblem(413, sentence)
            return message

        await self._app(scope, receive_counted, send)
