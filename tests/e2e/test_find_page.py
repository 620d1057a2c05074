"""From a movement that one looks for into the replay of one of its moments, and back."""

import re

import pytest
from playwright.sync_api import expect

from posecore import open_store
from posecore.synthetic import make_squats

PATIENCE_MS = 60_000
QUERY = "where=left_knee_flexion+%3E+45&for=0.5"


@pytest.fixture(scope="module")
def fill_data(data_dir):
    """Two squats that nobody has searched yet: their readings are made by the page."""
    with open_store(data_dir / "posecore.duckdb") as store:
        store.save_preference("privacy_notice", "understood")
        session_id = store.create_session(name="Squats", source="live", athlete="Mira")
        store.append_frames(session_id, make_squats(4.0))
        store.finish_session(session_id)
    return session_id


@pytest.mark.parametrize("width", [1280, 390])
def test_a_moment_that_was_found_is_looped_in_the_replay(dashboard, fill_data, open_page, width):
    page, watch = open_page(f"{dashboard.url}/find?{QUERY}", width=width)
    expect(page.get_by_text("2 moments in 1 session")).to_be_visible(timeout=PATIENCE_MS)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name=re.compile(r"0:02\.5 · 0\.9 s")).click()
    player = page.locator("[data-testid='replay-player'][data-ready='true']")
    player.wait_for(timeout=PATIENCE_MS)
    assert float(player.get_attribute("data-time-s")) == pytest.approx(2.533, abs=0.02)
    expect(page).to_have_url(
        re.compile(rf"replay\?session={fill_data}&t=2\.533&loop=2\.533-3\.467")
    )
    page.go_back()
    expect(page.get_by_text("2 moments in 1 session")).to_be_visible(timeout=PATIENCE_MS)
    expect(page).to_have_url(re.compile(re.escape(QUERY)))
    assert watch.errors == []
    assert watch.hosts == {"127.0.0.1"}
