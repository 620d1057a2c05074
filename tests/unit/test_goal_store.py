"""Goals in the database: kept with their session, and gone with it."""

import math

import pytest

from posecore import load_goals, open_store
from posecore.errors import InvalidFieldError
from posecore.goals import Goal, GoalResult, SessionGoal, measure_goal
from posecore.synthetic import make_squats
from tests.unit.older_database import make_older
from tests.unit.sharing import add_session

DEEP = Goal(angle="left_knee_flexion", kind="at_least", low_deg=80)
STRAIGHT = Goal(angle="right_knee_flexion", kind="at_most", high_deg=12.5)
BENT = Goal(angle="trunk_lean", kind="within", low_deg=10, high_deg=30)
REACHED = GoalResult(n_repetitions=3, in_zone_s=4.25, seen_s=9.5, best_deg=91.25)


def test_goals_come_back_in_their_order_with_what_was_reached(store):
    session_id = add_session(store)
    kept = [
        SessionGoal(goal=STRAIGHT, result=REACHED),
        SessionGoal(goal=DEEP),
        SessionGoal(goal=BENT, result=GoalResult(best_deg=0.0)),
    ]
    store.goals.set(session_id, kept)
    assert store.goals.list(session_id) == kept
    store.goals.set(session_id, reversed(kept))
    assert store.goals.list(session_id) == kept[::-1]
    store.goals.set(session_id, [])
    assert store.goals.list(session_id) == []


def test_an_angle_that_was_never_seen_has_no_best_value(store):
    session_id = add_session(store)
    store.goals.set(session_id, [SessionGoal(goal=DEEP, result=GoalResult())])
    (found,) = store.goals.list(session_id)
    assert math.isnan(found.result.best_deg)
    assert found.result.n_repetitions == 0


def test_more_goals_than_four_are_refused_and_those_before_stay(store):
    session_id = add_session(store)
    store.goals.set(session_id, [SessionGoal(goal=DEEP)])
    with pytest.raises(InvalidFieldError, match="4 goals and this one has 5"):
        store.goals.set(session_id, [SessionGoal(goal=BENT)] * 5)
    assert store.goals.list(session_id) == [SessionGoal(goal=DEEP)]


def test_goals_are_deleted_with_their_session_and_only_with_it(store):
    gone, kept = add_session(store), add_session(store)
    for session_id in (gone, kept):
        store.goals.set(session_id, [SessionGoal(goal=DEEP)])
    store.delete_session(gone)
    assert store.goals.list(kept) == [SessionGoal(goal=DEEP)]
    with store._database.cursor() as cursor:
        rows = cursor.execute("SELECT DISTINCT session_id FROM goals").fetchall()
    assert [str(session_id) for (session_id,) in rows] == [kept]


def test_goals_go_to_the_next_owner_with_their_session(store):
    from posecore.storage.owners import Owners

    session_id = add_session(store)
    store.goals.set(session_id, [SessionGoal(goal=DEEP)])
    other = store.for_owner("https://id.example#other")
    add_session(other)
    Owners.of(store).give(store.owner, other.owner, [session_id])
    assert other.goals.list(session_id) == [SessionGoal(goal=DEEP)]


def test_a_recording_that_was_cut_off_is_counted_when_it_is_looked_at(settings):
    squats = make_squats(10.0)
    with open_store(settings.database) as store:
        session_id = store.create_session(name="Cut off", source="live")
        store.goals.set(session_id, [SessionGoal(goal=DEEP)])
        store.append_frames(session_id, squats)
        assert load_goals(store, session_id) == [SessionGoal(goal=DEEP)]
    with open_store(settings.database) as store:
        store.recover_sessions()
        (found,) = load_goals(store, session_id)
    assert found.result == measure_goal(squats, DEEP)
    assert found.result.n_repetitions == 5


def test_a_recording_without_frames_has_its_goals_and_no_result(store):
    session_id = store.create_session(name="Nothing", source="live")
    store.goals.set(session_id, [SessionGoal(goal=DEEP)])
    store.fail_session(session_id, "Because.")
    assert load_goals(store, session_id) == [SessionGoal(goal=DEEP)]


def test_a_database_from_before_goals_has_none(settings):
    with open_store(settings.database) as store:
        session_id = add_session(store)
    make_older(settings.database, n_steps=9)
    with open_store(settings.database) as store:
        assert load_goals(store, session_id) == []
        store.goals.set(session_id, [SessionGoal(goal=DEEP)])
        assert store.goals.list(session_id) == [SessionGoal(goal=DEEP)]
