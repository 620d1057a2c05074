"""The messages of ``/ws/pose``: what is accepted, and how a pose is written.

A pose is ``{"type": "pose", "timestamp", "frame_number", "width", "height", "landmarks",
"world_landmarks"}``; a message without ``type`` but with ``landmarks`` is one, too. ``landmarks``
are 33 objects ``{"x", "y", "z", "visibility"}``, or null (or left out, where the type is given) in
a frame with nobody in it; a single landmark may be null. ``world_landmarks`` (metres) may be left
out. ``visibility`` and ``presence`` may be left out, else lie in 0 to 1. ``frame_number`` may be
left out: the frame then follows the last one.

A ``timestamp`` of :data:`EPOCH_FROM` or more is milliseconds since 1970, below it is seconds from
the sender's start: 1e11 ms is March 1973, and 1e11 s no recording lasts.
"""

import json
import math
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

import numpy as np
from numpy.typing import NDArray

from posecore.errors import InvalidMessageError
from posecore.sequence import PoseFrame
from posecore.topology import N_LANDMARKS

MAX_CHARACTERS: Final = 128 * 1024
"""Of one message; a pose with both kinds of landmarks has about 8,000."""
EPOCH_FROM: Final = 1e11
LATEST_EPOCH_MS: Final = 1e14
MAX_FRAME_NUMBER: Final = 2**31 - 1
MAX_SIDE_PX: Final = 16_384
MAX_COORDINATE: Final = 100.0
"""Picture widths and metres: no body is further away from the picture, or from its own hips."""

_DECIMALS: Final = 5


@dataclass(frozen=True, kw_only=True)
class PoseMessage:
    """A pose as it was sent.

    Attributes
    ----------
    frame : PoseFrame
        ``time_s`` in seconds, since 1970 where ``is_epoch``.
    frame_number : int or None
        None where the sender does not count.
    image_size : tuple of int
        (width, height) in pixels.
    """

    frame: PoseFrame
    is_epoch: bool
    frame_number: int | None
    image_size: tuple[int, int]


def read_message(text: str) -> dict[str, Any]:
    """Read one message, an object in JSON as the standard has it: no NaN, no infinity.

    Raises
    ------
    InvalidMessageError
    """
    if len(text) > MAX_CHARACTERS:
        raise InvalidMessageError(
            f"A message may have {MAX_CHARACTERS:,} characters and this one has {len(text):,}; "
            "send each frame in a message of its own.",
            code="message_too_large",
        )
    try:
        message = json.loads(text, parse_constant=_refuse_constant)
    except InvalidMessageError:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidMessageError(
            "This message cannot be read as JSON; send one object in each text message.",
            code="invalid_json",
        ) from error
    if not isinstance(message, dict):
        raise InvalidMessageError(
            'A message is an object such as {"type": "pose", ...}, not a list, text or number.',
            code="invalid_json",
        )
    return message


def _refuse_constant(constant: str) -> None:
    raise InvalidMessageError(
        f"{constant} is no number in JSON; send null for landmarks that were not seen.",
        code="invalid_json",
    )


def find_kind(message: dict[str, Any]) -> str:
    """Find what a message is by its ``type``; one without, but with landmarks, is a pose.

    Raises
    ------
    InvalidMessageError
        If it says nothing about it.
    """
    kind = message.get("type", "pose" if "landmarks" in message else None)
    if not isinstance(kind, str):
        raise InvalidMessageError(
            'A message needs a "type" such as "pose" or "start_recording".', code="unknown_type"
        )
    return kind


def read_pose(message: dict[str, Any]) -> PoseMessage:
    """Read a pose, checked against the data contract.

    Raises
    ------
    InvalidMessageError
        With one sentence that names the field and what it has to be.
    """
    time_s, is_epoch = _read_time(message.get("timestamp"))
    width, height = (_read_side(message, key) for key in ("width", "height"))
    image, visibility, presence = _read_landmarks(message.get("landmarks"), "landmarks")
    world, _, _ = _read_landmarks(message.get("world_landmarks"), "world_landmarks")
    return PoseMessage(
        frame=PoseFrame(
            time_s=time_s,
            image_landmarks=image,
            world_landmarks=world,
            visibility=visibility,
            presence=presence,
        ),
        is_epoch=is_epoch,
        frame_number=_read_number(message.get("frame_number")),
        image_size=(width, height),
    )


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether it is a finite number; true and false are none."""
    if type(value) is int:
        return abs(value) < 2**63
    return type(value) is float and math.isfinite(value)


def _read_time(value: Any) -> tuple[float, bool]:
    if not is_number(value) or not 0 <= value <= LATEST_EPOCH_MS:
        raise _invalid(
            "The timestamp of a pose is seconds from the start, or milliseconds since 1970."
        )
    is_epoch = value >= EPOCH_FROM
    return (value / 1000 if is_epoch else float(value)), is_epoch


def _read_side(message: dict[str, Any], key: str) -> int:
    value = message.get(key)
    if not is_number(value) or value != int(value) or not 1 <= value <= MAX_SIDE_PX:
        raise _invalid(
            f"The {key} of a pose is that of its picture, 1 to {MAX_SIDE_PX:,} whole pixels."
        )
    return int(value)


def _read_number(value: Any) -> int | None:
    if value is None:
        return None
    if not is_number(value) or value != int(value) or not 0 <= value <= MAX_FRAME_NUMBER:
        raise _invalid("The frame_number of a pose is a whole number from 0 that rises.")
    return int(value)


def _read_landmarks(
    marks: Any, key: str
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Places (33, 3), visibility (33,) and presence (33,); NaN where there is none."""
    if marks is None:
        marks = [None] * N_LANDMARKS
    if not isinstance(marks, list) or len(marks) != N_LANDMARKS:
        count = f"{len(marks):,}" if isinstance(marks, list) else "no list of them"
        raise _invalid(f"A pose has {N_LANDMARKS} {key}, or null with nobody in it; not {count}.")
    values: list[Any] = []
    for mark in marks:
        if isinstance(mark, dict):
            get = mark.get
            values += (get("x"), get("y"), get("z"), get("visibility"), get("presence"))
        elif mark is None:
            values += (None,) * 5
        else:
            raise _invalid(f"Each of the {key} is an object with x, y and z, or null.")
    rows = _to_rows(values, key)
    _check_rows(rows, [mark is not None for mark in marks], key)
    rows = rows.astype(np.float32)
    return rows[:, :3], rows[:, 3], rows[:, 4]


def _to_rows(values: list[Any], key: str) -> NDArray[np.floating]:
    if not set(map(type, values)) <= {int, float, type(None)}:
        raise _invalid(f"Each x, y, z and visibility of the {key} is a number.")
    try:
        rows = np.array(values, dtype=np.float64).reshape(N_LANDMARKS, 5)
    except OverflowError:
        rows = np.full((N_LANDMARKS, 5), np.inf)
    if np.isinf(rows).any() or (np.abs(rows[:, :3]) > MAX_COORDINATE).any():
        raise _invalid(
            f"x, y and z of the {key} lie within {MAX_COORDINATE:.0f} of 0: shares of the picture, "
            "or metres from the hips."
        )
    return rows


def _check_rows(rows: NDArray[np.floating], is_there: list[bool], key: str) -> None:
    if np.isnan(rows[is_there, :3]).any():
        raise _invalid(f"Each of the {key} has all three of x, y and z, or is null.")
    shares = rows[:, 3:]
    if (shares < 0).any() or (shares > 1).any():
        raise _invalid(f"The visibility of the {key} lies between 0 and 1.")


def _invalid(sentence: str) -> InvalidMessageError:
    return InvalidMessageError(sentence, code="invalid_pose")


def write_pose(frame: PoseFrame, frame_number: int, image_size: tuple[int, int]) -> str:
    """Write a pose as a message; with nobody in it, its landmarks are null."""
    width, height = image_size
    return json.dumps(
        {
            "type": "pose",
            "timestamp": round(frame.time_s, 6),
            "frame_number": frame_number,
            "width": width,
            "height": height,
            **describe_landmarks(frame),
        },
        separators=(",", ":"),
        allow_nan=False,
    )


def describe_landmarks(frame: PoseFrame) -> dict[str, Any]:
    """Landmarks in the shape of messages: 33 objects each, null where nothing was seen."""
    return {
        "landmarks": _to_marks(frame.image_landmarks, frame.visibility, frame.presence),
        "world_landmarks": _to_marks(frame.world_landmarks, None, None),
    }


def _to_marks(
    places: NDArray[np.float32],
    visibility: NDArray[np.float32] | None,
    presence: NDArray[np.float32] | None,
) -> list[dict[str, float] | None] | None:
    is_seen = np.isfinite(places).all(axis=1).reshape(N_LANDMARKS)
    if not is_seen.any():
        return None
    columns = {"x": places[:, 0], "y": places[:, 1], "z": places[:, 2]}
    for key, shares in (("visibility", visibility), ("presence", presence)):
        if shares is not None and not np.isnan(shares[is_seen]).any():
            columns[key] = shares
    # Rounded as float64, or the text would have the many digits of the nearest float32.
    rows = np.stack(list(columns.values()), axis=1).astype(np.float64).round(_DECIMALS).tolist()
    return [
        dict(zip(columns, row, strict=True)) if seen else None
        for row, seen in zip(rows, list(is_seen), strict=True)
    ]
