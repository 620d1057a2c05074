"""The compare page without a browser: which two it suggests, how they are brought together."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.components import compared, comparison_choices, comparison_table
from pages.components.compared import Wishes
from pages.components.comparison_report import _make_report
from pages.components.player.offers import find_offer, pack
from posecore import open_store
from posecore.synthetic import make_sequence, make_squats
from tests.e2e.player_page import leave_out

PAGE = Path(__file__).resolve().parents[2] / "pages" / "compare.py"
HOSTILE = "<b>x</b> *y* $z^2$ :red[q] https://example.com"


@pytest.fixture
def database(tmp_path, monkeypatch):
    """An empty database that the page will open; nothing is left open behind it."""
    path = tmp_path / "posecore.duckdb"
    monkeypatch.setenv("POSECORE_DB", str(path))
    st.cache_resource.clear()
    yield path
    st.cache_resource.clear()


def fill(database, sequence, **fields):
    with open_store(database) as store:
        session_id = store.create_session(**{"name": "Squats", "source": "live"} | fields)
        store.append_frames(session_id, sequence)
        store.finish_session(session_id)
    return session_id


def open_page(**query):
    page = AppTest.from_file(PAGE, default_timeout=30)
    page.query_params.update(query)
    page.run()
    assert not page.exception
    return page


def choose(page, label, value):
    [widget] = [each for each in (*page.selectbox, *page.toggle) if each.label == label]
    return widget.set_value(value).run()


def texts(page):
    return " ".join(each.value for each in (*page.markdown, *page.warning, *page.info))


def read_offer(page):
    [*_, token] = page.session_state.replay_tokens.values()
    return find_offer(token, "local")


def test_without_sessions_the_ways_to_one_are_offered(database):
    page = open_page()
    assert not page.selectbox
    assert page.button


def test_the_latest_two_of_one_athlete_are_suggested(database):
    first = fill(database, make_squats(4.0), athlete="Mira")
    fill(database, make_squats(4.0), athlete="Jo")
    latest = fill(database, make_squats(4.0, rate_hz=0.4), athlete="Mira")
    page = open_page()
    assert (page.query_params["a"], page.query_params["b"]) == (first, latest)
    assert "by dynamic time warping" in texts(page)


def test_the_latest_session_of_all_is_not_suggested_beside_one_of_another_athlete(database):
    first = fill(database, make_squats(4.0), athlete="Mira")
    second = fill(database, make_squats(4.0), athlete="Mira")
    for athlete in ("Jo", "", ""):
        fill(database, make_squats(4.0), athlete=athlete)
    page = open_page()
    assert (page.query_params["a"], page.query_params["b"]) == (first, second)


def test_a_session_compared_with_itself_differs_nowhere(database):
    same = fill(database, make_squats(4.0))
    page = open_page(a=same, b=same)
    assert "No angle differs by more than the measuring error." in texts(page)
    assert read_offer(page).compute().comparison.score == 100


def test_a_short_difference_is_not_denied(database):
    time_s = np.arange(300) / 30
    bend = np.where((time_s > 4) & (time_s < 4.5), 80.0, 0.0)
    a = fill(database, make_sequence({"left_knee_flexion": bend}, time_s=time_s))
    b = fill(database, make_sequence({"left_knee_flexion": 0 * bend}, time_s=time_s))
    page = choose(open_page(a=a, b=b), "Bring together by", "start")
    assert "No angle differs by more than the measuring error for long." in texts(page)


@pytest.mark.parametrize(
    ("value", "expected"), [(-0.001, "0.00"), (0.0, "0.00"), (0.5, "+0.50"), (-2.0, "\u22122.00")]
)
def test_what_rounds_to_nothing_has_no_sign(value, expected):
    assert comparison_table._sign(value, ".2f") == expected


def test_what_differs_is_named(database):
    time_s = np.arange(120) / 30
    bend = 45 * (1 - np.cos(np.pi * time_s))
    knees = {f"{side}_knee_flexion": bend for side in ("left", "right")}
    a = fill(database, make_sequence(knees, time_s=time_s))
    b = fill(database, make_sequence({**knees, "left_knee_flexion": bend / 4}, time_s=time_s))
    page = choose(open_page(a=a, b=b), "Bring together by", "start")
    assert "differ: **left knee**" in texts(page)
    assert r"by start\, first frame to first" in texts(page)


@pytest.mark.parametrize("by", ["start", "moment", "first movement", "repetition", "warp"])
def test_every_way_to_bring_them_together(database, by):
    a, b = fill(database, make_squats(6.0)), fill(database, make_squats(6.0, rate_hz=0.4))
    page = choose(open_page(a=a, b=b), "Bring together by", by)
    assert not page.exception
    assert not page.warning
    assert pack("recording", read_offer(page)).result()


def test_mirrored_hung_from_the_hips_and_at_their_own_size(database):
    a, b = fill(database, make_squats(4.0)), fill(database, make_squats(4.0))
    page = open_page(a=a, b=b)
    for label, value in (
        ("Mirror B", True),
        ("Make both equally tall", False),
        ("Feet on the ground", False),
    ):
        page = choose(page, label, value)
    wishes = read_offer(page).wishes
    assert (wishes.is_mirrored, wishes.same_size, wishes.on_ground) == (True, False, False)
    assert pack("errors", read_offer(page)).result()


def test_that_little_of_a_session_is_compared_is_said_first(database):
    a, b = fill(database, make_squats(2.0)), fill(database, make_squats(20.0))
    page = choose(open_page(a=a, b=b), "Bring together by", "start")
    assert ":orange[Only 10\\% of B is compared.]" in texts(page)


def test_a_link_shows_the_same_comparison_again(database):
    a, b = (fill(database, make_squats(6.0, rate_hz=rate)) for rate in (0.5, 0.4))
    page = choose(open_page(a=a, b=b), "Bring together by", "repetition")
    page = choose(choose(page, "Mirror B", True), "Make both equally tall", False)
    again = open_page(**page.query_params)
    assert not again.warning
    assert read_offer(again).wishes == read_offer(page).wishes
    assert read_offer(again).wishes.by == "repetition"


@pytest.mark.parametrize(
    "query", [{}, {"by": "repetition", "mirror": "1"}, {"limit": "3.5", "angles": "trunk_lean"}]
)
def test_what_a_link_asks_for_is_begun_before_the_page_and_compared_once(
    database, monkeypatch, query
):
    a, b = (fill(database, make_squats(6.0, rate_hz=rate)) for rate in (0.5, 0.4))
    asked = []

    def note(offer):
        asked.append(offer.key)
        return compare_two(offer)

    compare_two = compared._compute.__wrapped__
    monkeypatch.setattr(compared, "_compute", lru_cache(maxsize=4)(note))
    begun = []
    monkeypatch.setattr(comparison_choices, "pack", lambda _, offer: begun.append(offer.key))
    page = open_page(a=a, b=b, **query)
    assert begun == [read_offer(page).key] == asked
    page.run()
    assert len(begun) == 1


def test_what_a_link_says_wrongly_is_as_usual(database):
    same = fill(database, make_squats(4.0))
    page = open_page(a=same, b=same, by="magic", angles="tail", limit="nan", a_s="x", size="<b>")
    assert read_offer(page).wishes == Wishes()
    assert "could not be read whole" in texts(page)
    assert "could not be read whole" not in texts(page.run()), "it is said once"


def test_a_session_with_nobody_in_it_is_not_suggested(database):
    first = fill(database, make_squats(4.0))
    fill(database, leave_out(make_squats(4.0), slice(None)))
    fill(database, make_squats(4.0))
    assert open_page(a="gone").query_params["a"] == first


def test_what_cannot_be_compared_is_a_sentence(database):
    squats = fill(database, make_squats(4.0))
    nobody = fill(database, leave_out(make_squats(4.0), slice(None)))
    single = fill(database, make_squats(4.0)[:1])
    assert "nobody is seen" in texts(open_page(a=squats, b=nobody)).lower()
    assert "in one frame only" in texts(open_page(a=single, b=squats))


def test_a_deleted_session_is_a_sentence_and_others_are_offered(database):
    here = fill(database, make_squats(4.0))
    page = open_page(a="no-such-id", b=here)
    assert "A session of this link is not here" in texts(page)
    assert page.selectbox


def test_the_report_tells_the_comparison_that_the_page_shows(database):
    a, b = (fill(database, make_squats(6.0, rate_hz=rate), name=HOSTILE) for rate in (0.5, 0.4))
    page = choose(open_page(a=a, b=b), "Bring together by", "repetition")
    page = choose(page, "Mirror B", True)
    assert "Report (HTML)" in [each.label for each in page.get("download_button")]
    report = _make_report(read_offer(page), None)
    assert "by repetition, the first" in report
    assert "as a mirror shows it" in report
    assert HOSTILE not in report


def test_names_are_text(database):
    a, b = (fill(database, make_squats(4.0), name=HOSTILE) for _ in range(2))
    page = open_page(a=a, b=b)
    assert HOSTILE not in texts(page)
