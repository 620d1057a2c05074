"""What goes wrong in front of a camera: each is said in a sentence, and the recording is safe."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from posecore.capture import live_room as live_room_module
from posecore.capture.live_room import OTHER_SHAPE, WAS_SILENT, LiveRoom
from posecore.capture.one_athlete import SOMEBODY_ELSE
from posecore.capture.pipeline import NO_PICTURES
from posecore.capture.recorder import RecorderState
from posecore.capture.stream_clock import CLOCK_JUMPED, ROUND_S, StreamClock
from posecore.errors import EstimatorError
from posecore.video import open_video
from tests.unit.test_recorder import Clock, make_frame

WIDE = np.full((36, 64, 3), 120, dtype=np.uint8)
WIDE_AND_SMALL = np.full((18, 32, 3), 120, dtype=np.uint8)
UPRIGHT = np.full((64, 36, 3), 120, dtype=np.uint8)
WAIT_S = 10


class StandingFigure:
    """Finds a standing person in every picture, moved to the side as the test wants."""

    shift = 0.0
    problem = ""

    def estimate(self, frame_rgb, time_s):
        if self.problem:
            raise EstimatorError(self.problem)
        frame = make_frame(time_s)
        moved = frame.image_landmarks + np.array([self.shift, 0, 0], dtype=np.float32)
        return replace(frame, image_landmarks=moved)

    def close(self):
        pass


@pytest.fixture
def figure():
    return StandingFigure()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def room(store, settings, figure, clock, monkeypatch):
    """A room whose camera runs, on a clock that stands still until the test moves it on."""
    monkeypatch.setattr(live_room_module, "open_estimator", lambda _: figure)
    room = LiveRoom(store, settings)
    room.pipeline._clock = room.recorder._clock = clock
    while room.pipeline.n_analysed < 1:  # what comes while the model loads is stale
        room.pipeline.submit(0.0, WIDE.copy).result(WAIT_S)
    yield room
    room.camera_ended(for_good=True)


class Camera:
    """Sends frames 1/30 s apart; its own clock may be put forward or back."""

    def __init__(self, room, clock):
        self.room, self.clock = room, clock
        self.time_s = 1.0

    def film(self, n_frames=10, picture=WIDE):
        for _ in range(n_frames):
            self.time_s += 1 / 30
            self.clock.now_s += 1 / 30
            self.room.pipeline.submit(self.time_s, picture.copy).result(WAIT_S)


@pytest.fixture
def camera(room, clock):
    return Camera(room, clock)


def start(room, **fields):
    return room.start_recording(delay_s=0.0, name="Wall", **fields)


def test_a_camera_that_falls_silent_is_said_and_goes_on_when_it_is_back(room, camera, clock, store):
    start(room)
    camera.film()
    clock.now_s += 2.9
    assert room.status()["problem"] == ""
    clock.now_s += 0.2
    assert room.status()["problem"] == NO_PICTURES
    assert room.recorder.state is RecorderState.RECORDING
    clock.now_s += 10.0
    camera.time_s += 13.1
    camera.film()
    assert room.status()["problem"] == ""
    room.stop_recording()
    (session,) = store.get_sessions()
    assert session.frame_count == 20
    assert session.duration_s == pytest.approx(13.1 + 19 / 30)


def test_a_recording_without_pictures_for_a_minute_is_saved(room, camera, clock, store):
    start(room)
    camera.film()
    clock.now_s += 61.0
    waiting = threading.Event()
    for _ in range(1000):
        if room.is_idle:
            break
        waiting.wait(0.01)
    assert room.status()["problem"] == WAS_SILENT
    (session,) = store.get_sessions()
    assert (session.status, session.frame_count) == ("completed", 10)
    assert room.last_session.id == session.id


def test_a_smaller_picture_of_the_same_shape_goes_on_in_the_same_session(room, camera, store):
    room.keep_video = True
    start(room)
    camera.film()
    camera.film(picture=WIDE_AND_SMALL)
    camera.film()
    room.stop_recording()
    (session,) = store.get_sessions()
    assert (session.frame_count, session.image_width, session.image_height) == (30, 64, 36)
    assert room.status()["problem"] != OTHER_SHAPE
    video = open_video(store.get_video_file(session.id))
    assert video.image_size == (64, 36)


def test_a_picture_of_another_shape_begins_a_session_of_its_own(room, camera, store):
    room.keep_video = True
    start(room, athlete="Mira")
    camera.film()
    camera.film(picture=UPRIGHT)
    assert room.status()["problem"] == OTHER_SHAPE
    assert room.recorder.state is RecorderState.RECORDING
    room.stop_recording()
    upright, wide = store.get_sessions()
    assert [(each.name, each.athlete) for each in (wide, upright)] == [
        ("Wall", "Mira"),
        ("Wall (turned)", "Mira"),
    ]
    assert [each.frame_count for each in (wide, upright)] == [10, 10]
    assert (wide.image_width, wide.image_height) == (64, 36)
    assert (upright.image_width, upright.image_height) == (36, 64)
    assert all(store.get_video_file(each.id) for each in (wide, upright))


def test_what_the_form_says_at_the_end_names_the_turned_session_too(room, camera, store):
    start(room)
    for picture in (WIDE, UPRIGHT, WIDE):
        camera.film(picture=picture)
    room.stop_recording(name="Slab", athlete="Mira")
    assert [each.name for each in reversed(store.get_sessions())] == [
        "Wall",
        "Wall (turned)",
        "Slab (turned)",
    ]
    start(room)
    camera.film()
    room.stop_recording(name="Slab")
    assert store.get_sessions()[0].name == "Slab"


def test_a_recording_begins_only_when_the_one_before_was_told_to_all(room, camera, store):
    """What was reached in it would be lost otherwise."""
    start(room)
    camera.film()
    told, seen = [], []
    keep = room.goals.recording_stopped

    def keep_slowly(session):
        seen.append(room.is_idle)
        starting.start()
        starting.join(0.2)  # it cannot end in here
        keep(session)
        told.append(room.recorder.state)

    starting = threading.Thread(target=start, args=(room,))
    room.goals.recording_stopped = keep_slowly
    room.stop_recording()
    starting.join(WAIT_S)
    assert seen == [False]
    assert told == [RecorderState.IDLE]
    assert room.recorder.state is RecorderState.RECORDING


def test_start_in_a_recording_tells_nobody_of_another(room, camera, store):
    assert start(room)
    camera.film()
    room.goals.recording_started = lambda: pytest.fail("It is told that a recording begins.")
    assert not start(room)
    room.stop_recording()
    assert [each.frame_count for each in store.get_sessions()] == [10]


@pytest.mark.parametrize("jump_s", [-3600.0, -1.0, 3600.0])
def test_a_jump_of_the_cameras_clock_loses_nothing(room, camera, store, jump_s):
    start(room)
    camera.film()
    camera.time_s += jump_s
    camera.film()
    assert room.status()["problem"] == CLOCK_JUMPED
    room.stop_recording()
    (session,) = store.get_sessions()
    assert (session.frame_count, session.dropped_count) == (20, 0)
    np.testing.assert_allclose(np.diff(store.load_sequence(session.id).time_s), 1 / 30, atol=1e-6)


def test_a_jump_is_said_for_a_while(room, camera, clock):
    camera.film()
    camera.time_s -= 100.0
    camera.film()
    assert room.status()["problem"] == CLOCK_JUMPED
    camera.film(n_frames=300)
    assert room.status()["problem"] == ""


def test_a_page_that_slept_leaves_a_hole_as_long_as_it_slept(room, camera, clock, store):
    """Some browsers stop the stream's clock meanwhile, others do not."""
    for is_stopped in (True, False):
        start(room)
        camera.film()
        clock.now_s += 40.0
        camera.time_s += 0.0 if is_stopped else 40.0
        camera.film()
        room.stop_recording()
    for session in store.get_sessions():
        steps_s = np.diff(store.load_sequence(session.id).time_s)
        assert session.frame_count == 20
        assert steps_s.max() == pytest.approx(40.0 + 1 / 30)
        assert np.sort(steps_s)[-2] == pytest.approx(1 / 30)


def test_an_estimator_that_stops_costs_frames_and_says_so(room, camera, figure, store):
    start(room)
    camera.film()
    figure.problem = "The pose estimator stopped; it is started again with the next picture."
    camera.film()
    assert room.status()["problem"] == figure.problem
    figure.problem = ""
    camera.film()
    assert room.status()["problem"] == ""
    room.stop_recording()
    (session,) = store.get_sessions()
    assert (session.frame_count, session.dropped_count) == (20, 10)


def test_somebody_who_walks_in_is_said_and_not_recorded(room, camera, figure, store):
    start(room)
    camera.film()
    figure.shift = 0.4
    camera.film(n_frames=40)
    assert room.status()["hint"] == SOMEBODY_ELSE
    figure.shift = 0.0
    camera.film()
    room.stop_recording()
    (session,) = store.get_sessions()
    assert session.frame_count == 60
    sequence = store.load_sequence(session.id)
    assert sequence.is_detected[:10].all()
    assert not sequence.is_detected[10:50].any()
    assert sequence.is_detected[-1]


def test_outside_of_a_recording_whoever_is_in_view_is_shown(room, camera, figure):
    camera.film()
    figure.shift = 0.4
    camera.film()
    assert room.pipeline.latest.is_detected
    assert room.status()["hint"] != SOMEBODY_ELSE


def test_what_fails_beside_the_estimator_costs_a_frame_and_not_the_camera(
    room, camera, monkeypatch, caplog
):
    def fail(*_):
        raise RuntimeError("Nobody foresaw this.")

    with monkeypatch.context() as patch:
        patch.setattr(room.recorder, "add_frame", fail)
        camera.film(n_frames=1)
    assert "could not be analysed" in room.status()["problem"]
    assert "Nobody foresaw this." in caplog.text
    camera.film(n_frames=1)
    assert room.status()["problem"] == ""


def test_nothing_starts_without_a_camera_and_what_was_recorded_last_stays(room, camera):
    start(room)
    camera.film()
    room.camera_ended()
    before = room.last_session
    assert not start(room)
    assert before is not None and room.last_session is before


def test_a_page_that_is_left_keeps_the_recording(room, camera, store):
    start(room)
    camera.film()
    room.camera_ended()
    (session,) = store.get_sessions()
    assert (session.status, session.frame_count) == ("completed", 10)


def test_a_frame_that_comes_late_keeps_its_time():
    clock = StreamClock()
    times = [clock.place(time_s, 5.0 + number / 30) for number, time_s in enumerate((1, 1.1, 1.05))]
    assert times == [1, 1.1, 1.05]
    assert clock.jumped_at_s == float("-inf")


def test_a_round_too_many_of_the_streams_counter_is_taken_back_without_a_word():
    """One frame out of order, and the reader of the stream adds 13 hours to all that follow."""
    clock = StreamClock()
    true_s = [0.0, 0.1, 0.05, 0.2, 0.3]
    read_s = [0.0, 0.1, *(time_s + ROUND_S for time_s in true_s[2:])]
    placed_s = [clock.place(time_s, 5.0 + number / 10) for number, time_s in enumerate(read_s)]
    np.testing.assert_allclose(placed_s, true_s, atol=1e-6)
    assert clock.jumped_at_s == float("-inf")
