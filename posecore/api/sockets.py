"""The WebSockets for other programs, as routes of the dashboard."""

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from posecore.api.context import ApiContext
from posecore.api.pose_socket import serve_poses
from posecore.api.session_socket import serve_session
from posecore.api.socket_connection import SocketLimits


def make_socket_routes(context: ApiContext, *, prefix: str = "") -> list[BaseRoute]:
    """Make ``/ws/pose`` and ``/ws/session/{id}``.

    Parameters
    ----------
    context : ApiContext
    prefix : str
        In front of the addresses, where the dashboard does not lie at the top.
    """
    limits = SocketLimits()

    async def pose(websocket: WebSocket) -> None:
        await serve_poses(websocket, context, limits)

    async def session(websocket: WebSocket) -> None:
        await serve_session(websocket, context, limits)

    return [
        WebSocketRoute(f"{prefix}/ws/pose", pose),
        WebSocketRoute(f"{prefix}/ws/session/{{session_id:path}}", session),
    ]
