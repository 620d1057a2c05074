"""Reference sessions: one for each athlete and tag, in force as long as it fits."""

from uuid import uuid4

import duckdb
import pytest

from posecore import open_store
from posecore.errors import InvalidFieldError, SessionNotFoundError
from posecore.synthetic import make_squats

HOSTILE = "Mira'); DROP TABLE sessions; --"


def add_session(store, *, is_finished=True, **fields):
    session_id = store.create_session(name="Wall", source="live", **fields)
    store.append_frames(session_id, make_squats(0.2))
    if is_finished:
        store.finish_session(session_id)
    return session_id


@pytest.mark.parametrize("athlete", ["Mira", HOSTILE])
@pytest.mark.parametrize("tag", ["", "wall", "' OR ''='"])
def test_it_is_set_replaced_and_removed(store, athlete, tag):
    first, second = (add_session(store, athlete=athlete, tags=[tag or "x"]) for _ in range(2))
    assert store.get_reference(athlete, tag) is None
    for session_id in (first, second, second):
        store.set_reference(session_id, tag)
        assert store.get_reference(athlete, tag) == store.get_session(session_id)
        assert store.load_references() == {(athlete, tag): session_id}
    store.remove_reference(athlete, tag)
    store.remove_reference(athlete, tag)
    assert store.get_reference(athlete, tag) is None
    assert len(store.get_sessions()) == 2


def test_each_tag_and_each_athlete_has_its_own(store):
    wall, slab = (add_session(store, athlete="Mira", tags=[tag]) for tag in ("wall", "slab"))
    other = add_session(store, athlete="Jo", tags=["wall"])
    store.set_reference(wall, "wall")
    store.set_reference(slab, "slab")
    store.set_reference(other, "wall")
    assert store.get_reference("Mira", "wall").id == wall
    assert store.get_reference("Mira", "slab").id == slab
    assert store.get_reference("Jo", "wall").id == other
    assert store.get_reference("Mira") is None


def test_it_goes_with_its_session(settings):
    with open_store(settings.database) as store:
        session_id = add_session(store, athlete="Mira")
        store.set_reference(session_id)
        store.delete_session(session_id)
        assert store.get_reference("Mira") is None
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM session_references").fetchall() == [(0,)]


@pytest.mark.parametrize("change", [{"athlete": "Jo"}, {"tags": ["slab"]}])
def test_it_is_in_force_as_long_as_athlete_and_tag_fit(store, change):
    session_id = add_session(store, athlete="Mira", tags=["wall"])
    store.set_reference(session_id, "wall")
    before = store.get_session(session_id)
    store.update_session(session_id, **change)
    assert store.get_reference("Mira", "wall") is None
    assert store.load_references() == {}
    store.update_session(session_id, athlete=before.athlete, tags=before.tags)
    assert store.get_reference("Mira", "wall").id == session_id


def test_what_cannot_be_one_is_refused_with_a_sentence(store):
    with pytest.raises(InvalidFieldError, match="belongs to an athlete"):
        store.set_reference(add_session(store))
    with pytest.raises(InvalidFieldError, match="no tag 'wall'"):
        store.set_reference(add_session(store, athlete="Mira"), "wall")
    with pytest.raises(InvalidFieldError, match="finished"):
        store.set_reference(add_session(store, athlete="Mira", is_finished=False))


def test_somebody_elses_is_answered_like_an_unknown_session(store):
    session_id = add_session(store, athlete="Mira")
    store.set_reference(session_id)
    stranger = store.for_owner("stranger")
    assert stranger.get_reference("Mira") is None
    assert stranger.load_references() == {}
    stranger.remove_reference("Mira")
    assert store.get_reference("Mira").id == session_id
    for unknown in (session_id, str(uuid4()), "' OR 1=1 --"):
        with pytest.raises(SessionNotFoundError):
            stranger.set_reference(unknown)
