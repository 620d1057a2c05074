"""What the interfaces for other programs need of the dashboard they stand beside."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from posecore.identity import Identity
from posecore.import_queue import ImportQueue
from posecore.settings import Settings
from posecore.storage.session_store import SessionStore
from posecore.streaming.hub import StreamHub


@dataclass(frozen=True)
class ApiContext:
    """Where the sessions are, who asks, and the streams that go on.

    Attributes
    ----------
    get_store : callable
        The open database; use ``.for_owner(identity.owner)``.
    get_settings : callable
    identify : callable
        Says who asks; raises NotSignedInError.
    get_queue : callable
        The import queue of one owner.
    hub : StreamHub
    """

    get_store: Callable[[], SessionStore]
    get_settings: Callable[[], Settings]
    identify: Callable[[HTTPConnection], Identity]
    get_queue: Callable[[str], ImportQueue]
    hub: StreamHub
