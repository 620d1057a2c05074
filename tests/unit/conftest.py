"""Fixtures of the tests of REST and its client."""

from collections.abc import Iterator

import httpx
import pytest

from posecore import SessionStore, Settings
from tests.unit.api_server import make_context, run_api


@pytest.fixture
def api_url(store: SessionStore, settings: Settings) -> Iterator[str]:
    """Address of a dashboard that serves REST over the store, to the local owner."""
    with make_context(store, settings) as context, run_api(context) as url:
        yield url


@pytest.fixture
def api(api_url: str) -> Iterator[httpx.Client]:
    """Somebody who asks it; addresses begin with ``/v1``."""
    with httpx.Client(base_url=f"{api_url}/api", timeout=60, trust_env=False) as client:
        yield client
