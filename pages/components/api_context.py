"""REST for other programs, beside the dashboard: what it needs of the dashboard, and its routes."""

from typing import Final

from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute

from pages.components.import_jobs import get_queue
from pages.components.routes import below_base_path
from pages.components.state import get_store
from posecore.api.app import mount_api
from posecore.api.context import ApiContext
from posecore.api.identifying import make_identify
from posecore.identity import Identity
from posecore.settings import Settings


def _read_cookie(_connection: HTTPConnection) -> Identity | None:
    """Nobody signs in at this dashboard."""
    return None


def _needs_sign_in() -> bool:
    return False


API_CONTEXT: Final = ApiContext(
    get_store=get_store,
    get_settings=Settings.from_env,
    identify=make_identify(get_store, _read_cookie, _needs_sign_in),
    get_queue=get_queue,
)
API_ROUTES: Final[list[BaseRoute]] = [mount_api(below_base_path("/api"), API_CONTEXT)]
