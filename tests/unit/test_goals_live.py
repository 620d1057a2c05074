"""Goals beside the camera: what is counted live is what the stored recording gives."""

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from posecore import PoseFrame, load_goals, open_store
from posecore.angles import ANGLES
from posecore.capture.canvas import Canvas
from posecore.capture.live_goals import GOOD_RGB, WARN_RGB
from posecore.capture.live_part import LiveMoment
from posecore.capture.live_room import LiveRoom
from posecore.errors import InvalidFieldError, InvalidMessageError, StorageFullError
from posecore.goals import Goal, SessionGoal, measure_goal
from posecore.storage.goal_store import GoalStore
from posecore.synthetic import make_squats
from tests.unit.test_recorder import Clock

ROOT = Path(__file__).resolve().parents[2]
DEEP = Goal(angle="right_knee_flexion", kind="at_least", low_deg=80)
DEEPER = Goal(angle="right_knee_flexion", kind="at_least", low_deg=85)
STRAIGHT = Goal(angle="left_knee_flexion", kind="at_most", high_deg=10)
BENT = Goal(angle="left_hip_flexion", kind="within", low_deg=30, high_deg=50)
LEAN = Goal(angle="trunk_lean", kind="at_most", high_deg=20)
GOALS = [DEEP, STRAIGHT, BENT, LEAN]
PICTURE = np.full((360, 640, 3), 120, dtype=np.uint8)
SQUATS = make_squats(10.0)
WAIT_S = 10


class Athlete:
    """Stands in the place of the estimator: does squats, at the time of each frame."""

    def estimate(self, frame_rgb, time_s):
        return take_frame(round(time_s * 30) % len(SQUATS), time_s)

    def close(self):
        pass


def take_frame(number, time_s):
    return PoseFrame(
        time_s=time_s,
        image_landmarks=SQUATS.image_landmarks[number],
        world_landmarks=SQUATS.world_landmarks[number],
        visibility=SQUATS.visibility[number],
        presence=SQUATS.presence[number],
    )


def make_moment(number, **more):
    frame = take_frame(number, number / 30)
    return LiveMoment(
        frame=frame,
        calm=frame,
        frame_number=number,
        image_size=(640, 360),
        frame_rgb=PICTURE,
        arrived_s=frame.time_s,
        **more,
    )


def open_room(store, settings):
    """A room whose camera runs; frames arrive at their own time, or a leap would be put right."""
    room = LiveRoom(store, settings)
    room.pipeline._open_estimator = Athlete
    room.pipeline._clock = Clock()
    room.pipeline._clock.now_s = 0.0
    # What comes while the estimator opens is stale.
    while room.pipeline.submit(0.0, PICTURE.copy).result(WAIT_S) is None:
        pass
    return room


@pytest.fixture
def room(store, settings):
    room = open_room(store, settings)
    yield room
    room.camera_ended()


def film(room, first, stop):
    """Let the camera give the frames of a stretch of squats."""
    for number in range(first, stop):
        room.pipeline._clock.now_s = number / 30
        room.pipeline.submit(number / 30, PICTURE.copy).result(WAIT_S)


def record(room, first=300, stop=600):
    room.start_recording(delay_s=0, name="Squats")
    film(room, first, stop)
    room.stop_recording()
    return room.last_session


def shown(room, number=0):
    return room.status()["parts"]["goals"]["goals"][number]


def test_what_was_counted_live_is_what_the_stored_recording_gives(room, store):
    room.goals.choose(GOALS)
    film(room, 1, 40)
    session = record(room)
    sequence = store.load_sequence(session.id)
    kept = store.goals.list(session.id)
    assert [each.goal for each in kept] == GOALS
    for each in kept:
        assert each.result == measure_goal(sequence, each.goal)
    assert [each.result.n_repetitions for each in kept] == [5, 4, 5, 0]
    assert kept[0].result.seen_s == pytest.approx(session.duration_s)
    # Counted live, and not because the stored frames were read again.
    assert room.goals._counted.is_of(session)


def test_each_recording_counts_anew_and_so_does_what_follows_it(room):
    room.goals.choose([DEEP])
    film(room, 1, 150)
    assert shown(room)["n_repetitions"] == 2
    room.start_recording(delay_s=0, name="Squats")
    film(room, 150, 156)
    assert shown(room)["n_repetitions"] == 0
    assert room.status()["parts"]["goals"]["is_recording"]
    film(room, 156, 300)
    assert shown(room)["n_repetitions"] == 2
    room.stop_recording()
    last = shown(room)["last"]
    assert last["n_repetitions"] == 2
    assert last["in_zone_s"] == pytest.approx(measure_goal(SQUATS[150:], DEEP).in_zone_s, abs=0.05)
    assert shown(room)["n_repetitions"] == 0
    film(room, 301, 331)
    assert shown(room)["n_repetitions"] == 0
    film(room, 331, 361)
    assert shown(room)["n_repetitions"] == 1
    assert record(room, 450, 500) is not None
    assert shown(room)["last"]["n_repetitions"] == 0


def test_whoever_looks_seldom_still_learns_of_each_visit_to_the_zone(room):
    room.goals.choose([DEEP])
    film(room, 1, 10)
    assert (shown(room)["n_entered"], shown(room)["n_left"]) == (0, 0)
    film(room, 10, 130)
    assert shown(room)["zone"] == "out"
    assert (shown(room)["n_entered"], shown(room)["n_left"]) == (2, 2)
    # Not taken back: what is heard does not depend on when counting began.
    room.obey({"part": "goals", "do": "reset"})
    assert shown(room)["n_entered"] == 2


def test_whoever_is_hidden_neither_comes_into_the_zone_nor_leaves_it(room):
    room.goals.choose([STRAIGHT])
    film(room, 1, 5)
    hidden = PoseFrame.empty(2.0)
    room.goals.see(replace(make_moment(60), frame=hidden, calm=hidden))
    assert shown(room)["zone"] == "unseen"
    film(room, 61, 65)
    assert shown(room)["zone"] == "in"
    assert (shown(room)["n_entered"], shown(room)["n_left"]) == (1, 0)


def test_frames_that_were_not_counted_are_counted_from_the_stored_ones(room, store):
    room.goals.choose([DEEP])
    room.start_recording(delay_s=0, name="Squats")
    film(room, 300, 400)
    room.recorder.add_frame(take_frame(100, 400 / 30), (640, 360))  # past the parts
    film(room, 401, 600)
    room.stop_recording()
    session = room.last_session
    (kept,) = store.goals.list(session.id)
    assert kept.result == measure_goal(store.load_sequence(session.id), DEEP)
    assert kept.result.seen_s == pytest.approx(session.duration_s)


def test_a_recording_that_begins_in_the_midst_of_the_frames_counts_each_of_them(room, store):
    """Parts are told of a start one after the other, while frames come already."""
    room.goals.choose([DEEP])
    film(room, 1, 200)
    tell = room.goals.recording_started
    room.ghost.recording_started = lambda: film(room, 330, 334)
    room.goals.recording_started = lambda: (film(room, 334, 338), tell())
    room.start_recording(delay_s=0, name="Squats")
    film(room, 338, 600)
    room.stop_recording()
    session = room.last_session
    assert session.frame_count == 270
    assert room.goals._counted.is_of(session)
    (kept,) = store.goals.list(session.id)
    assert kept.result == measure_goal(store.load_sequence(session.id), DEEP)


def test_a_frame_still_on_its_way_when_its_recording_is_stopped_takes_nothing_back(room, store):
    room.goals.choose([DEEP])
    add_frame, see = room.recorder.add_frame, room.goals.see
    recorded, was_stopped = [], []

    def add_and_note(*frame):
        recorded.append(add_frame(*frame))
        return recorded[-1]

    def stop_and_see(moment):
        if len(recorded) == 200 and not was_stopped:
            was_stopped.append(True)
            room.stop_recording()
        see(moment)

    room.start_recording(delay_s=0, name="Squats")
    room.recorder.add_frame, room.goals.see = add_and_note, stop_and_see
    film(room, 300, 560)
    session = room.last_session
    assert session.frame_count == 200
    (kept,) = store.goals.list(session.id)
    assert kept.result == measure_goal(store.load_sequence(session.id), DEEP)
    assert kept.result.n_repetitions == shown(room)["last"]["n_repetitions"] == 3
    assert not room.status()["parts"]["goals"]["is_recording"]


def test_of_two_recordings_with_no_frame_in_between_each_has_its_own_numbers(room, store):
    room.goals.choose([DEEP])
    for first, n_repetitions in ((300, 2), (420, 3)):
        session = record(room, first, first + 60 * n_repetitions + 10)
        (kept,) = store.goals.list(session.id)
        assert kept.result == measure_goal(store.load_sequence(session.id), DEEP)
        assert kept.result.n_repetitions == n_repetitions


def test_goals_chosen_anew_before_a_recording_is_stored_take_nothing_from_it(room, store):
    room.goals.choose([DEEP])
    stop = room.recorder.stop

    def choose_and_stop(**changes):
        session = stop(**changes)
        film(room, 600, 602)
        room.goals.choose([STRAIGHT])
        return session

    room.recorder.stop = choose_and_stop
    (kept,) = store.goals.list(record(room).id)
    assert (kept.goal, kept.result.n_repetitions) == (DEEP, 5)
    assert shown(room)["last"] is None


def test_what_was_seen_just_before_a_recording_counts_in_it(room, store):
    room.goals.choose([DEEP])
    film(room, 300, 430)
    lead_in = room.buffer.get_last(4.0).frames
    room.start_recording(delay_s=0, lead_in=lead_in, name="Squats")
    room.stop_recording()
    (kept,) = store.goals.list(room.last_session.id)
    assert kept.result.n_repetitions >= 1
    assert kept.result == measure_goal(store.load_sequence(room.last_session.id), DEEP)


def test_goals_do_not_change_while_something_is_recorded(room, store):
    room.goals.choose([DEEP])
    room.start_recording(delay_s=0, name="Squats")
    film(room, 300, 330)
    room.goals.choose([STRAIGHT])
    assert room.goals.goals == [DEEP]
    room.stop_recording()
    assert [each.goal for each in store.goals.list(room.last_session.id)] == [DEEP]
    room.goals.choose([STRAIGHT])
    assert room.goals.goals == [STRAIGHT]


def test_a_goal_that_stays_goes_on_counting_and_a_new_one_begins(room):
    room.goals.choose([DEEP])
    film(room, 1, 70)
    room.goals.choose([STRAIGHT, DEEP])
    assert (shown(room, 1)["label"], shown(room, 1)["n_repetitions"]) == (DEEP.label, 1)
    assert shown(room)["n_repetitions"] == 0
    with pytest.raises(InvalidFieldError, match="4 goals are followed at once"):
        room.goals.choose([*GOALS, DEEPER])
    assert room.goals.goals == [STRAIGHT, DEEP]


def test_counting_anew_is_possible_but_not_in_a_recording(room):
    room.goals.choose([DEEP])
    film(room, 1, 70)
    room.obey({"part": "goals", "do": "reset"})
    assert shown(room)["n_repetitions"] == 0
    room.start_recording(delay_s=0, name="Squats")
    film(room, 300, 370)
    with pytest.raises(InvalidMessageError, match="stop it, then count anew"):
        room.obey({"part": "goals", "do": "reset"})
    assert shown(room)["n_repetitions"] == 1
    with pytest.raises(InvalidMessageError, match="cannot do 'explode'"):
        room.obey({"part": "goals", "do": "explode"})


def test_the_camera_started_again_has_another_clock_and_counting_goes_on(room):
    room.goals.choose([DEEP])
    film(room, 301, 370)
    room.camera_ended()
    assert (shown(room)["zone"], shown(room)["value_deg"]) == ("unseen", None)
    while room.pipeline.submit(0.0, PICTURE.copy).result(WAIT_S) is None:
        pass
    film(room, 1, 70)
    assert shown(room)["n_repetitions"] == 2


def test_without_goals_nothing_is_kept(room, store):
    assert store.goals.list(record(room).id) == []
    assert room.status()["parts"]["goals"]["goals"] == []


def test_the_panel_hears_the_zone_the_value_and_what_was_reached(room):
    room.goals.choose([DEEP, LEAN])
    film(room, 1, 31)
    goal = shown(room)
    assert (goal["zone"], goal["value_deg"], goal["best_deg"]) == ("in", 90, 90)
    limits = (goal["lowest_deg"], goal["low_deg"], goal["high_deg"], goal["highest_deg"])
    assert limits == (0, 80, 180, 180)
    assert (shown(room, 1)["label"], shown(room, 1)["zone"]) == ("Trunk lean at most 20°", "in")
    film(room, 31, 61)
    assert (shown(room)["zone"], shown(room)["value_deg"], shown(room)["last"]) == ("out", 0, None)


# On the picture


def draw(room, number, *, mirror=False):
    room.goals.see(make_moment(number))
    picture = PICTURE.copy()
    room.goals.draw_above(Canvas(picture, mirror=mirror))
    return picture


def count_pixels(picture, colour):
    return int((picture == np.array(colour, np.uint8)).all(axis=-1).sum())


@pytest.mark.parametrize("mirror", [False, True])
def test_in_the_zone_the_ring_is_whole_and_green_with_a_tick_and_outside_dashed(room, mirror):
    room.goals.choose([DEEP])
    inside, outside = draw(room, 30, mirror=mirror), draw(room, 60, mirror=mirror)
    assert count_pixels(inside, GOOD_RGB) > 100
    assert count_pixels(inside, WARN_RGB) == 0
    assert count_pixels(outside, WARN_RGB) > 40
    assert count_pixels(outside, GOOD_RGB) == 0
    knee = SQUATS.image_landmarks[30, ANGLES[DEEP.angle].joint[1]]
    x = (1 - knee[0] if mirror else knee[0]) * 640
    columns = np.flatnonzero((inside != 120).any(axis=(0, 2)))
    assert x - 40 < columns.min() < x < columns.max() < x + 40


def test_two_goals_at_one_joint_are_two_rings(room):
    room.goals.choose([DEEP])
    one = count_pixels(draw(room, 30), GOOD_RGB)
    room.goals.choose([DEEP, DEEPER])
    assert count_pixels(draw(room, 31), GOOD_RGB) > 1.8 * one


def test_who_is_not_seen_has_no_ring(room):
    room.goals.choose(GOALS)
    frame = PoseFrame.empty(1.0)
    room.goals.see(
        LiveMoment(
            frame=frame, calm=frame, frame_number=30, image_size=(640, 360),
            frame_rgb=PICTURE, arrived_s=1.0,
        )
    )  # fmt: skip
    picture = PICTURE.copy()
    room.goals.draw_above(Canvas(picture))
    np.testing.assert_array_equal(picture, PICTURE)
    assert math.isnan(room.goals._readings_deg[0])


# Nothing lost


def test_a_killed_program_loses_neither_goals_nor_numbers(settings):
    """The goals are there with the first frames; what was reached is counted when one looks."""
    script = f"""
import os
from posecore import Settings, open_store
from tests.unit.test_goals_live import DEEP, film, open_room
settings = Settings.from_env({{"POSECORE_DATA": {str(settings.data_dir)!r}}})
store = open_store(settings.database)
room = open_room(store, settings)
room.goals.choose([DEEP])
room.start_recording(delay_s=0, name="Squats")
film(room, 300, 600)
while store.get_sessions() == [] or store.get_sessions()[0].frame_count < 300:
    pass
os._exit(9)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False, timeout=120)
    assert done.returncode == 9
    with open_store(settings.database) as store:
        (session,) = store.recover_sessions()
        assert store.goals.list(session.id) == [SessionGoal(goal=DEEP)]
        (found,) = load_goals(store, session.id)
        assert found.result == measure_goal(store.load_sequence(session.id), DEEP)
    assert found.result.n_repetitions == 5


def test_goals_that_cannot_be_kept_do_not_cost_the_recording(room, store, monkeypatch):
    def refuse(*_):
        raise StorageFullError("The disk is full; make room.")

    room.goals.choose([DEEP])
    monkeypatch.setattr(GoalStore, "set", refuse)
    session = record(room)
    assert session.frame_count == 300
    assert "make room" in room.problem
    assert store.get_session(session.id).status == "completed"
