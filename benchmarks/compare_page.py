"""The compare page in a real browser: two sessions of ten minutes, brought together by warping.

Run with ``python -m benchmarks.compare_page``. The dashboard and headless Chromium are the real
ones; nothing of the comparison is there before the page is first asked for.
"""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.common import Row, print_table
from benchmarks.replay import open_session
from posecore import open_store
from posecore.synthetic import make_squats
from tests.e2e.dashboard import run_browser, run_dashboard

DURATION_S = 600.0
CAMERA_FPS = 30.0
LIMIT_S = 4.0


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        a, b = fill(Path(folder))
        with run_dashboard(Path(folder)) as dashboard:
            url = f"{dashboard.url}/compare?a={a}&b={b}"
            with sync_playwright() as playwright, run_browser(playwright) as browser:
                opened_s = [open_session(browser.new_context().new_page(), url) for _ in range(2)]
    rows = [
        Row(
            f"opens, {when}",
            f"{took_s:.2f} s",
            f"limit {LIMIT_S:g} s",
            took_s / LIMIT_S,
            1.0,
            "at most",
        )
        for when, took_s in zip(("first time", "again"), opened_s, strict=True)
    ]
    print_table("Compare page in headless Chromium, two sessions of 10 minutes", rows)


def fill(data_dir: Path) -> list[str]:
    """Store two sessions that differ in pace; return their ids."""
    ids = []
    with open_store(data_dir / "posecore.duckdb") as store:
        store.save_preference("privacy_notice", "agreed")
        for rate_hz in (0.5, 0.45):
            session_id = store.create_session(name=f"{rate_hz} Hz", source="sample")
            store.append_frames(session_id, make_squats(DURATION_S, CAMERA_FPS, rate_hz))
            store.finish_session(session_id)
            ids.append(session_id)
    return ids


if __name__ == "__main__":
    main()
