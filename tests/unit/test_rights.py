"""Who may do what: the owner, who was given a share, and everybody else."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from posecore import find_moments
from posecore.conditions import SIGNALS
from posecore.errors import (
    NotAllowedError,
    NoteNotFoundError,
    PoseCoreError,
    SessionNotFoundError,
    ShareNotFoundError,
    TokenNotFoundError,
)
from posecore.goals import Goal, GoalResult, SessionGoal
from posecore.processing import find_version, load_processed
from posecore.samples import load_samples, write_sample
from posecore.search import find_readings_version
from posecore.session_metrics import describe_measuring, find_unmeasured, measure_session
from posecore.signal_readings import compute_readings
from posecore.storage import note_store
from posecore.storage.session_query import FrameRange, SessionFilter
from posecore.synthetic import make_squats
from tests.unit.sharing import NO_ID, MovableClock, add_session, share

MEASURED = describe_measuring()
READINGS = compute_readings(make_squats(0.5))
DEEP = SessionGoal(goal=Goal(angle="left_knee_flexion", kind="at_least", low_deg=80))

# Every public method that is given an id, by what it needs; nothing may be in none of them.
READ = {
    "get_session": lambda store, i: store.get_session(i),
    "get_right": lambda store, i: store.get_right(i),
    "load_sequence": lambda store, i: store.load_sequence(i),
    "get_video_file": lambda store, i: store.get_video_file(i),
    "notes.list": lambda store, i: store.notes.list(i),
    "goals.list": lambda store, i: store.goals.list(i),
    "audit.note": lambda store, i: store.audit.note("opened", i),
    "queries.find_frames": lambda store, i: store.queries.find_frames(i, FrameRange()),
    "queries.find_last_frame": lambda store, i: store.queries.find_last_frame(i),
    "queries.load_window": lambda store, i: store.queries.load_window(i, n_frames=5),
    "queries.read_frames": lambda store, i: list(
        store.queries.read_frames(i, np.arange(5, dtype=np.int32), every=1, n_at_once=3)
    ),
    "tracks.list": lambda store, i: store.tracks.list(i),
    "tracks.find_offset": lambda store, i: store.tracks.find_offset(i, i),
    "processed.find": lambda store, i: store.processed.find(i, "cleaned", find_version()),
    "processed.keep": lambda store, i: store.processed.keep(
        i, "cleaned", find_version(), make_squats(0.5)
    ),
    "readings.keep": lambda store, i: store.readings.keep(
        i, find_readings_version(), READINGS, longest_step_s=0.25
    ),
    "metrics.keep": lambda store, i: store.metrics.keep(
        i, MEASURED, frame_count=15, numbers={"sparc": -1.0}, reasons={}
    ),
}
ANNOTATE = {"notes.add": lambda store, i: store.notes.add(i, start_s=0, text="Heel up")}
OWN = {
    "update_session": lambda store, i: store.update_session(i, name="Slab"),
    "append_frames": lambda store, i: store.append_frames(i, make_squats(1.0)[20:]),
    "finish_session": lambda store, i: store.finish_session(i),
    "fail_session": lambda store, i: store.fail_session(i, "Because."),
    "delete_session": lambda store, i: store.delete_session(i),
    "set_video": lambda store, i: store.set_video(i, store.make_video_path(i)),
    "set_reference": lambda store, i: store.set_reference(i),
    "goals.set": lambda store, i: store.goals.set(i, [DEEP]),
    "tracks.join": lambda store, i: store.tracks.join(
        i, beside=i, offset_s=0.1, error_s=0.02, how="clocks"
    ),
}
ON_A_NOTE = {
    "notes.update": lambda store, i: store.notes.update(i, text="Toe up"),
    "notes.delete": lambda store, i: store.notes.delete(i),
}
ON_A_SHARE = {
    "shares.revoke": lambda store, i: store.shares.revoke(i),
    "shares.leave": lambda store, i: store.shares.leave(i),
}
ON_A_SECRET = {
    "shares.look": lambda store, i: store.shares.look(i),
    "shares.accept": lambda store, i: store.shares.accept(i),
}
ON_A_TOKEN = {"tokens.revoke": lambda store, i: store.tokens.revoke(i)}
WITHOUT_AN_ID = {
    *("close", "for_owner", "identify", "recover_sessions", "create_session", "make_video_path"),
    *("note_less_rights", "rights_version"),
    *("get_sessions", "list_sessions", "load_preferences", "save_preference"),
    *("get_reference", "load_references", "remove_reference"),
    *("notes.list_all", "notes.find_noted_sessions", "notes.may_change"),
    *("metrics.load", "metrics.find_measured", "readings.find_missing", "readings.find_moments"),
    *("shares.create", "shares.list_given", "shares.list_received"),
    *("shares.find_right", "shares.watch"),
    *("tokens.create", "tokens.list", "audit.list", "queries.find"),
    *("people.remember", "people.note", "people.get", "people.load_names"),
}
PARTS = (
    *("audit", "goals", "metrics", "notes", "people", "processed", "queries", "readings", "shares"),
    *("tokens", "tracks"),
)


@pytest.fixture
def people(store):
    """Return the owner, a reader, an annotator and a stranger of the same database."""
    names = ("owner", "reader", "annotator", "stranger")
    return [store.for_owner(f"https://id.example#{name}") for name in names]


@pytest.fixture
def shared(people):
    """Id of the owner's session, of which a reader and an annotator have a share."""
    owner, reader, annotator, _ = people
    session_id = add_session(owner, tags=["wall"])
    share(owner, reader)
    share(owner, annotator, right="annotate")
    return session_id


def list_methods(thing, prefix=""):
    return {f"{prefix}{name}" for name in dir(thing) if not name.startswith("_")}


def test_every_public_method_is_tried_below(store):
    # Devices are this computer's, nobody's: who sits at it pairs them, test_phone and test_pairing.
    methods = list_methods(store) - {*PARTS, "owner", "devices"}
    for part in PARTS:
        methods |= list_methods(getattr(store, part), f"{part}.")
    tried = [READ, ANNOTATE, OWN, ON_A_NOTE, ON_A_SHARE, ON_A_SECRET, ON_A_TOKEN, WITHOUT_AN_ID]
    assert methods == set().union(*tried)


def test_who_looks_for_sessions_finds_those_they_may_read(people, shared):
    for each, may_read in zip(people, (True, True, True, False), strict=True):
        page = each.queries.find(SessionFilter(athlete="Mira"))
        assert [session.id for session in page.sessions] == [shared] * may_read
        assert page.total == may_read


def snapshot(store):
    """Return all rows of all tables as text: what must not change when something is refused."""
    with store._database.cursor() as cursor:
        tables = [name for (name,) in cursor.execute("SHOW TABLES").fetchall()]
        return {
            table: sorted(map(str, cursor.execute(f"FROM {table}").fetchall()))
            for table in tables
            if table not in ("landmarks", "migrations")
        }


def make_things(owner, shared):
    """Something of each kind that is the owner's, by the methods that take its id."""
    note = owner.notes.add(shared, start_s=0, text="Rest")
    offered, _ = owner.shares.create(athlete="Mira")
    token, _ = owner.tokens.create(name="Script", scopes=["read"], days=1)
    return [
        (READ | ANNOTATE | OWN, shared, SessionNotFoundError),
        (ON_A_NOTE, note.id, NoteNotFoundError),
        (ON_A_SHARE, offered.id, ShareNotFoundError),
        (ON_A_TOKEN, token.id, TokenNotFoundError),
    ]


def test_a_stranger_gets_everywhere_what_an_unknown_id_gets_and_changes_nothing(people, shared):
    owner, *_, stranger = people
    things = make_things(owner, shared)
    before = snapshot(owner)
    for actions, some_id, error in things:
        for name, act in actions.items():
            sentences = []
            for asked in (some_id, NO_ID):
                with pytest.raises(error) as caught:
                    act(stranger, asked)
                sentences.append(str(caught.value).replace(asked, "ID"))
            assert sentences[0] == sentences[1], name
    assert snapshot(owner) == before


@pytest.mark.parametrize("nonsense", ["", "x", "' OR 1=1 --", "9" * 10_000, "\udc80", "a\0b"])
def test_what_is_no_id_is_an_unknown_one(people, nonsense):
    stranger = people[-1]
    for actions in (READ, ANNOTATE, OWN, ON_A_NOTE, ON_A_SHARE, ON_A_SECRET, ON_A_TOKEN):
        for act in actions.values():
            with pytest.raises(LookupError) as caught:
                act(stranger, nonsense)
            assert isinstance(caught.value, PoseCoreError)


def test_who_has_a_share_reads_and_no_more(people, shared):
    _, reader, annotator, _ = people
    for act in READ.values():
        act(reader, shared)
        act(annotator, shared)
    ANNOTATE["notes.add"](annotator, shared)
    with pytest.raises(NotAllowedError, match="without notes"):
        ANNOTATE["notes.add"](reader, shared)


def test_what_is_the_owners_is_refused_with_a_sentence_and_changes_nothing(people, shared):
    owner, *takers, _ = people
    before = snapshot(owner)
    for taker in takers:
        for act in OWN.values():
            with pytest.raises(NotAllowedError, match="only its owner may change it"):
                act(taker, shared)
    assert snapshot(owner) == before


def test_the_right_is_said(people, shared):
    owner, reader, annotator, _ = people
    rights = [each.get_right(shared) for each in (owner, reader, annotator)]
    assert rights == ["own", "read", "annotate"]


def test_the_greater_of_two_rights_counts(people, shared):
    owner, reader, *_ = people
    again = share(owner, reader, right="annotate")
    assert reader.get_right(shared) == "annotate"
    owner.shares.revoke(again.id)
    assert reader.get_right(shared) == "read"
    assert len(reader.get_sessions()) == 1


def test_lists_hold_what_is_shared_and_say_whose_it_is(people, shared):
    owner, reader, _, stranger = people
    own = add_session(reader, name="Mine", athlete="Mira")
    other = add_session(owner, name="Not shared", athlete="Jo")
    nobodys = add_session(owner, name="Nobody's", athlete="")
    owner.notes.add(shared, start_s=0, text="Rest")
    owner.notes.add(other, start_s=0, text="Rest")
    assert {each.id: each.owner for each in reader.get_sessions()} == {
        shared: owner.owner,
        own: reader.owner,
    }
    assert set(reader.list_sessions()["owner"]) == {owner.owner, reader.owner}
    assert reader.notes.find_noted_sessions() == {shared}
    assert [note.session_id for note in reader.notes.list_all()] == [shared]
    assert {each.id for each in owner.get_sessions()} == {shared, other, nobodys}
    assert stranger.get_sessions() == []
    assert stranger.notes.list_all() == []


def test_numbers_and_moments_of_what_is_shared_are_found(people, shared):
    owner, reader, _, stranger = people
    other = add_session(owner, athlete="Jo")
    for session_id in (shared, other):
        measure_session(owner, session_id)
    assert reader.metrics.find_measured(MEASURED) == {shared}
    assert set(reader.metrics.load(MEASURED, ["sparc"])["session_id"]) == {shared}
    assert not find_unmeasured(reader, reader.get_sessions(), MEASURED)
    version = find_readings_version()
    assert [each.id for each in reader.readings.find_missing(version)] == [shared]
    assert set(find_moments(reader, ["left_knee_flexion > 1"])["session_id"]) == {shared}
    assert [each.id for each in owner.readings.find_missing(version)] == [other]
    assert set(load_processed(reader, shared, "cleaned").time_s) == set(
        owner.load_sequence(shared).time_s
    )
    assert stranger.metrics.find_measured(MEASURED) == set()
    assert stranger.metrics.load(MEASURED, ["sparc"]).empty
    assert stranger.readings.find_missing(version) == []
    assert find_moments(stranger, ["left_knee_flexion > 1"]).empty


def test_a_reference_is_the_owners_alone(people, shared):
    owner, reader, *_ = people
    owner.set_reference(shared, "wall")
    assert owner.get_reference("Mira", "wall").id == shared
    assert reader.get_reference("Mira", "wall") is None
    assert reader.load_references() == {}
    reader.remove_reference("Mira", "wall")
    assert owner.load_references() == {("Mira", "wall"): shared}


def test_samples_of_somebody_else_are_not_taken_for_ones_own(people, settings):
    owner, reader, *_ = people
    folder = settings.database.parent

    write_sample(owner, add_session(owner, name="Sample"), folder / "one.parquet")
    load_samples(owner, folder)
    share(owner, reader)
    [own] = load_samples(reader, folder)
    assert reader.get_session(own).owner == reader.owner


def test_goals_are_read_by_whoever_may_read_and_set_by_the_owner_alone(people, shared):
    owner, reader, annotator, stranger = people
    reached = GoalResult(n_repetitions=3, in_zone_s=1.5, seen_s=9.0, best_deg=91.0)
    owner.goals.set(shared, [SessionGoal(goal=DEEP.goal, result=reached)])
    for taker in (reader, annotator):
        with pytest.raises(NotAllowedError):
            taker.goals.set(shared, [])
    with pytest.raises(SessionNotFoundError):
        stranger.goals.set(shared, [])
    for each in (owner, reader, annotator):
        assert each.goals.list(shared) == [SessionGoal(goal=DEEP.goal, result=reached)]


def test_a_note_is_changed_by_its_author_and_by_whose_session_it_is(people, shared):
    owner, reader, annotator, _ = people
    of_owner = owner.notes.add(shared, start_s=0, text="Mine")
    of_coach = annotator.notes.add(shared, start_s=1, text="Heel up")
    assert (of_owner.author, of_coach.author) == (owner.owner, annotator.owner)
    assert annotator.notes.update(of_coach.id, text="Heel down").author == annotator.owner
    assert owner.notes.update(of_coach.id, tag="seen").text == "Heel down"
    for taker, note in ((annotator, of_owner), (reader, of_owner), (reader, of_coach)):
        for act in ON_A_NOTE.values():
            with pytest.raises(NotAllowedError, match="who wrote the note"):
                act(taker, note.id)
    may = [[each.notes.may_change(note) for each in people[:3]] for note in (of_owner, of_coach)]
    assert may == [[True, False, False], [True, False, True]]
    annotator.notes.delete(of_coach.id)
    assert [note.text for note in owner.notes.list(shared)] == ["Mine"]


def test_an_author_whose_right_was_taken_back_changes_nothing_more(people, shared):
    owner, _, annotator, _ = people
    note = annotator.notes.add(shared, start_s=0, text="Heel up")
    for each in owner.shares.list_given():
        owner.shares.revoke(each.id)
    for act in ON_A_NOTE.values():
        with pytest.raises(NoteNotFoundError):
            act(annotator, note.id)
    share(owner, annotator, right="read")
    with pytest.raises(NotAllowedError):
        annotator.notes.delete(note.id)
    assert len(owner.notes.list(shared)) == 1


def test_taking_back_works_at_once_and_everywhere(people, shared):
    owner, reader, *_ = people
    for each in owner.shares.list_given():
        owner.shares.revoke(each.id)
    for act in READ.values():
        with pytest.raises(SessionNotFoundError):
            act(reader, shared)
    assert reader.get_sessions() == []
    assert reader.notes.list_all() == []


def test_a_share_ends_by_itself(people, monkeypatch):
    owner, reader, *_ = people
    time = MovableClock(monkeypatch)
    session_id = add_session(owner)
    share(owner, reader, days=30)
    time.move(days=30, seconds=-1)
    assert reader.get_session(session_id).id == session_id
    time.move(seconds=1)
    assert reader.get_sessions() == []
    with pytest.raises(SessionNotFoundError):
        reader.get_session(session_id)
    assert reader.shares.list_received() == []


def test_a_share_follows_the_athlete_of_a_session(people, shared):
    owner, reader, *_ = people
    owner.update_session(shared, athlete="Jo")
    assert reader.get_sessions() == []
    owner.update_session(shared, athlete="mira")
    assert reader.get_sessions() == []
    owner.update_session(shared, athlete="Mira")
    assert [each.id for each in reader.get_sessions()] == [shared]


def test_the_same_name_of_another_owners_athlete_is_another_athlete(people, shared):
    _, reader, _, stranger = people
    theirs = add_session(stranger, athlete="Mira")
    with pytest.raises(SessionNotFoundError):
        reader.get_session(theirs)


def test_what_is_shared_cannot_be_shared_on(people, shared):
    _, reader, _, stranger = people
    share(reader, stranger, athlete="Mira", right="annotate")
    assert stranger.get_sessions() == []
    with pytest.raises(SessionNotFoundError):
        stranger.get_session(shared)


def test_readings_have_all_signals():
    """What the table above keeps is what the search needs."""
    assert isinstance(READINGS, pd.DataFrame)
    assert set(SIGNALS) == set(READINGS)
    assert len(READINGS) == 15
    assert dataclasses.is_dataclass(MEASURED) or MEASURED.processing == "recorded"


def test_a_guest_s_notes_on_a_session_are_bounded_and_its_owner_s_are_not(store, monkeypatch):
    monkeypatch.setattr(note_store, "MAX_OF_A_GUEST", 3)
    owner, guest = store.for_owner("giver"), store.for_owner("taker")
    session_id, other_id = add_session(owner), add_session(owner)
    share(owner, guest, right="annotate")
    notes = [guest.notes.add(session_id, start_s=0.0, text=str(number)) for number in range(3)]
    with pytest.raises(NotAllowedError, match="there may be 3 notes of yours"):
        guest.notes.add(session_id, start_s=0.0, text="One more")
    guest.notes.add(other_id, start_s=0.0, text="Elsewhere")
    guest.notes.delete(notes[0].id)
    guest.notes.add(session_id, start_s=0.0, text="In its place")
    for number in range(5):
        owner.notes.add(session_id, start_s=0.0, text=str(number))
    assert len(owner.notes.list(session_id)) == 8
