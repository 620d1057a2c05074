"""What the panel and its room say to one another: how it stands, and what is to be done.

The server sends ``room.status()``, and what the page shows of it, whenever it has changed; a
browser that does not read gets the newest when it does. The browser sends commands,
``{"part": name, "do": what, ...}``; one that cannot be done is answered with
``{"refused": sentence}``.
"""

import asyncio
import json
import logging
from contextlib import suppress
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from pages.components.live_panel.rooms import describe_page, find_room
from pages.components.routes import below_base_path
from pages.components.sign_in import identify
from posecore.capture.live_room import LiveRoom
from posecore.errors import InvalidMessageError, NotSignedInError, PoseCoreError
from posecore.streaming.messages import read_message

LOOK_S: Final = 0.05
"""How often it is looked whether something has changed."""
CHECK_S: Final = 1.0
"""How often it is made sure that whoever looks is still signed in."""
MAX_ANSWERS: Final = 50
"""Refusals that wait for a browser that asks and does not read; more are not told."""
_NOT_SIGNED_IN: Final = 4401
_NO_ROOM: Final = 4404


async def _serve_room(websocket: WebSocket) -> None:
    await websocket.accept()
    with suppress(WebSocketDisconnect, RuntimeError):
        try:
            room = await _find(websocket)
        except NotSignedInError as error:
            await websocket.send_json({"error": str(error)})
            await websocket.close(_NOT_SIGNED_IN)
            return
        if room is None:
            await websocket.close(_NO_ROOM)
            return
        await _talk(websocket, room)


async def _find(websocket: WebSocket) -> LiveRoom | None:
    identity = await run_in_threadpool(identify, websocket)
    return find_room(websocket.path_params["token"], identity)


async def _talk(websocket: WebSocket, room: LiveRoom) -> None:
    """Send and listen until the browser is gone, or may not go on."""
    answers: list[dict[str, Any]] = []
    tasks = [
        asyncio.create_task(_send_news(websocket, room, answers)),
        asyncio.create_task(_obey_commands(websocket, room, answers)),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for each in results:
        # A browser that is gone shows as one of these; anything else is a mistake of ours.
        if isinstance(each, Exception) and not isinstance(each, WebSocketDisconnect | RuntimeError):
            logging.getLogger("posecore").error("A live panel failed", exc_info=each)


async def _send_news(websocket: WebSocket, room: LiveRoom, answers: list[dict[str, Any]]) -> None:
    clock = asyncio.get_running_loop().time
    sent, check_at_s = "", clock() + CHECK_S
    while True:
        if clock() >= check_at_s:
            if await _is_over(websocket, room):
                await websocket.close(_NOT_SIGNED_IN)
                return
            check_at_s = clock() + CHECK_S
        while answers:
            await websocket.send_json(answers.pop(0))
        news = json.dumps(room.status() | {"page": describe_page(room)}, allow_nan=False)
        if news != sent:
            await websocket.send_text(news)
            sent = news
        await asyncio.sleep(LOOK_S)


async def _is_over(websocket: WebSocket, room: LiveRoom) -> bool:
    try:
        return await _find(websocket) is not room
    except NotSignedInError as error:
        await websocket.send_json({"error": str(error)})
        return True
    except PoseCoreError:
        return False  # the database is busy; asked again soon


async def _obey_commands(
    websocket: WebSocket, room: LiveRoom, answers: list[dict[str, Any]]
) -> None:
    while True:
        event = await websocket.receive()
        if event["type"] == "websocket.disconnect":
            return
        try:
            if await _is_over(websocket, room):
                await websocket.close(_NOT_SIGNED_IN)
                return
            command = read_message(event.get("text") or "")
            await run_in_threadpool(room.obey, command)
        except PoseCoreError as error:
            _refuse(answers, error)
        except (TypeError, ValueError, OverflowError):
            _refuse(answers, _NOT_UNDERSTOOD)


def _refuse(answers: list[dict[str, Any]], error: PoseCoreError) -> None:
    if len(answers) < MAX_ANSWERS:
        answers.append({"refused": str(error)})


_NOT_UNDERSTOOD: Final = InvalidMessageError(
    "The live room did not understand this; reload the page and try again."
)

LIVE_ROUTES: Final[list[BaseRoute]] = [
    WebSocketRoute(below_base_path("/live-room/{token}"), _serve_room)
]
