"""The way back to the link somebody came with, once they have signed in."""

from pathlib import Path

import streamlit as st

from pages.components.routes import below_base_path

_way_back = st.components.v2.component(
    "posecore_way_back",
    js=(Path(__file__).parent / "way_back.js").read_text(encoding="utf-8"),
)


def keep_way_back(*, is_signed_in: bool) -> None:
    """Let this tab remember its address while nobody is signed in, and go there afterwards."""
    _way_back(data={"home": below_base_path("/"), "isSignedIn": is_signed_in}, key="way_back")
