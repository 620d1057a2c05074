"""Frames that a client sends: read as JSON, and held against the data contract."""

from typing import Annotated, Any, Final

import numpy as np
from fastapi.exceptions import RequestValidationError
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from posecore.api.models import LARGEST_COUNT, LONGEST_S
from posecore.errors import InvalidFieldError, InvalidSequenceError
from posecore.sequence import NO_PICTURE, PoseSequence
from posecore.storage.session import Session
from posecore.topology import N_LANDMARKS

JSON_TYPE: Final = "application/json"
_FARTHEST: Final = 1e6
_LARGEST_PX: Final = 100_000

_Coordinate = Annotated[float, Field(ge=-_FARTHEST, le=_FARTHEST, allow_inf_nan=False)]
_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_Place = Annotated[list[_Coordinate | None], Field(min_length=3, max_length=3)]
_Places = Annotated[list[_Place], Field(min_length=N_LANDMARKS, max_length=N_LANDMARKS)]
_Shares = Annotated[list[_Share | None], Field(min_length=N_LANDMARKS, max_length=N_LANDMARKS)]
_Pixels = Annotated[int, Field(ge=1, le=_LARGEST_PX)]


class NewFrame(BaseModel):
    """One timestamped pose; null where nobody is seen."""

    model_config = ConfigDict(extra="forbid")

    time_s: Annotated[float, Field(ge=-LONGEST_S, le=LONGEST_S, allow_inf_nan=False)] = Field(
        description="Seconds from the start, measured."
    )
    frame_number: Annotated[int, Field(ge=0, le=LARGEST_COUNT)] | None = Field(
        default=None, description="The next one when left out."
    )
    image_landmarks: _Places | None = Field(
        default=None, description="33 times x, y of the picture's width and height, z on x's scale."
    )
    world_landmarks: _Places | None = Field(
        default=None, description="33 times x right, y down, z away from the camera, in metres."
    )
    visibility: _Shares | None = None
    presence: _Shares | None = None


class NewFrames(BaseModel):
    """Frames to be added to a session."""

    model_config = ConfigDict(extra="forbid")

    image_size: Annotated[list[_Pixels], Field(min_length=2, max_length=2)] | None = Field(
        default=None,
        description="[width, height] of the picture in pixels; as before when left out.",
    )
    frames: Annotated[list[NewFrame], Field(min_length=1)]


def read_json_frames(body: bytes, *, first_number: int, session: Session) -> PoseSequence:
    """Read frames as JSON.

    Parameters
    ----------
    body : bytes
    first_number : int
        Of the first frame, where it has none.
    session : Session
        Says how large the picture is, where the body does not.

    Raises
    ------
    RequestValidationError, InvalidSequenceError
    """
    try:
        sent = NewFrames.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError(
            [{**each, "loc": ("body", *each["loc"])} for each in found]
        ) from error
    numbers: list[int] = []
    for frame in sent.frames:
        follows = numbers[-1] + 1 if numbers else first_number
        numbers.append(follows if frame.frame_number is None else frame.frame_number)
    size = tuple(sent.image_size or (session.image_width or 1, session.image_height or 1))
    return PoseSequence(
        time_s=np.array([frame.time_s for frame in sent.frames], dtype=np.float64),
        frame_number=np.array(numbers, dtype=np.int64),
        image_landmarks=_stack([frame.image_landmarks for frame in sent.frames], 3),
        world_landmarks=_stack([frame.world_landmarks for frame in sent.frames], 3),
        visibility=_stack([frame.visibility for frame in sent.frames]),
        presence=_stack([frame.presence for frame in sent.frames]),
        image_size=(size[0], size[1]),
    )


def _stack(rows: list[Any], *inner: int) -> NDArray[np.float32]:
    nobody = np.full((N_LANDMARKS, *inner), np.nan, dtype=np.float32)
    return np.stack([nobody if row is None else np.array(row, dtype=np.float32) for row in rows])


def check_contract(sequence: PoseSequence, session: Session, *, most_frames: int) -> None:
    """Make sure that frames may be stored: the limits beyond what a PoseSequence checks itself.

    Raises
    ------
    InvalidSequenceError, InvalidFieldError
    """
    if len(sequence) > most_frames:
        raise InvalidFieldError(
            f"At most {most_frames:,} frames are added at once, not {len(sequence):,}; send them "
            "in parts."
        )
    if not len(sequence):
        return
    if sequence.frame_number[-1] > LARGEST_COUNT:
        raise InvalidSequenceError(f"A frame_number must not be above {LARGEST_COUNT:,}.")
    if np.abs(sequence.time_s).max() > LONGEST_S:
        raise InvalidSequenceError(
            f"time_s must be seconds from the start, at most {LONGEST_S:g}, not a time of day."
        )
    for name in ("visibility", "presence"):
        values = getattr(sequence, name)
        if ((values < 0) | (values > 1)).any():
            raise InvalidSequenceError(f"{name} must be from 0 to 1; one is not.")
    for name in ("image_landmarks", "world_landmarks"):
        if (np.abs(getattr(sequence, name)) > _FARTHEST).any():
            raise InvalidSequenceError(f"{name} must not be beyond {_FARTHEST:,.0f}; one is.")
    _check_size(sequence, session)


def _check_size(sequence: PoseSequence, session: Session) -> None:
    size = sequence.image_size
    if max(size) > _LARGEST_PX:
        raise InvalidSequenceError(f"image_size must not be above {_LARGEST_PX:,} pixels.")
    if size == NO_PICTURE and not np.isnan(sequence.image_landmarks).all():
        raise InvalidSequenceError(
            "Landmarks of a picture need image_size, its [width, height] in pixels; send it."
        )
    before = (session.image_width, session.image_height)
    if session.frame_count and before != size:
        raise InvalidFieldError(
            f"The picture of this session is {before[0]} x {before[1]} pixels, not {size[0]} x "
            f"{size[1]}; begin a new session when the camera changes."
        )
