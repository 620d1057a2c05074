"""Draws on the live picture: the skeleton, the frame of a running recording, the countdown.

Only what the athlete sees is drawn on, and only that is mirrored; the data never is.
"""

from collections.abc import Callable, Iterable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from posecore.capture.canvas import SUBPIXEL_BITS, WHITE, Canvas, Points
from posecore.sequence import PoseFrame
from posecore.topology import SEGMENTS_BY_SIDE, Landmark, Side, side_of

COLOURS_RGB: Final[dict[Side, tuple[int, int, int]]] = {
    "left": (0, 114, 178),
    "right": (213, 94, 0),
    "middle": (138, 143, 152),
}
RECORDING_RGB: Final = (215, 38, 61)
MIN_VISIBILITY: Final = 0.3
"""Below this a landmark is not drawn."""
_HALO_RGB: Final = WHITE
Draw = Callable[[Canvas], None]
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
    below: Iterable[Draw] = (),
    above: Iterable[Draw] = (),
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
    below, above : iterable of callable
        What else is drawn, below and above the skeleton.

    Returns
    -------
    ndarray, shape (height, width, 3), uint8
    """
    picture = np.ascontiguousarray(cv2.flip(frame_rgb, 1) if mirror else frame_rgb, dtype=np.uint8)
    canvas = Canvas(picture, mirror=mirror)
    for draw in below:
        draw(canvas)
    if frame.is_detected:
        _draw_skeleton(canvas, frame)
    for draw in above:
        draw(canvas)
    if recording:
        thickness = max(4, canvas.height // 60)
        corner = (canvas.width - 1, canvas.height - 1)
        cv2.rectangle(picture, (0, 0), corner, RECORDING_RGB, 2 * thickness)
    if countdown_s > 0:
        _draw_number(picture, int(np.ceil(countdown_s)))
    return picture


def _draw_skeleton(canvas: Canvas, frame: PoseFrame) -> None:
    xy = frame.image_landmarks[:, :2]
    is_shown = (frame.visibility >= MIN_VISIBILITY) & np.isfinite(xy).all(axis=1)
    points = canvas.to_points(xy)
    segments = {
        side: [points[[a, b]] for a, b in pairs if is_shown[a] and is_shown[b]]
        for side, pairs in SEGMENTS_BY_SIDE.items()
    }
    every = [line for lines in segments.values() for line in lines]
    canvas.draw_lines(every, _HALO_RGB, canvas.thickness + 2)
    for side, lines in segments.items():
        canvas.draw_lines(lines, COLOURS_RGB[side], canvas.thickness)
    for landmark in _JOINTS:
        if is_shown[landmark]:
            _draw_joint(canvas, points[landmark], side_of(landmark))


def _draw_joint(canvas: Canvas, point: Points, side: Side) -> None:
    """Round on the left, square on the right: told apart without colour too."""
    x, y = (int(value) >> SUBPIXEL_BITS for value in point)
    radius, picture = canvas.thickness + 2, canvas.picture
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
