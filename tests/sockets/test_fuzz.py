"""Whatever is sent to the sockets: the process lives, no exception, nothing stored that is invalid.

Bounded and the same at each run.
"""

import itertools
import json
import socket
from contextlib import suppress
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from posecore import Settings, open_store
from tests.sockets.socket_server import make_marks, make_pose, run_server, wait_for
from tests.sockets.test_session_socket import keep_session

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=40) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
POSE_KINDS = ["pose", "start_recording", "stop_recording", "resume_recording"]
REPLAY_KINDS = ["play", "pause", "seek", "speed", "ended"]
KINDS = st.sampled_from([*POSE_KINDS, *REPLAY_KINDS])
POSE_KEYS = ["timestamp", "frame_number", "width", "height", "landmarks", "world_landmarks"]
OTHER_KEYS = ["name", "description", "athlete", "tags", "resume_s", "session_id", "time_s", "speed"]
KEYS = st.sampled_from([*POSE_KEYS, *OTHER_KEYS])
ODD = [0, 1, -1, 0.5, 2**31, 2**63, 1e11, 1.79e12, 1e300, 10**400]
NUMBERS = st.sampled_from(ODD) | st.floats()
MARKS = st.integers(0, 40).map(lambda count: (make_marks() * 2)[:count])
COMMANDS = st.builds(lambda kind, rest: {"type": kind} | rest, KINDS, st.dictionaries(KEYS, ANY))
BROKEN_POSES = st.builds(
    lambda number, rest: make_pose(number) | rest,
    st.integers(0, 200),
    st.dictionaries(KEYS, NUMBERS | MARKS | ANY, max_size=2),
)
BROKEN_MARKS = st.builds(
    lambda number, index, key, value: make_pose(number, landmarks=change(index, key, value)),
    st.integers(0, 200),
    st.integers(0, 32),
    st.sampled_from(["x", "y", "z", "visibility", "presence"]),
    NUMBERS | ANY,
)
GOOD = st.builds(make_pose, st.integers(0, 200))
MESSAGES = st.lists(
    COMMANDS | BROKEN_POSES | BROKEN_MARKS | GOOD | ANY | st.binary() | st.text(), max_size=12
)
TAGS = itertools.count()


def change(index, key, value):
    marks = make_marks()
    marks[index][key] = value
    return marks


def send(client, message):
    """Send a message as it is, or as Python's JSON has it: NaN, Infinity and all."""
    client.send(message if isinstance(message, str | bytes) else json.dumps(message))


def is_answering(client):
    """Read until the answer to a message that nobody else sends."""
    tag = f"{next(TAGS)} there?"
    client.send({"type": tag})
    while True:
        answer = client.receive()
        if answer["type"] == "error" and tag in answer["detail"]:
            return True


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    """Serve all examples from one process, and look at all that is stored at the end."""
    folder = tmp_path_factory.mktemp("fuzz")
    choices = Settings.from_env({"POSECORE_DATA": str(folder)})
    with open_store(choices.database) as store:
        with run_server(store, choices) as server:
            yield server
        for session in store.get_sessions():
            assert session.status in ("completed", "failed")
            sequence = store.load_sequence(session.id)  # checks the data contract
            assert len(sequence) == session.frame_count
            shares = sequence.visibility[~np.isnan(sequence.visibility)]
            assert ((shares >= 0) & (shares <= 1)).all()
            assert session.frame_count == 0 or sequence.time_s[0] == 0 or session.source != "stream"


@settings(max_examples=80, derandomize=True, deadline=None)
@given(MESSAGES)
def test_the_pose_socket_lives_whatever_is_sent(fuzzed, messages):
    with fuzzed.connect("/ws/pose?stream=fuzz") as client:
        for message in messages:
            send(client, message)
        assert is_answering(client)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(MESSAGES)
def test_while_it_records_too(fuzzed, messages):
    with fuzzed.connect("/ws/pose?stream=fuzz") as client:
        client.start()
        send(client, make_pose(0))
        for message in messages:
            send(client, message)
        assert is_answering(client)


@pytest.fixture(scope="module")
def session_id(fuzzed):
    return keep_session(fuzzed.store, np.arange(3000) / 30)


@settings(max_examples=50, derandomize=True, deadline=None)
@given(MESSAGES)
def test_the_replay_socket_lives_whatever_is_sent(fuzzed, session_id, messages):
    with fuzzed.connect(f"/ws/session/{session_id}") as client:
        for message in messages:
            send(client, message)
        assert is_answering(client)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc", "Zs"]), max_size=60))
def test_no_id_or_name_of_a_stream_is_too_strange(fuzzed, text):
    for path in (f"/ws/pose?stream={quote(text)}", f"/ws/session/{quote(text, safe='')}x"):
        with fuzzed.connect(path) as client:
            with suppress(ConnectionClosed):  # refused already
                client.send({"type": "are you there"})
            assert client.receive()["type"] == "error"


BROKEN_FRAMES = {
    "text that is no UTF-8": b"\x81\x82\0\0\0\0\xff\xfe",
    "not masked": b"\x81\x02{}",
    "an unknown opcode": b"\x8b\x80\0\0\0\0",
    "reserved bits": b"\xf1\x80\0\0\0\0",
    "a ping too long": b"\x89\xfe\x01\x00\0\0\0\0" + b"x" * 256,
    "an end without a beginning": b"\x80\x80\0\0\0\0",
    "a close that says nothing sensible": b"\x88\x81\0\0\0\0x",
    "more than there may be": b"\x81\xff" + b"\x7f" + b"\xff" * 7 + b"\0\0\0\0",
    "a message in pieces that never ends": b"\x01\x81\0\0\0\0x",
}


@pytest.mark.parametrize("what", BROKEN_FRAMES)
def test_a_line_that_breaks_the_rules_ends_alone_and_leaves_a_finished_session(fuzzed, what):
    with fuzzed.connect("/ws/pose") as good, fuzzed.connect("/ws/pose") as bad:
        session_id = bad.start()
        bad.send(make_pose(0))
        assert good.receive()["frame_number"] == 0
        bad.connection.socket.sendall(BROKEN_FRAMES[what])
        with suppress(OSError):  # ended from the other side already
            bad.connection.socket.shutdown(socket.SHUT_WR)
        wait_for(lambda: fuzzed.store.get_session(session_id).status == "completed")
        assert is_answering(good)
    # The web server writes this one down itself.
    fuzzed.errors.messages[:] = [
        each for each in fuzzed.errors.messages if "Invalid UTF-8" not in each
    ]
