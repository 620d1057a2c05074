"""A part of the live room in which nobody foresaw something: it costs nothing that is recorded."""

import pytest

from posecore.capture import live_room
from posecore.capture.hands_free import HandsFreeChoice
from posecore.capture.live_part import LivePart
from posecore.capture.recorder import RecorderState
from posecore.goals import Goal
from tests.unit.live_rooms import FPS, open_stage, stand, wait_until, walk

SENTENCE = "Bad does not work right now; what is recorded is safe."
GOAL = Goal(angle="right_knee_flexion", kind="at_least", low_deg=90.0)
STANDING = stand()


@pytest.fixture
def stage(store, settings, monkeypatch):
    with open_stage(store, settings, monkeypatch) as stage:
        stage.room.goals.choose([GOAL])
        yield stage


def let_fail(room, method):
    """Put a part before all others that raises where it is told this."""

    def fail(*_):
        raise RuntimeError("Nobody foresaw this.")

    bad = type("Bad", (LivePart,), {"name": "bad", method: fail})()
    room.parts = {"bad": bad, **room.parts}


def is_said(room):
    return room.status()["problem"].startswith(SENTENCE)


def wait_for_frames(store, session_id, n_frames):
    """Wait until so many are on the disk."""
    wait_until(
        lambda: (
            (session_id, n_frames) in [(each.id, each.frame_count) for each in store.get_sessions()]
        )
    )


def start(room):
    assert room.start_recording(delay_s=0.0, **room.fields)


def test_frames_go_on_to_the_disk_after_one_that_fails_with_the_session(stage, store, caplog):
    room = stage.room
    let_fail(room, "session_created")
    for _ in range(2):
        start(room)
        stage.play(1.0, STANDING)
        session_id = room.recorder.session_id
        wait_for_frames(store, session_id, FPS)
        stage.play(1.0, STANDING)
        wait_for_frames(store, session_id, 2 * FPS)
        assert is_said(room)
        assert [each.goal for each in store.goals.list(session_id)] == [GOAL], "others are told"
        room.stop_recording()
        assert store.get_session(session_id).status == "completed"
    assert caplog.text.count("bad failed") == 1


def test_the_camera_comes_back_after_one_that_fails_in_the_silence(stage, store, monkeypatch):
    room = stage.room
    let_fail(room, "recording_stopped")
    start(room)
    stage.play(1.0, STANDING)
    monkeypatch.setattr(live_room, "LONGEST_SILENCE_S", 0.1)
    wait_until(lambda: room.is_idle)
    assert is_said(room)
    assert stage.show(STANDING) is not None
    assert room.pipeline.latest.is_detected
    (session,) = store.get_sessions()
    assert (session.status, session.frame_count) == ("completed", FPS)
    assert store.goals.list(session.id)[0].result is not None, "others are told"


def test_a_recording_starts_with_one_that_fails_in_it(stage, store):
    room = stage.room
    let_fail(room, "recording_started")
    start(room)
    assert is_said(room) and room.recorder.state is RecorderState.RECORDING
    stage.play(1.0, STANDING)
    room.stop_recording()
    assert [each.frame_count for each in store.get_sessions()] == [FPS]


def test_the_others_hear_of_the_cameras_end_after_one_that_fails_in_it(stage):
    room = stage.room
    stage.play(1.0, STANDING)
    assert room.buffer.n_frames
    let_fail(room, "camera_ended")
    room.camera_ended()
    assert is_said(room) and room.buffer.n_frames == 0


def test_hands_free_goes_on_after_one_that_fails_at_its_stop(stage, store):
    room = stage.room
    room.hands_free.choice = HandsFreeChoice(starts_by="movement", still_for_s=2)
    let_fail(room, "recording_stopped")
    for _ in range(2):
        stage.play(2.0, STANDING)
        stage.play(3.0, walk(3 * FPS))
        stage.play(3.0, STANDING)
        assert room.is_idle and is_said(room)
    assert sorted(each.name for each in store.get_sessions()) == ["Wall 1", "Wall 2"]
