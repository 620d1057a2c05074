"""Goals on the pages: chosen beside the camera, kept for the next time, shown with the replay."""

import json

import pytest

from posecore.goals import Goal, GoalResult, SessionGoal
from posecore.synthetic import make_squats
from tests.pages.test_live import choose_countdown, playing
from tests.pages.test_sessions import button

__all__ = ["playing"]  # the fixture: no camera here

DEEP = Goal(angle="right_knee_flexion", kind="at_least", low_deg=80)
BENT = Goal(angle="left_elbow_flexion", kind="within", low_deg=70, high_deg=110)
LEAN = Goal(angle="trunk_lean", kind="at_most", high_deg=9)


def room_of(app):
    return app.session_state["live_room"][1]


def add_goal(app, kind=None, angle=None):
    if angle:
        app.selectbox(key="goal_angle").set_value(angle).run()
    if kind:
        app.selectbox(key="goal_kind").set_value(kind).run()
    app.button(key="add_goal").click().run()
    assert not app.exception


def labels(app):
    return [each.label for each in room_of(app).goals.goals]


def test_a_goal_is_added_followed_and_removed(open_page, playing):
    app = open_page("live.py")
    assert labels(app) == []
    add_goal(app)
    assert labels(app) == ["Right knee at least 90°"]
    assert any("Right knee at least 90°" in each.value for each in app.markdown)
    app.number_input(key="goal_at_least_low_deg_right_knee_flexion").set_value(110).run()
    add_goal(app)
    add_goal(app, "within", "left_elbow_flexion")
    assert labels(app)[1:] == ["Right knee at least 110°", "Left elbow between 90° and 110°"]
    app.button(key="remove_goal_0").click().run()
    assert labels(app) == ["Right knee at least 110°", "Left elbow between 90° and 110°"]


def test_the_same_goal_twice_is_one(open_page, playing):
    app = open_page("live.py")
    add_goal(app)
    add_goal(app)
    assert labels(app) == ["Right knee at least 90°"]


def test_a_goal_that_is_none_is_said_and_not_added(open_page, playing):
    app = open_page("live.py")
    app.number_input(key="goal_at_least_low_deg_right_knee_flexion").set_value(4).run()
    add_goal(app)
    assert labels(app) == []
    assert "choose a smaller zone" in app.error[0].value


def test_four_goals_are_enough(open_page, playing):
    app = open_page("live.py")
    for degrees in (60, 70, 80, 90):
        app.number_input(key="goal_at_least_low_deg_right_knee_flexion").set_value(degrees).run()
        add_goal(app)
    assert len(labels(app)) == 4
    assert not [each for each in app.button if each.key == "add_goal"]
    assert any("remove one to add another" in each.value for each in app.caption)


def test_goals_and_sounds_are_there_the_next_time(open_page, playing, page_store):
    app = open_page("live.py")
    add_goal(app)
    app.toggle(key="goal_sounds").set_value(False).run()
    again = open_page("live.py")
    assert labels(again) == ["Right knee at least 90°"]
    assert not room_of(again).goals.has_sound
    assert page_store.for_owner("somebody").load_preferences() == {}


@pytest.mark.parametrize(
    "kept", ["", "{}", "7", "null", '[{"angle": "x"}]', "[[1]]", '[{"angle": [], "kind": 1}]']
)
def test_a_choice_that_cannot_be_read_is_none(open_page, playing, page_store, kept):
    page_store.save_preference("live_goals", kept)
    app = open_page("live.py")
    assert not app.exception
    assert labels(app) == []


def test_goals_are_locked_while_something_is_recorded(open_page, playing, page_store):
    page_store.save_preference("live_goals", json.dumps([DEEP.to_dict()]))
    app = open_page("live.py")
    choose_countdown(app, 0)
    button(app, "Start recording").click().run()
    assert app.button(key="remove_goal_0").disabled
    assert not [each for each in app.button if each.key == "add_goal"]
    assert any("stay as they are while you record" in each.value for each in app.caption)


# Replay


def read_sidebar(page):
    return " ".join(each.proto.body for each in page.sidebar.get("html"))


def test_the_replay_shows_goals_with_what_was_reached(open_page, page_store, add_session):
    session_id = add_session()
    reached = GoalResult(n_repetitions=5, in_zone_s=12.34, seen_s=60.0, best_deg=96.5)
    missed = GoalResult(seen_s=60.0, best_deg=30.0)
    page_store.goals.set(
        session_id,
        [
            SessionGoal(goal=DEEP, result=reached),
            SessionGoal(goal=BENT, result=missed),
            SessionGoal(
                goal=Goal(angle="trunk_lean", kind="at_most", high_deg=9), result=GoalResult()
            ),
        ],
    )
    shown = read_sidebar(open_page("replay.py", session=session_id))
    assert "Right knee at least 80°" in shown
    assert "5 repetitions, in the zone for 12.3 s, best 97°" in shown
    assert "Left elbow between 70° and 110°" in shown
    assert "Not reached, best 30°" in shown
    assert "The angle was never seen." in shown


def test_a_recording_that_was_cut_off_is_counted_for_the_replay(open_page, page_store):
    session_id = page_store.create_session(name="Cut off", source="live")
    page_store.goals.set(session_id, [SessionGoal(goal=DEEP)])
    page_store.append_frames(session_id, make_squats(4.0))
    page_store.recover_sessions()
    page = open_page("replay.py", session=session_id)
    assert not page.exception
    assert "2 repetitions, in the zone for 0.9 s, best 90°" in read_sidebar(page)


def test_without_goals_the_replay_says_nothing_of_them(open_page, add_session):
    assert "Goals" not in read_sidebar(open_page("replay.py", session=add_session()))
