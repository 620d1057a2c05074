"""Find by movement: moments that are known by hand."""

import itertools
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import duckdb
import numpy as np
import pandas as pd
import pytest

from posecore import SIGNALS, Condition, PoseSequence, compute_readings, find_moments, open_store
from posecore.conditions import MAX_CONDITIONS, check_conditions
from posecore.errors import InvalidOptionError, SessionNotFoundError, StorageFullError
from posecore.reading_job import ReadingJob
from posecore.search import count_unread_frames, fill_readings
from posecore.signal_readings import find_readings_version
from posecore.synthetic import make_sequence, make_squats
from tests.unit.older_database import make_older

FPS = 30
COLUMNS = ["session_id", "name", "athlete", "created_at", "start_s", "end_s", "duration_s"]


def make_bends(*parts, begin_s=0.0, **options):
    """A left elbow at one angle after another: (degrees, seconds) each."""
    bend = np.concatenate([np.full(round(seconds * FPS), degrees) for degrees, seconds in parts])
    time_s = begin_s + np.arange(len(bend)) / FPS
    return make_sequence({"left_elbow_flexion": bend.astype(float)}, time_s=time_s, **options)


def without(sequence, frames):
    """The same with nobody seen in these frames."""
    arrays = {}
    for name in ("image_landmarks", "world_landmarks", "visibility", "presence"):
        arrays[name] = np.array(getattr(sequence, name))
        arrays[name][frames] = np.nan
    return replace(sequence, **arrays)


def cut(sequence, keep):
    """Only these frames of a recording."""
    names = ("time_s", "image_landmarks", "world_landmarks", "visibility", "presence")
    arrays = {name: getattr(sequence, name)[keep] for name in (*names, "frame_number")}
    return PoseSequence(image_size=sequence.image_size, **arrays)


def add(store, sequence, *, is_finished=True, **fields):
    session_id = store.create_session(**{"name": "Bends", "source": "live"} | fields)
    store.append_frames(session_id, sequence)
    if is_finished:
        store.finish_session(session_id)
    return session_id


def spans(moments):
    return [(row.start_s, row.end_s) for row in moments.itertuples()]


# Conditions


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("left_elbow_flexion > 90", Condition(signal="left_elbow_flexion", above=90)),
        (" hip_speed<.05 ", Condition(signal="hip_speed", below=0.05)),
        ("-10 < trunk_twist < +20.5", Condition(signal="trunk_twist", above=-10, below=20.5)),
    ],
)
def test_a_condition_is_read_and_written(text, condition):
    assert Condition.parse(text) == condition
    assert Condition.parse(str(condition)) == condition


@pytest.mark.parametrize(
    "text",
    [
        "",
        "left_elbow_flexion",
        "left_elbow_flexion = 90",
        "left_elbow_flexion >= 90",
        "left_elbow_flexion > ninety",
        "left_elbow_flexion > nan",
        "left_elbow_flexion > 1e999",
        "left_elbow_flexion > 9000",
        "10 < left_elbow_flexion > 5",
        "90 < left_elbow_flexion < 60",
        "60 < left_elbow_flexion < 60",
        "height > 2",
        "session_id > 2",
        "1 = 1; DROP TABLE sessions; --",
        "left_elbow_flexion > 90 OR 1 < hip_speed < 2",
        "left_elbow_flexion > \u0669\u0660",
        "LEFT_ELBOW_FLEXION > 90",
    ],
)
def test_what_is_no_condition_is_refused_in_a_sentence(store, text):
    with pytest.raises(InvalidOptionError) as refused:
        find_moments(store, [text])
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"above": float("nan")},
        {"below": float("inf")},
        {"above": 90, "below": 90},
        {"above": 181},
    ],
)
def test_a_condition_that_cannot_hold_cannot_be_made(fields):
    with pytest.raises(InvalidOptionError):
        Condition(signal="left_elbow_flexion", **fields)


def test_conditions_that_exclude_each_other_are_refused():
    fitting = ["left_elbow_flexion > 30", "left_elbow_flexion < 90", "right_elbow_flexion < 30"]
    assert len(check_conditions(fitting)) == 3
    with pytest.raises(InvalidOptionError, match="above 90 and below 30 at once"):
        check_conditions(["left_elbow_flexion > 90", "left_elbow_flexion < 30"])
    for wrong in ([], ["hip_speed > 0"] * (MAX_CONDITIONS + 1)):
        with pytest.raises(InvalidOptionError, match=f"1 to {MAX_CONDITIONS} conditions"):
            check_conditions(wrong)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_a_length_is_a_number_of_seconds(store, seconds):
    with pytest.raises(InvalidOptionError, match="number of seconds"):
        find_moments(store, ["hip_speed > 0"], min_duration_s=seconds)


# Readings


def test_there_is_a_reading_of_every_signal_in_its_unit():
    wave = np.sin(np.arange(90) / FPS)
    sequence = make_sequence(
        {"left_shoulder_elevation": np.full(90, 180.0), "right_elbow_flexion": 50 + 40 * wave},
        time_s=np.arange(90) / FPS,
    )
    readings = compute_readings(sequence)
    assert list(readings.columns) == list(SIGNALS)
    assert readings.index.to_numpy() == pytest.approx(sequence.time_s)
    assert readings["right_elbow_flexion"].to_numpy() == pytest.approx(50 + 40 * wave, abs=0.1)
    assert (readings["left_hand_above_head"] > 0.1).all()
    assert (readings["right_hand_above_head"] < -0.1).all()
    assert readings["hip_speed"].iloc[2:-2].max() < 1e-3
    for name, signal in SIGNALS.items():
        known = readings[name].dropna()
        assert known.between(signal.lowest, signal.highest).all(), name


def test_the_hips_speed_is_in_body_heights():
    time_s = np.arange(120) / FPS
    travel_m = np.stack([0.5 * time_s, 0 * time_s, 0 * time_s], axis=1)
    readings = compute_readings(make_sequence(time_s=time_s, travel_m=travel_m))
    # Leg and trunk of the figure are 1.36 m, which is 0.779 of a body's height.
    assert readings["hip_speed"].iloc[30:90].to_numpy() == pytest.approx(
        0.5 / (1.36 / 0.779), rel=0.02
    )


@pytest.mark.parametrize("n_frames", [0, 1, 2, 5])
@pytest.mark.parametrize("is_empty", [False, True])
def test_hardly_any_frames_and_nobody_in_them_are_read_and_searched(store, n_frames, is_empty):
    few = make_squats(1.0)[:n_frames]
    few = without(few, slice(None)) if is_empty else few
    assert len(compute_readings(few)) == n_frames
    session_id = store.create_session(name="Few", source="live")
    store.append_frames(session_id, few)
    store.finish_session(session_id)
    found = find_moments(store, ["left_knee_flexion < 90"])
    assert list(found.columns) == COLUMNS
    assert len(found) == (n_frames > 0 and not is_empty)


def test_without_a_picture_angles_are_searched_all_the_same(store):
    bends = make_bends((20, 1), (120, 2))
    add(store, replace(bends, image_landmarks=np.full_like(bends.image_landmarks, np.nan)))
    assert len(find_moments(store, ["left_elbow_flexion > 70"])) == 1
    assert find_moments(store, ["hip_speed < 30"]).empty
    assert find_moments(store, ["left_hand_above_head < 3"]).empty


def test_the_table_has_a_column_for_every_signal(settings):
    with open_store(settings.database):
        pass
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        columns = connection.execute(
            "SELECT column_name FROM duckdb_columns() WHERE table_name = 'reading_frames'"
        ).fetchall()
    names = {name for (name,) in columns}
    assert names == {"session_id", "place", "time_s", *SIGNALS}, "a new signal needs a migration"


# Searching


def test_a_moment_goes_from_its_first_to_its_last_frame(store):
    session_id = add(store, make_bends((20, 2), (120, 3), (20, 2), (120, 1), (20, 1)), athlete="Mi")
    found = find_moments(store, ["left_elbow_flexion > 70"])
    assert list(found.columns) == COLUMNS
    assert set(found["session_id"]) == {session_id}
    assert set(found["athlete"]) == {"Mi"}
    assert [start for start, _ in spans(found)] == pytest.approx([2, 7], abs=0.05)
    assert [end for _, end in spans(found)] == pytest.approx([5, 8], abs=0.05)
    assert found["duration_s"].to_numpy() == pytest.approx(found["end_s"] - found["start_s"])
    assert abs(found["created_at"][0] - datetime.now(UTC)) < timedelta(minutes=5)


def test_short_moments_are_left_out(store):
    add(store, make_bends((20, 2), (120, 3), (20, 2), (120, 1), (20, 1)))
    longest = find_moments(store, ["left_elbow_flexion > 70"])["duration_s"].max()
    for min_duration_s, n_found in ((0.5, 2), (2.0, 1), (longest, 1), (longest + 0.01, 0)):
        found = find_moments(store, ["left_elbow_flexion > 70"], min_duration_s=min_duration_s)
        assert len(found) == n_found


def test_all_conditions_hold_at_once(store):
    bend = 90 - 90 * np.cos(2 * np.pi * np.arange(120) / 120)
    both = {"left_elbow_flexion": bend, "right_elbow_flexion": 180 - bend}
    add(store, make_sequence(both, time_s=np.arange(120) / FPS))
    left, right = "left_elbow_flexion > 90", "right_elbow_flexion > 45"
    [(start_s, end_s)] = spans(find_moments(store, [left]))
    assert (start_s, end_s) == pytest.approx((1, 3), abs=0.05)
    # Left above 90 and right above 45, that is left below 135.
    found = find_moments(store, [left, right])
    third = 4 / 3  # cos is -1/2 at a third of the period
    assert [end for _, end in spans(found)] == pytest.approx([third, 3], abs=0.05)
    assert spans(find_moments(store, ["90 < left_elbow_flexion < 135"])) == spans(found)


def test_still_hips_with_a_bent_elbow(store):
    """The question of the issue: left elbow bent and hips still for more than 2 s."""
    time_s = np.arange(10 * FPS) / FPS
    bend = np.where(time_s < 8, 120.0, 10.0)
    travel_m = np.zeros((len(time_s), 3))
    travel_m[:, 0] = 0.6 * np.clip(time_s - 1, 0, 2)  # on the way from 1 s to 3 s
    add(store, make_sequence({"left_elbow_flexion": bend}, time_s=time_s, travel_m=travel_m))
    found = find_moments(store, ["left_elbow_flexion > 90", "hip_speed < 0.05"], min_duration_s=2.0)
    [(start_s, end_s)] = spans(found)
    assert (start_s, end_s) == pytest.approx((3.2, 8), abs=0.25)


def test_a_missing_reading_ends_a_moment(store):
    add(store, without(make_bends((120, 6)), slice(60, 120)))
    starts_ends = np.array(spans(find_moments(store, ["left_elbow_flexion > 70"])))
    assert starts_ends == pytest.approx(np.array([[0, 2 - 1 / FPS], [4, 6 - 1 / FPS]]), abs=0.01)


def test_a_hole_in_time_ends_a_moment(store):
    whole = make_bends((120, 6), begin_s=100.0)
    add(store, cut(whole, np.r_[0:60, 75:180]))
    found = find_moments(store, ["left_elbow_flexion > 70"])
    # Counted from the first frame, as the replay does.
    assert np.array(spans(found)) == pytest.approx(
        np.array([[0, 59 / FPS], [75 / FPS, 179 / FPS]]), abs=1e-6
    )


def test_frames_of_a_slow_camera_belong_together(store):
    time_s = np.arange(10) / 2.0
    add(store, make_sequence({"left_elbow_flexion": np.full(10, 120.0)}, time_s=time_s))
    assert spans(find_moments(store, ["left_elbow_flexion > 70"])) == [(0.0, 4.5)]


def test_the_value_itself_does_not_count_and_a_tenth_of_a_degree_does(store):
    session_id = add(store, make_bends((90, 1)))
    readings = compute_readings(make_bends((90, 1)))
    readings["left_elbow_flexion"] = 90.1
    store.readings.keep(session_id, find_readings_version(), readings, longest_step_s=0.25)
    for text, n_found in (
        ("left_elbow_flexion > 90", 1),
        ("left_elbow_flexion > 90.05", 1),
        ("left_elbow_flexion > 90.1", 0),
        ("left_elbow_flexion < 90.1", 0),
        ("left_elbow_flexion < 90.15", 1),
        ("90 < left_elbow_flexion < 90.2", 1),
        ("left_elbow_flexion > 180", 0),
        ("left_elbow_flexion < 0", 0),
    ):
        assert len(find_moments(store, [text])) == n_found, text


def test_filters_by_athlete_tag_and_date(store):
    hostile = "Robert'); DROP TABLE sessions; --"
    mira = add(store, make_bends((120, 1)), athlete="Mira", tags=["wall", "it's"])
    robert = add(store, make_bends((120, 1)), athlete=hostile)
    now = datetime.now(UTC)

    def find(**filters):
        return list(find_moments(store, ["left_elbow_flexion > 70"], **filters)["session_id"])

    assert find() == [robert, mira]
    assert find(athlete="Mira") == [mira]
    assert find(athlete=hostile) == [robert]
    assert find(athlete="' OR '1'='1") == []
    assert find(tag="it's") == [mira]
    assert find(athlete=hostile, tag="wall") == []
    assert find(since=now - timedelta(hours=1), until=now + timedelta(hours=1)) == [robert, mira]
    assert find(since=now + timedelta(hours=1)) == []
    assert find(until=datetime.now() - timedelta(hours=1)) == []


@pytest.mark.parametrize("day", [datetime.min, datetime.max.replace(tzinfo=UTC)])
def test_a_day_beyond_the_calendar_is_refused_or_finds_nothing(store, day):
    add(store, make_bends((120, 1)))
    try:
        found = find_moments(store, ["left_elbow_flexion > 70"], since=day, until=day)
    except InvalidOptionError as error:
        assert "choose another day" in str(error)
    else:
        assert found.empty


def test_one_condition_needs_no_list(store):
    add(store, make_bends((120, 1)))
    for one in ("left_elbow_flexion > 70", Condition(signal="left_elbow_flexion", above=70)):
        assert len(find_moments(store, one)) == 1


def test_nobody_finds_what_is_somebody_elses(store):
    add(store, make_bends((120, 1)))
    stranger = store.for_owner("stranger")
    assert len(find_moments(store, ["left_elbow_flexion > 70"])) == 1
    assert find_moments(stranger, ["left_elbow_flexion > 70"]).empty
    assert count_unread_frames(stranger) == 0


def test_without_sessions_nothing_is_found(store):
    found = find_moments(store, ["hip_speed < 1"])
    assert found.empty
    assert list(found.columns) == COLUMNS
    assert str(found["created_at"].dtype).endswith("UTC]")


# Kept in the database


def test_readings_are_made_once_for_finished_sessions(store):
    add(store, make_bends((120, 1)))
    growing = add(store, make_bends((120, 2)), is_finished=False)
    assert count_unread_frames(store) == 30
    seen = []
    for _ in range(2):
        find_moments(store, ["hip_speed < 1"], on_progress=lambda *told: seen.append(told))
    assert seen == [(0, 30), (30, 30)]
    store.finish_session(growing)
    assert list(fill_readings(store)) == [(0, 60), (60, 60)]
    assert list(fill_readings(store)) == []


def test_stopping_in_between_loses_nothing(store):
    for _ in range(3):
        add(store, make_bends((120, 1)))
    steps = fill_readings(store)
    assert [next(steps), next(steps)] == [(0, 90), (30, 90)]
    steps.close()
    assert count_unread_frames(store) == 60


def test_a_job_that_is_closed_leaves_the_rest_to_the_next(store):
    for _ in range(3):
        add(store, make_bends((120, 1)))
    first = ReadingJob(store)
    first.close()
    assert not first.is_running
    n_left = count_unread_frames(store)
    assert n_left == 90 - first.n_done
    second = ReadingJob(store)
    second.wait()
    assert (second.n_done, second.error) == (n_left, "")
    assert len(find_moments(store, ["left_elbow_flexion > 70"], fill=False)) == 3


def test_a_job_without_room_says_so(store, monkeypatch):
    add(store, make_bends((120, 1)))
    full = StorageFullError("The disk is full; free some space.")

    def refuse(_sequence):
        raise full

    monkeypatch.setattr("posecore.search.compute_readings", refuse)
    job = ReadingJob(store)
    job.wait()
    assert job.error == str(full)
    assert count_unread_frames(store) == 30


def test_a_session_deleted_meanwhile_is_passed_over(store):
    gone, kept = add(store, make_bends((120, 1))), add(store, make_bends((120, 1)))
    steps = fill_readings(store)
    next(steps)
    store.delete_session(gone)
    assert list(steps) == [(30, 60), (60, 60)]
    assert list(find_moments(store, ["left_elbow_flexion > 70"])["session_id"]) == [kept]


def test_another_version_is_made_again(store):
    session_id = add(store, make_bends((120, 1)))
    readings = compute_readings(make_bends((20, 1)))
    store.readings.keep(session_id, "of last year", readings, longest_step_s=0.25)
    assert count_unread_frames(store) == 30
    assert len(find_moments(store, ["left_elbow_flexion > 70"])) == 1
    assert store.readings.find_missing("of last year") != []


def test_they_go_with_their_session(settings):
    with open_store(settings.database) as store:
        gone, failed, kept = (add(store, make_bends((120, 1))) for _ in range(3))
        assert len(find_moments(store, ["left_elbow_flexion > 70"])) == 3
        store.delete_session(gone)
        store.fail_session(failed, "Because.")
        assert list(find_moments(store, ["left_elbow_flexion > 70"])["session_id"]) == [kept]
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        for table in ("readings", "reading_frames"):
            ids = connection.execute(f"SELECT DISTINCT session_id FROM {table}").fetchall()
            assert [str(session_id) for (session_id,) in ids] == [kept]


def test_a_session_that_still_grows_or_is_gone_keeps_none(store):
    growing = add(store, make_bends((120, 1)), is_finished=False)
    readings = compute_readings(make_bends((120, 1)))
    store.readings.keep(growing, find_readings_version(), readings, longest_step_s=0.25)
    assert find_moments(store, ["left_elbow_flexion > 70"]).empty
    for somebody, unknown in ((store, str(uuid4())), (store.for_owner("stranger"), growing)):
        with pytest.raises(SessionNotFoundError):
            somebody.readings.keep(unknown, "any", readings, longest_step_s=0.25)


def test_a_database_from_before_is_searched_as_well(settings):
    with open_store(settings.database) as store:
        session_id = store.create_session(name="Old", source="live")
        store.append_frames(session_id, make_bends((120, 1)))
    make_older(settings.database, 5)
    with open_store(settings.database) as store:
        store.finish_session(session_id)
        found = find_moments(store, ["left_elbow_flexion > 70"])
        assert list(found["name"]) == ["Old"]
        assert isinstance(found, pd.DataFrame)


def test_the_time_left_never_rises_while_a_long_session_is_read(monkeypatch):
    clock, begins, jobs, left = itertools.count(), threading.Event(), [], []

    def read(_store):
        begins.wait()
        yield 0, 3030
        yield 30, 3030
        left.extend(jobs[0].remaining_s for _ in range(500))
        yield 3030, 3030

    ticking = SimpleNamespace(monotonic=lambda: float(next(clock)))
    monkeypatch.setattr("posecore.reading_job.time", ticking)
    monkeypatch.setattr("posecore.reading_job.fill_readings", read)
    jobs.append(ReadingJob(None))
    begins.set()
    jobs[0].wait()
    assert left == sorted(left, reverse=True)
    assert left[0] > left[-1] == 1.0
    assert jobs[0].remaining_s == 0
