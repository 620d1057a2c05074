"""The guard before everything that is served: only this dashboard's own pages may ask it.

It listens on this machine, and every web page that its owner opens runs on this machine as well. A
page elsewhere could send requests to it, open its sockets, and, once the page's own name is made to
lead here (DNS rebinding), read the answers. So a request is answered only under a name that is this
dashboard's, and only where no page of another site is behind it. Programs that are no browser (a
script, a phone's app) send none of these headers and are answered as before.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HOST: Final = re.compile(r"(?P<name>[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_ORIGIN: Final = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#@\\\s]+)")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}
_READING: Final = frozenset({"GET", "HEAD"})
_OWN_SITE: Final = frozenset({"same-origin", "none"})  # none: typed, or from a bookmark
_REFUSED: Final = 1008  # the code of sockets for "against the rules"
_NOT_IN_A_FRAME: Final = "frame-ancestors 'self'"

_UNKNOWN_HOST: Final = (
    "posecore does not answer under this name. Open it as http://127.0.0.1 or http://localhost "
    "with its port, or let whoever runs it set POSECORE_HOSTS to the name it is to have.\n"
)
_ANOTHER_SITE: Final = (
    "posecore refused this, because a page of another site asked for it. Open the dashboard "
    "itself and do it there.\n"
)


class Host(NamedTuple):
    """A name with the port that was written behind it, empty where none was."""

    name: str
    port: str


def read_host(text: str) -> Host | None:
    """Read ``name``, ``name:port`` or ``[address]:port``; None where it is none of these."""
    found = _HOST.fullmatch(text.strip().lower())
    return Host(found["name"], found["port"] or "") if found else None


class HostGuard:
    """Answers only this dashboard's own pages; a middleware for ASGI.

    Parameters
    ----------
    app : ASGI application
    get_hosts : callable, returns iterable of str
        Names, with or without a port, that are the dashboard's besides this machine's own
        (:data:`LOOPBACK_HOSTS`, at any port, for a tunnel may have another than the server). One
        with a port is meant with that port alone.
    """

    def __init__(self, app: ASGIApp, get_hosts: Callable[[], Iterable[str]] = tuple) -> None:
        self._app = app
        self._get_hosts = get_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse with one sentence and status 403; a socket before it is open."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif sentence := self._find_objection(scope):
            await _refuse(sentence, scope, receive, send)
        else:
            await self._app(scope, receive, _with_frame_rule(send))

    def _find_objection(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        named = headers.getlist("host")
        host = read_host(named[0]) if len(named) == 1 else None
        public = {found for each in self._get_hosts() if (found := read_host(each))}
        if host is None or not _is_ours(host, public):
            return _UNKNOWN_HOST
        return "" if _is_own_page(scope, headers, host, public) else _ANOTHER_SITE


def _is_ours(host: Host, public: set[Host]) -> bool:
    return host.name in LOOPBACK_HOSTS or host in public or Host(host.name, "") in public


def _is_own_page(scope: Scope, headers: Headers, host: Host, public: set[Host]) -> bool:
    """Whether no page, or one of ours, is behind a request."""
    is_socket = scope["type"] == "websocket"
    if not is_socket and scope["method"] in _READING and _opens_a_page(headers):
        return True  # a link, a bookmark, or the way back from where one signs in
    origins = headers.getlist("origin")
    if len(origins) > 1 or (origins and not _is_own_origin(origins[0], host, public)):
        return False
    if is_socket and origins:
        return True  # browsers do not agree on whether ws:// is of the same site as http://
    return headers.get("sec-fetch-site", "none") in _OWN_SITE


def _opens_a_page(headers: Headers) -> bool:
    """Whether the browser goes to the address itself: whoever sent it there cannot read it."""
    return (
        headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    )


def _is_own_origin(origin: str, host: Host, public: set[Host]) -> bool:
    """Whether a page comes from the very address that is asked, or from a public one.

    A proxy may ask under another name than the page was opened with, so a public name is ours
    whatever the proxy calls us.
    """
    found = _ORIGIN.fullmatch(origin.strip().lower())
    page = read_host(found["host"]) if found else None
    if found is None or page is None:
        return False
    usual = _DEFAULT_PORTS[found["scheme"]]
    with_port = Host(page.name, page.port or usual)
    if with_port == Host(host.name, host.port or usual):
        return True
    return page in public or with_port in public


async def _refuse(sentence: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        # Before it is accepted, which servers turn into an answer of status 403.
        await send({"type": "websocket.close", "code": _REFUSED, "reason": sentence.strip()[:120]})
        return
    response = PlainTextResponse(sentence, status_code=403, headers={"Cache-Control": "no-store"})
    await response(scope, receive, send)


def _with_frame_rule(send: Send) -> Send:
    """Let no page elsewhere show ours in a frame, where clicks could be stolen."""

    async def send_with_rule(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.append("Content-Security-Policy", _NOT_IN_A_FRAME)
        await send(message)

    return send_with_rule
