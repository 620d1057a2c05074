"""The real dashboard, and a page of another site that wants something from it."""

import functools
import http.client
import http.server
import threading
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from posecore import open_store
from posecore.synthetic import make_squats
from tests.e2e.player_page import Player, store_session

LONG_MS = 60_000
TRY_ALL = """async ({ http, ws }) => {
    const readable = async (path, options) => {
        try {
            return await (await fetch(http + path, options)).text();
        } catch (error) {
            return "refused";
        }
    };
    const opens = (path, protocols) => new Promise((resolve) => {
        const socket = new WebSocket(ws + path, protocols);
        socket.onopen = () => resolve("open");
        socket.onerror = () => resolve("refused");
    });
    const loads = (name, attribute, path) => new Promise((resolve) => {
        const element = document.createElement(name);
        element.onload = () => resolve("loaded");
        element.onerror = () => resolve("refused");
        element[attribute] = http + path;
        document.body.append(element);
    });
    return {
        read: await readable("/_stcore/host-config"),
        write: await readable("/_stcore/upload_file/a/b", { method: "PUT", body: "x" }),
        post: await readable("/_stcore/health", { method: "POST", body: "x", mode: "no-cors" }),
        socket: await opens("/_stcore/stream", ["streamlit"]),
        script: await loads("script", "src", "/static/js/none.js"),
        picture: await loads("img", "src", "/favicon.png"),
    };
}"""


@pytest.fixture(scope="module")
def sessions(data_dir):
    """One session of squats."""
    with open_store(data_dir / "posecore.duckdb") as store:
        store.save_preference("privacy_notice", "understood")
        return SimpleNamespace(squats=store_session(store, make_squats(2.0), name="Secret wall"))


@pytest.fixture(scope="module")
def fill_data(sessions):
    """The session is there before the dashboard opens it."""
    return sessions


@pytest.fixture
def elsewhere(tmp_path):
    """Serve a page of another site from this machine; gives its address."""
    (tmp_path / "index.html").write_text("<!doctype html><title>Elsewhere</title><body></body>")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_arguments):
            pass

    handler = functools.partial(Quiet, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_address[1]}/index.html"
    server.shutdown()
    thread.join()
    server.server_close()


def ask(dashboard, path, method="GET", **headers):
    """Ask with exactly these headers; returns status and text."""
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(dashboard.url).port, timeout=10)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    try:
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_page_of_another_site_gets_nothing_and_does_nothing(dashboard, elsewhere, browser):
    page = browser.new_context().new_page()
    page.goto(elsewhere)
    addresses = {"http": dashboard.url, "ws": dashboard.url.replace("http", "ws")}
    answers = []
    page.on("response", lambda answer: answers.append((answer.url, answer.status)))
    got = page.evaluate(TRY_ALL, addresses)
    assert got.pop("post") == ""  # the page cannot see whether it was answered
    assert set(got.values()) == {"refused"}
    to_us = [status for url, status in answers if url.startswith(dashboard.url)]
    assert to_us
    assert set(to_us) == {403}
    page.context.close()


def test_a_page_of_another_site_cannot_show_the_dashboard_in_a_frame(dashboard, elsewhere, browser):
    page = browser.new_context().new_page()
    page.goto(elsewhere)
    with page.expect_response(f"{dashboard.url}/") as asked:
        page.evaluate(
            """url => {
                const frame = document.createElement("iframe");
                frame.src = url;
                document.body.append(frame);
            }""",
            f"{dashboard.url}/",
        )
    assert asked.value.status == 403
    page.context.close()


def test_a_link_on_another_site_opens_the_replay(dashboard, sessions, elsewhere, browser):
    page = browser.new_context().new_page()
    page.goto(elsewhere)
    address = f"{dashboard.url}/replay?session={sessions.squats}"
    page.evaluate("url => { location.href = url; }", address)
    expect(page.get_by_text("Secret wall").first).to_be_visible(timeout=LONG_MS)
    Player(page)
    page.context.close()


def test_a_name_that_was_made_to_lead_here_is_refused(dashboard, sessions):
    for path in ("/", "/_stcore/health", "/static/x", "/replay-recording/x", "/media/x", "/api/v1"):
        status, said = ask(dashboard, path, Host="rebound.example.com:8501")
        assert status == 403, path
        assert "POSECORE_HOSTS" in said
    port = urlsplit(dashboard.url).port
    for name in ("127.0.0.1", "localhost", "[::1]"):
        assert ask(dashboard, "/_stcore/health", Host=f"{name}:{port}") == (200, "ok")


def test_a_socket_of_another_site_is_refused_before_it_is_open(dashboard):
    port = urlsplit(dashboard.url).port
    wish = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec_WebSocket_Version": "13",
    }
    for origin in ("http://localhost:3000", "https://evil.example.com", "null"):
        assert ask(dashboard, "/_stcore/stream", Origin=origin, **wish)[0] == 403


def test_the_dashboards_own_page_is_answered_under_each_of_its_names(dashboard, browser):
    port = urlsplit(dashboard.url).port
    for name in ("127.0.0.1", "localhost"):
        page = browser.new_context().new_page()
        page.goto(f"http://{name}:{port}/sessions")
        expect(page.get_by_text("Secret wall")).to_be_visible(timeout=LONG_MS)
        with page.expect_download() as caught:
            page.get_by_role("button", name="Download CSV").first.click()
        assert caught.value.path().stat().st_size > 1000
        page.context.close()


def test_what_is_refused_is_told_apart_from_what_is_not_there(dashboard):
    port = urlsplit(dashboard.url).port
    status, said = ask(dashboard, "/replay-recording/x", Host=f"127.0.0.1:{port}")
    assert (status, said) == (404, "This page is out of date; reload it.")
