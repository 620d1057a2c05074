"""The WebSockets for other programs, beside the pages and on their port."""

from typing import Final

from starlette.routing import BaseRoute

from pages.components.import_jobs import _get_queue
from pages.components.live_streams import HUB
from pages.components.routes import below_base_path
from pages.components.state import get_settings, get_store
from posecore.api.context import ApiContext
from posecore.api.identifying import make_identify
from posecore.api.sockets import make_socket_routes
from posecore.settings import Settings

SOCKET_CONTEXT: Final = ApiContext(
    get_store=get_store,
    get_settings=Settings.from_env,
    identify=make_identify(get_store, lambda _connection: None, lambda: False),
    get_queue=lambda _owner: _get_queue(str(get_settings().database)),
    hub=HUB,
)
SOCKET_ROUTES: Final[list[BaseRoute]] = make_socket_routes(
    SOCKET_CONTEXT, prefix=below_base_path("")
)
