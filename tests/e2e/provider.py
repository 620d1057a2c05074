"""A real OpenID Connect provider on this machine, and people who sign in with it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from playwright.sync_api import Page, expect

from tests.e2e.dashboard import SECRETS, find_free_port, wait_until_ready

COOKIE_SECRET = "made for this test alone, and as long as it has to be"
LONG_MS = 60_000


@contextmanager
def run_provider(folder: Path) -> Iterator[str]:
    """Start the provider, and end it, and only it, at the end; gives its address."""
    port = find_free_port()
    log = folder / "provider.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)],
            env=os.environ | {"AUTHLIB_INSECURE_TRANSPORT": "1"},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(process, url, log, path="/.well-known/openid-configuration")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=15)


def write_secrets(data_dir: Path, dashboard_port: int, provider_url: str) -> None:
    """Configure a dashboard's sign-in, in its own folder."""
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / SECRETS).write_text(
        f"""
        [auth]
        redirect_uri = "http://127.0.0.1:{dashboard_port}/oauth2callback"
        cookie_secret = "{COOKIE_SECRET}"

        [auth.club]
        client_id = "posecore"
        client_secret = "shared with the provider"
        server_metadata_url = "{provider_url}/.well-known/openid-configuration"
        """,
        encoding="utf-8",
    )


def add_person(provider_url: str, subject: str, claims: str) -> None:
    """Let the provider know somebody, with claims as JSON."""
    request = Request(f"{provider_url}/users/{subject}", data=claims.encode(), method="PUT")
    request.add_header("Content-Type", "application/json")
    with urlopen(request, timeout=10):
        pass


def sign_in(page: Page, dashboard_url: str, subject: str) -> None:
    """Sign in as a person does, from the page that asks for it to the page behind it."""
    page.goto(dashboard_url)
    page.get_by_role("button", name="Sign in with Club").click()
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_text("Signed in as")).to_be_visible(timeout=LONG_MS)


def sign_out(page: Page) -> None:
    """Sign out as a person does, at the provider too."""
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click()
    expect(page.get_by_role("button", name="Sign in with Club")).to_be_visible(timeout=LONG_MS)
