"""The application that speaks REST, served at ``/api`` beside the dashboard."""

import re
from functools import cache
from typing import Final

from fastapi import FastAPI
from starlette.routing import Mount

from posecore.api import comparing, frames, goals, measures, notes, sessions, videos
from posecore.api.context import ApiContext
from posecore.api.docs_page import add_docs, describe, list_methods
from posecore.api.limits import ApiLimits, BodyLimit, RateLimits
from posecore.api.problems import PROBLEMS, add_handlers

_ABOUT: Final = """
Sessions, frames, angles, numbers, notes and videos of the dashboard on this address, each person's
own. Where people sign in, a program sends a token made in Settings: Authorization: Bearer pc_....

A number that is missing is null. Errors are application/problem+json, with one sentence in
detail. What can change has an ETag: If-None-Match saves sending it again, and If-Match
keeps from overwriting what somebody else changed meanwhile.
"""
_ROUTERS: Final = (
    sessions.router,
    frames.router,
    measures.router,
    goals.router,
    notes.router,
    videos.router,
    comparing.router,
)


def make_api(context: ApiContext, limits: ApiLimits | None = None) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    context : ApiContext
    limits : ApiLimits, optional
        How much may be asked.

    Returns
    -------
    FastAPI
        With the paths ``/v1/...``, ``/docs`` and ``/openapi.json``.
    """
    limits = limits or ApiLimits()
    api = FastAPI(
        title="posecore",
        version="1",
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        # Nothing is reported to anybody, whatever the environment says.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    api.state.context = context
    api.state.limits = limits
    api.state.rates = RateLimits(limits)
    for router in _ROUTERS:
        api.include_router(router, responses=PROBLEMS)
    add_handlers(api)
    add_docs(api, frames.FRAME_MODELS)
    # Known as soon as somebody asks: describing all operations takes a while.
    api.state.find_methods = cache(lambda: list_methods(describe(api, frames.FRAME_MODELS)))
    api.add_middleware(BodyLimit, limits=limits)
    return api


def mount_api(path: str, context: ApiContext, limits: ApiLimits | None = None) -> Mount:
    """Make the route that serves it, for an application that serves more than that.

    Parameters
    ----------
    path : str
        Where: ``/api``.
    context : ApiContext
    limits : ApiLimits, optional
    """
    mount = Mount(path, make_api(context, limits))
    # An address with a line break in it is below this one as well, and answered as others are.
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return mount
