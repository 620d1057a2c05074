"""All owners of a database, and giving what was recorded before people signed in to one of them."""

import json

import pytest

from posecore import open_store
from posecore.cli import main
from posecore.errors import InvalidFieldError, SessionNotFoundError
from posecore.storage.owners import PERSON_NAME, Owner, Owners
from posecore.synthetic import make_squats

MIRA = "https://accounts.example.com#248289761001"


def add_session(store, name="Wall", **fields):
    session_id = store.create_session(name=name, source="live", athlete="Mira", **fields)
    store.append_frames(session_id, make_squats(1.0))
    return store.finish_session(session_id).id


@pytest.fixture
def mira(store):
    """Mira's view; she signed in once and recorded nothing."""
    mira = store.for_owner(MIRA)
    mira.save_preference(PERSON_NAME, "mira@example.org")
    return mira


def test_everybody_is_listed_with_a_name_and_a_count(store, mira):
    add_session(store)
    add_session(store)
    assert Owners.of(store).list() == [
        Owner(owner="local", name="", n_sessions=2),
        Owner(owner=MIRA, name="mira@example.org", n_sessions=0),
    ]


def test_what_is_given_comes_whole_and_is_nobody_elses_any_more(store, mira):
    session_id = add_session(store, tags=["wall"])
    note = store.notes.add(session_id, start_s=0.5, text="Hips first")
    path = store.make_video_path(session_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"video")
    store.set_video(session_id, path)
    store.set_reference(session_id, "wall")
    before = store.load_sequence(session_id)

    assert Owners.of(store).give("local", MIRA) == 1
    assert store.get_sessions() == []
    with pytest.raises(SessionNotFoundError):
        store.get_session(session_id)
    assert store.get_reference("Mira", "wall") is None
    assert mira.get_session(session_id).owner == MIRA
    assert mira.load_sequence(session_id).time_s.tolist() == before.time_s.tolist()
    assert [each.text for each in mira.notes.list(session_id)] == [note.text]
    assert mira.get_video_file(session_id) == path
    assert mira.get_reference("Mira", "wall").id == session_id


def test_only_the_sessions_that_are_named_are_given(store, mira):
    given, kept = add_session(store, "Given"), add_session(store, "Kept")
    assert Owners.of(store).give("local", MIRA, [given]) == 1
    assert [each.id for each in mira.get_sessions()] == [given]
    assert [each.id for each in store.get_sessions()] == [kept]


def test_a_receivers_own_reference_stands(store, mira):
    own, given = add_session(mira, "Own"), add_session(store, "Given")
    mira.set_reference(own)
    store.set_reference(given)
    Owners.of(store).give("local", MIRA)
    assert mira.get_reference("Mira").id == own
    assert len(mira.get_sessions()) == 2
    assert store.load_references() == {}


def test_the_givers_reference_of_a_session_that_stays_stays(store, mira):
    given, kept = add_session(store, "Given"), add_session(store, "Kept")
    store.set_reference(kept)
    Owners.of(store).give("local", MIRA, [given])
    assert store.get_reference("Mira").id == kept


@pytest.mark.parametrize(
    ("giver", "receiver"),
    [("local", "nobody"), ("nobody", MIRA), ("local", "local"), ("local", ""), ("local", "' OR 1")],
)
def test_nothing_is_given_to_or_by_nobody(store, mira, giver, receiver):
    session_id = add_session(store)
    with pytest.raises(InvalidFieldError):
        Owners.of(store).give(giver, receiver)
    assert store.get_session(session_id).owner == "local"


def test_one_session_that_is_not_the_givers_stops_all(store, mira):
    own, others = add_session(store), add_session(mira)
    with pytest.raises(SessionNotFoundError):
        Owners.of(store).give("local", MIRA, [own, others])
    assert [each.id for each in store.get_sessions()] == [own]


@pytest.fixture
def database(settings, monkeypatch):
    """A database with two sessions from before, in which Mira signed in once."""
    monkeypatch.setenv("POSECORE_DATA", str(settings.data_dir))
    monkeypatch.delenv("POSECORE_DB", raising=False)
    with open_store(settings.database) as store:
        ids = [add_session(store, "First"), add_session(store, "Second")]
        store.for_owner(MIRA).save_preference(PERSON_NAME, "mira@example.org \x1b[31m")
    return ids


def test_the_command_owners_lists_them(database, capsys):
    assert main(["owners"]) == 0
    said = capsys.readouterr().out
    assert "2 sessions  local" in said
    assert MIRA in said
    assert "\x1b" not in said
    assert main(["owners", "--json"]) == 0
    assert [each["n_sessions"] for each in json.loads(capsys.readouterr().out)] == [2, 0]


def test_the_command_give_says_what_it_would_do_and_does_it_when_told_twice(
    database, settings, capsys
):
    assert main(["give", "--to", MIRA]) == 2
    assert f"2 sessions of local to {MIRA}; add --yes" in capsys.readouterr().err
    assert main(["give", "--from", "local", "--to", MIRA, database[0][:8], "--yes"]) == 0
    assert f"Gave 1 session of local to {MIRA}." in capsys.readouterr().err
    with open_store(settings.database, owner=MIRA) as store:
        assert [each.id for each in store.get_sessions()] == [database[0]]
    assert main(["give", "--to", "nobody", "--yes"]) == 1
    assert "command owners" in capsys.readouterr().err


def test_an_empty_database_has_no_owners(settings, monkeypatch, capsys):
    monkeypatch.setenv("POSECORE_DB", str(settings.database))
    assert main(["owners"]) == 0
    assert "nobody has signed in" in capsys.readouterr().out
