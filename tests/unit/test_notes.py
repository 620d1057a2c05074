"""Notes: kept as written, for the session's owner only, and beside the frames they cover."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import duckdb
import numpy as np
import pytest

from posecore import Note, open_store
from posecore.errors import InvalidFieldError, NoteNotFoundError, SessionNotFoundError
from posecore.export import to_angles_table, to_csv_bytes, to_landmarks_table, to_notes_table
from posecore.synthetic import make_sequence, make_squats
from tests.unit.older_database import make_older

NO_ID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def session_id(store):
    """Id of a finished session of 2 seconds."""
    session_id = store.create_session(name="Wall", source="live")
    store.append_frames(session_id, make_squats(duration_s=2.0))
    store.finish_session(session_id)
    return session_id


# The store


def test_a_note_comes_back_as_it_was_written(store, session_id):
    before = datetime.now(UTC)
    moment = store.notes.add(session_id, start_s=1.5, text="Heel up, 🧗 =1+1\n  twice ")
    stretch = store.notes.add(session_id, start_s=0.25, end_s=1, text="Rest", tag="pause")
    assert store.notes.list(session_id) == [stretch, moment]
    assert moment.text == "Heel up, 🧗 =1+1\n  twice "
    assert (moment.start_s, moment.end_s, moment.tag) == (1.5, None, "")
    assert (stretch.start_s, stretch.end_s, stretch.tag) == (0.25, 1.0, "pause")
    assert stretch.session_id == session_id
    assert UUID(moment.id).version == 4
    assert before <= moment.created_at <= datetime.now(UTC)


def test_notes_are_listed_as_they_start_and_then_as_they_were_written(store, session_id):
    for text, start_s in (("c", 2.0), ("a", 0.0), ("d", 2.0), ("b", 1.0)):
        store.notes.add(session_id, start_s=start_s, text=text)
    assert [note.text for note in store.notes.list(session_id)] == ["a", "b", "c", "d"]


def test_a_change_touches_only_what_it_names(store, session_id):
    note = store.notes.add(session_id, start_s=1.0, end_s=2.0, text="Rest", tag="pause")
    other = store.notes.add(session_id, start_s=3.0, text="Go")
    assert store.notes.update(note.id, text="Rest!") == replace(note, text="Rest!")
    assert store.notes.update(note.id, end_s=None, tag="") == replace(
        note, text="Rest!", end_s=None, tag=""
    )
    assert store.notes.update(note.id) == store.notes.list(session_id)[0]
    assert store.notes.list(session_id)[1] == other


def test_a_deleted_note_is_gone_and_no_other(store, session_id):
    first, second = (store.notes.add(session_id, start_s=0, text=text) for text in "ab")
    store.notes.delete(first.id)
    assert store.notes.list(session_id) == [second]
    with pytest.raises(NoteNotFoundError, match="may have been deleted"):
        store.notes.delete(first.id)
    with pytest.raises(NoteNotFoundError):
        store.notes.update(first.id, text="back")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"text": ""}, "needs a text"),
        ({"text": " \n"}, "needs a text"),
        ({"text": "x" * 2001}, "text of a note may have 2,000 characters and this one has 2,001"),
        ({"text": "a\0b"}, "no text"),
        ({"text": None}, "must be text, not NoneType"),
        ({"tag": "x" * 51}, "tag of a note may have 50"),
        ({"tag": ["red"]}, "must be text, not list"),
        ({"start_s": -0.001}, "start of a note must be seconds .* not '-0.001'"),
        ({"start_s": float("nan")}, "start of a note"),
        ({"start_s": float("inf"), "end_s": None}, "start of a note"),
        ({"start_s": None}, "start of a note"),
        ({"start_s": "1"}, "start of a note"),
        ({"end_s": 0.999}, "end where it starts or later, not at 0.999 s when it starts at 1 s"),
        ({"end_s": float("inf")}, "end of a note"),
        ({"end_s": "later"}, "end of a note must be seconds .* not 'later'"),
    ],
)
def test_what_is_no_proper_note_is_refused_and_changes_nothing(
    store, session_id, changes, sentence
):
    given = {"start_s": 1.0, "end_s": 2.0, "text": "Rest", "tag": "pause"}
    note = store.notes.add(session_id, **given)
    with pytest.raises(InvalidFieldError, match=sentence):
        store.notes.add(session_id, **given | changes)
    with pytest.raises(InvalidFieldError, match=sentence):
        store.notes.update(note.id, **changes)
    assert store.notes.list(session_id) == [note]


@pytest.mark.parametrize("key", ["id", "session_id", "created_at", "text = 'x'; --"])
def test_only_times_and_texts_can_be_changed(store, session_id, key):
    note = store.notes.add(session_id, start_s=0, text="Rest")
    with pytest.raises(InvalidFieldError, match="of a note cannot be changed"):
        store.notes.update(note.id, **{key: NO_ID})
    assert store.notes.list(session_id) == [note]


def test_the_limits_themselves_are_accepted(store, session_id):
    note = store.notes.add(
        session_id, start_s=np.float32(0), end_s=0, text="🧗" * 2000, tag="x" * 50
    )
    assert store.notes.list(session_id) == [note]


def test_a_note_goes_with_its_session(settings):
    with open_store(settings.database) as store:
        kept, gone = (store.create_session(name=name, source="live") for name in ("kept", "gone"))
        for session_id in (kept, gone):
            store.notes.add(session_id, start_s=0, text="Rest")
        assert store.notes.find_noted_sessions() == {kept, gone}
        store.delete_session(gone)
        assert store.notes.find_noted_sessions() == {kept}
        with pytest.raises(SessionNotFoundError):
            store.notes.list(gone)
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        left = connection.execute("SELECT session_id FROM notes").fetchall()
    assert left == [(UUID(kept),)]


def test_a_failed_session_keeps_its_notes(store):
    session_id = store.create_session(name="Wall", source="live")
    note = store.notes.add(session_id, start_s=0, text="Camera fell over")
    store.fail_session(session_id, "The camera was unplugged.")
    assert store.notes.list(session_id) == [note]
    assert to_angles_table(store.load_sequence(session_id), notes=[note]).num_rows == 0


ON_A_SESSION = {
    "add": lambda notes, session_id: notes.add(session_id, start_s=0, text="Mine"),
    "list": lambda notes, session_id: notes.list(session_id),
}
ON_A_NOTE = {
    "update": lambda notes, note_id: notes.update(note_id, text="Stolen"),
    "delete": lambda notes, note_id: notes.delete(note_id),
}


def test_every_method_is_tried_below(store):
    methods = {name for name in dir(store.notes) if not name.startswith("_")}
    assert methods == {*ON_A_SESSION, *ON_A_NOTE, "find_noted_sessions", "list_all", "may_change"}


@pytest.mark.parametrize("action", [*ON_A_SESSION, *ON_A_NOTE])
def test_somebody_elses_note_is_answered_like_an_unknown_one(store, session_id, action):
    note = store.notes.add(session_id, start_s=0, text="Rest")
    stranger = store.for_owner("stranger").notes
    act = (ON_A_SESSION | ON_A_NOTE)[action]
    own = session_id if action in ON_A_SESSION else note.id
    expected = SessionNotFoundError if action in ON_A_SESSION else NoteNotFoundError
    sentences = []
    for some_id in (own, NO_ID, "' OR 1=1 --"):
        with pytest.raises(expected) as caught:
            act(stranger, some_id)
        sentences.append(str(caught.value).replace(some_id, "ID"))
    assert sentences[0] == sentences[1]
    assert stranger.find_noted_sessions() == set()
    assert stranger.list_all() == []
    assert store.notes.list(session_id) == store.notes.list_all() == [note]


def test_a_database_from_before_there_were_notes_gets_them(settings):
    with open_store(settings.database) as store:
        session_id = store.create_session(name="Wall", source="live")
        store.append_frames(session_id, make_squats(duration_s=1.0))
    make_older(settings.database, 2)
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        tables = {name for (name,) in connection.execute("SHOW TABLES").fetchall()}
    assert "notes" not in tables
    for _ in range(2):
        with open_store(settings.database) as store:
            store.notes.add(session_id, start_s=0, text="Rest")
    with open_store(settings.database) as store:
        assert len(store.notes.list(session_id)) == 2
        assert len(store.load_sequence(session_id)) == 30


# Beside the frames


def make_note(start_s, end_s=None, text="Rest", tag=""):
    return Note(
        id=NO_ID,
        session_id=NO_ID,
        start_s=start_s,
        end_s=end_s,
        text=text,
        tag=tag,
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
    )


SEQUENCE = make_sequence(time_s=[5.0, 5.5, 6.0, 7.0, 9.0])
"""Its first frame is not at 0, and a note's time is counted from it."""


def cells_of(*notes, to_table=to_angles_table):
    return to_table(SEQUENCE, notes=notes)["note"].to_pylist()


@pytest.mark.parametrize("to_table", [to_angles_table, to_landmarks_table])
def test_the_column_is_there_exactly_when_notes_are_asked_for(to_table):
    plain, noted = to_table(SEQUENCE), to_table(SEQUENCE, notes=[])
    assert noted.column_names == [*plain.column_names, "note"]
    assert noted["note"].to_pylist() == [None] * 5
    assert noted.drop(["note"]).equals(plain)
    assert cells_of(make_note(2.0), to_table=to_table) == [None, None, None, "Rest", None]


@pytest.mark.parametrize(
    ("start_s", "end_s", "frames"),
    [
        (0.0, None, [0]),
        (0.2, None, [0]),
        (0.3, None, [1]),
        (100.0, None, [4]),
        (0.5, 2.0, [1, 2, 3]),  # both ends belong to the stretch
        (0.5, 0.5, [1]),
        (0.4, 1.9, [1, 2]),
        (0.0, 100.0, [0, 1, 2, 3, 4]),
        (2.1, 2.6, [3]),  # between two frames: not lost
        (50.0, 60.0, [4]),
    ],
)
def test_a_note_stands_beside_the_frames_it_covers(start_s, end_s, frames):
    cells = cells_of(make_note(start_s, end_s))
    assert [frame for frame, cell in enumerate(cells) if cell == "Rest"] == frames
    assert [cell for cell in cells if cell not in ("Rest", None)] == []


def test_several_notes_share_a_cell():
    cells = cells_of(
        make_note(0.0, 0.5, "Rest", "pause"), make_note(0.5, text="Go"), make_note(1.0, tag="x")
    )
    assert cells == ["pause: Rest", "pause: Rest; Go", "x: Rest", None, None]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\uff1d"])
def test_no_spreadsheet_computes_a_note(start):
    hostile = f'{start}HYPERLINK("http://x";A1)'
    assert cells_of(make_note(0.0, text=hostile))[0] == f"'{hostile}"
    assert cells_of(make_note(0.0, tag=hostile))[0] == f"'{hostile}: Rest"
    [row] = to_notes_table([make_note(0.0, text=hostile, tag=hostile)]).to_pylist()
    assert (row["text"], row["tag"]) == (f"'{hostile}", f"'{hostile}")


def test_the_table_of_notes_is_one_row_a_note():
    notes = [make_note(0.5, 2.0, 'Two\nlines, "quoted"', "pause"), make_note(3.25)]
    content = to_csv_bytes(to_notes_table(notes)).decode("utf-8")
    first, second = csv.DictReader(io.StringIO(content, newline=""))
    assert list(first) == ["id", "session_id", "start_s", "end_s", "text", "tag", "created_at"]
    assert (first["start_s"], first["end_s"], first["tag"]) == ("0.5", "2", "pause")
    assert first["text"] == 'Two\nlines, "quoted"'
    assert first["created_at"] == "2026-01-02T00:00:00+00:00"
    assert (second["start_s"], second["end_s"], second["tag"]) == ("3.25", "", "")
    assert to_notes_table([]).schema == to_notes_table(notes).schema
