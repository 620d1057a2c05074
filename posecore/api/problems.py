"""Errors as other programs read them: problem+json, with posecore's own sentences.

References
----------
RFC 9457, Problem Details for HTTP APIs.
"""

import math
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from posecore import errors
from posecore.errors import PoseCoreError

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:posecore:"
_MOST_FIELDS: Final = 10
_STATUSES: Final[dict[type[PoseCoreError], int]] = {
    errors.NotSignedInError: 401,
    errors.NotAllowedError: 403,
    errors.SessionNotFoundError: 404,
    errors.NoteNotFoundError: 404,
    errors.ImportCancelledError: 409,
    errors.TooManyRequestsError: 429,
    errors.DatabaseLockedError: 503,
    errors.ModelUnavailableError: 503,
    errors.EstimatorError: 503,
    errors.StorageFullError: 507,
    errors.VideoWriteError: 507,
    errors.StoreError: 500,
}
_UNEXPECTED: Final = "Something unexpected went wrong in the dashboard; try it once more."
_WHERE: Final = {"body": "the body", "query": "the query", "path": "the path", "header": "a header"}


class ProblemField(BaseModel):
    """One part of a request that is not as it should be."""

    where: str = Field(description="Its place: `body.frames.0.time_s`, `query.limit`.")
    what: str = Field(description="What is wrong with it.")


class Problem(BaseModel):
    """Why a request could not be answered."""

    type: str = Field(
        description="`urn:posecore:` and the name of posecore's error, or `about:blank`."
    )
    title: str
    status: int
    detail: str = Field(description="One sentence for people: what happened, and what to do.")
    errors: list[ProblemField] | None = None


class ApiProblem(HTTPException):
    """A status of its own for one of posecore's errors, with its sentence.

    Parameters
    ----------
    status : int
    sentence : str
    kind : type of PoseCoreError, optional
        What the Python client raises.
    headers : mapping, optional
    """

    def __init__(
        self,
        status: int,
        sentence: str,
        kind: type[PoseCoreError] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, sentence, dict(headers or {}))
        self.kind = kind


def make_problem(
    status: int,
    sentence: str,
    kind: type[PoseCoreError] | None = None,
    headers: Mapping[str, str] | None = None,
    fields: list[ProblemField] | None = None,
) -> Response:
    """Make the answer that says what is wrong."""
    problem = Problem(
        type=f"{TYPE_PREFIX}{kind.__name__}" if kind else "about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=sentence,
        errors=fields,
    )
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        status,
        headers={
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **(headers or {}),
        },
        media_type=MEDIA_TYPE,
    )


def explain(error: PoseCoreError) -> Response:
    """Make the answer for one of posecore's errors."""
    kinds = (kind for kind in type(error).__mro__ if kind in _STATUSES)
    status = _STATUSES.get(next(kinds, PoseCoreError), 422)
    headers = {}
    if isinstance(error, errors.NotSignedInError):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.TooManyRequestsError):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    return make_problem(status, str(error), type(error), headers)


def add_handlers(api: FastAPI) -> None:
    """Let every error of an application be a problem."""
    api.add_exception_handler(PoseCoreError, _handle_ours)
    api.add_exception_handler(RequestValidationError, _handle_invalid)
    api.add_exception_handler(HTTPException, _handle_http)
    api.add_exception_handler(ClientDisconnect, _handle_gone)
    api.add_exception_handler(MemoryError, _handle_memory)
    api.add_exception_handler(Exception, _handle_unexpected)


async def _handle_ours(_request: Request, error: Any) -> Response:
    return explain(error)


async def _handle_http(request: Request, error: Any) -> Response:
    if isinstance(error, ApiProblem):
        return make_problem(error.status_code, error.detail, error.kind, error.headers)
    sentences = {
        400: "The body cannot be read; send what the page on REST, /api/docs, describes.",
        404: "There is nothing at this address; the page on REST, /api/docs, lists what there is.",
        405: "This address does not take that method; see the header Allow.",
    }
    sentence = sentences.get(error.status_code, f"{error.detail}.")
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_find_methods(request)) or headers.get("Allow", "GET")
    return make_problem(error.status_code, sentence, headers=headers)


def _find_methods(request: Request) -> list[str]:
    """All methods of an address; Starlette knows those of one of its operations only."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    table: list[tuple[re.Pattern[str], list[str]]] = request.app.state.find_methods()
    return next((methods for pattern, methods in table if pattern.fullmatch(path)), [])


async def _handle_invalid(_request: Request, error: Any) -> Response:
    found = [
        ProblemField(
            where=".".join(str(part)[:60] for part in each["loc"]), what=str(each["msg"])[:300]
        )
        for each in error.errors()[:_MOST_FIELDS]
    ]
    first = error.errors()[0]
    place = ".".join(str(part)[:60] for part in first["loc"][1:])
    where = _WHERE.get(str(first["loc"][0]), "the request")
    sentence = (
        f"{place or where} in {where} is not acceptable: {found[0].what}."
        if place
        else f"{where.capitalize()} is not acceptable: {found[0].what}."
    )
    return make_problem(422, sentence, errors.InvalidFieldError, fields=found)


async def _handle_gone(_request: Request, _error: Any) -> Response:
    return make_problem(400, "The request ended before all of it was there; send it again.")


async def _handle_memory(_request: Request, _error: Any) -> Response:
    return make_problem(413, "This is more than fits into memory; ask for less, or send less.")


async def _handle_unexpected(_request: Request, _error: Any) -> Response:
    # What it was stands in the log; it may hold what is nobody else's business.
    return make_problem(500, _UNEXPECTED)


_DOCUMENTED: Final = (
    400,
    401,
    403,
    404,
    405,
    406,
    408,
    409,
    412,
    413,
    415,
    416,
    422,
    429,
    503,
    507,
)

PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in _DOCUMENTED
}
"""What every operation may answer instead, for the OpenAPI page."""
