"""A phone in the same network: https, pairing, its page with a real camera, and the camera's test.

The dashboard has a certificate and asks others to pair, as with ``run.py --lan``, but listens on
this computer alone. Whoever comes from another address than 127.0.0.1 is somebody else: the phone
comes through a line that ends at another of this computer's addresses, which is what the dashboard
sees. Nothing in it knows of the test.
"""

import re
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import pytest
from playwright.sync_api import Browser, Page, Playwright, Route, expect

from posecore import open_store
from posecore.lan import find_names
from posecore.lan_certificate import LanCertificate, provide_certificate
from tests.e2e.camera_page import start_camera
from tests.e2e.dashboard import Dashboard, Watch, run_browser, run_dashboard, watch_page
from tests.sockets.tcp_proxy import TcpProxy

LONG_MS = 60_000
SIZE = (640, 360)
CAMERA = "--use-fake-device-for-media-stream"
ALLOWED = "--use-fake-ui-for-media-stream"
TEST_BUTTON = "Test this device's camera connection"
N_STEPS = 6
RUNNING = re.compile(r"^00:(0[1-9]|[1-5][0-9])$")

OpenPhone = Callable[..., Page]


def find_foreign(last: int) -> str:
    """Return an address of this computer that is not the one it calls itself by."""
    return f"127.0.0.{last}" if sys.platform == "linux" else find_names().addresses[0]


@pytest.fixture(scope="module")
def certificate(data_dir: Path) -> LanCertificate:
    """The certificate for this computer's addresses."""
    return provide_certificate(data_dir / "lan", find_names().all)


@pytest.fixture(scope="module")
def dashboard(data_dir: Path, certificate: LanCertificate) -> Iterator[Dashboard]:
    """Serve over https and have others pair."""
    with open_store(data_dir / "posecore.duckdb") as store:
        store.save_preference("privacy_notice", "understood")
    with run_dashboard(data_dir, certificate=certificate) as dashboard:
        yield dashboard


@pytest.fixture(scope="module")
def network(dashboard: Dashboard) -> Iterator[str]:
    """The dashboard as a phone reaches it."""
    with TcpProxy(int(dashboard.url.rpartition(":")[2]), source=find_foreign(2)) as line:
        yield f"https://127.0.0.1:{line.port}"


@pytest.fixture(scope="module")
def phone_browser(
    playwright: Playwright, test_video: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """A browser with a camera that films the video, and may."""
    clip = tmp_path_factory.mktemp("camera") / "clip.mjpeg"
    with av.open(str(clip), "w", format="mjpeg") as output, av.open(str(test_video)) as container:
        stream = output.add_stream("mjpeg", rate=30)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuvj420p"
        stream.time_base = Fraction(1, 30)
        for number, frame in enumerate(container.decode(video=0)):
            picture = frame.reformat(*SIZE, "yuvj420p", dst_color_range="JPEG")
            picture.pts, picture.time_base = number, Fraction(1, 30)
            output.mux(stream.encode(picture))
        output.mux(stream.encode())
    film = f"--use-file-for-fake-video-capture={clip}"
    with run_browser(
        playwright, CAMERA, ALLOWED, film, "--autoplay-policy=no-user-gesture-required"
    ) as browser:
        yield browser


@pytest.fixture
def open_phone() -> Iterator[OpenPhone]:
    """Open a page as a phone does that was told to go on in spite of the warning."""
    contexts = []

    def open_one(browser: Browser, url: str) -> Page:
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, has_touch=True, ignore_https_errors=True
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(LONG_MS)
        page.watch = watch_page(page)  # type: ignore[attr-defined]
        page.goto(url)
        return page

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def coach(dashboard: Dashboard, browser: Browser) -> Iterator[SimpleNamespace]:
    """Settings as the coach sees them, at the computer itself."""
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.set_default_timeout(LONG_MS)
    page.goto(f"{dashboard.url}/settings")
    shown = page.get_by_test_id("pairing-code")
    expect(shown).to_have_text(re.compile(r"^[A-Z2-9]{4}-[A-Z2-9]{4}$"), timeout=LONG_MS)
    yield SimpleNamespace(page=page, read_code=shown.inner_text)
    context.close()


def type_code(page: Page, code: str) -> None:
    page.get_by_label("Pairing code").fill(code)
    page.get_by_role("button", name="Pair", exact=True).click()


def pair(page: Page, code: str) -> None:
    type_code(page, code)
    expect(page.get_by_role("button", name="Start recording")).to_be_visible(timeout=LONG_MS)


def run_test(page: Page) -> dict[str, str]:
    """Press the test's button; returns the state of each step once it is over."""
    if not page.get_by_role("button", name=TEST_BUTTON).is_visible():
        page.get_by_text("Athlete, camera, connection").click()
    page.get_by_role("button", name=TEST_BUTTON).click()
    test = page.get_by_test_id("connection-test")
    expect(test).to_have_attribute("data-state", re.compile("good|bad"), timeout=LONG_MS)
    lines = test.locator("li").all()
    assert len(lines) == N_STEPS
    return {
        str(each.get_attribute("data-step")): str(each.get_attribute("data-state"))
        for each in lines
    }


def advice_of(page: Page) -> str:
    [wrong] = page.get_by_test_id("connection-test").locator('li[data-state="bad"]').all()
    return wrong.locator(".advice").inner_text()


def unexpected(watch: Watch) -> list[str]:
    """What went wrong in a page but for what was refused on purpose."""
    return [each for each in watch.errors if not re.search(r"status of (401|403|429)", each)]


def test_a_phone_is_paired_films_and_is_shut_out(
    network: str,
    dashboard: Dashboard,
    coach: SimpleNamespace,
    phone_browser: Browser,
    open_phone: OpenPhone,
) -> None:
    phone = open_phone(phone_browser, f"{network}/phone?athlete=Mira")
    expect(phone.get_by_role("heading", name="Pair this device")).to_be_visible()
    type_code(phone, "AAAA-AAAA")
    expect(phone.get_by_role("alert")).to_contain_text("This is not the code")
    pair(phone, coach.read_code().lower())

    # Nothing but camera, start and stop.
    assert phone.url == f"{network}/phone?athlete=Mira"
    expect(phone.get_by_test_id("stSidebarNav")).to_have_count(0)
    expect(phone.get_by_test_id("awake")).to_have_attribute("data-state", "awake")
    button = phone.get_by_role("button", name="Start recording")
    expect(button).to_be_disabled()
    box = button.bounding_box()
    assert box is not None
    assert box["y"] > 844 * 0.75  # where the thumb is
    assert box["width"] > 300

    assert set(run_test(phone).values()) == {"good"}
    start_camera(phone)
    expect(button).to_be_enabled(timeout=LONG_MS)
    panel = phone.get_by_test_id("live-panel")
    expect(panel).to_contain_text("ready", timeout=LONG_MS)
    button.click()
    timer = panel.get_by_role("timer")
    expect(timer).to_have_text(RUNNING, timeout=LONG_MS)
    phone.get_by_role("button", name="Stop recording").click()
    expect(phone.get_by_text("Saved: Recording")).to_be_visible(timeout=LONG_MS)
    phone.get_by_role("button", name="Record again").click()
    expect(phone.get_by_role("button", name="Stop recording")).to_be_visible(timeout=LONG_MS)
    expect(timer).to_have_text(RUNNING, timeout=LONG_MS)

    # The coach unpairs it in the middle: its page is dead at once, what it recorded is kept.
    row = coach.page.locator("[class*=st-key-row_device_]")
    expect(row).to_contain_text("Chrome", timeout=LONG_MS)
    row.get_by_role("button", name="Unpair").click()
    with phone.expect_response(lambda answer: answer.status in (401, 403), timeout=LONG_MS):
        coach.page.get_by_role("button", name="Unpair this device").click()
    expect(coach.page.get_by_text("No device is paired yet.")).to_be_visible(timeout=LONG_MS)
    answer = coach.page.context.request.get(f"{dashboard.url}/api/v1/sessions")
    kept = [(each["athlete"], each["status"]) for each in answer.json()["sessions"]]
    assert kept == [("Mira", "completed")] * 2
    phone.reload()
    expect(phone.get_by_role("heading", name="Pair this device")).to_be_visible()
    assert phone.watch.hosts == {"127.0.0.1"}  # type: ignore[attr-defined]


def test_the_scanned_code_pairs_by_itself_and_is_nowhere_afterwards(
    network: str, coach: SimpleNamespace, browser: Browser, open_phone: OpenPhone
) -> None:
    asked: list[str] = []
    phone = open_phone(browser, "about:blank")
    phone.on("request", lambda request: asked.append(request.url))
    code = coach.read_code().replace("-", "")
    phone.goto(f"{network}/phone#code={code}")
    start = phone.get_by_role("button", name="Start recording")
    expect(start).to_be_visible(timeout=LONG_MS)
    assert phone.url == f"{network}/phone"
    assert not [url for url in asked if code in url]
    cookies = phone.context.cookies()
    [paired] = [each for each in cookies if each["name"] == "__Host-posecore-device"]
    assert paired["httpOnly"]
    assert paired["secure"]
    assert unexpected(phone.watch) == []  # type: ignore[attr-defined]


def test_what_keeps_the_camera_away_is_said_in_plain_words(
    network: str, coach: SimpleNamespace, playwright: Playwright, open_phone: OpenPhone
) -> None:
    """One browser that is not allowed the camera, one that has none."""
    for arguments, bad, words in (
        ([CAMERA], "permission", "The camera is not allowed on this page."),
        ([ALLOWED], "camera", "No camera was found"),
    ):
        with run_browser(playwright, *arguments) as other:
            phone = open_phone(other, f"{network}/phone")
            pair(phone, coach.read_code())
            states = run_test(phone)
            assert states["secure"] == "good"
            assert states[bad] == "bad"
            assert states["connection"] == "waiting"
            assert words in advice_of(phone)
            phone.context.close()


def test_a_line_that_lets_no_picture_through_is_said_in_plain_words(
    network: str, coach: SimpleNamespace, phone_browser: Browser, open_phone: OpenPhone
) -> None:
    phone = open_phone(phone_browser, f"{network}/phone")
    pair(phone, coach.read_code())

    def forget_addresses(description: dict[str, str]) -> dict[str, str]:
        return description | {"sdp": re.sub(r"a=candidate:.*\r\n", "", description["sdp"])}

    def lose_the_way(route: Route) -> None:
        """Let neither end learn where the other is, so that nothing gets there."""
        answer = route.fetch(post_data=forget_addresses(route.request.post_data_json))
        route.fulfill(response=answer, json=forget_addresses(answer.json()))

    phone.route("**/connection-test", lose_the_way)
    states = run_test(phone)
    assert (states["candidates"], states["connection"]) == ("good", "bad")
    assert states["roundtrip"] == "waiting"
    assert "UDP is blocked" in advice_of(phone)
    phone.unroute("**/connection-test")
    assert set(run_test(phone).values()) == {"good"}


def test_after_five_wrong_codes_the_phone_counts_down(
    dashboard: Dashboard, coach: SimpleNamespace, browser: Browser, open_phone: OpenPhone
) -> None:
    before = coach.read_code()
    with TcpProxy(int(dashboard.url.rpartition(":")[2]), source=find_foreign(3)) as line:
        phone = open_phone(browser, f"https://127.0.0.1:{line.port}/")
        for n_left in (4, 3, 2, 1):
            type_code(phone, "AAAA-AAAA")
            expect(phone.get_by_role("alert")).to_contain_text(f"{n_left} tr")
        type_code(phone, "AAAA-AAAA")
        expect(phone.get_by_role("alert")).to_contain_text("wait 30 s")
        expect(phone.get_by_role("button", name=re.compile("Pair in"))).to_be_disabled()
        expect(coach.page.get_by_test_id("pairing-code")).not_to_have_text(before, timeout=LONG_MS)
