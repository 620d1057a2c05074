"""The WebSockets for other programs, as routes of the dashboard."""

import logging
import re
from typing import Final

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from posecore.api.context import ApiContext
from posecore.api.live_socket import serve_live, serve_pictures
from posecore.api.pose_socket import serve_poses
from posecore.api.session_socket import serve_session
from posecore.api.socket_connection import SocketLimits

# Also as %74oken, which is the same to who reads the address.
_KEY: Final = "".join(
    f"(?:{letter}|%{ord(letter):x}|%{ord(letter.upper()):x})" for letter in "token"
)
_TOKEN: Final = re.compile(rf"(?<=[?&]){_KEY}=[^&\s]*", re.IGNORECASE)


class HideTokens(logging.Filter):
    """Takes tokens out of what uvicorn logs of each socket that is opened, its address."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; it is always logged."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                _TOKEN.sub("token=...", each) if isinstance(each, str) else each
                for each in record.args
            )
        return True


_hide_tokens: Final = HideTokens()


def make_socket_routes(context: ApiContext, *, prefix: str = "") -> list[BaseRoute]:
    """Make ``/ws/pose``, ``/ws/session/{id}``, ``/ws/live`` and ``/ws/live/picture``.

    Parameters
    ----------
    context : ApiContext
    prefix : str
        In front of the addresses, where the dashboard does not lie at the top.
    """
    limits = SocketLimits()
    logging.getLogger("uvicorn.error").addFilter(_hide_tokens)

    async def pose(websocket: WebSocket) -> None:
        await serve_poses(websocket, context, limits)

    async def session(websocket: WebSocket) -> None:
        await serve_session(websocket, context, limits)

    async def live(websocket: WebSocket) -> None:
        await serve_live(websocket, context, limits)

    async def pictures(websocket: WebSocket) -> None:
        await serve_pictures(websocket, context, limits)

    return [
        WebSocketRoute(f"{prefix}/ws/pose", pose),
        WebSocketRoute(f"{prefix}/ws/live", live),
        WebSocketRoute(f"{prefix}/ws/live/picture", pictures),
        WebSocketRoute(f"{prefix}/ws/session/{{session_id:path}}", session),
    ]
