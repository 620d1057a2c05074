"""Progress: empty, one session, many, hostile names, and the reference session."""

import json
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from pages.components.data_table import make_csv
from pages.components.state import get_store
from posecore.session_metrics import measure_session
from tests.pages.test_sessions import button, read_query

HOSTILE = '<img src=x onerror="alert(1)"> **bold** $x$ %{y} \'); DROP TABLE sessions; --'


def find(app, kind):
    return [element for element in app.main if element.type == kind]


def chart_of(app):
    [chart] = app.get("plotly_chart")
    return json.loads(chart.proto.spec)


def traces_of(app):
    return {trace["name"]: trace for trace in chart_of(app)["data"]}


def table_of(app):
    return app.dataframe[0].value


def choose(app, metric):
    return app.selectbox(key="progress_metric").set_value(metric).run()


def labels(app):
    return [each.label for each in app.button]


def words(app):
    return "\n".join(each.value for each in [*app.markdown, *app.caption, *app.warning])


def test_an_empty_database_offers_the_ways_to_fill_it(open_page):
    app = open_page("progress.py")
    assert labels(app) == ["Record now", "Import a video"]
    assert not app.exception


def test_one_session_is_measured_once_and_shown(open_page, add_session, page_store):
    session_id = add_session("Wall", duration_s=8.0, athlete="Mira")
    app = open_page("progress.py")
    assert not app.exception
    assert read_query(app, "athlete") == "Mira"
    shown = traces_of(choose(app, "repetition_count"))["sessions"]
    assert shown["y"] == [4.0]
    assert shown["customdata"] == [session_id]
    [row] = table_of(app).to_dict("records")
    assert (row["Session"], row["Repetitions"]) == ("Wall", 4.0)
    assert row["Open"] == f"replay?session={session_id}"
    assert "Why there is none" not in row


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("sparc", "sparc"), (HOSTILE, "repetition_range"), ("", "repetition_range")],
)
def test_the_number_is_in_the_address(open_page, add_session, asked, shown):
    add_session("Wall", athlete="Mira")
    app = open_page("progress.py", metric=asked)
    assert app.selectbox(key="progress_metric").value == shown
    choose(app, "tempo")
    assert read_query(app, "metric") == "tempo"


def test_nothing_is_measured_again(open_page, add_session, monkeypatch):
    from pages.components import session_values

    measured = []

    def count(store, session_id, *rest):
        measured.append(session_id)
        return measure_session(store, session_id, *rest)

    monkeypatch.setattr(session_values, "measure_session", count)
    ids = {add_session(f"Wall {number}", athlete="Mira") for number in range(3)}
    app = open_page("progress.py")
    choose(app, "sparc")
    open_page("progress.py")
    assert set(measured) == ids
    assert len(measured) == 3


def test_the_athlete_is_in_the_address_and_an_unknown_one_is_a_sentence(open_page, add_session):
    add_session("Wall", athlete="Mira")
    add_session("Slab", athlete="Jo")
    app = open_page("progress.py", athlete="Mira")
    assert app.selectbox(key="progress_athlete").value == "Mira"
    assert list(table_of(app)["Session"]) == ["Wall"]
    app = open_page("progress.py", athlete=HOSTILE)
    assert "no finished session of" in app.warning[0].value
    assert "**bold**" not in words(app)
    assert app.selectbox(key="progress_athlete").value == "Jo"
    app.selectbox(key="progress_athlete").set_value("Mira").run()
    assert read_query(app, "athlete") == "Mira"
    assert not app.warning


def test_the_tag_narrows_what_is_shown(open_page, add_session):
    add_session("Wall", athlete="Mira", tags=["wall"])
    add_session("Slab", athlete="Mira", tags=["slab", "All tags"])
    app = open_page("progress.py")
    assert app.selectbox(key="progress_tag_0").options == ["All tags", "All tags", "slab", "wall"]
    app.selectbox(key="progress_tag_0").select_index(3).run()
    assert list(table_of(app)["Session"]) == ["Wall"]


def set_dates(store, ids, begin=datetime(2026, 1, 5, 12, tzinfo=UTC)):
    """Sessions one week apart."""
    with store._database.transaction() as cursor:
        for number, session_id in enumerate(ids):
            moment = (begin + timedelta(weeks=number)).replace(tzinfo=None)
            cursor.execute("UPDATE sessions SET created_at = ? WHERE id = ?", [moment, session_id])


def test_many_sessions_have_trend_best_notes_and_gaps(open_page, add_session, page_store):
    lengths_s = [4.0, 6.0, 0.05, 8.0, 10.0]
    ids = [add_session(f"Wall {s}", duration_s=s, athlete="Mira") for s in lengths_s]
    set_dates(page_store, ids)
    page_store.notes.add(ids[1], start_s=0.5, text="*Rest*", tag="pause")
    app = choose(open_page("progress.py"), "repetition_count")
    shown = traces_of(app)
    assert shown["sessions"]["customdata"] == ids
    assert shown["sessions"]["y"] == [2.0, 3.0, None, 4.0, 5.0]
    assert {"has notes", "trend", "no value"} == set(shown) - {"sessions"}
    assert "too few" in shown["no value"]["text"][0]
    rows = table_of(app).set_index("Session")
    assert "too few" in rows["Why there is none"]["Wall 0.05"]
    assert rows["Notes"]["Wall 6.0"] == "pause: *Rest*"
    app.button_group(key="progress_better_repetition_count").set_value("higher").run()
    assert traces_of(app)["personal best"]["customdata"] == [ids[-1]]
    app.button_group(key="progress_better_repetition_count").set_value("lower").run()
    assert traces_of(app)["personal best"]["customdata"] == [ids[0]]


def test_a_metric_that_knows_says_which_way_is_better(open_page, add_session):
    add_session("Wall", duration_s=8.0, athlete="Mira")
    app = choose(open_page("progress.py"), "sparc")
    assert app.button_group(key="progress_better_sparc").value == "higher"
    assert "personal best" in traces_of(app)


def test_a_reference_is_set_shown_removed_and_gone_with_its_session(open_page, add_session):
    first = add_session("First", duration_s=8.0, athlete="Mira", tags=["wall"])
    add_session("Second", duration_s=6.0, athlete="Mira")
    app = choose(open_page("progress.py"), "repetition_count")
    app.selectbox(key="progress_session_Mira").select_index(1).run()
    button(app, "Set as reference").click().run()
    store = get_store()
    assert store.get_reference("Mira").id == first
    line = traces_of(app)["reference: First"]
    assert set(line["y"]) == {4.0}
    assert "Set as reference" not in labels(app)
    assert "Reference: **First**" in words(app)
    button(app, "Remove reference").click().run()
    assert store.load_references() == {}
    assert "reference: First" not in traces_of(app)
    app.selectbox(key="progress_tag_0").select_index(1).run()
    button(app, "Set as reference").click().run()
    assert store.load_references() == {("Mira", "wall"): first}
    store.delete_session(first)
    assert store.load_references() == {}
    assert not open_page("progress.py").exception


def test_sessions_without_an_athlete_have_no_reference(open_page, add_session):
    add_session("Wall")
    app = open_page("progress.py")
    assert app.selectbox(key="progress_athlete").options == ["(no athlete)"]
    assert "Set as reference" not in labels(app)
    assert "edit a session to give it one" in words(app)


def test_hostile_names_are_shown_as_text(open_page, add_session, page_store, tmp_path):
    session_id = add_session(HOSTILE, duration_s=6.0, athlete=HOSTILE[:100], tags=["=1+1"])
    page_store.notes.add(session_id, start_s=0.5, text=HOSTILE)
    app = open_page("progress.py", athlete=HOSTILE[:100])
    button(app, "Set as reference").click().run()
    assert not app.exception
    assert "**bold**" not in words(app).replace("Reference: **", "")
    drawn = json.dumps(chart_of(app))
    assert "<img" not in drawn
    assert table_of(app)["Session"][0] == HOSTILE
    with duckdb.connect() as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]
    assert len(page_store.get_sessions()) == 1


def test_the_csv_is_what_is_shown_and_harmless(open_page, add_session):
    add_session("=HYPERLINK(1)", duration_s=6.0, athlete="Mira")
    app = open_page("progress.py")
    assert "Download CSV" in [each.label for each in app.get("download_button")]
    lines = make_csv(table_of(app)).decode().splitlines()
    assert len(lines) == 2
    assert lines[1].startswith('"\'=HYPERLINK(1)"') or lines[1].startswith("'=HYPERLINK(1)")


@pytest.mark.parametrize("processing", ["cleaned"])
def test_numbers_follow_the_landmarks_that_are_looked_at(
    open_page, add_session, page_store, processing
):
    add_session("Wall", duration_s=6.0, athlete="Mira")
    open_page("progress.py")
    page_store.save_preference("processing", processing)
    app = open_page("progress.py")
    assert not app.exception
    assert "Why there is none" not in table_of(app)
