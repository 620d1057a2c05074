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
