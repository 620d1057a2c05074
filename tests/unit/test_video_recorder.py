"""A recording with its video: same clock, off the capture path, and never at the frames' cost."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from posecore import SessionStore, open_store
from posecore.capture import video_recorder
from posecore.capture.live_room import LiveRoom
from posecore.capture.pipeline import LivePipeline
from posecore.capture.recorder import RecorderState, SessionRecorder
from posecore.capture.rolling_buffer import RollingBuffer
from posecore.capture.video_recorder import CAPACITY, VideoRecorder
from posecore.errors import SessionNotFoundError, StorageFullError, VideoWriteError
from posecore.video import open_video
from posecore.video_writer import VideoWriter
from tests.unit.test_recorder import SIZE, Clock, make_frame

WAIT_S = 10
GREY = np.full((SIZE[1], SIZE[0], 3), 90, dtype=np.uint8)


@pytest.fixture
def recorder(store: SessionStore) -> SessionRecorder:
    return SessionRecorder(store)


@pytest.fixture
def slow_encoder(monkeypatch):
    """An encoder that writes a picture when the test says so."""
    entered, may_go = threading.Semaphore(0), threading.Semaphore(0)

    class SlowWriter(VideoWriter):
        def write(self, *args, **options):
            entered.release()
            assert may_go.acquire(timeout=WAIT_S)
            super().write(*args, **options)

    monkeypatch.setattr(video_recorder, "VideoWriter", SlowWriter)
    return entered, may_go


def record(recorder: SessionRecorder, times_s, picture=GREY) -> None:
    for time_s in times_s:
        recorder.add_frame(make_frame(time_s), SIZE, picture)


def read(path: Path):
    with open_video(path).read_frames() as frames:
        times_s, pictures = zip(*frames, strict=True)
    return np.array(times_s), list(pictures)


def test_the_video_has_the_frames_own_times(recorder, store):
    times_s = 7.0 + np.cumsum([0.0, 0.033, 0.05, 0.033, 0.9, 0.02, 0.4])
    recorder.start(name="Wall", keep_video=True)
    record(recorder, times_s)
    session = recorder.stop()
    assert session.video_path == f"posecore.videos/{session.id}.mp4"
    read_s, pictures = read(store.get_video_file(session.id))
    np.testing.assert_allclose(read_s, store.load_sequence(session.id).time_s, atol=1e-3)
    assert read_s[0] == 0.0
    assert pictures[0].shape == GREY.shape
    assert recorder.video_problem == ""


@pytest.mark.parametrize("keep_video", [True, False])
def test_a_video_is_kept_only_where_it_was_asked_for_and_frames_came(
    recorder, store, settings, keep_video
):
    recorder.start(name="Nothing comes", keep_video=True)
    assert recorder.stop() is None
    recorder.start(name="Only poses", keep_video=True)
    recorder.add_frame(make_frame(0.0), SIZE)
    assert recorder.stop().video_path is None
    recorder.start(name="Wall", keep_video=keep_video)
    record(recorder, [0.0, 0.1])
    assert (recorder.stop().video_path is not None) is keep_video
    assert settings.videos_dir.exists() is keep_video


def test_pictures_outside_the_recording_are_not_in_the_video(store):
    clock = Clock()
    recorder = SessionRecorder(store, clock=clock)
    recorder.start(name="Wall", delay_s=3.0, keep_video=True)
    record(recorder, [1.0, 2.0])
    clock.now_s += 3.0
    record(recorder, [4.0, 4.1, 4.1])
    session = recorder.stop()
    record(recorder, [5.0])
    times_s, _ = read(store.get_video_file(session.id))
    assert times_s == pytest.approx([0.0, 0.1], abs=1e-3)


@pytest.mark.parametrize("mirror", [True, False])
def test_the_video_is_neither_mirrored_nor_drawn_on(recorder, store, mirror):
    """The athlete's own picture is drawn on in place when it is not mirrored."""
    seen = np.zeros_like(GREY)
    seen[:, : SIZE[0] // 2] = 200  # bright on the left

    class Estimator:
        def estimate(self, frame_rgb, time_s):
            return make_frame(time_s)

        def close(self):
            pass

    pipeline = LivePipeline(Estimator, recorder)
    pipeline.mirror = mirror
    while pipeline.submit(0.0, seen.copy).result(WAIT_S) is None:
        pass  # the model is loading
    recorder.start(name="Wall", keep_video=True)
    for number in range(1, 4):
        picture = pipeline.submit(number / 30, seen.copy).result(WAIT_S)
        assert not np.array_equal(picture, seen)
    pipeline.close()
    times_s, pictures = read(store.get_video_file(recorder.stop().id))
    assert len(times_s) == 3
    for picture in pictures:
        np.testing.assert_allclose(picture[:, : SIZE[0] // 2 - 4], 200, atol=8)
        np.testing.assert_allclose(picture[:, SIZE[0] // 2 + 4 :], 0, atol=8)


def test_a_slow_encoder_costs_pictures_of_the_video_but_no_frame(recorder, store, slow_encoder):
    entered, may_go = slow_encoder
    recorder.start(name="Wall", keep_video=True)
    record(recorder, [0.0])
    assert entered.acquire(timeout=WAIT_S)
    record(recorder, np.arange(1, 30) / 30)  # returns, though nothing is being written
    may_go.release(1000)
    session = recorder.stop()
    assert (session.frame_count, session.dropped_count) == (30, 0)
    times_s, _ = read(store.get_video_file(session.id))
    np.testing.assert_allclose(times_s, np.arange(1 + CAPACITY) / 30, atol=1e-3)
    assert f"{29 - CAPACITY} of 30 pictures are missing" in recorder.video_problem


def test_every_picture_is_written_or_counted(tmp_path, slow_encoder):
    _, may_go = slow_encoder
    video = VideoRecorder(tmp_path / "a.mp4")
    for number in range(100):
        if number % 3 == 0:
            may_go.release()
        video.add(GREY, number / 30)
    may_go.release(1000)
    times_s, _ = read(video.close())
    assert len(times_s) + video.n_dropped == 100
    assert times_s[0] == 0.0


def test_a_video_that_cannot_be_written_does_not_cost_the_session(
    recorder, store, settings, monkeypatch
):
    settings.videos_dir.write_text("a file in the place of the folder")
    recorder.start(name="Wall", keep_video=True)
    record(recorder, np.arange(10) / 30)
    session = recorder.stop()
    assert (session.status, session.frame_count, session.video_path) == ("completed", 10, None)
    assert "cannot be written" in recorder.video_problem
    recorder.start(name="Next")
    assert recorder.video_problem == ""
    recorder.stop()


def test_what_nobody_foresaw_in_the_video_does_not_cost_the_session(
    recorder, store, monkeypatch, caplog
):
    def fail(*args, **options):
        raise RuntimeError("who knows")

    monkeypatch.setattr(VideoWriter, "write", fail)
    recorder.start(name="Wall", keep_video=True)
    record(recorder, np.arange(10) / 30)
    session = recorder.stop()
    assert (session.frame_count, session.video_path) == (10, None)
    assert "unexpected" in recorder.video_problem
    assert "who knows" in caplog.text


def test_a_video_waits_with_the_frames_that_the_disk_refused(recorder, store, monkeypatch):
    def refuse(*args, **options):
        raise StorageFullError("The disk is full; free some space.")

    recorder.start(name="Wall", keep_video=True)
    with monkeypatch.context() as full:
        full.setattr(store, "append_frames", refuse)
        record(recorder, np.arange(5) / 30)
        with pytest.raises(StorageFullError):
            recorder.stop()
    assert recorder.state is RecorderState.UNSAVED
    session = recorder.stop()
    assert session.frame_count == 5
    assert len(read(store.get_video_file(session.id))[0]) == 5


def test_a_session_deleted_while_it_is_recorded_leaves_no_video(recorder, store, settings):
    recorder.start(name="Wall", keep_video=True)
    record(recorder, [0.0])
    while not store.get_sessions():
        pass
    store.delete_session(store.get_sessions()[0].id)
    record(recorder, [0.1])
    with pytest.raises(SessionNotFoundError):
        recorder.stop()
    assert recorder.state is RecorderState.IDLE
    assert list(settings.videos_dir.iterdir()) == []


def test_the_room_says_what_became_of_the_video(store, settings, monkeypatch):
    def fail(*args, **options):
        raise VideoWriteError("The disk that holds a.mp4 is full.")

    monkeypatch.setattr(VideoWriter, "write", fail)
    room = LiveRoom(store, settings)
    room.keep_video = True
    room.pipeline._thread = threading.current_thread()  # the camera runs
    room.start_recording(delay_s=0.0, name="Wall")
    record(room.recorder, [0.0, 0.1])
    room.stop_recording()
    assert room.last_session.frame_count == 2
    assert room.status()["problem"] == "The disk that holds a.mp4 is full."


_KILLED = """
import itertools, sys
import numpy as np
from posecore import open_store
from posecore.capture.recorder import SessionRecorder
from tests.unit.test_recorder import SIZE, make_frame
from tests.unit.test_video_recorder import GREY
store = open_store(sys.argv[1])
recorder = SessionRecorder(store)
recorder.start(name="Wall", keep_video=True)
for number in itertools.count():
    recorder.add_frame(make_frame(number / 5), SIZE, GREY)
    while recorder._video._waiting:
        pass
    while number > 20 and not any(each.frame_count for each in store.get_sessions()):
        pass
    print(number / 5, flush=True)
"""


def test_a_killed_recording_keeps_its_video(settings):
    child = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(settings.database)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        while (last_s := float(child.stdout.readline())) < 10.0:
            pass
        child.kill()
        last_s = float([last_s, *child.stdout.read().split()][-1])
    with open_store(settings.database) as store:
        (session,) = store.recover_sessions()
        times_s, _ = read(store.get_video_file(session.id))
    assert times_s[-1] >= last_s - 1.3
    np.testing.assert_allclose(times_s, np.arange(len(times_s)) / 5, atol=1e-3)


def test_what_is_remembered_from_before_takes_no_room_of_what_comes(tmp_path, slow_encoder):
    """Pictures as the camera gave them are large: never more of them wait than are allowed to."""
    entered, may_go = slow_encoder
    n_before, n_after = 40, 80
    buffer = RollingBuffer()
    buffer.keeps_pictures = True
    for number in range(n_before):
        frame = make_frame(number / 30)
        buffer.pack(buffer.add(frame, frame, number, GREY))
    video = VideoRecorder(tmp_path / "a.mp4")
    video.take_in(buffer.get_last(60).frames, 0.0)
    assert entered.acquire(timeout=WAIT_S)
    for number in range(n_before, n_before + n_after):
        video.add(GREY, number / 30)
        if number % 2:
            may_go.release()
            assert entered.acquire(timeout=WAIT_S)
    may_go.release(1000)
    times_s, _ = read(video.close())
    # The encoder was still with what is remembered: of the others those that could wait are there.
    np.testing.assert_allclose(times_s, np.arange(n_before + CAPACITY) / 30, atol=1e-3)
    assert video.n_dropped == n_after - CAPACITY
