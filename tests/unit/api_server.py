"""REST on a free port of this machine, served by the server the dashboard uses."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import uvicorn
from starlette.applications import Starlette

from posecore import SessionStore, Settings
from posecore.api.app import mount_api
from posecore.api.context import ApiContext
from posecore.api.identifying import make_identify
from posecore.api.limits import ApiLimits
from posecore.import_queue import ImportQueue
from posecore.streaming.hub import StreamHub


@contextmanager
def make_context(store: SessionStore, settings: Settings, **changes: Any) -> Iterator[ApiContext]:
    """Make what REST needs, around an open store; everybody is the local owner."""
    queues: dict[str, ImportQueue] = {}

    def get_queue(owner: str) -> ImportQueue:
        if owner not in queues:
            queues[owner] = ImportQueue(store.for_owner(owner))
        return queues[owner]

    context = ApiContext(
        get_store=lambda: store,
        get_settings=lambda: settings,
        identify=make_identify(lambda: store, lambda _: None, lambda: False),
        get_queue=get_queue,
        hub=StreamHub(),
    )
    try:
        yield replace(context, **changes)
    finally:
        for queue in queues.values():
            queue.close()


class _Server(uvicorn.Server):
    """A server that says when it listens, and on which port."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_listening = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.is_listening.set()


@contextmanager
def run_api(context: ApiContext, limits: ApiLimits | None = None) -> Iterator[str]:
    """Serve REST at /api, as the dashboard does; gives the address of the dashboard."""
    app = Starlette(routes=[mount_api("/api", context, limits)])
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off")
    server = _Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        assert server.is_listening.wait(30), "the server did not start"
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)
