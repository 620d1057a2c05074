"""Single moments of a session as pictures, to be put on paper."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from posecore.clip_canvas import LIGHT
from posecore.clip_painter import Style, find_frames, make_skeleton_painter, make_video_painter
from posecore.clip_scene import ClipView
from posecore.sequence import PoseSequence
from posecore.video import open_video

_SIZE: Final = (640, 480)
_JPEG_QUALITY: Final = 80


def draw_stills(
    sequence: PoseSequence,
    times_s: Iterable[float],
    *,
    view: ClipView | None = None,
    video_file: Path | None = None,
) -> Iterator[bytes]:
    """Draw moments of a session, each as a clip shows it.

    Parameters
    ----------
    sequence : PoseSequence
        The whole session, of one frame or more.
    times_s : iterable of float
        Seconds since the session's first frame.
    view : ClipView, optional
        From where the skeleton is looked at; the player's own view when left out.
    video_file : Path, optional
        Show this video with the skeleton on it; the room where it has no picture of a moment.

    Yields
    ------
    bytes
        A picture each: PNG of the room, JPEG where there is a video.

    Raises
    ------
    VideoReadError
        If the video cannot be read at all.
    """
    style = Style(_SIZE, "", 1.0, LIGHT)
    draw = make_skeleton_painter(sequence, view or ClipView(), style)
    if video_file is not None:
        draw = make_video_painter(sequence, open_video(video_file), style, without=draw)
    for time_s in times_s:
        # Each is looked up on its own: a video is not read from one moment to the next.
        (picture,) = draw(find_frames(sequence, np.array([time_s])))
        stream = BytesIO()
        if video_file is None:
            Image.fromarray(picture).save(stream, "PNG", optimize=True)
        else:
            Image.fromarray(picture).save(stream, "JPEG", quality=_JPEG_QUALITY)
        yield stream.getvalue()
