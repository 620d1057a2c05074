"""The gate before everything, where the dashboard serves its network: paired devices alone come in.

This computer itself needs no pairing. Any other device shows the cookie that it got for the code,
or, to REST and the sockets for programs, a valid API token: that says more than a pairing, but
opens nothing of the pages. Where people sign in, that comes after this.
"""

import asyncio
import logging
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.components.database import open_database
from pages.components.devices import COOKIE, Line, open_line
from pages.components.lan import CONNECTIONS, DESK, find_lan, is_in_lan
from pages.components.pairing_page import is_local_address, show_pairing_page
from pages.components.routes import below_base_path
from posecore.api.identifying import find_token
from posecore.errors import (
    InvalidFieldError,
    NotSignedInError,
    PoseCoreError,
    TooManyRequestsError,
    WrongPairingCodeError,
)
from posecore.pairing import is_this_computer, name_device
from posecore.storage.device_store import PairedDevice

PAIR: Final = "/pair"
AUTHORITY: Final = "/posecore-authority.crt"
_FOR_PROGRAMS: Final = ("/api/", "/ws/")
_LONGEST_BODY: Final = 4096
_KEPT_S: Final = 400 * 86400  # the longest that browsers keep a cookie
_REFUSED: Final = 1008  # the code of sockets for "against the rules"
_NOT_PAIRED: Final = (
    "This device is not paired with posecore. Open the dashboard in its browser and type the code "
    "that the computer shows, or send a token made in Settings as 'Authorization: Bearer pc_...'.\n"
)
_NOT_KNOWN: Final = (
    "posecore cannot look up this device now; the terminal of the computer that runs it says why.\n"
)
_log = logging.getLogger("posecore")


class PairingGate:
    """Lets in this computer and paired devices; a middleware for ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or ask for the code; a socket is refused before it is open."""
        if scope["type"] not in ("http", "websocket") or not is_in_lan():
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if scope["type"] == "http" and path == below_base_path(AUTHORITY):
            await (await run_in_threadpool(_give_authority))(scope, receive, send)
            return
        try:
            guest = await run_in_threadpool(_recognise, HTTPConnection(scope))
        except PoseCoreError:  # the settings or the database; why is nothing for strangers
            _log.exception("It could not be looked up who asks")
            await _refuse(_NOT_KNOWN, 503, scope, receive, send)
            return
        CONNECTIONS.recognise(scope.get("client"), is_known=bool(guest))
        if scope["type"] == "http" and path == below_base_path(PAIR):
            await (await _pair(Request(scope, receive), guest))(scope, receive, send)
        elif isinstance(guest, PairedDevice):
            await _serve(self._app, guest, scope, receive, send)
        elif guest:
            await self._app(scope, receive, send)
        elif scope["type"] == "http" and _wants_page(scope):
            page = show_pairing_page(_find_next(scope), status=401)
            await page(scope, receive, send)
        else:
            await _refuse(_NOT_PAIRED, 401, scope, receive, send)


def _recognise(connection: HTTPConnection) -> PairedDevice | bool:
    """Say which paired device asks; True for this computer and for whoever has a token."""
    scope = connection.scope
    address = scope["client"][0] if scope.get("client") else None
    if is_this_computer(address, (name for name, _ in scope["headers"])):
        return True
    store = open_database()
    device = store.devices.recognise(connection.cookies.get(COOKIE, ""))
    if device is not None:
        return device
    if scope["path"].startswith(tuple(below_base_path(each) for each in _FOR_PROGRAMS)):
        try:
            token = find_token(connection)
            return token is not None and bool(store.identify(token))
        except NotSignedInError:
            return False
    return False


def _wants_page(scope: Scope) -> bool:
    accept = HTTPConnection(scope).headers.get("accept", "")
    return scope["method"] in ("GET", "HEAD") and "text/html" in accept


def _find_next(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    path = HTTPConnection(scope).url.path
    return f"{path}?{query}" if query else path


async def _refuse(sentence: str, status: int, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        # Before it is accepted, which servers turn into an answer of status 403.
        await send({"type": "websocket.close", "code": _REFUSED, "reason": sentence.strip()[:120]})
        return
    headers = {"Cache-Control": "no-store"}
    await PlainTextResponse(sentence, status, headers)(scope, receive, send)


def _give_authority() -> Response:
    """Hand out what signed the certificate, for phones to trust; it is no secret."""
    try:
        lan = find_lan()
    except PoseCoreError as error:
        return PlainTextResponse(f"{error}\n", 503)
    assert lan is not None
    return Response(lan.certificate.authority, media_type="application/x-x509-ca-cert")


# ---------------------------------------------------------------- the code


async def _pair(request: Request, guest: PairedDevice | bool) -> Response:
    home = below_base_path("/phone")
    if guest:
        return RedirectResponse(home, 303)
    if request.method != "POST":
        return show_pairing_page(home)
    try:
        fields = parse_qs((await _read_body(request)).decode("utf-8", "replace"))
    except ClientDisconnect:
        return Response(status_code=400)
    following = fields.get("next", [home])[0]
    if not is_local_address(following):
        following = home
    code = fields.get("code", [""])[0]
    address = request.client.host if request.client else ""
    try:
        device, secret = await run_in_threadpool(
            _check_in, code, address, request.headers.get("user-agent", "")
        )
    except PoseCoreError as error:
        return _say_why_not(error, following)
    _log.info("Paired with %s", device.name)
    answer = RedirectResponse(following, 303, {"Cache-Control": "no-store"})
    answer.set_cookie(
        COOKIE, secret, max_age=_KEPT_S, path="/", secure=True, httponly=True, samesite="lax"
    )
    return answer


def _check_in(code: str, address: str, user_agent: str) -> tuple[PairedDevice, str]:
    DESK.check(code, address)
    return open_database().devices.pair(name_device(user_agent))


def _say_why_not(error: PoseCoreError, following: str) -> Response:
    status, wait_s = 503, 0.0
    if isinstance(error, TooManyRequestsError):
        status, wait_s = 429, error.retry_after_s
    elif isinstance(error, WrongPairingCodeError | InvalidFieldError):
        status = 403
    return show_pairing_page(following, problem=str(error), wait_s=wait_s, status=status)


async def _read_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_BODY:
            return b""
    return body


# ---------------------------------------------------------------- paired devices


async def _serve(
    app: ASGIApp, device: PairedDevice, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer a paired device until that is over, or the device is unpaired."""
    is_socket = scope["type"] == "websocket"
    with open_line(device) as line:
        waiting = asyncio.ensure_future(line.is_cut.wait())
        try:
            await app(
                scope,
                _until_cut(receive, send, waiting, is_socket=is_socket),
                _while_open(send, line, is_socket=is_socket),
            )
        except Exception:
            if not line.is_cut.is_set():
                raise
        finally:
            waiting.cancel()


def _until_cut(
    receive: Receive, send: Send, waiting: "asyncio.Future[Any]", *, is_socket: bool
) -> Receive:
    async def receive_or_end() -> Message:
        if not waiting.done():
            coming = asyncio.ensure_future(receive())
            try:
                await asyncio.wait({coming, waiting}, return_when=asyncio.FIRST_COMPLETED)
                if coming.done():
                    return coming.result()
            finally:
                coming.cancel()
        if not is_socket:
            return {"type": "http.disconnect"}
        await send({"type": "websocket.close", "code": _REFUSED, "reason": "unpaired"})
        return {"type": "websocket.disconnect", "code": _REFUSED}

    return receive_or_end


def _while_open(send: Send, line: Line, *, is_socket: bool) -> Send:
    async def send_while_open(message: Message) -> None:
        if not line.is_cut.is_set():
            await send(message)
        elif not is_socket:
            raise OSError("The device was unpaired while it was answered.")

    return send_while_open
