"""What happens when the dashboard starts and ends: recordings are finished, the database closed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from pages.components.database import close_store
from pages.components.import_jobs import close_queue
from pages.components.lan import announce, guard_connections
from pages.components.live_panel import get_rooms
from pages.components.live_streams import HUB
from pages.components.reading_progress import close_jobs
from pages.components.warm_up import begin_warm_up


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Run around the whole life of the dashboard."""
    warm_up = begin_warm_up()
    announce()
    guard_connections()
    yield
    warm_up.join()
    for room in get_rooms():
        room.camera_ended(for_good=True)
        room.join()
    HUB.close()
    close_queue()
    close_jobs()
    close_store()
