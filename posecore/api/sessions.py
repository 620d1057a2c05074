"""Sessions: list, begin, read, change, finish, delete."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from posecore.api.caching import PRIVATE, answer_unchanged, if_match, tag_session
from posecore.api.callers import Caller, Reader, Writer
from posecore.api.models import (
    Ending,
    NewSession,
    SessionChanges,
    SessionFacts,
    SessionList,
    Source,
    Status,
    When,
)
from posecore.api.problems import ApiProblem
from posecore.errors import InvalidFieldError
from posecore.import_queue import ImportJob
from posecore.storage.session import Session
from posecore.storage.session_query import SessionFilter

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])


class _Wanted(BaseModel):
    """Which sessions are looked for; what is left out does not matter."""

    model_config = ConfigDict(extra="forbid")

    athlete: str | None = Field(default=None, max_length=100, description="The whole name.")
    tag: str | None = Field(default=None, max_length=50)
    status: Status | None = None
    source: Source | None = None
    text: str | None = Field(
        default=None, max_length=200, description="Somewhere in name, description, athlete or tag."
    )
    since: When | None = Field(default=None, description="Recorded then or later.")
    until: When | None = Field(default=None, description="Recorded before.")
    limit: int = Field(default=50, ge=1, le=500)
    cursor: str | None = Field(
        default=None, max_length=200, description="`next_cursor` of the page before."
    )


@router.get("", response_model=SessionList)
def list_sessions(
    wanted: Annotated[_Wanted, Query()], reader: Reader, response: Response
) -> SessionList:
    """List sessions, newest first, a page at a time.

    New sessions do not move what lies behind a page's `next_cursor`.
    """
    page = reader.store.queries.find(
        SessionFilter(**wanted.model_dump(exclude={"limit", "cursor"})),
        limit=wanted.limit,
        cursor=wanted.cursor,
    )
    response.headers.update(PRIVATE)
    return SessionList(
        sessions=[SessionFacts.of(session) for session in page.sessions],
        total=page.total,
        next_cursor=page.next_cursor,
    )


@router.post("", status_code=201, response_model=SessionFacts)
def create_session(
    new: NewSession, writer: Writer, request: Request, response: Response
) -> SessionFacts:
    """Begin a session; add frames to it, then finish it."""
    session_id = writer.store.create_session(**new.model_dump())
    response.headers["Location"] = str(request.url_for("get_session", session_id=session_id).path)
    return _answer(writer.store.get_session(session_id), response)


@router.get("/{session_id}", response_model=SessionFacts)
def get_session(session_id: str, reader: Reader, request: Request, response: Response) -> Any:
    """Read a session's facts."""
    session = reader.store.get_session(session_id)
    reader.store.audit.note("opened", session.id)
    return answer_unchanged(request, tag_session(session)) or _answer(session, response)


@router.patch("/{session_id}", response_model=SessionFacts)
def update_session(
    session_id: str, changes: SessionChanges, writer: Writer, request: Request, response: Response
) -> SessionFacts:
    """Change name, athlete, description or tags."""
    with if_match(request, lambda: tag_session(writer.store.get_session(session_id))):
        session = writer.store.update_session(session_id, **changes.model_dump(exclude_unset=True))
    return _answer(session, response)


@router.post("/{session_id}/finish", response_model=SessionFacts)
def finish_session(
    session_id: str,
    writer: Writer,
    request: Request,
    response: Response,
    ending: Ending | None = None,
) -> SessionFacts:
    """Complete a session: no frames can be added any more."""
    ending = ending or Ending()
    session = writer.store.get_session(session_id)
    check_not_importing(writer, session)
    if session.status == "failed":
        raise ApiProblem(
            409,
            "This session failed, so it cannot be finished; begin a new one.",
            InvalidFieldError,
        )
    with if_match(request, lambda: tag_session(writer.store.get_session(session_id))):
        finished = writer.store.finish_session(session.id, **ending.model_dump())
    return _answer(finished, response)


@router.delete("/{session_id}", status_code=204)
def delete_session(session_id: str, writer: Writer, request: Request) -> Response:
    """Delete a session with its frames, all that was made of them, notes and video, for good."""
    with if_match(request, lambda: tag_session(writer.store.get_session(session_id))):
        session = writer.store.get_session(session_id)
        job = find_job(writer, session)
        if job is not None and job.state in ("waiting", "running"):
            # Its import stops within a moment, and takes the session away with it.
            writer.context.get_queue(writer.identity.owner).cancel(job.id)
        else:
            writer.store.delete_session(session.id)
    return Response(status_code=204)


def find_job(caller: Caller, session: Session) -> ImportJob | None:
    """Find the import that makes a session, if it is one of this run of the dashboard."""
    if session.source != "video":
        return None
    jobs = caller.context.get_queue(caller.identity.owner).jobs
    return next((job for job in jobs if job.session_id == session.id), None)


def check_not_importing(caller: Caller, session: Session) -> None:
    """Make sure that nothing is done to a session that the analysis of a video is filling.

    Raises
    ------
    ApiProblem
        With status 409.
    """
    job = find_job(caller, session)
    busy: tuple[Literal["waiting", "running"], ...] = ("waiting", "running")
    if job is not None and job.state in busy:
        raise ApiProblem(
            409,
            "The video of this session is still analysed; wait until its status is completed.",
            InvalidFieldError,
        )


def _answer(session: Session, response: Response) -> SessionFacts:
    response.headers.update({"ETag": tag_session(session), **PRIVATE})
    return SessionFacts.of(session)
