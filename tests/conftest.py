"""Fixtures shared by all tests."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from posecore import SessionStore, Settings, open_store
from scripts.machine import fetch_test_video


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose data lives in the test's own folder."""
    return Settings.from_env({"POSECORE_DATA": str(tmp_path / "data"), "POSECORE_WORKERS": "2"})


@pytest.fixture
def store(settings: Settings) -> Iterator[SessionStore]:
    """An empty database."""
    with open_store(settings.database) as store:
        yield store


@pytest.fixture(scope="session")
def test_video() -> Path:
    """Return a real video of two people, 230 frames; it comes through the package index."""
    path = os.environ.get("POSECORE_TEST_VIDEO")
    return Path(path) if path else fetch_test_video(Path(sys.executable))
