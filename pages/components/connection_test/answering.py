"""The computer's end of the camera connection's test: a peer that sends back what it is sent."""

import asyncio
import json
import logging
from typing import Any, Final

from aiortc import (
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from pages.components.database import view_as
from pages.components.routes import below_base_path
from pages.components.sign_in import identify
from posecore import Settings
from posecore.errors import InvalidMessageError, NotSignedInError, PoseCoreError
from posecore.ice_servers import IceServer

AT_ONCE: Final = 4
"""Tests that may run at the same time, of all devices."""
LASTS_S: Final = 20.0
"""So long after its answer a test is ended, whatever became of it."""
_LONGEST_OFFER: Final = 64_000
_LONGEST_MESSAGE: Final = 100
_OVER: Final = ("closed", "failed")

_log = logging.getLogger("posecore")
_running: Final[set[RTCPeerConnection]] = set()
_ends: Final[set["asyncio.Task[None]"]] = set()


async def _answer(request: Request) -> Response:
    try:
        servers = await run_in_threadpool(_find_servers, request)
        offer = _read_offer(await _read_body(request))
    except NotSignedInError as error:
        return _say(str(error), 401)
    except InvalidMessageError as error:
        return _say(str(error), 400)
    except PoseCoreError as error:
        return _say(str(error), 503)
    except ClientDisconnect:
        return Response(status_code=400)
    if len(_running) >= AT_ONCE:
        return _say("Other devices are being tested; try again in half a minute.", 429)
    peer = RTCPeerConnection(RTCConfiguration([_to_aiortc(server) for server in servers]))
    _running.add(peer)
    peer.add_listener("datachannel", _echo)
    try:
        await peer.setRemoteDescription(offer)
        await peer.setLocalDescription(await peer.createAnswer())
    except Exception:  # whatever aiortc finds wrong with an offer, of which there is no list
        _log.debug("An offer of the camera test was refused", exc_info=True)
        await _close(peer)
        return _say("The browser's offer cannot be answered; reload the page and try again.", 400)
    except BaseException:
        await _close(peer)
        raise
    end = asyncio.ensure_future(_end(peer))
    _ends.add(end)
    end.add_done_callback(_ends.discard)
    description = peer.localDescription
    return JSONResponse(
        {"type": description.type, "sdp": description.sdp}, headers={"Cache-Control": "no-store"}
    )


def _find_servers(request: Request) -> tuple[IceServer, ...]:
    choices = view_as(identify(request).owner).load_preferences()
    return Settings.from_env().with_preferences(choices).ice_servers


def _to_aiortc(server: IceServer) -> RTCIceServer:
    return RTCIceServer(
        urls=server.url, username=server.username or None, credential=server.credential or None
    )


async def _read_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_OFFER:
            raise InvalidMessageError(
                f"An offer may have {_LONGEST_OFFER:,} bytes and this one has more; reload the "
                "page and try again."
            )
    return body


def _read_offer(body: bytes) -> RTCSessionDescription:
    try:
        offer: Any = json.loads(body)
        kind, sdp = offer["type"], offer["sdp"]
    except (ValueError, TypeError, KeyError):
        kind, sdp = None, None
    is_offer = kind == "offer" and isinstance(sdp, str) and "m=application " in sdp
    if not is_offer or "m=video" in sdp or "m=audio" in sdp:
        raise InvalidMessageError(
            "The test wants a browser's offer of one data channel; reload the page and try again."
        )
    return RTCSessionDescription(type=kind, sdp=sdp)


def _echo(channel: RTCDataChannel) -> None:
    def send_back(message: object) -> None:
        if isinstance(message, str) and len(message) <= _LONGEST_MESSAGE:
            channel.send(message)

    channel.add_listener("message", send_back)


async def _end(peer: RTCPeerConnection) -> None:
    """Close the peer when its test is over, and after `LASTS_S` at the latest."""
    over = asyncio.Event()

    def look() -> None:
        if peer.connectionState in _OVER:
            over.set()

    peer.add_listener("connectionstatechange", look)
    look()
    try:
        await asyncio.wait_for(over.wait(), LASTS_S)
    except TimeoutError:
        pass
    finally:
        await _close(peer)


async def _close(peer: RTCPeerConnection) -> None:
    _running.discard(peer)
    await peer.close()


def _say(sentence: str, status: int) -> JSONResponse:
    return JSONResponse({"error": sentence}, status, {"Cache-Control": "no-store"})


TEST_ROUTES: Final[list[BaseRoute]] = [
    Route(below_base_path("/connection-test"), _answer, methods=["POST"])
]
