"""The replay page without a browser: what it shows for each kind of address and session."""

import asyncio
import io
import json
import math
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from starlette.requests import Request
from streamlit.testing.v1 import AppTest

from pages.components import format_downloads
from pages.components.player.answers import PLAYER_ROUTES
from posecore import open_store, write_sequence
from posecore.formats.catalogue import FORMATS
from posecore.landmark_import import import_landmarks
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


def fill_with_nobody(database):
    with open_store(database) as store:
        session_id = store.create_session(name="Nobody", source="live")
        squats = make_squats(2.0)
        nobody = np.full_like(squats.world_landmarks, np.nan)
        store.append_frames(
            session_id, replace(squats, world_landmarks=nobody, image_landmarks=nobody)
        )
        store.finish_session(session_id)
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


def ask_for(kind, token, query=b""):
    """Ask on a thread of its own: Playwright keeps an event loop running on this one."""
    [answer] = [r.endpoint for r in PLAYER_ROUTES if r.path.endswith(f"/replay-{kind}/{{token}}")]
    scope = {"type": "http", "path_params": {"token": token}, "query_string": query}
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(answer(Request(scope)))).result()


def test_the_recording_comes_by_an_address_of_the_tab(database):
    page = open_page(session=fill(database, n_frames=7))
    [token] = page.session_state.replay_tokens.values()
    answer = ask_for("recording", token)
    assert (answer.status_code, answer.body.count(b'"n_frames":7,')) == (200, 1)
    assert page.run().session_state.replay_tokens == {
        ("local", page.query_params["session"], 7, "recorded", math.inf): token
    }
    assert ask_for("recording", "x" * len(token)).status_code == 404


def test_a_session_deleted_meanwhile_is_a_sentence(database):
    session_id = fill(database)
    [token] = open_page(session=session_id).session_state.replay_tokens.values()
    from pages.components.state import get_store

    get_store().delete_session(session_id)
    for kind in ("recording", "errors", "video", "page", "clip"):
        answer = ask_for(kind, token)
        assert answer.status_code == 404
        assert "This session is not here any more" in answer.body.decode()


@pytest.mark.parametrize("query", [b"from=x&to=9", b"from=0", b"from=0&to=" + 5000 * b"9"])
def test_a_part_that_is_no_part_is_a_sentence(database, query):
    [token] = open_page(session=fill(database)).session_state.replay_tokens.values()
    answer = ask_for("recording", token, query)
    assert answer.status_code == 404
    assert answer.body.decode() == "There is no such part of the recording; reload the page."


def test_a_part_outside_the_recording_is_empty(database):
    [token] = open_page(session=fill(database)).session_state.replay_tokens.values()
    assert ask_for("recording", token, b"from=99999999&to=100000000").body == b""
    assert ask_for("recording", token, b"from=-9&to=-1").body == b""


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (b"format=exe&from=0&to=1", "an mp4 or a gif"),
        (b"format=mp4&from=0&to=x", "no number"),
        (b"format=mp4&from=nan&to=1", "."),
        (b"format=gif&from=1&to=0", "."),
        (b"format=mp4&from=0&to=1&speed=0", "."),
    ],
)
def test_a_clip_that_cannot_be_is_a_sentence(database, query, sentence):
    [token] = open_page(session=fill(database)).session_state.replay_tokens.values()
    answer = ask_for("clip", token, query)
    assert answer.status_code == 422
    assert sentence in answer.body.decode()


def test_a_clip_comes_as_a_film(database):
    [token] = open_page(session=fill(database)).session_state.replay_tokens.values()
    mp4 = ask_for("clip", token, b"format=mp4&from=0.2&to=0.6&azimuth=90&elevation=2&zoom=1&dark=1")
    assert (mp4.media_type, mp4.body[4:8]) == ("video/mp4", b"ftyp")
    gif = ask_for("clip", token, b"format=gif&from=0.2&to=0.6")
    assert (gif.media_type, gif.body[:6]) == ("image/gif", b"GIF89a")


def test_a_session_without_a_video_has_none_to_fetch(database):
    [token] = open_page(session=fill(database)).session_state.replay_tokens.values()
    assert ask_for("video", token).status_code == 404


def open_numbers(page):
    page.session_state["numbers"] = True
    page.run()
    assert not page.exception
    return page


def tables_of(page):
    """HTML of every table of numbers that the page shows, by its key."""
    protos = [element.proto for element in find(page)]
    return {
        each.id.rpartition("-")[2]: json.loads(each.json)["html"]
        for each in protos
        if each.component_name == "posecore_numbers"
    }


def test_the_numbers_are_computed_when_they_are_asked_for(database, monkeypatch):
    from pages.components import metrics_panel

    computed = []
    compute = metrics_panel.tabulate_metrics
    monkeypatch.setattr(
        metrics_panel, "tabulate_metrics", lambda *a: computed.append(1) or compute(*a)
    )
    with open_store(database) as store:
        session_id = store.create_session(name="Wall", source="live")
        store.append_frames(session_id, make_squats(10.0))
        store.finish_session(session_id)
    page = open_page(session=session_id)
    assert not computed
    assert not tables_of(page)
    shown = tables_of(open_numbers(page))
    figures = re.sub(r"(?s)<button.*?</button>|<[^>]*>", " ", shown["key_figures"]).split()
    assert figures[:4] == ["Repetitions", "5", "Tempo", "30.0"]
    assert "Excursions of" in shown["key_figures"]
    assert "Source: " in shown["key_figures"]
    assert "where neither side moves." in shown["numbers_movement"]
    assert "there is no hold" in shown["numbers_holds"]
    for start_s in (0, 2, 4, 6, 8):
        link = f'href="replay?session={session_id}&amp;t={start_s}.0'
        assert link in shown["numbers_repetitions"]
        assert f">0:0{start_s}.0</a>" in shown["numbers_repetitions"]
    assert "Download metrics CSV" in [each.label for each in page.get("download_button")]
    page.run()
    assert computed == [1]


def test_somebody_never_seen_has_no_numbers_and_is_told_why(database):
    session_id = fill_with_nobody(database)
    page = open_numbers(open_page(session=session_id))
    assert "There are no numbers: nobody is seen." in texts_of(page.main.markdown)
    assert not tables_of(page)


def test_a_report_is_offered_where_there_is_somebody_to_report_on(database):
    def offer(page):
        (button,) = [b for b in page.get("download_button") if b.label == "Report (HTML)"]
        return button

    assert not offer(open_page(session=fill(database))).disabled
    button = offer(open_page(session=fill_with_nobody(database)))
    assert button.disabled
    assert "Nobody is in view" in button.help


def test_what_is_immobile_is_a_setting_that_is_kept(database):
    page = open_numbers(open_page(session=fill(database)))
    page.number_input[0].set_value(0.2).run()
    assert not page.exception
    from pages.components.state import get_store

    assert get_store().load_preferences()["immobility_speed"] == "0.2"
    get_store().save_preference("immobility_speed", "fast")
    again = open_numbers(open_page(session=page.query_params["session"]))
    assert again.number_input[0].value == 0.06


def test_the_landmarks_shown_are_chosen_and_the_choice_is_remembered(database):
    session_id = fill(database, n_frames=60)
    page = open_page(session=session_id)
    [recorded] = page.session_state.replay_tokens.values()
    page.selectbox(key="processing").set_value("refined").run()
    refined = page.session_state.replay_tokens["local", session_id, 60, "refined", math.inf]
    assert ask_for("recording", refined).body != ask_for("recording", recorded).body
    again = open_page(session=session_id)
    assert again.selectbox(key="processing").value == "refined"
    assert list(again.session_state.replay_tokens) == [
        ("local", session_id, 60, "refined", math.inf)
    ]


def test_markers_without_a_picture_are_replayed(database, tmp_path):
    path = tmp_path / "lab.trc"
    write_sequence(make_squats(2.0), path)
    with open_store(database) as store:
        session_id = import_landmarks(path, store)
    page = open_page(session=session_id)
    assert has_player(page)
    assert not any("Picture" in text for text in texts_of(page.markdown))


def test_any_format_can_be_taken_away(database):
    page = open_page(session=fill(database, n_frames=60))
    [choice] = [each for each in page.selectbox if each.label == "Format"]
    assert choice.options == ["CSV", "CSV (tidy)", "Parquet", "TRC", "MOT", "C3D", "JSON", "BVH"]
    page = choice.select("C3D").run()
    assert not page.exception
    sentence = " ".join(texts_of(page.caption))
    assert "Markers in metres for gait laboratories" in sentence


@pytest.mark.parametrize("file_format", FORMATS.values(), ids=list(FORMATS))
def test_a_download_holds_what_its_name_says(database, file_format):
    open_page(session=fill(database, n_frames=60))
    from pages.components.state import get_store

    sessions = get_store().get_sessions()
    content = format_downloads._make_file(sessions, file_format, file_format.holds[0])
    assert content
    packed = format_downloads._make_zip(sessions, file_format, file_format.holds[0])
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None


def read_formats(page):
    """The choice of a format, and the button beside it."""
    [choice] = [each for each in page.selectbox if each.label == "Format"]
    [button] = [each for each in page.get("download_button") if each.label == "Download"]
    return choice, button


def test_where_nobody_is_in_view_there_is_no_body_to_hand_over(database):
    page = open_page(session=fill_with_nobody(database))
    choice, button = read_formats(page)
    assert not button.proto.disabled
    page = choice.select("BVH").run()
    assert read_formats(page)[1].proto.disabled
    assert "Nobody is in view, so there is no body" in " ".join(texts_of(page.caption))


def test_of_several_sessions_what_cannot_be_handed_over_is_told(database):
    fill_with_nobody(database)
    open_page(session=fill(database, n_frames=60))
    from pages.components.state import get_store

    packed = format_downloads._make_zip(get_store().get_sessions(), FORMATS["bvh"], "landmarks")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert [name.partition(".")[2] for name in archive.namelist()] == ["bvh", "txt"]
        assert archive.read("left_out.txt").startswith(b"Nobody: ")
