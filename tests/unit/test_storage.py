"""The store: what goes in comes out, for its owner only, within stated limits."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from threading import Thread
from uuid import UUID, uuid4

import duckdb
import numpy as np
import pytest

from posecore import PoseFrame, PoseSequence, Session, open_store
from posecore.errors import InvalidFieldError, SessionNotFoundError
from posecore.storage.session import MAX_TAGS, TAG_LIMIT, TEXT_LIMITS
from posecore.synthetic import make_sequence, make_squats
from tests.unit.older_database import make_older

NO_ID = "00000000-0000-4000-8000-000000000000"
HOSTILE_TEXTS = [
    'Mira\'s "best" attempt',
    "Robert'); DROP TABLE sessions;--",
    "<script>alert(1)</script>&amp;",
    "=HYPERLINK(1)",
    "🧗‍♀️ Überhang 壁 \u202e",
    "  spaces stay  ",
    "two\nlines\tand a tab",
    "%s {} $1 ? \\",
]


def make_gappy():
    """Three frames: somebody, nobody, somebody with one landmark missing."""
    sequence = make_squats(duration_s=0.1)
    arrays = {}
    for name in ("image_landmarks", "world_landmarks", "visibility", "presence"):
        arrays[name] = np.array(getattr(sequence, name))
        arrays[name][1] = np.nan
    arrays["world_landmarks"][2, 5] = np.nan
    return replace(sequence, **arrays)


def assert_same(found, expected):
    assert found.image_size == expected.image_size
    for field in fields(PoseSequence):
        if field.name != "image_size":
            np.testing.assert_array_equal(getattr(found, field.name), getattr(expected, field.name))


@pytest.fixture
def recorded(store):
    """Id of a finished session of 30 frames."""
    session_id = store.create_session(name="Wall", source="live", athlete="Mira", tags=["a", "b"])
    store.append_frames(session_id, make_squats(duration_s=1.0))
    store.finish_session(session_id)
    return session_id


# Frames


def test_frames_come_back_exactly_in_batches_of_any_size(store):
    squats = make_squats(duration_s=2.0)
    session_id = store.create_session(name="Wall", source="live")
    for start, stop in ((0, 1), (1, 30), (30, 30), (30, 60)):
        store.append_frames(session_id, squats[start:stop])
    assert_same(store.load_sequence(session_id), squats)


def test_what_is_missing_stays_missing(store):
    gappy = make_gappy()
    session_id = store.create_session(name="Wall", source="live")
    store.append_frames(session_id, gappy)
    assert_same(store.load_sequence(session_id), gappy)
    session = store.get_session(session_id)
    assert (session.frame_count, session.detected_count) == (3, 2)


def test_world_landmarks_without_image_landmarks_are_kept(store):
    squats = make_squats(duration_s=0.1)
    only_world = replace(squats, image_landmarks=np.full((3, 33, 3), np.nan))
    session_id = store.create_session(name="From elsewhere", source="video")
    store.append_frames(session_id, only_world)
    assert_same(store.load_sequence(session_id), only_world)


def test_a_dropped_frame_leaves_its_hole_in_the_numbers(store):
    holed = replace(make_sequence(time_s=[0.0, 0.1, 0.4]), frame_number=[0, 1, 4])
    session_id = store.create_session(name="Wall", source="live")
    store.append_frames(session_id, holed, dropped_count=2)
    assert store.load_sequence(session_id).frame_number.tolist() == [0, 1, 4]
    assert store.get_session(session_id).dropped_count == 2


def test_a_session_without_frames_is_an_empty_recording(store):
    session_id = store.create_session(name="Wall", source="live")
    assert len(store.load_sequence(session_id)) == 0
    session = store.finish_session(session_id)
    assert (session.status, session.frame_count, session.duration_s) == ("completed", 0, 0.0)
    assert np.isnan(session.fps)


def test_nobody_at_all_is_frames_without_a_detection(store):
    nobody = PoseSequence.from_frames(
        [PoseFrame.empty(i / 10) for i in range(5)], image_size=(4, 3)
    )
    session_id = store.create_session(name="Empty room", source="live")
    store.append_frames(session_id, nobody)
    assert_same(store.load_sequence(session_id), nobody)
    assert store.finish_session(session_id).detected_count == 0


def test_the_facts_are_taken_from_the_frames(store):
    session_id = store.create_session(name="Wall", source="live", model="full")
    assert store.get_session(session_id).image_width is None
    store.append_frames(session_id, make_sequence(time_s=[0.0, 0.5, 2.0]))
    session = store.finish_session(session_id, dropped_count=7)
    assert session.status == "completed"
    assert session.duration_s == 2.0
    assert session.fps == 1.0
    assert (session.frame_count, session.detected_count, session.dropped_count) == (3, 3, 7)
    assert (session.image_width, session.image_height) == (640, 360)
    assert session.model == "full"
    assert not session.recovered


@pytest.mark.parametrize("status", ["completed", "failed"])
def test_nothing_is_added_to_a_session_that_is_over(store, status):
    session_id = store.create_session(name="Wall", source="live")
    if status == "completed":
        store.finish_session(session_id)
    else:
        store.fail_session(session_id, "The camera was unplugged.")
    with pytest.raises(InvalidFieldError, match="finished"):
        store.append_frames(session_id, make_squats(duration_s=1.0))
    assert len(store.load_sequence(session_id)) == 0


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(lambda rest: replace(rest, frame_number=np.arange(29, 59)), id="number"),
        pytest.param(lambda rest: replace(rest, time_s=rest.time_s - 0.5), id="time"),
    ],
)
def test_frames_that_do_not_follow_are_refused_all_of_them(store, again):
    squats = make_squats(duration_s=2.0)
    session_id = store.create_session(name="Wall", source="live")
    store.append_frames(session_id, squats[:30])
    with pytest.raises(InvalidFieldError, match="must follow those stored"):
        store.append_frames(session_id, again(squats[30:]), dropped_count=9)
    assert_same(store.load_sequence(session_id), squats[:30])
    session = store.get_session(session_id)
    assert (session.frame_count, session.dropped_count) == (30, 0)
    store.append_frames(session_id, squats[30:])
    assert_same(store.load_sequence(session_id), squats)


def test_a_failed_session_says_why_and_keeps_no_frames(store):
    session_id = store.create_session(name="Wall", source="video")
    store.append_frames(session_id, make_squats(duration_s=1.0))
    session = store.fail_session(session_id, "The file ended early.")
    assert (session.status, session.status_reason) == ("failed", "The file ended early.")
    assert (session.frame_count, session.detected_count, session.duration_s) == (0, 0, 0.0)
    assert len(store.load_sequence(session_id)) == 0


def test_recordings_on_several_threads_do_not_mix(store):
    """While one is recorded it is renamed, and a list of all is drawn."""
    squats = make_squats(duration_s=2.0)
    ids = [store.create_session(name="before", source="live") for _ in range(3)]
    failures = []

    def record(session_id):
        try:
            for start in range(0, 60, 5):
                store.append_frames(session_id, squats[start : start + 5])
        except Exception as error:
            failures.append(error)

    def rename(session_id):
        try:
            for attempt in range(12):
                store.update_session(session_id, name=f"attempt {attempt}")
                store.save_preference("model", f"{attempt}")
                store.list_sessions()
        except Exception as error:
            failures.append(error)

    threads = [Thread(target=work, args=(i,)) for i in ids for work in (record, rename)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for session_id in ids:
        assert_same(store.load_sequence(session_id), squats)
        session = store.get_session(session_id)
        assert (session.name, session.frame_count) == ("attempt 11", 60)


def test_a_recording_survives_closing_and_opening(settings):
    squats = make_squats(duration_s=1.0)
    with open_store(settings.database) as store:
        session_id = store.create_session(name="Wall", source="live")
        store.append_frames(session_id, squats)
        store.finish_session(session_id)
    with open_store(str(settings.database)) as store:
        assert_same(store.load_sequence(session_id), squats)
        assert store.recover_sessions() == []


def test_the_tidy_view_has_a_row_for_each_landmark(settings):
    squats = make_squats(duration_s=0.1)
    with open_store(settings.database) as store:
        session_id = store.create_session(name="Wall", source="live")
        store.append_frames(session_id, squats)
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        rows = connection.execute(
            "SELECT frame_number, image_y, world_x_m, world_y_m, world_z_m, visibility "
            "FROM landmarks WHERE landmark = 'left_knee' ORDER BY frame_number"
        ).fetchall()
        counted = connection.execute("SELECT count(*) FROM landmarks").fetchall()
    assert counted == [(3 * 33,)]
    assert [row[0] for row in rows] == [0, 1, 2]
    assert rows[2][1] == squats.image_landmarks[2, 25, 1]
    assert rows[2][2:5] == tuple(squats.world_landmarks[2, 25].tolist())
    assert rows[2][5] == squats.visibility[2, 25]


# Sessions


def test_a_new_session_has_the_fields_of_the_contract(store):
    before = datetime.now(UTC)
    session_id = store.create_session(
        name="Wall", source="live", athlete="Mira", tags=["red", "overhang"], description="Third go"
    )
    session = store.get_session(session_id)
    assert UUID(session.id).version == 4
    assert (session.name, session.athlete, session.description) == ("Wall", "Mira", "Third go")
    assert session.tags == ("red", "overhang")
    assert (session.owner, session.source, session.status) == ("local", "live", "recording")
    assert before <= session.created_at <= datetime.now(UTC)
    assert session.created_at.utcoffset() == timedelta(0)
    assert session.video_path is None


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("live", "recording"),
        ("stream", "recording"),
        ("video", "processing"),
        ("sample", "processing"),
    ],
)
def test_a_camera_records_and_a_file_is_processed(store, source, status):
    session_id = store.create_session(name="Wall", source=source)
    assert store.get_session(session_id).status == status


def test_the_list_is_a_table_newest_first(store):
    ids = [store.create_session(name=name, source="live") for name in ("first", "second", "third")]
    table = store.list_sessions()
    assert list(table.columns) == [field.name for field in fields(Session)]
    assert table["name"].tolist() == ["third", "second", "first"]
    assert table["id"].tolist() == ids[::-1]
    assert [session.id for session in store.get_sessions()] == ids[::-1]


def test_an_empty_store_lists_nothing_with_all_columns(store):
    table = store.list_sessions()
    assert len(table) == 0
    assert list(table.columns) == [field.name for field in fields(Session)]


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_texts_are_kept_as_given(store, text):
    session_id = store.create_session(
        name=text, source="live", athlete=text, description=text, tags=[text]
    )
    session = store.get_session(session_id)
    assert (session.name, session.athlete, session.description) == (text, text, text)
    assert session.tags == (text,)
    renamed = store.update_session(session_id, name=text[::-1], tags=[text, "x"])
    assert (renamed.name, renamed.tags) == (text[::-1], (text, "x"))
    assert len(store.get_sessions()) == 1


@pytest.mark.parametrize("field", list(TEXT_LIMITS))
def test_texts_have_a_stated_limit(store, field):
    longest = "🧗" * TEXT_LIMITS[field]
    given = {"name": "Wall", "source": "live"}
    session_id = store.create_session(**given | {field: longest})
    assert getattr(store.get_session(session_id), field) == longest
    for refused in (longest + "x", "x" * 10_000):
        with pytest.raises(InvalidFieldError, match=rf"{field}.*{TEXT_LIMITS[field]:,}.*shorten"):
            store.create_session(**given | {field: refused})
        with pytest.raises(InvalidFieldError, match=field):
            store.update_session(session_id, **{field: refused})
    assert getattr(store.get_session(session_id), field) == longest
    assert len(store.get_sessions()) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "needs a name"),
        ({"name": " \n"}, "needs a name"),
        ({"name": "a\0b"}, "no text"),
        ({"description": "\ud83e"}, "no text"),
        ({"name": None}, "must be text, not NoneType"),
        ({"athlete": 7}, "must be text, not int"),
        ({"tags": "red"}, "list of words"),
        ({"tags": None}, "list of words"),
        ({"tags": ["x" * (TAG_LIMIT + 1)]}, "tag may have 50"),
        ({"tags": ["a\0b"]}, "no text"),
        ({"tags": [f"{i}" for i in range(MAX_TAGS + 1)]}, "20 tags .* has 21"),
        ({"status": "completed"}, "'status' of a session cannot be changed"),
        ({"owner": "somebody"}, "'owner' of a session cannot be changed"),
        ({"id = id; --": "x"}, "cannot be changed"),
    ],
)
def test_what_is_no_proper_field_is_refused_and_changes_nothing(store, recorded, changes, sentence):
    before = store.get_session(recorded)
    with pytest.raises(InvalidFieldError, match=sentence):
        store.update_session(recorded, **{"athlete": "Noor", **changes})
    assert store.get_session(recorded) == before


def test_the_same_tag_twice_is_one_tag(store):
    session_id = store.create_session(name="Wall", source="live", tags=["red", "steep", "red"])
    assert store.get_session(session_id).tags == ("red", "steep")


def test_a_change_touches_nothing_else(store, recorded):
    other = store.create_session(name="Other", source="live")
    store.append_frames(other, make_squats(duration_s=1.0))
    store.finish_session(other)
    before, other_before = store.get_session(recorded), store.get_session(other)
    changed = store.update_session(recorded, name="Slab", athlete="", tags=[])
    assert changed == replace(before, name="Slab", athlete="", tags=())
    assert store.get_session(recorded) == changed
    assert store.get_session(other) == other_before
    assert len(store.load_sequence(recorded)) == 30


def test_a_deleted_session_is_gone_with_its_frames(settings):
    with open_store(settings.database) as store:
        kept, gone = (store.create_session(name=name, source="live") for name in ("kept", "gone"))
        for session_id in (kept, gone):
            store.append_frames(session_id, make_squats(duration_s=1.0))
        store.delete_session(gone)
        assert [session.id for session in store.get_sessions()] == [kept]
        with pytest.raises(SessionNotFoundError):
            store.load_sequence(gone)
        assert len(store.load_sequence(kept)) == 30
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        left = connection.execute("SELECT DISTINCT session_id FROM frames").fetchall()
    assert left == [(UUID(kept),)]


# Who may see what

ACTIONS = {
    "get_session": lambda store, i: store.get_session(i),
    "load_sequence": lambda store, i: store.load_sequence(i),
    "update_session": lambda store, i: store.update_session(i, name="Stolen"),
    "append_frames": lambda store, i: store.append_frames(i, make_squats(duration_s=1.0)),
    "finish_session": lambda store, i: store.finish_session(i),
    "fail_session": lambda store, i: store.fail_session(i, "Because."),
    "delete_session": lambda store, i: store.delete_session(i),
    "set_video": lambda store, i: store.set_video(i, store.make_video_path(i)),
    "get_video_file": lambda store, i: store.get_video_file(i),
    "set_reference": lambda store, i: store.set_reference(i),
    "get_right": lambda store, i: store.get_right(i),
}
NOT_ABOUT_ONE_SESSION = {
    "close", "create_session", "for_owner", "get_sessions", "list_sessions", "load_preferences",
    "get_reference", "load_references", "make_video_path", "recover_sessions", "remove_reference",
    "save_preference", "identify", "note_less_rights", "rights_version",
}  # fmt: skip


def test_every_method_about_one_session_is_tried_below(store):
    methods = {name for name in dir(store) if not name.startswith("_")} - {
        *(
            "audit",
            "goals",
            "metrics",
            "notes",
            "people",
            "processed",
            "queries",
            "readings",
            "shares",
            "tokens",
        ),
        "owner",
    }
    assert methods == set(ACTIONS) | NOT_ABOUT_ONE_SESSION


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS.keys())
def test_somebody_elses_session_is_answered_like_an_unknown_one(store, recorded, action):
    stranger = store.for_owner("stranger")
    before = store.get_session(recorded)
    sentences = []
    for session_id in (recorded, NO_ID):
        with pytest.raises(SessionNotFoundError) as caught:
            action(stranger, session_id)
        sentences.append(str(caught.value).replace(session_id, "ID"))
    assert sentences[0] == sentences[1]
    assert store.get_session(recorded) == before
    assert len(store.load_sequence(recorded)) == 30


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS.keys())
@pytest.mark.parametrize("nonsense", ["", "x", "' OR 1=1 --", NO_ID[:-1], "9" * 10_000])
def test_what_is_no_id_is_an_unknown_session(store, action, nonsense):
    with pytest.raises(SessionNotFoundError, match="no session"):
        action(store, nonsense)


def test_an_id_that_is_in_use_is_refused_with_a_sentence(store, recorded):
    for somebody in (store, store.for_owner("stranger")):
        with pytest.raises(InvalidFieldError, match="in use"):
            somebody.create_session(name="Mine now", source="live", session_id=recorded)
    assert [session.name for session in store.get_sessions()] == ["Wall"]


def test_each_owner_lists_their_own(store, recorded):
    stranger = store.for_owner("stranger")
    assert stranger.get_sessions() == []
    own = stranger.create_session(name="Mine", source="live")
    assert [session.id for session in stranger.get_sessions()] == [own]
    assert [session.id for session in store.get_sessions()] == [recorded]
    assert stranger.get_session(own).owner == "stranger"


def test_preferences_are_kept_for_each_owner(settings):
    with open_store(settings.database) as store:
        assert store.load_preferences() == {}
        store.save_preference("model", "lite")
        store.save_preference("model", "heavy")
        store.save_preference("camera_size", "1280x720")
        store.for_owner("stranger").save_preference("model", "full")
    with open_store(settings.database) as store:
        assert store.load_preferences() == {"model": "heavy", "camera_size": "1280x720"}
        assert store.for_owner("stranger").load_preferences() == {"model": "full"}
        assert settings.with_preferences(store.load_preferences()).model == "heavy"


def test_ids_in_other_spellings_mean_the_same_session(store, recorded):
    assert store.get_session(recorded.upper()).id == recorded
    assert len(store.load_sequence(recorded.replace("-", ""))) == 30


def test_an_unused_id_stays_unknown(store, recorded):
    with pytest.raises(SessionNotFoundError, match="list of sessions"):
        store.get_session(str(uuid4()))


def test_a_database_from_before_files_could_be_imported_keeps_everything(settings):
    with open_store(settings.database) as store:
        session_id = store.create_session(
            name="Wall", source="live", athlete="Mira", tags=["a", "b"]
        )
        store.append_frames(session_id, make_squats(duration_s=1.0))
        expected = store.finish_session(session_id)
        store.notes.add(session_id, start_s=0, text="Rest")
    make_older(settings.database, 4)
    for _ in range(2):
        with open_store(settings.database) as store:
            assert store.get_session(session_id) == expected
            assert len(store.load_sequence(session_id)) == 30
            assert len(store.notes.list(session_id)) == 1
            store.delete_session(store.create_session(name="Lab", source="file"))


def test_closing_waits_for_what_another_thread_is_reading(settings):
    store = open_store(settings.database)
    closing = Thread(target=store.close)
    with store._database.cursor() as cursor:
        closing.start()
        assert cursor.execute("SELECT count(*) FROM range(3000000)").fetchall() == [(3000000,)]
        assert closing.is_alive()
    closing.join(timeout=30)
    assert not closing.is_alive()
