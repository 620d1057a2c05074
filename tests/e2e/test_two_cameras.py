"""Two browser tabs as two cameras of one person: recorded at once and replayed together."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from posecore import open_store
from posecore.synchronising import estimate_offset
from tests.e2e.camera_page import acknowledge_privacy, write_camera_clip
from tests.e2e.dashboard import open_expander, run_dashboard
from tests.e2e.test_journey import player, wait_for_timer


@pytest.fixture(scope="session")
def camera_clip(test_video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The camera of both tabs: a real video, cut to one person, who does jumping jacks."""
    path = tmp_path_factory.mktemp("camera") / "one_person.mjpeg"
    write_camera_clip(test_video, path, is_one_person=True)
    return path


def start_camera(page: Page) -> None:
    """Start it and wait until it is analysed; two at once take their time on two cores."""
    start = page.frame_locator("iframe").get_by_role("button", name="Start camera")
    analysed = page.get_by_test_id("live-panel").get_by_text("frames/s analysed")
    start.click()
    for _ in range(4):
        try:
            expect(analysed).to_be_visible(timeout=40_000)
        except AssertionError:
            if start.count():
                start.click()
            continue
        return
    raise AssertionError("The camera did not start.")


def open_second_camera(page: Page) -> None:
    open_expander(page, "Second camera")
    expect(
        page.get_by_test_id("live-panel").get_by_text(
            re.compile(r"frames/s · (some|no)body in view")
        )
    ).to_be_visible()


def test_two_tabs_record_at_once_and_are_replayed_together(open_camera_page, tmp_path):
    with run_dashboard(tmp_path) as dashboard:
        first, second = (open_camera_page(dashboard.url) for _ in range(2))
        acknowledge_privacy(first)
        for page in (first, second):
            page.goto(f"{dashboard.url}/live")
            start_camera(page)
        open_second_camera(first)
        wish = first.locator(".st-key-record_both input")
        first.get_by_text("Record both").click()
        expect(wish).to_be_checked()
        first.get_by_label("Name").fill("Both <b>")
        first.get_by_label("Name").press("Enter")
        first.get_by_role("radio", name="0", exact=True).click()
        first.get_by_role("button", name="Start recording").click()
        for page in (first, second):
            expect(page.get_by_test_id("live-panel")).to_contain_text("2 cameras")
        wait_for_timer(second, 8)
        # Either stops both.
        second.get_by_role("button", name="Stop recording").click()
        for page in (first, second):
            expect(page.get_by_role("button", name="Replay now")).to_be_visible()
        first.get_by_role("button", name="Replay now").click()
        expect(first.get_by_text(re.compile(r"clocks agree within ±\d+ ms"))).to_be_visible()
        first.get_by_role("button", name="Replay together").click()
        expect(first).to_have_url(re.compile(r"/compare\?.*by=clock"))
        expect(first.get_by_text("by the cameras' common clock", exact=False)).to_be_visible()
        # Until then the player may be the one of the page before.
        expect(player(first)).to_have_attribute("data-frame-count", re.compile(r"\d"))
        assert int(player(first).get_attribute("data-frame-count")) > 8
        assert first.watch.errors == second.watch.errors == []
    with open_store(tmp_path / "posecore.duckdb") as store:
        check_tracks(store)


def check_tracks(store) -> None:
    sessions = store.get_sessions()
    assert {session.name for session in sessions} == {"Both <b>", "Both <b> (camera 2)"}
    assert {session.status for session in sessions} == {"completed"}
    a, b = (session.id for session in sessions)
    stored = store.tracks.find_offset(a, b)
    # Both tabs look through the same camera at the same time, by whatever clocks.
    found = estimate_offset(store.load_sequence(a), store.load_sequence(b), stored.offset_s, 0.2)
    assert abs(found.offset_s - stored.offset_s) < stored.error_s + found.error_s
    store.delete_session(a)
    assert store.get_session(b).status == "completed"
    assert store.tracks.list(b) == []
