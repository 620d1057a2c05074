"""The recorder: whatever is pressed in whatever order, frames are stored or counted."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from posecore import PoseFrame, SessionStore
from posecore.capture.recorder import NO_FRAME, UNFORESEEN, RecorderState, SessionRecorder
from posecore.capture.rolling_buffer import RememberedFrame
from posecore.errors import InvalidFieldError, SessionNotFoundError, StoreError
from posecore.synthetic import make_squats
from tests.unit.live_rooms import WAIT_S, wait_until

SIZE = (640, 360)
SQUATS = make_squats(duration_s=4.0)


def make_frame(time_s: float) -> PoseFrame:
    """Return a standing figure at this time."""
    return PoseFrame(
        time_s=time_s,
        image_landmarks=SQUATS.image_landmarks[0],
        world_landmarks=SQUATS.world_landmarks[0],
        visibility=SQUATS.visibility[0],
        presence=SQUATS.presence[0],
    )


class Clock:
    """A clock that stands still until it is told otherwise."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def recorder(store: SessionStore) -> SessionRecorder:
    return SessionRecorder(store, model="full")


def test_what_was_added_is_stored_with_its_own_times(recorder, store):
    recorder.start(name="Wall", athlete="Mira", tags=["boulder"])
    times = [7.0, 7.03, 7.08, 7.1]
    for time_s in times:
        recorder.add_frame(make_frame(time_s), SIZE)
    session = recorder.stop()
    assert (session.name, session.athlete, session.tags) == ("Wall", "Mira", ("boulder",))
    assert (session.status, session.source, session.model) == ("completed", "live", "full")
    assert session.frame_count == 4
    assert session.duration_s == pytest.approx(0.1)
    np.testing.assert_allclose(store.load_sequence(session.id).time_s, np.subtract(times, 7.0))


def test_frames_before_start_and_after_stop_are_not_recorded(recorder, store):
    recorder.add_frame(make_frame(0.0), SIZE)
    recorder.start(name="Wall")
    recorder.add_frame(make_frame(1.0), SIZE)
    session = recorder.stop()
    recorder.add_frame(make_frame(2.0), SIZE)
    assert session.frame_count == 1
    assert len(store.get_sessions()) == 1


def test_dropped_and_late_frames_are_counted_and_leave_a_hole(recorder, store):
    recorder.start(name="Wall")
    recorder.add_dropped()  # nothing is recorded yet
    recorder.add_frame(make_frame(1.0), SIZE)
    recorder.add_dropped(2)
    recorder.add_frame(make_frame(1.1), SIZE)
    recorder.add_frame(make_frame(1.1), SIZE)
    recorder.add_frame(make_frame(1.2), SIZE)
    session = recorder.stop()
    assert session.dropped_count == 3
    assert store.load_sequence(session.id).frame_number.tolist() == [0, 3, 5]


def test_nothing_is_recorded_during_the_countdown(store):
    clock = Clock()
    recorder = SessionRecorder(store, clock=clock)
    recorder.start(name="Wall", delay_s=3.0)
    assert recorder.state is RecorderState.COUNTDOWN
    assert recorder.countdown_s == pytest.approx(3.0)
    recorder.add_frame(make_frame(1.0), SIZE)
    clock.now_s += 3.0
    assert recorder.state is RecorderState.RECORDING
    recorder.add_frame(make_frame(4.0), SIZE)
    assert recorder.stop().frame_count == 1


def test_stop_during_the_countdown_leaves_nothing(store):
    recorder = SessionRecorder(store, clock=Clock())
    recorder.start(name="Wall", delay_s=3.0)
    assert recorder.stop() is None
    assert recorder.state is RecorderState.IDLE
    assert store.get_sessions() == []


def test_start_without_a_frame_leaves_no_orphan(recorder, store):
    recorder.start(name="Wall")
    assert recorder.stop() is None
    assert store.get_sessions() == []


def test_stop_twice_and_start_twice_are_harmless(recorder, store):
    assert recorder.stop() is None
    recorder.start(name="First")
    recorder.start(name="Second")
    recorder.add_frame(make_frame(0.0), SIZE)
    assert recorder.stop().name == "First"
    assert recorder.stop() is None
    assert len(store.get_sessions()) == 1


def test_one_recorder_records_one_session_after_another(recorder, store):
    for name in ("First", "Second"):
        recorder.start(name=name)
        recorder.add_frame(make_frame(5.0), SIZE)
        assert recorder.stop().name == name
    assert {session.frame_count for session in store.get_sessions()} == {1}


def test_an_unusable_name_starts_nothing(recorder, store):
    with pytest.raises(InvalidFieldError, match="shorten"):
        recorder.start(name="x" * 201)
    assert recorder.state is RecorderState.IDLE
    assert store.get_sessions() == []


def test_frames_keep_the_numbers_they_came_with(recorder, store):
    recorder.start(name="Wall")
    for number in (7, 9, 12):
        recorder.add_frame(make_frame(number / 30), SIZE, frame_number=number)
    session = recorder.stop()
    assert store.load_sequence(session.id).frame_number.tolist() == [7, 9, 12]


def test_a_session_that_exists_at_once_fails_without_a_frame(recorder, store):
    recorder.start(name="Wall", at_once=True)
    assert store.get_session(recorder.session_id).status == "recording"
    session = recorder.stop()
    assert (session.status, session.status_reason) == ("failed", NO_FRAME)


def test_what_waits_for_a_full_disk_is_bounded_and_the_rest_is_counted(store, monkeypatch):
    monkeypatch.setattr("posecore.capture.waiting_frames.MAX_WAITING", 10)
    monkeypatch.setattr("posecore.capture.recorder.BATCH_INTERVAL_S", 1e9)
    recorder = SessionRecorder(store)
    recorder.start(name="Wall")
    for number in range(25):
        recorder.add_frame(make_frame(number / 30), SIZE)
    session = recorder.stop()
    assert (session.frame_count, session.dropped_count) == (10, 15)


def test_a_session_deleted_while_it_is_recorded_is_noticed(recorder, store):
    recorder.start(name="Wall", at_once=True)
    store.delete_session(recorder.session_id)
    recorder.add_frame(make_frame(0.0), SIZE)
    deadline = threading.Event()
    for _ in range(1000):
        if recorder.is_lost:
            break
        deadline.wait(0.01)
    assert recorder.is_lost
    with pytest.raises(SessionNotFoundError):
        recorder.stop()


_FULL_DISK = """
import resource, signal, sys
from posecore import open_store
from posecore.capture.recorder import RecorderState, SessionRecorder
from posecore.errors import StorageFullError
from tests.unit.test_recorder import SIZE, make_frame

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = open_store(sys.argv[1])
recorder = SessionRecorder(store)
recorder.start(name="Wall")
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
for number in range(50):
    recorder.add_frame(make_frame(number / 30), SIZE)
try:
    recorder.stop()
except StorageFullError as error:
    print("refused:", "full" in str(error), recorder.state is RecorderState.UNSAVED)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
print(recorder.stop().frame_count)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits a file's size as a full disk would")
def test_a_full_disk_keeps_the_frames_until_there_is_room(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(tmp_path / "p.duckdb")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["refused: True True", "50"], done.stderr


def remember(times_s, numbers):
    """Frames as the rolling buffer holds them."""
    frames = [make_frame(time_s) for time_s in times_s]
    return [
        RememberedFrame(frame, frame, number, SIZE)
        for frame, number in zip(frames, numbers, strict=True)
    ]


def test_a_recording_can_begin_with_what_was_seen_before_its_start(recorder, store):
    recorder.start(name="Wall", lead_in=remember([5.0, 5.1, 5.4], [40, 41, 44]))
    recorder.add_frame(make_frame(5.4), SIZE)  # seen already
    recorder.add_frame(make_frame(5.5), SIZE)
    recorder.add_dropped()
    recorder.add_frame(make_frame(5.7), SIZE)
    assert recorder.elapsed_s == pytest.approx(0.7)
    session = recorder.stop()
    sequence = store.load_sequence(session.id)
    np.testing.assert_allclose(sequence.time_s, [0.0, 0.1, 0.4, 0.5, 0.7])
    assert sequence.frame_number.tolist() == [0, 1, 4, 6, 8]
    assert (session.frame_count, session.dropped_count) == (5, 4)


def test_there_is_no_lead_in_before_a_countdown(store):
    clock = Clock()
    recorder = SessionRecorder(store, clock=clock)
    recorder.start(name="Wall", delay_s=3.0, lead_in=remember([5.0], [0]))
    clock.now_s += 3.0
    recorder.add_frame(make_frame(9.0), SIZE)
    assert recorder.stop().frame_count == 1


def test_a_lead_in_alone_is_a_recording(recorder):
    recorder.start(name="Wall", lead_in=remember([5.0, 5.1], [0, 1]))
    assert recorder.stop().frame_count == 2


def fail(*_, **__):
    raise RuntimeError("Nobody foresaw this.")


def test_what_nobody_foresaw_keeps_the_frames_until_they_can_be_stored(
    recorder, store, monkeypatch, caplog
):
    monkeypatch.setattr("posecore.capture.recorder.BATCH_INTERVAL_S", 0.01)
    recorder.start(name="Wall")
    with monkeypatch.context() as patch:
        patch.setattr(store, "append_frames", fail)
        recorder.add_frame(make_frame(1.0), SIZE)
        wait_until(lambda: recorder.problem == UNFORESEEN)
        recorder.add_frame(make_frame(2.0), SIZE)
    wait_until(lambda: recorder.problem == "")
    assert store.get_session(recorder.session_id).frame_count == 2, "without a stop"
    assert recorder.stop().frame_count == 2
    assert caplog.text.count("Frames could not be stored") == 1


def test_what_nobody_foresaw_at_the_stop_waits_to_be_saved_again(recorder, store, monkeypatch):
    recorder.start(name="Wall")
    recorder.add_frame(make_frame(1.0), SIZE)
    for name in ("append_frames", "finish_session"):
        with monkeypatch.context() as patch:
            patch.setattr(store, name, fail)
            with pytest.raises(StoreError, match="press Save again"):
                recorder.stop()
        assert recorder.state is RecorderState.UNSAVED
    assert recorder.stop().frame_count == 1
    assert recorder.state is RecorderState.IDLE


def test_while_it_is_being_saved_nothing_can_be_given_up(recorder, store, monkeypatch):
    append, saving, may_end = store.append_frames, threading.Event(), threading.Event()

    def append_slowly(*given, **more):
        saving.set()
        assert may_end.wait(WAIT_S)
        return append(*given, **more)

    recorder.start(name="Wall")
    recorder.add_frame(make_frame(1.0), SIZE)
    monkeypatch.setattr(store, "append_frames", append_slowly)
    stopping, giving_up = (
        threading.Thread(target=each) for each in (recorder.stop, recorder.discard)
    )
    stopping.start()
    assert saving.wait(WAIT_S)
    wait_until(lambda: recorder.state is RecorderState.SAVING)
    giving_up.start()
    may_end.set()
    for each in (stopping, giving_up):
        each.join(WAIT_S)
    (session,) = store.get_sessions()
    assert (session.status, session.frame_count) == ("completed", 1)
    assert recorder.state is RecorderState.IDLE


def test_what_was_saved_stays_when_the_rest_is_given_up(recorder, store, monkeypatch):
    monkeypatch.setattr("posecore.capture.recorder.BATCH_INTERVAL_S", 0.01)
    recorder.start(name="Wall")
    recorder.add_frame(make_frame(1.0), SIZE)
    wait_until(lambda: [each.frame_count for each in store.get_sessions()] == [1])
    with monkeypatch.context() as patch:
        patch.setattr(store, "append_frames", fail)
        recorder.add_frame(make_frame(2.0), SIZE)
        with pytest.raises(StoreError):
            recorder.stop()
    session = recorder.discard()
    assert (session.status, session.frame_count, session.dropped_count) == ("completed", 1, 1)
    assert recorder.state is RecorderState.IDLE
    assert recorder.discard() is None


def test_one_who_fails_when_told_of_the_session_does_not_end_the_recording(store, monkeypatch):
    monkeypatch.setattr("posecore.capture.recorder.BATCH_INTERVAL_S", 0.01)
    recorder = SessionRecorder(store, on_created=fail)
    recorder.start(name="Wall")
    recorder.add_frame(make_frame(1.0), SIZE)
    wait_until(lambda: [each.frame_count for each in store.get_sessions()] == [1])
    assert recorder.stop().frame_count == 1
