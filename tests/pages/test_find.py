"""Find by movement: asking, what is found, and the way into the replay."""

import csv
import io

import pytest
from streamlit.testing.v1 import AppTest

from pages.components import reading_progress
from pages.components.moment_list import _make_csv
from posecore import find_moments
from posecore.search import count_unread_frames, fill_readings

DEEP = ["left_knee_flexion > 45"]
HOSTILE = "=**Wall** <script>alert(1)</script> :smile: [x](http://evil)"


@pytest.fixture
def find(open_page, page_store):
    """Open the page with a search in its address; all sessions are read already."""

    def find(where=(), **query):
        list(fill_readings(page_store))
        app = open_page("find.py", where=list(where), **query)
        assert not app.exception
        return app

    return find


def links(app):
    """Every link into the replay: its words and its query."""
    return [(each.proto.label, each.proto.query_string) for each in app.get("page_link")]


def texts(app):
    return [each.value for each in app.markdown] + [each.value for each in app.caption]


def box(app, label, number=0):
    return [each for each in app.selectbox if each.label == label][number]


def number(app, label):
    return next(each for each in app.number_input if each.label == label)


def press(app, label):
    return next(each for each in app.button if each.label == label).click().run()


def test_without_sessions_the_page_offers_the_way_to_one(find):
    assert [each.label for each in find().button] == ["Record now", "Import a video"]


def test_it_begins_with_the_question_of_a_coach(find, add_session):
    add_session()
    app = find()
    assert [box(app, "Signal", row).value for row in (0, 1)] == ["left_elbow_flexion", "hip_speed"]
    assert number(app, "For at least, s").value == 2.0
    assert "No moment is like that" in app.info[0].value


def test_every_moment_is_a_link_into_the_replay(find, add_session):
    session_id = add_session("Wall", duration_s=4.0, athlete="Mira")
    app = find(DEEP, **{"for": "0.5"})
    assert "**2 moments in 1 session**, 0:02 in all" in texts(app)
    assert "**Wall**" in texts(app)
    assert any(text.startswith("Mira · Today") for text in texts(app))
    (label, query), (_, second) = links(app)
    assert label == "0:00.5 · 0.9 s"
    assert query == f"session={session_id}&t=0.533&loop=0.533-1.467"
    assert "t=2.533&loop=2.533-3.467" in second


def test_the_address_is_the_search(find, add_session):
    add_session(athlete="Mira", tags=["wall"])
    where = ["60 < left_knee_flexion < 80", "hip_speed < 0.5"]
    app = find(where, athlete="Mira", tag="wall", since="2026-01-31", **{"for": "0.5"})
    assert number(app, "From, °").value == 60.0
    assert number(app, "To, °").value == 80.0
    assert (box(app, "Athlete").value, box(app, "Tag").value) == ("Mira", "wall")
    app = number(app, "To, °").set_value(85.0).run()
    assert app.query_params["where"] == ["60 < left_knee_flexion < 85", "hip_speed < 0.5"]
    assert app.query_params["for"] == "0.5"
    assert app.query_params["since"] == "2026-01-31"


@pytest.mark.parametrize(
    "query",
    [
        {"where": ["' OR 1=1 --", "wing > 3"], "for": "long", "since": "yesterday"},
        {"where": ["hip_speed < 0.5"], "for": "1e308", "since": "0001-01-01"},
        {"where": ["hip_speed < 0.5"], "since": "9999-12-31"},
        {"where": "", "for": "nan", "athlete": "' OR 1=1 --", "tag": "<b>"},
        {"where": ["hip_speed < 0.5"] * 30, "for": "-1"},
    ],
)
def test_an_address_that_is_none_asks_something_sensible(find, add_session, query):
    add_session()
    app = find(**query)
    assert app.info or app.get("page_link")
    assert box(app, "Athlete").value == query.get("athlete"), "whoever it is, nobody else"


def test_conditions_are_added_changed_and_removed(find, add_session):
    add_session(duration_s=4.0)
    app = find(DEEP, **{"for": "0.5"})
    assert not [each for each in app.button if each.label == "Remove"]
    app = press(app, "Add condition")
    app = box(app, "Signal", 1).select("posture_speed").run()
    assert number(app, "Over, m/s").value == 0.1
    app = box(app, "is", 1).select("under").run()
    assert app.query_params["where"] == [*DEEP, "posture_speed < 0.1"]
    assert len(links(app)) == 0
    app = press(app, "Remove")
    assert app.query_params["where"] == "posture_speed < 0.1"


def test_conditions_that_exclude_each_other_are_explained(find, add_session):
    add_session()
    app = find([*DEEP, "left_knee_flexion < 30"])
    sentence = app.warning[0].value.replace("\\", "")
    assert sentence == "Left knee cannot be above 45 and below 30 at once; change one of the two."
    assert not app.info
    app = number(app, "Over, °").set_value(10.0).run()
    assert not app.warning


def test_a_lower_limit_above_the_upper_one_is_explained(find, add_session):
    add_session()
    app = find(["60 < left_knee_flexion < 80"])
    app = number(app, "From, °").set_value(90.0).run()
    assert "cannot be above 90 and below 80" in app.warning[0].value.replace("\\", "")


def test_only_the_athletes_sessions(find, add_session):
    add_session("Hers", duration_s=4.0, athlete="Mira")
    add_session("His", duration_s=4.0, athlete="Jo")
    app = find(DEEP, **{"for": "0.5"})
    assert len(links(app)) == 4
    app = box(app, "Athlete").select("Jo").run()
    assert len(links(app)) == 2
    assert "**His**" in texts(app)
    assert "**Hers**" not in texts(app)


def test_a_hostile_name_is_shown_as_text(find, add_session):
    add_session(HOSTILE, duration_s=4.0, athlete=HOSTILE)
    app = find(DEEP, athlete=HOSTILE, **{"for": "0.5"})
    assert len(links(app)) == 2
    assert not any("<script>" in text for text in texts(app))


def test_the_csv_holds_every_moment(page_store, add_session):
    session_id = add_session("=1+1", duration_s=4.0, athlete="Mira")
    rows = list(csv.DictReader(io.StringIO(_make_csv(find_moments(page_store, DEEP)).decode())))
    assert [row["session_id"] for row in rows] == [session_id] * 2
    assert rows[0]["name"] == "'=1+1"
    assert float(rows[0]["duration_s"]) == pytest.approx(0.933, abs=0.01)


def test_many_moments_come_on_pages(find, add_session):
    add_session(duration_s=100.0)
    app = find(DEEP, **{"for": "0"})
    assert any("50 moments" in text for text in texts(app))
    assert len(links(app)) == 40


def test_new_sessions_are_read_in_the_background(open_page, add_session, page_store):
    add_session(duration_s=4.0)
    app = open_page("find.py", where=DEEP)
    (job,) = reading_progress._jobs.values()
    job.wait()
    assert job.remaining_s == 0
    assert (job.n_done, job.n_frames, job.error) == (120, 120, "")
    assert count_unread_frames(page_store) == 0
    app = number(app.run(), "For at least, s").set_value(0.5).run()
    assert len(links(app)) == 2


def test_what_is_still_being_read_is_not_said_to_be_without_a_moment(add_session):
    add_session(duration_s=4.0)

    def script():
        from pages.components.moment_list import show_moments
        from pages.components.search_form import Search
        from posecore import Condition

        knee = Condition(signal="left_knee_flexion", above=45)
        search = Search(conditions=(knee,), min_duration_s=0, athlete=None, tag=None, since=None)
        show_moments(search, is_all_read=False)

    app = AppTest.from_function(script, default_timeout=30).run()
    assert [each.value[:23] for each in app.info] == ["Nothing is found so far"]


def test_a_failure_in_the_background_is_said_and_can_be_tried_again(
    open_page, add_session, page_store, monkeypatch
):
    add_session(duration_s=4.0)
    with monkeypatch.context() as broken:
        broken.setattr("posecore.search.compute_readings", lambda _: 1 / 0)
        app = open_page("find.py")
        (job,) = reading_progress._jobs.values()
        job.wait()
    app = app.run()
    assert "nobody foresaw" in app.error[0].value
    press(app, "Read the rest")
    (job,) = reading_progress._jobs.values()
    job.wait()
    assert count_unread_frames(page_store) == 0


def test_a_condition_of_a_link_that_cannot_be_read_is_told(find, add_session):
    add_session()
    assert not find(["hip_speed < 0.5"]).warning
    app = find(["wing > 3", "hip_speed < 0.5"])
    assert "Not every condition of this link could be read" in app.warning[0].value
    assert app.query_params["where"] == "hip_speed < 0.5"


@pytest.mark.parametrize(("kind", "words"), [("athlete", "no session of"), ("tag", "with the tag")])
def test_an_athlete_or_tag_that_nobody_has_widens_no_search(find, add_session, kind, words):
    add_session(athlete="Mira", tags=["legs"])
    asked = {kind: HOSTILE, "for": "0"}
    app = find(["left_knee_flexion > 45"], **asked)
    assert words in app.warning[0].value
    assert HOSTILE not in app.warning[0].value
    assert not links(app)
    assert app.query_params[kind] == HOSTILE
    app = box(app, kind.capitalize()).set_value({"athlete": "Mira", "tag": "legs"}[kind]).run()
    assert not app.warning
    assert links(app)


@pytest.mark.parametrize("query", [{"for": "long"}, {"for": "nan"}, {"since": "yesterday"}])
def test_a_length_or_day_of_a_link_that_cannot_be_read_is_told(find, add_session, query):
    add_session()
    assert "This link does not say rightly" in find(DEEP, **query).warning[0].value
