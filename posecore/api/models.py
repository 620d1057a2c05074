"""What goes in and comes out of REST as JSON, with its limits; a number that is missing is null."""

import math
import re
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)

from posecore.goals import Kind, SessionGoal
from posecore.import_queue import ImportJob
from posecore.storage.note import NOTE_LIMIT, Note
from posecore.storage.session import MAX_TAGS, TAG_LIMIT, TEXT_LIMITS, Session

LARGEST_COUNT: Final = 2_000_000_000
LONGEST_S: Final = 1e9
_REASON_LIMIT: Final = 1000
# Neither of nothing but blanks nor with a NUL, which no database keeps.
_ANY_TEXT: Final = r"^[^\u0000]*$"
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)", re.ASCII)
_SOME_TEXT: Final = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"

Source = Literal["live", "video", "stream", "sample", "file"]
Status = Literal["recording", "processing", "completed", "failed"]


def _omit_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def _text(limit: int, pattern: str = _ANY_TEXT, about: str = "") -> Any:
    return Field(
        default="",
        max_length=limit,
        pattern=pattern,
        description=about or None,
        json_schema_extra=_omit_default,
    )


def _check_words(tags: list[str]) -> list[str]:
    if any("\0" in tag for tag in tags):
        raise ValueError("a tag holds a character that is no text")
    return tags


Tag = Annotated[str, Field(max_length=TAG_LIMIT, pattern=_ANY_TEXT)]
Tags = Annotated[
    list[Tag],
    Field(default_factory=list, max_length=MAX_TAGS, description="Words to find it by."),
    AfterValidator(_check_words),
]


def _check_date(value: Any) -> Any:
    # A bare number would be taken for seconds since 1970.
    if not isinstance(value, str) or not _DATE.match(value):
        raise ValueError("a moment reads like 2026-11-26 or 2026-11-26T12:30:00Z")
    return value


When = Annotated[
    datetime,
    BeforeValidator(_check_date),
    WithJsonSchema(
        {"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]},
        mode="validation",
    ),
]
Name = Annotated[str, Field(min_length=1, max_length=TEXT_LIMITS["name"], pattern=_SOME_TEXT)]
Moment = Annotated[float, Field(ge=0, le=LONGEST_S, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]


class _Input(BaseModel):
    """What comes in is named exactly; what is not known is refused rather than forgotten."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NewSession(_Input):
    """A session that begins; frames are added to it until it is finished."""

    name: Name
    source: Source = Field(default="stream", description="Where its frames come from.")
    athlete: str = _text(TEXT_LIMITS["athlete"], about="Who moves.")
    tags: Tags
    description: str = _text(TEXT_LIMITS["description"])
    model: str = _text(100, about="The pose model's name.")
    status: Literal["recording", "processing"] | None = Field(
        default=None, description="`recording` for live and stream, else `processing`."
    )


class SessionChanges(_Input):
    """What of a session is to be changed; what is left out stays."""

    name: str = Field(
        default="",
        min_length=1,
        max_length=TEXT_LIMITS["name"],
        pattern=_SOME_TEXT,
        json_schema_extra=_omit_default,
    )
    athlete: str = _text(TEXT_LIMITS["athlete"])
    tags: Tags
    description: str = _text(TEXT_LIMITS["description"])


class Ending(_Input):
    """How a session ended."""

    dropped_count: Count = Field(default=0, description="Frames lost before they were sent.")
    reason: str = _text(_REASON_LIMIT, about="What the session lacks, in sentences.")


class SessionFacts(BaseModel):
    """Facts of one continuous recording."""

    id: str
    name: str
    description: str
    owner: str
    athlete: str
    tags: list[str]
    source: Source
    status: Status
    status_reason: str = Field(description="Why it failed, or what it lacks; empty otherwise.")
    created_at: datetime = Field(description="UTC.")
    duration_s: float
    frame_count: int
    detected_count: int = Field(description="Frames with somebody in them.")
    dropped_count: int = Field(description="Frames lost before they could be analysed.")
    fps: float | None = Field(description="null for fewer than two frames.")
    image_width: int | None
    image_height: int | None
    model: str
    video_path: str | None = Field(description="null where no video was kept.")
    recovered: bool = Field(description="Cut off, and finished at the next start.")

    @classmethod
    def of(cls, session: Session) -> Self:
        """Build it from a session."""
        facts = asdict(session)
        return cls(**facts | {"fps": None if math.isnan(session.fps) else session.fps})


class SessionList(BaseModel):
    """Some of the sessions that were found, newest first."""

    sessions: list[SessionFacts]
    total: int = Field(description="How many were found in all.")
    next_cursor: str | None = Field(description="`cursor` of the next page; null on the last.")


class TrackFacts(BaseModel):
    """A session as one of several that were filmed at once."""

    session_id: str
    offset_s: float = Field(description="Added to its times, they are on the recording's clock.")
    offset_error_s: float = Field(description="How far that may be off, two standard deviations.")
    how: Literal["reference", "clocks", "movement"]
    drift: float = Field(description="Added besides for each second of it; 0 if unknown.")


class TrackList(BaseModel):
    """The tracks of a recording, by when they begin; none of a session that is alone."""

    recording_id: str | None
    tracks: list[TrackFacts]


class AddedFrames(BaseModel):
    """What is stored after frames were added."""

    session_id: str
    added: int
    frame_count: int


class NewNote(_Input):
    """Words at a moment of a session, or over a stretch of it."""

    start_s: Moment = Field(description="Seconds since the session's first frame.")
    end_s: Moment | None = Field(default=None, description="null for a moment.")
    text: str = Field(min_length=1, max_length=NOTE_LIMIT, pattern=_SOME_TEXT)
    tag: str = _text(TAG_LIMIT)


class NoteChanges(_Input):
    """What of a note is to be changed; what is left out stays."""

    start_s: Moment = Field(default=0.0, json_schema_extra=_omit_default)
    end_s: Moment | None = Field(default=None, description="null makes it a moment.")
    text: str = Field(
        default="",
        min_length=1,
        max_length=NOTE_LIMIT,
        pattern=_SOME_TEXT,
        json_schema_extra=_omit_default,
    )
    tag: str = _text(TAG_LIMIT)


class NoteFacts(BaseModel):
    """A note."""

    id: str
    session_id: str
    start_s: float
    end_s: float | None
    text: str
    tag: str
    created_at: datetime
    author: str = Field(description="Who wrote it, as the `owner` of a session; may be empty.")

    @classmethod
    def of(cls, note: Note) -> Self:
        """Build it from a note."""
        return cls(**asdict(note))


class NoteList(BaseModel):
    """Notes, in the order they start."""

    notes: list[NoteFacts]


class GoalReached(BaseModel):
    """What was reached of a goal."""

    n_repetitions: int = Field(description="How often the angle came into the zone and back.")
    in_zone_s: float = Field(description="Seconds in the zone.")
    seen_s: float = Field(description="Seconds in which the angle could be read at all.")
    best_deg: float | None = Field(description="The reading nearest to the goal.")


class GoalFacts(BaseModel):
    """A goal that a session was recorded with."""

    angle: str
    kind: Kind
    low_deg: float | None = Field(description="null where the zone is open below.")
    high_deg: float | None = Field(description="null where the zone is open above.")
    label: str = Field(description="In words: Right knee at least 90\N{DEGREE SIGN}.")
    result: GoalReached | None = Field(description="null while the session is being recorded.")

    @classmethod
    def of(cls, each: SessionGoal) -> Self:
        """Build it from a goal and what was reached."""
        result = None
        if each.result is not None:
            reached = asdict(each.result)
            result = GoalReached(**reached | {"best_deg": to_number(reached["best_deg"])})
        return cls(**each.goal.to_dict(), label=each.goal.label, result=result)


class GoalList(BaseModel):
    """Goals of a session, in the order they were set."""

    session_id: str
    goals: list[GoalFacts]


class MetricValue(BaseModel):
    """One number of a session."""

    name: str
    group: str
    label: str
    value: float | None
    unit: str
    reason: str = Field(description="Why there is no value; empty where there is one.")
    formula: str
    reference: str


class MetricList(BaseModel):
    """All numbers of a session."""

    session_id: str
    processing: str
    metrics: list[MetricValue]


class StepFacts(BaseModel):
    """What was done to a recording: one step, what it was told and what it found out."""

    name: str
    parameters: dict[str, str | int | float | bool | None]


class StepList(BaseModel):
    """What was done to a recording, in order; none as it was recorded."""

    session_id: str
    processing: str
    steps: list[StepFacts]


class Progress(BaseModel):
    """How far the analysis of a video is."""

    session_id: str
    status: Status
    status_reason: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"] | None = Field(
        description="null where no analysis is known, as after the dashboard was started again."
    )
    step: Literal["analysis", "video"] | None
    frames_done: int
    frames_total: int | None
    rate_fps: float | None
    remaining_s: float | None

    @classmethod
    def of(cls, session: Session, job: ImportJob | None) -> Self:
        """Build it from a session and what is known of its import."""
        progress = job.progress if job else None
        return cls(
            session_id=session.id,
            status=session.status,  # type: ignore[arg-type]
            status_reason=session.status_reason,
            state=job.state if job else None,
            step=progress.step if progress else None,
            frames_done=progress.frames_done if progress else session.frame_count,
            frames_total=progress.n_frames if progress else None,
            rate_fps=progress.rate_fps if progress else None,
            remaining_s=progress.remaining_s if progress else None,
        )


class AngleDifference(BaseModel):
    """How one angle differs, B minus A."""

    angle: str
    mean_difference_deg: float | None
    mean_absolute_difference_deg: float | None
    largest_difference_deg: float | None
    largest_at_s: float | None
    a_range_deg: float | None
    b_range_deg: float | None
    timing_offset_s: float | None
    outside_share: float | None
    is_outside: bool | None


class AlignmentFacts(BaseModel):
    """How the two were brought together."""

    method: str
    description: str
    offset_s: float
    stretch: float
    a_share: float
    b_share: float


class ComparisonFacts(BaseModel):
    """How recording B differs from recording A."""

    a: SessionFacts
    b: SessionFacts
    alignment: AlignmentFacts
    score: float = Field(description="Similarity from 0 to 100.")
    score_formula: str
    angles: list[AngleDifference]


class MomentFacts(BaseModel):
    """A moment in which the conditions hold."""

    session_id: str
    name: str
    athlete: str
    created_at: datetime
    start_s: float
    end_s: float
    duration_s: float


class MomentList(BaseModel):
    """Moments that were found, newest session first."""

    moments: list[MomentFacts]
    total: int
    unread_frames: int = Field(description="Frames not searched yet; `fill=true` reads them first.")


def to_number(value: Any) -> Any:
    """Turn a cell of a table into what JSON knows: missing is null."""
    return None if value is None or value != value else value
