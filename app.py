"""The dashboard: ``streamlit run app.py`` finds ``app`` and serves pages and routes together."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from pages.components.api_routes import API_ROUTES
from pages.components.connection_test import TEST_ROUTES
from pages.components.gate import SignInGate
from pages.components.hosts import find_hosts
from pages.components.lifespan import lifespan
from pages.components.live_panel import LIVE_ROUTES
from pages.components.page_style import PageStyle
from pages.components.pairing_gate import PairingGate
from pages.components.player import PLAYER_ROUTES
from posecore.api.guard import HostGuard

app = st.App(
    "pages/navigation.py",
    routes=[*PLAYER_ROUTES, *LIVE_ROUTES, *TEST_ROUTES, *API_ROUTES],
    middleware=[
        Middleware(HostGuard, get_hosts=find_hosts),
        Middleware(PairingGate),
        Middleware(SignInGate),
        Middleware(PageStyle, style=Path(__file__).parent / "pages/components/style.css"),
    ],
    lifespan=lifespan,
)
