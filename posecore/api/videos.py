"""Videos: sent to be analysed, watched, and how far the analysis is; and files of landmarks."""

import errno
import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Final, Self

from anyio import open_file
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from posecore.api.caching import PRIVATE, tag_session
from posecore.api.callers import Caller, Reader, Writer
from posecore.api.limits import read_chunks
from posecore.api.models import Name, Progress, SessionFacts, Tags
from posecore.api.problems import ApiProblem
from posecore.api.sessions import find_job
from posecore.errors import InvalidFieldError, LandmarkFileError, StorageFullError, VideoReadError
from posecore.formats.catalogue import IMPORT_ENDINGS, is_landmark_file
from posecore.importing import default_name
from posecore.landmark_import import import_landmarks
from posecore.storage.session import Session

router = APIRouter(prefix="/v1", tags=["videos and files"])

_RANGES: Final = re.compile(r"bytes=\s*(\d*-\d*(?:\s*,\s*\d*-\d*)*)\s*", re.ASCII)
_MOST_RANGES: Final = 20
_FILE_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class _NewFile(BaseModel):
    """What a file is called, and what its session is to be."""

    model_config = ConfigDict(extra="forbid")

    file_name: str = Field(
        default="",
        max_length=500,
        pattern=r"^[^\u0000]*$",
        description="Only its last part counts, and nothing is ever written under it.",
    )
    name: Name | None = Field(default=None, description="The file's, when left out.")
    athlete: str = Field(default="", max_length=100, pattern=r"^[^\u0000]*$")
    tag: Tags
    description: str = Field(default="", max_length=5000, pattern=r"^[^\u0000]*$")

    def list_fields(self) -> dict[str, Any]:
        return {"athlete": self.athlete, "tags": self.tag, "description": self.description}

    def find_name(self) -> str:
        return self.name or default_name(Path(self.find_title()))

    def find_title(self) -> str:
        return re.split(r"[/\\]", self.file_name)[-1]


class _NewVideo(_NewFile):
    """What a video is called, and whether it is kept."""

    keep_video: bool = Field(default=False, description="Keep its pictures with the session.")


class _NewLandmarks(_NewFile):
    """What a file of landmarks is called, and how large its picture was."""

    image_width: int | None = Field(default=None, ge=1, le=100_000)
    image_height: int | None = Field(default=None, ge=1, le=100_000)

    def find_size(self) -> tuple[int, int] | None:
        if self.image_width is None or self.image_height is None:
            return None
        return self.image_width, self.image_height


@router.post("/videos", status_code=202, response_model=SessionFacts, openapi_extra=_FILE_BODY)
async def upload_video(
    wanted: Annotated[_NewVideo, Query()], writer: Writer, request: Request, response: Response
) -> Any:
    """Send a video, the file itself as the body, to be analysed in its turn.

    Its session is there at once, `processing`; `GET /v1/sessions/{id}/progress` says how far it is.
    """
    path = await _receive_file(request, writer)
    try:
        session = await run_in_threadpool(_submit, path, wanted, writer)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    response.headers["Location"] = request.url_for("get_progress", session_id=session.id).path
    response.headers.update({"ETag": tag_session(session), **PRIVATE})
    return SessionFacts.of(session)


def _submit(path: Path, wanted: _NewVideo, writer: Caller) -> Session:
    job = writer.context.get_queue(writer.identity.owner).submit(
        path,
        settings=writer.get_settings(),
        delete_file_afterwards=True,
        name=wanted.find_name(),
        keep_video=wanted.keep_video,
        **wanted.list_fields(),
    )
    return writer.store.get_session(job.session_id)


@router.post(
    "/landmark-files", status_code=201, response_model=SessionFacts, openapi_extra=_FILE_BODY
)
async def upload_landmarks(
    wanted: Annotated[_NewLandmarks, Query()], writer: Writer, request: Request, response: Response
) -> Any:
    """Send a file of landmarks (TRC, C3D, CSV, Parquet, JSON, JSON lines) to be made a session."""
    if not is_landmark_file(wanted.find_title()):
        raise LandmarkFileError(
            f"file_name must end in one of {', '.join(IMPORT_ENDINGS)}, for it says what the file "
            "is."
        )
    path = await _receive_file(request, writer)
    try:
        session = await run_in_threadpool(_import, path, wanted, writer)
    finally:
        await run_in_threadpool(path.unlink, missing_ok=True)
    response.headers["Location"] = request.url_for("get_session", session_id=session.id).path
    response.headers.update({"ETag": tag_session(session), **PRIVATE})
    return SessionFacts.of(session)


def _import(path: Path, wanted: _NewLandmarks, writer: Caller) -> Session:
    with writer.rates.computing():
        session_id = import_landmarks(
            path,
            writer.store,
            name=wanted.find_name(),
            title=wanted.find_title(),
            image_size=wanted.find_size(),
            **wanted.list_fields(),
        )
    return writer.store.get_session(session_id)


async def _receive_file(request: Request, writer: Caller) -> Path:
    """Write the body to the disk as it comes, under a name of our own; half a file is removed."""
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type.startswith("multipart/") or content_type.endswith("x-www-form-urlencoded"):
        raise ApiProblem(
            415,
            "Send the file itself as the body, with Content-Type: application/octet-stream, not a "
            "form.",
        )
    folder = writer.context.get_settings().uploads_dir
    _check_room(request, folder)
    path = folder / f"{secrets.token_hex(8)}.upload"
    is_whole, n_bytes = False, 0
    try:
        async with await open_file(path, "wb") as stream:
            async for chunk in read_chunks(request):
                n_bytes += len(chunk)
                await stream.write(chunk)
        is_whole = n_bytes > 0
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EROFS):
            raise
        raise _no_room() from error
    finally:
        if not is_whole:
            with suppress(OSError):
                path.unlink(missing_ok=True)
    if not is_whole:
        raise VideoReadError("The body is empty; send the file itself as the body.")
    return path


def _check_room(request: Request, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    length = request.headers.get("Content-Length", "0")
    if length.isdecimal() and int(length) > shutil.disk_usage(folder).free:
        raise _no_room()


def _no_room() -> StorageFullError:
    return StorageFullError(
        "The disk of the dashboard has no room for this file; free some space and send it again."
    )


@router.get("/sessions/{session_id}/progress", response_model=Progress)
def get_progress(session_id: str, reader: Reader, response: Response) -> Progress:
    """Ask how far the analysis of a session's video is."""
    session = reader.store.get_session(session_id)
    response.headers["Cache-Control"] = "private, no-store"
    return Progress.of(session, find_job(reader, session))


@router.head("/sessions/{session_id}/video", include_in_schema=False)
@router.get(
    "/sessions/{session_id}/video",
    response_class=FileResponse,
    responses={
        200: {"content": {"video/mp4": {}}},
        206: {"description": "Partial Content", "content": {"video/mp4": {}}},
    },
)
def get_video(session_id: str, reader: Reader, request: Request) -> Response:
    """Watch a session's video; parts of it with the header Range."""
    session = reader.store.get_session(session_id)
    path = reader.store.get_video_file(session.id)
    if path is None:
        raise ApiProblem(404, "No video was kept with this session; it has landmarks only.")
    reader.store.audit.note("downloaded", session.id, "video")
    if "Range" in request.headers:
        _check_range(request.headers["Range"], path.stat().st_size)
    headers = {**PRIVATE, "Content-Encoding": "identity"}
    return _WatchedFile(path, media_type="video/mp4", headers=headers).watch(reader, session.id)


class _WatchedFile(FileResponse):
    """A file that breaks off when whoever gets it may not have it any more."""

    def watch(self, reader: Caller, session_id: str) -> Self:
        self._reader, self._session_id = reader, session_id
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        store, version = self._reader.store, -1

        async def send_allowed(message: Message) -> None:
            nonlocal version
            now = store.rights_version
            if now != version:
                await run_in_threadpool(self._reader.make_sure, self._session_id)
                version = now
            await send(message)

        await super().__call__(scope, receive, send_allowed)


def _check_range(header: str, size: int) -> None:
    match = _RANGES.fullmatch(header)
    parts = [part.strip().partition("-") for part in match[1].split(",")] if match else []
    is_readable = 0 < len(parts) <= _MOST_RANGES and all(
        len(first) < 19 and len(last) < 19 and (first or last) for first, _, last in parts
    )
    is_there = is_readable and all(
        int(first) < size and (not last or int(first) <= int(last)) if first else int(last) > 0
        for first, _, last in parts
    )
    if not is_there:
        raise ApiProblem(
            416,
            f"There is no such part of this video, which has {size:,} bytes; ask for some of these "
            "as 'Range: bytes=FIRST-LAST'.",
            InvalidFieldError,
            {"Content-Range": f"bytes */{size}"},
        )
