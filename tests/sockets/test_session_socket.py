"""``/ws/session/ID`` over a real server: frames at their own time, and what a client may say."""

import time
from contextlib import suppress

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed

from posecore import PoseSequence
from posecore.replay_clock import ReplayClock
from posecore.streaming.replay import WINDOW
from tests.sockets.socket_server import SQUATS


def keep_session(store, times_s, *, frame_number=None):
    """Store a session with frames at these times; every tenth has nobody in it."""
    n_frames = len(times_s)
    index = np.arange(n_frames) % SQUATS.n_frames
    arrays = {
        name: getattr(SQUATS, name)[index].copy()
        for name in ("image_landmarks", "world_landmarks", "visibility", "presence")
    }
    for array in arrays.values():
        array[9::10] = np.nan
    session_id = store.create_session(name="Wall", source="sample")
    sequence = PoseSequence(
        time_s=times_s,
        frame_number=np.arange(n_frames) if frame_number is None else frame_number,
        image_size=(640, 360),
        **arrays,
    )
    store.append_frames(session_id, sequence)
    store.finish_session(session_id)
    return session_id


@pytest.fixture
def no_frame_is_late(monkeypatch):
    """However busy the machine that runs the tests, nothing is left out."""
    monkeypatch.setattr("posecore.api.session_socket.LATE_S", 1e9)


def collect(client):
    """Receive until the end."""
    received = [client.receive()]
    while received[-1]["type"] != "ended":
        received.append(client.receive())
    return received[:-1]


def test_all_frames_arrive_in_order_and_then_it_says_ended(server, no_frame_is_late):
    times_s = np.arange(30) / 60
    session_id = keep_session(server.store, times_s)
    with server.connect(f"/ws/session/{session_id}") as client:
        start_s = time.monotonic()
        frames = collect(client)
        taken_s = time.monotonic() - start_s
    assert {each["type"] for each in frames} == {"frame_data"}
    assert [each["frame_number"] for each in frames] == list(range(30))
    assert [each["timestamp"] for each in frames] == pytest.approx(times_s)
    assert taken_s > 0.4  # not all at once
    pose = frames[0]["pose_data"]
    assert (len(pose["landmarks"]), len(pose["world_landmarks"])) == (33, 33)
    assert set(pose["landmarks"][0]) == {"x", "y", "z", "visibility", "presence"}
    assert set(pose["world_landmarks"][0]) == {"x", "y", "z"}
    assert pose["landmarks"][0]["x"] == pytest.approx(SQUATS.image_landmarks[0, 0, 0], abs=1e-5)
    assert pose["visibility"] == pytest.approx(SQUATS.visibility[0].tolist())
    assert (pose["width"], pose["height"]) == (640, 360)
    nobody = frames[9]["pose_data"]
    assert nobody["landmarks"] is nobody["world_landmarks"] is nobody["visibility"] is None


def test_a_session_longer_than_a_window_is_whole(server, no_frame_is_late):
    n_frames = 2 * WINDOW + 7
    session_id = keep_session(
        server.store, np.arange(n_frames) / 1000, frame_number=3 * np.arange(n_frames) + 5
    )
    with server.connect(f"/ws/session/{session_id}") as client:
        frames = collect(client)
    assert [each["frame_number"] for each in frames] == (3 * np.arange(n_frames) + 5).tolist()


def test_it_pauses_goes_where_it_is_told_and_plays_on(server, no_frame_is_late):
    session_id = keep_session(server.store, np.arange(600) / 30)
    with server.connect(f"/ws/session/{session_id}") as client:
        client.send({"type": "pause"})
        client.send({"type": "seek", "frame_number": 301})
        while client.receive()["frame_number"] != 301:
            pass
        client.send({"type": "seek", "time_s": 5.01})
        assert client.receive()["frame_number"] == 151
        client.send({"type": "seek", "frame_number": 100_000})
        assert client.receive()["frame_number"] == 599
        client.send({"type": "seek", "frame_number": 590})
        assert client.receive()["frame_number"] == 590
        client.send({"type": "speed", "speed": 8})
        client.send({"type": "play"})
        assert [each["frame_number"] for each in collect(client)] == list(range(591, 600))
        client.send({"type": "play"})  # from the beginning again
        assert client.receive()["frame_number"] == 0


def test_what_makes_no_sense_is_refused_and_it_plays_on(server, no_frame_is_late):
    session_id = keep_session(server.store, np.arange(1800) / 30)
    bad = [
        ({"type": "dance"}, "unknown_type"),
        ({"type": "speed"}, "invalid_speed"),
        ({"type": "speed", "speed": 0}, "invalid_speed"),
        ({"type": "speed", "speed": 100}, "invalid_speed"),
        ({"type": "speed", "speed": "2"}, "invalid_speed"),
        ({"type": "seek"}, "invalid_place"),
        ({"type": "seek", "frame_number": -1}, "invalid_place"),
        ({"type": "seek", "frame_number": 1.5}, "invalid_place"),
        ({"type": "seek", "frame_number": 2**40}, "invalid_place"),
        ({"type": "seek", "time_s": "1"}, "invalid_place"),
        ({"type": "seek", "time_s": 1, "frame_number": 1}, "invalid_place"),
        ("{", "invalid_json"),
        ('{"type": "seek", "time_s": NaN}', "invalid_json"),
        (b"\x00", "binary_message"),
        ("x" * 10_000_000, "message_too_large"),
    ]
    with server.connect(f"/ws/session/{session_id}") as client:
        for message, code in bad:
            answer = client.ask(message)
            while answer["type"] != "error":
                answer = client.receive()
            assert answer["code"] == code
        client.send({"type": "seek", "frame_number": 1795})
        assert collect(client)[-1]["frame_number"] == 1799


def test_a_session_without_frames_ends_at_once(server):
    session_id = server.store.create_session(name="Empty", source="stream")
    with server.connect(f"/ws/session/{session_id}") as client:
        assert client.receive() == {"type": "ended"}
        client.send({"type": "seek", "frame_number": 3})
        client.send({"type": "play"})
        assert client.receive() == {"type": "ended"}


@pytest.mark.parametrize("token", ["", "pc_mira", "pc_stream"])
def test_unknown_malformed_and_another_owner_s_ids_are_answered_alike(server, token):
    session_id = keep_session(server.store.for_owner("jo"), np.arange(3) / 30)
    answers = []
    for each in (
        session_id,
        "0" * 32,
        "..%2F..%2Fposecore.duckdb",
        "x'+OR+1=1+--",
    ):
        with server.connect(f"/ws/session/{each}", token=token) as client:
            answer = client.receive()
            answers.append(answer["code"])
            with pytest.raises(ConnectionClosed) as closed:
                client.receive()
            assert closed.value.rcvd.code == (4403 if token == "pc_stream" else 4404)
    assert set(answers) == {"not_allowed" if token == "pc_stream" else "session_not_found"}


def test_a_session_deleted_while_it_plays_ends_with_an_error(server):
    session_id = keep_session(server.store, np.arange(3000) / 30)
    with server.connect(f"/ws/session/{session_id}") as client:
        client.receive()
        server.store.delete_session(session_id)
        client.send({"type": "seek", "frame_number": 2000})
        answer = client.receive()
        while answer["type"] == "frame_data":
            answer = client.receive()
        assert (answer["type"], answer["code"]) == ("error", "session_not_found")
        with pytest.raises(ConnectionClosed) as closed:
            client.receive()
    assert closed.value.rcvd.code == 4404


def wait_until_quiet(client):
    """Take what a paused replay had on its way already, until nothing comes any more."""
    with suppress(TimeoutError):
        while True:
            client.receive(timeout=1.0)


@pytest.mark.parametrize("ending", ["taken back", "another athlete", "left", "deleted"])
def test_what_is_not_shared_any_more_ends_at_once_also_what_was_read_ahead(server, ending):
    mira, giver = server.store.for_owner("mira"), server.store
    session_id = keep_session(giver, np.arange(3000) / 30)
    giver.update_session(session_id, athlete="Jo")
    share, secret = giver.shares.create(athlete="Jo")
    mira.shares.accept(secret)
    with server.connect(f"/ws/session/{session_id}", token="pc_mira") as client:
        client.send({"type": "pause"})
        wait_until_quiet(client)
        if ending == "taken back":
            giver.shares.revoke(share.id)
        elif ending == "left":
            mira.shares.leave(share.id)
        elif ending == "deleted":
            giver.delete_session(session_id)
        else:
            giver.update_session(session_id, athlete="")
        client.send({"type": "play"})
        answer = client.receive()
        assert (answer["type"], answer["code"]) == ("error", "session_not_found")
        with pytest.raises(ConnectionClosed) as closed:
            client.receive()
    assert closed.value.rcvd.code == 4404


def test_a_replay_goes_on_while_other_shares_are_taken_back(server):
    session_id = keep_session(server.store, np.arange(30) / 60)
    share, _ = server.store.shares.create(athlete="Jo")
    with server.connect(f"/ws/session/{session_id}") as client:
        client.receive()
        server.store.shares.revoke(share.id)
        assert collect(client)[-1]["frame_number"] == 29


def test_a_slow_reader_gets_fewer_frames_and_the_last_ones_in_time(server):
    n_frames = 8000
    session_id = keep_session(server.store, np.arange(n_frames) / 1000)
    with server.connect(f"/ws/session/{session_id}", max_queue=1) as client:
        numbers = []
        while (answer := client.receive())["type"] != "ended":
            numbers.append(answer["frame_number"])
            if len(numbers) == 1:
                client.send({"type": "speed", "speed": 8})
                # Reads nothing until the replay has long come to its end.
                time_up = time.monotonic() + 3.0
                while time.monotonic() < time_up:
                    client.connection.ping().wait(0.1)
    assert numbers == sorted(set(numbers))
    assert 10 < len(numbers) < n_frames
    assert numbers[-1] == n_frames - 1


def test_the_clock_does_not_add_up_errors():
    clock = ReplayClock()
    clock.seek(0.0, 1000.0)
    clock.play(1000.0)
    assert clock.position_s(1600.0) == pytest.approx(600.0, abs=1e-9)
    clock.set_speed(2.0, 1600.0)
    assert clock.position_s(1610.0) == pytest.approx(620.0)
    assert clock.wait_s(640.0, 1610.0) == pytest.approx(10.0)
    clock.pause(1610.0)
    assert clock.position_s(9999.0) == pytest.approx(620.0)
    assert clock.wait_s(640.0, 9999.0) == float("inf")
    clock.play(9999.0)
    assert clock.position_s(10_000.0) == pytest.approx(622.0)
