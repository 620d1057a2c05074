"""Pages where people sign in: each person's own, and nobody's for who is not signed in."""

import hashlib
import threading

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.auth_util import set_cookie_with_chunks
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from pages.components import camera, import_jobs, own_downloads, sign_in, sign_in_page, state
from pages.components.database import open_database, view_as
from pages.components.gate import SignInGate
from pages.components.hosts import find_hosts
from pages.components.live_panel import LIVE_ROUTES
from pages.components.player import PLAYER_ROUTES
from pages.components.text import plain
from posecore.errors import NotSignedInError, SignInSetupError
from posecore.sign_in import read_auth_section, read_claims
from posecore.storage.owners import Owners
from posecore.synthetic import make_squats
from tests.pages.conftest import PAGES
from tests.pages.provider_secrets import AUTH, ISSUER, ORIGIN, use_secrets
from tests.pages.test_live import record
from tests.pages.test_sessions import button

FILES = ("home", "live", "sessions", "find", "replay", "compare", "repetitions", "progress")
FILES += ("compare_many", "import_video", "settings", "audience", "phone")


@pytest.fixture(autouse=True)
def secrets(monkeypatch, page_store):
    """Everybody has to sign in."""
    return use_secrets(monkeypatch)


def claims_of(subject, number=1):
    claims = {"is_logged_in": True, "provider": "club", "iss": ISSUER, "sub": subject}
    return claims | {"email": f"{subject}@example.org", "nonce": f"{subject}{number}"}


def find_person(subject, number=1):
    return read_claims(claims_of(subject, number), read_auth_section(AUTH))


def owner_of(subject):
    return f"{ISSUER}#{subject}"


@pytest.fixture
def visit(page_store):
    """Open a page as somebody, or as nobody; the privacy notice is answered."""

    def visit(subject=None, name="home", **query):
        app = AppTest.from_file(str(PAGES / "navigation.py"), default_timeout=30)
        if subject:
            app.user = claims_of(subject)
            view_as(owner_of(subject)).save_preference("privacy_notice", "understood")
        app.run()
        if name != "home":
            app.switch_page(f"{name}.py")
        for key, value in query.items():
            app.query_params[key] = value
        return app.run()

    return visit


@pytest.fixture
def add_session(page_store):
    """Add a finished session of somebody's."""

    def add_session(subject, name):
        store = page_store.for_owner(owner_of(subject))
        session_id = store.create_session(name=name, source="live", athlete=f"{subject} athlete")
        store.append_frames(session_id, make_squats(2.0))
        store.finish_session(session_id)
        return session_id

    return add_session


def text_of(app):
    elements = [*app.title, *app.markdown, *app.caption, *app.info, *app.warning, *app.error]
    options = [option for box in app.selectbox for option in box.options]
    return "\n".join([*(each.value for each in elements), *options])


def cookie_for(subject, **changes):
    """Make the cookies that Streamlit makes at sign-in, of several pieces where they are long."""
    cookies = {}
    claims = claims_of(subject) | {"origin": ORIGIN} | changes
    set_cookie_with_chunks(
        cookies.__setitem__,
        lambda name, value: create_signed_value(AUTH["cookie_secret"], name, value),
        "_streamlit_user",
        claims,
        cookie_attr_size=60,
    )
    secret = AUTH["cookie_secret"]
    return {
        name: create_signed_value(secret, name, value).decode() for name, value in cookies.items()
    }


@pytest.fixture
def client():
    """The dashboard's own routes behind the gate, and one of Streamlit's."""

    async def serve(_request):
        return PlainTextResponse("served")

    served = [Route("/media/{name:path}", serve), Route("/_stcore/{name:path}", serve)]
    served.append(Route("/auth/logout", serve))
    routes = [*PLAYER_ROUTES, *LIVE_ROUTES, *served]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(SignInGate)]), ORIGIN)


def ask(client, path, subject=None, **headers):
    cookies = "; ".join(f"{key}={value}" for key, value in cookie_for(subject).items())
    given = {"cookie": cookies} if subject else {}
    return client.get(path, headers=given | headers)


@pytest.mark.parametrize("name", FILES)
def test_who_is_not_signed_in_sees_one_sentence_and_a_button(visit, add_session, page_store, name):
    session_id = add_session("mira", "Secret wall")
    page_store.create_session(name="Local secret", source="live")
    app = visit(None, name, session=session_id, a=session_id, b=session_id)
    assert text_of(app) == "posecore\nSign in to see your sessions."
    assert [each.label for each in app.button] == ["Sign in with Club"]
    assert app.exception == []


@pytest.mark.parametrize("name", FILES)
def test_each_page_is_that_of_whoever_is_signed_in(
    visit, add_session, page_store, monkeypatch, name
):
    monkeypatch.setattr(camera, "show_camera", lambda _room, _settings: False)
    add_session("mira", "Secret wall")
    page_store.create_session(name="Local secret", source="live")
    app = visit("jo", name)
    assert app.exception == []
    assert plain("jo@example.org") in text_of(app)
    for told in ("Secret wall", "Local secret", "mira"):
        assert told not in text_of(app)


def test_a_link_to_somebody_elses_session_is_answered_like_one_to_nothing(visit, add_session):
    add_session("jo", "Own wall")
    theirs = add_session("mira", "Secret wall")
    nothing = "11111111-2222-3333-4444-555555555555"
    said = [text_of(visit("jo", "replay", session=each)) for each in (theirs, nothing)]
    assert said[0] == said[1]
    assert "not here" in said[0]


def test_settings_and_the_answer_about_privacy_are_each_persons_own(visit, page_store):
    app = visit("mira", "settings")
    next(each for each in app.selectbox if each.label == "Camera picture").select("1280x720").run()
    assert view_as(owner_of("mira")).load_preferences()["camera_size"] == "1280x720"
    assert "camera_size" not in view_as(owner_of("jo")).load_preferences()
    assert str(page_store._database.path) not in "\n".join(each.value for each in app.code)
    fresh = AppTest.from_file(str(PAGES / "navigation.py"), default_timeout=30)
    fresh.user = claims_of("jo")
    fresh.run()
    assert any("Before you start" in each.value for each in fresh.markdown)


def test_who_signed_in_is_listed_with_a_name(visit, page_store):
    visit("mira")
    assert view_as(owner_of("mira")).people.get().name == "mira@example.org"
    listed = {each.owner: each.name for each in Owners.of(page_store).list()}
    assert listed == {owner_of("mira"): "mira@example.org"}


def test_imports_are_shown_to_who_began_them_and_take_turns(page_store, settings, tmp_path):
    mira, jo = (import_jobs.get_queue(owner_of(each)) for each in ("mira", "jo"))
    assert import_jobs.get_queue(owner_of("mira")) is mira
    path = tmp_path / "no video.mp4"
    path.write_bytes(b"no video")
    with import_jobs._turn:
        mira.submit(path, settings=settings, delete_file_afterwards=False)
        assert [each.state for each in mira.jobs] == ["waiting"]
        assert jo.jobs == []
    import_jobs.close_queue()
    assert [each.state for each in mira.jobs] == ["failed"]


def test_signing_out_ends_a_recording_and_keeps_it(visit, monkeypatch):
    def show_camera(room, _settings):
        room.pipeline._thread = threading.current_thread()
        return True

    monkeypatch.setattr(camera, "show_camera", show_camera)
    app = visit("mira", "live")
    app.button_group[0].set_value(0).run()
    button(app, "Start recording").click().run()
    record(app)
    room = app.session_state["live_room"][1]
    room.pipeline._thread = None
    button(app, "Sign out").click().run()
    (session,) = view_as(owner_of("mira")).get_sessions()
    assert (session.status, session.frame_count) == ("completed", 3)
    assert room.is_idle
    assert [each.label for each in app.run().button] == ["Sign in with Club"]


def test_a_part_of_a_page_that_runs_again_after_signing_out_elsewhere_asks_to_sign_in(
    visit, add_session
):
    add_session("mira", "Secret wall")
    app = visit("mira", "sessions")
    assert "Secret wall" in [each.label for each in app.checkbox]
    sign_in.end_sign_in(find_person("mira"))
    button(app, "Edit").click().run()
    assert [each.label for each in app.button] == ["Sign in with Club"]
    assert app.checkbox == []


def test_what_was_ended_stays_ended_when_posecore_starts_again(page_store):
    person = find_person("mira")
    sign_in.end_sign_in(person)
    state.close_store()
    st.cache_resource.clear()
    with pytest.raises(NotSignedInError), sign_in.acting_for(person):
        pass
    with sign_in.acting_for(find_person("mira", number=2)):
        assert sign_in.find_identity().owner == owner_of("mira")


def test_sockets_and_long_answers_are_told_that_somebody_signed_out(page_store):
    before = open_database().rights_version
    sign_in.end_sign_in(find_person("mira"))
    assert open_database().rights_version != before


def test_a_download_is_made_for_who_pressed_the_button_and_not_after_signing_out(
    page_store, add_session
):
    add_session("mira", "Secret wall")
    person = find_person("mira")

    def make():
        return "\n".join(each.name for each in state.get_store().get_sessions())

    made = own_downloads._make(person, make, "names.txt", "text/plain")
    assert made == b"Secret wall"
    sign_in.end_sign_in(person)
    with pytest.raises(NotSignedInError):
        own_downloads._make(person, make, "names.txt", "text/plain")


def test_a_file_answers_only_whom_it_was_made_for(client):
    own_downloads._make(find_person("mira"), lambda: "secret", "secret.txt", "text/plain")
    file_id = next(reversed(own_downloads._owners))
    for name in (f"{file_id}.txt", file_id):
        assert ask(client, f"/media/{name}", "mira").text == "served"
        assert ask(client, f"/media/{name}", "jo").status_code == 404
        assert ask(client, f"/media/{name}").status_code == 401
    for trick in (f"x/{file_id}.txt", f"{file_id}.txt/x", f"{file_id}.txt%3Fx/y", "", "x"):
        assert ask(client, f"/media/{trick}", "mira").status_code == 404


@pytest.mark.parametrize("path", ["metrics", "upload_file/a/b", "agent/mcp", "anything"])
def test_what_streamlit_serves_by_itself_needs_somebody_signed_in(client, path):
    assert ask(client, f"/_stcore/{path}").status_code == 401
    assert ask(client, f"/_stcore/{path}", "mira").text == "served"


@pytest.mark.parametrize("path", ["health", "host-config", "bidi-components/x.js"])
def test_what_the_sign_in_page_is_made_of_is_open(client, path):
    assert ask(client, f"/_stcore/{path}").text == "served"


def test_long_cookies_come_in_pieces_and_are_read_whole(client):
    groups = [hashlib.sha256(bytes([number])).hexdigest() for number in range(200)]
    cookies = cookie_for("mira", groups=groups)
    assert len(cookies) > 2
    for left_out in (None, *cookies):
        given = "; ".join(f"{key}={value}" for key, value in cookies.items() if key != left_out)
        status = client.get("/_stcore/metrics", headers={"cookie": given}).status_code
        assert status == (200 if left_out is None else 401)


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://elsewhere.example.org"},
        {"origin": None},
        {"provider": "another"},
        {"iss": "https://elsewhere.example.org"},
        {"is_logged_in": "yes"},
    ],
)
def test_a_cookie_made_for_something_else_is_nobodys(client, change):
    given = "; ".join(f"{key}={value}" for key, value in cookie_for("mira", **change).items())
    assert client.get("/_stcore/metrics", headers={"cookie": given}).status_code == 401


@pytest.mark.parametrize("value", ["", "x", "a.b.c", "null", "é", '{"is_logged_in": true}'])
def test_a_cookie_that_nobody_signed_is_nobodys(client, value):
    headers = {"cookie": f"_streamlit_user={value}".encode("latin-1")}
    assert client.get("/_stcore/metrics", headers=headers).status_code == 401


def test_going_the_way_out_ends_it_for_a_copy_of_the_cookie_too(client):
    assert (
        ask(client, "/auth/logout", "mira", **{"sec-fetch-site": "cross-site"}).status_code == 403
    )
    assert ask(client, "/_stcore/metrics", "mira").text == "served"
    assert ask(client, "/auth/logout", "mira").text == "served"
    assert ask(client, "/_stcore/metrics", "mira").status_code == 401
    assert ask(client, "/_stcore/metrics", "jo").text == "served"


def test_a_replays_address_answers_only_whom_it_was_made_for(visit, add_session, client):
    app = visit("mira", "replay", session=add_session("mira", "Secret wall"))
    (token,) = app.session_state["replay_tokens"].values()
    for path in (f"/replay-recording/{token}", f"/replay-page/{token}"):
        assert ask(client, path, "mira").status_code == 200
        assert ask(client, path).status_code == 401
        theirs, unknown = ask(client, path, "jo"), ask(client, f"{path}x", "jo")
        assert (
            (theirs.status_code, theirs.text)
            == (unknown.status_code, unknown.text)
            == (
                404,
                "This page is out of date; reload it.",
            )
        )


@pytest.mark.parametrize(
    "auth",
    [
        {},
        "yes",
        AUTH | {"cookie_secret": "short"},
        {key: value for key, value in AUTH.items() if key != "cookie_secret"},
        {key: value for key, value in AUTH.items() if key != "club"},
    ],
)
def test_a_broken_section_is_a_sentence_and_lets_nobody_in(secrets, visit, client, auth):
    secrets["auth"] = auth
    app = visit("mira", "sessions")
    assert app.title[0].value == "Nobody can sign in"
    assert len(app.error) == 1
    assert app.button == []
    assert sign_in.needs_sign_in()
    assert ask(client, "/_stcore/metrics", "mira").status_code == 401


def test_a_section_that_vanishes_while_posecore_runs_opens_nothing(secrets, visit, client):
    visit("mira")
    del secrets["auth"]
    assert visit("mira").title[0].value == "Nobody can sign in"
    assert ask(client, "/_stcore/metrics").status_code == 401
    with pytest.raises(SignInSetupError):
        sign_in.find_identity()


def test_another_spelling_of_the_section_is_not_taken_for_none(secrets, visit):
    secrets["Auth"] = secrets.pop("auth")
    assert visit(None).button[0].label == "Sign in with Club"


def test_headers_that_could_say_who_somebody_is_let_nobody_in(monkeypatch, visit):
    asked = st.get_option

    def get_option(name):
        return {"X-User": "sub"} if name == "server.trustedUserHeaders" else asked(name)

    monkeypatch.setattr(st, "get_option", get_option)
    assert "trustedUserHeaders" in visit("mira").error[0].value


def test_the_public_address_is_one_of_the_dashboards_names(secrets, monkeypatch):
    monkeypatch.setenv("POSECORE_HOSTS", "wall.example.org")
    secrets["auth"] = AUTH | {"redirect_uri": "https://posecore.example.org/oauth2callback"}
    assert find_hosts() == ("wall.example.org", "posecore.example.org")
    secrets["auth"] = {}
    assert find_hosts() == ("wall.example.org",)
    monkeypatch.setenv("POSECORE_HOSTS", "*")
    assert find_hosts() == ()


def test_at_another_address_the_way_to_the_right_one_is_shown(visit, secrets):
    secrets["auth"] = AUTH | {"redirect_uri": "https://posecore.example.org/oauth2callback"}
    app = AppTest.from_file(str(PAGES / "navigation.py"), default_timeout=30)
    app.context = {"url": "http://127.0.0.1:8501/"}
    app.run()
    assert app.button == []
    (link,) = app.get("link_button")
    assert link.proto.url == "https://posecore.example.org"


def test_a_public_name_that_is_none_is_a_sentence_and_opens_nothing(monkeypatch, client):
    monkeypatch.setenv("POSECORE_HOSTS", "https://posecore.example.org")
    app = AppTest.from_file(str(PAGES / "navigation.py"), default_timeout=30)
    app.user = claims_of("mira")
    app.run()
    assert "POSECORE_HOSTS" in app.error[0].value
    assert app.exception == []
    assert ask(client, "/_stcore/metrics", "mira").status_code == 503


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/invitation?code=x", "Somebody shares an athlete's sessions with you."),
        ("/club/invitation/", "Somebody shares an athlete's sessions with you."),
        ("/", "Sign in to see your sessions."),
        ("/replay?session=/invitation", "Sign in to see your sessions."),
    ],
)
def test_who_comes_with_an_invitation_is_told_what_signing_in_is_for(path, expected):
    assert sign_in_page._say_what_for(ORIGIN + path).startswith(expected)
