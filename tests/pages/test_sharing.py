"""Sharing and tokens on the pages: made once, shown once, marked, taken back."""

import io

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.components import sign_in
from pages.components.audit_table import _make_whole_csv
from pages.components.text import plain
from posecore.errors import NotSignedInError
from posecore.identity import ALL_SCOPES, LOCAL_IDENTITY
from posecore.sign_in import SignIn
from posecore.synthetic import make_squats
from tests.pages.provider_secrets import use_secrets

HOSTILE = "**Gina** :red[x] <b>$y$"


def button(app, label):
    return next(button for button in app.button if button.label == label)


def labels(app):
    return [each.label for each in app.button]


def texts(app):
    elements = [*app.markdown, *app.caption, *app.info, *app.warning, *app.error, *app.success]
    return "\n".join(str(each.value) for each in elements)


@pytest.fixture
def signs_in(monkeypatch, page_store):
    """Everybody signs in, and whoever looks is the owner of the tests' own database."""
    use_secrets(monkeypatch)
    monkeypatch.setattr(sign_in, "read_claims", lambda *_: SignIn(identity=LOCAL_IDENTITY))


@pytest.fixture
def gina(page_store):
    """Somebody else on the same dashboard."""
    gina = page_store.for_owner("https://id.example#gina")
    gina.people.remember(name=HOSTILE, email="gina@example.org")
    return gina


def lend(gina, page_store, right="read"):
    """Let Gina share a session of Mira's with whom the pages show."""
    session_id = gina.create_session(name="Gina's wall", source="live", athlete="Mira")
    gina.append_frames(session_id, make_squats(2.0))
    gina.finish_session(session_id)
    share, secret = gina.shares.create(athlete="Mira", right=right)
    page_store.shares.accept(secret)
    return session_id, share


def open_dialog(module: str, name: str) -> AppTest:
    """Open a dialog as its own script: AppTest closes one with each full run of a page."""

    def script(module: str, name: str) -> None:
        from importlib import import_module

        getattr(import_module(f"pages.components.{module}"), name)()

    options = {"module": module, "name": name}
    return AppTest.from_function(script, default_timeout=30, kwargs=options).run()


# Settings


def test_the_local_owner_has_tokens_and_the_audit_list_but_nobody_to_share_with(open_page):
    app = open_page("settings.py")
    assert [each.label for each in app.expander] == [
        "Camera connection",
        "STUN and TURN servers",
        "API tokens",
        "Who did what",
    ]
    assert not app.exception


def test_who_signs_in_can_share(open_page, signs_in):
    app = open_page("settings.py")
    assert [each.label for each in app.expander] == [
        "Camera connection",
        "Sharing",
        "Shared with you",
        "API tokens",
        "Who did what",
    ]
    assert "Nobody shares anything with you" in texts(app)


def test_a_token_is_made_and_shown_once(page_store, open_page):
    app = open_dialog("token_settings", "make_token")
    app.text_input[0].input(HOSTILE)
    app.button_group[0].set_value(["read", "write"])
    app.selectbox[0].select(90)
    button(app, "Make token").click().run()
    [code] = app.code
    [token] = page_store.tokens.list()
    assert page_store.identify(code.value).owner == "local"
    assert token.name == HOSTILE
    assert token.scopes == ALL_SCOPES - {"stream"}
    assert (token.expires_at - token.created_at).days == 90
    assert "Make token" not in labels(app)
    app = app.run()
    assert not app.code
    settings = open_page("settings.py")
    assert code.value not in texts(settings)
    assert "\\*\\*Gina\\*\\*" in texts(settings)
    assert "last used Today" in texts(settings)


def test_a_token_without_name_or_scope_is_refused_with_a_sentence(page_store):
    app = open_dialog("token_settings", "make_token")
    button(app, "Make token").click().run()
    assert "needs a name" in app.error[0].value
    app.text_input[0].input("Script")
    app.button_group[0].set_value([])
    button(app, "Make token").click().run()
    assert "one or more of the scopes" in app.error[0].value
    assert page_store.tokens.list() == []


def test_revoking_a_token_asks_first(page_store, open_page):
    _, text = page_store.tokens.create(name="Script", scopes=["read"], days=1)
    app = open_page("settings.py")
    button(app, "Revoke").click().run()
    assert "Revoke for good" in labels(app)
    assert page_store.identify(text).owner == "local"
    button(app, "Revoke for good").click().run()
    assert page_store.tokens.list() == []
    with pytest.raises(NotSignedInError):
        page_store.identify(text)


def test_an_athlete_is_shared_by_a_link_that_is_shown_once(page_store, add_session, gina, signs_in):
    lend(gina, page_store)
    add_session("Wall", athlete="Jo")
    add_session("Wall", athlete="anna")
    add_session("Wall", athlete="anna")
    add_session("Nobody's", athlete="")
    app = open_dialog("sharing_settings", "share_athlete")
    assert app.selectbox[0].options == ["anna (2 sessions)", "Jo (1 session)"]
    assert app.selectbox[0].value is None
    assert button(app, "Make the link").disabled
    app.selectbox[0].select_index(0).run()
    app.radio[0].set_value("annotate")
    app.selectbox[1].select(30)
    button(app, "Make the link").click().run()
    [code] = app.code
    path, _, secret = code.value.partition("?code=")
    assert path.endswith("/invitation")
    share = gina.shares.accept(secret)
    assert (share.athlete, share.right) == ("anna", "annotate")
    assert (share.ends_at - share.created_at).days == 30
    assert len(gina.get_sessions()) == 3


def test_where_no_session_has_an_athlete_it_says_so(page_store, add_session, signs_in):
    add_session("Nobody's")
    app = open_dialog("sharing_settings", "share_athlete")
    assert "give it one first" in app.info[0].value
    assert labels(app) == []


def test_what_is_given_is_listed_and_taken_back_after_asking(
    open_page, page_store, add_session, gina, signs_in
):
    add_session("Wall", athlete="Jo")
    _, secret = page_store.shares.create(athlete="Jo")
    gina.shares.accept(secret)
    page_store.shares.create(athlete="Jo", right="annotate")
    app = open_page("settings.py")
    assert "With \\*\\*Gina\\*\\*" in texts(app)
    assert "Link to look at them and write notes waits until" in texts(app)
    _, accepted = (each for each in app.button if each.label == "Take back")
    accepted.click().run()
    assert "Take back now" in labels(app)
    assert len(gina.get_sessions()) == 1
    button(app, "Take back now").click().run()
    assert gina.get_sessions() == []


def test_what_is_received_can_be_left(open_page, page_store, gina, signs_in):
    lend(gina, page_store)
    app = open_page("settings.py")
    assert "You may look at them." in texts(app)
    button(app, "Leave").click().run()
    assert "Leave now" in labels(app)
    button(app, "Leave now").click().run()
    assert page_store.get_sessions() == []
    assert gina.shares.list_given() == []


def test_the_audit_list_says_who_did_what_and_comes_as_csv(
    open_page, page_store, add_session, gina, signs_in
):
    session_id = add_session("=1+1", athlete="Jo")
    _, secret = page_store.shares.create(athlete="Jo")
    gina.shares.accept(secret)
    gina.audit.note("opened", session_id)
    app = open_page("settings.py")
    rows = app.dataframe[0].value
    assert list(rows["Who"][:3]) == [HOSTILE, HOSTILE, "You"]
    assert list(rows["What"][:3]) == ["Opened", "Accepted", "Shared"]
    read = pd.read_csv(io.BytesIO(_make_whole_csv()))
    assert list(read["What"]) == list(rows["What"])
    assert read["Session"][0] == "'=1+1"


# The invitation


def test_an_invitation_says_who_shares_what_and_waits_for_accept(
    open_page, page_store, gina, signs_in
):
    session_id, share = lend(gina, page_store)
    gina.shares.revoke(share.id)
    _, secret = gina.shares.create(athlete="Mira", right="annotate")
    app = open_page("invitation.py", code=secret)
    assert f"{plain(HOSTILE)} shares the sessions of Mira with you" in texts(app)
    assert "look at them and write notes" in texts(app)
    assert page_store.get_sessions() == []
    button(app, "Accept").click().run()
    assert not app.exception
    assert [each.id for each in page_store.get_sessions()] == [session_id]
    assert "You have accepted this" in texts(open_page("invitation.py", code=secret))


@pytest.mark.parametrize("code", ["", "x", "' OR 1=1 --", "x" * 5000])
def test_a_link_that_is_not_valid_is_a_sentence_with_a_way_on(open_page, code, signs_in):
    app = open_page("invitation.py", code=code)
    assert "Ask for a new link" in texts(app)
    assert labels(app) == ["All sessions"]


def test_without_sign_in_nothing_is_accepted(open_page, page_store, gina):
    _, secret = gina.shares.create(athlete="Mira")
    app = open_page("invitation.py", code=secret)
    assert "Nobody signs in" in texts(app)
    assert "Accept" not in labels(app)
    assert page_store.shares.list_received() == []


# What is shared, on the other pages


def test_a_shared_session_has_a_mark_and_no_edit_or_delete(open_page, page_store, gina):
    lend(gina, page_store)
    app = open_page("sessions.py")
    assert "shared by \\*\\*Gina" in texts(app)
    assert "Replay" in labels(app)
    assert {"Edit", "Delete"}.isdisjoint(labels(app))
    app.checkbox[0].check().run()
    assert "1 session chosen" in texts(app)
    assert "Delete chosen" not in labels(app)


def test_ones_own_sessions_have_no_mark(open_page, add_session):
    add_session("Wall", athlete="Jo")
    app = open_page("sessions.py")
    assert "shared by" not in texts(app)
    assert {"Edit", "Delete"} <= set(labels(app))


@pytest.mark.parametrize(
    ("right", "words"), [("read", "look at it."), ("annotate", "look at it and write notes.")]
)
def test_the_replay_says_whose_it_is_and_tells_its_owner(open_page, page_store, gina, right, words):
    session_id, _ = lend(gina, page_store, right)
    app = open_page("replay.py", session=session_id)
    assert not app.exception
    assert "shared by \\*\\*Gina" in texts(app)
    assert f"You may {words}" in texts(app)
    app.run()
    newest = gina.audit.list()[0]
    assert (newest.action, newest.actor, newest.session_id) == ("opened", "local", session_id)
    assert [each.action for each in gina.audit.list()].count("opened") == 1


def test_what_was_taken_back_is_answered_like_what_was_deleted(open_page, page_store, gina):
    session_id, share = lend(gina, page_store)
    gina.shares.revoke(share.id)
    app = open_page("replay.py", session=session_id)
    assert "This session is not here" in texts(app)


def test_lists_to_choose_from_say_whose_it_is(open_page, page_store, add_session, gina):
    lend(gina, page_store)
    add_session("Mine", athlete="Mira")
    app = open_page("compare.py")
    options = app.selectbox[0].options
    assert [f"shared by {HOSTILE}" in option for option in options] == [False, True]
    app = open_page("home.py")
    badge = "shared by \\*\\*Gina"
    assert badge in texts(app)
    alone = [
        each.value for each in app.caption if badge in each.value and "Today" not in each.value
    ]
    assert alone, "on a card it is not a third line, which would be cut off"


def test_no_reference_can_be_made_of_what_is_shared(open_page, page_store, gina):
    lend(gina, page_store)
    app = open_page("progress.py")
    assert "Set as reference" not in labels(app)
    assert "A reference is one of your own sessions" in texts(app)


def test_downloads_are_written_down_for_the_owner(page_store, gina):
    from pages.components.downloads import _make_csv

    session_id, _ = lend(gina, page_store)
    for _ in range(2):
        _make_csv([page_store.get_session(session_id)], "angles")
    newest = gina.audit.list()[0]
    assert (newest.action, newest.detail) == ("downloaded", "angles CSV")
    assert [each.action for each in gina.audit.list()].count("downloaded") == 1


def test_what_is_taken_of_a_comparison_is_written_down_for_the_owner(page_store, add_session, gina):
    from pages.components.compared import ComparisonOffer, Wishes
    from pages.components.comparison_report import _make_report
    from pages.components.comparison_table import _make_csv

    lent, _ = lend(gina, page_store)
    a, b = (page_store.get_session(each) for each in (lent, add_session("Mine", athlete="Mira")))
    offer = ComparisonOffer(page_store, a, b, Wishes(), "recorded")
    _make_report(offer, None)
    _make_csv(offer.compute().comparison, a, b)
    details = [each.detail for each in gina.audit.list() if each.action == "downloaded"]
    assert details == ["comparison CSV", "report of a comparison"]
