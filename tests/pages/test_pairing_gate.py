"""The gate of the own network: paired devices come in, everybody else meets the code."""

import threading

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from pages.components import devices, pairing_gate
from pages.components.database import close_store, open_database
from pages.components.devices import COOKIE, find_device, note_room, unpair
from pages.components.pairing_gate import PairingGate
from pages.components.pairing_page import is_local_address
from posecore import Settings
from posecore.errors import DeviceNotFoundError, InvalidFieldError
from posecore.lan_certificate import provide_certificate
from posecore.pairing import TRIES, PairingDesk

FAR, OTHER, NEAR = "192.168.1.30", "192.168.1.31", "127.0.0.1"
PAGE = {"accept": "text/html,*/*"}
IPHONE = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Safari/604.1"}
EVERYTHING = ("/", "/phone", "/media/x", "/_stcore/health", "/_stcore/upload_file/a/b", "/static/x")
FOR_PROGRAMS = ("/api/v1/sessions", "/api/openapi.json")


async def say_hello(_request):
    return PlainTextResponse("hello")


async def talk(socket):
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text)


@pytest.fixture
def endless():
    """Say when a long answer may go on."""
    return threading.Event()


@pytest.fixture
def make_client(page_store, tmp_path, monkeypatch, endless):
    """Ask the gate from an address; it has a certificate, as --lan makes one."""
    certificate = provide_certificate(tmp_path / "lan", ("192.168.1.20", "127.0.0.1"))
    monkeypatch.setenv("POSECORE_LAN_CERTIFICATE", str(certificate.path))
    monkeypatch.setattr(pairing_gate, "DESK", PairingDesk())

    async def stream(_request):
        def pieces():
            yield b"first"
            endless.wait(30)
            yield from [b"more"] * 100

        return StreamingResponse(pieces())

    routes = [
        Route("/long", stream),
        WebSocketRoute("/ws/pose", talk),
        WebSocketRoute("/_stcore/stream", talk),
        Route("/{path:path}", say_hello, methods=["GET", "HEAD", "POST", "PUT", "DELETE"]),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(PairingGate)])

    def make_client(address=FAR, **headers):
        return TestClient(
            app,
            base_url="https://192.168.1.20:8501",
            client=(address, 50000),
            headers=headers,
            follow_redirects=False,
        )

    return make_client


@pytest.fixture
def client(make_client):
    return make_client()


def pair(client, code=None, **fields):
    fields = {"code": code or pairing_gate.DESK.code, **fields}
    return client.post("/pair", data=fields, headers=IPHONE)


def show_cookie(client):
    """As a browser does for sockets; the test client sends a secure cookie with https alone."""
    secret = client.cookies.get(COOKIE)
    return {"cookie": f"{COOKIE}={secret}"} if secret else {}


def open_socket(client, path="/_stcore/stream"):
    with client.websocket_connect(path, headers=show_cookie(client)) as socket:
        socket.send_text("hello")
        return socket.receive_text()


# Loops instead of parameters here and below: opening a database takes longer than asking it.
def test_nothing_is_answered_to_a_device_that_is_not_paired(client):
    for path in EVERYTHING + FOR_PROGRAMS:
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
            answer = client.request(method, path)
            assert answer.status_code == 401, (method, path)
            assert "hello" not in answer.text


def test_a_socket_of_a_device_that_is_not_paired_is_refused_before_it_is_open(client):
    for path in ("/_stcore/stream", "/ws/pose"):
        with pytest.raises(WebSocketDisconnect) as caught:
            open_socket(client, path)
        assert caught.value.code == 1008, path


def test_this_computer_itself_needs_no_pairing(make_client):
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        client = make_client(address)
        assert client.get("/").text == "hello"
        assert open_socket(client) == "hello"


def test_without_lan_nobody_is_asked(client, monkeypatch):
    monkeypatch.delenv("POSECORE_LAN_CERTIFICATE")
    assert client.get("/", headers=PAGE).text == "hello"


def test_a_header_about_who_asks_never_lets_anybody_in(make_client):
    for header in ("X-Forwarded-For", "x-forwarded-for", "Forwarded"):
        for value in ("127.0.0.1", "for=127.0.0.1", "::1", ""):
            for address in (FAR, NEAR):
                client = make_client(address, **{header: value})
                assert client.get("/").status_code == 401, (header, value, address)
                with pytest.raises(WebSocketDisconnect):
                    open_socket(client)


def test_the_page_asks_for_the_code_and_loads_nothing_from_elsewhere(client):
    answer = client.get("/replay?session=1&t=%3Cb%3E", headers=PAGE)
    assert answer.status_code == 401
    assert 'value="/replay?session=1&amp;t=%3Cb%3E"' in answer.text
    assert "src=" not in answer.text
    assert "http://" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert f'<script nonce="{nonce}">' in answer.text
    assert nonce not in client.get("/", headers=PAGE).text
    assert answer.headers["cache-control"] == "no-store"


def test_the_right_code_pairs_once_and_leads_on(client, page_store):
    answer = pair(client, next="/phone?athlete=Mira")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/phone?athlete=Mira"
    cookie = answer.headers["set-cookie"].lower()
    for word in ("httponly", "secure", "samesite=lax", "path=/", COOKIE.lower()):
        assert word in cookie
    assert "domain" not in cookie
    for path in EVERYTHING + FOR_PROGRAMS:
        assert client.get(path).text == "hello"
    assert open_socket(client) == "hello"
    assert [each.name for each in open_database().devices.list()] == ["iPhone, Safari"]
    assert pairing_gate.DESK.code not in answer.text + str(answer.headers)


def test_the_code_in_an_address_pairs_nobody(client):
    """An address is logged and kept; only a form's body is read."""
    for path in ("/pair", "/phone", "/"):
        answer = client.get(path, params={"code": pairing_gate.DESK.code}, headers=PAGE)
        assert "set-cookie" not in answer.headers
        assert "hello" not in answer.text


def test_nobody_is_led_elsewhere(client):
    addresses = ("https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example")
    others = ("javascript:alert(1)", "", "phone", "/a b", "/a\nSet-Cookie: x=y", "/" + "a" * 3000)
    for elsewhere in addresses + others:
        assert not is_local_address(elsewhere)
        client.cookies.clear()
        assert pair(client, next=elsewhere).headers["location"] == "/phone"


def test_a_wrong_code_is_a_sentence_and_the_way_on_is_kept(client):
    answer = pair(client, "WRONGONE", next="/replay?session=1")
    assert answer.status_code == 403
    assert "4 tries are left" in answer.text
    assert 'value="/replay?session=1"' in answer.text
    assert "set-cookie" not in answer.headers
    assert client.get("/").status_code == 401


def test_after_five_wrong_codes_one_waits_and_others_do_not(client, make_client):
    first = pairing_gate.DESK.code
    answers = [pair(client, "WRONGONE") for _ in range(TRIES)]
    assert [each.status_code for each in answers] == [403] * 4 + [429]
    assert answers[-1].headers["retry-after"] == "30"
    assert 'data-wait="30"' in answers[-1].text
    assert pairing_gate.DESK.code != first
    assert pair(client).status_code == 429
    assert pair(make_client(OTHER)).status_code == 303


def test_a_header_does_not_hide_who_types_wrong_codes(make_client):
    for number in range(TRIES):
        pair(make_client(FAR, **{"X-Forwarded-For": f"10.0.0.{number}"}), "WRONGONE")
    assert pair(make_client(FAR)).status_code == 429


def test_a_form_that_is_none_pairs_nobody(make_client):
    long = b"code=" + b"A" * 5000
    for number, body in enumerate((b"", b"code", long, b"\xff\xfe", b"code=&code=", b"next=/")):
        answer = make_client(f"10.0.0.{number}").post("/pair", content=body)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_a_secret_that_is_not_ours_opens_nothing(client):
    for secret in ("", "A" * 43, "' OR 1=1 --", "A" * 5000):
        assert client.get("/", headers={"cookie": f"{COOKIE}={secret}"}).status_code == 401


def test_a_paired_device_that_asks_to_pair_is_led_to_its_page(client):
    pair(client)
    assert client.get("/pair").headers["location"] == "/phone"
    assert len(open_database().devices.list()) == 1


def test_an_unpaired_device_is_shut_out_at_once_also_in_the_middle_of_a_socket(client):
    pair(client)
    [device] = open_database().devices.list()
    with client.websocket_connect("/_stcore/stream", headers=show_cookie(client)) as socket:
        socket.send_text("before")
        assert socket.receive_text() == "before"
        unpair(device.id)
        with pytest.raises(WebSocketDisconnect) as caught:
            socket.receive_text()
        assert caught.value.code == 1008
    assert client.get("/").status_code == 401
    with pytest.raises(DeviceNotFoundError):
        unpair(device.id)


def test_who_was_recognised_just_before_being_unpaired_gets_no_line(client, monkeypatch):
    pair(client)
    recognise = pairing_gate._recognise

    def unpair_meanwhile(connection):
        device = recognise(connection)
        unpair(device.id)
        return device

    monkeypatch.setattr(pairing_gate, "_recognise", unpair_meanwhile)
    with pytest.raises(WebSocketDisconnect) as caught:
        open_socket(client)
    assert caught.value.code == 1008


def test_a_long_answer_ends_when_the_device_is_unpaired(client, endless):
    pair(client)
    [device] = open_database().devices.list()
    got = {}

    def ask():
        got["answer"] = client.get("/long").content

    thread = threading.Thread(target=ask)
    thread.start()
    while not devices._lines.get(device.id):
        thread.join(0.01)
    unpair(device.id)
    endless.set()
    thread.join(30)
    assert got["answer"].count(b"more") < 100
    assert not devices._lines


def test_a_token_opens_rest_and_sockets_for_programs_and_nothing_else(client, page_store):
    _, token = page_store.tokens.create(name="Script", scopes=["read"], days=1)
    headers = {"Authorization": f"Bearer {token}"}
    for path in FOR_PROGRAMS:
        assert client.get(path, headers=headers).text == "hello"
    assert open_socket(client, f"/ws/pose?token={token}") == "hello"
    for path in EVERYTHING:
        assert client.get(path, headers=headers).status_code == 401, path
    with pytest.raises(WebSocketDisconnect):
        open_socket(client, f"/_stcore/stream?token={token}")
    for wrong in ("Bearer pc_" + "A" * 43, "Bearer", f"Basic {token}", f"Token {token}"):
        answer = client.get(FOR_PROGRAMS[0], headers={"Authorization": wrong})
        assert answer.status_code == 401, wrong
    page_store.tokens.revoke(page_store.tokens.list()[0].id)
    assert client.get(FOR_PROGRAMS[0], headers=headers).status_code == 401


def test_the_authority_is_handed_to_everybody_and_holds_no_key(client, tmp_path):
    answer = client.get("/posecore-authority.crt")
    assert answer.headers["content-type"] == "application/x-x509-ca-cert"
    assert b"PRIVATE" not in answer.content
    assert answer.content[:1] == b"\x30"  # DER


def test_a_database_that_cannot_be_opened_lets_nobody_in(client, page_store, tmp_path):
    page_store.close()
    (tmp_path / "posecore.duckdb").write_bytes(b"no database at all" * 100)
    answer = client.get("/", headers={"cookie": f"{COOKIE}={'A' * 43}"})
    assert answer.status_code == 503
    assert "cannot look up this device now" in answer.text
    assert "duckdb" not in answer.text, "where files lie is nothing for strangers"


def test_a_setting_that_cannot_be_read_is_not_quoted_to_strangers(client, page_store, monkeypatch):
    close_store()
    servers = "turn:user:pa,ss9word@turn.example.org|user|pass"
    monkeypatch.setenv("POSECORE_ICE_SERVERS", servers)
    answer = client.get("/", headers={"cookie": f"{COOKIE}={'A' * 43}"})
    assert answer.status_code == 503
    assert "ss9word" not in answer.text
    with pytest.raises(InvalidFieldError) as raised:
        Settings.from_env()
    assert "ss9word" not in str(raised.value)


def test_a_camera_ends_with_the_pairing(client, page_store, monkeypatch):
    pair(client)
    [device] = open_database().devices.list()
    monkeypatch.setattr("pages.components.devices.find_device", lambda: device)
    ended = []

    class Room:
        def camera_ended(self, *, for_good):
            ended.append(for_good)

    room = Room()
    note_room(room)
    unpair(device.id)
    assert ended == [True]


def test_outside_of_a_page_no_device_looks(page_store, monkeypatch):
    monkeypatch.delenv("POSECORE_LAN_CERTIFICATE", raising=False)
    assert find_device() is None
