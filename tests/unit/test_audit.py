"""The audit list: who did what with whose, written with the deed, bounded."""

from datetime import UTC, datetime

import pytest

from posecore.errors import InvalidFieldError, SessionNotFoundError
from posecore.storage import audit_store
from posecore.synthetic import make_squats
from tests.unit.sharing import MovableClock, add_session, share


def actions(store, **options):
    return [entry.action for entry in store.audit.list(**options)]


@pytest.fixture
def coach(store):
    coach = store.for_owner("coach")
    coach.people.remember(name="Carla")
    return coach


def test_every_change_of_a_session_is_written_down_with_its_name(store):
    before = datetime.now(UTC)
    session_id = store.create_session(name="Wall; DROP 🧗", source="live")
    store.append_frames(session_id, make_squats(0.5))
    store.finish_session(session_id)
    store.update_session(session_id, athlete="Mira", tags=["a"])
    store.set_reference(session_id)
    store.remove_reference("Mira")
    store.remove_reference("Mira")
    store.delete_session(session_id)
    entries = store.audit.list()
    assert [(entry.action, entry.detail) for entry in entries[::-1]] == [
        ("created", "live"),
        ("changed", "completed"),
        ("changed", "athlete, tags"),
        ("changed", "reference"),
        ("changed", "no reference of Mira"),
        ("deleted", "15 frames"),
    ]
    about = [entry for entry in entries if entry.session_id]
    assert {entry.session_id for entry in about} == {session_id}
    assert {entry.session_name for entry in about} == {"Wall; DROP 🧗"}
    assert {entry.actor for entry in entries} == {"local"}
    assert all(before <= entry.happened_at <= datetime.now(UTC) for entry in entries)


def test_what_is_refused_is_not_written_down(store):
    session_id = add_session(store)
    before = actions(store)
    with pytest.raises(InvalidFieldError):
        store.append_frames(session_id, make_squats(0.5))
    with pytest.raises(InvalidFieldError):
        store.update_session(session_id, name="")
    with pytest.raises(InvalidFieldError):
        store.notes.add(session_id, start_s=-1, text="x")
    assert actions(store) == before


def test_a_change_that_fails_leaves_no_entry_and_an_entry_that_fails_no_change(store, monkeypatch):
    session_id = add_session(store)
    before = store.audit.list()

    def fail(*_args, **_options):
        raise RuntimeError("no room")

    for module in ("session_changes", "note_store"):
        monkeypatch.setattr(f"posecore.storage.{module}.write_down", fail)
    for act in (
        lambda: store.update_session(session_id, name="Slab"),
        lambda: store.delete_session(session_id),
        lambda: store.notes.add(session_id, start_s=0, text="x"),
    ):
        with pytest.raises(RuntimeError):
            act()
    assert store.audit.list() == before
    assert store.get_session(session_id).name == "Wall"
    assert store.notes.list(session_id) == []


def test_the_owner_sees_what_others_do_with_a_session_and_they_do_not(store, coach):
    session_id = add_session(store)
    share(store, coach, right="annotate")
    coach.audit.note("opened", session_id)
    coach.audit.note("downloaded", session_id, "angles CSV")
    note = coach.notes.add(session_id, start_s=1.25, text="A secret of Carla's")
    coach.notes.update(note.id, text="Heel up")
    coach.notes.delete(note.id)
    entries = store.audit.list()[:5][::-1]
    assert [(each.actor, each.actor_name, each.action, each.detail) for each in entries] == [
        ("coach", "Carla", "opened", ""),
        ("coach", "Carla", "downloaded", "angles CSV"),
        ("coach", "Carla", "note written", "at 1.2 s"),
        ("coach", "Carla", "note changed", "at 1.2 s"),
        ("coach", "Carla", "note deleted", "at 1.2 s"),
    ]
    assert actions(coach) == ["accepted"]
    assert store.for_owner("stranger").audit.list() == []


def test_shares_and_tokens_are_written_down(store, coach):
    given = share(store, coach)
    coach.shares.leave(given.id)
    given = share(store, coach)
    store.shares.revoke(given.id)
    token, text = store.tokens.create(name="Script", scopes=["write", "read"], days=7)
    store.tokens.revoke(token.id)
    assert actions(store) == [
        *("token revoked", "token made", "taken back", "accepted", "shared"),
        *("left", "accepted", "shared"),
    ]
    assert actions(coach) == ["accepted", "left", "accepted"]
    details = [entry.detail for entry in store.audit.list()]
    assert details[:3] == ["Script", "Script: read write, 7 days", "Mira, to read"]
    assert text not in repr(store.audit.list())


def test_opening_the_same_again_is_noted_once_in_ten_minutes(store, monkeypatch):
    time = MovableClock(monkeypatch)
    one, two = add_session(store), add_session(store)
    before = len(store.audit.list())
    for _ in range(3):
        store.audit.note("opened", one)
        store.audit.note("opened", two)
        store.audit.note("downloaded", one)
        store.audit.note("downloaded", one, "angles")
    assert len(store.audit.list()) == before + 4
    time.move(minutes=10)
    store.audit.note("opened", one)
    store.audit.note("opened", one)
    assert len(store.audit.list()) == before + 5


def test_an_unknown_deed_or_too_many_words_are_refused(store):
    with pytest.raises(InvalidFieldError, match="knows no"):
        store.audit.note("hacked")
    with pytest.raises(InvalidFieldError, match="200 characters"):
        store.audit.note("opened", detail="x" * 201)
    with pytest.raises(SessionNotFoundError):
        store.audit.note("opened", "x")
    assert store.audit.list() == []


def test_a_guest_cannot_push_out_what_others_did(store, coach, monkeypatch):
    monkeypatch.setattr(audit_store, "KEPT", 300)
    monkeypatch.setattr(audit_store, "KEPT_OF_A_GUEST", 50)
    session_id = add_session(store)
    share(store, coach, right="annotate")
    before = [entry for entry in store.audit.list() if entry.actor == "local"]
    assert before
    for number in range(420):
        note = coach.notes.add(session_id, start_s=0.0, text=str(number))
        coach.notes.delete(note.id)
    entries = store.audit.list(limit=10_000)
    assert [entry for entry in entries if entry.actor == "local"] == before
    of_coach = [entry.action for entry in entries if entry.actor == "coach"]
    assert of_coach[0] == "note deleted"
    assert 50 <= len(of_coach) < 50 + 100


def test_the_newest_are_kept_and_each_owner_has_their_own_room(store, coach, monkeypatch):
    monkeypatch.setattr(audit_store, "KEPT", 200)
    coach.audit.note("opened")
    for number in range(350):
        store.audit.note("opened", detail=str(number))
    entries = store.audit.list(limit=10_000)
    assert [entry.detail for entry in entries] == [str(n) for n in range(349, 149, -1)]
    with store._database.cursor() as cursor:
        [(kept,)] = cursor.execute("SELECT count(*) FROM audit WHERE owner = 'local'").fetchall()
    assert kept < 300
    assert actions(coach) == ["opened"]
    assert len(store.audit.list(limit=7)) == 7
    assert store.audit.list(limit=-1) == []


def test_who_watches_live_stands_in_the_list_of_whose_athlete_it_is(store, coach, monkeypatch):
    clock = MovableClock(monkeypatch)
    share(store, coach, right="annotate")
    before = len(actions(store))
    assert coach.shares.watch(of="local", athlete="Mira") == "annotate"
    assert coach.shares.watch(of="local", athlete="Mira") == "annotate"
    entry = store.audit.list()[0]
    assert (entry.action, entry.actor_name, entry.detail) == ("watched", "Carla", "Mira")
    assert len(actions(store)) == before + 1
    assert "watched" not in actions(coach)
    clock.move(minutes=11)
    coach.shares.watch(of="local", athlete="Mira")
    assert actions(store)[:2] == ["watched"] * 2


def test_one_s_own_and_what_is_not_shared_is_watched_without_an_entry(store, coach):
    assert coach.shares.watch(of="coach", athlete="Mira") == "own"
    assert coach.shares.watch(of="local", athlete="Mira") is None
    assert actions(store) == actions(coach) == []
