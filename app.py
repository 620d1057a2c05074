"""The dashboard: ``streamlit run app.py`` finds ``app`` and serves pages and routes together."""

import streamlit as st

from pages.components.lifespan import lifespan
from pages.components.live_panel import LIVE_ROUTES
from pages.components.player import PLAYER_ROUTES
from pages.components.socket_routes import SOCKET_ROUTES

app = st.App(
    "pages/navigation.py",
    routes=[*PLAYER_ROUTES, *LIVE_ROUTES, *SOCKET_ROUTES],
    lifespan=lifespan,
)
