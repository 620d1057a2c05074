"""The guard: this dashboard's own pages are answered, pages of other sites are not."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from posecore.api.guard import HostGuard, read_host
from posecore.errors import InvalidFieldError
from posecore.settings import Settings

HERE = "127.0.0.1:8501"
PUBLIC = ("posecore.example.org", "wall.example.org:8443")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OPENS_A_PAGE = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


async def say_hello(_request):
    return PlainTextResponse("hello")


async def greet(socket):
    await socket.accept()
    await socket.send_text("hello")
    await socket.close()


@pytest.fixture
def client():
    routes = [Route("/{path:path}", say_hello, methods=METHODS), WebSocketRoute("/ws", greet)]
    app = Starlette(routes=routes, middleware=[Middleware(HostGuard, get_hosts=lambda: PUBLIC)])
    return TestClient(app)


def ask(client, method="GET", host=HERE, **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.request(method, "/", headers={"host": host} | names)


def open_socket(client, host=HERE, **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    with client.websocket_connect("/ws", headers={"host": host} | names) as socket:
        return socket.receive_text()


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1:8501", "localhost:8501", "LOCALHOST:1234", "[::1]:8501", "localhost"),
        *("posecore.example.org", "posecore.example.org:443", "wall.example.org:8443"),
    ],
)
def test_its_own_names_are_answered(client, host):
    assert ask(client, host=host).text == "hello"
    assert open_socket(client, host=host) == "hello"


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example.com", "evil.example.com:8501", "127.0.0.1.evil.example.com:8501"),
        *("localhost.evil.example.com", "localhost@evil.example.com", "evil.example.com#localhost"),
        *("wall.example.org", "wall.example.org:80", "192.168.1.5:8501", "0.0.0.0:8501"),
        *("", "127.0.0.1:8501:8501", "[::1", "127.0.0.1/", "xposecore.example.org"),
    ],
)
def test_a_name_that_was_made_to_lead_here_is_refused_with_a_sentence(client, host):
    answer = ask(client, host=host)
    assert answer.status_code == 403
    assert "POSECORE_HOSTS" in answer.text
    with pytest.raises(WebSocketDisconnect):
        open_socket(client, host=host)


def test_two_names_at_once_are_refused(client):
    answer = client.get("/", headers=[("host", HERE), ("host", HERE)])
    assert answer.status_code == 403


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.example.com", "null", "http://localhost:3000", "http://127.0.0.1:8502"),
        *("http://localhost:8501", "http://127.0.0.1:8501.evil.example.com", "file://", ""),
        "http://evil.example.com@127.0.0.1:8501",
    ],
)
def test_a_page_of_another_site_is_refused_whatever_it_asks(client, method, origin):
    answer = ask(client, method, origin=origin)
    assert answer.status_code == 403
    assert "another site" in answer.text


@pytest.mark.parametrize("method", METHODS)
def test_its_own_page_may_ask_everything(client, method):
    own = {"origin": f"http://{HERE}", "sec_fetch_site": "same-origin", "sec_fetch_mode": "cors"}
    assert ask(client, method, **own).text == "hello"


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
@pytest.mark.parametrize(
    ("mode", "dest"),
    [
        *(("no-cors", "image"), ("no-cors", "script"), ("cors", "empty"), ("no-cors", "empty")),
        *(("navigate", "iframe"), ("navigate", "embed"), ("navigate", "object"), ("", "")),
    ],
)
def test_what_a_page_elsewhere_loads_or_frames_is_refused_also_without_an_origin(
    client, site, mode, dest
):
    answer = ask(client, sec_fetch_site=site, sec_fetch_mode=mode, sec_fetch_dest=dest)
    assert answer.status_code == 403


def test_a_link_from_elsewhere_opens_the_dashboard(client):
    """So do bookmarks, and providers that send people back, some of them out of a form."""
    for extra in ({}, {"origin": "null"}, {"origin": "https://accounts.example.com"}):
        for site in ("cross-site", "same-site", "none"):
            headers = {"host": HERE, "sec-fetch-site": site} | OPENS_A_PAGE | extra
            assert client.get("/oauth2callback?code=1", headers=headers).text == "hello"


def test_a_form_that_a_page_elsewhere_sends_is_refused(client):
    headers = {"host": HERE, "sec-fetch-site": "cross-site", "origin": "https://evil.example.com"}
    assert client.post("/", headers=headers | OPENS_A_PAGE).status_code == 403


@pytest.mark.parametrize(
    "origin", ["https://evil.example.com", "http://localhost:3000", "null", "http://localhost:8501"]
)
def test_a_socket_of_another_site_is_closed_before_it_is_open(client, origin):
    with pytest.raises(WebSocketDisconnect) as closed:
        open_socket(client, origin=origin)
    assert closed.value.code == 1008


def test_its_own_sockets_open_whatever_the_browser_thinks_of_their_site(client):
    assert open_socket(client, origin=f"http://{HERE}", sec_fetch_site="cross-site") == "hello"


def test_a_program_that_is_no_browser_is_answered(client):
    assert ask(client, "POST").text == "hello"
    assert open_socket(client) == "hello"


@pytest.mark.parametrize("host", [HERE, "posecore.example.org"])
def test_behind_a_proxy_the_public_page_is_its_own(client, host):
    for method in METHODS:
        assert ask(client, method, host=host, origin="https://posecore.example.org").text == "hello"
    assert open_socket(client, host=host, origin="https://posecore.example.org") == "hello"
    answer = ask(client, "POST", host=host, origin="https://posecore.example.org:8443")
    assert answer.status_code == 403


def test_no_page_elsewhere_may_frame_it(client):
    assert ask(client).headers["content-security-policy"] == "frame-ancestors 'self'"


def test_without_configuration_only_this_machine_is_its_own():
    client = TestClient(
        Starlette(routes=[Route("/", say_hello)], middleware=[Middleware(HostGuard)])
    )
    assert ask(client).text == "hello"
    assert ask(client, host="posecore.example.org").status_code == 403


def test_public_names_come_from_the_environment():
    settings = Settings.from_env({"POSECORE_HOSTS": " posecore.example.org, [fd00::1]:8501 ,"})
    assert settings.hosts == ("posecore.example.org", "[fd00::1]:8501")
    assert all(read_host(host) for host in settings.hosts)
    assert Settings.from_env({}).hosts == ()


@pytest.mark.parametrize("hosts", ["*", "https://posecore.example.org", "a b", "a/b", "*.org"])
def test_a_public_name_that_is_none_is_refused_rather_than_ignored(hosts):
    with pytest.raises(InvalidFieldError, match="POSECORE_HOSTS"):
        Settings.from_env({"POSECORE_HOSTS": hosts})


def test_the_own_networks_addresses_are_answered_over_https_as_run_lan_names_them():
    hosts = ("192.168.1.20:8501", "[fd00::20]:8501", "wall.local:8501")
    app = Starlette(
        routes=[Route("/{path:path}", say_hello, methods=METHODS), WebSocketRoute("/ws", greet)],
        middleware=[Middleware(HostGuard, get_hosts=lambda: hosts)],
    )
    client = TestClient(app)
    for host in hosts:
        assert ask(client, "POST", host=host, origin=f"https://{host}").text == "hello"
        assert open_socket(client, host=host, origin=f"https://{host}") == "hello"
    for host, origin in (
        ("192.168.1.21:8501", "https://192.168.1.21:8501"),
        ("192.168.1.20:8502", "https://192.168.1.20:8502"),
        ("192.168.1.20:8501", "https://192.168.1.66:8501"),
        ("192.168.1.20:8501", "https://192.168.1.20"),
        ("192.168.1.20:8501", "null"),
    ):
        assert ask(client, "POST", host=host, origin=origin).status_code == 403
