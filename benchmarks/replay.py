"""The replay in a real browser: opening, playing, seeking, the page's memory, the server's rest.

Run with ``python -m benchmarks.replay``. The dashboard and headless Chromium are the real ones.
The played frame rate is compared with the ceiling: a bare loop of ``Plotly.restyle`` over one
scatter3d of the same landmarks on the same page, seen from the same place at the same size. Both
are measured in turn, several times, because other work on the machine slows them alike.

A seek is timed from the slider's event, at any moment between two refreshes, to the end of the
drawing that shows its frame. The page's memory is what its renderer process has for itself alone.
"""

import json
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import Page, sync_playwright

from benchmarks.common import Row, print_table
from posecore import PoseSequence, open_store
from posecore.synthetic import make_squats
from posecore.topology import SEGMENTS
from tests.e2e.dashboard import Dashboard, run_browser, run_dashboard

LENGTHS_S = {"1 minute": 60.0, "1 hour": 3600.0}
CAMERA_FPS = 30.0
OPENING_LIMIT_S = 4.0
RATE_LIMIT = 0.90
N_OPENINGS = 3
N_ROUNDS = 7
ROUND_S = 1.5
N_SEEKS = 120
SEEK_LIMIT_FRAMES = 1.5
MEMORY_LIMIT_MB = 400
SAME_WITHIN = 1.10
SERVER_PLAY_S = 8.0
SERVER_LIMIT = 0.01

# Draws are counted where both draw: at Plotly. At double speed a recording of 30 frames/s has a
# new frame for each refresh of a screen of 60 Hz, so that nothing but drawing sets the pace.
COUNT_PLAYED = """
async ([root, seconds]) => {
    const press = (name) => root.querySelector(`button[aria-label="${name}"]`).click();
    const restyle = Plotly.restyle;
    let drawn = 0;
    Plotly.restyle = (...change) => { drawn += 1; return restyle(...change); };
    press("Jump to start");
    press("Play");
    await new Promise((resolve) => setTimeout(resolve, 300));
    drawn = 0;
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    const rate = drawn / ((performance.now() - start) / 1000);
    Plotly.restyle = restyle;
    press("Pause");
    await new Promise((resolve) => setTimeout(resolve, 100));
    return rate;
}
"""
COUNT_BARE = """
async ([root, seconds, frames]) => {
    const scene = root.querySelector(".pc-scene");
    const layout = JSON.parse(JSON.stringify(scene.querySelector(".pc-plot").layout));
    const host = document.createElement("div");
    host.style.cssText = "position:fixed;left:0;top:0;z-index:9;background:white";
    host.style.width = `${layout.width}px`;
    host.style.height = `${layout.height}px`;
    document.body.append(host);
    const line = { width: 8, color: frames[0].x.map(() => "#0072B2") };
    const trace = { type: "scatter3d", mode: "lines", hoverinfo: "skip", ...frames[0], line };
    await Plotly.newPlot(host, [trace], layout, { displayModeBar: false });
    let drawn = 0;
    let start = 0;
    const warm = performance.now() + 300;
    await new Promise((resolve) => {
        const step = () => {
            const { x, y, z } = frames[drawn % frames.length];
            Plotly.restyle(host, { x: [x], y: [y], z: [z] }, [0]);
            drawn += 1;
            const now = performance.now();
            if (!start && now >= warm) { start = now; drawn = 0; }
            if (start && now - start >= 1000 * seconds) resolve();
            else requestAnimationFrame(step);
        };
        requestAnimationFrame(step);
    });
    const rate = drawn / ((performance.now() - start) / 1000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    Plotly.purge(host);
    host.remove();
    return rate;
}
"""

TIME_SEEKS = """
async ([root, count]) => {
    const slider = root.querySelector("input[type=range]");
    const took = [];
    for (let i = 0; i < count; i += 1) {
        // Between two refreshes, where a finger may be.
        await new Promise((resolve) => setTimeout(resolve, 40 + 16.7 * Math.random()));
        slider.value = Math.random() * Number(slider.max);
        const start = performance.now();
        const drawn = new Promise((resolve) => {
            const observer = new MutationObserver(() => {
                observer.disconnect();
                resolve(performance.now());
            });
            observer.observe(root, { attributes: true, attributeFilter: ["data-frame"] });
        });
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        took.push(await drawn - start);
    }
    return took.sort((a, b) => a - b)[Math.floor(0.95 * count)];
}
"""


@dataclass(frozen=True)
class Measured:
    """What one length of session came to."""

    opened_s: list[float]
    played_hz: float
    bare_hz: float
    ratio: float
    seek_ms: float
    memory_mb: float
    server_share: float


def main() -> None:
    """Measure and print."""
    bare_frames = make_bare_frames(make_squats(4.0, CAMERA_FPS))
    with tempfile.TemporaryDirectory() as folder:
        sessions = fill(Path(folder))
        with run_dashboard(Path(folder)) as dashboard:
            measured = {
                length: measure(dashboard, session_id, bare_frames)
                for length, session_id in sessions.items()
            }
    rows = [row for length, each in measured.items() for row in describe(length, each)]
    rows += compare(*(measured[length] for length in LENGTHS_S))
    print_table("Replay in headless Chromium, 1280x800, skeleton and 4 charts", rows)


def fill(data_dir: Path) -> dict[str, str]:
    """Store one session of each length; return their ids."""
    sessions = {}
    with open_store(data_dir / "posecore.duckdb") as store:
        store.save_preference("privacy_notice", "agreed")
        for length, duration_s in LENGTHS_S.items():
            session_id = store.create_session(name=length, source="sample")
            store.append_frames(session_id, make_squats(duration_s, CAMERA_FPS))
            store.finish_session(session_id)
            sessions[length] = session_id
    return sessions


def measure(dashboard: Dashboard, session_id: str, bare_frames: list[dict[str, Any]]) -> Measured:
    """Measure one session in a browser that has nothing cached."""
    url = f"{dashboard.url}/replay?session={session_id}"
    with sync_playwright() as playwright, run_browser(playwright) as browser:
        opened_s, rates = [], []
        for _ in range(N_OPENINGS):
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            opened_s.append(open_session(page, url))
            if len(opened_s) < N_OPENINGS:
                page.context.close()
        root = page.get_by_test_id("replay-player").element_handle()
        page.get_by_label("Speed", exact=True).select_option("2")
        server_share = measure_server(page, dashboard)
        for _ in range(N_ROUNDS):
            played = page.evaluate(COUNT_PLAYED, [root, ROUND_S])
            rates.append((played, page.evaluate(COUNT_BARE, [root, ROUND_S, bare_frames])))
        seek_ms = page.evaluate(TIME_SEEKS, [root, N_SEEKS])
        page.context.new_cdp_session(page).send("HeapProfiler.collectGarbage")
        memory_mb = measure_page_memory()
    played, bare = (statistics.median(column) for column in zip(*rates, strict=True))
    ratio = statistics.median(ours / ceiling for ours, ceiling in rates)
    return Measured(opened_s, played, bare, ratio, seek_ms, memory_mb, server_share)


def measure_server(page: Page, dashboard: Dashboard) -> float:
    """Share of one core that playing costs the server beyond what it takes when nothing plays."""
    server = psutil.Process(dashboard.process_id)

    def measure_share() -> float:
        before = server.cpu_times()
        page.wait_for_timeout(1000 * SERVER_PLAY_S)
        after = server.cpu_times()
        return (after.user + after.system - before.user - before.system) / SERVER_PLAY_S

    idle = measure_share()
    page.get_by_role("button", name="Play", exact=True).click()
    playing = measure_share()
    page.get_by_role("button", name="Pause", exact=True).click()
    return playing - idle


def measure_page_memory() -> float:
    """Megabytes the page's process has for itself: of the browser's renderers, the largest."""
    renderers = [
        process
        for process in psutil.Process().children(recursive=True)
        if "--type=renderer" in process.cmdline()
    ]
    return max(process.memory_full_info().uss for process in renderers) / 1e6


def describe(length: str, measured: Measured) -> list[Row]:
    """Make the rows of one length."""
    frame_ms = 1000 / measured.bare_hz

    def at_most(what: str, value: float, text: str, limit: float, limit_text: str) -> Row:
        return Row(f"{length}: {what}", text, limit_text, value / limit, 1.0, "at most")

    first_s, again_s = measured.opened_s[0], min(measured.opened_s[1:])
    allowed = f"{OPENING_LIMIT_S:g} s allowed"
    return [
        at_most("opens, first time", first_s, f"{first_s:.2f} s", OPENING_LIMIT_S, allowed),
        at_most("opens again", again_s, f"{again_s:.2f} s", OPENING_LIMIT_S, allowed),
        Row(
            f"{length}: plays",
            f"{measured.played_hz:.1f} frames/s",
            f"bare restyle {measured.bare_hz:.1f} frames/s",
            measured.ratio,
            RATE_LIMIT,
            "at least",
        ),
        at_most(
            "seek to picture, 95th percentile",
            measured.seek_ms,
            f"{measured.seek_ms:.1f} ms",
            SEEK_LIMIT_FRAMES * frame_ms,
            f"{SEEK_LIMIT_FRAMES:g} of the ceiling's frames: {SEEK_LIMIT_FRAMES * frame_ms:.1f} ms",
        ),
        at_most(
            "memory of the page",
            measured.memory_mb,
            f"{measured.memory_mb:.0f} MB",
            MEMORY_LIMIT_MB,
            f"{MEMORY_LIMIT_MB} MB allowed",
        ),
        at_most(
            "server while it plays",
            max(measured.server_share, 0.0),
            f"{100 * measured.server_share:.2f} % of a core",
            SERVER_LIMIT,
            f"{100 * SERVER_LIMIT:g} % of a core more than at rest",
        ),
    ]


def compare(minute: Measured, hour: Measured) -> list[Row]:
    """Say how far the hour's figures are from the minute's."""

    def row(what: str, ours: float, baseline: float, unit: str) -> Row:
        texts = f"{ours:.2f} {unit}", f"1 minute {baseline:.2f} {unit}"
        return Row(f"1 hour: {what}", *texts, ours / baseline, SAME_WITHIN, "at most")

    return [
        # Frame times, each as a share of the ceiling of its own time: lower is better, as below.
        row("plays as one minute does", 1 / hour.ratio, 1 / minute.ratio, "of the ceiling's time"),
        row("seeks as one minute does", hour.seek_ms, minute.seek_ms, "ms"),
        row("opens as one minute does", hour.opened_s[0], minute.opened_s[0], "s"),
        row("memory beside one minute's", hour.memory_mb, minute.memory_mb, "MB"),
    ]


def open_session(page: Page, url: str) -> float:
    """Seconds from asking for the address until the player says that it is drawn."""
    start = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector("[data-testid=replay-player][data-ready=true]", timeout=60_000)
    return time.perf_counter() - start


def make_bare_frames(sequence: PoseSequence) -> list[dict[str, Any]]:
    """Make the same landmarks as plain lines with breaks, one dictionary of x, y, z a frame."""
    ends = sequence.world_landmarks[:, np.array(SEGMENTS), :]
    breaks = np.full((*ends.shape[:2], 1, 3), np.nan)
    lines = np.concatenate([ends, breaks], axis=2).reshape(sequence.n_frames, -1, 3)
    x, y, z = lines[:, :, 0], lines[:, :, 2], np.nanmax(lines[:, :, 1]) - lines[:, :, 1]
    frames = [{"x": x[i].tolist(), "y": y[i].tolist(), "z": z[i].tolist()} for i in range(len(x))]
    # NaN is no JSON; Plotly breaks a line at null as well.
    plain: list[dict[str, Any]] = json.loads(json.dumps(frames).replace("NaN", "null"))
    return plain


if __name__ == "__main__":
    main()
