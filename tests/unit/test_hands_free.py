"""Recordings that start and stop by themselves, over a real pipeline, recorder and store."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from posecore.capture.hands_free import LEAD_IN_S, HandsFreeChoice
from posecore.capture.recorder import RecorderState
from posecore.errors import InvalidMessageError
from posecore.video import open_video
from tests.unit.live_rooms import (
    FPS,
    PICTURE,
    UP,
    WAIT_S,
    open_stage,
    stand,
    wait_until,
    walk,
)

RAISED, DOWN = stand(**UP), stand()
TEN_S = 10 * FPS


@pytest.fixture
def stage(store, settings, monkeypatch):
    with open_stage(store, settings, monkeypatch) as stage:
        yield stage


def choose(stage, **choice):
    stage.room.hands_free.choice = HandsFreeChoice(**choice)


def is_recording(stage):
    return stage.room.recorder.state is RecorderState.RECORDING


def status_of(stage):
    return stage.room.status()["parts"]["hands_free"]


def get_sessions(store):
    """All sessions, oldest first."""
    return sorted(store.get_sessions(), key=lambda session: session.created_at)


def test_hands_held_over_the_head_start_and_stop_a_recording(stage, store):
    choose(stage, starts_by="gesture")
    stage.play(1.0, DOWN)
    stage.play(1.8, RAISED)
    assert not is_recording(stage)
    stage.play(0.4, RAISED)
    assert is_recording(stage)
    stage.play(5.0, RAISED)
    assert is_recording(stage), "it counts once"
    stage.play(2.0, DOWN)
    stage.play(2.2, RAISED)
    assert not is_recording(stage)
    (session,) = store.get_sessions()
    assert (session.name, session.athlete, session.status) == ("Wall", "Mira", "completed")
    assert session.duration_s == pytest.approx(9.2, abs=0.4)
    assert stage.room.last_session == session


def test_the_ring_fills_on_the_picture_while_it_is_held(stage):
    choose(stage, starts_by="gesture")
    stage.play(1.0, DOWN)
    greens = [count_green(picture) for picture in stage.act(1.5, RAISED)]
    assert greens[0] < greens[len(greens) // 2] < greens[-1]
    assert status_of(stage)["progress"] == pytest.approx(0.75, abs=0.06)
    choose(stage, starts_by="button")
    assert count_green(stage.show(RAISED)) == 0


def count_green(picture):
    red, green, blue = (picture[..., each].astype(int) for each in range(3))
    return int(((green > red + 60) & (green > blue + 20)).sum())


def test_the_gesture_waits_for_the_countdown(stage):
    choose(stage, starts_by="gesture", countdown_s=60.0)
    stage.play(1.0, DOWN)
    stage.play(2.5, RAISED)
    assert stage.room.recorder.state is RecorderState.COUNTDOWN
    stage.play(1.0, DOWN)
    stage.play(2.5, RAISED)
    assert stage.room.is_idle, "and ends it, too"


def test_where_it_only_starts_the_clock_stops(stage, store):
    choose(stage, starts_by="gesture", gesture_stops=False, stop_after_s=10)
    stage.play(1.0, DOWN)
    stage.play(2.2, RAISED)
    stage.play(2.0, DOWN)
    stage.play(3.0, RAISED)
    assert is_recording(stage)
    stage.play(6.0, DOWN)
    assert not is_recording(stage)
    (session,) = store.get_sessions()
    assert session.duration_s == pytest.approx(10.0, abs=0.4)


@pytest.mark.parametrize("starts_by", ["button", "movement"])
def test_the_gesture_does_nothing_where_it_was_not_chosen(stage, store, starts_by):
    choose(stage, starts_by=starts_by)
    stage.play(1.0, DOWN)
    stage.play(5.0, RAISED)
    assert status_of(stage)["progress"] == 0
    assert not [each for each in store.get_sessions() if each.name == "Wall"]


def test_the_clock_stops_a_recording_of_the_button_and_begins_again_after_the_pause(stage, store):
    choose(stage, stop_after_s=10, again_after_s=10)
    stage.room.start_recording(delay_s=0.0, **stage.room.fields)
    stage.play(10.5, DOWN)
    assert not is_recording(stage)
    assert status_of(stage)["again_in_s"] in (9, 10)
    stage.play(5.0, DOWN)
    assert not is_recording(stage)
    stage.play(5.5, DOWN)
    assert is_recording(stage)
    stage.room.stop_recording(**stage.room.fields)
    assert status_of(stage)["again_in_s"] is None, "the button ends it all"
    assert [each.name for each in get_sessions(store)] == ["Wall", "Wall 2"]
    assert get_sessions(store)[0].duration_s == pytest.approx(10, abs=0.4)


def test_the_next_recording_by_the_clock_can_be_left_out(stage, store):
    choose(stage, stop_after_s=10, again_after_s=10)
    stage.room.start_recording(delay_s=0.0, **stage.room.fields)
    stage.play(11.0, DOWN)
    stage.room.obey({"part": "hands_free", "do": "no_more"})
    stage.play(11.0, DOWN)
    assert not is_recording(stage) and len(store.get_sessions()) == 1
    with pytest.raises(InvalidMessageError):
        stage.room.obey({"part": "hands_free", "do": "more"})


def test_a_countdown_that_is_stopped_in_the_pause_leaves_no_recording_by_the_clock(stage, store):
    choose(stage, stop_after_s=10, again_after_s=10)
    stage.room.start_recording(delay_s=0.0, **stage.room.fields)
    stage.play(11.0, DOWN)
    stage.room.start_recording(delay_s=60.0, **stage.room.fields)
    assert status_of(stage)["again_in_s"] is None
    stage.room.stop_recording(**stage.room.fields)
    stage.play(11.0, DOWN)
    assert not is_recording(stage) and len(store.get_sessions()) == 1


def test_every_attempt_is_a_session_with_the_second_before_it(stage, store):
    choose(stage, starts_by="movement", still_for_s=2)
    for _ in range(3):
        stage.play(4.0, DOWN)
        stage.play(6.0, walk(6 * FPS))
    stage.play(4.0, None)
    sessions = get_sessions(store)
    assert [session.name for session in sessions] == ["Wall 1", "Wall 2", "Wall 3"]
    for session in sessions:
        assert session.duration_s == pytest.approx(6.0 + LEAD_IN_S + 2.0, abs=0.8)
        sequence = store.load_sequence(session.id)
        hips_x = sequence.image_landmarks[:, 23, 0]
        moves_s = sequence.time_s[np.abs(hips_x - hips_x[0]) > 0.01][0]
        assert moves_s == pytest.approx(LEAD_IN_S, abs=0.4)
        assert (session.frame_count, session.dropped_count) == (len(sequence), 0)
        np.testing.assert_allclose(np.diff(sequence.time_s), 1 / FPS, atol=1e-6)


def test_frames_dropped_in_the_lead_in_are_counted(stage, store):
    choose(stage, starts_by="movement", still_for_s=2)
    stage.play(3.0, DOWN)
    frames = walk(6 * FPS)
    stage.play(0.4, frames)
    stage.room.pipeline.n_dropped += 3
    stage.skip(3 / FPS)
    stage.play(4.0, frames[6:])
    stage.play(3.0, None)
    (session,) = store.get_sessions()
    numbers = store.load_sequence(session.id).frame_number
    assert session.dropped_count == 3
    assert numbers[-1] + 1 == session.frame_count + 3 and np.diff(numbers).max() == 4


def test_the_lead_in_is_in_the_video_too(stage, store):
    stage.room.keep_video = True
    choose(stage, starts_by="movement", still_for_s=2)
    stage.play(3.0, DOWN)
    stage.play(3.0, walk(3 * FPS))
    stage.play(3.0, None)
    (session,) = store.get_sessions()
    with open_video(store.get_video_file(session.id)).read_frames() as video:
        times_s = [time_s for time_s, _ in video]
    recorded_s = store.load_sequence(session.id).time_s
    assert times_s[0] == 0
    assert set(np.round(times_s, 3)) <= set(np.round(recorded_s, 3))
    assert len(times_s) >= LEAD_IN_S * FPS


def test_somebody_who_stands_and_trembles_starts_nothing(stage, store):
    choose(stage, starts_by="movement")
    random = np.random.default_rng(1)
    frames = []
    for _ in range(TEN_S):
        jitter = random.normal(0, 0.004, DOWN.image_landmarks.shape).astype(np.float32)
        frames.append(replace(DOWN, image_landmarks=DOWN.image_landmarks + jitter))
    stage.play(10.0, frames)
    assert store.get_sessions() == [] and stage.room.is_idle


def test_an_attempt_goes_on_in_another_shape_and_ends_when_the_athlete_stands(stage, store):
    choose(stage, starts_by="movement", still_for_s=2)
    upright = np.ascontiguousarray(PICTURE.transpose(1, 0, 2))
    frames = walk(8 * FPS)
    stage.play(2.0, DOWN)
    stage.play(3.0, frames)
    for frame in frames[3 * FPS :]:
        stage.show(frame, upright)
    assert is_recording(stage) and status_of(stage)["is_attempt"]
    for _ in range(3 * FPS):
        stage.show(DOWN, upright)
    stage.room.hands_free.join()
    assert stage.room.is_idle
    assert [each.name for each in get_sessions(store)] == ["Wall 1", "Wall 1 (turned)"]


def test_an_attempt_that_the_button_stopped_is_not_begun_anew(stage, store):
    choose(stage, starts_by="movement", still_for_s=2)
    frames = walk(20 * FPS)
    stage.play(2.0, DOWN)
    stage.play(4.0, frames)
    assert is_recording(stage) and status_of(stage)["is_attempt"]
    stage.room.stop_recording(**stage.room.fields)
    stage.play(6.0, frames[4 * FPS :])
    assert stage.room.is_idle
    stage.play(2.0, DOWN)
    stage.play(3.0, frames)
    assert is_recording(stage)
    stage.play(4.0, None)
    assert [each.name for each in get_sessions(store)] == ["Wall 1", "Wall 2"]


def test_a_recording_of_the_button_goes_on_while_somebody_stands_still(stage, store):
    choose(stage, starts_by="movement", still_for_s=2)
    stage.room.start_recording(delay_s=0.0, **stage.room.fields)
    stage.play(3.0, walk(3 * FPS))
    stage.play(5.0, DOWN)
    assert is_recording(stage)
    stage.room.stop_recording()
    assert [each.name for each in store.get_sessions()] == ["Wall"]


def test_an_athlete_who_is_lost_in_a_recording_is_told_of(stage):
    stage.play(2.0, None)
    assert not status_of(stage)["is_lost"], "nothing is recorded"
    stage.room.start_recording(delay_s=0.0, **stage.room.fields)
    stage.play(1.0, DOWN)
    stage.play(0.6, None)
    assert not status_of(stage)["is_lost"]
    stage.play(0.3, None)
    assert status_of(stage)["is_lost"]
    stage.show(DOWN)
    assert not status_of(stage)["is_lost"]


def test_a_recording_that_cannot_start_is_said_and_tried_again(stage):
    choose(stage, starts_by="gesture")
    stage.room.fields = {"name": " "}
    stage.play(1.0, DOWN)
    stage.play(2.5, RAISED)
    assert "needs a name" in status_of(stage)["problem"]
    stage.room.fields = {"name": "Wall"}
    stage.play(1.0, DOWN)
    stage.play(2.5, RAISED)
    assert is_recording(stage) and status_of(stage)["problem"] == ""


def test_the_camera_that_ends_ends_the_attempt_and_keeps_it(stage, store):
    choose(stage, starts_by="movement")
    stage.play(2.0, DOWN)
    stage.play(3.0, walk(3 * FPS))
    stage.room.camera_ended()
    (session,) = store.get_sessions()
    assert (session.name, session.status) == ("Wall 1", "completed")
    assert not status_of(stage)["is_attempt"]


def test_the_ring_shows_on_the_delayed_mirror_too(stage):
    choose(stage, starts_by="gesture")
    stage.room.mirror_delay.choose_delay(2)
    stage.play(3.0, DOWN)
    *_, picture = stage.act(1.0, RAISED)
    assert stage.room.mirror_delay.shown is not None
    assert count_green(picture) > 0
    assert picture.shape == PICTURE.shape


@pytest.mark.parametrize("stop_after_s", [0, 10])
def test_a_movement_that_outlasts_a_recording_of_the_button_starts_none(stage, store, stop_after_s):
    """Neither where the button ends it nor where the clock does; after a rest the next may come."""
    choose(stage, starts_by="movement", still_for_s=2, stop_after_s=stop_after_s)
    frames = walk(30 * FPS)
    stage.play(2.0, DOWN)
    stage.room.start_recording(delay_s=0.0, **stage.room.fields)
    stage.play(10.2, frames)
    stage.room.stop_recording(**stage.room.fields)
    stage.play(6.0, frames[11 * FPS :])
    assert stage.room.is_idle
    stage.play(1.5, DOWN)
    stage.play(3.0, frames)
    assert is_recording(stage)
    stage.room.stop_recording(**stage.room.fields)
    assert [each.name for each in get_sessions(store)] == ["Wall", "Wall 1"]
    assert get_sessions(store)[1].duration_s < 5.0


def test_an_attempt_begins_with_nothing_that_is_in_the_recording_before(stage, store):
    choose(stage, starts_by="movement", still_for_s=2)
    stage.room.start_recording(delay_s=0.0, **stage.room.fields)
    stage.play(3.0, DOWN)
    stage.room.stop_recording(**stage.room.fields)
    stage.play(2.0, walk(2 * FPS))  # at once: the second before it is in the recording
    stage.room.stop_recording(**stage.room.fields)
    before, attempt = get_sessions(store)
    assert (before.name, attempt.name) == ("Wall", "Wall 1")
    assert (before.frame_count, attempt.frame_count) == (3 * FPS, 2 * FPS)


@pytest.mark.parametrize("starts_by", ["movement", "gesture"])
def test_a_stop_is_heard_while_another_camera_still_finishes_the_recording_before(
    stage, store, monkeypatch, starts_by
):
    choose(stage, starts_by=starts_by, still_for_s=2)
    may_end = threading.Event()
    monkeypatch.setattr(stage.room.joint, "stop_others", lambda _: may_end.wait(WAIT_S))

    def act(seconds, frames):
        for _ in stage.act(seconds, frames):
            pass

    try:
        for number in (1, 2):
            act(1.0, DOWN)
            act(3.0, walk(3 * FPS) if starts_by == "movement" else RAISED)
            assert is_recording(stage)
            act(2.0, DOWN)
            act(2.2, DOWN if starts_by == "movement" else RAISED)
            wait_until(lambda: stage.room.is_idle)
            assert [each.status for each in store.get_sessions()] == number * ["completed"]
    finally:
        may_end.set()
    stage.room.hands_free.join()


def test_an_attempt_that_was_deleted_meanwhile_ends_no_recording_of_the_button(stage, store):
    choose(stage, starts_by="movement", still_for_s=2)
    stage.play(2.0, DOWN)
    stage.play(3.0, walk(3 * FPS))
    wait_until(lambda: len(store.get_sessions()) == 1)
    store.delete_session(store.get_sessions()[0].id)
    stage.play(3.0, DOWN)
    assert stage.room.is_idle and "no session" in stage.room.problem.lower()
    assert stage.room.start_recording(delay_s=0.0, **stage.room.fields)
    assert not status_of(stage)["is_attempt"]
    stage.play(2.0, walk(2 * FPS))
    stage.play(3.0, DOWN)
    assert is_recording(stage)


def test_an_attempt_that_cannot_start_is_tried_once_and_again_with_the_next(stage, store):
    choose(stage, starts_by="movement", still_for_s=2)
    stage.room.fields = {"name": "Wall", "tags": ["x" * 1000]}
    stage.play(2.0, DOWN)
    stage.play(3.0, walk(3 * FPS))
    assert stage.room.is_idle and status_of(stage)["problem"]
    stage.room.fields = {"name": "Wall"}
    stage.play(2.0, DOWN)
    stage.play(3.0, walk(3 * FPS))
    assert is_recording(stage) and status_of(stage)["problem"] == ""
    stage.room.stop_recording()
    assert [each.name for each in store.get_sessions()] == ["Wall 1"]
