"""Read video files with PyAV: upright RGB pictures with the times the container gives them."""

import math
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from posecore.errors import VideoReadError

VIDEO_SUFFIXES: Final = (".mp4", ".mov", ".webm", ".avi")
"""What posecore promises to read; whatever else FFmpeg knows is tried too."""

LONG_SIDE_PX: Final = 1280
"""Larger pictures are scaled down to this. The landmarker works on 224 and 256 pixels, and the
landmarks are normalised: on the test video (1768 x 994) they move by 0.1 % of the picture in the
median, no more than when 1 grey level of noise is added at full size."""

_SEEK_BACK_S: Final = (0.0, 10.0)
_CUT_OFF_SHARE: Final = 0.1
_CUT_OFF_S: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class VideoFile:
    """Facts of a video file, and the way to its pictures.

    Attributes
    ----------
    path : Path
    title : str
        What messages call it.
    codec : str
        FFmpeg's name of it.
    image_size : tuple of int
        (width, height) in pixels as shown: upright, with square pixels.
    n_frames : int or None
        As the file says, else estimated from its length and rate; None where it says neither.
    duration_s : float or None
        Seconds of picture; None where the file does not say.
    start_s : float
        The first picture's time in the container, which becomes 0.
    """

    path: Path
    title: str
    codec: str
    image_size: tuple[int, int]
    n_frames: int | None
    duration_s: float | None
    start_s: float

    def read_frames(
        self, start_s: float | None = None, end_s: float | None = None
    ) -> "FrameReader":
        """Read the pictures from ``start_s`` up to, but not including, ``end_s``.

        Parameters
        ----------
        start_s, end_s : float, optional
            Seconds from the first picture; the whole video when left out.

        Returns
        -------
        FrameReader
            Yields ``(time_s, frame_rgb)``.
        """
        return FrameReader(self, start_s or 0.0, math.inf if end_s is None else end_s)

    def check_complete(self, last_time_s: float) -> None:
        """Refuse a file that ends long before the length it states.

        Parameters
        ----------
        last_time_s : float
            The last picture that could be read, in seconds from the first.

        Raises
        ------
        VideoReadError
            If more than a tenth, and more than a second, is missing.
        """
        missing_s = (self.duration_s or 0.0) - last_time_s
        if missing_s > max(_CUT_OFF_S, _CUT_OFF_SHARE * (self.duration_s or 0.0)):
            raise VideoReadError(
                f"{self.title} is cut off or damaged: only {last_time_s:.1f} of its "
                f"{self.duration_s:.1f} seconds can be read; copy it again from the camera."
            )


def open_video(path: str | Path, *, title: str | None = None) -> VideoFile:
    """Look into a video file: its first picture is decoded.

    Parameters
    ----------
    path : str or Path
    title : str, optional
        What messages call it; the file's own name when left out.

    Raises
    ------
    VideoReadError
        If there is no such file, or no picture in it that can be read.
    """
    path = Path(path)
    title = title or path.name
    with _open_container(path, title) as container:
        stream = container.streams.video[0]
        first = next(_decode(container, stream, None), None)
        if first is None or first.pts is None:
            raise VideoReadError(
                f"{title} holds no picture that can be read; it may be damaged or still being "
                "copied. Try to play it, then import it again."
            )
        width, height = _shown_size(stream, first)
        duration_s = _stated_duration_s(container, stream)
        return VideoFile(
            path=path,
            title=title,
            codec=stream.codec_context.name,
            image_size=(height, width) if _quarter_turns(first) % 2 else (width, height),
            n_frames=stream.frames or _estimated_frames(duration_s, stream.average_rate),
            duration_s=duration_s,
            start_s=_time_s(first),
        )


class FrameReader:
    """Iterator over ``(time_s, frame_rgb)``; a context manager.

    ``time_s`` is the container's timestamp less the first picture's. ``frame_rgb`` has shape
    (height, width, 3), uint8, is upright and at most :data:`LONG_SIDE_PX` long. A picture without
    a timestamp, or one not later than the picture before, is left out and counted, and so is a
    damaged packet.

    Attributes
    ----------
    dropped_count : int
        Pictures left out so far.
    """

    def __init__(self, video: VideoFile, start_s: float, end_s: float) -> None:
        self.dropped_count = 0
        self._video = video
        self._start_s, self._end_s = start_s, end_s
        self._container = _open_container(video.path, video.title)
        self._stream = self._container.streams.video[0]
        # Decoding goes on in FFmpeg's threads while the caller works on a picture.
        self._stream.thread_type = "AUTO"
        self._scale = VideoReformatter()
        self._frames = self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        return self._frames

    def close(self) -> None:
        """Let go of the file."""
        self._frames.close()
        self._container.close()

    def _read(self) -> Generator[tuple[float, NDArray[np.uint8]], None, None]:
        last_time_s = -math.inf
        for frame in self._frames_near_start():
            if frame is None or frame.pts is None or frame.is_corrupt:
                self.dropped_count += 1
                continue
            time_s = _time_s(frame) - self._video.start_s
            if time_s >= self._end_s:
                return
            if time_s < self._start_s:
                # What lies before is not ours to count.
                self.dropped_count = 0
            elif time_s > last_time_s:
                yield time_s, self._to_rgb(frame)
            else:
                self.dropped_count += 1
            last_time_s = max(time_s, last_time_s)

    def _frames_near_start(self) -> Iterator[av.VideoFrame | None]:
        """Frames from the key frame before the start, else from the beginning."""
        if self._start_s > 0:
            for back_s in _SEEK_BACK_S:
                wanted_s = self._start_s + self._video.start_s - back_s
                frames = _decode(self._container, self._stream, wanted_s)
                first = next(frames, None)
                if first is not None and first.pts is not None and _time_s(first) <= wanted_s:
                    yield first
                    yield from frames
                    return
            self._reopen()
        yield from _decode(self._container, self._stream, None)

    def _reopen(self) -> None:
        self._container.close()
        self._container = _open_container(self._video.path, self._video.title)
        self._stream = self._container.streams.video[0]

    def _to_rgb(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        width, height = _shown_size(self._stream, frame)
        scale = min(1.0, LONG_SIDE_PX / max(width, height))
        rgb = self._scale.reformat(
            frame,
            width=max(1, round(width * scale)),
            height=max(1, round(height * scale)),
            format="rgb24",
            interpolation=Interpolation.FAST_BILINEAR,
        ).to_ndarray()
        return np.ascontiguousarray(np.rot90(rgb, _quarter_turns(frame)))


def check_exists(path: Path, title: str) -> None:
    """Refuse a path that leads to no file.

    Raises
    ------
    VideoReadError
    """
    if not path.is_file():
        raise VideoReadError(f"There is no file {title}; check its name and folder.")


def _open_container(path: Path, title: str) -> InputContainer:
    check_exists(path, title)
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise VideoReadError(
            f"{title} cannot be read as a video ({error.strerror or error}); it may be empty, "
            "damaged or no video at all. Import an mp4, mov, webm or avi file."
        ) from error
    if not container.streams.video:
        container.close()
        raise VideoReadError(
            f"{title} holds sound or other data, but no video; choose a file with pictures."
        )
    return container


def _decode(
    container: InputContainer, stream: VideoStream, seek_s: float | None
) -> Iterator[av.VideoFrame | None]:
    """Frames in the order they are shown; None for a packet that cannot be decoded."""
    try:
        if seek_s is not None:
            assert stream.time_base is not None
            container.seek(math.floor(seek_s / stream.time_base), stream=stream)
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.FFmpegError:
                yield None
    except (av.FFmpegError, OSError):
        # The file ends in the middle of something; whether that is too early is told by
        # VideoFile.check_complete, and a seek that failed by the first frame's absence.
        return


def _time_s(frame: av.VideoFrame) -> float:
    assert frame.pts is not None and frame.time_base is not None
    return float(frame.pts * frame.time_base)


def _quarter_turns(frame: av.VideoFrame) -> int:
    """Quarter turns, counterclockwise, that set a frame upright."""
    return round(frame.rotation / 90) % 4


def _shown_size(stream: VideoStream, frame: av.VideoFrame) -> tuple[int, int]:
    """(width, height) with square pixels, before turning."""
    aspect = stream.sample_aspect_ratio or Fraction(1)
    return max(1, round(frame.width * aspect)), frame.height


def _stated_duration_s(container: InputContainer, stream: VideoStream) -> float | None:
    """How long the pictures go on; the container's own length may be that of the sound."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    with suppress(KeyError, ValueError):  # how WebM and Matroska say it
        hours, minutes, seconds = stream.metadata["DURATION"].split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    if container.duration and len(container.streams) == 1:
        return container.duration / av.time_base
    return None


def _estimated_frames(duration_s: float | None, rate: Fraction | None) -> int | None:
    return max(1, round(duration_s * rate)) if duration_s and rate else None
