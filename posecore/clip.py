"""A stretch of a session as a small film, to be sent to an athlete: MP4 (H.264) or GIF."""

import math
import uuid
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal

import numpy as np
from PIL import Image

from posecore.capture.overlay import COLOURS_RGB
from posecore.clip_canvas import DARK, LIGHT, Picture
from posecore.clip_painter import (
    Draw,
    Moments,
    Style,
    find_frames,
    make_skeleton_painter,
    make_video_painter,
)
from posecore.clip_scene import ClipView
from posecore.errors import ClipError
from posecore.sequence import PoseSequence
from posecore.video import open_video
from posecore.video_writer import VideoWriter

ClipFormat = Literal["mp4", "gif"]

LONGEST_S: Final[dict[ClipFormat, float]] = {"mp4": 120.0, "gif": 20.0}
"""Longest stretch, and longest clip, in seconds."""

_FPS: Final[dict[ClipFormat, float]] = {"mp4": 30.0, "gif": 15.0}
_SIZES: Final[dict[ClipFormat, tuple[int, int]]] = {"mp4": (960, 720), "gif": (640, 480)}
_SIDES_PX: Final = (160, 1280)
_RATES_HZ: Final = (1.0, 60.0)
_SPEEDS: Final = (0.1, 4.0)
_N_SAMPLES: Final = 12
_N_COLOURS: Final = 255
"""One of a GIF's 256 stays free for what does not change from picture to picture."""


def write_clip(
    path: str | Path,
    sequence: PoseSequence,
    *,
    start_s: float,
    end_s: float,
    view: ClipView | None = None,
    clip_format: ClipFormat = "mp4",
    speed: float = 1.0,
    is_dark: bool = False,
    caption: str = "",
    video_file: Path | None = None,
    fps: float | None = None,
    size: tuple[int, int] | None = None,
) -> None:
    """Write a stretch of a session as a film, all of it or nothing.

    Parameters
    ----------
    path : str or Path
        Overwritten if it is a file.
    sequence : PoseSequence
        The whole session: its room is the same whichever stretch is shown.
    start_s, end_s : float
        Seconds since the session's first frame.
    view : ClipView, optional
        From where the skeleton is looked at; the player's own view when left out.
    clip_format : {"mp4", "gif"}
        A GIF plays for ever.
    speed : float
        0.1 to 4; 0.5 is half as fast, and is told in the picture.
    is_dark : bool
        Dark theme instead of the light one.
    caption : str
        Any text; on one line, cut where it is too long.
    video_file : Path, optional
        Show this video with the skeleton on it instead of the skeleton in the room. Its first
        picture belongs to the session's first frame.
    fps : float, optional
        Pictures a second, 1 to 60; 30 for MP4 and 15 for GIF when left out.
    size : tuple of int, optional
        (width, height) in pixels, 160 to 1280 each; 960 x 720 for MP4 and 640 x 480 for GIF when
        left out. A video keeps its shape: its long side is at most the larger of the two, and the
        line of facts comes below it.

    Raises
    ------
    ClipError
        If the stretch is longer than :data:`LONGEST_S`, as it was or as it plays; if there is
        nothing in it, a value is outside its limits, or the file cannot be written.
    VideoReadError, VideoWriteError

    Notes
    -----
    Each picture shows the frame nearest to its moment, by the frames' measured times. Between two
    frames that are further apart than half a second, and than five usual steps, nobody is shown.
    """
    path = Path(path)
    if clip_format not in LONGEST_S:
        raise ClipError(f"A clip can be written as mp4 or gif, not as {clip_format!r}.")
    fps = _FPS[clip_format] if fps is None else fps
    width, height = _SIZES[clip_format] if size is None else size
    _check_stretch(sequence, start_s, end_s, speed, LONGEST_S[clip_format])
    _check_picture(view or ClipView(), fps, (width, height))
    _check_place(path)
    moments = _choose_moments(sequence, start_s, end_s, speed, fps)
    # H.264 needs even sides.
    style = Style((width // 2 * 2, height // 2 * 2), caption, speed, DARK if is_dark else LIGHT)
    if video_file is None:
        draw = make_skeleton_painter(sequence, view or ClipView(), style)
    else:
        draw = make_video_painter(sequence, open_video(video_file), style)
    if clip_format == "mp4":
        _write_mp4(path, draw(moments), fps)
    else:
        _write_gif(path, draw, moments, fps)


def _check_stretch(
    sequence: PoseSequence, start_s: float, end_s: float, speed: float, longest_s: float
) -> None:
    if not _SPEEDS[0] <= speed <= _SPEEDS[1]:
        raise ClipError(f"The speed must be {_SPEEDS[0]} to {_SPEEDS[1]:g}, not {speed}.")
    if not (math.isfinite(start_s) and math.isfinite(end_s) and 0 <= start_s < end_s):
        raise ClipError(
            f"A clip must start at 0 s or later and end after its start, not go from {start_s:g} "
            f"to {end_s:g} s."
        )
    if not sequence.n_frames or start_s > sequence.duration_s:
        raise ClipError(
            f"There are no frames from {start_s:g} s on: this session is {sequence.duration_s:.1f} "
            "seconds long; choose another stretch."
        )
    length_s = max(end_s - start_s, (end_s - start_s) / speed)
    if length_s > longest_s + 1e-6:
        raise ClipError(
            f"A clip may be {longest_s:g} seconds long and this one would be {length_s:.1f}; "
            "choose a shorter stretch."
        )


def _check_picture(view: ClipView, fps: float, size: tuple[int, int]) -> None:
    if not all(map(math.isfinite, (view.azimuth_deg, view.elevation_deg, view.zoom))):
        raise ClipError(f"A view must be three finite numbers, not {view}.")
    if not _RATES_HZ[0] <= fps <= _RATES_HZ[1]:
        raise ClipError(
            f"A clip may have {_RATES_HZ[0]:g} to {_RATES_HZ[1]:g} pictures a second, not {fps}."
        )
    if not all(_SIDES_PX[0] <= side <= _SIDES_PX[1] for side in size):
        raise ClipError(
            f"A clip may be {_SIDES_PX[0]} to {_SIDES_PX[1]} pixels wide and high, not "
            f"{size[0]} x {size[1]}."
        )


def _check_place(path: Path) -> None:
    if not path.parent.is_dir():
        raise ClipError(f"There is no folder {path.parent}; make it or choose another.")
    if path.exists() and not path.is_file():
        raise ClipError(f"{path} is not a file that can be written to; choose another name.")


def _choose_moments(
    sequence: PoseSequence, start_s: float, end_s: float, speed: float, fps: float
) -> Moments:
    """The clip's own clock, and the frame nearest to each of its moments."""
    end_s = min(end_s, sequence.duration_s)
    n_pictures = max(1, round((end_s - start_s) / speed * fps))
    time_s = np.asarray(start_s + np.arange(n_pictures) * speed / fps, dtype=np.float64)
    return find_frames(sequence, time_s)


def _write_mp4(path: Path, pictures: Iterator[Picture], fps: float) -> None:
    first = next(pictures)
    height, width = first.shape[:2]
    with VideoWriter(path, (width, height), preset="veryfast", crf=20) as writer:
        writer.write(first, 0.0)
        for number, picture in enumerate(pictures, start=1):
            writer.write(picture, number / fps)


def _write_gif(path: Path, draw: Draw, moments: Moments, fps: float) -> None:
    step = -(-len(moments.time_s) // _N_SAMPLES)
    palette = _make_palette(draw(moments.every(step)))
    first, *rest = (
        # Dither would be dirt in a drawing, and double the size of a photo.
        Image.fromarray(picture).quantize(palette=palette, dither=Image.Dither.NONE)
        for picture in draw(moments)
    )
    # A GIF counts in hundredths of a second; rounded one by one they would add up to another speed.
    ends_cs = [round(100 * number / fps) for number in range(len(moments.time_s) + 1)]
    lasting_ms = [10 * (end - start) for start, end in pairwise(ends_cs)]
    unfinished = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        first.save(
            unfinished, "GIF", save_all=True, append_images=rest, duration=lasting_ms, loop=0
        )
        unfinished.replace(path)
    except OSError as error:
        raise ClipError(
            f"{path.name} could not be written: {error.strerror or error}; free some space or "
            "choose another place."
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _make_palette(samples: Iterable[Picture]) -> Image.Image:
    """Palette of 255 colours: those that mean something as they are, and what else there is."""
    kept = np.array([*COLOURS_RGB.values(), *LIGHT, *DARK, (255, 255, 255)], dtype=np.uint8)
    # Each colour once: thin lines must not lose theirs to a large background.
    found = [np.unique(picture[::2, ::2].reshape(-1, 3), axis=0) for picture in samples]
    colours = np.unique(np.concatenate(found), axis=0)
    image = Image.fromarray(colours[None]).quantize(
        _N_COLOURS - len(kept), Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    others = np.array(image.getpalette(), dtype=np.uint8).reshape(-1, 3)
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.concatenate([kept, others])[:_N_COLOURS].tobytes())
    return palette
