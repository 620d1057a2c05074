"""The panel's line to its room: commands of any kind, and its end when somebody signs out."""

import json
import socket
import threading
from contextlib import suppress

import pytest
import uvicorn
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from starlette.applications import Starlette
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from pages.components import sign_in
from pages.components.live_panel import LIVE_ROUTES, room_socket
from pages.components.live_panel.rooms import register_room
from posecore import Settings, open_store
from posecore.capture.live_room import LiveRoom
from posecore.errors import PoseCoreError
from tests.pages.provider_secrets import use_secrets
from tests.pages.test_signed_in import cookie_for, find_person
from tests.sockets.socket_server import PATIENCE_S, wait_for

TOKEN = "of-this-tab"
PARTS = ["audience", "cues", "ghost", "goals", "hands_free", "mirror_delay", "second_camera"]
DOINGS = ["send", "reset", "seek", "speed", "loop", "play", "pause", "restart", "keep", "no_more"]
DOINGS += ["try_again", "give_up"]
KEYS = ["kind", "text", "joint", "at_s", "time_s", "speed", "on"]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
commands = st.fixed_dictionaries(
    {"part": st.sampled_from(PARTS) | anything, "do": st.sampled_from(DOINGS) | anything},
    optional={key: st.sampled_from(["mark", "arrow", "left_knee"]) | anything for key in KEYS},
)


@pytest.fixture(scope="module")
def url():
    """Address of the room on a real server: a test client would cancel what it serves."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        Starlette(routes=LIVE_ROUTES), ws="websockets-sansio", log_config=None, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    wait_for(lambda: server.started)
    yield f"ws://127.0.0.1:{listening.getsockname()[1]}/live-room/{TOKEN}"
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture
def room(page_store, settings):
    """A room of whoever uses this computer."""
    room = LiveRoom(page_store, settings)
    register_room(TOKEN, room)
    return room


@pytest.fixture
def miras(page_store, settings, monkeypatch):
    """A room of somebody who signed in, and who that is."""
    use_secrets(monkeypatch)
    mira = find_person("mira")
    room = LiveRoom(page_store.for_owner(mira.identity.owner), settings)
    with sign_in.acting_for(mira):
        register_room(TOKEN, room)
    return room, mira


@pytest.fixture(scope="module")
def lasting_room(tmp_path_factory):
    """One room for many commands."""
    data = tmp_path_factory.mktemp("room")
    with open_store(data / "posecore.duckdb") as store:
        room = LiveRoom(store, Settings.from_env({"POSECORE_DATA": str(data)}))
        yield room
        room.camera_ended(for_good=True)
        room.join()


def cookies_of(subject):
    return {"Cookie": "; ".join(f"{key}={each}" for key, each in cookie_for(subject).items())}


def hear(line, kind):
    """What the line says of a kind; how the room stands is passed over."""
    while kind not in (heard := json.loads(line.recv(timeout=PATIENCE_S))):
        pass
    return heard[kind]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read as JSON"),
        ("{", "cannot be read as JSON"),
        ("[" * 50_000, "cannot be read as JSON"),
        ("[]", "A message is an object"),
        ('{"part": NaN}', "NaN is no number"),
        ("{}", "no such part"),
        ('{"part": ["ghost"]}', "no such part"),
        ('{"part": "ghost", "do": "speed", "speed": 1e999}', "did not understand"),
        ('{"part": "goals", "do": {"a": 1}}', "cannot do"),
        ('{"part": "cues", "do": "send", "kind": "text", "text": 7}', "words of a cue are a text"),
        (f'{{"part": "{"x" * 200_000}"}}', "characters"),
    ],
)
def test_a_command_that_makes_no_sense_is_a_sentence_and_the_line_stays(url, room, text, said):
    with connect(url, proxy=None) as line:
        line.send(text)
        assert said in hear(line, "refused")
        line.send(b"\xff\x00")
        assert "cannot be read as JSON" in hear(line, "refused")


@examples(max_examples=200, deadline=None)
@given(given_commands=st.lists(commands, min_size=1, max_size=5))
def test_no_command_fails_in_a_way_that_would_end_the_line(lasting_room, given_commands):
    for command in given_commands:
        with suppress(PoseCoreError, TypeError, ValueError, OverflowError):
            lasting_room.obey(command)
    json.dumps(lasting_room.status(), allow_nan=False)


def test_a_command_of_somebody_who_signed_out_does_nothing_and_says_so(url, miras):
    room, mira = miras
    room.cues.send({"kind": "mark"}, author="", by="")
    with connect(url, proxy=None, additional_headers=cookies_of("mira")) as line:
        assert hear(line, "camera") == "off"
        sign_in.end_sign_in(mira)
        line.send(json.dumps({"part": "cues", "do": "send", "kind": "mark"}))
        assert "signed out" in hear(line, "error")
        with pytest.raises(ConnectionClosed) as closed:
            hear(line, "nothing more")
    assert closed.value.rcvd.code == 4401
    assert [each["number"] for each in room.cues.status()["shown"]] == [1]


def test_a_browser_that_asks_and_does_not_read_is_not_remembered_for_ever():
    answers = []
    for _ in range(10 * room_socket.MAX_ANSWERS):
        room_socket._refuse(answers, room_socket._NOT_UNDERSTOOD)
    assert len(answers) == room_socket.MAX_ANSWERS


def test_a_room_that_cannot_say_how_it_stands_is_in_the_log(url, room, monkeypatch, caplog):
    monkeypatch.setattr(room, "status", lambda: {"fps": float("nan")})
    with connect(url, proxy=None) as line, pytest.raises(ConnectionClosed):
        hear(line, "camera")
    wait_for(lambda: "A live panel failed" in caplog.text)
