"""ETags: nothing is sent twice, and nobody overwrites what they have not seen."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from posecore.api.problems import ApiProblem
from posecore.errors import InvalidFieldError
from posecore.storage.session import Session

PRIVATE: Final = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
"""It is one person's, asked for again each time, which costs nothing where it is the same, and
never taken for another kind of file than it says."""

# Between the question whether something is still the same and the change of it nothing else may
# come; only one change at a time reaches the database anyway.
_changing: Final = Lock()


def make_tag(*state: Any, variant: tuple[Any, ...] = ()) -> str:
    """Make the ETag of something.

    Parameters
    ----------
    *state
        All that makes it what it is; what If-Match compares.
    variant : tuple
        What of it was asked for, and how it is written.
    """
    tag = _hash(state)
    return f'"{tag}.{_hash(variant)[:8]}"' if variant else f'"{tag}"'


def tag_session(session: Session) -> str:
    """ETag of a session's facts."""
    return make_tag(session)


def answer_unchanged(request: Request, tag: str) -> Response | None:
    """Return the answer 304 where the caller has the same already; else None."""
    wanted = request.headers.get("If-None-Match")
    if wanted is None or not _matches(wanted, tag, is_weak=True):
        return None
    return Response(status_code=304, headers={"ETag": tag, **PRIVATE})


@contextmanager
def if_match(request: Request, find_tag: Any) -> Iterator[None]:
    """Make a change only of what the caller has seen.

    Parameters
    ----------
    request : Request
    find_tag : callable
        Returns the tag as it is now; asked only if the caller sent If-Match.

    Raises
    ------
    ApiProblem
        With status 412.
    """
    wanted = request.headers.get("If-Match")
    with _changing:
        if wanted is not None and not _matches(wanted, find_tag(), is_weak=False):
            raise ApiProblem(
                412,
                "This was changed meanwhile, so nothing was done; read it again and decide anew.",
                InvalidFieldError,
            )
        yield


def _matches(wanted: str, tag: str, *, is_weak: bool) -> bool:
    if wanted.strip() == "*":
        return True
    given = [each.strip() for each in wanted.split(",")]
    if is_weak:
        return tag in {each.removeprefix("W/") for each in given}
    return _state_of(tag) in {_state_of(each) for each in given}


def _state_of(tag: str) -> str:
    return tag.strip('"').partition(".")[0]


def _hash(state: Any) -> str:
    return hashlib.sha256(repr(state).encode("utf-8", "backslashreplace")).hexdigest()[:24]
