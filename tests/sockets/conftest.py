"""The server that the tests of the sockets speak to."""

from collections.abc import Iterator

import pytest

from posecore import SessionStore, Settings
from tests.sockets.socket_server import Server, run_server


@pytest.fixture
def server(store: SessionStore, settings: Settings) -> Iterator[Server]:
    with run_server(store, settings) as running:
        yield running
