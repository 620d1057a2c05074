"""Addresses of the dashboard's own routes."""

import streamlit as st


def below_base_path(path: str) -> str:
    """Put a route where Streamlit's own are: it moves only its own below ``baseUrlPath``."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}{path}" if base else path
