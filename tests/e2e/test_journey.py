"""The main job in a real browser, with a real video as the camera: record, replay, take away."""

import csv
import io
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

import psutil
import pytest
from playwright.sync_api import Page, expect
from websockets.sync.client import connect

from posecore import open_store
from tests.e2e.camera_page import LONG_MS, acknowledge_privacy, start_camera
from tests.e2e.dashboard import Dashboard, run_dashboard
from tests.sockets.socket_server import Client, make_pose


class ConnectionWatch:
    """Notes every connection that a process or its children have to another machine."""

    def __init__(self, process_id: int) -> None:
        self._process = psutil.Process(process_id)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.remote: set[str] = set()
        self.confined: set[int] = set()

    def __enter__(self) -> "ConnectionWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        own = {
            address.address.split("%")[0]
            for addresses in psutil.net_if_addrs().values()
            for address in addresses
        }
        while not self._stop.wait(0.02):
            for process in [self._process, *self._process.children(recursive=True)]:
                try:
                    found = process.net_connections("inet")
                    self._note_confinement(process.pid)
                except psutil.Error:
                    continue
                self.remote |= {each.raddr.ip for each in found if each.raddr} - own

    def _note_confinement(self, process_id: int) -> None:
        status = Path(f"/proc/{process_id}/status")
        if status.exists() and "Seccomp:\t2" in status.read_text():
            self.confined.add(process_id)


@contextmanager
def recording(page: Page, url: str, name: str, *, keep_video: bool = False) -> Iterator[None]:
    """Start the camera and a recording without a countdown."""
    page.goto(f"{url}/live")
    if keep_video:
        page.get_by_text("Keep video").click()
        expect(page.get_by_text("ask before you film", exact=False).last).to_be_visible()
    start_camera(page)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Name").press("Enter")
    page.get_by_role("radio", name="0", exact=True).click()
    page.get_by_role("button", name="Start recording").click()
    # Not by its words: those before the start say "recording", too.
    expect(page.locator('[data-recorder="recording"]')).to_be_visible()
    yield


def wait_for_timer(page: Page, least_s: int) -> None:
    """Wait until the recording has this length by its own timer, less than ten seconds."""
    timer = page.get_by_role("timer")
    expect(timer).to_have_text(re.compile(rf"00:(0[{least_s}-9]|[1-5]\d)"))


def player(page: Page):
    """Return the player once it is drawn."""
    found = page.get_by_test_id("replay-player")
    expect(found).to_have_attribute("data-ready", "true")
    return found


def attribute(locator, name: str) -> float:
    return float(locator.get_attribute(name))


def download(page: Page, label: str) -> bytes:
    with page.expect_download() as started:
        page.get_by_role("button", name=label, exact=True).click()
    return Path(started.value.path()).read_bytes()


def test_record_replay_measure_and_download(open_camera_page, tmp_path):
    with run_dashboard(tmp_path) as dashboard, ConnectionWatch(dashboard.process_id) as watch:
        page = open_camera_page(dashboard.url)
        acknowledge_privacy(page)
        page.get_by_role("button", name="Record now").click()
        expect(page.get_by_role("button", name="Start recording")).to_be_disabled()
        with recording(page, dashboard.url, "Autumn wall <3>"):
            wait_for_timer(page, 8)
            page.get_by_role("button", name="Stop recording").click()
        page.get_by_role("button", name="Replay now").click()
        n_frames = check_replay(page)
        check_downloads(page, n_frames)
        check_sessions(page, dashboard, n_frames)
    assert watch.remote == set(), "a process talked to another machine"
    assert watch.confined, "no estimator ran without network"
    assert {host for host in page.watch.hosts if host != "127.0.0.1"} == set()
    assert page.watch.errors == []
    with open_store(tmp_path / "posecore.duckdb") as store:
        assert store.get_sessions() == []


def check_replay(page: Page) -> int:
    """Play, pause and seek; returns the number of frames."""
    shown = player(page)
    expect(page).to_have_url(re.compile(r"/replay\?.*session=[0-9a-f-]{36}"))
    n_frames = int(attribute(shown, "data-frame-count"))
    assert n_frames > 8 * 3  # on a machine however busy
    page.get_by_role("button", name="Play").click()
    expect(shown).to_have_attribute("data-playing", "true")
    page.wait_for_function(
        "document.querySelector('[data-testid=replay-player]').dataset.frame > 5"
    )
    page.get_by_role("button", name="Pause").click()
    expect(shown).to_have_attribute("data-playing", "false")
    page.get_by_role("slider", name="Seek").fill("5")
    page.wait_for_function(
        "Math.abs(document.querySelector('[data-testid=replay-player]').dataset.timeS - 5) < 0.2"
    )
    expect(page).to_have_url(re.compile(r"[?&]t=(4\.[89]|5(\.[012])?)"))
    return n_frames


def check_downloads(page: Page, n_frames: int) -> None:
    """Find one row a frame, rising times and 33 landmarks in the files."""
    rows = list(csv.DictReader(io.StringIO(download(page, "Download CSV").decode())))
    assert len(rows) == n_frames
    times = [float(row["time_s"]) for row in rows]
    assert times == sorted(set(times))
    assert times[0] == 0
    assert 7.5 < times[-1] < 60
    assert len([name for name in rows[0] if name.endswith("_world_x_m")]) == 33
    assert any(row["nose_image_x"] for row in rows), "nobody was seen"
    angles = list(csv.DictReader(io.StringIO(download(page, "Download angles CSV").decode())))
    assert len(angles) == n_frames
    assert "left_knee_flexion" in angles[0]


def check_sessions(page: Page, dashboard: Dashboard, n_frames: int) -> None:
    """Find the session in the list, show its name as text, and delete it only when asked twice."""
    page.goto(f"{dashboard.url}/sessions")
    expect(page.get_by_text("Autumn wall <3>")).to_be_visible()
    expect(page.get_by_text(f"{n_frames:,} frames")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{n_frames:,} frames")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("Autumn wall <3>")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("Nothing is recorded yet")).to_be_visible()


def test_leaving_the_page_or_closing_the_tab_finishes_the_recording(open_camera_page, tmp_path):
    with run_dashboard(tmp_path) as dashboard:
        page = open_camera_page(dashboard.url)
        acknowledge_privacy(page)
        with recording(page, dashboard.url, "Page left"):
            wait_for_timer(page, 2)
            page.get_by_role("link", name="Sessions").click()
            expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
        wait_until_completed(page, 1)
        with recording(page, dashboard.url, "Tab closed"):
            wait_for_timer(page, 2)
            page.context.close()
        page = open_camera_page(f"{dashboard.url}/sessions")
        wait_until_completed(page, 2)
    with open_store(tmp_path / "posecore.duckdb") as store:
        sessions = store.get_sessions()
        assert {session.name for session in sessions} == {"Page left", "Tab closed"}
        for session in sessions:
            assert session.status == "completed"
            assert not session.recovered
            assert store.load_sequence(session.id).n_frames == session.frame_count
            assert session.duration_s > 1.5


def test_the_video_is_kept_where_that_is_switched_on(open_camera_page, tmp_path):
    with run_dashboard(tmp_path) as dashboard:
        page = open_camera_page(dashboard.url)
        acknowledge_privacy(page)
        with recording(page, dashboard.url, "Filmed", keep_video=True):
            wait_for_timer(page, 4)
            page.get_by_role("button", name="Stop recording").click()
        page.get_by_role("button", name="Replay now").click()
        shown = player(page)
        expect(shown).to_have_attribute("data-video", "ready")
        page.get_by_role("slider", name="Seek", exact=True).fill("2")
        page.wait_for_function(
            """() => {
                const { timeS, videoTimeS } = document
                    .querySelector("[data-testid=replay-player]").dataset;
                return timeS > 1.8 && Math.abs(timeS - videoTimeS) < 0.05;
            }"""
        )
        page.get_by_role("button", name="Play", exact=True).click()
        page.wait_for_function(
            "document.querySelector('[data-testid=replay-player]').dataset.videoTimeS > 2.5"
        )
        [video] = (tmp_path / "posecore.videos").iterdir()
        page.goto(f"{dashboard.url}/sessions")
        page.get_by_role("button", name="Delete", exact=True).click()
        expect(page.get_by_role("dialog")).to_contain_text("video")
        page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
        expect(page.get_by_text("Nothing is recorded yet")).to_be_visible()
        assert not video.exists()
    assert page.watch.errors == []


def wait_until_completed(page: Page, n_sessions: int) -> None:
    """Look again until the list shows this many completed sessions."""
    for _ in range(60):
        if page.get_by_text("completed").count() == n_sessions:
            return
        page.reload()
        expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
        page.wait_for_load_state("networkidle")
    raise AssertionError("The recording was not finished.")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills as only POSIX does")
def test_a_killed_dashboard_loses_at_most_the_last_second(open_camera_page, tmp_path):
    with run_dashboard(tmp_path) as dashboard:
        page = open_camera_page(dashboard.url)
        acknowledge_privacy(page)
        with recording(page, dashboard.url, "Cut off"):
            wait_for_timer(page, 4)
            psutil.Process(dashboard.process_id).send_signal(signal.SIGKILL)
    with run_dashboard(tmp_path) as dashboard:
        page.goto(f"{dashboard.url}/sessions")
        expect(page.get_by_text("recovered")).to_be_visible()
        page.get_by_role("button", name="Replay").click()
        n_frames = int(attribute(player(page), "data-frame-count"))
    with open_store(tmp_path / "posecore.duckdb") as store:
        (session,) = store.get_sessions()
        sequence = store.load_sequence(session.id)
    assert (session.status, session.recovered) == ("completed", True)
    assert session.frame_count == sequence.n_frames == n_frames
    assert session.duration_s == pytest.approx(sequence.duration_s)
    assert session.duration_s > 4 - 1


def test_without_a_camera_the_page_says_what_to_do(browser, tmp_path):
    with run_dashboard(tmp_path) as dashboard:
        page = browser.new_context().new_page()
        page.goto(f"{dashboard.url}/live")
        hint = page.get_by_test_id("live-panel")
        expect(hint).to_contain_text("No camera was found", timeout=LONG_MS)
        expect(page.get_by_role("button", name="Start recording")).to_be_disabled()
        page.context.close()


def test_videos_are_imported_while_one_is_elsewhere(open_camera_page, test_video, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"this is no video")
    with run_dashboard(tmp_path / "data") as dashboard:
        page = open_camera_page(dashboard.url)
        acknowledge_privacy(page)
        page.goto(f"{dashboard.url}/import")
        page.locator("input[type=file]").set_input_files([test_video, broken])
        expect(page.get_by_text("broken.mp4")).to_be_visible()
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.get_by_text(re.compile(r"of 230 frames"))).to_be_visible()
        page.get_by_role("link", name="Sessions").click()
        expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
        page.get_by_role("link", name="Import").click()
        expect(page.get_by_text("done", exact=False)).to_be_visible()
        expect(page.get_by_role("alert")).to_contain_text("broken")
        page.get_by_role("button", name="Replay").click()
        assert attribute(player(page), "data-frame-count") == 230
        page.goto(f"{dashboard.url}/sessions")
        page.get_by_role("checkbox").first.wait_for()
        assert page.get_by_text("completed").count() == 1
        assert page.get_by_text("failed").count() == 1
    assert list((tmp_path / "data" / "posecore.uploads").iterdir()) == []


def test_several_sessions_are_downloaded_as_a_zip(open_camera_page, tmp_path):
    with run_dashboard(tmp_path) as dashboard:
        page = open_camera_page(dashboard.url)
        acknowledge_privacy(page)
        page.get_by_role("button", name="Load the sample sessions").click()
        expect(page.get_by_role("button", name="Replay").first).to_be_visible()
        page.goto(f"{dashboard.url}/sessions")
        boxes = page.get_by_test_id("stCheckbox")
        boxes.nth(0).click()
        expect(page.get_by_text("1 session chosen")).to_be_visible()
        boxes.nth(1).click()
        expect(page.get_by_text("2 sessions chosen")).to_be_visible()
        with page.expect_download() as started:
            page.get_by_role("button", name="Download CSV", exact=True).first.click()
        with ZipFile(started.value.path()) as archive:
            assert len(archive.namelist()) == 2
            assert all(name.endswith("landmarks.csv") for name in archive.namelist())


def test_other_programs_hear_the_live_camera_and_record_beside_it(open_camera_page, tmp_path):
    with run_dashboard(tmp_path) as dashboard:
        page = open_camera_page(dashboard.url)
        acknowledge_privacy(page)
        page.goto(f"{dashboard.url}/live")
        start_camera(page)
        address = dashboard.url.replace("http", "ws")
        with Client(connect(f"{address}/ws/pose?stream=camera")) as listener:
            poses = [listener.receive() for _ in range(10)]
            while not poses[-1]["landmarks"] and len(poses) < 900:  # nobody in view at first
                poses.append(listener.receive())
        with Client(connect(f"{address}/ws/pose?stream=wall")) as sender:
            session_id = sender.start(name="From elsewhere")
            for number in range(10):
                sender.send(make_pose(number))
            assert sender.stop()["frame_count"] == 10
        with Client(connect(f"{address}/ws/session/{session_id}")) as viewer:
            assert viewer.receive()["frame_number"] == 0
        page.goto(f"{dashboard.url}/sessions")
        expect(page.get_by_text("From elsewhere").first).to_be_visible()
        assert not page.watch.errors
    numbers = [pose["frame_number"] for pose in poses]
    assert numbers == sorted(set(numbers))
    assert {pose["type"] for pose in poses} == {"pose"}
    # The browser makes the picture smaller while the line is slow, but never of another shape.
    assert {pose["width"] / pose["height"] for pose in poses} == {640 / 360}
    assert len(poses[-1]["landmarks"]) == 33
    log = (tmp_path / "dashboard.log").read_text()
    assert "Traceback" not in log
