"""Repetitions: of one session, of several, of none."""

import json

import numpy as np
import pytest

from posecore.synthetic import make_sequence
from tests.pages.test_sessions import button, read_query

HOSTILE = '<img src=x onerror="alert(1)"> **bold** $x$ %{y}'


def add_uneven(store, name="Squats", **fields):
    """Eight squats, the sixth of them half as deep."""
    time_s = np.arange(480) / 30
    depth = np.where(time_s // 2 == 5, 25.0, 45.0) * (1 - np.cos(np.pi * time_s))
    both = {
        f"{side}_{motion}": depth
        for side in ("left", "right")
        for motion in ("hip_flexion", "knee_flexion")
    }
    session_id = store.create_session(name=name, source="live", model="full", **fields)
    store.append_frames(session_id, make_sequence(both, time_s=time_s))
    store.finish_session(session_id)
    return session_id


def words(app):
    return "\n".join(each.value for each in [*app.markdown, *app.info, *app.warning])


def names_of(app):
    [chart] = app.get("plotly_chart")
    return [trace["name"] for trace in json.loads(chart.proto.spec)["data"]]


def test_an_empty_database_offers_the_ways_to_fill_it(open_page):
    app = open_page("repetitions.py")
    assert [each.label for each in app.button] == ["Record now", "Import a video"]


def test_without_a_session_one_is_asked_for(open_page, add_session):
    session_id = add_session("Wall", duration_s=8.0)
    app = open_page("repetitions.py")
    assert app.title[0].value == "Repetitions"
    app.selectbox[0].select_index(0).run()
    assert read_query(app, "session") == session_id
    assert "**4 repetitions.** None is out of line." in words(app)


def test_outliers_are_named_and_the_best_and_the_worst_can_be_played(open_page, page_store):
    session_id = add_uneven(page_store)
    app = open_page("repetitions.py", session=session_id)
    assert not app.exception
    assert "**8 repetitions.** Out of line is repetition 6 \\(0\\:\u206010\\.0\\)." in words(app)
    assert names_of(app).count("outlier") == 8
    rows = app.dataframe[0].value
    assert list(rows["Out of line"]) == ["", "", "", "", "", "out of line", "", ""]
    assert rows["Open"][5].startswith(f"replay?session={session_id}&t=")
    assert "&loop=" in rows["Open"][5]
    assert "Session" not in rows
    assert "Download CSV" in [each.label for each in app.get("download_button")]
    button(app, "Play the worst").click().run()
    start_s, end_s = map(float, read_query(app, "loop").split("-"))
    assert (round(start_s), round(end_s)) == (10, 12)
    assert read_query(app, "session") == session_id


def test_several_sessions_are_laid_over_one_another(open_page, add_session, page_store):
    first = add_uneven(page_store, HOSTILE, athlete="Mira")
    second = add_session("Second", duration_s=8.0, athlete="Mira")
    other = add_session("Of Jo", duration_s=8.0, athlete="Jo")
    app = open_page("repetitions.py", session=first, more=f"{second},{other},no-id")
    assert not app.exception
    assert "**16 repetitions.**" in words(app)
    assert "**bold**" not in words(app)
    assert list(app.dataframe[0].value["Session"].unique()) == [HOSTILE, "Second", "Of Jo"]
    [chart] = app.get("plotly_chart")
    assert "<img" not in chart.proto.spec
    app.multiselect(key=f"repetitions_more_{first}").set_value([]).run()
    assert "more" not in app.query_params
    assert "**8 repetitions.**" in words(app)


def test_the_angles_can_be_chosen_and_none_is_a_sentence(open_page, add_session):
    session_id = add_session("Wall", duration_s=8.0)
    app = open_page("repetitions.py", session=session_id)
    app.multiselect(key="repetitions_angles").set_value(["left_knee_flexion"]).run()
    assert names_of(app).count("mean") == 1
    app.multiselect(key="repetitions_angles").set_value([]).run()
    assert "Choose at least one angle" in words(app)


def test_a_session_in_which_nothing_is_repeated_is_a_sentence(open_page, add_session):
    app = open_page("repetitions.py", session=add_session("Wall", duration_s=0.05))
    assert "Nothing is repeated" in words(app)
    assert not app.exception


@pytest.mark.parametrize(
    ("way", "name"), [("Replay", "session"), ("Compare", "b"), ("Another session", "")]
)
def test_where_nothing_is_repeated_there_are_ways_on(open_page, add_session, way, name):
    session_id = add_session("Wall", duration_s=0.05)
    app = open_page("repetitions.py", session=session_id)
    button(app, way).click().run()
    assert not app.exception
    if name:
        assert read_query(app, name) == session_id
    else:
        assert "session" not in app.query_params
        assert app.selectbox[0].label == "Which session?"


def test_an_unknown_session_is_a_sentence(open_page, add_session):
    add_session("Wall")
    app = open_page("repetitions.py", session="' OR 1=1 --")
    assert "not here" in app.warning[0].value


def test_the_ticked_sessions_lead_there(open_page, add_session):
    first, second = add_session("One", duration_s=6.0), add_session("Two", duration_s=6.0)
    app = open_page("sessions.py")
    for box in app.checkbox:
        box.check()
    app.run()
    button(app, "Repetitions").click().run()
    assert read_query(app, "session") == second
    assert read_query(app, "more") == first
    assert "**6 repetitions.**" in words(app)
