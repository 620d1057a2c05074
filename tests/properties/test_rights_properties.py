"""Whatever two owners and a coach do, in whatever order: nobody sees or changes what is not theirs.

Beside the store runs a model of it in plain Python, which knows who owns, shares and accepted what.
After every step each person is asked what they see, and each deed goes the way the model says.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from posecore import open_store
from posecore.errors import (
    NotAllowedError,
    NoteNotFoundError,
    NotSignedInError,
    SessionNotFoundError,
    ShareNotFoundError,
    TokenNotFoundError,
)
from posecore.storage import clock

PEOPLE = ("anna", "ben", "coach")
ATHLETES = ("Mira", "Jo", "")
people = st.sampled_from(PEOPLE)
athletes = st.sampled_from(ATHLETES)


@dataclass
class Given:
    """A share as the model knows it."""

    id: str
    secret: str
    owner: str
    athlete: str
    right: str
    accept_until: object
    ends_at: object
    taker: str | None = None


@dataclass
class Kept:
    """A session as the model knows it, its notes with their authors."""

    owner: str
    athlete: str
    name: str = "Wall"
    notes: dict[str, str] = field(default_factory=dict)


class Rights(RuleBasedStateMachine):
    sessions = Bundle("sessions")
    notes = Bundle("notes")
    shares = Bundle("shares")
    tokens = Bundle("tokens")

    def __init__(self):
        super().__init__()
        self.folder = TemporaryDirectory()
        self.now = clock.now()
        self.patch = patch.object(clock, "now", lambda: self.now)
        self.patch.start()
        self.store = open_store(Path(self.folder.name) / "posecore.duckdb")
        self.stores = {name: self.store.for_owner(name) for name in PEOPLE}
        self.kept: dict[str, Kept] = {}
        self.given: dict[str, Given] = {}
        self.valid_tokens: dict[str, tuple[str, str, object]] = {}

    def teardown(self):
        self.store.close()
        self.patch.stop()
        self.folder.cleanup()

    # The model

    def rank(self, who, session_id):
        """0 for a stranger, 1 to read, 2 to annotate, 3 for the owner."""
        kept = self.kept.get(session_id)
        if kept is None:
            return 0
        if kept.owner == who:
            return 3
        ranks = [
            {"read": 1, "annotate": 2}[share.right]
            for share in self.given.values()
            if share.taker == who
            and (share.owner, share.athlete) == (kept.owner, kept.athlete)
            and (share.ends_at is None or share.ends_at > self.now)
        ]
        return max(ranks, default=0)

    def attempt(self, who, session_id, needed, act):
        """Do something, which must go the way the model says; return what came of it, or None."""
        rank = self.rank(who, session_id)
        if rank == 0:
            with pytest.raises(SessionNotFoundError):
                act(self.stores[who])
            return None
        if rank < needed:
            with pytest.raises(NotAllowedError):
                act(self.stores[who])
            return None
        return act(self.stores[who]) or True

    # What people do

    @initialize(target=sessions)
    def anna_has_a_session(self):
        return self.add_session("anna", "Mira")

    @initialize(
        target=shares,
        right=st.sampled_from(["read", "annotate"]),
        days=st.sampled_from([None, 20]),
    )
    def anna_lends_to_the_coach(self, right, days):
        return self.lend_to_the_coach("anna", right, days)

    @initialize(target=notes)
    def anna_wrote_a_note(self):
        session_id = self.add_session("anna", "Mira")
        return self.annotate("anna", session_id)

    @initialize(target=sessions)
    def ben_has_one_of_an_athlete_of_the_same_name(self):
        return self.add_session("ben", "Mira")

    @rule(target=sessions, who=people, athlete=athletes)
    def create(self, who, athlete):
        return self.add_session(who, athlete)

    def add_session(self, who, athlete):
        session_id = self.stores[who].create_session(name="Wall", source="live", athlete=athlete)
        self.kept[session_id] = Kept(who, athlete)
        return session_id

    @rule(who=people, session_id=sessions, athlete=athletes)
    def change(self, who, session_id, athlete):
        name = f"Wall of {who}"
        if self.attempt(
            who,
            session_id,
            3,
            lambda store: store.update_session(session_id, athlete=athlete, name=name),
        ):
            self.kept[session_id].athlete, self.kept[session_id].name = athlete, name

    @rule(who=people, session_id=sessions)
    def delete(self, who, session_id):
        if self.attempt(who, session_id, 3, lambda store: store.delete_session(session_id)):
            del self.kept[session_id]

    @rule(who=people, session_id=sessions)
    def open(self, who, session_id):
        self.attempt(who, session_id, 1, lambda store: store.audit.note("opened", session_id))
        self.attempt(who, session_id, 1, lambda store: store.load_sequence(session_id))

    @rule(target=notes, who=people, session_id=sessions)
    def annotate(self, who, session_id):
        note = self.attempt(
            who, session_id, 2, lambda store: store.notes.add(session_id, start_s=0, text="Heel")
        )
        if note:
            self.kept[session_id].notes[note.id] = who
        return (session_id, note.id if note else "")

    @rule(who=people, note=notes, is_deleted=st.booleans())
    def change_note(self, who, note, is_deleted):
        session_id, note_id = note
        notes = self.stores[who].notes
        act = notes.delete if is_deleted else lambda note_id: notes.update(note_id, text="Toe")
        rank = self.rank(who, session_id)
        author = self.kept[session_id].notes.get(note_id) if rank else None
        if author is None:
            with pytest.raises(NoteNotFoundError):
                act(note_id)
        elif rank == 3 or (rank == 2 and author == who):
            act(note_id)
            if is_deleted:
                del self.kept[session_id].notes[note_id]
        else:
            with pytest.raises(NotAllowedError):
                act(note_id)

    @rule(
        target=shares,
        who=people,
        athlete=st.sampled_from(ATHLETES[:2]),
        right=st.sampled_from(["read", "annotate"]),
        days=st.sampled_from([None, 2, 20]),
    )
    def share(self, who, athlete, right, days):
        share, secret = self.stores[who].shares.create(athlete=athlete, right=right, days=days)
        ends_at = None if days is None else self.now + timedelta(days=days)
        self.given[share.id] = Given(
            share.id, secret, who, athlete, right, self.now + timedelta(days=7), ends_at
        )
        return share.id, secret

    @rule(
        target=shares,
        who=st.sampled_from(PEOPLE[:2]),
        right=st.sampled_from(["read", "annotate"]),
        days=st.sampled_from([None, 20]),
    )
    def lend_to_the_coach(self, who, right, days):
        lent = self.share(who, "Mira", right, days)
        self.accept("coach", lent)
        return lent

    @rule(who=people, share=shares)
    def accept(self, who, share):
        share_id, secret = share
        shares = self.stores[who].shares
        given = self.given.get(share_id)
        is_over = given is None or (given.ends_at is not None and given.ends_at <= self.now)
        is_open = not is_over and (
            given.taker == who or (given.taker is None and given.accept_until > self.now)
        )
        if given is not None and given.owner == who:
            with pytest.raises((NotAllowedError, ShareNotFoundError)):
                shares.accept(secret)
        elif is_open:
            shares.accept(secret)
            given.taker = who
        else:
            with pytest.raises(ShareNotFoundError):
                shares.accept(secret)

    def is_there(self, given):
        """What is over is forgotten when the same owner shares again."""
        is_over = given.ends_at is not None and given.ends_at <= self.now
        return not is_over and (given.taker is not None or given.accept_until > self.now)

    @rule(who=people, share=shares, is_left=st.booleans())
    def end_share(self, who, share, is_left):
        share_id, _ = share
        shares = self.stores[who].shares
        act = shares.leave if is_left else shares.revoke
        given = self.given.get(share_id)
        side = given and (given.taker if is_left else given.owner)
        if given is not None and side == who:
            if self.is_there(given):
                act(share_id)
            else:  # it may have been forgotten already
                with pytest.raises(ShareNotFoundError):
                    act(share_id)
                    raise ShareNotFoundError("It was still listed, which is as good.")
            del self.given[share_id]
        else:
            with pytest.raises(ShareNotFoundError):
                act(share_id)

    @rule(target=tokens, who=people, days=st.sampled_from([1, 30]))
    def make_token(self, who, days):
        token, text = self.stores[who].tokens.create(name="Script", scopes=["read"], days=days)
        self.valid_tokens[token.id] = (who, text, self.now + timedelta(days=days))
        return token.id, text

    @rule(who=people, token=tokens)
    def revoke_token(self, who, token):
        token_id, _ = token
        if token_id in self.valid_tokens and self.valid_tokens[token_id][0] == who:
            self.stores[who].tokens.revoke(token_id)
            del self.valid_tokens[token_id]
        else:
            with pytest.raises(TokenNotFoundError):
                self.stores[who].tokens.revoke(token_id)

    @rule(token=consumes(tokens))
    def show_token(self, token):
        token_id, text = token
        who, _, expires_at = self.valid_tokens.get(token_id, (None, None, self.now))
        if who is not None and expires_at > self.now:
            identity = self.store.identify(text)
            assert (identity.owner, identity.scopes) == (who, {"read"})
        else:
            with pytest.raises(NotSignedInError):
                self.store.identify(text)

    @rule(days=st.sampled_from([1, 6, 21]))
    def time_passes(self, days):
        self.now += timedelta(days=days)

    # What must hold

    @invariant()
    def everybody_sees_what_the_model_says_now_and_when_shares_have_ended(self):
        now = self.now
        for days in (0, 21):
            self.now = now + timedelta(days=days)
            for who, store in self.stores.items():
                self.check_what_is_seen(who, store)
        self.now = now

    def check_what_is_seen(self, who, store):
        expected = {each: kept for each, kept in self.kept.items() if self.rank(who, each)}
        seen = {each.id: (each.owner, each.athlete, each.name) for each in store.get_sessions()}
        assert seen == {
            each: (kept.owner, kept.athlete, kept.name) for each, kept in expected.items()
        }
        names = {1: "read", 2: "annotate", 3: "own"}
        notes = {}
        for session_id, kept in expected.items():
            rank = self.rank(who, session_id)
            assert store.get_right(session_id) == names[rank]
            for note_id, author in kept.notes.items():
                notes[note_id] = author, rank == 3 or (rank == 2 and author == who)
        assert notes == {
            note.id: (note.author, store.notes.may_change(note)) for note in store.notes.list_all()
        }

    @invariant()
    def the_audit_list_tells_nobody_of_what_was_never_theirs(self):
        for who, store in self.stores.items():
            for entry in store.audit.list():
                about = self.kept.get(entry.session_id or "")
                assert about is None or about.owner == who


def test_nobody_ever_sees_or_changes_what_is_not_theirs():
    run_state_machine_as_test(
        Rights, settings=settings(max_examples=20, stateful_step_count=30, deadline=None)
    )
