"""What strangers in the own network may hold open, on a real server with real connections.

Other addresses of this computer stand for other devices, as in tests/e2e/test_own_network.py.
"""

import asyncio
import http.client
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect

from pages.components import lan, pairing_gate
from pages.components.database import close_store, open_database
from pages.components.devices import COOKIE
from pages.components.lifespan import guard_connections
from pages.components.pairing_gate import PairingGate
from posecore.lan_certificate import LanCertificate, provide_certificate
from posecore.lan_connections import LanConnections
from tests.sockets.socket_server import PATIENCE_S, wait_for

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux has further addresses of its own without asking"
)
NEAR, STRANGER, PAIRED, OTHER = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"
SHORT_S = 4.0
"""Long enough for a busy machine to shake hands."""
HALF_A_REQUEST = b"GET /phone HTTP/1.1\r\nHost: x\r\nX-Half: "

Serve = Callable[[LanConnections], AbstractContextManager["Served"]]


class Served:
    """A server, and connections to it from addresses of one's choice."""

    def __init__(self, port: int, certificate: LanCertificate, cookie: str) -> None:
        self._port = port
        self._context = ssl.create_default_context(cafile=certificate.path)
        self._headers = {"Cookie": f"{COOKIE}={cookie}"}
        self._stack = ExitStack()
        self._runner = self._stack.enter_context(asyncio.Runner())

    def close(self) -> None:
        self._stack.close()

    def open_tcp(self, address: str) -> socket.socket:
        """Connect, and say nothing."""
        line = socket.create_connection((NEAR, self._port), PATIENCE_S, (address, 0))
        return self._stack.enter_context(line)

    def open_tls(self, address: str, words: bytes = b"") -> ssl.SSLSocket:
        """Connect, shake hands, and say no more than these words."""
        line = self._context.wrap_socket(self.open_tcp(address), server_hostname=NEAR)
        self._stack.enter_context(line)
        line.sendall(words)
        return line

    def ask(self, address: str, *, is_paired: bool = False) -> int:
        """Ask for a page on a connection of its own."""
        asking = http.client.HTTPSConnection(
            NEAR,
            self._port,
            timeout=PATIENCE_S,
            source_address=(address, 0),
            context=self._context,
        )
        try:
            asking.request("GET", "/page", headers=self._headers if is_paired else {})
            return asking.getresponse().status
        finally:
            asking.close()

    def open_socket(self, address: str) -> ClientConnection:
        """Open a WebSocket as a paired device.

        Not by the client with a thread: it reads and writes on one TLS connection at once, and now
        and then what it asks never leaves it.
        """
        line: ClientConnection = self._runner.run(self._open_socket(address))
        self._stack.callback(lambda: self._runner.run(line.close()))
        return line

    async def _open_socket(self, address: str) -> ClientConnection:
        return await connect(
            f"wss://{NEAR}:{self._port}/talk",
            ssl=self._context,
            local_addr=(address, 0),
            additional_headers=self._headers,
            proxy=None,
        )

    def say(self, line: ClientConnection, text: str) -> str:
        """Send a text, and return the answer."""

        async def send_and_receive() -> str:
            await line.send(text)
            return await asyncio.wait_for(line.recv(decode=True), PATIENCE_S)

        return self._runner.run(send_and_receive())


def is_closed(line: socket.socket) -> bool:
    """Whether the other end has closed it; waits for that as long as tests wait for anything."""
    line.settimeout(PATIENCE_S)
    try:
        while line.recv(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass  # cut off
    return True


def is_open(line: socket.socket) -> bool:
    """Whether nothing has come over it, its end included, until now."""
    line.setblocking(False)
    try:
        return bool(line.recv(1))
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False


async def say_hello(_request):
    return PlainTextResponse("hello")


async def talk(websocket):
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


@pytest.fixture
def serve(settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serve the gate with the bounds that a test chooses."""
    certificate = provide_certificate(tmp_path / "lan", (NEAR,))
    monkeypatch.setenv("POSECORE_LAN_CERTIFICATE", str(certificate.path))
    monkeypatch.setenv("POSECORE_DATA", str(settings.data_dir))
    monkeypatch.setenv("POSECORE_DB", "")
    _, cookie = open_database().devices.pair("Tablet")

    @asynccontextmanager
    async def lifespan(_app):
        guard_connections()
        yield

    @contextmanager
    def serve(connections: LanConnections) -> Iterator[Served]:
        monkeypatch.setattr(lan, "CONNECTIONS", connections)
        monkeypatch.setattr(pairing_gate, "CONNECTIONS", connections)
        app = Starlette(
            routes=[Route("/page", say_hello), WebSocketRoute("/talk", talk)],
            middleware=[Middleware(PairingGate)],
            lifespan=lifespan,
        )
        config = uvicorn.Config(
            app,
            ws="websockets-sansio",
            log_config=None,
            ssl_certfile=str(certificate.path),
            ssl_keyfile=str(certificate.key_path),
            timeout_graceful_shutdown=10,
        )
        listening = socket.create_server((NEAR, 0))
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        served = Served(listening.getsockname()[1], certificate, cookie)
        try:
            wait_for(lambda: server.started)
            yield served
        finally:
            served.close()
            server.should_exit = True
            thread.join(timeout=PATIENCE_S)
            listening.close()
        assert not thread.is_alive()

    yield serve
    close_store()


def test_a_stranger_who_says_nothing_or_half_of_it_is_shown_out(serve: Serve) -> None:
    with serve(LanConnections(patience_s=SHORT_S)) as served:
        silent = served.open_tcp(STRANGER)
        shaken = served.open_tls(STRANGER)
        half = served.open_tls(STRANGER, HALF_A_REQUEST)
        asked = served.open_tls(STRANGER, b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n" + HALF_A_REQUEST)
        posting = served.open_tls(
            STRANGER, b"POST /pair HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\ncode="
        )
        near = served.open_tcp(NEAR)
        for line in (silent, shaken, half, asked, posting):
            assert is_closed(line)
        assert is_open(near)


def test_a_paired_device_and_this_computer_stay_as_long_as_they_like(serve: Serve) -> None:
    with serve(LanConnections(patience_s=SHORT_S)) as served:
        talking = served.open_socket(PAIRED)
        near = served.open_socket(NEAR)
        for _ in range(2):  # they outlive strangers who came later
            assert is_closed(served.open_tls(STRANGER))
            for each in (talking, near):
                assert served.say(each, "hello") == "hello"


def test_one_address_of_strangers_holds_no_more_than_its_bound(serve: Serve) -> None:
    with serve(LanConnections(patience_s=600, per_address=5, in_all=100)) as served:
        other = served.open_tls(OTHER)
        crowd = [served.open_tls(STRANGER) for _ in range(12)]
        assert all(is_closed(line) for line in crowd[:7])
        assert served.ask(STRANGER) == 401  # the oldest made room
        assert all(is_open(line) for line in crowd[-4:])
        assert is_open(other)
        # A paired device behind the same address comes in, and is no stranger's then.
        talking = served.open_socket(STRANGER)
        assert is_closed(crowd[-5])
        crowd += [served.open_tls(STRANGER) for _ in range(12)]
        assert is_closed(crowd[-6])
        assert served.say(talking, "hello") == "hello"


def test_the_address_with_the_most_makes_room_for_everybody_else(serve: Serve) -> None:
    with serve(LanConnections(patience_s=600, per_address=100, in_all=10)) as served:
        crowd = [served.open_tls(STRANGER) for _ in range(9)]
        others = [served.open_tls(OTHER) for _ in range(4)]
        assert served.ask(PAIRED, is_paired=True) == 200
        assert all(is_closed(line) for line in crowd[:3])
        assert all(is_open(line) for line in others)


FEW_FILES = """
import resource
from posecore.lan_connections import raise_file_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (256, {hard}))
print(raise_file_limit(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize("hard", [256, 1000])
def test_the_program_takes_as_many_files_as_the_system_gives_it(hard: int) -> None:
    found = subprocess.run(
        [sys.executable, "-c", FEW_FILES.format(hard=hard)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert found.stdout.split() == [str(hard), str(hard)]
