"""What happens when the dashboard ends: recordings are finished, then the database is closed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from pages.components.live_panel import get_rooms
from pages.components.state import close_store


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Run around the whole life of the dashboard."""
    yield
    for room in get_rooms():
        room.camera_ended()
    close_store()
