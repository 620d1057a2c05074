"""One client on a WebSocket: who it is, how fast it may speak, what it is told, when it is over."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from posecore.api.context import ApiContext
from posecore.api.token_bucket import TokenBucket
from posecore.errors import (
    InvalidFieldError,
    InvalidMessageError,
    NotAllowedError,
    NotSignedInError,
    PoseCoreError,
    SessionNotFoundError,
    StorageFullError,
    StoreError,
    StreamNotFoundError,
    TooManyRequestsError,
)
from posecore.identity import Identity
from posecore.storage.session_store import SessionStore
from posecore.streaming.messages import read_message
from posecore.streaming.outbox import Message, Outbox

MAX_CONNECTIONS: Final = 100
"""Of one owner, on all sockets."""
MESSAGES_HZ: Final = 240.0
BURST: Final = 2_400.0
"""So that a sender may send again what an outage of a minute kept back, without waiting."""
OWNER_MESSAGES_HZ: Final = 1_000.0
OWNER_BURST: Final = 5_000.0
CHARACTERS_A_TOKEN: Final = 16 * 1024
"""A longer message counts as several."""
SEND_TIMEOUT_S: Final = 30.0
"""A client that takes nothing for so long is gone."""
CHECK_IDENTITY_S: Final = 30.0
"""How often it is looked up whether a right has ended by itself."""
_LOOK_S: Final = 0.5
"""How often a connection on which nothing comes and goes looks whether one was taken back."""
_ENOUGH_ERRORS: Final = 50

_KINDS: Final[list[tuple[type[PoseCoreError], str, int]]] = [
    (NotSignedInError, "not_signed_in", 4401),
    (NotAllowedError, "not_allowed", 4403),
    (SessionNotFoundError, "session_not_found", 4404),
    (StreamNotFoundError, "stream_not_found", 4404),
    (TooManyRequestsError, "too_many", 4429),
    (InvalidFieldError, "invalid_field", 4400),
    (StorageFullError, "storage_full", 4507),
    (StoreError, "unavailable", 4503),
]
"""Each error's short name, and the code with which the connection closes if it is the end."""

_OVER: Final = (NotSignedInError, NotAllowedError, SessionNotFoundError, StreamNotFoundError)
"""What it means that somebody may not go on."""

_GONE: Final = (RuntimeError, TimeoutError)
"""How a client's absence shows, beside WebSocketDisconnect, when something is sent to it."""


def find_code(error: PoseCoreError) -> tuple[str, int]:
    """Find the short name of an error, and the code to close with."""
    if isinstance(error, InvalidMessageError):
        return error.code, 4400
    for kind, code, close_code in _KINDS:
        if isinstance(error, kind):
            return code, close_code
    return "unavailable", 4503


class SocketLimits:
    """Connections and messages of each owner; one for all sockets."""

    def __init__(self) -> None:
        self._n_connections: dict[str, int] = {}
        self._buckets: dict[str, TokenBucket] = {}
        self._lock = threading.Lock()

    def enter(self, owner: str) -> TokenBucket:
        """Count a connection; returns the bucket that all of the owner's share.

        Raises
        ------
        TooManyRequestsError
        """
        with self._lock:
            count = self._n_connections.get(owner, 0)
            if count >= MAX_CONNECTIONS:
                raise TooManyRequestsError(
                    f"{MAX_CONNECTIONS} connections are open already; close some and try again."
                )
            self._n_connections[owner] = count + 1
            if owner not in self._buckets:
                self._buckets[owner] = TokenBucket(OWNER_MESSAGES_HZ, OWNER_BURST)
            return self._buckets[owner]

    def leave(self, owner: str) -> None:
        """Count a connection no more; forget an owner of whom there is nothing to remember."""
        with self._lock:
            self._n_connections[owner] -= 1
            if not self._n_connections[owner]:
                del self._n_connections[owner]
                if self._buckets[owner].is_full:
                    del self._buckets[owner]


class Access:
    """Whether a client may still have what it was let in for.

    Parameters
    ----------
    store : SessionStore
    ask : callable
        Finds out anew; raises what :func:`identify_client` and the store do.
    get_further : callable, optional
        What else the right depends on; it is asked anew whenever this changes.
    """

    def __init__(
        self,
        store: SessionStore,
        ask: Callable[[], Awaitable[object]],
        get_further: Callable[[], object] = lambda: None,
    ) -> None:
        self._store = store
        self._ask = ask
        self._get_further = get_further
        # None: what was taken back while the client was let in is not overlooked.
        self._version: tuple[int, object] | None = None

    @property
    def is_stale(self) -> bool:
        """Whether a right of anybody was taken away since it was asked."""
        return self._version != self._get_version()

    def _get_version(self) -> tuple[int, object]:
        return self._store.rights_version, self._get_further()

    async def ask(self) -> None:
        """Ask now."""
        version = self._get_version()
        await self._ask()
        self._version = version


class SocketConnection:
    """One client that has said who it is.

    Parameters
    ----------
    websocket : WebSocket
        Accepted.
    identity : Identity
    outbox : Outbox
        What waits to be sent to the client.
    shared : TokenBucket
        Of all the owner's connections.
    access : Access
        Whether it may go on; asked before anything is sent and after anything was received.
    """

    def __init__(
        self,
        websocket: WebSocket,
        identity: Identity,
        outbox: Outbox,
        shared: TokenBucket,
        access: "Access",
    ) -> None:
        self.websocket = websocket
        self.identity = identity
        self.outbox = outbox
        self._access = access
        self._buckets = (TokenBucket(MESSAGES_HZ, BURST), shared)
        self._end: tuple[int, str] | None = None
        # Not in the outbox, out of which nothing is sent any more.
        self._last_words = ""

    def say(self, kind: str, **fields: Any) -> None:
        """Answer the client; does not wait for it."""
        self.outbox.put_notice(json.dumps({"type": kind, **fields}))

    def say_error(self, error: PoseCoreError) -> None:
        """Tell the client what is wrong, and go on; one that does not read is told less often."""
        if self.outbox.n_notices < _ENOUGH_ERRORS:
            self.say("error", code=find_code(error)[0], detail=str(error))

    def end(self, error: PoseCoreError) -> None:
        """Tell the client what is wrong; the connection closes when that is sent."""
        if self._end is None:
            code, close_code = find_code(error)
            self._last_words = json.dumps({"type": "error", "code": code, "detail": str(error)})
            self._end = (close_code, code)

    async def read(self, idle_s: Callable[[], float | None]) -> AsyncIterator[tuple[str, Any]]:
        """Read the client's messages until it is gone.

        What cannot be read is answered with an error. A client that is too fast is told so and
        read more slowly, so that nothing it sends is lost.

        Parameters
        ----------
        idle_s : callable
            How long to wait for the next message, None for ever; an empty text stands for none.

        Yields
        ------
        tuple of (str, dict)
            The message as it came, and what is in it.
        """
        while self._end is None:
            try:
                async with asyncio.timeout(idle_s()):
                    event = await self.websocket.receive()
            except TimeoutError:
                yield "", {}
                continue
            if event["type"] == "websocket.disconnect":
                return
            text = event.get("text")
            await self._make_sure()
            await self._slow_down(len(event.get("bytes") or b"" if text is None else text))
            try:
                if text is None:
                    raise InvalidMessageError(
                        "A message is text in JSON; binary ones are not understood.",
                        code="binary_message",
                    )
                message = read_message(text)
            except InvalidMessageError as error:
                self.say_error(error)
                continue
            yield text, message

    async def _slow_down(self, n_characters: int) -> None:
        n_tokens = 1 + n_characters // CHARACTERS_A_TOKEN
        wait_s = max([bucket.take(n_tokens) for bucket in self._buckets])
        if wait_s > 0:
            self.say_error(
                TooManyRequestsError(
                    "Messages come faster than they may; they are read more slowly, none is lost.",
                    retry_after_s=wait_s,
                )
            )
            await asyncio.sleep(wait_s)

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Do the work, send what is in the outbox and look whether the client still may.

        Ends with whichever ends first; then the connection is closed.
        """
        tasks = [
            asyncio.create_task(each)
            for each in (work, self._send_waiting(), self._keep_checking())
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        wrong = [
            each
            for each in results
            if isinstance(each, Exception) and not isinstance(each, WebSocketDisconnect)
        ]
        if wrong:
            self._end = (1011, "failed")
        await self._close()
        if wrong:
            raise wrong[0]

    async def _send_waiting(self) -> None:
        with suppress(WebSocketDisconnect):
            async for message in self.outbox:
                await self.send(message)

    async def send(self, message: Message) -> None:
        """Send one message and wait until there is room for the next.

        Raises
        ------
        WebSocketDisconnect
            If the client is gone, or may have no more.
        """
        await self._make_sure()
        await self._send_at_once(message)

    async def _send_at_once(self, message: Message) -> None:
        is_text = isinstance(message, str)
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                # As Starlette's own send_text and send_bytes do.
                await self.websocket.send(
                    {"type": "websocket.send", "text" if is_text else "bytes": message}
                )
        except _GONE as error:
            raise WebSocketDisconnect(1006) from error

    async def _make_sure(self) -> None:
        """Go no further where a right was taken back since it was last asked."""
        if self._end is None and self._access.is_stale:
            try:
                await self._access.ask()
            except PoseCoreError as error:
                self.end(error)
        if self._end is not None:
            raise WebSocketDisconnect(self._end[0])

    async def _keep_checking(self) -> None:
        with suppress(WebSocketDisconnect):
            while True:
                until_s = asyncio.get_running_loop().time() + CHECK_IDENTITY_S
                while (left_s := until_s - asyncio.get_running_loop().time()) > 0:
                    await asyncio.sleep(min(left_s, _LOOK_S))
                    await self._make_sure()
                try:
                    await self._access.ask()
                except _OVER as error:
                    self.end(error)
                    return
                except PoseCoreError:
                    continue  # the database is busy; asked again soon

    async def _close(self) -> None:
        code, reason = self._end or (1000, "")
        if self._end is None and self.outbox.is_closed:
            code, reason = 1008, "too_slow"
        with suppress(WebSocketDisconnect, *_GONE):
            while self.outbox.n_notices and (notice := await self.outbox.get()):
                await self._send_at_once(notice)
            if self._last_words:
                await self._send_at_once(self._last_words)
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self.websocket.close(code, reason)


async def refuse(websocket: WebSocket, error: PoseCoreError) -> None:
    """Say why a client that was accepted is not served, and close."""
    code, close_code = find_code(error)
    with suppress(WebSocketDisconnect, *_GONE):
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await websocket.send_json({"type": "error", "code": code, "detail": str(error)})
            await websocket.close(close_code, code)


async def identify_client(websocket: WebSocket, context: ApiContext) -> Identity:
    """Find out who is there; waits for the database.

    Raises
    ------
    NotSignedInError, NotAllowedError
        If nobody, or one who may neither read nor use streams.
    """
    identity = await run_in_threadpool(context.identify, websocket)
    if "stream" not in identity.scopes:
        identity.require("read")
    return identity
