"""A 3D skeleton of one frame, for notebooks."""

from typing import Final, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from posecore.figures.sides import SIDE_COLOURS, SIDE_DASHES
from posecore.sequence import PoseSequence
from posecore.topology import LANDMARK_NAMES, SEGMENTS_BY_SIDE, Landmark, Side, side_of

_SMALLEST_REACH_M: Final = 1.0


class _SkeletonInfo(NamedTuple):
    """What the figure shows, in the scene's axes: x right, y away from the camera, z up."""

    title: str
    points_m: NDArray[np.float64]
    """Shape (33, 3)."""
    lines_m: dict[Side, NDArray[np.float64]]
    """Shape (3 * segments, 3): start, end and a row of NaN that lifts the pen."""
    reach_m: float
    """Half the edge of the cube that holds every frame of the recording."""


def make_skeleton_figure(sequence: PoseSequence, frame: int = 0) -> go.Figure:
    """3D figure of one frame, seen from the camera at first, to be turned by hand.

    Parameters
    ----------
    sequence : PoseSequence
    frame : int
        Position in the recording, from 0; negative ones count from the end.

    Returns
    -------
    plotly.graph_objects.Figure
        Left blue and solid, right vermilion and dashed; metres, origin mid-hip. All frames of a
        recording get the same axes. Empty, with a title that says so, when nobody is in the frame.

    Raises
    ------
    IndexError
        If the recording has no such frame.
    """
    return _get_skeleton_plot(_get_skeleton_info(sequence, frame))


def _get_skeleton_info(sequence: PoseSequence, frame: int) -> _SkeletonInfo:
    if not -len(sequence) <= frame < len(sequence):
        raise IndexError(f"There is no frame {frame}: this recording has {len(sequence)}.")
    scene_m = _to_scene(sequence.world_landmarks)
    points_m = scene_m[frame]
    pen_up = np.full(3, np.nan)
    reaches = np.abs(scene_m[np.isfinite(scene_m)])
    nobody = "" if sequence.is_detected[frame] else ", nobody in view"
    return _SkeletonInfo(
        title=f"Frame {sequence.frame_number[frame]}, {sequence.time_s[frame]:.2f} s{nobody}",
        points_m=points_m,
        lines_m={
            side: np.array([row for a, b in segments for row in (points_m[a], points_m[b], pen_up)])
            for side, segments in SEGMENTS_BY_SIDE.items()
        },
        reach_m=max(_SMALLEST_REACH_M, float(reaches.max(initial=0.0))),
    )


def _get_skeleton_plot(info: _SkeletonInfo) -> go.Figure:
    figure = go.Figure()
    for side, line in info.lines_m.items():
        figure.add_scatter3d(
            x=line[:, 0],
            y=line[:, 1],
            z=line[:, 2],
            mode="lines",
            name=side,
            line={"color": SIDE_COLOURS[side], "dash": SIDE_DASHES[side], "width": 6},
            hoverinfo="skip",
        )
    figure.add_scatter3d(
        x=info.points_m[:, 0],
        y=info.points_m[:, 1],
        z=info.points_m[:, 2],
        mode="markers",
        name="landmarks",
        text=[name.replace("_", " ") for name in LANDMARK_NAMES],
        marker={"color": [SIDE_COLOURS[side_of(landmark)] for landmark in Landmark], "size": 3},
        hovertemplate="%{text}<br>x %{x:.2f} m<br>depth %{y:.2f} m<br>up %{z:.2f} m<extra></extra>",
        showlegend=False,
    )
    axis = {"range": [-info.reach_m, info.reach_m], "ticksuffix": " m"}
    return figure.update_layout(
        title=info.title,
        margin={"l": 0, "r": 0, "b": 0, "t": 40},
        scene={
            "xaxis": {**axis, "title": "x"},
            "yaxis": {**axis, "title": "depth"},
            "zaxis": {**axis, "title": "up"},
            "aspectmode": "cube",
            # In front of the athlete, a little above.
            "camera": {"eye": {"x": 0.0, "y": -1.8, "z": 0.3}},
        },
    )


def _to_scene(world_landmarks: NDArray[np.float32]) -> NDArray[np.float64]:
    """Turn x right, y down, z away into x right, y away, z up; shape (..., 3) stays."""
    x, y, z = np.moveaxis(world_landmarks.astype(np.float64), -1, 0)
    return np.stack([x, z, -y], axis=-1)
