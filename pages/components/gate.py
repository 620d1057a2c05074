"""The gate before what Streamlit serves by itself: downloads, uploads, its numbers.

Streamlit's addresses are hard to guess, and that is all that guards them. Where people sign in, a
download answers only whoever had it made, and the rest only who is signed in. The dashboard's own
routes, REST and sockets ask by themselves; pages are shown by a socket, which shows nothing to
nobody.
"""

import os.path
from collections.abc import Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.components.live_panel import close_rooms
from pages.components.own_downloads import is_download_of
from pages.components.routes import below_base_path
from pages.components.sign_in import end_sign_in, needs_sign_in, read_sign_in
from posecore.errors import PoseCoreError

_CORE: Final = "/_stcore/"
# What a browser needs to show the page that asks to sign in; it says nothing about anybody.
_OPEN_IN_CORE: Final = ("health", "host-config", "stream", "bidi-components/")
_MEDIA: Final = "/media/"
_SIGN_OUT: Final = "/auth/logout"
_NOT_SIGNED_IN: Final = "Sign in to posecore, then open this again.\n"
_NOT_THERE: Final = "There is no such file; make it again where you got it from.\n"
_ANOTHER_SITE: Final = "Sign out in the dashboard itself.\n"


class SignInGate:
    """Lets through what whoever asks may have; a middleware for ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse with one sentence."""
        check = _find_check(scope) if scope["type"] == "http" else None
        refused = await run_in_threadpool(_judge, check, HTTPConnection(scope)) if check else None
        await (refused or self._app)(scope, receive, send)


Check = Callable[[HTTPConnection], PlainTextResponse | None]


def _find_check(scope: Scope) -> Check | None:
    path = scope["path"]
    if path.startswith(below_base_path(_MEDIA)):
        return _check_download
    core = below_base_path(_CORE)
    if path.startswith(core) and not path.removeprefix(core).startswith(_OPEN_IN_CORE):
        return _check_signed_in
    return _sign_out if path == below_base_path(_SIGN_OUT) else None


def _judge(check: Check, connection: HTTPConnection) -> PlainTextResponse | None:
    try:
        return check(connection) if needs_sign_in() else None
    except PoseCoreError as error:  # the database, most likely
        return PlainTextResponse(f"{error}\n", status_code=503)


def _check_download(connection: HTTPConnection) -> PlainTextResponse | None:
    refused = _check_signed_in(connection)
    sign_in = read_sign_in(connection)
    # Read as Streamlit does, so that both mean the same file.
    name = connection.scope["path"].removeprefix(below_base_path(_MEDIA))
    file_id = os.path.splitext(name)[0]  # noqa: PTH122
    if refused or (sign_in and is_download_of(sign_in.identity.owner, file_id)):
        return refused
    return PlainTextResponse(_NOT_THERE, status_code=404)


def _check_signed_in(connection: HTTPConnection) -> PlainTextResponse | None:
    if read_sign_in(connection) is None:
        return PlainTextResponse(_NOT_SIGNED_IN, status_code=401)
    return None


def _sign_out(connection: HTTPConnection) -> PlainTextResponse | None:
    """Let Streamlit take the cookie back, and see to it that no copy of it is worth anything."""
    if connection.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return PlainTextResponse(_ANOTHER_SITE, status_code=403)
    sign_in = read_sign_in(connection)
    if sign_in is not None:
        end_sign_in(sign_in)
        close_rooms(sign_in)
    return None
