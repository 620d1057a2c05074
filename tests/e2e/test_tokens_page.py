"""A token is made in Settings, shown once, works, and is revoked."""

import re

import pytest
from playwright.sync_api import expect

from posecore import open_store
from tests.e2e.dashboard import open_expander

PATIENCE_MS = 60_000
TOKEN = re.compile(r"pc_[A-Za-z0-9_-]{43}")


@pytest.fixture(scope="module")
def fill_data(data_dir):
    with open_store(data_dir / "posecore.duckdb") as store:
        store.save_preference("privacy_notice", "understood")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_token_is_shown_once_and_gone_with_its_dialog(dashboard, open_page, width):
    page, watch = open_page(f"{dashboard.url}/settings", width=width)
    open_expander(page, "API tokens")
    page.get_by_role("button", name="Make a token").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What is it for?").fill(f"Script {width}")
    dialog.get_by_role("button", name="Make token").click()
    expect(dialog.get_by_text(TOKEN)).to_be_visible(timeout=PATIENCE_MS)
    expect(dialog.get_by_role("button", name="Make token")).to_have_count(0)
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_have_count(0, timeout=PATIENCE_MS)
    expect(page.get_by_text(f"Script {width}", exact=True)).to_be_visible()
    expect(page.get_by_text(TOKEN)).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Revoke").first.click()
    page.get_by_role("button", name="Revoke for good").click()
    expect(page.get_by_text(f"Script {width}", exact=True)).to_have_count(0, timeout=PATIENCE_MS)
    assert watch.errors == []
    assert watch.hosts == {"127.0.0.1"}
