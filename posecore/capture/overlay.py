"""Draws on the live picture: the skeleton, the frame of a running recording, the countdown.

Only what the athlete sees is drawn on, and only that is mirrored; the data never is.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from posecore.sequence import PoseFrame
from posecore.topology import SEGMENTS_BY_SIDE, Landmark, Side, side_of

COLOURS_RGB: Final[dict[Side, tuple[int, int, int]]] = {
    "left": (0, 114, 178),
    "right": (213, 94, 0),
    "middle": (138, 143, 152),
}
RECORDING_RGB: Final = (215, 38, 61)
_HALO_RGB = (255, 255, 255)
_MIN_VISIBILITY = 0.3
_SUBPIXEL_BITS = 3
_JOINTS = [
    landmark
    for landmark in Landmark
    if landmark.name.endswith(("SHOULDER", "ELBOW", "WRIST", "HIP", "KNEE", "ANKLE"))
]


def draw_overlay(
    frame_rgb: NDArray[np.uint8],
    frame: PoseFrame,
    *,
    mirror: bool = False,
    recording: bool = False,
    countdown_s: float = 0.0,
) -> NDArray[np.uint8]:
    """Picture for the athlete.

    Parameters
    ----------
    frame_rgb : ndarray, shape (height, width, 3), uint8
        Drawn on in place unless mirrored.
    frame : PoseFrame
        As measured, not mirrored; landmarks that are NaN or hardly visible are left out.
    mirror : bool
        Turn the picture as a mirror does; left and right keep their colours.
    recording : bool
        Frame the picture in red.
    countdown_s : float
        Seconds to show in the middle, rounded up; none at 0.

    Returns
    -------
    ndarray, shape (height, width, 3), uint8
    """
    picture = np.ascontiguousarray(cv2.flip(frame_rgb, 1) if mirror else frame_rgb, dtype=np.uint8)
    if frame.is_detected:
        _draw_skeleton(picture, frame, mirror)
    if recording:
        height, width = picture.shape[:2]
        thickness = max(4, height // 60)
        cv2.rectangle(picture, (0, 0), (width - 1, height - 1), RECORDING_RGB, 2 * thickness)
    if countdown_s > 0:
        _draw_number(picture, int(np.ceil(countdown_s)))
    return picture


def _draw_skeleton(picture: NDArray[np.uint8], frame: PoseFrame, mirror: bool) -> None:
    height, width = picture.shape[:2]
    x = frame.image_landmarks[:, 0]
    xy = np.stack([1 - x if mirror else x, frame.image_landmarks[:, 1]], axis=1)
    is_shown = (frame.visibility >= _MIN_VISIBILITY) & np.isfinite(xy).all(axis=1)
    scaled = np.where(is_shown[:, None], xy * (width, height), 0).clip(-4 * width, 4 * width)
    points = np.rint(scaled * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    thickness = max(2, height // 150)
    segments = {
        side: [points[[a, b]] for a, b in pairs if is_shown[a] and is_shown[b]]
        for side, pairs in SEGMENTS_BY_SIDE.items()
    }
    every = [line for lines in segments.values() for line in lines]
    if every:
        _draw_lines(picture, every, _HALO_RGB, thickness + 2)
    for side, lines in segments.items():
        if lines:
            _draw_lines(picture, lines, COLOURS_RGB[side], thickness)
    for landmark in _JOINTS:
        if is_shown[landmark]:
            _draw_joint(picture, points[landmark], side_of(landmark), thickness)


def _draw_lines(
    picture: NDArray[np.uint8],
    lines: list[NDArray[np.int32]],
    colour: tuple[int, int, int],
    thickness: int,
) -> None:
    cv2.polylines(picture, lines, False, colour, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)


def _draw_joint(
    picture: NDArray[np.uint8], point: NDArray[np.int32], side: Side, thickness: int
) -> None:
    """Round on the left, square on the right: told apart without colour too."""
    x, y = (int(value) >> _SUBPIXEL_BITS for value in point)
    radius = thickness + 2
    if side == "left":
        cv2.circle(picture, (x, y), radius + 1, _HALO_RGB, cv2.FILLED, cv2.LINE_AA)
        cv2.circle(picture, (x, y), radius, COLOURS_RGB[side], cv2.FILLED, cv2.LINE_AA)
        return
    for size, colour in ((radius + 1, _HALO_RGB), (radius, COLOURS_RGB[side])):
        cv2.rectangle(picture, (x - size, y - size), (x + size, y + size), colour, cv2.FILLED)


def _draw_number(picture: NDArray[np.uint8], number: int) -> None:
    height, width = picture.shape[:2]
    font, scale, thickness = cv2.FONT_HERSHEY_SIMPLEX, height / 70, max(3, height // 50)
    (text_width, text_height), _ = cv2.getTextSize(str(number), font, scale, thickness)
    origin = ((width - text_width) // 2, (height + text_height) // 2)
    for colour, extra in (((0, 0, 0), thickness), (_HALO_RGB, 0)):
        cv2.putText(
            picture, str(number), origin, font, scale, colour, thickness + extra, cv2.LINE_AA
        )
