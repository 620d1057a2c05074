"""A small picture of a recording for cards and lists: a skeleton from the front, as SVG text."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posecore.figures.sides import SIDE_COLOURS
from posecore.sequence import PoseSequence
from posecore.topology import SEGMENTS_BY_SIDE, Landmark, Side

_EDGE: Final = 100.0
_MARGIN: Final = 10.0
_TELLING_RANK: Final = 0.95
_FACE: Final = tuple(landmark for landmark in Landmark if landmark < Landmark.LEFT_SHOULDER)
_BODY: Final[dict[Side, list[tuple[Landmark, Landmark]]]] = {
    side: [segment for segment in segments if not set(segment) & set(_FACE)]
    for side, segments in SEGMENTS_BY_SIDE.items()
}
_HEAD_RADIUS_M: Final = 0.11


def make_thumbnail_svg(sequence: PoseSequence) -> str:
    """Skeleton of the most telling frame, seen from the camera.

    Parameters
    ----------
    sequence : PoseSequence

    Returns
    -------
    str
        One ``<svg>`` element with a square ``viewBox``, numbers and fixed colours only: left blue
        and solid, right vermilion and dashed. Without a line in it when nobody was seen.
    """
    points_m = _choose_pose(sequence.world_landmarks)
    shapes = "" if points_m is None else "".join(_draw(points_m))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_EDGE:g} {_EDGE:g}" role="img" '
        'aria-label="Skeleton" fill="none" stroke-width="3" stroke-linecap="round">'
        f"{shapes}</svg>"
    )


def _choose_pose(world_landmarks: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """Front view of a frame in which the body is spread wide; shape (33, 2), metres."""
    front_m = world_landmarks[:, :, :2].astype(np.float64)
    n_seen = np.isfinite(front_m[:, :, 0]).sum(axis=1)
    if not n_seen.any():
        return None
    fullest = front_m[n_seen == n_seen.max()]
    spans_m = np.fmax.reduce(fullest, axis=1) - np.fmin.reduce(fullest, axis=1)
    # Not the very widest: that is where the estimator failed, if it ever did.
    rank = int(_TELLING_RANK * (len(fullest) - 1))
    chosen: NDArray[np.float64] = fullest[np.argsort(spans_m.prod(axis=1))[rank]]
    return chosen


def _draw(points_m: NDArray[np.float64]) -> Iterator[str]:
    head_m = points_m[list(_FACE)].mean(axis=0)
    drawn_m = np.vstack([points_m, head_m - _HEAD_RADIUS_M, head_m + _HEAD_RADIUS_M])
    lowest_m, highest_m = np.fmin.reduce(drawn_m), np.fmax.reduce(drawn_m)
    scale = (_EDGE - 2 * _MARGIN) / max(_HEAD_RADIUS_M, (highest_m - lowest_m).max())
    middle_m = (lowest_m + highest_m) / 2
    points = (points_m - middle_m) * scale + _EDGE / 2
    x, y = (head_m - middle_m) * scale + _EDGE / 2
    if np.isfinite([x, y]).all():
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_HEAD_RADIUS_M * scale:.1f}" '
            f'stroke="{SIDE_COLOURS["middle"]}"/>'
        )
    for side, segments in _BODY.items():
        path = "".join(
            f"M{points[a, 0]:.1f} {points[a, 1]:.1f}L{points[b, 0]:.1f} {points[b, 1]:.1f}"
            for a, b in segments
            if np.isfinite(points[[a, b]]).all()
        )
        dashes = ' stroke-dasharray="5 5"' if side == "right" else ""
        yield f'<path d="{path}" stroke="{SIDE_COLOURS[side]}"{dashes}/>'
