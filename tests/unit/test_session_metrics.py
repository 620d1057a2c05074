"""Numbers of stored sessions: computed once, kept while they are true, gone with their session."""

import sys
from dataclasses import replace
from uuid import uuid4

import duckdb
import numpy as np
import pytest

from posecore import METRICS, compute_metrics, open_store
from posecore.climbing import ClimbingThresholds
from posecore.errors import SessionNotFoundError
from posecore.session_metrics import (
    _SOURCES,
    describe_measuring,
    find_metrics_version,
    find_unmeasured,
    measure_session,
)
from posecore.synthetic import make_squats
from tests.unit.older_database import make_older

NAMES = ["repetition_count", "longest_hold", "sparc"]


def add_session(store, sequence=None, *, is_finished=True):
    session_id = store.create_session(name="Squats", source="live")
    store.append_frames(session_id, make_squats(6.0) if sequence is None else sequence)
    if is_finished:
        store.finish_session(session_id)
    return session_id


def load(store, *names, measured=None):
    return store.metrics.load(measured or describe_measuring(), names or NAMES)


def test_what_is_kept_is_what_was_computed(settings):
    expected = compute_metrics(make_squats(6.0))
    with open_store(settings.database) as store:
        session_id = add_session(store)
        assert find_unmeasured(store, store.get_sessions(), describe_measuring()) != []
        measured = measure_session(store, session_id)
        np.testing.assert_array_equal(measured["value"], expected["value"])
    with open_store(settings.database) as store:  # the next day
        assert find_unmeasured(store, store.get_sessions(), describe_measuring()) == []
        kept = load(store, *METRICS).set_index("name")
        assert set(kept["session_id"]) == {session_id}
        for name in METRICS:
            np.testing.assert_equal(kept["value"][name], expected["value"][name])
            assert kept["reason"][name] == expected["note"][name]


def test_without_numbers_there_is_an_empty_table(store):
    assert list(load(store).columns) == ["session_id", "name", "value", "reason"]
    assert load(store).empty
    measure_session(store, add_session(store))
    assert load(store, "no such number")["value"].isna().all()


@pytest.mark.parametrize("n_frames", [0, 1, 2])
def test_hardly_any_frames_have_a_reason_for_every_number(store, n_frames):
    measure_session(store, add_session(store, make_squats(1.0)[:n_frames]))
    kept = load(store)
    assert kept["value"].isna().all()
    assert kept["reason"].str.contains("too few").all()


def test_numbers_of_another_kind_are_not_shown_in_their_place(store):
    session_id = add_session(store)
    measure_session(store, session_id)
    slow = ClimbingThresholds(immobile=0.5)
    others = [
        describe_measuring("cleaned"),
        describe_measuring(limits=slow),
        describe_measuring()._replace(version="of last year"),
    ]
    for other in others:
        assert load(store, measured=other).empty
        assert [each.id for each in find_unmeasured(store, store.get_sessions(), other)] == [
            session_id
        ]
    measure_session(store, session_id, "cleaned")
    assert len(load(store)) == len(load(store, measured=others[0])) == len(NAMES)
    measure_session(store, session_id, limits=slow)
    assert load(store).empty
    assert len(load(store, measured=others[1])) == len(NAMES)


def test_a_session_that_still_grows_is_not_kept(store):
    session_id = add_session(store, is_finished=False)
    measure_session(store, session_id)
    store.finish_session(session_id)
    assert load(store).empty


def test_they_go_with_their_session(settings):
    with open_store(settings.database) as store:
        gone, failed, kept = (add_session(store, make_squats(2.0)) for _ in range(3))
        for session_id in (gone, failed, kept):
            measure_session(store, session_id)
        store.delete_session(gone)
        store.fail_session(failed, "Because.")
        assert set(load(store)["session_id"]) == {kept}
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM session_metrics").fetchall() == [(1,)]


def test_somebody_elses_are_not_seen(store):
    session_id = add_session(store)
    table = measure_session(store, session_id)
    stranger = store.for_owner("stranger")
    assert load(stranger).empty
    assert stranger.metrics.find_measured(describe_measuring()) == set()
    for unknown in (session_id, str(uuid4()), "' OR 1=1 --"):
        with pytest.raises(SessionNotFoundError):
            measure_session(stranger, unknown)
        with pytest.raises(SessionNotFoundError):
            stranger.metrics.keep(
                unknown, describe_measuring(), frame_count=len(table), numbers={}, reasons={}
            )


def test_the_version_hangs_on_every_file_the_numbers_come_from(store):
    measure_session(store, add_session(store))
    below = set()

    def follow(name):
        module = sys.modules[name]
        for value in vars(module).values():
            home = getattr(value, "__module__", None)
            if isinstance(home, str) and home.startswith("posecore.") and home not in below:
                below.add(home)
                follow(home)

    follow("posecore.metrics")
    files = {f"{name.removeprefix('posecore.')}.py" for name in below | {"posecore.metrics"}}
    assert files - {"errors.py"} <= set(_SOURCES)
    assert "-" in find_metrics_version()


def test_a_database_from_before_keeps_them(settings):
    with open_store(settings.database) as store:
        session_id = store.create_session(name="Squats", source="live", athlete="Mira")
        store.append_frames(session_id, make_squats(2.0))
    make_older(settings.database, 6)
    with open_store(settings.database) as store:
        store.finish_session(session_id)
        measure_session(store, session_id)
        store.set_reference(session_id)
        assert len(load(store)) == len(NAMES)
        assert store.get_reference("Mira").id == session_id


def test_which_way_is_better_is_said_where_the_metric_knows():
    assert {name for name, metric in METRICS.items() if metric.better == "higher"} == {
        "sparc",
        "dlj",
        "ldlj",
    }
    assert [name for name, metric in METRICS.items() if metric.better == "lower"] == ["hip_jerk"]
    assert replace(METRICS["tempo"], better="higher").better == "higher"
