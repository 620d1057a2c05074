"""How a recording ends in the live room, whatever else happens at that moment."""

import pytest

from posecore.capture.hands_free import HandsFreeChoice
from posecore.capture.recorder import RecorderState
from posecore.errors import StorageFullError
from posecore.goals import measure_goal
from tests.unit.live_rooms import open_stage, stand
from tests.unit.test_goals_live import DEEP, PICTURE, WAIT_S, film, open_room


@pytest.fixture
def room(store, settings):
    room = open_room(store, settings)
    yield room
    room.camera_ended()


@pytest.mark.parametrize("why", ["a tag is too long", "the disk is full"])
def test_an_edit_that_is_refused_costs_nothing_of_what_follows(room, store, monkeypatch, why):
    room.goals.choose([DEEP])
    room.start_recording(delay_s=0, name="Squats")
    film(room, 300, 500)
    tag = "x" * 60
    if why == "the disk is full":

        def refuse(*_given, **_more):
            raise StorageFullError("The disk is full; make room.")

        monkeypatch.setattr(store, "update_session", refuse)
        tag = "leg day"
    room.stop_recording(name="Squats", tags=[tag])
    assert room.problem
    session = room.last_session
    assert (session.status, session.frame_count, session.tags) == ("completed", 200, ())
    (kept,) = store.goals.list(session.id)
    assert kept.result == measure_goal(store.load_sequence(session.id), DEEP)


def test_a_late_frame_does_not_stop_the_recording_that_came_after(store, settings, monkeypatch):
    """The pipeline is held up at the moment at which the clock would stop the first."""
    with open_stage(store, settings, monkeypatch) as stage:
        room = stage.room
        room.hands_free.choice = HandsFreeChoice(stop_after_s=10)
        see, held_up = room.goals.see, []

        def see_late(moment):
            if moment.recorded_s >= 10 and not held_up:
                held_up.append(moment)
                room.stop_recording()
                room.start_recording(delay_s=0, name="Second")
            see(moment)

        monkeypatch.setattr(room.goals, "see", see_late)
        room.start_recording(delay_s=0, name="First")
        stage.play(12.0, stand())
        assert held_up
        room.join()
        assert room.recorder.state is RecorderState.RECORDING
        assert room.recorder.fields["name"] == "Second"
        room.stop_recording()
        assert {each.name for each in store.get_sessions()} == {"First", "Second"}


def test_a_room_that_was_closed_for_good_stays_closed(room):
    room.camera_ended(for_good=True)
    room.camera_ended()
    assert room.pipeline.submit(1e6, PICTURE.copy).result(WAIT_S) is None
    assert not room.pipeline.is_open
