"""Frames of a session: taken away in any format, added by clients that record themselves."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Final

import pyarrow as pa
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from posecore.api.caching import PRIVATE, answer_unchanged, if_match, make_tag
from posecore.api.callers import Caller, Reader, Writer
from posecore.api.formats import MEDIA_TYPES, Format, choose_format, stream_tables
from posecore.api.limits import read_chunks
from posecore.api.models import LARGEST_COUNT, LONGEST_S, AddedFrames
from posecore.api.new_frames import JSON_TYPE, NewFrames, check_contract, read_json_frames
from posecore.api.problems import ApiProblem
from posecore.api.sessions import check_not_importing
from posecore.errors import InvalidFieldError
from posecore.export import safe_file_name, to_landmarks_table
from posecore.frame_arrow import LIST_SIZES, SCHEMA, describe_recording, from_arrow, read_stream
from posecore.frame_arrow import to_arrow as to_frames
from posecore.processing import find_version, load_processed
from posecore.sequence import PoseSequence
from posecore.settings import Processing
from posecore.storage.session import Session
from posecore.storage.session_query import FrameRange
from posecore.table_columns import AXES

router = APIRouter(prefix="/v1/sessions/{session_id}/frames", tags=["frames"])

_CLOCK: Final = ("frame_number", "time_s")
_READ_AT_ONCE: Final = 16_384
# Small pieces of text begin to arrive at once; large ones of bytes are quicker in all.
_PIECES: Final[dict[Format, int]] = {
    "json": 512,
    "jsonl": 512,
    "csv": 512,
    "parquet": _READ_AT_ONCE,
    "arrow": _READ_AT_ONCE,
}


class _Wanted(BaseModel):
    """Which frames, what of them, and how they are written."""

    model_config = ConfigDict(extra="forbid")

    format: Format | None = Field(default=None, description="Goes before the header Accept.")
    processing: Processing = "recorded"
    fields: str = Field(
        default="",
        max_length=200,
        pattern=f"^$|^({'|'.join(LIST_SIZES)})(,({'|'.join(LIST_SIZES)}))*$",
        description=f"Of {', '.join(LIST_SIZES)}, joined by commas; all when left out.",
        examples=["world_landmarks,visibility"],
    )
    from_frame: int | None = Field(default=None, ge=0, le=LARGEST_COUNT)
    to_frame: int | None = Field(default=None, ge=0, le=LARGEST_COUNT, description="Included.")
    from_s: float | None = Field(
        default=None, ge=-LONGEST_S, le=LONGEST_S, description="On the clock of `time_s`."
    )
    to_s: float | None = Field(default=None, ge=-LONGEST_S, le=LONGEST_S, description="Included.")
    every: int = Field(
        default=1, ge=1, le=LARGEST_COUNT, description="Frames whose number is a multiple of it."
    )
    limit: int | None = Field(default=None, ge=1, le=LARGEST_COUNT, description="The first ones.")

    def find_range(self) -> FrameRange:
        names = ("from_frame", "to_frame", "from_s", "to_s", "every", "limit")
        return FrameRange(**{name: getattr(self, name) for name in names})

    def list_fields(self) -> tuple[str, ...]:
        named = self.fields.split(",") if self.fields else list(LIST_SIZES)
        return tuple(name for name in LIST_SIZES if name in named)


@router.get(
    "",
    response_class=Response,
    responses={200: {"content": {media_type: {} for media_type in MEDIA_TYPES.values()}}},
)
def get_frames(
    session_id: str, wanted: Annotated[_Wanted, Query()], reader: Reader, request: Request
) -> Response:
    """Read frames: JSON (an array, or a line each), CSV, Parquet or Arrow.

    JSON and Arrow have a list for each of `image_landmarks` and `world_landmarks` (33 times x, y,
    z), `visibility` and `presence`, null in a frame with nobody in it; CSV and Parquet a column for
    each number, as the downloads of the dashboard.
    """
    session = reader.store.get_session(session_id)
    table_format = choose_format(request, wanted.format)
    tag = _tag_frames(session, wanted, table_format)
    if unchanged := answer_unchanged(request, tag):
        return unchanged
    reader.store.audit.note("downloaded", session.id, "frames")
    pieces = (
        piece
        for table in _find_tables(reader, session, wanted)
        for piece in _cut(table, _PIECES[table_format])
    )
    tables = reader.while_allowed(session.id, pieces)
    if table_format in ("csv", "parquet"):
        tables = (_widen(table, session, wanted.list_fields()) for table in tables)
    else:
        columns = [*_CLOCK, *wanted.list_fields()]
        tables = (table.select(columns) for table in tables)
    stem = safe_file_name(session.name, session.id, "frames")
    return stream_tables(tables, table_format, tag=tag, file_stem=stem)


def _tag_frames(session: Session, wanted: _Wanted, table_format: Format) -> str:
    variant = (find_version(), table_format, wanted.model_dump(exclude={"format"}))
    return make_tag("frames", session.id, session.frame_count, variant=variant)


def _cut(table: pa.Table, n_at_once: int) -> Iterator[pa.Table]:
    starts = range(0, max(1, table.num_rows), n_at_once)
    return (table.slice(start, n_at_once) for start in starts)


def _find_tables(caller: Caller, session: Session, wanted: _Wanted) -> Iterator[pa.Table]:
    """Frames, some at a time, with the four lists; one table without rows where there are none."""
    frame_range = wanted.find_range()
    if wanted.processing == "recorded":
        queries = caller.store.queries
        numbers = queries.find_frames(session.id, frame_range)
        metadata = describe_recording(_size_of(session))
        pieces = queries.read_frames(
            session.id, numbers, every=frame_range.every, n_at_once=_READ_AT_ONCE
        )
        n_frames = len(numbers)
    else:
        caller.rates.count("computations", caller.identity.owner)
        with caller.rates.computing():
            sequence = load_processed(caller.store, session.id, wanted.processing)
        places = frame_range.cut(sequence)
        metadata = describe_recording(sequence.image_size, sequence.steps)
        n_frames = len(places)
        starts = range(0, n_frames, _READ_AT_ONCE)
        pieces = (
            to_frames(_take(sequence, places[start : start + _READ_AT_ONCE])) for start in starts
        )
    schema = SCHEMA.with_metadata(metadata)
    if not n_frames:
        return iter([schema.empty_table()])
    return (piece.cast(SCHEMA).replace_schema_metadata(metadata) for piece in pieces)


def _take(sequence: PoseSequence, places: Any) -> PoseSequence:
    names = (*_CLOCK, *LIST_SIZES)
    return replace(sequence, **{name: getattr(sequence, name)[places] for name in names})


def _size_of(session: Session) -> tuple[int, int]:
    return session.image_width or 1, session.image_height or 1


def _widen(table: pa.Table, session: Session, names: tuple[str, ...]) -> pa.Table:
    """Make the table that the dashboard's downloads are: a column for each number."""
    wide = to_landmarks_table(from_arrow(table, image_size=_size_of(session)))
    if len(names) < len(LIST_SIZES):
        left_out = set(LIST_SIZES) - set(names)
        endings = tuple(f"_{ending}" for name in left_out for ending in AXES.get(name, (name,)))
        wide = wide.select([name for name in wide.column_names if not name.endswith(endings)])
    return wide.replace_schema_metadata(table.schema.metadata)


async def _read_body(request: Request) -> bytes:
    return b"".join([chunk async for chunk in read_chunks(request)])


@router.post(
    "",
    response_model=AddedFrames,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                JSON_TYPE: {"schema": {"$ref": "#/components/schemas/NewFrames"}},
                MEDIA_TYPES["arrow"]: {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
)
def append_frames(
    session_id: str,
    writer: Writer,  # before the body: a stranger's is never read
    body: Annotated[bytes, Depends(_read_body)],
    request: Request,
    response: Response,
    dropped_count: Annotated[
        int | None, Query(ge=0, le=LARGEST_COUNT, description="Frames lost so far.")
    ] = None,
) -> AddedFrames:
    """Add frames to a session that is not finished: all of them, or none.

    They follow those stored, in number and in time. On the disk when this is answered.
    """
    store = writer.store
    session = store.get_session(session_id)
    if session.status not in ("recording", "processing"):
        raise ApiProblem(
            409,
            "This session is finished, so no frames can be added; begin a new one.",
            InvalidFieldError,
        )
    check_not_importing(writer, session)
    sequence = _read_frames(request, body, writer, session)
    check_contract(sequence, session, most_frames=writer.limits.frames_at_once)

    def find_tag() -> str:
        return make_tag("frames", session.id, store.get_session(session.id).frame_count)

    with if_match(request, find_tag):
        try:
            store.append_frames(session.id, sequence, dropped_count=dropped_count)
        except InvalidFieldError as error:
            raise ApiProblem(409, str(error), InvalidFieldError) from error
    after = store.get_session(session.id)
    tag = make_tag("frames", session.id, after.frame_count)
    response.headers.update({"ETag": tag, **PRIVATE})
    return AddedFrames(session_id=session.id, added=len(sequence), frame_count=after.frame_count)


def _read_frames(request: Request, body: bytes, writer: Caller, session: Session) -> PoseSequence:
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type == MEDIA_TYPES["arrow"]:
        return read_stream(body)
    if content_type == JSON_TYPE:
        last = writer.store.queries.find_last_frame(session.id)
        return read_json_frames(body, first_number=0 if last is None else last + 1, session=session)
    raise ApiProblem(
        415,
        f"Frames are taken as {JSON_TYPE} or {MEDIA_TYPES['arrow']}, not as "
        f"{content_type[:60] or 'nothing'}; say which with Content-Type.",
    )


FRAME_MODELS: Final[tuple[type[BaseModel], ...]] = (NewFrames,)
"""Models that only the OpenAPI page names."""
