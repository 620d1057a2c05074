"""People: what those are called whom one shares with, and nobody else."""

import pytest

from posecore.errors import NotAllowedError
from posecore.identity import Identity
from tests.unit.sharing import MovableClock, add_session, share


def test_who_signs_in_is_remembered_with_first_and_last_visit(store, monkeypatch):
    time = MovableClock(monkeypatch)
    mira = store.for_owner("mira")
    assert mira.people.get() is None
    first = mira.people.remember(name="Mira", email="mira@example.org")
    assert mira.people.get() == first
    assert (first.label, first.first_seen_at) == ("Mira", first.last_seen_at)
    time.move(seconds=59)
    assert mira.people.remember(name="Mira", email="mira@example.org") == first
    time.move(seconds=1)
    later = mira.people.remember(name="Mira", email="mira@example.org")
    assert later.first_seen_at == first.first_seen_at < later.last_seen_at
    renamed = mira.people.remember(name="", email="mira@example.org")
    assert renamed.label == "mira@example.org"
    assert mira.people.remember().label == "mira"


def test_an_identity_is_noted_under_its_own_owner_only(store):
    mira = store.for_owner("mira")
    mira.people.remember(name="Mira", email="mira@example.org")
    noted = mira.people.note(Identity(owner="mira", name="Mira B."))
    assert (noted.name, noted.email) == ("Mira B.", "mira@example.org")
    with pytest.raises(NotAllowedError):
        mira.people.note(Identity(owner="gina", name="Gina"))
    assert mira.people.get() == noted


def test_names_from_elsewhere_become_one_line_of_text(store):
    person = store.people.remember(name=" A\n\0b\u202e\ud800  c" + "x" * 300, email="'); DROP--")
    assert person.name.startswith("A b c")
    assert len(person.name) == 200
    assert store.people.get() == person


def test_one_knows_the_names_of_those_one_shares_with_and_of_nobody_else(store):
    people = {name: store.for_owner(name) for name in ("giver", "taker", "actor", "stranger")}
    for name, each in people.items():
        each.people.remember(name=name.title())
    giver, taker, actor, stranger = people.values()
    assert taker.people.load_names() == {"taker": "Taker"}
    session_id = add_session(giver)
    share(giver, taker)
    gone = share(giver, actor)
    actor.audit.note("opened", session_id)
    giver.shares.revoke(gone.id)
    assert giver.people.load_names() == {"giver": "Giver", "taker": "Taker", "actor": "Actor"}
    assert taker.people.load_names() == {"taker": "Taker", "giver": "Giver"}
    assert stranger.people.load_names() == {"stranger": "Stranger"}
