"""``/ws/pose`` over a real server: what is sent, forwarded, recorded and refused."""

import json
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed

from tests.sockets.socket_server import (
    IDENTITIES,
    SQUATS,
    make_marks,
    make_pose,
    run_server,
    wait_for,
)


def test_every_other_client_hears_the_pose_as_it_was_sent_and_the_sender_does_not(server):
    text = json.dumps(make_pose(0) | {"note": "ü"}, indent=1)
    with (
        server.connect("/ws/pose?stream=wall-1") as sender,
        server.connect("/ws/pose?stream=wall-1") as first,
        server.connect("/ws/pose?stream=wall-1") as second,
    ):
        sender.settle(), first.settle(), second.settle()
        sender.send(text)
        assert first.connection.recv(timeout=10) == text
        assert second.connection.recv(timeout=10) == text
        sender.settle()  # what it hears is this answer, not its own pose
        first.send(make_pose(1))
        assert sender.receive()["frame_number"] == 1


def test_another_stream_and_another_owner_hear_nothing(server):
    with (
        server.connect("/ws/pose?stream=wall-1") as sender,
        server.connect("/ws/pose?stream=wall-2") as elsewhere,
        server.connect("/ws/pose?stream=wall-1", token="pc_mira") as stranger,
    ):
        elsewhere.settle(), stranger.settle()
        sender.send(make_pose(0))
        sender.settle()
        elsewhere.settle(), stranger.settle()


def test_a_recording_holds_what_was_sent(server):
    with server.connect("/ws/pose") as client:
        client.send(make_pose(0))  # before the start: not recorded
        session_id = client.start(
            name="Überhang", description="left <b>", athlete="Mira", tags=["a"], model="lite"
        )
        for number in range(10, 20):
            client.send(make_pose(number))
        answer = client.stop()
    assert (answer["session_id"], answer["frame_count"]) == (session_id, 10)
    session = server.store.get_session(session_id)
    assert (session.name, session.description) == ("Überhang", "left <b>")
    assert (session.source, session.status, session.athlete) == ("stream", "completed", "Mira")
    assert (session.tags, session.model) == (("a",), "lite")
    assert (session.image_width, session.image_height, session.dropped_count) == (640, 360, 0)
    sequence = server.store.load_sequence(session_id)
    assert sequence.frame_number.tolist() == list(range(10, 20))
    np.testing.assert_allclose(sequence.time_s, np.arange(10) / 30, atol=1e-9)
    np.testing.assert_array_equal(sequence.image_landmarks, SQUATS.image_landmarks[10:20])
    assert np.isnan(sequence.world_landmarks).all()


def test_a_message_without_a_type_but_with_landmarks_is_a_pose(server):
    pose = make_pose(0)
    del pose["type"]
    with server.connect("/ws/pose") as client:
        client.start()
        client.send(pose)
        client.send(make_pose(1, landmarks=None))
        assert client.stop()["frame_count"] == 2


def test_nobody_seen_is_a_row_of_nan(server):
    absent = make_pose(2)
    del absent["landmarks"]
    with server.connect("/ws/pose") as client:
        session_id = client.start()
        client.send(make_pose(0))
        client.send(make_pose(1, landmarks=None, world_landmarks=None))
        client.send(absent)
        client.stop()
    sequence = server.store.load_sequence(session_id)
    assert sequence.is_detected.tolist() == [True, False, False]
    assert server.store.get_session(session_id).detected_count == 1


def test_milliseconds_since_1970_are_stored_as_seconds_from_the_start(server):
    with server.connect("/ws/pose") as client:
        session_id = client.start()
        for number in range(4):
            client.send(make_pose(number, timestamp=1_790_000_000_000 + 33 * number))
        client.stop()
    times = server.store.load_sequence(session_id).time_s
    np.testing.assert_allclose(times, np.arange(4) * 0.033, atol=1e-6)


def test_duplicate_late_and_missing_frames_are_not_stored_and_counted(server):
    with server.connect("/ws/pose") as client:
        session_id = client.start()
        for number in (0, 1, 1, 4, 3, 2, 2, 7):
            client.send(make_pose(number))
        client.send(make_pose(8, timestamp=7 / 30))  # numbered on, but not later
        client.stop()
    session = server.store.get_session(session_id)
    assert server.store.load_sequence(session_id).frame_number.tolist() == [0, 1, 4, 7]
    # 1 and 2 twice; 3 and 2 late; 5 and 6 never; 8 at the time of 7.
    assert session.dropped_count == 7


def test_a_client_that_disconnects_leaves_a_finished_session(server):
    with server.connect("/ws/pose") as client:
        session_id = client.start()
        for number in range(5):
            client.send(make_pose(number))
        client.settle()
    session = wait_for(lambda: is_over(server, session_id))
    assert (session.status, session.frame_count) == ("completed", 5)


def is_over(server, session_id):
    session = server.store.get_session(session_id)
    return session if session.status != "recording" else None


def test_a_client_that_is_cut_off_without_a_word_leaves_a_finished_session(store, settings):
    with run_server(store, settings, ping_s=0.3) as server:
        client = server.connect("/ws/pose", ping_interval=None)
        session_id = client.start()
        client.send(make_pose(0))
        client.settle()
        # Its end of the line stays open and answers nothing any more, pings included.
        client.connection.protocol.receive_data = lambda data: None
        session = wait_for(lambda: is_over(server, session_id))
        assert (session.status, session.frame_count) == ("completed", 1)
        with suppress(OSError):
            client.connection.socket.shutdown(socket.SHUT_RDWR)
        client.connection.close()


def test_a_recording_without_a_frame_fails_and_says_why(server):
    with server.connect("/ws/pose") as client:
        session_id = client.start()
        assert client.stop()["status"] == "failed"
    session = server.store.get_session(session_id)
    assert (session.status, session.frame_count) == ("failed", 0)
    assert "before its first frame" in session.status_reason


def test_two_clients_that_record_on_one_stream_make_two_sessions_of_their_own_poses(server):
    with server.connect("/ws/pose") as a, server.connect("/ws/pose") as b:
        first, second = a.start(name="A"), b.start(name="B")
        a.send(make_pose(0))
        assert b.receive()["frame_number"] == 0
        for number in (5, 6):
            b.send(make_pose(number))
            assert a.receive()["frame_number"] == number
        a.stop(), b.stop()
    assert server.store.load_sequence(first).frame_number.tolist() == [0]
    assert server.store.load_sequence(second).frame_number.tolist() == [5, 6]


def test_starting_twice_and_stopping_without_a_start_are_refused(server):
    with server.connect("/ws/pose") as client:
        assert client.ask({"type": "stop_recording"})["code"] == "not_recording"
        client.start()
        assert client.ask({"type": "start_recording"})["code"] == "already_recording"
        client.send(make_pose(0))
        assert client.stop()["frame_count"] == 1


def test_a_sender_that_comes_back_goes_on_with_the_same_session(server):
    with server.connect("/ws/pose") as client:
        session_id = client.start(resume_s=60)
        for number in range(5):
            client.send(make_pose(number))
        client.settle()
    with server.connect("/ws/pose") as client:
        answer = client.ask({"type": "resume_recording", "session_id": session_id})
        assert answer == {
            "type": "recording_resumed",
            "session_id": session_id,
            "last_frame_number": 4,
        }
        for number in range(3, 9):  # two of them again
            client.send(make_pose(number))
        assert client.stop()["frame_count"] == 9
        again = client.ask({"type": "resume_recording", "session_id": session_id})
        assert again["code"] == "recording_over"


def test_a_recording_is_taken_over_from_a_connection_that_hangs(server):
    with server.connect("/ws/pose") as old, server.connect("/ws/pose") as new:
        session_id = old.start(resume_s=60)
        old.send(make_pose(0))
        old.settle()
        new.receive()
        new.ask({"type": "resume_recording", "session_id": session_id})
        old.send(make_pose(1))
        assert old.receive()["code"] == "recording_taken_over"
        assert new.receive()["frame_number"] == 1
        new.send(make_pose(2))
        assert new.stop()["frame_count"] == 2
        old.receive()
    assert server.store.load_sequence(session_id).frame_number.tolist() == [0, 2]


def test_who_does_not_come_back_leaves_a_finished_session(server):
    with server.connect("/ws/pose") as client:
        session_id = client.start(resume_s=0.2)
        client.send(make_pose(0))
        client.settle()
    assert wait_for(lambda: is_over(server, session_id)).status == "completed"


@pytest.mark.parametrize("token", ["pc_mira", ""])
def test_what_is_not_ones_own_or_was_never_promised_cannot_be_resumed(server, token):
    with server.connect("/ws/pose") as owner, server.connect("/ws/pose", token=token) as other:
        session_id = owner.start(resume_s=60 if token else 0)
        for each in (session_id, "not an id", None, ["x"], 7):
            answer = other.ask({"type": "resume_recording", "session_id": each})
            assert answer["code"] == "not_resumable"


def test_a_session_deleted_while_it_is_recorded_ends_the_recording(server):
    with server.connect("/ws/pose") as client:
        session_id = client.start()
        client.send(make_pose(0))
        client.settle()
        wait_for(lambda: server.store.get_session(session_id).frame_count)
        server.store.delete_session(session_id)

        def is_told():
            number["next"] += 1
            client.send(make_pose(number["next"]))
            client.send({"type": "are you there"})
            return client.receive()["code"] == "session_not_found"

        number = {"next": 0}
        wait_for(is_told)
        client.receive()
        assert client.ask({"type": "stop_recording"})["code"] == "not_recording"


@pytest.mark.parametrize(
    ("token", "start", "hears"),
    [
        ("pc_read", "not_allowed", True),
        ("pc_stream", None, True),
        ("pc_write", "closed", False),
        ("pc_unknown", "closed", False),
    ],
)
def test_a_token_may_do_what_it_was_made_for(server, token, start, hears):
    with server.connect("/ws/pose", token=token) as client:
        if start == "closed":
            code = "not_signed_in" if token == "pc_unknown" else "not_allowed"
            answer = client.receive()
            assert (answer["type"], answer["code"]) == ("error", code)
            with pytest.raises(ConnectionClosed) as closed:
                client.receive()
            assert closed.value.rcvd.code in (4401, 4403)
            return
        answer = client.ask({"type": "start_recording"})
        assert answer.get("code") == start
        with server.connect("/ws/pose") as sender:
            sender.send(make_pose(0))
            assert (client.receive()["frame_number"] == 0) is hears
        if start:
            client.send(make_pose(1))
            assert client.receive()["code"] == "not_allowed"


DEEP = "[" * 100_000 + "]" * 100_000
BAD = {
    "no JSON": ("{", "invalid_json"),
    "nothing": ("", "invalid_json"),
    "a list": ("[]", "invalid_json"),
    "NaN": (json.dumps(make_pose(1, timestamp=float("nan"))), "invalid_json"),
    "infinity": (json.dumps(make_pose(1, width=float("inf"))), "invalid_json"),
    "deep nesting": (DEEP, "message_too_large"),
    "deep nesting in little": (DEEP[:60_000] + DEEP[-60_000:], "invalid_json"),
    "a number without end": ('{"type": "pose", "timestamp": ' + "9" * 5_000 + "}", "invalid_json"),
    "10 MB": ("x" * 10_000_000, "message_too_large"),
    "binary": (b"\x00\xff", "binary_message"),
    "10 MB of binary": (b"\x00" * 10_000_000, "binary_message"),
    "no type": ({}, "unknown_type"),
    "an unknown type": ({"type": "\ud800<script>"}, "unknown_type"),
    "a type that is no text": ({"type": ["pose"]}, "unknown_type"),
    "no timestamp": (make_pose(1, timestamp=None), "invalid_pose"),
    "a timestamp as text": (make_pose(1, timestamp="1.0"), "invalid_pose"),
    "a timestamp below 0": (make_pose(1, timestamp=-1), "invalid_pose"),
    "a timestamp without end": (make_pose(1, timestamp=1e300), "invalid_pose"),
    "true": (make_pose(1, timestamp=True), "invalid_pose"),
    "no width": (make_pose(1, width=None), "invalid_pose"),
    "width 0": (make_pose(1, width=0), "invalid_pose"),
    "height below 0": (make_pose(1, height=-360), "invalid_pose"),
    "half a pixel": (make_pose(1, height=0.5), "invalid_pose"),
    "a huge width": (make_pose(1, width=10**9), "invalid_pose"),
    "a frame number below 0": (make_pose(-1, timestamp=1), "invalid_pose"),
    "half a frame number": (make_pose(1, frame_number=1.5), "invalid_pose"),
    "a huge frame number": (make_pose(1, frame_number=2**31), "invalid_pose"),
    "32 landmarks": (make_pose(1, landmarks=make_marks()[:32]), "invalid_pose"),
    "34 landmarks": (make_pose(1, landmarks=[*make_marks(), {}]), "invalid_pose"),
    "no list": (make_pose(1, landmarks="landmarks"), "invalid_pose"),
    "numbers alone": (make_pose(1, landmarks=[0.5] * 33), "invalid_pose"),
    "no z": (make_pose(1, landmarks=[{"x": 0, "y": 0}] * 33), "invalid_pose"),
    "x as text": (make_pose(1, landmarks=[{"x": "0", "y": 0, "z": 0}] * 33), "invalid_pose"),
    "x far away": (make_pose(1, landmarks=[{"x": 1e30, "y": 0, "z": 0}] * 33), "invalid_pose"),
    "a huge whole x": (
        make_pose(1, landmarks=[{"x": 10**400, "y": 0, "z": 0}] * 33),
        "invalid_pose",
    ),
    "visibility 1.5": (
        make_pose(1, landmarks=[{"x": 0, "y": 0, "z": 0, "visibility": 1.5}] * 33),
        "invalid_pose",
    ),
    "31 world landmarks": (make_pose(1, world_landmarks=make_marks()[:31]), "invalid_pose"),
    "another size": (make_pose(1, width=360, height=640), "other_size"),
    "another clock": (make_pose(1, timestamp=1_790_000_000_000), "other_clock"),
    "days later": (make_pose(1, timestamp=1e6), "recording_too_long"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_stored_is_refused_with_a_sentence_and_the_connection_lives(server, what):
    message, code = BAD[what]
    with server.connect("/ws/pose") as client, server.connect("/ws/pose") as listener:
        listener.settle()
        session_id = client.start()
        client.send(make_pose(0))
        answer = client.ask(message)
        assert (answer["type"], answer["code"]) == ("error", code)
        assert answer["detail"].endswith(".") and len(answer["detail"]) < 200
        client.send(make_pose(2))
        assert client.stop()["frame_count"] == 2
        heard = [listener.receive()["frame_number"] for _ in range(2)]
    is_pose = code in ("other_size", "other_clock", "recording_too_long")
    assert heard == ([0, 1] if is_pose else [0, 2])
    # Refused ones leave a hole in the client's numbers, which is counted.
    assert server.store.get_session(session_id).dropped_count == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "x" * 201},
        {"name": ""},
        {"name": 7},
        {"description": ["no"]},
        {"athlete": {}},
        {"tags": "wall"},
        {"tags": [1]},
        {"model": 7},
        {"model": "x" * 101},
        {"name": "\ud800"},
        {"resume_s": "soon"},
        {"resume_s": 1e9},
        {"resume_s": -1},
    ],
)
def test_a_recording_with_unusable_words_is_not_started(server, fields):
    with server.connect("/ws/pose") as client:
        assert client.ask({"type": "start_recording", **fields})["code"] == "invalid_field"
        assert client.ask({"type": "stop_recording"})["code"] == "not_recording"
    assert server.store.get_sessions() == []


def test_a_name_full_of_path_tricks_is_a_name(server):
    with server.connect("/ws/pose?stream=..%2F..%2Fetc%2Fpasswd") as client:
        session_id = client.start(name="../../etc/passwd")
        client.send(make_pose(0))
        client.stop()
    assert server.store.get_session(session_id).name == "../../etc/passwd"


@pytest.mark.parametrize("name", ["", "x" * 101, "%00", "a%0Ab"])
def test_a_stream_without_a_usable_name_is_refused(server, name):
    with server.connect(f"/ws/pose?stream={name}") as client:
        assert client.receive()["code"] == "invalid_stream"


def test_a_flood_is_slowed_down_and_nothing_of_it_is_lost(server, monkeypatch):
    monkeypatch.setattr("posecore.api.socket_connection.BURST", 50.0)
    monkeypatch.setattr("posecore.api.socket_connection.MESSAGES_HZ", 400.0)
    with server.connect("/ws/pose") as client:
        client.start()
        for number in range(300):
            client.send(make_pose(number, landmarks=None))
        client.send({"type": "stop_recording"})
        answers = [client.receive()]
        while answers[-1]["type"] != "recording_stopped":
            answers.append(client.receive())
    assert answers[-1]["frame_count"] == 300
    assert {each["code"] for each in answers[:-1]} == {"too_many"}


def test_more_connections_than_are_allowed_are_refused(server, monkeypatch):
    monkeypatch.setattr("posecore.api.socket_connection.MAX_CONNECTIONS", 2)
    with server.connect("/ws/pose") as first, server.connect("/ws/pose") as second:
        first.settle(), second.settle()
        with server.connect("/ws/pose") as third:
            assert third.receive()["code"] == "too_many"
        with server.connect("/ws/pose", token="pc_mira") as other:
            other.settle()
    with server.connect("/ws/pose") as again:
        again.settle()


def test_more_recordings_than_are_allowed_are_refused(server, monkeypatch):
    monkeypatch.setattr("posecore.streaming.recordings.MAX_AT_ONCE", 1)
    with server.connect("/ws/pose") as first, server.connect("/ws/pose") as second:
        first.start()
        assert second.ask({"type": "start_recording"})["code"] == "too_many_recordings"
        with server.connect("/ws/pose", token="pc_mira") as other:
            other.start()
        first.stop()
        second.start()


def test_a_recording_to_which_nothing_comes_is_finished(server, monkeypatch):
    monkeypatch.setattr("posecore.api.pose_socket.IDLE_S", 0.2)
    with server.connect("/ws/pose") as client:
        session_id = client.start()
        client.send(make_pose(0))
        assert client.receive()["session_id"] == session_id
        assert client.ask({"type": "stop_recording"})["code"] == "not_recording"


def test_a_token_taken_back_ends_the_connection_and_its_recording_is_finished(server, monkeypatch):
    monkeypatch.setattr("posecore.api.socket_connection.CHECK_IDENTITY_S", 0.05)
    with server.connect("/ws/pose", token="pc_mira") as client:
        session_id = client.start()
        client.send(make_pose(0))
        client.settle()
        monkeypatch.delitem(IDENTITIES, "pc_mira")
        assert client.receive()["code"] == "not_signed_in"
        with pytest.raises(ConnectionClosed):
            client.receive()
    mira = server.store.for_owner("mira")
    assert wait_for(lambda: mira.get_session(session_id).status == "completed")


def test_a_revoked_token_hears_nothing_more_and_sends_nothing_more(server, monkeypatch):
    with (
        server.connect("/ws/pose", token="pc_read") as listener,
        server.connect("/ws/pose", token="pc_stream") as revoked,
        server.connect("/ws/pose") as sender,
    ):
        listener.settle(), revoked.settle(), sender.settle()
        session_id = revoked.start()
        monkeypatch.delitem(IDENTITIES, "pc_read")
        monkeypatch.delitem(IDENTITIES, "pc_stream")
        server.store.note_less_rights()
        revoked.send(make_pose(0))
        sender.send(make_pose(1))
        assert listener.receive()["code"] == "not_signed_in"
        assert revoked.receive()["code"] == "not_signed_in"
        sender.settle()
    assert wait_for(lambda: server.store.get_session(session_id).status == "failed")


@pytest.mark.parametrize("key", ["token", "%74oken", "Token", "to%6Ben", "%54oken"])
def test_a_token_in_an_address_is_not_logged_however_it_is_written(server, caplog, key):
    caplog.set_level("INFO", logger="uvicorn.error")
    with server.connect(f"/ws/pose?stream=wall&{key}=pc_read&x=1") as client:
        client.settle()
    lines = [each for each in caplog.messages if "/ws/pose" in each]
    assert lines and all("stream=wall" in each and "x=1" in each for each in lines)
    assert "pc_read" not in caplog.text


def test_a_listener_that_does_not_read_harms_nobody_and_hears_the_newest_again(server):
    slow = server.connect("/ws/pose", max_queue=1)
    with slow, server.connect("/ws/pose") as sender, server.connect("/ws/pose") as quick:
        slow.settle(), quick.settle()
        padding = "x" * 60_000  # so that what the system itself holds back is filled soon
        for number in range(300):
            sender.send(make_pose(number, padding=padding))
            assert quick.receive()["frame_number"] == number
        heard = [slow.receive()["frame_number"]]
        while heard[-1] != 299:
            heard.append(slow.receive()["frame_number"])
    assert heard == sorted(heard)
    assert len(heard) < 300


def test_the_server_s_end_finishes_the_recordings(store, settings):
    with run_server(store, settings) as server:
        client = server.connect("/ws/pose")
        session_id = client.start(resume_s=60)
        client.send(make_pose(0))
        client.settle()
    client.connection.close()
    assert store.get_session(session_id).status == "completed"


_FULL_DISK = """
import resource, signal, sys
from posecore import Settings, open_store
from posecore.streaming import recordings
from tests.sockets.socket_server import make_pose, run_server, wait_for

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
choices = Settings.from_env({"POSECORE_DATA": sys.argv[1]})
with open_store(choices.database) as store, run_server(store, choices) as server:
    with server.connect("/ws/pose") as client:
        session_id = client.start()
        client.send(make_pose(0))
        wait_for(lambda: store.get_session(session_id).frame_count)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
        numbers = iter(range(1, 100_000))
        sent = [0]

        def is_told():
            sent.append(next(numbers))
            client.send(make_pose(sent[-1]))
            client.send({"type": "are you there"})
            return client.receive()["code"] == "storage_full"

        wait_for(is_told)
        client.receive()
"""
_STOPS = """
        client.send({"type": "stop_recording"})
        answer = client.receive()
        print(answer["code"], "full" in answer["detail"])
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        print(client.stop()["frame_count"] == len(sent))
"""
_GOES_AWAY = """
    recordings._DISK_RETRY_S = 0.05
    tried = []
    finish = server.hub.recordings.finish
    server.hub.recordings.finish = lambda recording: (tried.append(1), finish(recording))
    wait_for(lambda: len(tried) > 3)
    print("storage_full", store.get_session(session_id).status == "recording")
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    wait_for(lambda: store.get_session(session_id).status == "completed")
    print(store.get_session(session_id).frame_count == len(sent))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits a file's size as a full disk would")
@pytest.mark.parametrize("then", [_STOPS, _GOES_AWAY], ids=["stops", "goes away"])
def test_a_full_disk_is_told_and_costs_no_frame_once_there_is_room(tmp_path, then):
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK + then, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["storage_full True", "True"], done.stderr


def test_a_token_in_the_address_is_not_logged(server, caplog):
    caplog.set_level("INFO")
    with server.connect("/ws/pose?token=pc_mira&stream=wall") as client:
        client.settle()
    assert "stream=wall" in caplog.text
    assert "pc_mira" not in caplog.text
