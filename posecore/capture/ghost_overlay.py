"""Draws the ghost: a body one can see through, its limbs coloured by how far one is off."""

import math
from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from posecore.capture.canvas import SUBPIXEL_BITS, Canvas, Colour, Points
from posecore.capture.ghost_words import Level
from posecore.topology import MIRROR, Landmark

GOOD_RGB: Final = (0, 158, 115)
WARN_RGB: Final = (230, 159, 0)
BAD_RGB: Final = (215, 38, 61)
LEVEL_RGB: Final[dict[Level, Colour]] = {"good": GOOD_RGB, "warn": WARN_RGB, "bad": BAD_RGB}
_BODY_RGB: Final = (226, 230, 236)
_EDGE_RGB: Final = (16, 20, 27)
_OPACITY: Final = 0.62
_WIDTH_OF_TRUNK: Final = 0.13
_HEAD_OF_TRUNK: Final = 0.2
# Length of a dash and of the gap behind it, in widths of the limb, and how much wider the limb is.
_DASHES: Final[dict[Level, tuple[float, float, float]]] = {
    "good": (0.0, 0.0, 1.0),
    "warn": (1.6, 1.6, 1.15),
    "bad": (0.05, 1.7, 1.5),
}
_L = Landmark
_LEFT_LIMBS: Final = {
    "left_shoulder_elevation": ((_L.LEFT_SHOULDER, _L.LEFT_ELBOW),),
    "left_elbow_flexion": ((_L.LEFT_ELBOW, _L.LEFT_WRIST),),
    "left_hip_flexion": ((_L.LEFT_HIP, _L.LEFT_KNEE),),
    "left_knee_flexion": ((_L.LEFT_KNEE, _L.LEFT_ANKLE),),
}
LIMBS: Final = _LEFT_LIMBS | {
    name.replace("left", "right"): tuple((MIRROR[a], MIRROR[b]) for a, b in pairs)
    for name, pairs in _LEFT_LIMBS.items()
}
"""The limb that each angle moves."""
_TRUNK: Final = [_L.LEFT_SHOULDER, _L.RIGHT_SHOULDER, _L.RIGHT_HIP, _L.LEFT_HIP]
_LEFT_ENDS: Final = (
    (_L.LEFT_KNEE, _L.LEFT_ANKLE, _L.LEFT_FOOT_INDEX),
    (_L.LEFT_ELBOW, _L.LEFT_WRIST, _L.LEFT_INDEX),
)
_ENDS: Final = (*_LEFT_ENDS, *(tuple(MIRROR[each] for each in end) for end in _LEFT_ENDS))
"""Feet and hands, each behind the joint before it, without which it would float."""
_EARS: Final = [_L.LEFT_EAR, _L.RIGHT_EAR]


def draw_ghost(
    canvas: Canvas,
    xy: NDArray[np.floating],
    is_seen: NDArray[np.bool_],
    levels: Mapping[str, Level],
) -> None:
    """Draw a ghost.

    Parameters
    ----------
    canvas : Canvas
    xy : ndarray, shape (33, 2)
        Where its landmarks are, normalised to the live picture, not mirrored.
    is_seen : ndarray of bool, shape (33,)
        Those that are False are left out.
    levels : mapping of str to {"good", "warn", "bad"}
        How far off the angles of :data:`LIMBS` are; a limb without one is grey. Good is solid,
        warn dashed, bad a wider row of dots: told apart without colour too.
    """
    points = canvas.to_points(xy)
    width = _find_width(points, is_seen, canvas.height)
    window = _find_window(points[is_seen], canvas, 3 * width)
    if window is None:
        return
    rows, columns = window
    layer = canvas.picture[rows, columns].copy()
    points = points - np.array([columns.start, rows.start], dtype=np.int32) * (1 << SUBPIXEL_BITS)
    _draw_body(layer, points, is_seen, width)
    for name, pairs in LIMBS.items():
        level = levels.get(name)
        for a, b in pairs:
            if is_seen[a] and is_seen[b]:
                _draw_limb(layer, points[[a, b]], level, width)
    seen_through = canvas.picture[rows, columns]
    cv2.addWeighted(layer, _OPACITY, seen_through, 1 - _OPACITY, 0.0, dst=seen_through)


def _find_width(points: Points, is_seen: NDArray[np.bool_], height: int) -> int:
    """Width of a limb in pixels, fit for the body's size."""
    usual = height // 40
    if is_seen[_TRUNK].all():
        usual = round(_WIDTH_OF_TRUNK * _measure_trunk(points) / (1 << SUBPIXEL_BITS))
    return min(max(usual, 4), height // 20)


def _measure_trunk(points: Points) -> float:
    a, b, c, d = points[_TRUNK]
    x, y = a + b - c - d
    return math.hypot(x, y) / 2


def _find_window(points: Points, canvas: Canvas, margin: int) -> tuple[slice, slice] | None:
    """Rows and columns of the picture that the ghost covers; None where it covers none."""
    if not len(points):
        return None
    low, high = points.min(axis=0) >> SUBPIXEL_BITS, points.max(axis=0) >> SUBPIXEL_BITS
    left, top = (max(0, int(value) - margin) for value in low)
    right = min(canvas.width, int(high[0]) + margin)
    bottom = min(canvas.height, int(high[1]) + margin)
    return (slice(top, bottom), slice(left, right)) if top < bottom and left < right else None


def _draw_body(
    layer: NDArray[np.uint8], points: Points, is_seen: NDArray[np.bool_], width: int
) -> None:
    """Trunk, head, hands and feet, which no angle colours."""
    if is_seen[_TRUNK].all():
        trunk = [points[_TRUNK]]
        cv2.fillPoly(layer, trunk, _BODY_RGB, cv2.LINE_AA, SUBPIXEL_BITS)
        cv2.polylines(layer, trunk, True, _EDGE_RGB, width + 2, cv2.LINE_AA, SUBPIXEL_BITS)
        cv2.polylines(layer, trunk, True, _BODY_RGB, width, cv2.LINE_AA, SUBPIXEL_BITS)
        if is_seen[_EARS].all() and is_seen[_L.NOSE]:
            _draw_head(layer, points, width)
    for end in _ENDS:
        if is_seen[list(end)].all():
            lines = [points[list(end[1:])]]
            _draw_lines(layer, lines, _EDGE_RGB, width)
            _draw_lines(layer, lines, _BODY_RGB, width - 2)


def _draw_head(layer: NDArray[np.uint8], points: Points, width: int) -> None:
    centre = points[[*_EARS, _L.NOSE]].mean(axis=0)
    x, y = (int(value) for value in np.rint(centre))
    radius = int(max(_HEAD_OF_TRUNK * _measure_trunk(points), width << SUBPIXEL_BITS))
    for colour, thickness in ((_EDGE_RGB, width), (_BODY_RGB, width - 2)):
        cv2.circle(layer, (x, y), radius, colour, thickness, cv2.LINE_AA, SUBPIXEL_BITS)


def _draw_limb(layer: NDArray[np.uint8], line: Points, level: Level | None, width: int) -> None:
    if level is None:
        _draw_lines(layer, [line], _EDGE_RGB, width + 2)
        _draw_lines(layer, [line], _BODY_RGB, width)
        return
    dash, gap, wider = _DASHES[level]
    width = round(wider * width)
    _draw_lines(layer, [line], _EDGE_RGB, width + 2)
    _draw_lines(layer, _dash(line, dash * width, gap * width), LEVEL_RGB[level], width)


def _dash(line: Points, dash: float, gap: float) -> list[Points]:
    """Pieces of a line, in pixels; the whole line where there are no gaps."""
    apart = (line[1] - line[0]).astype(np.float64)
    length = float(np.hypot(*apart)) / (1 << SUBPIXEL_BITS)
    if gap <= 0 or length <= dash + gap:
        return [line]
    starts = np.arange(0.0, length, dash + gap)
    ends = np.minimum(starts + dash, length)
    shares = np.stack([starts, ends], axis=1) / length
    pieces = np.rint(line[0] + shares[..., np.newaxis] * apart).astype(np.int32)
    return list(pieces)


def _draw_lines(
    layer: NDArray[np.uint8], lines: list[Points], colour: Colour, thickness: int
) -> None:
    cv2.polylines(layer, lines, False, colour, thickness, cv2.LINE_AA, SUBPIXEL_BITS)
