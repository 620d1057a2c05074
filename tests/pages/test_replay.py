"""The replay page without a browser: what it shows for each kind of address and session."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import streamlit as st
from starlette.requests import Request
from streamlit.testing.v1 import AppTest

from pages.components.player.recordings import answer_recording
from posecore import open_store
from posecore.synthetic import make_squats

PAGE = Path(__file__).resolve().parents[2] / "pages" / "replay.py"


@pytest.fixture
def database(tmp_path, monkeypatch):
    """An empty database that the page will open; nothing is left open behind it."""
    path = tmp_path / "posecore.duckdb"
    monkeypatch.setenv("POSECORE_DB", str(path))
    st.cache_resource.clear()
    st.cache_data.clear()
    yield path
    st.cache_resource.clear()
    st.cache_data.clear()


def fill(database, *, name="Wall", status="completed", n_frames=30, **fields):
    with open_store(database) as store:
        session_id = store.create_session(name=name, source="live", **fields)
        store.append_frames(session_id, make_squats(2.0)[:n_frames])
        if status == "completed":
            store.finish_session(session_id)
        elif status == "failed":
            store.fail_session(session_id, "The *camera* went away.")
    return session_id


def open_page(**query):
    page = AppTest.from_file(PAGE, default_timeout=20)
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    return page


def texts_of(elements):
    return [element.value for element in elements]


def has_player(page):
    return any(element.proto.component_name == "posecore_replay_player" for element in find(page))


def find(page):
    return [element for element in page.main if element.type == "bidi_component"]


def labels_of(page):
    return [button.label for button in page.button]


def test_an_empty_database_offers_the_ways_to_fill_it(database):
    page = open_page()
    assert "Nothing is recorded yet" in page.info[0].value
    assert labels_of(page) == ["Record now", "Import a video"]
    assert not has_player(page)


def test_without_a_session_one_is_chosen(database):
    first, second = fill(database, name="First"), fill(database, name="<b>Second</b>")
    page = open_page()
    options = page.selectbox[0].options
    assert [option.split(" ")[0] for option in options] == ["<b>Second</b>", "First"]
    page.selectbox[0].select_index(1).run()
    assert page.query_params["session"] == first != second
    assert has_player(page)


@pytest.mark.parametrize(
    "session_id", ["11111111-2222-3333-4444-555555555555", "no id at all", "' OR 1=1 --", "%00"]
)
def test_an_unknown_session_is_a_sentence_and_the_way_back(database, session_id):
    fill(database)
    page = open_page(session=session_id)
    assert "not here" in page.warning[0].value
    assert len(page.selectbox) == 1
    assert labels_of(page) == ["All sessions"]
    assert not has_player(page)


def test_a_session_is_replayed_with_its_facts(database):
    session_id = fill(database, athlete="<i>Mira</i>", tags=["wall"], description="# 2nd *try*")
    page = open_page(session=session_id)
    assert has_player(page)
    assert texts_of(page.sidebar.text) == ["# 2nd *try*"]
    facts = page.sidebar.get("html")[0].proto.body
    assert "&lt;i&gt;Mira&lt;/i&gt;" in facts
    assert "640 x 360" in facts


def test_a_failed_session_says_why(database):
    page = open_page(session=fill(database, status="failed"))
    assert page.error[0].value == "There is nothing to replay. The \\*camera\\* went away\\."
    assert labels_of(page) == ["All sessions"]
    assert not has_player(page)


def test_a_session_without_frames_says_so(database):
    page = open_page(session=fill(database, n_frames=0))
    assert "holds no frames" in page.info[0].value
    assert not has_player(page)


def test_a_session_that_is_being_recorded_is_waited_for(database):
    with open_store(database) as store:
        session_id = store.create_session(name="Now", source="live")
    open_page()  # opens the database first: what was unfinished before that was cut off
    from pages.components.state import get_store

    session_id = get_store().create_session(name="Now", source="live")
    page = open_page(session=session_id)
    assert "being recorded" in page.info[0].value
    assert labels_of(page) == ["Look again", "All sessions"]


def ask_for_recording(token):
    """Ask on a thread of its own: Playwright keeps an event loop running on this one."""
    request = Request({"type": "http", "path_params": {"token": token}})
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(answer_recording(request))).result()


def test_the_recording_comes_by_an_address_of_the_tab(database):
    page = open_page(session=fill(database, n_frames=7))
    [token] = page.session_state.replay_tokens.values()
    answer = ask_for_recording(token)
    assert (answer.status_code, answer.body.count(b'"n_frames":7,')) == (200, 1)
    assert page.run().session_state.replay_tokens == {page.query_params["session"]: token}
    assert ask_for_recording("x" * len(token)).status_code == 404


def test_a_session_deleted_meanwhile_is_a_sentence(database):
    session_id = fill(database)
    [token] = open_page(session=session_id).session_state.replay_tokens.values()
    from pages.components.state import get_store

    get_store().delete_session(session_id)
    answer = ask_for_recording(token)
    assert answer.status_code == 404
    assert "There is no session" in answer.body.decode()
