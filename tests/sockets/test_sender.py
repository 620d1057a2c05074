"""Sending from another machine: over real interruptions, and nothing of it is lost."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from posecore import PoseFrame, cli
from posecore.camera import Camera
from posecore.errors import RemoteError, VideoReadError
from posecore.streaming.sender import PoseSender, make_url
from tests.sockets.socket_server import SQUATS, make_pose, wait_for
from tests.sockets.tcp_proxy import TcpProxy
from tests.unit.videos import make_pictures, write_video

SIZE = (640, 360)


def make_frame(number):
    index = number % SQUATS.n_frames
    return PoseFrame(
        time_s=number / 30,
        **{
            name: getattr(SQUATS, name)[index]
            for name in ("image_landmarks", "world_landmarks", "visibility", "presence")
        },
    )


def get_only_session(server):
    (session,) = server.store.get_sessions()
    return session


def wait_for_frames(server, n_frames):
    wait_for(
        lambda: server.store.get_sessions() and get_only_session(server).frame_count >= n_frames
    )


def test_what_is_sent_is_recorded(server):
    said = []
    with PoseSender(
        f"http://127.0.0.1:{server.port}",
        stream="wall 1",
        recording={"name": "Wall", "athlete": "Mira"},
        say=said.append,
    ) as sender:
        for number in range(20):
            sender.send(make_frame(number), number, SIZE, wait=True)
        sender.send(PoseFrame.empty(20 / 30), 20, SIZE, wait=True)
        result = sender.finish()
    session = server.store.get_session(result["session_id"])
    assert (session.name, session.athlete, session.status) == ("Wall", "Mira", "completed")
    assert (session.frame_count, session.detected_count, session.dropped_count) == (21, 20, 0)
    sequence = server.store.load_sequence(session.id)
    np.testing.assert_allclose(
        sequence.world_landmarks[:20], SQUATS.world_landmarks[:20], atol=1e-5
    )
    assert said == [f"Connected; the session {session.id} is being recorded."]


@pytest.mark.parametrize("outage", ["cut", "silent"])
def test_all_frames_are_in_the_one_session_after_an_outage(server, outage, monkeypatch):
    monkeypatch.setattr("posecore.streaming.sender._PING_S", 0.5)
    said = []
    with TcpProxy(server.port) as line:
        with PoseSender(
            f"http://127.0.0.1:{line.port}", stream="main", recording={}, say=said.append
        ) as sender:
            for number in range(100):
                sender.send(make_frame(number), number, SIZE, wait=True)
            wait_for_frames(server, 10)
            line.set(outage)
            for number in range(100, 700):
                sender.send(make_frame(number), number, SIZE, wait=True)
            wait_for(lambda: any("cannot be reached" in each for each in said))
            line.set("open")
            for number in range(700, 750):
                sender.send(make_frame(number), number, SIZE, wait=True)
            result = sender.finish()
        assert line.n_connections >= 2
    session = get_only_session(server)
    assert (session.id, session.status) == (result["session_id"], "completed")
    assert server.store.load_sequence(session.id).frame_number.tolist() == list(range(750))
    assert any("Connected again" in each for each in said)


def test_a_camera_does_not_wait_and_what_was_too_much_is_counted(server, monkeypatch):
    monkeypatch.setattr("posecore.streaming.sender.MAX_KEPT", 50)
    with TcpProxy(server.port) as line:
        line.set("cut")
        with PoseSender(f"http://127.0.0.1:{line.port}", stream="main", recording={}) as sender:
            for number in range(80):
                sender.send(make_frame(number), number, SIZE, wait=False)
            line.set("open")
            assert sender.finish()["frame_count"] == 50
            assert sender.n_lost == 30


def test_a_video_waits_until_there_is_room(server, monkeypatch):
    monkeypatch.setattr("posecore.streaming.sender.MAX_KEPT", 50)
    with TcpProxy(server.port) as line:
        line.set("cut")
        with PoseSender(f"http://127.0.0.1:{line.port}", stream="main", recording={}) as sender:
            threading.Timer(0.5, line.set, ["open"]).start()
            for number in range(200):
                sender.send(make_frame(number), number, SIZE, wait=True)
            assert sender.finish()["frame_count"] == 200
            assert sender.n_lost == 0


def test_without_recording_poses_are_heard_and_nothing_is_kept(server):
    with server.connect("/ws/pose?stream=main") as listener:
        listener.settle()
        with PoseSender(f"ws://127.0.0.1:{server.port}", stream="main") as sender:
            sender.send(make_frame(3), 3, SIZE, wait=True)
            assert sender.finish() == {}
        heard = listener.receive()
    assert set(heard) == set(make_pose(3)) | {"world_landmarks"}
    assert heard["frame_number"] == 3
    assert server.store.get_sessions() == []


@pytest.mark.parametrize("token", ["pc_unknown", "pc_read", "pc_write"])
def test_a_token_that_may_not_is_refused_once_and_for_all(server, token):
    address = f"http://127.0.0.1:{server.port}"
    with (
        PoseSender(address, stream="main", token=token, recording={}) as sender,
        pytest.raises(RemoteError) as refused,
    ):
        sender.finish()
    assert token not in str(refused.value)


def test_a_session_deleted_at_the_dashboard_ends_the_sending(server):
    with PoseSender(f"http://127.0.0.1:{server.port}", stream="main", recording={}) as sender:
        sender.send(make_frame(0), 0, SIZE, wait=True)
        wait_for_frames(server, 1)
        server.store.delete_session(get_only_session(server).id)
        numbers = itertools.count(1)

        def is_refused():
            number = next(numbers)
            try:
                sender.send(make_frame(number), number, SIZE, wait=True)
            except RemoteError as error:
                return "records no more" in str(error)
            return False

        wait_for(is_refused)


def test_a_dashboard_that_is_not_there_is_given_up_after_a_while(server):
    with TcpProxy(server.port) as line:
        line.set("cut")
        with PoseSender(f"http://127.0.0.1:{line.port}", stream="main", recording={}) as sender:
            sender.send(make_frame(0), 0, SIZE, wait=True)
            with pytest.raises(RemoteError, match="last 1 frames are lost"):
                sender.finish(patience_s=0.5)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("http://box:8501", "ws://box:8501/ws/pose?stream=wall%2F1"),
        ("https://box/pose/", "wss://box/pose/ws/pose?stream=wall%2F1"),
        ("box:8501", "ws://box:8501/ws/pose?stream=wall%2F1"),
        ("ws://box:8501/ws/pose", "ws://box:8501/ws/pose?stream=wall%2F1"),
    ],
)
def test_the_address_of_the_dashboard_is_enough(address, url):
    assert make_url(address, "wall/1") == url


@pytest.mark.parametrize("address", ["ftp://box", "http://", "http://me:secret@box", "http://b:x"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(RemoteError) as refused:
        make_url(address, "main")
    assert "secret" not in str(refused.value)


def test_the_command_sends_a_real_video_and_a_10_s_outage_costs_no_frame(
    server, test_video, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("POSECORE_DATA", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("POSECORE_TOKEN", "pc_stream")
    with TcpProxy(server.port) as line:
        outage = threading.Thread(target=cut_for_10_s, args=(server, line))
        outage.start()
        arguments = ["--record", "--name", "Walk", "--athlete", "Mira", "--fast"]
        code = cli.main(
            ["stream", str(test_video), "--to", f"http://127.0.0.1:{line.port}", *arguments]
        )
        outage.join(timeout=60)
    printed = capsys.readouterr()
    session = get_only_session(server)
    assert (code, printed.out.split()) == (0, [session.id])
    assert (session.name, session.athlete, session.source) == ("Walk", "Mira", "stream")
    assert (session.frame_count, session.dropped_count) == (230, 0)
    assert session.detected_count > 200
    assert session.model == "full"
    assert server.store.load_sequence(session.id).frame_number.tolist() == list(range(230))
    assert "trying again" in printed.err and "Connected again" in printed.err
    assert "pc_stream" not in printed.err


@pytest.mark.skipif(sys.platform == "win32", reason="sends Ctrl+C as a signal")
def test_ctrl_c_finishes_the_recording(server, test_video, tmp_path):
    command = [sys.executable, "-m", "posecore", "stream", str(test_video), "--record"]
    process = subprocess.Popen(
        [*command, "--to", f"http://127.0.0.1:{server.port}"],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"POSECORE_DATA": str(tmp_path / "elsewhere")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for_frames(server, 5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    session = get_only_session(server)
    assert (process.returncode, out.split()) == (0, [session.id]), err
    assert (session.status, session.dropped_count, session.name) == (
        "completed",
        0,
        test_video.stem,
    )
    assert 5 <= session.frame_count < 230
    assert "Traceback" not in err


def cut_for_10_s(server, line):
    wait_for_frames(server, 10)
    line.set("cut")
    cut_at_s = time.monotonic()
    wait_for(lambda: time.monotonic() - cut_at_s >= 10.0)
    line.set("open")


def test_the_command_says_what_does_not_go_together(capsys):
    assert cli.main(["stream", "0", "--to", "http://127.0.0.1:1", "--name", "Wall"]) == 2
    assert "--record" in capsys.readouterr().err


def test_the_command_says_that_there_is_no_such_video_or_camera(capsys):
    for source in ("missing.mp4", "97"):
        assert cli.main(["stream", source, "--to", "http://127.0.0.1:1"]) == 1
    missing, camera = capsys.readouterr().err.splitlines()[-2:]
    assert "missing.mp4" in missing
    assert "camera 97 cannot be opened" in camera


def test_a_camera_gives_its_newest_picture_with_its_number_and_ends_with_a_sentence(tmp_path):
    # What OpenCV opens need not be a camera: to it a file is one that is over soon.
    path = write_video(tmp_path / "camera.mp4", make_pictures(20))
    taken = []
    taken = []
    with Camera(str(path)) as camera, pytest.raises(VideoReadError, match="no pictures any more"):
        taken.extend(camera)
    numbers = [number for number, _, _ in taken]
    times_s = [time_s for _, time_s, _ in taken]
    assert numbers == sorted(set(numbers)) and numbers[-1] == 19
    assert times_s == sorted(times_s)
    picture = taken[-1][2]
    assert picture.shape == (240, 320, 3) and picture.dtype == np.uint8
    assert picture[:30, :30].min() > 200 and picture[-30:, -30:].max() < 60
