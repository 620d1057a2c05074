"""Numbers of a session: its angles, its metrics, and what was done to its landmarks before."""

import math
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from posecore.angles import ANGLES
from posecore.api.caching import PRIVATE, answer_unchanged, make_tag
from posecore.api.callers import Caller, Computer
from posecore.api.formats import MEDIA_TYPES, Format, choose_format, stream_tables
from posecore.api.models import MetricList, MetricValue, StepFacts, StepList, to_number
from posecore.errors import InvalidOptionError
from posecore.export import safe_file_name, to_angles_table
from posecore.metric_table import METRICS
from posecore.processing import find_version, load_processed
from posecore.session_metrics import find_metrics_version, measure_session
from posecore.settings import Processing
from posecore.storage.session import Session

router = APIRouter(prefix="/v1/sessions/{session_id}", tags=["numbers"])

_ROWS_AT_ONCE: Final = 4096
_NAMED: Final = r"^$|^[a-z_]+(,[a-z_]+)*$"

ProcessingChoice = Annotated[
    Processing, Query(description="Landmarks as recorded, cleaned, or refined.")
]


class _Wanted(BaseModel):
    """Which angles, of which landmarks, and how they are written."""

    model_config = ConfigDict(extra="forbid")

    format: Format | None = Field(default=None, description="Goes before the header Accept.")
    processing: Processing = "recorded"
    names: str = Field(
        default="",
        max_length=2000,
        pattern=_NAMED,
        description="Angles, joined by commas; all when left out.",
        examples=["left_knee_flexion,right_knee_flexion"],
    )
    max_error_deg: float | None = Field(
        default=None, ge=0, le=360, description="Readings that may be further off are left out."
    )


@router.get(
    "/angles",
    response_class=Response,
    responses={200: {"content": {media_type: {} for media_type in MEDIA_TYPES.values()}}},
)
def get_angles(
    session_id: str, wanted: Annotated[_Wanted, Query()], computer: Computer, request: Request
) -> Response:
    """Read joint angles: a row a frame, degrees, each with how far it may be off where known."""
    session = computer.store.get_session(session_id)
    names = split_angles(wanted.names)
    table_format = choose_format(request, wanted.format)
    variant = (find_metrics_version(), table_format, wanted.model_dump(exclude={"format"}))
    tag = make_tag("angles", session.id, session.frame_count, variant=variant)
    if unchanged := answer_unchanged(request, tag):
        return unchanged
    computer.store.audit.note("downloaded", session.id, "angles")
    limit = math.inf if wanted.max_error_deg is None else wanted.max_error_deg
    with computer.rates.computing():
        sequence = load_processed(computer.store, session.id, wanted.processing)
        table = to_angles_table(sequence, names, max_error_deg=limit)
    starts = range(0, max(1, table.num_rows), _ROWS_AT_ONCE)
    pieces = (table.slice(start, _ROWS_AT_ONCE) for start in starts)
    return stream_tables(
        computer.while_allowed(session.id, pieces),
        table_format,
        tag=tag,
        file_stem=safe_file_name(session.name, session.id, "angles"),
    )


@router.get("/metrics", response_model=MetricList)
def get_metrics(
    session_id: str,
    computer: Computer,
    request: Request,
    response: Response,
    processing: ProcessingChoice = "recorded",
) -> Any:
    """Read all numbers of a session, and the reason where there is none."""
    session = computer.store.get_session(session_id)
    variant = (find_metrics_version(), processing)
    if unchanged := _answer_unchanged("metrics", session, variant, request, response):
        return unchanged
    with computer.rates.computing():
        table = measure_session(computer.store, session.id, processing)
    rows = [
        MetricValue(
            name=str(name),
            group=row["group"],
            label=row["label"],
            value=to_number(float(row["value"])),
            unit=row["unit"],
            reason=row["note"],
            formula=METRICS[str(name)].formula,
            reference=METRICS[str(name)].reference,
        )
        for name, row in table.iterrows()
    ]
    return MetricList(session_id=session.id, processing=processing, metrics=rows)


@router.get("/steps", response_model=StepList)
def get_steps(
    session_id: str,
    computer: Computer,
    request: Request,
    response: Response,
    processing: ProcessingChoice = "cleaned",
) -> Any:
    """Read what was done to the landmarks, in order, with what each step found out."""
    session = computer.store.get_session(session_id)
    variant = (find_version(), processing)
    if unchanged := _answer_unchanged("steps", session, variant, request, response):
        return unchanged
    steps = _load_steps(computer, session, processing)
    return StepList(session_id=session.id, processing=processing, steps=steps)


def split_angles(names: str) -> list[str] | None:
    """Read names of angles joined by commas; None for all.

    Raises
    ------
    InvalidOptionError
        If there is no such angle.
    """
    if not names:
        return None
    wanted = list(dict.fromkeys(names.split(",")))
    unknown = [name for name in wanted if name not in ANGLES]
    if unknown:
        raise InvalidOptionError(
            f"There is no angle {unknown[0][:60]!r}; take names such as left_knee_flexion, as the "
            "angles of a session list them."
        )
    return wanted


def _load_steps(computer: Caller, session: Session, processing: Processing) -> list[StepFacts]:
    with computer.rates.computing():
        sequence = load_processed(computer.store, session.id, processing)
    return [
        StepFacts(
            name=step.name, parameters={key: to_number(each) for key, each in step.parameters}
        )
        for step in sequence.steps
    ]


def _answer_unchanged(
    kind: str, session: Session, variant: tuple[str, ...], request: Request, response: Response
) -> Response | None:
    tag = make_tag(kind, session.id, session.frame_count, session.status, variant=variant)
    response.headers.update({"ETag": tag, **PRIVATE})
    return answer_unchanged(request, tag)
