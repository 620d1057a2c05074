"""The Python client: what a notebook does on the file it does on a running dashboard alike."""

import inspect
import math
import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import posecore
from posecore import PoseSequence, SessionStore, open_store
from posecore.api.identifying import make_identify
from posecore.api.limits import ApiLimits
from posecore.client import RemoteNotes, RemoteStore
from posecore.client_goals import RemoteGoals
from posecore.errors import (
    InvalidFieldError,
    InvalidSequenceError,
    NoteNotFoundError,
    NotSignedInError,
    RemoteError,
    SessionNotFoundError,
    TooManyRequestsError,
)
from posecore.goals import Goal, GoalResult, SessionGoal, measure_goal
from posecore.processing import load_processed
from posecore.storage.goal_store import GoalStore
from posecore.storage.note_store import NoteStore
from posecore.synthetic import make_squats
from posecore.video_writer import VideoWriter
from tests.unit.api_server import _Server, make_context, run_api
from tests.unit.test_api_frames import is_same, make_gappy

NO_ID = "00000000-0000-4000-8000-000000000000"

LEFT_OUT = {
    "for_owner": "whose sessions they are follows from the token",
    "identify": "whose a token is, the dashboard alone finds out",
    "get_right": "what a share does not allow is refused with a sentence when it is tried",
    "fail_session": "an import fails its own session; a client deletes what it does not want",
    "recover_sessions": "the program that owns the file does it when it starts",
    "make_video_path": "a path on another machine is of no use; a video is sent to be analysed",
    "set_video": "as above",
    "note_less_rights": "people sign out on the pages, and a program by revoking its token",
    "load_preferences": "what was chosen on the pages is the pages' own",
    "save_preference": "as above",
    "get_reference": "reference sessions are chosen on the page Progress",
    "load_references": "as above",
    "set_reference": "as above",
    "remove_reference": "as above",
}
LEFT_OUT_OF_NOTES = {"may_change": "as get_right"}
LEFT_OUT_OF_GOALS = {"set": "goals are set beside the camera, where they are counted"}
DIFFERENT = {
    "get_video_file": "a file is fetched, so it may be said where to",
    "load_sequence": "the dashboard can clean and refine, and keeps the result",
}


@pytest.fixture
def remote(api_url):
    with posecore.connect(api_url) as remote:
        yield remote


def list_methods(kind):
    return {
        name
        for name, value in inspect.getmembers(kind, inspect.isroutine)
        if not name.startswith("_")
    }


def test_what_the_client_leaves_out_is_left_out_on_purpose():
    assert list_methods(SessionStore) - list_methods(RemoteStore) == set(LEFT_OUT)
    assert list_methods(RemoteStore) <= list_methods(SessionStore)
    assert list_methods(NoteStore) - list_methods(RemoteNotes) == set(LEFT_OUT_OF_NOTES)
    assert list_methods(RemoteNotes) <= list_methods(NoteStore)
    assert list_methods(GoalStore) - list_methods(RemoteGoals) == set(LEFT_OUT_OF_GOALS)
    assert list_methods(RemoteGoals) <= list_methods(GoalStore)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(RemoteStore, SessionStore), (RemoteNotes, NoteStore), (RemoteGoals, GoalStore)],
)
def test_each_method_takes_what_the_stores_takes_and_returns_the_same(ours, theirs):
    for name in list_methods(ours):
        own, stores = (inspect.signature(getattr(kind, name)) for kind in (ours, theirs))
        for parameter in stores.parameters.values():
            assert own.parameters[parameter.name] == parameter, name
        assert own.return_annotation == stores.return_annotation, name
        if name not in DIFFERENT:
            assert list(own.parameters) == list(stores.parameters), name


def make_video(store, session_id):
    path = store.make_video_path(session_id)
    with VideoWriter(path, (64, 64)) as writer:
        for number in range(5):
            writer.write(np.full((64, 64, 3), 40 * number, np.uint8), number / 10)
    store.set_video(session_id, path)


def without_ids(value, ids):
    """What was returned, with ids and moments that differ from run to run replaced."""
    if isinstance(value, pd.DataFrame):
        table = value.drop(columns=["created_at"]).astype(object).fillna("none")
        return table.assign(id=[ids[each] for each in table["id"]]).to_dict("list")
    if isinstance(value, list):
        return [without_ids(each, ids) for each in value]
    if isinstance(value, posecore.Session):
        fps = "none" if math.isnan(value.fps) else value.fps
        return replace(value, id=ids[value.id], created_at=None, fps=fps)
    if isinstance(value, posecore.Note):
        return replace(value, id="note", session_id=ids[value.session_id], created_at=None)
    if isinstance(value, set):
        return {ids[each] for each in value}
    return value


def run_scenario(store):
    """Everything a notebook does; what each step returned."""
    ids = {}
    sequence = make_gappy()
    wall = store.create_session(
        name="W\N{LATIN SMALL LETTER A WITH DIAERESIS}nd / 3", source="stream", athlete="Mia",
        tags=("a", "b"), description="Line\nbreak", model="full",
    )  # fmt: skip
    ids[wall] = "wall"
    slab = store.create_session(name="Slab", source="file", status="recording")
    ids[slab] = "slab"
    returned = [
        store.get_session(wall),
        store.append_frames(wall, sequence[:20], dropped_count=3),
        store.append_frames(wall, sequence[20:20]),
        store.append_frames(wall, sequence[20:]),
        store.update_session(wall, name="Roof", tags=["c"]),
        store.update_session(wall),
        store.finish_session(wall, dropped_count=4, reason="Short."),
        store.finish_session(slab),
        store.get_sessions(),
        store.list_sessions(),
    ]
    note = store.notes.add(wall, start_s=1, end_s=1.5, text="Heel", tag="foot")
    later = store.notes.add(wall, start_s=np.float64(2.25), text="Ha\N{FIRE}")
    returned += [
        note,
        store.notes.update(note.id, end_s=None, text="Toe"),
        store.notes.list(wall),
        store.notes.list(slab),
        store.goals.list(wall),
        store.notes.list_all(),
        store.notes.find_noted_sessions(),
        store.notes.delete(later.id),
        store.notes.list_all(),
        store.get_video_file(wall),
    ]
    loaded = [store.load_sequence(wall), store.load_sequence(wall, every=25)]
    loaded.append(store.load_sequence(slab))
    store.delete_session(slab)
    returned += [store.get_sessions()]
    return [without_ids(each, ids) for each in returned], loaded


def test_the_same_scenario_gives_the_same_on_the_file_and_on_a_dashboard(remote, tmp_path):
    with open_store(tmp_path / "other.duckdb") as other:
        expected, expected_loaded = run_scenario(other)
    got, got_loaded = run_scenario(remote)
    assert got == expected
    for ours, theirs in zip(got_loaded, expected_loaded, strict=True):
        assert isinstance(ours, PoseSequence)
        assert is_same(ours, theirs)


WRONG = {
    "unknown session": lambda store, _: store.get_session(NO_ID),
    "no id": lambda store, _: store.get_session("x"),
    "an empty id": lambda store, _: store.load_sequence(""),
    "an id that leads up": lambda store, _: store.delete_session("../notes"),
    "two dots": lambda store, _: store.delete_session(".."),
    "an id with a question": lambda store, _: store.get_session("x?limit=1"),
    "a line break": lambda store, _: store.get_session("\n"),
    "SQL": lambda store, _: store.get_session("' OR 1=1 --"),
    "no id of a note": lambda store, _: store.notes.update("../sessions", text="x"),
    "unknown note": lambda store, _: store.notes.delete(NO_ID),
    "notes of nothing": lambda store, _: store.notes.list(NO_ID),
    "goals of nothing": lambda store, _: store.goals.list(NO_ID),
    "goals of no id": lambda store, _: store.goals.list("../notes"),
    "frames for nothing": lambda store, _: store.append_frames(NO_ID, make_squats(duration_s=1.0)),
    "a name too long": lambda store, _: store.create_session(name="x" * 201, source="live"),
    "no name": lambda store, _: store.create_session(name=" ", source="live"),
    "tags that are a word": lambda store, i: store.update_session(i, tags="word"),
    "no such source": lambda store, _: store.create_session(name="x", source="camera"),
    "no such field": lambda store, i: store.update_session(i, owner="me"),
    "no text": lambda store, i: store.notes.add(i, start_s=0, text=" "),
    "no time": lambda store, i: store.notes.add(i, start_s=math.nan, text="x"),
    "an end before the start": lambda store, i: store.notes.add(i, start_s=2, end_s=1, text="x"),
    "no such part of a note": lambda store, _: store.notes.update(NO_ID, owner="me"),
    "a video of nothing": lambda store, _: store.get_video_file(NO_ID),
    "frames that are late": lambda store, i: store.append_frames(i, make_squats(duration_s=1.0)),
}


@pytest.mark.parametrize("do", WRONG.values(), ids=WRONG.keys())
def test_what_goes_wrong_is_the_same_error_with_the_same_sentence(remote, store, do):
    session_id = store.create_session(name="Begun", source="stream")
    store.append_frames(session_id, make_squats(duration_s=2.0))
    before = store.get_session(session_id)
    caught = []
    for each in (store, remote):
        with pytest.raises((InvalidFieldError, SessionNotFoundError, NoteNotFoundError)) as error:
            do(each, session_id)
        caught.append((type(error.value), str(error.value)))
    assert caught[0] == caught[1]
    assert store.get_session(session_id) == before


def test_a_session_gets_its_id_from_the_dashboard(remote, store):
    with pytest.raises(InvalidFieldError, match="leave session_id out"):
        remote.create_session(name="x", source="live", session_id=NO_ID)
    assert store.get_sessions() == []


def test_all_sessions_come_however_many_there_are(remote, store, monkeypatch):
    monkeypatch.setattr("posecore.client._PAGE", 3)
    for number in range(8):
        store.create_session(name=str(number), source="live")
    assert remote.get_sessions() == store.get_sessions()
    pd.testing.assert_frame_equal(remote.list_sessions(), store.list_sessions())


def test_no_sessions_are_a_table_with_the_same_columns(remote, store):
    assert list(remote.list_sessions().columns) == list(store.list_sessions().columns)


def test_more_frames_than_fit_one_request_are_sent_in_parts(remote, store, monkeypatch):
    monkeypatch.setattr("posecore.client._FRAMES_AT_ONCE", 25)
    session_id = remote.create_session(name="Long", source="stream")
    sequence = make_gappy(duration_s=4.0)
    remote.append_frames(session_id, sequence)
    assert is_same(store.load_sequence(session_id), sequence)


def test_frames_outside_the_contract_are_refused(remote, store):
    session_id = remote.create_session(name="Begun", source="stream")
    squats = make_squats(duration_s=1.0)
    bright = np.full_like(squats.visibility, 1.5)
    with pytest.raises(InvalidSequenceError, match="visibility must be from 0 to 1"):
        remote.append_frames(session_id, replace(squats, visibility=bright))
    assert store.get_session(session_id).frame_count == 0


@pytest.mark.parametrize("processing", ["recorded", "cleaned", "refined"])
def test_processed_frames_come_with_their_steps(remote, store, processing):
    session_id = store.create_session(name="Squats", source="stream")
    store.append_frames(session_id, make_squats(duration_s=2.0))
    store.finish_session(session_id)
    found = remote.load_sequence(session_id, processing=processing)
    expected = load_processed(store, session_id, processing)
    assert is_same(found, expected)
    assert found.steps == expected.steps


def test_a_video_is_fetched_to_where_it_is_wanted_or_for_as_long_as_the_client(
    api_url, store, tmp_path
):
    session_id = store.create_session(name="Filmed", source="stream")
    make_video(store, session_id)
    content = store.get_video_file(session_id).read_bytes()
    with posecore.connect(api_url) as remote:
        wanted = tmp_path / "here.mp4"
        assert remote.get_video_file(session_id, wanted) == wanted
        assert wanted.read_bytes() == content
        found = remote.get_video_file(session_id)
        assert found.read_bytes() == content
        store.get_video_file(session_id).unlink()
        assert remote.get_video_file(session_id) is None
    assert not found.exists()
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["here.mp4"]


# What is no dashboard


def find_free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}",
        "ftp://127.0.0.1",
        "127.0.0.1:8501",
        "http://",
        "",
        "http://[::1",
        "http://a b",
        "http://127.0.0.1:99999",
    ],
)
def test_where_no_dashboard_answers_one_sentence_says_so(url):
    with pytest.raises(RemoteError, match=r"^No dashboard can be asked at .*\.$"):
        posecore.connect(url.format(port=find_free_port()))


def test_another_program_at_the_address_is_not_taken_for_a_dashboard():
    def answer(_request):
        return PlainTextResponse("hello", status_code=404)

    app = Starlette(routes=[Route("/{path:path}", answer)])
    server = _Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        assert server.is_listening.wait(30)
        port = server.servers[0].sockets[0].getsockname()[1]
        with pytest.raises(RemoteError, match="no dashboard of posecore"):
            posecore.connect(f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join(30)


def test_a_client_that_was_closed_says_so(api_url):
    remote = posecore.connect(api_url)
    remote.close()
    remote.close()
    with pytest.raises(RemoteError, match="close"):
        remote.get_sessions()


@pytest.mark.parametrize("token", [None, "pc_wrong", "n\u00f8", "a\nb"])
def test_without_a_token_that_counts_there_is_no_client(store, settings, token):
    identify = make_identify(lambda: store, lambda _: None, lambda: True)
    with (
        make_context(store, settings, identify=identify) as context,
        run_api(context) as url,
        pytest.raises(NotSignedInError, match="Settings"),
    ):
        posecore.connect(url, token)


def test_too_much_says_when_to_come_back(store, settings):
    limits = ApiLimits(writes="1/minute")
    with (
        make_context(store, settings) as context,
        run_api(context, limits) as url,
        posecore.connect(url) as remote,
    ):
        remote.create_session(name="x", source="live")
        with pytest.raises(TooManyRequestsError) as caught:
            remote.create_session(name="x", source="live")
    assert 1 <= caught.value.retry_after_s <= 60


def test_a_token_is_never_in_what_is_printed(api_url):
    secret = "pc_" + "s" * 43
    for url in (api_url, f"http://127.0.0.1:{find_free_port()}"):
        with pytest.raises((NotSignedInError, RemoteError)) as caught:
            posecore.connect(url, secret)
        assert secret not in str(caught.value)
    remote = RemoteStore(api_url, secret)
    assert secret not in repr(remote)
    remote.close()


def test_the_readme_says_how_to_work_on_a_running_dashboard():
    text = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    assert "posecore.connect(" in text


DEEP = Goal(angle="left_knee_flexion", kind="at_least", low_deg=80)
BENT = Goal(angle="left_knee_flexion", kind="within", low_deg=40, high_deg=60)


def test_goals_are_listed_as_on_the_file_and_counted_where_a_recording_was_cut_off(remote, store):
    session_id = remote.create_session(name="Squats", source="stream")
    remote.append_frames(session_id, make_squats(duration_s=10.0))
    never_seen = GoalResult(seen_s=0.0)
    kept = [SessionGoal(goal=DEEP), SessionGoal(goal=BENT, result=never_seen)]
    store.goals.set(session_id, kept)
    deep, bent = remote.goals.list(session_id)
    assert deep == kept[0], "a recording that runs is not counted yet"
    assert bent.goal == BENT
    assert math.isnan(bent.result.best_deg)
    remote.finish_session(session_id)
    counted = remote.goals.list(session_id)
    assert counted[0].result == measure_goal(make_squats(duration_s=10.0), DEEP)
    assert counted[0].result.n_repetitions == 5
    assert posecore.load_goals(store, session_id)[0] == counted[0]
    assert posecore.load_goals(remote, session_id)[0] == counted[0]
    assert store.goals.list(session_id)[0] == kept[0], "whoever looks changes nothing"


def test_moments_are_found_as_on_the_file(remote, store):
    session_id = remote.create_session(name="Squats", source="sample", athlete="Mia", tags=["leg"])
    remote.append_frames(session_id, make_squats(12.0, 30.0))
    remote.finish_session(session_id)
    where = ["left_knee_flexion > 45", "right_knee_flexion > 45"]
    options = {"min_duration_s": 0.2, "athlete": "Mia", "tag": "leg"}
    found = posecore.find_moments(remote, where, **options)
    pd.testing.assert_frame_equal(found, posecore.find_moments(store, where, **options))
    assert len(found) == 6
    later = datetime(2100, 1, 1, tzinfo=UTC)
    nothing = posecore.find_moments(remote, where, since=later)
    assert nothing.empty
    assert nothing.dtypes["start_s"] == np.float64
    assert list(nothing.columns) == list(found.columns)
