"""What a viewer of a live stream gets with each frame: 403 bytes, made once for all who watch.

``/ws/pose`` says the same in JSON with 8,000 characters, for programs; 30 of these a second are
12 kB/s, for any number of screens. Little-endian, with eight angles::

    offset  type           what
    0       uint8          version of this layout, 1
    1       uint8          1: somebody is seen; 2: a recording runs
    2       uint16         number of angles
    4       uint32         frame_number
    8       float64        captured_ms: when the frame came in, by the server's own clock, which
                           "pong" tells; never the time of day
    16      float32        recorded_s: seconds into the running recording
    20      uint16 x 2     width and height of the picture
    24      int16 x 33 x 3 world landmarks, whole millimetres, x right, y down, z away
    222     int16 x 33 x 2 image landmarks, x and y in steps of 1 / 8192 of the picture
    354     int16 x 8      angles, whole degrees, as the first message names them
    370     uint8 x 33     visibility, 0 to 255; 255 as well where nobody said how visible it is

NaN is -32768, in ``visibility`` 0. A place is off by 0.5 mm at the most, by 1/16384 of the picture,
and a visibility by 1/510; what lies further than 32.767 m from the hips, or four pictures from the
corner, is put that far.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posecore.errors import InvalidMessageError
from posecore.replay_block import (
    IMAGE_STEPS,
    MISSING,
    quantise,
    quantise_image,
    quantise_places,
    quantise_visibility,
)
from posecore.sequence import PoseFrame
from posecore.topology import N_LANDMARKS

VERSION: Final = 1
SEEN: Final = 1
RECORDING: Final = 2

_HEADER: Final = struct.Struct("<BBHIdfHH")
_N_PLACES: Final = N_LANDMARKS * 5
_MAX_SIDE: Final = 2**16 - 1


@dataclass(frozen=True, kw_only=True, eq=False)
class LivePose:
    """One frame as a viewer gets it.

    Attributes
    ----------
    frame_number : int
    captured_s : float
        When the frame came in, by the server's own clock.
    is_recording : bool
    recorded_s : float
        Seconds into the running recording; 0 outside of one.
    image_size : tuple of int
        (width, height) in pixels.
    world_landmarks : ndarray, shape (33, 3), metres
    image_landmarks : ndarray, shape (33, 2)
        Shares of the picture.
    visibility : ndarray, shape (33,)
    angles_deg : dict of str to int or None
        None where a landmark is hidden or missing.
    """

    frame_number: int
    captured_s: float
    is_recording: bool
    recorded_s: float
    image_size: tuple[int, int]
    world_landmarks: NDArray[np.float64]
    image_landmarks: NDArray[np.float64]
    visibility: NDArray[np.float64]
    angles_deg: dict[str, int | None]

    @property
    def is_seen(self) -> bool:
        """Whether anybody is in the picture."""
        return bool(np.isfinite(self.world_landmarks).all(axis=1).any())


def write_live_pose(
    frame: PoseFrame,
    *,
    frame_number: int,
    captured_s: float,
    image_size: tuple[int, int],
    angles_deg: Mapping[str, int | None],
    recorded_s: float | None = None,
) -> bytes:
    """Write a frame for those who watch.

    Parameters
    ----------
    frame : PoseFrame
    frame_number : int
    captured_s : float
        When it came in, by a clock that only rises.
    image_size : tuple of int
        (width, height) in pixels.
    angles_deg : mapping of str to int or None
        In the order in which the viewers were told their names.
    recorded_s : float, optional
        Seconds into the recording that runs; left out where none does.
    """
    is_seen = bool(np.isfinite(frame.world_landmarks).all(axis=1).any())
    flags = SEEN * is_seen + RECORDING * (recorded_s is not None)
    degrees = [np.nan if value is None else value for value in angles_deg.values()]
    width, height = (min(int(side), _MAX_SIDE) for side in image_size)
    head = _HEADER.pack(
        VERSION,
        flags,
        len(degrees),
        frame_number % 2**32,
        captured_s * 1e3,
        recorded_s or 0.0,
        width,
        height,
    )
    parts = (
        quantise_places(frame.world_landmarks),
        quantise_image(frame.image_landmarks),
        quantise(np.asarray(degrees, dtype=np.float64), 1.0),
        quantise_visibility(frame.visibility, frame.world_landmarks),
    )
    return head + b"".join(part.tobytes() for part in parts)


def read_live_pose(message: bytes, angle_names: Sequence[str]) -> LivePose:
    """Read what :func:`write_live_pose` wrote.

    Parameters
    ----------
    message : bytes
    angle_names : sequence of str
        As the stream's first message tells them.

    Raises
    ------
    InvalidMessageError
        If it is of another version, or cut off.
    """
    expected = _HEADER.size + 2 * (_N_PLACES + len(angle_names)) + N_LANDMARKS
    if len(message) != expected or message[0] != VERSION:
        raise InvalidMessageError(
            f"A frame for viewers has {expected} bytes and begins with {VERSION}; this one has "
            f"{len(message)}. Both ends need the same version of posecore.",
            code="invalid_pose",
        )
    head = _HEADER.unpack_from(message)
    steps = np.frombuffer(message, "<i2", _N_PLACES + len(angle_names), _HEADER.size)
    values = np.where(steps == MISSING, np.nan, steps.astype(np.float64))
    n_world = 3 * N_LANDMARKS
    degrees = values[_N_PLACES:]
    return LivePose(
        frame_number=head[3],
        captured_s=head[4] / 1e3,
        is_recording=bool(head[1] & RECORDING),
        recorded_s=head[5],
        image_size=(head[6], head[7]),
        world_landmarks=values[:n_world].reshape(N_LANDMARKS, 3) / 1e3,
        image_landmarks=values[n_world:_N_PLACES].reshape(N_LANDMARKS, 2) / IMAGE_STEPS,
        visibility=np.frombuffer(message, "u1", N_LANDMARKS, expected - N_LANDMARKS) / 255,
        angles_deg={
            name: None if np.isnan(value) else int(value)
            for name, value in zip(angle_names, degrees, strict=True)
        },
    )
