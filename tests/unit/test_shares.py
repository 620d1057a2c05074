"""Shares: an invitation by link, one acceptor, taken back at any time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import duckdb
import pytest

from posecore import open_store
from posecore.errors import InvalidFieldError, NotAllowedError, ShareNotFoundError
from posecore.storage.share import ACCEPT_DAYS, MAX_SHARES
from tests.unit.sharing import MovableClock, add_session, share

HOSTILE = "Mira'); DROP TABLE shares; --<script>"


@pytest.fixture
def giver(store):
    return store.for_owner("giver")


@pytest.fixture
def taker(store):
    return store.for_owner("taker")


@pytest.fixture
def other(store):
    return store.for_owner("other")


@pytest.mark.parametrize("athlete", ["Mira", HOSTILE, " ", "壁 🧗"])
def test_an_invitation_is_looked_at_accepted_and_listed_on_both_sides(giver, taker, athlete):
    giver.people.remember(name="Gina", email="gina@example.org")
    taker.people.remember(email="tom@example.org")
    session_id = add_session(giver, athlete=athlete)
    offered, secret = giver.shares.create(athlete=athlete, right="annotate", days=30)
    assert (offered.state, offered.accepted_by, offered.right) == ("invited", None, "annotate")
    assert (offered.ends_at - offered.created_at).days == 30
    assert (offered.accept_until - offered.created_at).days == ACCEPT_DAYS
    seen = taker.shares.look(secret)
    assert seen == offered
    assert (seen.owner_name, seen.athlete) == ("Gina", athlete)
    assert taker.get_sessions() == []
    accepted = taker.shares.accept(secret)
    assert (accepted.state, accepted.accepted_by, accepted.accepted_name) == (
        "accepted",
        "taker",
        "tom@example.org",
    )
    assert giver.shares.list_given() == taker.shares.list_received() == [accepted]
    assert giver.shares.list_received() == taker.shares.list_given() == []
    assert [each.id for each in taker.get_sessions()] == [session_id]


def test_accepting_twice_changes_nothing(giver, taker):
    _, secret = giver.shares.create(athlete="Mira")
    accepted = taker.shares.accept(secret)
    assert taker.shares.accept(secret) == taker.shares.look(secret) == accepted
    assert [entry.action for entry in giver.audit.list()] == ["accepted", "shared"]


def test_nobody_accepts_their_own(giver):
    _, secret = giver.shares.create(athlete="Mira")
    for act in (giver.shares.look, giver.shares.accept):
        with pytest.raises(NotAllowedError, match="your own"):
            act(secret)
    assert giver.shares.list_given()[0].state == "invited"


def refuse(store, secret):
    sentences = set()
    for act in (store.shares.look, store.shares.accept):
        with pytest.raises(ShareNotFoundError) as caught:
            act(secret)
        sentences.add(str(caught.value))
    assert store.shares.list_received() == []
    [sentence] = sentences
    return sentence


def test_every_reason_why_an_invitation_is_void_is_the_same_sentence(
    giver, taker, other, monkeypatch
):
    time = MovableClock(monkeypatch)
    _, taken = giver.shares.create(athlete="Mira")
    taker.shares.accept(taken)
    back, taken_back = giver.shares.create(athlete="Mira")
    giver.shares.revoke(back.id)
    _, short = giver.shares.create(athlete="Mira", days=1)
    _, late = giver.shares.create(athlete="Mira")
    sentences = {refuse(other, secret) for secret in (taken, taken_back, "x", "", "\udc80")}
    time.move(days=1)
    sentences.add(refuse(other, short))
    time.move(days=ACCEPT_DAYS - 1)
    sentences.add(refuse(other, late))
    assert len(sentences) == 1
    assert taker.shares.accept(taken).state == "accepted"


def test_one_that_was_taken_back_or_left_is_gone_and_its_link_with_it(giver, taker):
    offered, secret = giver.shares.create(athlete="Mira")
    taker.shares.accept(secret)
    giver.shares.revoke(offered.id)
    refuse(taker, secret)
    offered, secret = giver.shares.create(athlete="Mira")
    taker.shares.accept(secret)
    taker.shares.leave(offered.id)
    refuse(taker, secret)
    assert giver.shares.list_given() == []
    for act in (giver.shares.revoke, taker.shares.leave):
        with pytest.raises(ShareNotFoundError, match="taken back already"):
            act(offered.id)


def test_whoever_goes_on_for_long_is_told_that_a_right_was_taken_away_and_of_nothing_else(
    giver, taker
):
    session_id = add_session(giver)
    token, _ = giver.tokens.create(name="Script", scopes=["read"], days=1)

    def tells(deed):
        before = taker.rights_version
        deed()
        assert taker.rights_version == giver.rights_version
        return taker.rights_version != before

    first, secret = giver.shares.create(athlete="Mira")
    second, other_secret = giver.shares.create(athlete="Mira")
    assert not tells(lambda: taker.shares.accept(secret))
    taker.shares.accept(other_secret)
    assert not tells(lambda: giver.update_session(session_id, name="Wall"))
    assert not tells(lambda: giver.notes.add(session_id, start_s=0.0, text="Heel"))
    assert tells(lambda: giver.update_session(session_id, athlete="Mira"))
    assert tells(lambda: giver.shares.revoke(first.id))
    assert tells(lambda: taker.shares.leave(second.id))
    assert tells(lambda: giver.tokens.revoke(token.id))
    assert tells(lambda: giver.delete_session(session_id))


def test_only_the_giver_takes_back_and_only_the_taker_leaves(giver, taker, other):
    offered = share(giver, taker)
    for act in (
        taker.shares.revoke,
        other.shares.revoke,
        giver.shares.leave,
        other.shares.leave,
    ):
        with pytest.raises(ShareNotFoundError):
            act(offered.id)
    assert len(giver.shares.list_given()) == len(taker.shares.list_received()) == 1


def test_of_many_who_accept_at_the_same_time_one_gets_it(store, giver):
    add_session(giver)
    _, secret = giver.shares.create(athlete="Mira")
    people = [store.for_owner(f"taker {number}") for number in range(8)]
    start = Barrier(len(people))

    def accept(person):
        start.wait()
        try:
            return person.shares.accept(secret).accepted_by == person.owner
        except ShareNotFoundError:
            return False

    with ThreadPoolExecutor(len(people)) as pool:
        outcomes = list(pool.map(accept, people))
    assert sum(outcomes) == 1
    assert [bool(person.get_sessions()) for person in people] == outcomes


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"athlete": ""}, "give the sessions an athlete first"),
        ({"athlete": None}, "must be text"),
        ({"athlete": "x" * 101}, "100 characters"),
        ({"right": "own"}, "to read or to annotate, not 'own'"),
        ({"right": None}, "not 'None'"),
        ({"days": 0}, "from 1 to 366, not '0'"),
        ({"days": 367}, "from 1 to 366"),
        ({"days": 1.5}, "whole number"),
        ({"days": True}, "whole number"),
    ],
)
def test_what_cannot_be_shared_is_refused_with_a_sentence(giver, wishes, sentence):
    with pytest.raises(InvalidFieldError, match=sentence):
        giver.shares.create(**{"athlete": "Mira"} | wishes)
    assert giver.shares.list_given() == []
    assert giver.audit.list() == []


def test_the_secret_is_not_in_the_database(settings):
    with open_store(settings.database) as store:
        _, secret = store.shares.create(athlete="Mira")
        assert len(secret) == 43
    for path in settings.database.parent.iterdir():
        assert secret.encode() not in path.read_bytes()
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        [row] = connection.execute("SELECT secret_sha256 FROM shares").fetchall()
    assert len(row[0]) == 64


def test_there_is_a_limit_and_what_is_over_does_not_count(giver, taker, monkeypatch):
    time = MovableClock(monkeypatch)
    with giver._database.transaction() as cursor:
        cursor.execute(
            "INSERT INTO shares SELECT uuid(), 'giver', 'Mira', 'read', '', $now, "
            "$now + INTERVAL 7 DAY, NULL, NULL, NULL FROM range($n)",
            {"now": time._now, "n": MAX_SHARES},
        )
    with pytest.raises(InvalidFieldError, match="take back one"):
        giver.shares.create(athlete="Mira")
    taker.shares.create(athlete="Mira")
    time.move(days=ACCEPT_DAYS)
    giver.shares.create(athlete="Mira")
    assert len(giver.shares.list_given()) == 1


def test_the_right_to_an_athlete_is_that_of_the_share_while_it_lasts(store, monkeypatch):
    coach, clock = store.for_owner("coach"), MovableClock(monkeypatch)
    find = coach.shares.find_right
    assert find(of="coach", athlete="anybody") == "own"
    assert find(of="local", athlete="Mira") is None
    reading = share(store, coach, "Mira", "read", days=2)
    assert find(of="local", athlete="Mira") == "read"
    assert find(of="local", athlete="mira") is find(of="nobody", athlete="Mira") is None
    annotating = share(store, coach, "Mira", "annotate", days=1)
    assert find(of="local", athlete="Mira") == "annotate"
    clock.move(days=1)
    assert find(of="local", athlete="Mira") == "read"
    store.shares.revoke(reading.id)
    assert find(of="local", athlete="Mira") is None
    assert annotating.id != reading.id
