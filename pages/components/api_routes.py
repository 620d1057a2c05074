"""REST and WebSockets for other programs, beside the pages and on their port."""

from typing import Final

from starlette.routing import BaseRoute

from pages.components.database import open_database
from pages.components.import_jobs import get_queue
from pages.components.live_streams import HUB
from pages.components.routes import below_base_path
from pages.components.sign_in import needs_sign_in, read_cookie
from posecore.api.app import mount_api
from posecore.api.context import ApiContext
from posecore.api.identifying import make_identify
from posecore.api.sockets import make_socket_routes
from posecore.settings import Settings

_CONTEXT: Final = ApiContext(
    get_store=open_database,
    get_settings=Settings.from_env,
    identify=make_identify(open_database, read_cookie, needs_sign_in),
    get_queue=get_queue,
    hub=HUB,
)
API_ROUTES: Final[list[BaseRoute]] = [
    mount_api(below_base_path("/api"), _CONTEXT),
    *make_socket_routes(_CONTEXT, prefix=below_base_path("")),
]
