"""Rooms of one owner that record together: one starts and stops all, and the tracks are joined."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from posecore import PoseFrame
from posecore.capture import live_room as live_room_module
from posecore.capture.arrival_clock import CLOCK_ERROR_S, DRIFT, ClockLine, TrackClock
from posecore.capture.joint_recording import join_tracks
from posecore.capture.live_room import LiveRoom
from posecore.capture.recorder import RecorderState
from posecore.errors import StorageFullError
from tests.unit.sharing import add_session
from tests.unit.test_recorder import Clock
from tests.unit.test_synchronising import FRONT, SIDE, film

PICTURE = np.full((36, 64, 3), 120, dtype=np.uint8)
WAIT_S = 10
N_FRAMES = 240


class Replayed:
    """Finds in each picture what a camera filmed at that moment of its own clock."""

    def __init__(self, sequence, begin_s):
        self.sequence, self.begin_s = sequence, begin_s

    def estimate(self, frame_rgb, time_s):
        number = int(np.abs(self.sequence.time_s + self.begin_s - time_s).argmin())
        return PoseFrame(
            time_s=time_s,
            image_landmarks=self.sequence.image_landmarks[number],
            world_landmarks=self.sequence.world_landmarks[number],
            visibility=self.sequence.visibility[number],
            presence=self.sequence.presence[number],
        )

    def close(self):
        pass


class Camera:
    """A room whose camera has a clock of its own, and a line with a delay."""

    def __init__(self, store, settings, monkeypatch, clock, *, view, clock_s, delay_s):
        filmed = film(view, np.arange(N_FRAMES + 60) / 30, noise=0.003)
        estimator = Replayed(filmed, clock_s)
        monkeypatch.setattr(live_room_module, "open_estimator", lambda _: estimator)
        self.room = LiveRoom(store, settings)
        self.room.pipeline._clock = lambda: clock.now_s + delay_s
        self.room.recorder._clock = clock
        self.clock_s = clock_s
        while self.room.pipeline.n_analysed < 1:
            self.room.pipeline.submit(clock_s - 1.0, PICTURE.copy).result(WAIT_S)

    def film(self, moment_s):
        self.room.pipeline.submit(self.clock_s + moment_s, PICTURE.copy).result(WAIT_S)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cameras(store, settings, clock, monkeypatch):
    """Two cameras around one movement; the second's line is 30 ms slower."""
    pair = [
        Camera(store, settings, monkeypatch, clock, view=view, clock_s=clock_s, delay_s=delay_s)
        for view, clock_s, delay_s in ((FRONT, 5.0, 0.05), (SIDE, 80.0, 0.08))
    ]
    rooms = [camera.room for camera in pair]
    for room in rooms:
        room.joint.find_others = lambda room=room: [each for each in rooms if each is not room]
    rooms[0].joint.is_wanted = True
    yield pair
    for room in rooms:
        room.camera_ended(for_good=True)


def film_both(cameras, clock, n_frames=N_FRAMES):
    start_s = clock.now_s
    for number in range(n_frames):
        clock.now_s = start_s + number / 30
        cameras[0].film(number / 30)
        if number % 2:  # the second sends every other frame, and starts later
            cameras[1].film(number / 30)


def states(cameras):
    return [camera.room.recorder.state for camera in cameras]


def wait_for_synchronising():
    for thread in threading.enumerate():
        if thread.name == "synchronising":
            thread.join(WAIT_S)


def start(camera, **fields):
    camera.room.start_recording(delay_s=0.0, name="Wall", athlete="Mira", **fields)


@pytest.mark.parametrize("stopped", [0, 1])
def test_start_starts_both_and_stop_in_either_stops_both(cameras, clock, store, stopped):
    start(cameras[0], tags=["boulder"])
    assert states(cameras) == [RecorderState.RECORDING] * 2
    film_both(cameras, clock)
    assert [camera.room.status()["parts"]["second_camera"]["n_along"] for camera in cameras] == [
        1,
        1,
    ]
    # The form of the second camera's page says nothing about the athlete.
    cameras[stopped].room.stop_recording(
        name="Wall" if stopped == 0 else "Other", athlete="Mira" if stopped == 0 else ""
    )
    assert states(cameras) == [RecorderState.IDLE] * 2
    wait_for_synchronising()
    sessions = {session.name: session for session in store.get_sessions()}
    assert set(sessions) == {"Wall", "Wall (camera 2)"}
    assert {session.athlete for session in sessions.values()} == {"Mira"}
    first, second = sessions["Wall"], sessions["Wall (camera 2)"]
    assert (first.frame_count, second.frame_count) == (N_FRAMES, N_FRAMES // 2)
    found = store.tracks.find_offset(first.id, second.id)
    # The second session begins one frame later than the first.
    assert found.how == "movement"
    assert found.offset_s == pytest.approx(1 / 30, abs=0.02)
    assert abs(found.offset_s - 1 / 30) <= found.error_s < CLOCK_ERROR_S


@pytest.mark.parametrize("turned", [0, 1])
def test_a_camera_that_is_turned_still_records_along(cameras, clock, store, turned):
    start(cameras[0])
    film_both(cameras, clock, 20)
    upright = np.ascontiguousarray(PICTURE.transpose(1, 0, 2))
    camera = cameras[turned]
    for number in range(20, 40):
        moment_s = camera.clock_s + number / 30
        camera.room.pipeline.submit(moment_s, upright.copy).result(WAIT_S)
    assert states(cameras) == [RecorderState.RECORDING] * 2
    assert cameras[0].room.status()["parts"]["second_camera"]["n_along"] == 1
    cameras[0].room.stop_recording(name="Wall")
    assert states(cameras) == [RecorderState.IDLE] * 2
    sessions = {session.name: session for session in store.get_sessions()}
    assert len(sessions) == 3
    assert sorted(len(store.tracks.list(each.id)) for each in sessions.values()) == [0, 2, 2]
    longer = "Wall" if turned == 0 else "Wall (camera 2) (turned)"
    assert len(store.tracks.list(sessions[longer].id)) == 2


def test_stop_on_both_devices_at_once_joins_the_tracks(cameras, clock, store):
    start(cameras[0])
    film_both(cameras, clock, 30)
    other = cameras[1].room
    keep, pressed = other.goals.recording_stopped, threading.Event()

    def keep_slowly(session):
        pressed.set()
        also.join(0.2)  # the second press waits for the first
        keep(session)

    def press():
        pressed.wait(WAIT_S)
        other.stop_recording()

    also = threading.Thread(target=press)
    also.start()
    other.goals.recording_stopped = keep_slowly
    cameras[0].room.stop_recording()
    also.join(WAIT_S)
    wait_for_synchronising()
    assert [len(store.tracks.list(each.id)) for each in store.get_sessions()] == [2, 2]


def test_without_the_wish_the_other_camera_is_left_alone(cameras, clock):
    cameras[0].room.joint.is_wanted = False
    start(cameras[0])
    assert states(cameras) == [RecorderState.RECORDING, RecorderState.IDLE]


def test_a_camera_that_records_already_is_left_alone(cameras, clock, store):
    cameras[1].room.start_recording(delay_s=0.0, name="Alone")
    start(cameras[0])
    film_both(cameras, clock, 10)
    cameras[0].room.stop_recording()
    assert cameras[1].room.recorder.state is RecorderState.RECORDING
    cameras[1].room.stop_recording()
    assert all(store.tracks.list(session.id) == [] for session in store.get_sessions())


def test_both_count_down_together_and_stop_before_the_start_leaves_nothing(cameras, store):
    cameras[0].room.start_recording(delay_s=3.0, name="Wall")
    assert states(cameras) == [RecorderState.COUNTDOWN] * 2
    assert cameras[1].room.recorder.countdown_s == pytest.approx(3.0)
    cameras[0].room.stop_recording()
    assert states(cameras) == [RecorderState.IDLE] * 2
    assert store.get_sessions() == []


def test_a_camera_that_ends_leaves_the_other_recording_and_both_are_joined(cameras, clock, store):
    start(cameras[0])
    film_both(cameras, clock, 60)
    cameras[1].room.camera_ended()
    assert states(cameras) == [RecorderState.RECORDING, RecorderState.IDLE]
    film_both(cameras[:1] * 2, clock, 30)
    cameras[0].room.stop_recording()
    wait_for_synchronising()
    first, second = store.get_sessions()
    assert store.tracks.find_offset(first.id, second.id) is not None


def test_a_full_disk_in_one_stops_both_and_joins_them_when_there_is_room(
    cameras, clock, store, monkeypatch
):
    start(cameras[0])
    film_both(cameras, clock, 60)
    recorder = cameras[0].room.recorder
    finish = recorder._finish

    def refuse():
        raise StorageFullError("The disk is full; free some space and try again.")

    monkeypatch.setattr(recorder, "_finish", refuse)
    cameras[0].room.stop_recording()
    assert states(cameras) == [RecorderState.UNSAVED, RecorderState.IDLE]
    monkeypatch.setattr(recorder, "_finish", finish)
    cameras[0].room.stop_recording()
    wait_for_synchronising()
    first, second = store.get_sessions()
    assert store.tracks.find_offset(first.id, second.id) is not None


def test_given_up_frames_leave_the_next_recording_to_itself(cameras, clock, store, monkeypatch):
    first, second = (camera.room for camera in cameras)
    start(cameras[0])
    film_both(cameras, clock, 60)
    append = store.append_frames

    def refuse(*_given, **_more):
        raise StorageFullError("The disk is full; free some space and try again.")

    monkeypatch.setattr(store, "append_frames", refuse)
    first.stop_recording()
    assert first.recorder.state is RecorderState.UNSAVED
    monkeypatch.setattr(store, "append_frames", append)
    first.give_up_unsaved()
    assert states(cameras) == [RecorderState.IDLE, RecorderState.UNSAVED]
    second.stop_recording()
    start(cameras[0])
    assert states(cameras) == [RecorderState.RECORDING] * 2, "not of the recording before"
    film_both(cameras, clock, 20)
    first.stop_recording()
    wait_for_synchronising()
    assert all(each.status != "recording" for each in store.get_sessions())
    newest = store.get_sessions()[:2]
    assert store.tracks.find_offset(newest[0].id, newest[1].id) is not None


def test_what_is_started_while_others_are_being_stopped_is_not_stopped_with_them(cameras, clock):
    first, second = (camera.room for camera in cameras)
    start(cameras[0])
    film_both(cameras, clock, 20)
    stop_others = first.joint.stop_others

    def stop_them_late(group):
        first.joint.stop_others = stop_others
        second.stop_recording()  # by hand, just then
        start(cameras[0])
        stop_others(group)

    first.joint.stop_others = stop_them_late
    first.stop_recording()
    assert states(cameras) == [RecorderState.RECORDING] * 2


def test_one_after_the_other_makes_pairs_of_its_own(cameras, clock, store):
    for _ in range(2):
        start(cameras[0])
        film_both(cameras, clock, 20)
        cameras[0].room.stop_recording()
        for camera in cameras:
            camera.clock_s += 1.0
    recordings = [store.tracks.list(session.id) for session in store.get_sessions()]
    assert [len(tracks) for tracks in recordings] == [2, 2, 2, 2]
    assert len({tracks[0].recording_id for tracks in recordings}) == 2


def test_a_long_recording_says_that_clocks_drift(store):
    errors_s = []
    for length_s in (60.0, 1800.0):
        pair = [
            replace(store.get_session(add_session(store)), duration_s=length_s) for _ in range(2)
        ]
        join_tracks(store, [(each, TrackClock(0.0, 0.01)) for each in pair]).join(WAIT_S)
        errors_s.append(store.tracks.find_offset(*(each.id for each in pair)).error_s)
    assert errors_s[1] - errors_s[0] == pytest.approx(DRIFT * (1800 - 60) / 2)


def put_on_clock(begin_s, drift):
    """A camera's clock, as it is known after a long recording."""
    return TrackClock(begin_s, 0.12, ClockLine(begin_s, 0.08, drift, 2e-6), abs(drift))


def test_a_drift_that_was_measured_is_stored_and_the_movement_then_found_with_it(store):
    # As fast as no clock is, so that ten seconds show it.
    drift, begin_s = 0.005, 0.2
    front = film(FRONT, np.arange(0, 20, 1 / 30), noise=0.003)
    side = film(SIDE, np.arange(begin_s, 19.5, 1 / 30), noise=0.003)
    side = replace(side, time_s=(side.time_s - begin_s) / (1 + drift))
    ids = [store.create_session(name=name, source="live") for name in "ab"]
    for session_id, sequence in zip(ids, (front, side), strict=True):
        store.append_frames(session_id, sequence)
        store.finish_session(session_id)
    first, second = (store.get_session(each) for each in ids)
    clocks = [put_on_clock(5.0, 0.0), put_on_clock(5.0 + begin_s + 0.04, drift)]
    join_tracks(store, list(zip((first, second), clocks, strict=True))).join(WAIT_S)
    found = store.tracks.find_offset(*ids)
    assert found.how == "movement"
    assert found.drift == pytest.approx(drift)
    assert found.error_s < 0.05
    seconds = np.array([0.0, 19.0])
    miss_s = found.offset_s - begin_s + (found.drift - drift) * seconds
    assert np.abs(miss_s).max() <= found.error_s
    back = store.tracks.find_offset(*ids[::-1])
    for seen_s in (0.0, 7.0, 19.0):
        there_s = seen_s + found.offset_s + found.drift * seen_s
        assert there_s + back.offset_s + back.drift * there_s == pytest.approx(seen_s)


def test_a_camera_that_ends_while_it_is_taken_along_leaves_the_group(cameras, monkeypatch):
    first, second = cameras
    start_recording = second.room.start_recording

    def end_at_once(**options):
        started = start_recording(**options)
        second.room.joint.leave()
        return started

    monkeypatch.setattr(second.room, "start_recording", end_at_once)
    start(first)
    group = first.room.joint.group
    assert group is None or second.room.joint not in group.members


def test_a_session_deleted_meanwhile_leaves_the_others_joined(store):
    a, b, gone = (store.get_session(add_session(store)) for _ in range(3))
    store.delete_session(gone.id)
    clocks = [TrackClock(10.0, 0.07), TrackClock(10.2, 0.07), TrackClock(10.3, 0.07)]
    join_tracks(store, list(zip((a, gone, b), clocks, strict=True))).join(WAIT_S)
    found = store.tracks.find_offset(a.id, b.id)
    assert found.offset_s == pytest.approx(0.3)
    assert len(store.tracks.list(a.id)) == 2
