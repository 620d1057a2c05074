"""A real server on a real port, and a client that speaks only the messages of the interface."""

import asyncio
import json
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from websockets.sync.client import ClientConnection, connect

from posecore import SessionStore, Settings
from posecore.api.context import ApiContext
from posecore.api.sockets import make_socket_routes
from posecore.errors import NotSignedInError
from posecore.identity import LOCAL_IDENTITY, Identity
from posecore.streaming.hub import StreamHub
from posecore.synthetic import make_squats

PATIENCE_S = 30.0
SQUATS = make_squats(duration_s=4.0)
IDENTITIES = {
    "": LOCAL_IDENTITY,
    "pc_mira": Identity(owner="mira"),
    "pc_read": Identity(owner="local", scopes=frozenset({"read"})),
    "pc_stream": Identity(owner="local", scopes=frozenset({"stream"})),
    "pc_write": Identity(owner="local", scopes=frozenset({"write"})),
}


def identify(connection: HTTPConnection) -> Identity:
    """Say who a token belongs to; nobody needs one to be the local owner."""
    header = connection.headers.get("Authorization", "").removeprefix("Bearer ")
    token = header or parse_qs(urlsplit(str(connection.url)).query).get("token", [""])[0]
    if token not in IDENTITIES:
        raise NotSignedInError("This token is not known; make a new one in Settings.")
    return IDENTITIES[token]


class Errors(logging.Handler):
    """Collects whatever is logged as an error or worse."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = logging.Formatter().format(record)
        self.messages.append(text)


@dataclass
class Server:
    """A running server over a store."""

    port: int
    store: SessionStore
    hub: StreamHub
    errors: Errors = field(default_factory=Errors)

    def url(self, path: str) -> str:
        return f"ws://127.0.0.1:{self.port}{path}"

    def connect(self, path: str, token: str = "", **options: Any) -> "Client":
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        options = {"compression": None, "proxy": None, "max_size": None} | options
        return Client(connect(self.url(path), additional_headers=headers, **options))


class Client:
    """Speaks the interface's messages and nothing else."""

    def __init__(self, opening: Any) -> None:
        self.connection: ClientConnection = opening.__enter__()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_error: object) -> None:
        self.connection.close()

    def send(self, message: Any) -> None:
        """Send a message, or a text or bytes as they are."""
        as_it_is = isinstance(message, str | bytes)
        self.connection.send(message if as_it_is else json.dumps(message))

    def receive(self, timeout: float = PATIENCE_S) -> dict[str, Any]:
        return json.loads(self.connection.recv(timeout=timeout))

    def ask(self, message: Any) -> dict[str, Any]:
        self.send(message)
        return self.receive()

    def start(self, **fields: Any) -> str:
        answer = self.ask({"type": "start_recording", "name": "Wall", **fields})
        assert answer["type"] == "recording_started", answer
        return answer["session_id"]

    def stop(self) -> dict[str, Any]:
        answer = self.ask({"type": "stop_recording"})
        assert answer["type"] == "recording_stopped", answer
        return answer

    def settle(self) -> None:
        """Return when the server has taken in all that was sent."""
        answer = self.ask({"type": "are you there"})
        assert answer["code"] == "unknown_type", answer


def make_marks(index: int = 0) -> list[dict[str, float]]:
    """33 landmarks of a squat as a browser's MediaPipe gives them."""
    places, shares = SQUATS.image_landmarks[index], SQUATS.visibility[index]
    return [
        {"x": float(x), "y": float(y), "z": float(z), "visibility": float(share)}
        for (x, y, z), share in zip(places, shares, strict=True)
    ]


def make_pose(number: int, **changes: Any) -> dict[str, Any]:
    """Return the pose message number so-and-so of 30 a second."""
    return {
        "type": "pose",
        "timestamp": number / 30,
        "frame_number": number,
        "width": 640,
        "height": 360,
        "landmarks": make_marks(number % SQUATS.n_frames),
    } | changes


def wait_for(condition: Callable[[], Any]) -> Any:
    """Return what a condition gives as soon as it is true."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "this never came true"
        threading.Event().wait(0.01)
    return found


@contextmanager
def run_server(
    store: SessionStore, settings: Settings, *, ping_s: float = 20.0
) -> Iterator[Server]:
    """Serve the sockets as the dashboard does, from a thread, on a free port."""
    hub = StreamHub()
    context = ApiContext(
        get_store=lambda: store,
        get_settings=lambda: settings,
        identify=identify,
        get_queue=lambda owner: pytest.fail("no queue is needed"),
        hub=hub,
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(hub.close)

    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            Starlette(routes=make_socket_routes(context), lifespan=lifespan),
            ws="websockets-sansio",
            ws_ping_interval=ping_s,
            ws_ping_timeout=ping_s,
            ws_max_size=400 * 1024 * 1024,
            ws_per_message_deflate=False,
            log_config=None,
            timeout_graceful_shutdown=10,
        )
    )
    running = Server(listening.getsockname()[1], store, hub)
    logging.getLogger().addHandler(running.errors)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        wait_for(lambda: server.started)
        yield running
    finally:
        server.should_exit = True
        thread.join(timeout=PATIENCE_S)
        logging.getLogger().removeHandler(running.errors)
        listening.close()
    assert not thread.is_alive()
    assert running.errors.messages == []
