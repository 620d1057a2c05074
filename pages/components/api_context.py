"""REST for other programs, beside the dashboard: what it needs of the dashboard, and its routes."""

from typing import Final

from starlette.routing import BaseRoute, Mount

from pages.components.database import open_database
from pages.components.import_jobs import get_queue
from pages.components.routes import below_base_path
from pages.components.sign_in import needs_sign_in, read_cookie
from posecore.api.app import make_api
from posecore.api.context import ApiContext
from posecore.api.identifying import make_identify
from posecore.settings import Settings

API_CONTEXT: Final = ApiContext(
    get_store=open_database,
    get_settings=Settings.from_env,
    identify=make_identify(open_database, read_cookie, needs_sign_in),
    get_queue=get_queue,
)
API_ROUTES: Final[list[BaseRoute]] = [Mount(below_base_path("/api"), make_api(API_CONTEXT))]
