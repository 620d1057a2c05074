"""REST on the dashboard's own address: the page on it, and a notebook beside the pages."""

import pytest
from playwright.sync_api import expect

import posecore
from posecore.errors import DatabaseLockedError
from posecore.synthetic import make_squats

PATIENCE_MS = 60_000
LIST = "#operations-sessions-list_sessions_v1_sessions_get"


@pytest.fixture(scope="module")
def fill_data(data_dir):
    """Somebody who has seen the notice on privacy."""
    with posecore.open_store(data_dir / "posecore.duckdb") as store:
        store.save_preference("privacy_notice", "understood")


def test_what_a_notebook_records_stands_on_the_pages_at_once(dashboard, open_page):
    squats = make_squats(duration_s=2.0)
    with posecore.connect(dashboard.url) as store:
        session_id = store.create_session(name="From a notebook", source="stream", athlete="Mira")
        store.append_frames(session_id, squats)
        store.finish_session(session_id)
        with pytest.raises(DatabaseLockedError, match=r"posecore\.connect\(\)"):
            posecore.open_store(dashboard.data_dir / "posecore.duckdb")
        assert len(store.load_sequence(session_id)) == len(squats)
        page, watch = open_page(f"{dashboard.url}/sessions")
        expect(page.get_by_text("From a notebook").first).to_be_visible(timeout=PATIENCE_MS)
        store.delete_session(session_id)
        page.reload()
        expect(page.get_by_role("heading", name="Sessions").first).to_be_visible(
            timeout=PATIENCE_MS
        )
        expect(page.get_by_text("From a notebook")).to_have_count(0)
    assert watch.errors == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_on_rest_tries_things_out_and_asks_nobody_else(
    dashboard, open_page, width, scheme
):
    with posecore.connect(dashboard.url) as store:
        session_id = store.create_session(name=f"<b>{scheme}</b>", source="stream")
    page, watch = open_page(f"{dashboard.url}/api/docs", width=width, colour_scheme=scheme)
    operation = page.locator(LIST)
    operation.locator("button").first.click(timeout=PATIENCE_MS)
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.get_by_text(session_id).first).to_be_visible(timeout=PATIENCE_MS)
    expect(operation.get_by_text(f"<b>{scheme}</b>").first).to_be_visible()
    assert page.evaluate("document.documentElement.classList.contains('dark-mode')") == (
        scheme == "dark"
    )
    assert watch.errors == []
    assert watch.hosts == {"127.0.0.1"}
