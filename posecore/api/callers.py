"""Who asks, as an endpoint gets it: with the store they see, and what they may do checked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends
from starlette.requests import Request

from posecore.api.context import ApiContext
from posecore.api.limits import ApiLimits, RateLimits
from posecore.identity import Identity, Scope
from posecore.settings import Settings
from posecore.storage.session_store import SessionStore

T = TypeVar("T")


@dataclass(frozen=True)
class Caller:
    """A person or program that asks.

    Attributes
    ----------
    identity : Identity
    store : SessionStore
        As its owner sees it.
    context : ApiContext
    limits : ApiLimits
    rates : RateLimits
    request : Request
    """

    identity: Identity
    store: SessionStore
    context: ApiContext
    limits: ApiLimits
    rates: RateLimits
    request: Request

    def get_settings(self) -> Settings:
        """Return the settings with the owner's choices on top."""
        return self.context.get_settings().with_preferences(self.store.load_preferences())

    def make_sure(self, session_id: str) -> None:
        """Make sure that a session may still be read by whoever asked.

        Raises
        ------
        NotSignedInError, SessionNotFoundError
            If the token was revoked, or the share taken back, for example.
        """
        self.context.identify(self.request)
        self.store.get_session(session_id)

    def while_allowed(self, session_id: str, pieces: Iterable[T]) -> Iterator[T]:
        """Go through the pieces of a long answer as long as the session may be read.

        Raises
        ------
        NotSignedInError, SessionNotFoundError
            Before the next piece.
        """
        version = None  # what was taken back while the answer was made is not overlooked
        for piece in pieces:
            now = self.store.rights_version
            if now != version:
                self.make_sure(session_id)
                version = now
            yield piece


def _find_caller(request: Request, scope: Scope) -> Caller:
    state = request.app.state
    context: ApiContext = state.context
    identity = context.identify(request)
    identity.require(scope)
    store = context.get_store().for_owner(identity.owner)
    return Caller(identity, store, context, state.limits, state.rates, request)


def _may_read(request: Request) -> Caller:
    return _find_caller(request, "read")


def _may_compute(request: Request) -> Caller:
    caller = _find_caller(request, "read")
    caller.rates.count("computations", caller.identity.owner)
    return caller


def _may_write(request: Request) -> Caller:
    caller = _find_caller(request, "write")
    caller.rates.count("writes", caller.identity.owner)
    return caller


Reader = Annotated[Caller, Depends(_may_read)]
"""May see what the owner sees."""
Computer = Annotated[Caller, Depends(_may_compute)]
"""May see it, and asks for what has to be computed."""
Writer = Annotated[Caller, Depends(_may_write)]
"""May make, change and delete."""
