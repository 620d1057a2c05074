"""The room of the replay without its player: where everything in it appears in a picture.

The same room, camera and perspective as the player in the browser (``skeleton.js``), as pure
NumPy: x right, depth away from the camera, height up from the ground, in metres.
"""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from posecore.sequence import PoseSequence
from posecore.topology import N_LANDMARKS, SEGMENTS_BY_SIDE, Landmark, Side

NECK: Final = (N_LANDMARKS, N_LANDMARKS + 1)
"""Its two ends come behind the landmarks: middle of the shoulders, middle of the mouth."""

_NECK_ENDS: Final = (
    [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER],
    [Landmark.MOUTH_LEFT, Landmark.MOUTH_RIGHT],
)
_FIELD_OF_VIEW: Final = np.pi / 4
_GROUND_SQUARES: Final = 6
_REACH_M: Final = (1.6, 2.6)
_LIMB: Final = re.compile("SHOULDER|ELBOW|WRIST|HIP|KNEE|ANKLE")
_WHOLE: Final = ((0.0, 1.0),)
_DASHES: Final = ((0.0, 0.27), (0.365, 0.635), (0.73, 1.0))


@dataclass(frozen=True, kw_only=True)
class ClipView:
    """Where the athlete is looked at from.

    Attributes
    ----------
    azimuth_deg : float
        Round the athlete: 0 is the camera's own view, 90 the athlete's left.
    elevation_deg : float
        Above the ground, kept within 89 degrees either way.
    zoom : float
        How near, kept from 0.4 to 2.5.
    """

    azimuth_deg: float = -28.0
    elevation_deg: float = 10.0
    zoom: float = 1.0


VIEWS: Final = {
    "front": ClipView(azimuth_deg=0, elevation_deg=2),
    "left": ClipView(azimuth_deg=90, elevation_deg=2),
    "right": ClipView(azimuth_deg=-90, elevation_deg=2),
    "back": ClipView(azimuth_deg=180, elevation_deg=2),
    "top": ClipView(azimuth_deg=0, elevation_deg=89),
}
"""The player's views by name."""


class Room(NamedTuple):
    """The box that all frames of a recording fit into, in metres."""

    reach_m: float
    """Half its width, and half its depth."""
    bottom_m: float
    """A little below the ground, so that the ground's near edge is in the picture."""
    top_m: float

    @property
    def across(self) -> float:
        """Width as a share of the height."""
        return 2 * self.reach_m / (self.top_m - self.bottom_m)


class Camera(NamedTuple):
    """A camera that looks at the middle of a room; its unit is the room's height."""

    eye: NDArray[np.float64]
    axes: NDArray[np.float64]
    """Rows: right, up and forward, as unit vectors."""
    room: Room
    size: tuple[int, int]
    """(width, height) of its picture in pixels."""


class Stroke(NamedTuple):
    """One line of the skeleton."""

    start: int
    end: int
    side: Side
    parts: tuple[tuple[float, float], ...]
    """What is drawn of it, from 0 at the start to 1 at the end: right limbs are dashed."""
    is_limb: bool


def _make_strokes() -> tuple[Stroke, ...]:
    strokes = []
    for side, segments in SEGMENTS_BY_SIDE.items():
        for start, end in segments:
            is_limb = bool(_LIMB.search(start.name) and _LIMB.search(end.name))
            parts = _DASHES if side == "right" and is_limb else _WHOLE
            strokes.append(Stroke(start, end, side, parts, is_limb))
    return (*strokes, Stroke(*NECK, "middle", _WHOLE, True))


STROKES: Final = _make_strokes()


def make_room(sequence: PoseSequence) -> Room:
    """Room that the whole recording fits into.

    An estimator's wild guess does not widen it beyond what anybody reaches.
    """
    x, y, z = np.moveaxis(sequence.world_landmarks.astype(np.float64), -1, 0)
    radius_m = np.fmax.reduce(np.abs([x, z]), axis=None, initial=0.0)
    heights_m = np.fmax.reduce(y, axis=1) - np.fmin.reduce(y, axis=1)
    height_m = np.fmax.reduce(heights_m, initial=0.0)
    top_m = max(min(height_m, _REACH_M[1]), 1.0) * 1.03
    reach_m = max(min(radius_m, _REACH_M[0]), 0.5) * 1.05
    return Room(float(reach_m), float(-0.1 * top_m), float(top_m))


def place_in_room(sequence: PoseSequence, frames: ArrayLike) -> NDArray[np.float64]:
    """Where the body is in the room.

    Parameters
    ----------
    sequence : PoseSequence
    frames : array_like of int, shape (n,)
        Positions in the recording.

    Returns
    -------
    ndarray, shape (n, 35, 3), metres
        The 33 landmarks and the two ends of the neck; NaN where the recording has NaN.

    Notes
    -----
    World landmarks hang from the hips, and a body stands on its feet: the lowest landmark, averaged
    over five frames against jitter, is on the ground.
    """
    frames = np.asarray(frames, dtype=np.intp)
    ground_m = _compute_ground(sequence)[frames]
    x, y, z = np.moveaxis(sequence.world_landmarks[frames].astype(np.float64), -1, 0)
    places = np.stack([x, z, ground_m[:, None] - y], axis=-1)
    neck = [places[:, ends].mean(axis=1) for ends in _NECK_ENDS]
    return np.concatenate([places, np.stack(neck, axis=1)], axis=1)


def _compute_ground(sequence: PoseSequence) -> NDArray[np.float64]:
    """Metres below the hips of the ground, shape (n_frames,); 0 where nobody is near."""
    lowest_m = np.fmax.reduce(sequence.world_landmarks[:, :, 1].astype(np.float64), axis=1)
    is_seen = np.isfinite(lowest_m)
    kernel = np.ones(5)
    sums = np.convolve(np.where(is_seen, lowest_m, 0.0), kernel)[2 : 2 + len(lowest_m)]
    counts = np.convolve(is_seen, kernel)[2 : 2 + len(lowest_m)]
    return np.asarray(sums / np.maximum(counts, 1))


def make_ground(room: Room) -> NDArray[np.float64]:
    """Lines of the ground's grid, shape (14, 2, 3), metres."""
    edge_m = 0.85 * room.reach_m
    across_m = np.linspace(-edge_m, edge_m, _GROUND_SQUARES + 1)
    lines = np.zeros((2, len(across_m), 2, 3))
    lines[0, :, :, 0] = lines[1, :, :, 1] = across_m[:, None]
    lines[0, :, :, 1] = lines[1, :, :, 0] = (-edge_m, edge_m)
    return lines.reshape(-1, 2, 3)


def make_camera(view: ClipView, room: Room, size: tuple[int, int]) -> Camera:
    """Camera from which the whole room is in the picture at zoom 1."""
    turn = np.radians(view.azimuth_deg)
    tilt = np.radians(np.clip(view.elevation_deg, -89, 89))
    half = np.tan(_FIELD_OF_VIEW / 2)
    fit = max(0.54 / half, 0.5 * room.across / (half * size[0] / size[1]))
    distance = (fit + 0.3 * room.across) / np.clip(view.zoom, 0.4, 2.5)
    outwards = np.array([np.cos(tilt) * np.sin(turn), -np.cos(tilt) * np.cos(turn), np.sin(tilt)])
    right = np.array([np.cos(turn), np.sin(turn), 0.0])
    axes = np.stack([right, np.cross(outwards, right), -outwards])
    return Camera(distance * outwards, axes, room, size)


def project(places_m: ArrayLike, camera: Camera) -> NDArray[np.float64]:
    """Where places in the room appear.

    Parameters
    ----------
    places_m : array_like, shape (..., 3), metres
    camera : Camera

    Returns
    -------
    ndarray, shape (..., 3)
        x and y in pixels from the picture's top left, and the distance along the camera's line of
        sight in heights of the room. NaN where the place is NaN or not in front of the camera.
    """
    room, (width, height) = camera.room, camera.size
    x, y, z = np.moveaxis(np.asarray(places_m, dtype=np.float64), -1, 0)
    tall_m = room.top_m - room.bottom_m
    places = np.stack([x / tall_m, y / tall_m, (z - room.bottom_m) / tall_m - 0.5], axis=-1)
    right, up, depth = np.moveaxis((places - camera.eye) @ camera.axes.T, -1, 0)
    depth = np.where(depth > 0.01, depth, np.nan)
    scale = height / 2 / (depth * np.tan(_FIELD_OF_VIEW / 2))
    return np.stack([width / 2 + right * scale, height / 2 - up * scale, depth], axis=-1)
