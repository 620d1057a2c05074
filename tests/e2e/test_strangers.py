"""Strangers in the own network, against the whole dashboard with as few files as a Mac gives it.

The bounds one by one are in tests/sockets/test_lan_connections.py.
"""

import http.client
import re
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

import pytest

from posecore.lan import find_names
from posecore.lan_certificate import LanCertificate, provide_certificate
from tests.e2e.dashboard import Dashboard, run_dashboard

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux has further addresses of its own without asking"
)
NEAR, STRANGER, OTHER, TABLET = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"
MAX_FILES = 256
TIMEOUT_S = 60


@pytest.fixture(scope="module")
def certificate(data_dir: Path) -> LanCertificate:
    """The certificate for this computer's addresses."""
    return provide_certificate(data_dir / "lan", find_names().all)


@pytest.fixture(scope="module")
def dashboard(data_dir: Path, certificate: LanCertificate) -> Iterator[Dashboard]:
    """Serve over https, have others pair, and have few files."""
    with run_dashboard(data_dir, certificate=certificate, max_files=MAX_FILES) as dashboard:
        yield dashboard


def test_hundreds_of_silent_connections_keep_nobody_out(
    dashboard: Dashboard, certificate: LanCertificate
) -> None:
    port = int(dashboard.url.rpartition(":")[2])
    trusting = ssl.create_default_context(cafile=certificate.path)

    def ask(address: str, path: str, fields: dict[str, str] | None = None, **headers: str):
        line = http.client.HTTPSConnection(
            NEAR, port, timeout=TIMEOUT_S, source_address=(address, 0), context=trusting
        )
        try:
            line.request("POST" if fields else "GET", path, urlencode(fields or {}), headers)
            answer = line.getresponse()
            return answer.status, answer.read(), answer.headers.get("Set-Cookie", "")
        finally:
            line.close()

    [code] = re.findall(r"pairing code  (\S+)", (dashboard.data_dir / "dashboard.log").read_text())
    status, _, cookie = ask(TABLET, "/pair", {"code": code})
    assert status == 303
    with ExitStack() as stack:

        def open_tcp(address: str) -> socket.socket:
            line = socket.create_connection((NEAR, port), TIMEOUT_S, (address, 0))
            return stack.enter_context(line)

        for _ in range(150):
            open_tcp(STRANGER)
            open_tcp(OTHER).send(b"\x16\x03\x01")  # how a handshake begins
        assert ask(NEAR, "/api/v1/sessions")[0] == 200
        status, page, _ = ask(TABLET, "/", Cookie=cookie.partition(";")[0])
        assert (status, b"<html" in page) == (200, True)
        assert ask(STRANGER, "/")[0] == 401
    log = (dashboard.data_dir / "dashboard.log").read_text()
    assert "Too many open files" not in log
