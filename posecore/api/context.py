"""What the interface for other programs needs of the program it runs in."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from posecore.identity import Identity
from posecore.import_queue import ImportQueue
from posecore.settings import Settings
from posecore.storage.session_store import SessionStore
from posecore.streaming.hub import StreamHub


@dataclass(frozen=True, kw_only=True)
class ApiContext:
    """Where requests find what they are about.

    Attributes
    ----------
    get_store : callable
        The open database; each request sees it ``for_owner(identity.owner)``.
    get_settings : callable
        The environment's settings, without anybody's preferences.
    identify : callable
        Who asks; raises NotSignedInError where nobody may.
    get_queue : callable
        The import queue of one owner.
    hub : StreamHub
        The live streams.
    """

    get_store: Callable[[], SessionStore]
    get_settings: Callable[[], Settings]
    identify: Callable[[HTTPConnection], Identity]
    get_queue: Callable[[str], ImportQueue]
    hub: StreamHub
