"""Whether people sign in to this dashboard."""

import streamlit as st


def needs_sign_in() -> bool:
    """Whether a provider is configured, in the section [auth] of .streamlit/secrets.toml."""
    return bool(st.secrets.load_if_toml_exists()) and "auth" in st.secrets
