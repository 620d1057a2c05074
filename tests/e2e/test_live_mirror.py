"""The delayed mirror, keep that one and hands free in a real browser, with a real video as camera.

Each frame of the camera's clip carries its number as a row of dark and bright blocks. The page
notes when it was shown which: first in the present, then again when the mirror is late.
"""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from posecore.video import open_video
from posecore.video_writer import VideoWriter
from tests.e2e.camera_page import (
    CAMERA_SIZE,
    LONG_MS,
    N_CAMERA_FRAMES,
    acknowledge_privacy,
    make_camera_arguments,
    start_camera,
    write_camera_clip,
)
from tests.e2e.dashboard import open_expander, run_browser, watch_page

DELAY_S = 3
CAMERA_FPS = 30
N_BITS = 8
CELL_PX = 20
LEFT_PX, TOP_PX = CAMERA_SIZE[0] - (N_BITS + 3) * CELL_PX, 24
# Notes which picture the camera gave, which one was shown, and when. The camera is opened a second
# time beside the page's own: both get the same pictures.
WATCH_MARKS = """async (_, { cell, left, top, bits }) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [640, 360];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const bright = (place) => {
        const [x, y, side] = [left + place * cell + 6, top + 6, cell - 12];
        const greens = context.getImageData(x, y, side, side).data.filter((_, n) => n % 4 === 1);
        return greens.reduce((sum, value) => sum + value, 0) / greens.length > 128;
    };
    const watch = (video, marks) => {
        const note = (now) => {
            context.drawImage(video, 0, 0, 640, 360);
            const cells = [...Array(bits + 2).keys()].map(bright);
            const number = cells.slice(0, bits).reduce((sum, bit, n) => sum + bit * 2 ** n, 0);
            const parity = cells.slice(0, bits).reduce((sum, bit) => sum ^ bit, 0);
            if (parity === Number(cells[bits]) && cells[bits + 1]) marks.push([now / 1000, number]);
            video.requestVideoFrameCallback(note);
        };
        video.requestVideoFrameCallback(note);
    };
    const size = { width: 640, height: 360 };
    window.camera = await navigator.mediaDevices.getUserMedia({ video: size });
    const own = document.createElement("video");
    own.style = "position: fixed; right: 0; bottom: 0; width: 32px";
    [own.muted, own.srcObject] = [true, window.camera];
    document.body.append(own);
    await own.play();
    const [shown] = [...document.querySelectorAll("iframe")]
        .map((frame) => frame.contentDocument?.querySelector("video"))
        .filter(Boolean);
    window.marks = { given: [], shown: [] };
    watch(own, window.marks.given);
    watch(shown, window.marks.shown);
}"""


IS_STORED = """async (name) => {
    const { sessions } = await (await fetch("/api/v1/sessions")).json();
    return sessions.some((each) => each.name === name && each.status === "completed");
}"""


def mark(picture, number):
    """Write a number into a corner, with its parity and a block that is always bright."""
    bits = [number >> bit & 1 for bit in range(N_BITS)]
    for place, bit in enumerate([*bits, sum(bits) % 2, 1]):
        left = LEFT_PX + place * CELL_PX
        picture[TOP_PX : TOP_PX + CELL_PX, left : left + CELL_PX] = 255 * bit
    return picture


@pytest.fixture(scope="module")
def marked_clip(test_video, tmp_path_factory):
    folder = tmp_path_factory.mktemp("marked")
    with (
        VideoWriter(folder / "marked.mp4", CAMERA_SIZE, crf=12) as video,
        open_video(test_video).read_frames() as frames,
    ):
        for number, (_, picture) in zip(range(N_CAMERA_FRAMES), frames, strict=False):
            rows = np.linspace(0, picture.shape[0] - 1, CAMERA_SIZE[1]).astype(int)
            columns = np.linspace(0, picture.shape[1] - 1, CAMERA_SIZE[0]).astype(int)
            video.write(mark(picture[rows][:, columns], number), number / CAMERA_FPS)
    write_camera_clip(folder / "marked.mp4", folder / "clip.mjpeg")
    return folder / "clip.mjpeg"


@pytest.fixture(scope="module")
def page(playwright, marked_clip, dashboard):
    """The Live page with the camera on and the picture not turned, for all tests here."""
    with run_browser(playwright, *make_camera_arguments(marked_clip)) as browser:
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.set_default_timeout(LONG_MS)
        watch = watch_page(page)
        page.goto(dashboard.url)
        acknowledge_privacy(page)
        page.goto(f"{dashboard.url}/live")
        page.get_by_label("Name").fill("Wall")
        page.get_by_label("Name").press("Enter")
        page.get_by_text("Mirror", exact=True).click()
        start_camera(page)
        yield page
        assert watch.errors == []
        assert watch.hosts == {"127.0.0.1"}


def let_pass(page, seconds):
    """Wait while pictures are shown for so long; returns when that began."""
    from_s = page.evaluate("() => performance.now() / 1000")
    page.wait_for_function(f"window.marks.shown.at(-1)?.[0] > {from_s + seconds}")
    return from_s


def find_delay(page, seconds):
    """Seconds from when the camera gave a picture to when it was shown, from now on.

    A busy machine only adds to it, now and then, so that the quickest tenth is what was meant.
    """
    from_s = let_pass(page, seconds)
    marks = page.evaluate("window.marks")
    given_s, given = np.array(marks["given"], dtype=float).T
    delays_s = []
    for time_s, number in marks["shown"]:
        # The clip goes round and round, every 6.3 s: the last time is meant. The small picture that
        # tells when it was given comes up to a second after the page's, the same for both delays.
        before = given_s[(given == number) & (given_s <= time_s + 2)]
        if time_s > from_s and len(before):
            delays_s.append(time_s - before[-1])
    assert len(delays_s) >= 3
    return float(np.percentile(delays_s, 10))


def test_the_mirror_is_late_by_the_seconds_that_were_chosen(page):
    panel = page.get_by_test_id("live-panel")
    open_expander(page, "Delayed mirror")
    panel.evaluate(WATCH_MARKS, {"cell": CELL_PX, "left": LEFT_PX, "top": TOP_PX, "bits": N_BITS})
    slider = page.get_by_role("slider", name="Seconds ago")
    page.get_by_text("Show the picture later").click()
    expect(slider).to_be_enabled()
    slider.focus()
    for _ in range(8 - DELAY_S):
        slider.press("ArrowLeft")
    expect(panel).to_contain_text(f"Picture and angles are from {DELAY_S} s ago.")
    let_pass(page, 1.0)  # the panel knows of it before the picture has come so far
    late_s = find_delay(page, DELAY_S)
    page.get_by_text("Show the picture later").click()
    expect(panel).not_to_contain_text("ago")
    let_pass(page, 1.0)
    present_s = find_delay(page, DELAY_S)
    # What the line and the analysis take is in both.
    assert late_s - present_s == pytest.approx(DELAY_S, abs=0.5)
    page.evaluate("window.camera.getTracks().forEach((track) => track.stop())")


def test_keep_that_one_makes_a_session_while_the_stream_goes_on(page):
    panel = page.get_by_test_id("live-panel")
    page.get_by_role("slider", name="Keep that one, seconds").press("ArrowLeft")
    panel.get_by_role("button", name="Keep that one: the last 5 s").click()
    # A hole in the frames, on a busy machine, may lie where they begin.
    expect(panel).to_contain_text(re.compile('Kept [45] s as "Wall kept 1".'))
    with page.context.expect_page() as opened:
        panel.get_by_role("link", name="Replay").click()
    player = opened.value.get_by_test_id("replay-player")
    expect(player).to_have_attribute("data-ready", "true")
    assert int(player.get_attribute("data-frame-count")) > 5 * 3
    opened.value.close()
    expect(panel).to_contain_text("frames/s analysed")
    expect(page.get_by_role("button", name="Start recording")).to_be_enabled()


def test_a_question_stays_open_when_the_next_recording_begins_by_itself(page):
    open_expander(page, "Hands free")
    for name in ("Stop after, seconds", "Again after a pause of, seconds"):
        page.get_by_role("slider", name=name).press("ArrowRight")  # 10 s
    panel, dialog = page.get_by_test_id("live-panel"), page.get_by_role("dialog")
    page.get_by_role("button", name="Start recording").click()
    expect(page.get_by_role("button", name="Stop recording")).to_be_visible()
    discard = page.get_by_role("button", name="Discard")
    discard.click()
    expect(dialog).to_contain_text("Wall")
    expect(panel).to_contain_text("Again in")
    hidden = page.get_by_role("button", name="Stop recording", include_hidden=True)
    expect(hidden).to_be_attached()
    expect(dialog).to_contain_text("Wall")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="Stop recording").click()
    discard.click()
    expect(dialog).to_contain_text("Wall")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_role("slider", name="Stop after, seconds").press("ArrowLeft")


def test_a_new_recording_withdraws_the_question_about_the_last(page):
    again = page.get_by_role("button", name="Record again")
    # Quicker than the dialog opens.
    page.get_by_role("button", name="Discard").evaluate("(button) => button.click()")
    again.evaluate("(button) => button.click()")
    stop = page.get_by_role("button", name="Stop recording")
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"00:0[1-9]"))
    expect(page.get_by_role("dialog")).to_have_count(0)
    stop.click()
    expect(again).to_be_visible()
    expect(stop).to_have_count(0)


def test_a_recording_begins_by_itself_when_somebody_moves(page, dashboard):
    page.get_by_text("Movement", exact=True).click()
    panel = page.get_by_test_id("live-panel")
    expect(panel).to_contain_text(re.compile("Waiting for somebody to move|Recording this attempt"))
    stop = page.get_by_role("button", name="Stop recording")
    expect(stop).to_be_visible()
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"00:(0[4-9]|[1-5]\d)"))
    stop.click()
    expect(page.get_by_role("button", name="Replay now")).to_be_visible()
    page.goto(f"{dashboard.url}/sessions")  # the camera ends with the page
    page.wait_for_function(IS_STORED, arg="Wall 1")
    answer = page.request.get(f"{dashboard.url}/api/v1/sessions")
    sessions = {each["name"]: each for each in answer.json()["sessions"]}
    kept, attempt = sessions["Wall kept 1"], sessions["Wall 1"]
    for each in (kept, attempt):
        assert (each["status"], each["source"]) == ("completed", "live")
    assert kept["duration_s"] == pytest.approx(5, abs=1)
    assert attempt["duration_s"] > 4
