"""From one page to another while parts of the first still look again by themselves."""

import time

from playwright.sync_api import expect
from streamlit.proto.BackMsg_pb2 import BackMsg

PATIENCE_MS = 60_000
WATCH_FRAMES = """
async () => {
  for (let n = 0; n < 60; n += 1) await new Promise(requestAnimationFrame);
}
"""


def expect_rest(page):
    expect(page.get_by_test_id("stApp")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=PATIENCE_MS
    )


def is_look(message):
    return BackMsg.FromString(message).rerun_script.is_auto_rerun


def test_a_look_that_was_on_its_way_does_not_blank_a_page_that_stops_early(dashboard, open_page):
    page, watch = open_page("about:blank")
    servers, sent = [], []

    def connect(socket):
        server = socket.connect_to_server()
        servers.append(server)
        socket.on_message(lambda message: (sent.append(message), server.send(message)))

    page.route_web_socket("**/_stcore/stream", connect)
    page.goto(f"{dashboard.url}/audience")
    expect(page.get_by_text("No camera is running.")).to_be_visible(timeout=PATIENCE_MS)
    expect_rest(page)
    # Nobody touches it: what Watch asks now is whether anybody's camera has started.
    deadline_s = time.monotonic() + PATIENCE_MS / 1000
    while len(looks := [each for each in sent if is_look(each)]) < 3:
        assert time.monotonic() < deadline_s
        page.evaluate(WATCH_FRAMES)

    page.get_by_role("link", name="Home").click()
    home = page.get_by_text("See how you move")
    expect(home).to_be_visible(timeout=PATIENCE_MS)
    expect_rest(page)
    for look in looks:
        servers[-1].send(look)
    page.evaluate(WATCH_FRAMES)
    expect(home).to_be_visible()
    assert watch.errors == []


def go_to(page, name):
    page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
    expect_rest(page)


def test_live_keeps_who_is_recorded_and_how_while_one_looks_at_other_pages(dashboard, open_page):
    page, watch = open_page(f"{dashboard.url}/live")
    athlete = page.get_by_role("combobox", name="Athlete")
    athlete.fill("Mira")
    athlete.press("Enter")
    expect_rest(page)
    page.get_by_role("radio", name="10", exact=True).click()
    expect_rest(page)
    for name in ("Sessions", "Home", "Replay"):
        go_to(page, name)
        expect(athlete).to_have_count(0, timeout=PATIENCE_MS)
        go_to(page, "Live")
        expect(athlete).to_have_value("Mira", timeout=PATIENCE_MS)
        expect(page.get_by_role("radio", name="10", exact=True)).to_be_checked()
    assert watch.errors == []


def test_what_is_open_on_live_stays_open_when_something_above_it_is_said(dashboard, open_page):
    page, watch = open_page(f"{dashboard.url}/live")
    ghost = page.get_by_test_id("stExpander").filter(has_text="Ghost").locator("details")
    ghost.locator("summary").click()
    expect(ghost).to_have_attribute("open", "")
    page.get_by_text("Keep video", exact=True).click()
    expect(page.get_by_text("ask before you film.").first).to_be_visible(timeout=PATIENCE_MS)
    name = page.get_by_role("textbox", name="Name")
    name.fill("x" * 300)
    name.press("Enter")
    expect(page.get_by_text("This name has 300 characters")).to_be_visible(timeout=PATIENCE_MS)
    expect_rest(page)
    expect(ghost).to_have_attribute("open", "")
    assert watch.errors == []
