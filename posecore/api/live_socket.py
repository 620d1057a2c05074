"""``/ws/live?stream=NAME&of=OWNER``: a live room on another screen, and cues back to the athlete.

``of`` is whose room it is, one's own where it is left out. Its owner may watch and send cues; so
may whoever has a share of the athlete who is chosen there now, cues with the right to annotate.
All others are answered as if the stream were not there, also when a right ends while they watch.

The server says in JSON

- ``{"type": "watching", "camera", "detail", "athlete", "may_cue", "picture", "angles"}`` first, and
  whenever something of it changes: ``camera`` is ``on`` or ``off``, ``detail`` what is wrong where
  no camera ever was on one's own stream of that name, ``picture`` whether it may be asked for,
  ``angles`` the names of those in the frames;
- ``{"type": "pong", "at", "clock_ms"}``: its clock, by which frames say when they came in;
- ``{"type": "cue_shown", "id", "is_recorded"}``, and later ``cue_kept`` or ``cue_lost`` (with a
  ``detail``) about its note;
- ``{"type": "error", "code", "detail"}``;

and each frame in a binary message, see :mod:`posecore.streaming.live_messages`. A client says

- ``{"type": "ping", "at", "n_read"}``: a number that comes back, and how many binary messages came
  so far on this connection. Whoever says so is sent no more than a second's ahead of it, so that a
  slow line misses frames and is never far behind;
- ``{"type": "cue", "id", "kind", ...}``: ``kind`` is ``text`` (with ``text``), ``arrow`` (with
  ``joint`` such as ``left_knee``, and perhaps ``text``) or ``mark``; ``at_s`` may say to which
  moment of the recording it belongs, as the last frame told.

``/ws/live/picture`` of the same address sends the picture, where the athlete shows it, as binary
messages, each a JPEG; it takes a ``ping`` as well. It is a connection of its own so that no frame
waits for a picture.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket

from posecore.angles import CORE_ANGLES
from posecore.api.context import ApiContext
from posecore.api.socket_connection import (
    Access,
    SocketConnection,
    SocketLimits,
    identify_client,
    refuse,
)
from posecore.api.token_bucket import TokenBucket
from posecore.errors import (
    InvalidMessageError,
    NotAllowedError,
    PoseCoreError,
    StorageFullError,
    StreamNotFoundError,
    TooManyRequestsError,
)
from posecore.identity import Identity
from posecore.storage.session_lookup import Right
from posecore.streaming.channels import Channels, Listener, check_stream_name
from posecore.streaming.hub import CAMERA_STREAM
from posecore.streaming.messages import find_kind, is_number
from posecore.streaming.stage import (
    MAX_AHEAD,
    MAX_PICTURES_AHEAD,
    PICTURE_CAPACITY,
    VIEWER_CAPACITY,
    LiveStage,
)

CUES_HZ: Final = 2.0
CUE_BURST: Final = 5.0
NOT_THERE: Final = (
    "There is no live stream here that you may watch: check the address, or wait until its camera "
    "runs and its athlete is shared with you."
)
_LOOK_S: Final = 0.1
"""How often it is looked whether a viewer has to be told of something."""
_MAX_ID: Final = 2**31


async def serve_live(websocket: WebSocket, context: ApiContext, limits: SocketLimits) -> None:
    """Serve one viewer from the connection to its end."""
    stage = context.hub.stage
    seating = _Seating(stage.poses, VIEWER_CAPACITY, MAX_AHEAD)
    async with _let_in(websocket, context, limits, seating) as found:
        if found is not None:
            await found.connection.run(_Viewer(found, stage).work())


async def serve_pictures(websocket: WebSocket, context: ApiContext, limits: SocketLimits) -> None:
    """Send the picture to one viewer, from the connection to its end."""
    stage = context.hub.stage
    seating = _Seating(stage.pictures, PICTURE_CAPACITY, MAX_PICTURES_AHEAD)
    async with _let_in(websocket, context, limits, seating) as found:
        if found is not None:
            await found.connection.run(_answer_pings(found))


async def _answer_pings(guest: "_Guest") -> None:
    async for _, message in guest.connection.read(lambda: None):
        try:
            guest.answer_ping(message)
        except PoseCoreError as error:
            guest.connection.say_error(error)


class _Seat:
    """From where somebody watches, and what they may do there."""

    def __init__(self, websocket: WebSocket, context: ApiContext, identity: Identity) -> None:
        query = websocket.query_params
        self.stream = check_stream_name(query.get("stream", CAMERA_STREAM))
        self.of = query.get("of") or identity.owner
        self.right: Right = "read"
        self.athlete: str | None = None
        self._websocket = websocket
        self._context = context
        self._store = context.get_store().for_owner(identity.owner)

    async def ask(self) -> None:
        """Find out what they may do now; raises StreamNotFoundError where that is nothing."""
        identity = await identify_client(self._websocket, self._context)
        stage = self._context.hub.stage
        athlete = stage.find_athlete(self.of, self.stream)
        right: Right | None = None
        if self.of == identity.owner:
            right = "own"
        elif athlete:
            right = await run_in_threadpool(self._find_right, athlete)
        if right is None:
            raise StreamNotFoundError(NOT_THERE)
        self.right, self.athlete = right, athlete

    def _find_right(self, athlete: str) -> Right | None:
        shares = self._store.shares
        try:
            return shares.watch(of=self.of, athlete=athlete)
        except StorageFullError:  # it can be looked at all the same
            return shares.find_right(of=self.of, athlete=athlete)

    def get_athlete(self) -> str | None:
        """Who is chosen in the room now, on which the right depends."""
        return self._context.hub.stage.find_athlete(self.of, self.stream)

    def make_access(self) -> Access:
        """Make what asks anew when the right may be another one."""
        return Access(self._store, self.ask, self.get_athlete)


class _Seating(NamedTuple):
    channels: Channels
    capacity: int
    max_ahead: int


class _Guest:
    """Somebody who was let in."""

    def __init__(self, seat: _Seat, connection: SocketConnection, listener: Listener) -> None:
        self.seat = seat
        self.connection = connection
        self._listener = listener

    def answer_ping(self, message: dict[str, Any]) -> None:
        """Answer a ping; raises InvalidMessageError where it is none."""
        kind = find_kind(message)
        if kind != "ping":
            raise InvalidMessageError(
                f"There is no message of the type {kind[:40]!a} here.", code="unknown_type"
            )
        n_read, at = message.get("n_read"), message.get("at")
        if is_number(n_read) and n_read >= 0:
            self._listener.note_read(int(n_read))
        clock_ms = round(time.monotonic() * 1e3, 1)
        self.connection.say("pong", at=at if is_number(at) else None, clock_ms=clock_ms)


@asynccontextmanager
async def _let_in(
    websocket: WebSocket, context: ApiContext, limits: SocketLimits, seating: _Seating
) -> AsyncIterator[_Guest | None]:
    """Let somebody in; gives None for one who was refused."""
    await websocket.accept()
    try:
        identity = await identify_client(websocket, context)
        seat = _Seat(websocket, context, identity)
        await seat.ask()
        shared = limits.enter(identity.owner)
    except PoseCoreError as error:
        await refuse(websocket, error)
        yield None
        return
    try:
        with seating.channels.listen(
            seat.of, seat.stream, capacity=seating.capacity, max_ahead=seating.max_ahead
        ) as listener:
            access = seat.make_access()
            connection = SocketConnection(websocket, identity, listener, shared, access)
            yield _Guest(seat, connection, listener)
    finally:
        limits.leave(identity.owner)


class _Viewer:
    """What one viewer is told and says."""

    def __init__(self, guest: _Guest, stage: LiveStage) -> None:
        self._guest = guest
        self._connection = guest.connection
        self._seat = guest.seat
        self._stage = stage
        self._cues = TokenBucket(CUES_HZ, CUE_BURST)

    async def work(self) -> None:
        """Tell what changes and answer until the viewer is gone."""
        told = self._tell({})  # before the first frame
        telling = asyncio.create_task(self._tell_changes(told))
        try:
            async for text, message in self._connection.read(lambda: None):
                try:
                    if text:
                        self._handle(message)
                except PoseCoreError as error:
                    self._connection.say_error(error)
        finally:
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling

    async def _tell_changes(self, told: dict[str, Any]) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            told = self._tell(told)

    def _tell(self, told: dict[str, Any]) -> dict[str, Any]:
        if self._seat.get_athlete() != self._seat.athlete:
            return told  # whether they may know who it is now is not found out yet
        now = self._describe()
        if now != told:
            self._connection.say("watching", **now)
        return now

    def _describe(self) -> dict[str, Any]:
        source = self._stage.find(self._seat.of, self._seat.stream)
        may_stream = "stream" in self._connection.identity.scopes
        return {
            "camera": "on" if source is not None and source.is_on else "off",
            "detail": "" if source is not None or self._seat.stream == CAMERA_STREAM else NOT_THERE,
            "athlete": self._seat.athlete or "",
            "may_cue": may_stream and self._seat.right != "read",
            "picture": source is not None and source.is_on and source.shows_picture,
            "angles": CORE_ANGLES,
        }

    def _handle(self, message: dict[str, Any]) -> None:
        if find_kind(message) == "cue":
            self._send_cue(message)
        else:
            self._guest.answer_ping(message)

    def _send_cue(self, message: dict[str, Any]) -> None:
        identity = self._connection.identity
        identity.require("stream")
        cue_id = _read_id(message)
        if self._seat.right == "read":
            raise NotAllowedError(
                "This athlete was shared with you to look at, without cues; ask whose it is to "
                "share it again with the right to annotate."
            )
        source = self._stage.find(self._seat.of, self._seat.stream)
        if source is None or not source.is_on:
            raise InvalidMessageError(
                "The camera does not run, so nobody would see this; send it when it does.",
                code="camera_off",
            )
        if not self._cues.try_take():
            raise TooManyRequestsError(
                "That is more cues than anybody can follow; wait a second between two."
            )
        answer = _CueAnswer(self._connection, cue_id)
        answer.shown(
            source.send_cue(message, author=identity.owner, by=identity.name, tell=answer.tell)
        )


class _CueAnswer:
    """Says what became of a cue: first that it was shown, then what became of its note.

    The note may be over before that, in another thread or because too many wait.
    """

    def __init__(self, connection: SocketConnection, cue_id: int) -> None:
        self._connection = connection
        self._id = cue_id
        self._lock = threading.Lock()
        self._is_shown = False
        self._early: list[str] = []

    def shown(self, is_recorded: bool) -> None:
        with self._lock:
            self._is_shown = True
            self._connection.say("cue_shown", id=self._id, is_recorded=is_recorded)
            for problem in self._early:
                self._say(problem)

    def tell(self, problem: str = "") -> None:
        with self._lock:
            if self._is_shown:
                self._say(problem)
            else:
                self._early.append(problem)

    def _say(self, problem: str) -> None:
        facts = {"detail": problem} if problem else {}
        self._connection.say("cue_lost" if problem else "cue_kept", id=self._id, **facts)


def _read_id(message: dict[str, Any]) -> int:
    cue_id = message.get("id", 0)
    if not is_number(cue_id) or cue_id != int(cue_id) or not 0 <= cue_id < _MAX_ID:
        raise InvalidMessageError(
            "The id of a cue is a whole number from 0, by which the answer names it.",
            code="invalid_cue",
        )
    return int(cue_id)
