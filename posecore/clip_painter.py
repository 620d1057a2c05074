"""Paints moments of a session: the skeleton in the room, or on its video."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from posecore.capture.overlay import draw_overlay
from posecore.clip_canvas import ClipCanvas, Look, Picture, get_footer_height
from posecore.clip_scene import (
    HEAD,
    Camera,
    ClipView,
    make_camera,
    make_eye_cameras,
    make_room,
    place_in_room,
)
from posecore.sequence import PoseFrame, PoseSequence
from posecore.video import VideoFile

_HOLE_S: Final = 0.5
_HOLE_STEPS: Final = 5
_NO_FRAMES: Final = "No frames recorded here"
_NOBODY: Final = "Nobody in view"
_NO_VIDEO: Final = "No video here"


class Moments(NamedTuple):
    """What each picture of the clip shows; arrays of shape (n_pictures,)."""

    time_s: NDArray[np.float64]
    """On the session's clock, since its first frame."""
    frame: NDArray[np.intp]
    is_recorded: NDArray[np.bool_]

    def every(self, step: int) -> "Moments":
        """Each ``step``-th of them."""
        return Moments(self.time_s[::step], self.frame[::step], self.is_recorded[::step])

    def take(self, number: int) -> "Moments":
        """Only one of them."""
        one = slice(number, number + 1)
        return Moments(self.time_s[one], self.frame[one], self.is_recorded[one])


class Style(NamedTuple):
    """How pictures look; their size is that of the room, or what a video has to fit into."""

    size: tuple[int, int]
    caption: str
    speed: float
    look: Look


def find_frames(sequence: PoseSequence, time_s: NDArray[np.float64]) -> Moments:
    """Find the frame nearest to each moment, by the frames' measured times.

    Parameters
    ----------
    sequence : PoseSequence
        Of one frame or more.
    time_s : ndarray, shape (n,)
        Seconds since its first frame.

    Returns
    -------
    Moments
        Between two frames further apart than half a second, and than five usual steps, nothing is
        recorded.
    """
    clock_s = sequence.time_s - sequence.time_s[0]
    after = np.searchsorted(clock_s, time_s).clip(0, len(clock_s) - 1)
    before = (after - 1).clip(0)
    frame = np.where(time_s - clock_s[before] < clock_s[after] - time_s, before, after)
    steps = np.diff(clock_s)
    longest_step_s = max(_HOLE_S, _HOLE_STEPS * float(np.median(steps)) if len(steps) else 0.0)
    return Moments(time_s, frame, np.abs(clock_s[frame] - time_s) <= longest_step_s / 2)


Draw = Callable[[Moments], Iterator[Picture]]
"""Paints a picture for each moment."""


def make_skeleton_painter(sequence: PoseSequence, view: ClipView, style: Style) -> Draw:
    """Return what paints the skeleton in the room; any moments."""
    footer_height = get_footer_height(style.size[1])
    scene_size = (style.size[0], style.size[1] - footer_height)
    canvas = ClipCanvas(
        scene_size,
        footer_height=footer_height,
        caption=style.caption,
        speed=style.speed,
        look=style.look,
    )

    def draw(moments: Moments) -> Iterator[Picture]:
        bodies = place_in_room(sequence, moments.frame)
        cameras = _make_cameras(sequence, view, moments.frame, scene_size)
        if view.is_eye:
            is_inside = [camera.n_grounds > 1 for camera in cameras]
            bodies[np.ix_(is_inside, HEAD)] = np.nan
        is_seen = np.asarray(np.isfinite(bodies).any(axis=(1, 2)))
        for number, time_s in enumerate(moments.time_s):
            message = "" if is_seen[number] else _NOBODY
            message = message if moments.is_recorded[number] else _NO_FRAMES
            yield canvas.draw_skeleton(bodies[number], cameras[number], time_s, message)

    return draw


def _make_cameras(
    sequence: PoseSequence, view: ClipView, frames: NDArray[np.intp], size: tuple[int, int]
) -> list[Camera]:
    """One camera for each picture: the same, or the athlete's own eyes while they are there."""
    room = make_room(sequence)
    outside = make_camera(view, room, size)
    if not view.is_eye:
        return [outside] * len(frames)
    return [eye or outside for eye in make_eye_cameras(sequence, frames, room, size, view.zoom)]


def make_video_painter(
    sequence: PoseSequence, video: VideoFile, style: Style, without: Draw | None = None
) -> Draw:
    """Return what paints the video with the skeleton on it; rising moments.

    ``without`` paints those of which the video has no picture; only words are there when left out.
    """
    scale = min(1.0, max(style.size) / max(video.image_size))
    width, height = (max(2, 2 * round(side * scale / 2)) for side in video.image_size)
    canvas = ClipCanvas(
        (width, height),
        footer_height=get_footer_height(min(style.size)),
        caption=style.caption,
        speed=style.speed,
        look=style.look,
    )

    def draw(moments: Moments) -> Iterator[Picture]:
        pictures = _read_nearest(video, moments.time_s)
        rows = zip(*moments, pictures, strict=True)
        for number, (time_s, frame, is_recorded, found) in enumerate(rows):
            if found is None and without is not None:
                yield from without(moments.take(number))
                continue
            if found is None:
                yield canvas.draw_video(None, time_s, _NO_VIDEO)
                continue
            picture = _resize(found, (width, height))
            if is_recorded:
                picture = draw_overlay(picture, _get_frame(sequence, frame))
            yield canvas.draw_video(picture, time_s, "" if is_recorded else _NO_FRAMES)

    return draw


def _resize(picture: Picture, size: tuple[int, int]) -> Picture:
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _read_nearest(video: VideoFile, times_s: NDArray[np.float64]) -> Iterator[Picture | None]:
    """Picture nearest to each moment, which rise; None where there is none within half a second."""
    end_s = float(times_s[-1]) + 2 * _HOLE_S
    with video.read_frames(max(0.0, float(times_s[0]) - 2 * _HOLE_S), end_s) as frames:
        source = iter(frames)
        shown = following = next(source, None)
        for time_s in times_s:
            while following is not None and following[0] <= time_s:
                shown, following = following, next(source, None)
            candidates = [each for each in (shown, following) if each is not None]
            nearest = min(candidates, key=lambda each: abs(each[0] - time_s), default=None)
            is_near = nearest is not None and abs(nearest[0] - time_s) <= _HOLE_S
            yield nearest[1] if nearest is not None and is_near else None


def _get_frame(sequence: PoseSequence, frame: int) -> PoseFrame:
    return PoseFrame(
        time_s=float(sequence.time_s[frame]),
        image_landmarks=sequence.image_landmarks[frame],
        world_landmarks=sequence.world_landmarks[frame],
        visibility=sequence.visibility[frame],
        presence=sequence.presence[frame],
    )
