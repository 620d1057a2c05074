"""``/ws/session/ID``: a session's frames, each at its own time.

Frames arrive as ``{"type": "frame_data", "frame_number", "timestamp", "pose_data"}`` from the
connection on, ``timestamp`` in seconds from the session's first frame. ``pose_data`` holds
``landmarks`` (33 of ``{"x", "y", "z", "visibility", "presence"}``), ``world_landmarks`` (33 of
``{"x", "y", "z"}``, metres), each null with nobody in the frame and each landmark null where it was
not seen, ``visibility`` (33 numbers, or null), ``width`` and ``height``.

A client says ``play``, ``pause``, ``seek`` (``frame_number`` or ``time_s``) and ``speed``.
"""

import asyncio
import json
from typing import Any, Final

from starlette.websockets import WebSocket

from posecore.api.context import ApiContext
from posecore.api.socket_connection import (
    Access,
    SocketConnection,
    SocketLimits,
    identify_client,
    refuse,
)
from posecore.errors import InvalidMessageError, PoseCoreError
from posecore.replay_clock import SPEEDS, ReplayClock
from posecore.sequence import PoseFrame
from posecore.streaming.messages import MAX_FRAME_NUMBER, describe_landmarks, find_kind, is_number
from posecore.streaming.outbox import Outbox
from posecore.streaming.replay import FrameCursor

LATE_S: Final = 0.25
"""A reader so far behind is slow, not late: it gets the newest frame and misses those before."""
_MAX_TIME_S: Final = 1e9


async def serve_session(websocket: WebSocket, context: ApiContext, limits: SocketLimits) -> None:
    """Serve one client from its connection to its end."""
    await websocket.accept()

    async def ask() -> None:
        await identify_client(websocket, context)
        await asyncio.to_thread(store.get_session, session.id)

    try:
        identity = await identify_client(websocket, context)
        identity.require("read")
        store = context.get_store().for_owner(identity.owner)
        session_id = websocket.path_params["session_id"]
        session = await asyncio.to_thread(store.get_session, session_id)
        await asyncio.to_thread(store.audit.note, "opened", session.id, "replay over a socket")
        shared = limits.enter(identity.owner)
    except PoseCoreError as error:
        await refuse(websocket, error)
        return
    try:
        access = Access(store, ask)
        connection = SocketConnection(websocket, identity, Outbox(), shared, access)
        player = _Player(connection, FrameCursor(store, session.id))
        await connection.run(player.work())
    finally:
        limits.leave(identity.owner)


class _Player:
    """Plays to one client, as it says."""

    def __init__(self, connection: SocketConnection, cursor: FrameCursor) -> None:
        self._connection = connection
        self._cursor = cursor
        self._clock = ReplayClock()
        self._now_s = asyncio.get_running_loop().time
        self._clock.play(self._now_s())
        self._changed = asyncio.Event()
        self._sought: dict[str, Any] | None = None
        self._is_at_end = False

    async def work(self) -> None:
        """Play until the client is gone, or the session is."""
        playing = asyncio.create_task(self._play_to_end())
        listening = asyncio.create_task(self._listen())
        try:
            await asyncio.wait({playing, listening}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (playing, listening):
                task.cancel()
            results = await asyncio.gather(playing, listening, return_exceptions=True)
            self._cursor.close()
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _listen(self) -> None:
        async for _, message in self._connection.read(lambda: None):
            try:
                self._obey(message)
            except InvalidMessageError as error:
                self._connection.say_error(error)

    def _obey(self, message: dict[str, Any]) -> None:
        kind = find_kind(message)
        now_s = self._now_s()
        match kind:
            case "play":
                if self._is_at_end and self._sought is None:
                    self._sought = {"number": 0}
                self._clock.play(now_s)
            case "pause":
                self._clock.pause(now_s)
            case "speed":
                self._clock.set_speed(_read_speed(message), now_s)
            case "seek":
                self._sought = _read_place(message)
            case _:
                raise InvalidMessageError(
                    f"There is no message of the type {kind[:40]!a} here; send play, pause, "
                    "seek or speed.",
                    code="unknown_type",
                )
        self._changed.set()

    async def _play_to_end(self) -> None:
        try:
            await self._begin()
            while True:
                self._changed.clear()
                await self._go_on()
        except PoseCoreError as error:
            self._connection.end(error)

    async def _begin(self) -> None:
        found = await self._cursor.peek()
        # It plays since the client is there, unless that has said otherwise meanwhile.
        self._clock.seek(found[1].time_s if found else 0.0, self._now_s())

    async def _go_on(self) -> None:
        """Send the next frame at its time, or do what was asked meanwhile."""
        if self._sought is not None:
            place, self._sought = self._sought, None
            await self._seek(place)
            return
        if not self._clock.is_playing:
            await self._changed.wait()
            return
        found = await self._cursor.peek()
        if found is None:
            self._say_ended()
            return
        wait_s = self._clock.wait_s(found[1].time_s, self._now_s())
        if wait_s > 0:
            await self._wait(wait_s)
            if self._changed.is_set():
                return
        elif wait_s < -LATE_S:
            self._cursor.skip_to(self._clock.position_s(self._now_s()))
            found = await self._cursor.peek() or found
        self._cursor.step()
        await self._send(*found)

    async def _wait(self, wait_s: float) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _seek(self, place: dict[str, Any]) -> None:
        """Go to a place; its frame is shown at once, playing or not."""
        self._is_at_end = False
        await self._cursor.seek(**place)
        found = await self._cursor.peek()
        if found is not None:
            self._clock.seek(found[1].time_s, self._now_s())
            self._cursor.step()
            await self._send(*found)

    def _say_ended(self) -> None:
        self._clock.pause(self._now_s())
        self._is_at_end = True
        self._connection.say("ended")

    async def _send(self, number: int, frame: PoseFrame) -> None:
        width, height = self._cursor.image_size
        is_seen = frame.is_detected
        visibility = [None if share != share else share for share in frame.visibility.tolist()]
        message = {
            "type": "frame_data",
            "frame_number": number,
            "timestamp": frame.time_s,
            "pose_data": {
                **describe_landmarks(frame),
                "visibility": visibility if is_seen else None,
                "width": width,
                "height": height,
            },
        }
        await self._connection.send(json.dumps(message, separators=(",", ":"), allow_nan=False))


def _read_speed(message: dict[str, Any]) -> float:
    speed = message.get("speed")
    lowest, highest = SPEEDS
    if not is_number(speed) or not lowest <= speed <= highest:
        raise InvalidMessageError(
            f"The speed of a replay is a number from {lowest} to {highest:.0f}.",
            code="invalid_speed",
        )
    return float(speed)


def _read_place(message: dict[str, Any]) -> dict[str, Any]:
    number, time_s = message.get("frame_number"), message.get("time_s")
    if time_s is None and is_number(number) and number == int(number):
        if 0 <= number <= MAX_FRAME_NUMBER:
            return {"number": int(number)}
    elif number is None and is_number(time_s) and 0 <= time_s <= _MAX_TIME_S:
        return {"time_s": float(time_s)}
    raise InvalidMessageError(
        "seek needs one of frame_number, a whole number from 0, and time_s, seconds from 0.",
        code="invalid_place",
    )
