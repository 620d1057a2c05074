"""Two people who sign in at a real provider: each has all of their own, and nothing of the other's.

Mira loads the samples, Jo takes in landmarks of another program; then everything by which one could
reach what is the other's is tried: pages, links, addresses of data, downloads, cookies.
"""

import json
import re
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from itsdangerous import URLSafeTimedSerializer
from playwright.sync_api import expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from posecore import write_sequence
from posecore.synthetic import make_squats
from tests.e2e import provider
from tests.e2e.dashboard import find_free_port, open_expander, run_dashboard
from tests.e2e.provider import LONG_MS, add_person, run_provider, sign_in, sign_out, write_secrets

# Each page is looked at by one, another and nobody in tests/pages/test_signed_in.py.
PAGES = ("", "live", "audience", "sessions", "find", "replay", "progress", "import")
SECRET_OF_JO = "Jo on the wall"
COOKIE = "_streamlit_user"


@pytest.fixture(scope="module")
def provider_url(data_dir):
    """Run the provider, which knows both."""
    with run_provider(data_dir) as url:
        add_person(url, "mira", json.dumps({"email": "mira@example.org"}))
        add_person(url, "jo", json.dumps({"email": "jo@example.org", "name": "local"}))
        yield url


@pytest.fixture(scope="module")
def dashboard(data_dir, provider_url):
    """Run a dashboard at which everybody has to sign in."""
    port = find_free_port()
    write_secrets(data_dir, port, provider_url)
    with run_dashboard(data_dir, port=port) as dashboard:
        yield dashboard


@pytest.fixture
def visit(browser):
    """Open browsers of their own; each is closed at the end."""
    contexts = []

    def open_one(cookies=(), **options):
        context = browser.new_context(viewport={"width": 1280, "height": 800}, **options)
        context.add_cookies(list(cookies))
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


def cookies_of(page):
    return [
        {key: each[key] for key in ("name", "value", "domain", "path")}
        for each in page.context.cookies()
    ]


def watch_addresses(page):
    """Collect the addresses of data that a page asks for."""
    addresses = []

    def note(request):
        if re.search(r"/(replay-|live-room/|media/[0-9a-f]{20})", request.url):
            addresses.append(request.url)

    page.on("request", note)
    page.on("websocket", note)
    return addresses


def download(page, name):
    """Press a button; return the address that the file came from."""
    with page.expect_download(timeout=LONG_MS) as caught:
        page.get_by_role("button", name=name, exact=True).first.click()
    caught.value.path()
    return caught.value.url


def read_session_id(page):
    page.wait_for_url(re.compile("session="))
    return re.search(r"session=([0-9a-f-]{36})", page.url)[1]


@pytest.fixture(scope="module")
def mira(browser, dashboard):
    """Mira, who loads the samples, replays one and downloads it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    sign_in(page, dashboard.url, "mira")
    page.get_by_role("button", name="Understood").click()
    page.get_by_role("button", name="Load the sample sessions").click()
    expect(page.get_by_text("Latest sessions")).to_be_visible(timeout=LONG_MS)
    addresses = watch_addresses(page)
    page.get_by_role("button", name="Replay").first.click()
    session_id = read_session_id(page)
    expect(page.get_by_test_id("replay-player")).to_have_attribute(
        "data-ready", "true", timeout=LONG_MS
    )
    token = addresses[0].rsplit("/", 1)[1].split("?")[0]
    for kind in ("recording", "video", "page"):
        addresses.append(f"{dashboard.url}/replay-{kind}/{token}")
    addresses.append(f"{dashboard.url}/replay-errors/{token}?from=0&to=64")
    addresses.append(f"{dashboard.url}/replay-clip/{token}?format=gif&from=0&to=0.5")
    yield SimpleNamespace(page=page, id=session_id, addresses=list(addresses))
    context.close()


@pytest.fixture(scope="module")
def jo(browser, dashboard, tmp_path_factory):
    """Jo, who takes in a file of landmarks."""
    path = tmp_path_factory.mktemp("jo") / f"{SECRET_OF_JO}.csv"
    write_sequence(make_squats(4.0), path)
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    sign_in(page, dashboard.url, "jo")
    page.get_by_role("button", name="Understood").click()
    page.goto(f"{dashboard.url}/import")
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text(path.name)).to_be_visible(timeout=LONG_MS)
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("button", name="Replay").click(timeout=LONG_MS)
    yield SimpleNamespace(page=page, id=read_session_id(page))
    context.close()


def open_quietly(page, url):
    """Open an address and wait until the page is there and at rest."""
    page.goto(url)
    expect(page.get_by_test_id("stApp")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=LONG_MS
    )
    expect(page.get_by_test_id("stMainBlockContainer")).to_be_visible(timeout=LONG_MS)


def test_each_sees_all_of_their_own(mira, jo, dashboard):
    for person, count in ((mira, 4), (jo, 1)):
        open_quietly(person.page, f"{dashboard.url}/sessions")
        rows = person.page.locator("[class*='st-key-row_']")
        expect(rows).to_have_count(count, timeout=LONG_MS)
        expect(person.page.get_by_text(re.compile(r"@example\.org"))).to_be_visible()


@pytest.mark.parametrize("path", PAGES)
def test_no_page_of_one_tells_anything_of_the_other(mira, jo, dashboard, path):
    of_mira = ("jumping", "walking", "mira@", mira.id)
    of_jo = (SECRET_OF_JO.lower(), "jo@", jo.id)
    for person, others in ((jo, of_mira), (mira, of_jo)):
        open_quietly(person.page, f"{dashboard.url}/{path}")
        text = person.page.locator("body").inner_text().lower()
        assert not [told for told in others if told in text]


@pytest.mark.parametrize(
    "link",
    [
        *("replay?session={}", "replay?session={}&t=1", "repetitions?session={}"),
        *("compare?a={}", "compare?b={}", "compare?a={}&b={}", "repetitions?session={own}&more={}"),
    ],
)
def test_a_link_to_what_is_the_others_opens_nothing(mira, jo, dashboard, link):
    for me, other in ((jo, mira), (mira, jo)):
        asked = watch_addresses(me.page)
        open_quietly(me.page, f"{dashboard.url}/{link.format(other.id, other.id, own=me.id)}")
        text = me.page.get_by_test_id("stMainBlockContainer").inner_text()
        told = ("Jumping", "Walking", "whole video") if me is jo else (SECRET_OF_JO,)
        assert not [each for each in told if each.lower() in text.lower()]
        # A comparison falls back on what is one's own.
        for address in asked:
            assert other.id.encode() not in me.page.request.get(address).body()


def test_a_link_to_what_is_the_others_is_answered_like_one_to_nothing(mira, jo, dashboard):
    said = []
    for session_id in (mira.id, "11111111-2222-3333-4444-555555555555"):
        open_quietly(jo.page, f"{dashboard.url}/replay?session={session_id}")
        expect(jo.page.get_by_role("combobox")).to_be_visible(timeout=LONG_MS)
        said.append(jo.page.get_by_test_id("stMainBlockContainer").inner_text())
    assert said[0] == said[1]
    assert "not here" in said[0]


def test_addresses_of_data_answer_only_whom_they_were_made_for(mira, jo, dashboard, visit):
    nobody = visit()
    assert len(mira.addresses) > 5
    for address in mira.addresses:
        own = mira.page.request.get(address).status
        assert own == (404 if "replay-video" in address else 200), address
        assert jo.page.request.get(address).status == 404, address
        assert nobody.request.get(address).status == 401, address


@pytest.mark.parametrize("path", ["sessions", "replay?session={}", "progress", "compare-many"])
def test_a_download_answers_only_who_had_it_made(mira, jo, dashboard, visit, path):
    open_quietly(mira.page, f"{dashboard.url}/{path.format(mira.id)}")
    address = download(mira.page, "Download CSV")
    assert "/media/" in address
    assert mira.page.request.get(address).status == 200
    assert jo.page.request.get(address).status == 404
    assert visit().request.get(address).status == 401


def test_an_unknown_address_is_answered_like_the_others(mira, jo, dashboard):
    unknown = re.sub(r"/replay-recording/[\w-]+", "/replay-recording/unknown", mira.addresses[0])
    theirs, nothing = (jo.page.request.get(each) for each in (mira.addresses[0], unknown))
    assert (theirs.status, theirs.text()) == (nothing.status, nothing.text())


def test_live_numbers_answer_only_whose_camera_it_is(mira, jo, dashboard, visit):
    tab = mira.page.context.new_page()
    with tab.expect_websocket(lambda socket: "live-room/" in socket.url) as asked:
        tab.goto(f"{dashboard.url}/live")
    address = asked.value.url
    assert json.loads(hear_first(address, mira.page))["camera"] == "off"
    for stranger, code in ((jo.page, 4404), (visit(), 4401)):
        with pytest.raises(ConnectionClosed) as closed:
            json.loads(hear_first(address, stranger))["camera"]
        assert closed.value.rcvd.code == code
    tab.close()


def hear_first(address, page):
    """What a socket says first, to the browser of a page; an error it says is passed over."""
    cookies = "; ".join(f"{each['name']}={each['value']}" for each in page.context.cookies())
    with connect(address, additional_headers={"Cookie": cookies}) as socket:
        said = socket.recv(timeout=LONG_MS / 1000)
        return socket.recv(timeout=LONG_MS / 1000) if "error" in json.loads(said) else said


def test_somebody_elses_camera_is_a_sentence_like_one_that_is_not_there(
    mira, jo, dashboard, provider_url
):
    open_quietly(mira.page, f"{dashboard.url}/live")
    said = []
    for of in (f"{provider_url}#mira", "nobody"):
        jo.page.goto(f"{dashboard.url}/audience?{urlencode({'stream': 'camera', 'of': of})}")
        viewer = jo.page.get_by_test_id("audience")
        expect(viewer).to_have_attribute("data-state", "refused", timeout=LONG_MS)
        expect(viewer).to_contain_text("no live stream here that you may watch", timeout=LONG_MS)
        said.append(viewer.inner_text())
    assert said[0] == said[1]
    assert "mira" not in said[0]


def test_who_is_not_signed_in_sees_how_to_and_nothing_else(mira, dashboard, visit):
    page = visit()
    asked = watch_addresses(page)
    for path in PAGES:
        page.goto(f"{dashboard.url}/{path}?session={mira.id}&a={mira.id}&b={mira.id}")
        expect(page.get_by_role("button", name="Sign in with Club")).to_be_visible(timeout=LONG_MS)
        text = page.get_by_test_id("stApp").inner_text()
        assert [line for line in text.splitlines() if line.strip()] == [
            *("Skip to main content", "posecore"),
            *("Sign in to see your sessions.", "Sign in with Club"),
        ]
        expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)
    assert asked == []


@pytest.mark.parametrize(
    "path",
    [
        *("_stcore/metrics", "_stcore/script-health-check", "_stcore/agent/openapi.json"),
        *("_stcore/upload_file/1/2", "_stcore/anything", "media/anything.csv"),
    ],
)
def test_what_streamlit_serves_besides_needs_signing_in(dashboard, visit, path):
    assert visit().request.get(f"{dashboard.url}/{path}").status == 401


def forge(payload, secret, salt=COOKIE):
    return URLSafeTimedSerializer(secret, salt=salt).dumps(json.dumps(payload))


def test_a_cookie_that_is_not_the_dashboards_own_is_worth_nothing(
    mira, dashboard, visit, provider_url
):
    claims = {"iss": provider_url, "sub": "mira", "email": "mira@example.org", "provider": "club"}
    claims |= {"is_logged_in": True, "origin": dashboard.url}
    good = provider.COOKIE_SECRET
    forged = [
        json.dumps(claims),
        forge(claims, "another secret of more than thirty-two characters"),
        forge(claims, ""),
        forge(claims, good, salt="_streamlit_user_tokens"),
        forge(claims | {"origin": "http://elsewhere.example.org"}, good),
        forge(claims | {"provider": "another"}, good),
        forge(claims | {"iss": "http://127.0.0.1:1"}, good),
        forge(claims | {"is_logged_in": False}, good),
        forge(claims, good)[:-2],
        forge("chunks-2", good),
    ]
    made_here = {"name": COOKIE, "domain": "127.0.0.1", "path": "/"}
    for value in forged:
        page = visit([made_here | {"value": value}])
        assert page.request.get(mira.addresses[0]).status == 401, value
    # The check above would hold nothing if no forged cookie could ever be right.
    page = visit([made_here | {"value": forge(claims, good)}])
    assert page.request.get(mira.addresses[0]).status == 200


def test_who_came_with_a_link_arrives_there_after_signing_in(mira, dashboard, visit):
    page = visit()
    page.goto(f"{dashboard.url}/replay?session={mira.id}&t=0.5")
    sign_in_here(page, "mira")
    page.wait_for_url(f"**/replay?session={mira.id}&t=0.5*", timeout=LONG_MS)
    # An address elsewhere, whoever put it there, is not gone to.
    page.evaluate("sessionStorage.setItem('posecore.wanted', 'https://elsewhere.example/')")
    open_quietly(page, dashboard.url)
    page.wait_for_function("sessionStorage.getItem('posecore.wanted') === null")
    assert page.url.startswith(dashboard.url)


def test_an_athlete_is_shared_looked_at_annotated_and_taken_back(mira, jo, dashboard, visit):
    link = share_an_athlete(
        mira.page, dashboard.url, "Sample athlete B", "look at them and write notes"
    )
    guest = visit()
    guest.goto(link)
    sign_in_here(guest, "jo")
    expect(guest.get_by_text("shares the sessions of Sample athlete B")).to_be_visible(
        timeout=LONG_MS
    )
    guest.get_by_role("button", name="Accept").click()
    row = guest.locator("[class*='st-key-row_']", has_text="Walking")
    expect(row).to_contain_text("shared by mira", timeout=LONG_MS)
    expect(row.get_by_role("button", name="Replay")).to_be_visible()
    expect(row.get_by_role("button", name="Edit")).to_have_count(0)
    expect(row.get_by_role("button", name="Delete")).to_have_count(0)
    assert "Jumping" not in guest.get_by_test_id("stApp").inner_text()

    row.get_by_role("button", name="Replay").click()
    expect(guest.get_by_test_id("replay-player")).to_have_attribute(
        "data-ready", "true", timeout=LONG_MS
    )
    replay = guest.url
    addresses = watch_addresses(guest)
    guest.reload()
    expect(guest.get_by_test_id("replay-player")).to_have_attribute(
        "data-ready", "true", timeout=LONG_MS
    )
    guest.get_by_role("button", name="Add note").click()
    guest.get_by_label("What do you see?").fill("Heel first")
    guest.get_by_role("button", name="Save", exact=True).click()
    expect(guest.get_by_text("Heel first", exact=True)).to_be_visible(timeout=LONG_MS)

    open_quietly(mira.page, replay)
    expect(mira.page.get_by_text("Heel first", exact=True)).to_be_visible(timeout=LONG_MS)
    assert guest.request.get(addresses[0]).status == 200
    take_back(mira.page, dashboard.url)
    assert guest.request.get(addresses[0]).status == 404
    guest.goto(replay)
    expect(guest.get_by_text("This session is not here")).to_be_visible(timeout=LONG_MS)
    open_quietly(guest, f"{dashboard.url}/sessions")
    assert "Walking" not in guest.get_by_test_id("stApp").inner_text()
    # And the link opens nothing a second time.
    guest.goto(link)
    expect(guest.get_by_role("button", name="All sessions")).to_be_visible(timeout=LONG_MS)
    expect(guest.get_by_role("button", name="Accept")).to_have_count(0)


def sign_in_here(page, subject):
    """Sign in from the page that asks for it, wherever it is."""
    page.get_by_role("button", name="Sign in with Club").click()
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_text(f"Signed in as {subject}")).to_be_visible(timeout=LONG_MS)


def share_an_athlete(page, url, athlete, right):
    """Make a link in Settings, as its owner does; returns it."""
    open_quietly(page, f"{url}/settings")
    open_expander(page, "Sharing")
    page.get_by_role("button", name="Share an athlete").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Athlete").click()
    page.get_by_role("option", name=athlete).click()
    dialog.get_by_text(right, exact=True).click()
    dialog.get_by_role("button", name="Make the link").click()
    link = dialog.get_by_test_id("stCode")
    expect(link).to_contain_text("/invitation?code=", timeout=LONG_MS)
    text = link.inner_text().strip()
    dialog.get_by_role("button", name="Done").click()
    return text


def take_back(page, url):
    """Take the one share back, in Settings."""
    open_quietly(page, f"{url}/settings")
    open_expander(page, "Sharing")
    page.get_by_role("button", name="Take back", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible(timeout=LONG_MS)
    dialog.get_by_role("button", name="Take back now").click()
    expect(page.get_by_role("button", name="Take back now")).to_have_count(0, timeout=LONG_MS)


def test_signing_out_ends_it_in_all_tabs_and_for_copies_of_the_cookie(mira, jo, dashboard, visit):
    page = visit()
    sign_in(page, dashboard.url, "mira")
    tab = page.context.new_page()
    open_quietly(tab, f"{dashboard.url}/sessions")
    expect(tab.locator("[class*='st-key-row_']")).to_have_count(4, timeout=LONG_MS)
    live = page.context.new_page()
    live.goto(f"{dashboard.url}/live")
    expect(live.get_by_test_id("live-panel")).to_be_visible(timeout=LONG_MS)
    copied = cookies_of(page)
    assert visit(copied).request.get(mira.addresses[0]).status == 200
    sign_out(page)

    assert not [each for each in page.context.cookies() if each["name"].startswith(COOKIE)]
    thief = visit(copied)
    assert thief.request.get(mira.addresses[0]).status == 401
    thief.goto(f"{dashboard.url}/sessions")
    expect(thief.get_by_role("button", name="Sign in with Club")).to_be_visible(timeout=LONG_MS)

    expect(live.get_by_text("You are signed out")).to_be_visible(timeout=LONG_MS)
    tab.get_by_role("button", name="Edit").first.click()
    expect(tab.get_by_role("button", name="Sign in with Club")).to_be_visible(timeout=LONG_MS)
    expect(tab.locator("[class*='st-key-row_']")).to_have_count(0)
    # Nothing of hers is left in the browser for who signs in there next.
    page.get_by_role("button", name="Sign in with Club").click()
    page.get_by_placeholder("sub").fill("jo")
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_text(re.compile("Signed in as jo"))).to_be_visible(timeout=LONG_MS)
    open_quietly(page, f"{dashboard.url}/sessions")
    expect(page.locator("[class*='st-key-row_']")).to_have_count(1, timeout=LONG_MS)
    page.go_back()
    expect(page.get_by_text(re.compile("Signed in as jo"))).to_be_visible(timeout=LONG_MS)
    assert "mira@" not in page.get_by_test_id("stApp").inner_text()
    # What Mira signed in with in another browser goes on.
    assert mira.page.request.get(mira.addresses[0]).status == 200


def test_a_page_elsewhere_cannot_sign_anybody_out(mira, dashboard):
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    headers |= {"Sec-Fetch-Dest": "document"}
    answer = mira.page.request.get(f"{dashboard.url}/auth/logout", headers=headers)
    assert answer.status == 403
    assert mira.page.request.get(mira.addresses[0]).status == 200


BROKEN = (
    ("cookie_secret", "cookie_secret"),
    ("[auth]", "cannot be read"),
)


@pytest.mark.parametrize(("line", "said"), BROKEN)
def test_a_sign_in_that_is_half_configured_is_a_sentence_and_lets_nobody_in(
    tmp_path, provider_url, visit, line, said
):
    port = find_free_port()
    write_secrets(tmp_path, port, provider_url)
    secrets = tmp_path / "secrets.toml"
    kept = [each for each in secrets.read_text().splitlines() if not each.strip().startswith(line)]
    broken = "\n".join(kept) if line != "[auth]" else "\n".join([*kept, "[auth"])
    secrets.write_text(broken)
    with run_dashboard(tmp_path, port=port) as dashboard:
        page = visit()
        page.goto(f"{dashboard.url}/sessions")
        expect(page.get_by_text("Nobody can sign in:")).to_be_visible(timeout=LONG_MS)
        text = page.get_by_test_id("stApp").inner_text()
        assert said in text
        assert provider.COOKIE_SECRET not in text
        assert "Sign in with" not in text
        assert page.request.get(f"{dashboard.url}/replay-recording/x").status == 401
        assert page.request.get(f"{dashboard.url}/media/x.csv").status == 401
