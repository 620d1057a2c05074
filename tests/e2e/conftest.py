"""Fixtures of the browser tests: a dashboard over a folder of its own, and pages that look at it.

A module puts its sessions there by overriding ``fill_data``.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.e2e.camera_page import (
    LONG_MS,
    OpenCameraPage,
    make_camera_arguments,
    write_camera_clip,
)
from tests.e2e.dashboard import Dashboard, Watch, run_browser, run_dashboard, watch_page
from tests.e2e.player_page import Player

OpenPage = Callable[..., tuple[Page, Watch]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("e2e")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the module's dashboard keeps its data."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def fill_data(data_dir: Path) -> object:
    """Put sessions into the database before the dashboard opens it; here none."""
    return None


@pytest.fixture(scope="module")
def dashboard(data_dir: Path, fill_data: object) -> Iterator[Dashboard]:
    """Run the dashboard over the module's data."""
    with run_dashboard(data_dir) as dashboard:
        yield dashboard


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """One Playwright for all browser tests; what they expect may take long on a busy machine."""
    expect.set_options(timeout=LONG_MS)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One headless Chromium without a camera."""
    with run_browser(playwright) as browser:
        yield browser


@pytest.fixture(scope="session")
def camera_clip(test_video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real video in the form that Chromium takes for a camera."""
    path = tmp_path_factory.mktemp("camera") / "clip.mjpeg"
    write_camera_clip(test_video, path)
    return path


@pytest.fixture(scope="module")
def open_camera_page(playwright: Playwright, camera_clip: Path) -> Iterator[OpenCameraPage]:
    """Open pages in a browser that has a camera, and allows it."""
    with run_browser(playwright, *make_camera_arguments(camera_clip)) as browser:

        def open_one(url: str, *, width: int = 1280, height: int = 900, **options: Any) -> Page:
            context = browser.new_context(viewport={"width": width, "height": height}, **options)
            page = context.new_page()
            page.set_default_timeout(LONG_MS)
            page.watch = watch_page(page)  # type: ignore[attr-defined]
            page.goto(url)
            return page

        yield open_one


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open pages of any width and colour scheme; each is watched, and closed at the end."""
    contexts = []

    def open_one(
        url: str, *, width: int = 1280, height: int = 800, colour_scheme: str = "light"
    ) -> tuple[Page, Watch]:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=colour_scheme,
            has_touch=width < 600,
        )
        contexts.append(context)
        page = context.new_page()
        watch = watch_page(page)
        page.goto(url)
        return page, watch

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def open_player(
    dashboard: Dashboard, open_page: OpenPage, sessions: SimpleNamespace
) -> Iterator[Callable[..., Player]]:
    """Open the replay of one of the module's ``sessions``; no page may err or ask elsewhere."""
    watches = []

    def open_one(key: str = "squats", query: str = "", **options: Any) -> Player:
        session_id = getattr(sessions, key)
        page, watch = open_page(f"{dashboard.url}/replay?session={session_id}{query}", **options)
        watches.append(watch)
        return Player(page, watch)

    yield open_one
    for watch in watches:
        assert watch.errors == []
        assert watch.hosts == {"127.0.0.1"}
