"""API tokens: shown once, kept as a hash, with scopes, for a number of days."""

import re

import duckdb
import pytest

from posecore import open_store
from posecore.errors import InvalidFieldError, NotSignedInError, TokenNotFoundError
from posecore.identity import SCOPES, Identity
from posecore.storage.api_token import MAX_TOKENS
from tests.unit.sharing import MovableClock


def test_a_token_says_whose_it_is_and_what_it_may(store):
    owner = store.for_owner("https://id.example#mira")
    owner.people.remember(name="Mira", email="mira@example.org")
    token, text = owner.tokens.create(name="My script", scopes=["read", "stream"], days=30)
    assert re.fullmatch(r"pc_[A-Za-z0-9_-]{43}", text)
    for anybody in (store, owner, store.for_owner("stranger")):
        assert anybody.identify(text) == Identity(
            owner="https://id.example#mira", name="Mira", scopes=frozenset({"read", "stream"})
        )
    assert token.scopes == {"read", "stream"}
    assert (token.expires_at - token.created_at).days == 30
    [listed] = owner.tokens.list()
    assert (listed.id, listed.name, listed.is_expired) == (token.id, "My script", False)
    assert store.tokens.list() == []


def test_the_local_owner_has_tokens_too(store):
    _, text = store.tokens.create(name="Notebook", scopes=SCOPES, days=366)
    assert store.identify(text) == Identity(owner="local")


def test_each_text_is_another(store):
    texts = {store.tokens.create(name="x", scopes=["read"], days=1)[1] for _ in range(5)}
    assert len(texts) == 5


def test_unknown_expired_and_revoked_are_one_and_the_same_sentence(store, monkeypatch):
    time = MovableClock(monkeypatch)
    revoked, revoked_text = store.tokens.create(name="a", scopes=["read"], days=2)
    _, expired_text = store.tokens.create(name="b", scopes=["read"], days=1)
    store.tokens.revoke(revoked.id)
    time.move(days=1)
    sentences = set()
    nonsense = ["", "pc_", "pc_" + "x" * 43, "x" * 10_000, "pc_" + "é" * 43, None, b"pc_", 7]
    for text in (revoked_text, expired_text, f" {expired_text}", f"{expired_text}\n", *nonsense):
        with pytest.raises(NotSignedInError) as caught:
            store.identify(text)
        sentences.add(str(caught.value))
    assert len(sentences) == 1
    assert store.tokens.list()[0].is_expired


def test_a_token_works_to_its_last_second(store, monkeypatch):
    time = MovableClock(monkeypatch)
    _, text = store.tokens.create(name="b", scopes=["read"], days=1)
    time.move(days=1, microseconds=-1)
    store.identify(text)
    time.move(microseconds=1)
    with pytest.raises(NotSignedInError):
        store.identify(text)


def test_the_last_use_is_written_at_most_once_a_minute(store, monkeypatch):
    time = MovableClock(monkeypatch)
    token, text = store.tokens.create(name="a", scopes=["read"], days=2)
    assert token.last_used_at is None
    uses = []
    for _ in range(7):
        store.identify(text)
        uses.append(store.tokens.list()[0].last_used_at)
        time.move(seconds=20)
    assert len(set(uses)) == 3
    assert uses[0] == uses[1] == uses[2] < uses[3]


def test_only_its_owner_revokes_a_token(store):
    token, text = store.tokens.create(name="a", scopes=["read"], days=2)
    with pytest.raises(TokenNotFoundError):
        store.for_owner("stranger").tokens.revoke(token.id)
    assert store.identify(text).owner == "local"
    store.tokens.revoke(token.id)
    with pytest.raises(TokenNotFoundError, match="revoked already"):
        store.tokens.revoke(token.id)


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"name": ""}, "needs a name"),
        ({"name": "  "}, "needs a name"),
        ({"name": "x" * 101}, "100 characters"),
        ({"name": None}, "must be text"),
        ({"scopes": []}, "one or more of the scopes read, write, stream"),
        ({"scopes": ["read", "admin"]}, "one or more"),
        ({"scopes": "read"}, "list of words"),
        ({"scopes": None}, "list of words"),
        ({"scopes": [["read"]]}, "one or more"),
        ({"days": 0}, "from 1 to 366"),
        ({"days": 367}, "from 1 to 366"),
        ({"days": True}, "whole number"),
        ({"days": "7"}, "whole number"),
    ],
)
def test_what_makes_no_token_is_refused_with_a_sentence(store, wishes, sentence):
    with pytest.raises(InvalidFieldError, match=sentence):
        store.tokens.create(**{"name": "a", "scopes": ["read"], "days": 7} | wishes)
    assert store.tokens.list() == []
    assert store.audit.list() == []


def test_there_is_a_limit(store):
    for _ in range(MAX_TOKENS):
        token, _ = store.tokens.create(name="a", scopes=["read"], days=1)
    with pytest.raises(InvalidFieldError, match="revoke one"):
        store.tokens.create(name="a", scopes=["read"], days=1)
    store.for_owner("other").tokens.create(name="a", scopes=["read"], days=1)
    store.tokens.revoke(token.id)
    store.tokens.create(name="a", scopes=["read"], days=1)


def test_the_text_is_nowhere_on_the_disk(settings):
    with open_store(settings.database) as store:
        token, text = store.tokens.create(name="a", scopes=["read"], days=1)
        assert text not in repr(token)
        assert all(text not in repr(entry) for entry in store.audit.list())
    for path in settings.database.parent.iterdir():
        assert text.encode() not in path.read_bytes()
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        [(kept,)] = connection.execute("SELECT secret_sha256 FROM api_tokens").fetchall()
    assert kept.isalnum()
    with open_store(settings.database) as store:
        assert store.identify(text).owner == "local"
