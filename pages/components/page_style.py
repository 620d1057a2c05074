"""The dashboard's style, put into the page itself.

``st.html`` would bring it too, but by a script that browsers fetch meanwhile: until it was there
the page stood without its style, and then moved.
"""

from pathlib import Path
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Behind this, in the body, it stands behind Streamlit's own styles, and so goes before them.
_PLACE: Final = b'<div id="root"></div>'
# Streamlit's page without ours may be in the browser from before, and must not be packed here.
_NOT_ASKED: Final = ("if-none-match", "if-modified-since", "accept-encoding", "range")


class PageStyle:
    """Adds a style to Streamlit's page, and changes nothing else; a middleware for ASGI."""

    def __init__(self, app: ASGIApp, style: Path) -> None:
        self._app = app
        self._style = b"<style>" + style.read_bytes() + b"</style>"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; a page for a browser with the style in it."""
        if _asks_for_page(scope):
            asked = MutableHeaders(raw=list(scope["headers"]))
            for name in _NOT_ASKED:
                del asked[name]
            scope = {**scope, "headers": asked.raw}
            send = self._send_with_style(send)
        await self._app(scope, receive, send)

    def _send_with_style(self, send: Send) -> Send:
        held: list[Message] = []

        async def send_with_style(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                held.append(message)
            elif not held:
                await send(message)
            else:
                held.append(message)
                if not message.get("more_body"):
                    for each in self._add_style(held):
                        await send(each)

        return send_with_style

    def _add_style(self, held: list[Message]) -> tuple[Message, Message]:
        start, *parts = held
        page = b"".join(part.get("body", b"") for part in parts)
        if _PLACE not in page:
            return start, {"type": "http.response.body", "body": page}
        page = page.replace(_PLACE, _PLACE + self._style, 1)
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["content-length"] = str(len(page))
        del headers["etag"], headers["last-modified"]
        return {**start, "headers": headers.raw}, {"type": "http.response.body", "body": page}


def _asks_for_page(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and "text/html" in Headers(scope=scope).get("accept", "")
        # A page's address has no ending, and a download's has one.
        and "." not in scope["path"].rpartition("/")[2]
    )


def _is_page(start: Message) -> bool:
    kind = Headers(raw=start["headers"]).get("content-type", "")
    return start["status"] == 200 and kind.startswith("text/html")
