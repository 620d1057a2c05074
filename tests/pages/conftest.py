"""A page as its script runs, without a browser: Streamlit's AppTest on a database of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.components import import_jobs, reading_progress, sign_in, state
from posecore import SessionStore, open_store
from posecore.synthetic import make_squats

PAGES = Path(__file__).resolve().parents[2] / "pages"


@pytest.fixture
def page_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionStore]:
    """Open the database that the pages work on; the privacy notice is answered."""
    monkeypatch.setenv("POSECORE_DATA", str(tmp_path))
    monkeypatch.delenv("POSECORE_DB", raising=False)
    monkeypatch.setattr(sign_in, "_was_needed", False)
    state.close_store()
    st.cache_resource.clear()
    st.cache_data.clear()
    with open_store(tmp_path / "posecore.duckdb") as store:
        store.save_preference("privacy_notice", "understood")
        yield store
    import_jobs.close_queue()
    reading_progress.close_jobs()
    state.close_store()


@pytest.fixture
def open_page(page_store: SessionStore) -> Callable[..., AppTest]:
    """Open a page by its file's name, through the navigation."""

    def open_page(name: str = "home.py", **query: str) -> AppTest:
        app = AppTest.from_file(str(PAGES / "navigation.py"), default_timeout=30).run()
        if name != "home.py":
            app.switch_page(name)
        for key, value in query.items():
            app.query_params[key] = value
        return app.run()

    return open_page


@pytest.fixture
def add_session(page_store: SessionStore) -> Callable[..., str]:
    """Add a completed session of squats."""

    def add_session(name: str = "Squats", duration_s: float = 2.0, **fields: object) -> str:
        session_id = page_store.create_session(name=name, source="live", model="full", **fields)
        page_store.append_frames(session_id, make_squats(duration_s))
        page_store.finish_session(session_id)
        return session_id

    return add_session
