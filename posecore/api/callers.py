"""Who asks, as an endpoint gets it: with the store they see, and what they may do checked."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from posecore.api.context import ApiContext
from posecore.api.limits import ApiLimits, RateLimits
from posecore.identity import Identity, Scope
from posecore.settings import Settings
from posecore.storage.session_store import SessionStore


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
    """

    identity: Identity
    store: SessionStore
    context: ApiContext
    limits: ApiLimits
    rates: RateLimits

    def get_settings(self) -> Settings:
        """Return the settings with the owner's choices on top."""
        return self.context.get_settings().with_preferences(self.store.load_preferences())


def _find_caller(request: Request, scope: Scope) -> Caller:
    state = request.app.state
    context: ApiContext = state.context
    identity = context.identify(request)
    identity.require(scope)
    store = context.get_store().for_owner(identity.owner)
    return Caller(identity, store, context, state.limits, state.rates)


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
