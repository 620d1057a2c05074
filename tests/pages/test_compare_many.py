"""Compare many: too few, a few, more than fifty; ranking, spread, courses."""

import json
from datetime import date, timedelta

import pytest

from tests.pages.test_progress_page import set_dates

HOSTILE = '<img src=x onerror="alert(1)"> **bold** $x$ %{y}'


def words(app):
    return "\n".join(each.value for each in [*app.markdown, *app.caption, *app.info])


def show(app, view):
    return app.button_group(key="many_view").set_value(view).run()


def choose(app, metric):
    return app.selectbox(key="many_metric").set_value(metric).run()


def spec_of(app):
    [chart] = app.get("plotly_chart")
    return json.loads(chart.proto.spec)


def test_an_empty_database_offers_the_ways_to_fill_it(open_page):
    app = open_page("compare_many.py")
    assert [each.label for each in app.button] == ["Record now", "Import a video"]


def test_one_session_is_too_few_and_that_is_said(open_page, add_session):
    add_session("Wall")
    app = open_page("compare_many.py")
    assert "at least two sessions" in app.info[0].value
    assert not app.dataframe


def test_the_ranking_goes_from_the_best_to_those_without_a_value(open_page, add_session):
    for name, length_s in (("Short", 4.0), ("Long", 8.0), ("None", 0.05)):
        add_session(name, duration_s=length_s, athlete="Mira")
    app = choose(open_page("compare_many.py"), "repetition_count")
    assert "does not say which way is better" in words(app)
    rows = app.dataframe[0].value
    assert list(rows["Session"]) == ["Long", "Short", "None"]
    assert list(rows["Repetitions"][:2]) == [4.0, 2.0]
    assert "too few" in rows["Why there is none"][2]
    assert list(rows.columns).index("Why there is none") == 3, "right after the number"
    assert "No number for None: too few" in words(app)
    app.button_group(key="many_better_repetition_count").set_value("lower").run()
    assert list(app.dataframe[0].value["Session"]) == ["Short", "Long", "None"]
    assert "Best first: lower is better." in words(app)
    choose(app, "hip_jerk")
    assert "Best first: lower is better." in words(app)


def test_sessions_without_a_number_share_one_sentence_when_they_share_the_reason(
    open_page, add_session
):
    add_session("Long", duration_s=6.0)
    for number in range(8):
        add_session(f"Short {number}" if number else HOSTILE, duration_s=0.05)
    app = choose(open_page("compare_many.py"), "repetition_count")
    [sentence] = [each.value for each in app.caption if each.value.startswith("No number for")]
    assert " and 2 more: " in sentence
    assert "<img" not in sentence.replace(r"\<img", "")


@pytest.mark.parametrize("name", ["Mira", HOSTILE])
def test_athlete_tag_and_day_choose(open_page, add_session, page_store, name):
    ids = [
        add_session("A", athlete=name, tags=["wall"]),
        add_session("B", athlete=name, tags=["slab"]),
        add_session("C", athlete="Jo", tags=["wall"]),
        add_session("D", athlete="Jo", tags=[]),
    ]
    set_dates(page_store, ids)
    app = open_page("compare_many.py")
    assert "4 sessions." in words(app)
    app.multiselect(key="many_athletes").set_value([name]).run()
    assert set(app.dataframe[0].value["Session"]) == {"A", "B"}
    app.multiselect(key="many_athletes").set_value([]).run()
    app.multiselect(key="many_tags").set_value(["wall"]).run()
    assert set(app.dataframe[0].value["Session"]) == {"A", "C"}
    app.multiselect(key="many_tags").set_value([]).run()
    app.date_input(key="many_from").set_value(date(2026, 1, 10)).run()
    app.date_input(key="many_to").set_value(date(2026, 1, 20)).run()
    assert set(app.dataframe[0].value["Session"]) == {"B", "C"}
    app.date_input(key="many_to").set_value(date(2026, 1, 10) - timedelta(days=9)).run()
    assert "at least two sessions" in app.info[0].value


def test_the_spread_has_a_row_for_each_athlete_or_tag(open_page, add_session):
    add_session("A", duration_s=4.0, athlete=HOSTILE, tags=["wall", "warm up"])
    add_session("B", duration_s=6.0, athlete="", tags=[])
    app = show(choose(open_page("compare_many.py"), "repetition_count"), "Spread")
    rows = {trace["name"] for trace in spec_of(app)["data"]}
    assert len(rows) == 2
    assert "(no athlete)" in rows
    assert "<img" not in json.dumps(spec_of(app))
    app.button_group(key="many_by").set_value("Tag").run()
    assert {trace["name"] for trace in spec_of(app)["data"]} == {"wall", "warm up", "(no tag)"}
    assert "no value" not in words(app)


def test_the_spread_says_how_many_sessions_are_not_in_it(open_page, add_session):
    add_session("Long", duration_s=6.0)
    add_session("Short", duration_s=0.05)
    app = show(choose(open_page("compare_many.py"), "repetition_count"), "Spread")
    assert "1 of 2 sessions have no value; Ranking says why." in words(app)


def test_a_number_that_no_session_has_is_a_sentence(open_page, add_session):
    for name in ("A", "B"):
        add_session(name, duration_s=0.05)
    app = show(open_page("compare_many.py"), "Spread")
    assert "No session chosen has this number" in words(app)


def test_courses_stand_side_by_side_and_what_has_none_says_why(open_page, add_session):
    for name in ("A", "A", HOSTILE):
        add_session(name, duration_s=6.0, athlete="Mira")
    add_session("**Still**", duration_s=0.03, athlete="Mira")
    app = show(open_page("compare_many.py"), "Courses")
    assert not app.exception
    assert len(spec_of(app)["data"]) == 6
    assert "Without a course: \\*\\*Still" in words(app)
    table = app.dataframe[0].value
    assert list(table.columns[:3]) == ["percent", "Mira: " + HOSTILE, "Mira: A"]
    assert len(table) == 501
    assert table["percent"].iloc[[0, 1, -1]].tolist() == [0.0, 0.2, 100.0]
    app.button_group(key="many_of").set_value("repetitions").run()
    assert not app.exception
    assert len(spec_of(app)["data"]) == 6


def test_sessions_without_a_course_share_one_sentence_when_they_share_the_reason(
    open_page, add_session
):
    add_session("Squats", duration_s=6.0)
    for name in ("Still", "Short"):
        add_session(name, duration_s=0.03)
    app = show(open_page("compare_many.py"), "Courses")
    [sentence] = [each.value for each in app.caption if "Without" in each.value]
    assert sentence.startswith("Without a course: Short, Still. A course needs")


def test_of_more_than_fifty_the_newest_are_shown(open_page, add_session):
    for number in range(52):
        add_session(f"Wall {number}", duration_s=0.1)
    app = open_page("compare_many.py")
    assert "52 sessions fit; these are the newest 50." in words(app)
    assert len(app.dataframe[0].value) == 50
