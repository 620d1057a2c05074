"""Secrets with a provider to sign in at, as Streamlit reads them, without a file."""

import streamlit as st

from pages.components import sign_in
from posecore.sign_in import SHORTEST_SECRET

ISSUER = "https://accounts.example.com"
ORIGIN = "http://localhost:8501"
AUTH = {
    "redirect_uri": f"{ORIGIN}/oauth2callback",
    "cookie_secret": "x" * SHORTEST_SECRET,
    "club": {
        "client_id": "posecore",
        "client_secret": "shared with the provider",
        "server_metadata_url": f"{ISSUER}/.well-known/openid-configuration",
    },
}


class Secrets(dict):
    """Streamlit's secrets, as a test says they are."""

    def load_if_toml_exists(self):
        return True


def use_secrets(monkeypatch, **sections):
    """Let Streamlit have these secrets, and no other; everybody has to sign in by default."""
    secrets = Secrets(sections or {"auth": AUTH})
    monkeypatch.setattr(st, "secrets", secrets)
    monkeypatch.setattr("streamlit.auth_util.secrets_singleton", secrets)
    monkeypatch.setattr("streamlit.web.server.server_util.secrets_singleton", secrets)
    monkeypatch.setattr(sign_in, "_was_needed", False)
    return secrets
