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
_HALF_VIEW: Final = float(np.tan(np.radians(45 / 2)))
_EYE_FIELD_OF_VIEW_DEG: Final = 135.0
_EYE_TILT_DEG: Final = 7.5
_EYES_ABOVE_LEVEL_DEG: Final = 9.0
_EYE_GROUNDS: Final = 5
_STEEPEST_DEG: Final = 80.0
_GAZE_FRAMES: Final = 4
_NEAREST: Final = 0.01
_GROUND_SQUARES: Final = 6
_REACH_M: Final = (1.6, 2.6)
_EYES: Final = [Landmark.LEFT_EYE, Landmark.RIGHT_EYE]
_EARS: Final = [Landmark.LEFT_EAR, Landmark.RIGHT_EAR]
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
    is_eye : bool
        Through the athlete's own eyes, wherever they are; from outside while there is no face.
    """

    azimuth_deg: float = -28.0
    elevation_deg: float = 10.0
    zoom: float = 1.0
    is_eye: bool = False


VIEWS: Final = {
    "front": ClipView(azimuth_deg=0, elevation_deg=2),
    "left": ClipView(azimuth_deg=90, elevation_deg=2),
    "right": ClipView(azimuth_deg=-90, elevation_deg=2),
    "back": ClipView(azimuth_deg=180, elevation_deg=2),
    "top": ClipView(azimuth_deg=0, elevation_deg=89),
    "eyes": ClipView(azimuth_deg=180, elevation_deg=10, is_eye=True),
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
    """A camera in a room; its unit is the room's height, its origin the room's middle."""

    eye: NDArray[np.float64]
    axes: NDArray[np.float64]
    """Rows: right, up and forward, as unit vectors."""
    room: Room
    size: tuple[int, int]
    """(width, height) of its picture in pixels."""
    half_view: float = _HALF_VIEW
    """Tangent of half the angle from the lower to the upper edge of its picture."""
    n_grounds: int = 1
    """How far the ground goes on, in widths of the room."""


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
HEAD: Final = [*(each for each in Landmark if each <= Landmark.MOUTH_RIGHT), *NECK]
"""What its own eyes do not see."""


def make_room(sequence: PoseSequence) -> Room:
    """Room that the whole recording fits into.

    An estimator's wild guess does not widen it beyond what anybody reaches.
    """
    return fit_room(sequence.world_landmarks)


def fit_room(landmarks_m: NDArray[np.floating]) -> Room:
    """Room that landmarks fit into, shape (n_frames, 33, 3), x right, y down, z away."""
    x, y, z = np.moveaxis(landmarks_m.astype(np.float64), -1, 0)
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
    ground_m = compute_ground(sequence)[frames]
    x, y, z = np.moveaxis(sequence.world_landmarks[frames].astype(np.float64), -1, 0)
    places = np.stack([x, z, ground_m[:, None] - y], axis=-1)
    neck = [places[:, ends].mean(axis=1) for ends in _NECK_ENDS]
    return np.concatenate([places, np.stack(neck, axis=1)], axis=1)


def compute_ground(sequence: PoseSequence) -> NDArray[np.float64]:
    """Metres below the hips of the ground, shape (n_frames,); 0 where nobody is near.

    The height of the lowest landmark, averaged over five frames against jitter.
    """
    return find_ground(sequence.world_landmarks)


def find_ground(landmarks_m: NDArray[np.floating]) -> NDArray[np.float64]:
    """Ground of landmarks with y down, shape (n_frames, 33, 3); see :func:`compute_ground`."""
    if not len(landmarks_m):
        return np.empty(0)
    lowest_m = np.fmax.reduce(landmarks_m[:, :, 1].astype(np.float64), axis=1)
    is_seen = np.isfinite(lowest_m)
    kernel = np.ones(5)
    sums = np.convolve(np.where(is_seen, lowest_m, 0.0), kernel)[2 : 2 + len(lowest_m)]
    counts = np.convolve(is_seen, kernel)[2 : 2 + len(lowest_m)]
    return np.asarray(sums / np.maximum(counts, 1))


def make_ground(room: Room, n_grounds: int = 1) -> NDArray[np.float64]:
    """Lines of the ground's grid, shape (14, 2, 3) for one ground of 6 x 6 squares, metres."""
    edge_m = 0.85 * room.reach_m * n_grounds
    across_m = np.linspace(-edge_m, edge_m, _GROUND_SQUARES * n_grounds + 1)
    lines = np.zeros((2, len(across_m), 2, 3))
    lines[0, :, :, 0] = lines[1, :, :, 1] = across_m[:, None]
    lines[0, :, :, 1] = lines[1, :, :, 0] = (-edge_m, edge_m)
    return lines.reshape(-1, 2, 3)


def make_camera(view: ClipView, room: Room, size: tuple[int, int]) -> Camera:
    """Camera from which the whole room is in the picture at zoom 1."""
    turn = np.radians(view.azimuth_deg)
    tilt = np.radians(np.clip(view.elevation_deg, -89, 89))
    half = _HALF_VIEW
    fit = max(0.54 / half, 0.5 * room.across / (half * size[0] / size[1]))
    distance = (fit + 0.3 * room.across) / np.clip(view.zoom, 0.4, 2.5)
    outwards = np.array([np.cos(tilt) * np.sin(turn), -np.cos(tilt) * np.cos(turn), np.sin(tilt)])
    return Camera(distance * outwards, _make_axes(-outwards), room, size)


def make_eye_cameras(
    sequence: PoseSequence, frames: NDArray[np.intp], room: Room, size: tuple[int, int], zoom: float
) -> list[Camera | None]:
    """Cameras in the athlete's own eyes, one for each frame; None where there is no face.

    Parameters
    ----------
    sequence : PoseSequence
    frames : ndarray of int, shape (n,)
        Positions in the recording, rising.
    room : Room
    size : tuple of int
    zoom : float
        Narrows what is in view.

    Notes
    -----
    They look from the middle of the ears to the middle of the eyes, and 9 degrees lower: who looks
    straight ahead has the lower rims of the eyes level with the ears (the Frankfurt plane), and the
    eyes above it. The way is averaged over 9 frames, for a picture that shakes with every landmark
    cannot be watched. A person sees about 60 degrees up and 75 down from there.
    """
    if not len(frames):
        return []
    first = max(int(frames[0]) - _GAZE_FRAMES, 0)
    around = np.arange(first, min(int(frames[-1]) + _GAZE_FRAMES + 1, sequence.n_frames))
    places = place_in_room(sequence, around)
    eyes, ears = (places[:, pair].mean(axis=1) for pair in (_EYES, _EARS))
    ways = np.nan_to_num(eyes - ears)
    kernel = np.ones((2 * _GAZE_FRAMES + 1, 1))
    sums = np.stack([np.convolve(way, kernel[:, 0]) for way in ways.T], axis=1)
    gaze = sums[_GAZE_FRAMES : _GAZE_FRAMES + len(around)]
    half_view = np.tan(np.radians(min(_EYE_FIELD_OF_VIEW_DEG / zoom, 143.0)) / 2)
    return [
        _look_along(eyes[number], gaze[number], room, size, float(half_view))
        for number in frames - first
    ]


def _look_along(
    eyes_m: NDArray[np.float64],
    gaze: NDArray[np.float64],
    room: Room,
    size: tuple[int, int],
    half_view: float,
) -> Camera | None:
    level = float(np.hypot(gaze[0], gaze[1]))
    if level == 0 or not np.isfinite(eyes_m).all():
        return None
    tilt_deg = np.degrees(np.arctan2(gaze[2], level)) - _EYES_ABOVE_LEVEL_DEG - _EYE_TILT_DEG
    tilt = np.radians(max(float(tilt_deg), -_STEEPEST_DEG))
    forward = np.array([*(gaze[:2] / level * np.cos(tilt)), np.sin(tilt)])
    eye = _to_camera_units(eyes_m, room)
    return Camera(eye, _make_axes(forward), room, size, half_view, _EYE_GROUNDS)


def _make_axes(forward: NDArray[np.float64]) -> NDArray[np.float64]:
    right = np.array([forward[1], -forward[0], 0.0])
    right = right / np.hypot(*right[:2])
    return np.stack([right, np.cross(right, forward), forward])


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
    places = np.asarray(places_m, dtype=np.float64)
    return _to_picture(_see(places, camera), camera)


def project_lines(lines_m: NDArray[np.float64], camera: Camera) -> NDArray[np.float64]:
    """Where lines in the room appear, cut off where they go behind the camera.

    Parameters
    ----------
    lines_m : ndarray, shape (n, 2, 3), metres
    camera : Camera

    Returns
    -------
    ndarray, shape (n, 2, 3)
        Both ends as :func:`project` returns them; NaN where a whole line is behind the camera.
    """
    seen = _see(lines_m, camera)
    near, far = seen[:, ::-1, 2], seen[:, :, 2]  # of each end: the other one's depth, and its own
    is_cut = (far <= _NEAREST) & (near > _NEAREST)
    share = np.where(is_cut, (near - 2 * _NEAREST) / np.where(is_cut, near - far, 1.0), 1.0)
    cut = seen[:, ::-1] + share[..., None] * (seen - seen[:, ::-1])
    return _to_picture(cut, camera)


def _see(places_m: NDArray[np.float64], camera: Camera) -> NDArray[np.float64]:
    """Right, up and forward of a camera, in heights of its room."""
    seen: NDArray[np.float64] = (
        _to_camera_units(places_m, camera.room) - camera.eye
    ) @ camera.axes.T
    return seen


def _to_camera_units(places_m: NDArray[np.float64], room: Room) -> NDArray[np.float64]:
    x, y, z = np.moveaxis(places_m, -1, 0)
    tall_m = room.top_m - room.bottom_m
    return np.stack([x / tall_m, y / tall_m, (z - room.bottom_m) / tall_m - 0.5], axis=-1)


def _to_picture(seen: NDArray[np.float64], camera: Camera) -> NDArray[np.float64]:
    width, height = camera.size
    right, up, depth = np.moveaxis(seen, -1, 0)
    depth = np.where(depth > _NEAREST, depth, np.nan)
    scale = height / 2 / (depth * camera.half_view)
    return np.stack([width / 2 + right * scale, height / 2 - up * scale, depth], axis=-1)
