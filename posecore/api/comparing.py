"""Two sessions side by side, and moments found by movement."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from posecore.alignment import (
    LIMIT_S,
    Alignment,
    align_by_clock,
    align_by_event,
    align_by_moment,
    align_by_repetition,
    align_by_start,
    align_by_warping,
)
from posecore.api.caching import PRIVATE, answer_unchanged, make_tag
from posecore.api.callers import Caller, Computer
from posecore.api.measures import split_angles
from posecore.api.models import (
    LONGEST_S,
    AlignmentFacts,
    AngleDifference,
    ComparisonFacts,
    MomentFacts,
    MomentList,
    SessionFacts,
    When,
    to_number,
)
from posecore.comparison import SCORE_FORMULA, Comparison, compare
from posecore.errors import ComparisonError
from posecore.placement import mirror
from posecore.processing import find_version, load_processed
from posecore.search import count_unread_frames, find_moments
from posecore.sequence import PoseSequence
from posecore.session_metrics import find_metrics_version
from posecore.settings import Processing
from posecore.storage.session_query import to_utc
from posecore.storage.track_store import Offset

router = APIRouter(prefix="/v1")


class _Compared(BaseModel):
    """Which two sessions, and how they are brought together."""

    model_config = ConfigDict(extra="forbid")

    a: str = Field(max_length=100, description="Id of session A.")
    b: str = Field(max_length=100, description="Id of session B.")
    by: Literal[
        "warp", "start", "first movement", "first repetition", "repetition", "moment", "clock"
    ] = Field(
        default="warp",
        description="What is brought together; `moment` with a_s and b_s, `clock` of two cameras "
        "that filmed at once.",
    )
    processing: Processing = "recorded"
    angles: str = Field(
        default="",
        max_length=2000,
        pattern=r"^$|^[a-z_]+(,[a-z_]+)*$",
        description="Joined by commas; elbows, shoulders, hips and knees when left out.",
    )
    limit_s: float = Field(
        default=LIMIT_S, gt=0, le=60, description="How far warping may bend time."
    )
    a_s: float = Field(default=0.0, ge=0, le=LONGEST_S, description="Since A's first frame.")
    b_s: float = Field(default=0.0, ge=0, le=LONGEST_S, description="Since B's first frame.")
    mirror: bool = Field(default=False, description="B as a mirror shows it.")
    same_size: bool = False
    on_ground: bool = False


class _Searched(BaseModel):
    """Which moments are looked for."""

    model_config = ConfigDict(extra="forbid")

    where: list[Annotated[str, Field(max_length=200)]] = Field(
        min_length=1,
        max_length=10,
        description="`left_elbow_flexion > 90`, `60 < trunk_lean < 90`; all hold at once.",
        examples=[["left_elbow_flexion > 90"]],
    )
    min_duration_s: float = Field(default=0.0, ge=0, le=LONGEST_S)
    athlete: str | None = Field(default=None, max_length=100)
    tag: str | None = Field(default=None, max_length=50)
    since: When | None = None
    until: When | None = None
    limit: int = Field(default=100, ge=1, le=100_000)
    fill: bool = Field(
        default=False,
        description="Read sessions first that were never searched; may take minutes.",
    )


@router.get("/comparison", response_model=ComparisonFacts, tags=["comparison"])
def get_comparison(
    wanted: Annotated[_Compared, Query()],
    computer: Computer,
    request: Request,
    response: Response,
) -> Any:
    """Compare two sessions: how each angle differs, and how alike they are."""
    names = split_angles(wanted.angles)
    a, b = (computer.store.get_session(each) for each in (wanted.a, wanted.b))
    offset = computer.store.tracks.find_offset(a.id, b.id)
    variant = (find_metrics_version(), find_version(), wanted.model_dump(), offset)
    tag = make_tag(a, b, variant=variant)
    if unchanged := answer_unchanged(request, tag):
        return unchanged
    for session in (a, b):
        computer.store.audit.note("opened", session.id, "comparison")
    with computer.rates.computing():
        found = _compare(computer, wanted, names, offset)
    response.headers.update({"ETag": tag, **PRIVATE})
    alignment = found.alignment
    return ComparisonFacts(
        a=SessionFacts.of(a),
        b=SessionFacts.of(b),
        alignment=AlignmentFacts(
            method=alignment.method,
            description=alignment.description,
            offset_s=alignment.offset_s,
            stretch=alignment.stretch,
            a_share=found.a_share,
            b_share=found.b_share,
        ),
        score=found.score,
        score_formula=SCORE_FORMULA,
        angles=_list_differences(found),
    )


def _compare(
    computer: Caller, wanted: _Compared, names: list[str] | None, offset: Offset | None
) -> Comparison:
    a, b = (
        load_processed(computer.store, each, wanted.processing) for each in (wanted.a, wanted.b)
    )
    return compare(
        a,
        b,
        alignment=_align(a, mirror(b) if wanted.mirror else b, wanted, names, offset),
        angles=names,
        mirror=wanted.mirror,
        same_size=wanted.same_size,
        on_ground=wanted.on_ground,
    )


def _align(
    a: PoseSequence,
    b: PoseSequence,
    wanted: _Compared,
    names: list[str] | None,
    offset: Offset | None,
) -> Alignment:
    match wanted.by:
        case "clock":
            if offset is None:
                raise ComparisonError(
                    "These two sessions have no common clock: they were not filmed at once. Bring "
                    "them together in another way."
                )
            return align_by_clock(
                a, b, offset_s=offset.offset_s, error_s=offset.error_s, drift=offset.drift
            )
        case "start":
            return align_by_start(a, b)
        case "moment":
            a_s, b_s = (
                clock_s + float(each.time_s[0]) if len(each) else clock_s
                for clock_s, each in ((wanted.a_s, a), (wanted.b_s, b))
            )
            return align_by_moment(a, b, a_s=a_s, b_s=b_s)
        case "first movement" | "first repetition":
            return align_by_event(a, b, wanted.by)
        case "repetition":
            return align_by_repetition(a, b)
    return align_by_warping(a, b, angles=names, limit_s=wanted.limit_s)


def _list_differences(found: Comparison) -> list[AngleDifference]:
    rows = found.table.astype(object).where(found.table.notna(), None)
    return [
        AngleDifference(angle=str(name), **{str(key): to_number(cell) for key, cell in row.items()})
        for name, row in rows.iterrows()
    ]


@router.get("/moments", response_model=MomentList, tags=["find"])
def get_moments(
    wanted: Annotated[_Searched, Query()], computer: Computer, response: Response
) -> MomentList:
    """Find the moments of all finished sessions in which conditions hold."""
    with computer.rates.computing():
        found = find_moments(
            computer.store,
            wanted.where,
            min_duration_s=wanted.min_duration_s,
            athlete=wanted.athlete,
            tag=wanted.tag,
            since=_with_zone(wanted.since),
            until=_with_zone(wanted.until),
            fill=wanted.fill,
        )
    response.headers.update(PRIVATE)
    rows = found.head(wanted.limit).to_dict("records")
    return MomentList(
        moments=[MomentFacts(**{str(key): cell for key, cell in row.items()}) for row in rows],
        total=len(found),
        unread_frames=count_unread_frames(computer.store),
    )


def _with_zone(moment: datetime | None) -> datetime | None:
    """Moment in UTC, which it is taken for where it has no zone."""
    plain = to_utc(moment)
    return None if plain is None else plain.replace(tzinfo=UTC)
