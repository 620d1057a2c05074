"""Write pictures as an MP4 file with PyAV: H.264, each picture at its own time, easy to seek in."""

import errno
import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

import av
import numpy as np
from av.codec.codec import UnknownCodecError
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.frame import PictureType
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from posecore.errors import VideoReadError, VideoWriteError

PART_SUFFIX: Final = ".part.mp4"
"""Ending of a video that is still being written."""

LONG_SIDE_PX: Final = 1280
"""Larger pictures are scaled down to this; to be looked at beside a skeleton, it is enough."""

_ENCODER: Final = "libx264"
_NEW_SUFFIX: Final = ".new.mp4"
_TIME_BASE: Final = Fraction(1, 90_000)
_KEY_INTERVAL: Final = _TIME_BASE.denominator
"""One second: as much as a killed program may cost, and as far as a jump may have to decode."""
_USUAL_INTERVAL: Final = _TIME_BASE.denominator // 30
_ITU601: Final = 6
"""H.264's number of the colours that the pictures are converted to; a browser would guess."""
_FRAGMENTED: Final = {"movflags": "frag_keyframe+empty_moov", "flush_packets": "1"}


class VideoWriter:
    """Writes one video; a context manager that finishes it, or after an error leaves nothing.

    Until :meth:`close` the video lies beside ``path`` as ``<name>.part.mp4``, in fragments of one
    second each of which can be read whatever becomes of the program; :func:`finish_video` makes a
    whole video of them. Not to be used by two threads at once.

    Parameters
    ----------
    path : Path
        Where the finished video goes; its folder is made where needed.
    image_size : tuple of int
        (width, height) of the pictures in pixels. The video is at most :data:`LONG_SIDE_PX` long
        and has even sides, which H.264 needs: pictures are scaled, so normalised landmarks fit.
    preset : str
        x264's name of how much work it puts into a small file.
    crf : int
        x264's constant quality, 0 to 51; lower is better and larger.
    n_threads : int
        Threads that encode; 0 for as many as there are cores.

    Attributes
    ----------
    n_frames : int
        Pictures written so far.

    Raises
    ------
    VideoWriteError
        If the file cannot be made, or this PyAV cannot write H.264.
    """

    def __init__(
        self,
        path: Path,
        image_size: tuple[int, int],
        *,
        preset: str = "veryfast",
        crf: int = 24,
        n_threads: int = 0,
    ) -> None:
        self.path = path
        self.n_frames = 0
        self._part_path = path.with_suffix(PART_SUFFIX)
        self._last_pts = -1
        self._key_pts = -_KEY_INTERVAL
        self._scale = VideoReformatter()
        self._container: OutputContainer | None = None
        with _write_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._container = av.open(
                str(self._part_path), "w", format="mp4", container_options=_FRAGMENTED
            )
            try:
                self._stream = _add_stream(self._container, image_size, preset, crf, n_threads)
            except BaseException:
                self.discard()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self.close()
        finally:
            self.discard()

    def write(
        self,
        frame: NDArray[np.uint8],
        time_s: float,
        *,
        format: Literal["rgb24", "bgr24"] = "rgb24",  # noqa: A002 - PyAV's own word
    ) -> None:
        """Add one picture.

        Parameters
        ----------
        frame : ndarray, shape (height, width, 3), uint8
            Upright; another size than the video's is scaled to it.
        time_s : float
            Seconds from the video's beginning; kept to a 90,000th of a second.
        format : {"rgb24", "bgr24"}
            Order of the colours.

        Raises
        ------
        VideoWriteError
            If the time is not later than the one before, or the disk refuses the picture.
        """
        pts = round(time_s / _TIME_BASE) if math.isfinite(time_s) else -1
        if pts <= self._last_pts:
            raise VideoWriteError(
                f"A picture at {time_s:.3f} s cannot follow one at "
                f"{float(self._last_pts * _TIME_BASE):.3f} s; times must rise from 0."
            )
        if self._container is None:
            raise VideoWriteError("This video is finished, so no picture can be added to it.")
        with _write_errors(self.path):
            self._container.mux(self._stream.encode(self._to_frame(frame, pts, format)))
        self._last_pts = pts
        self.n_frames += 1

    def _to_frame(self, picture: NDArray[np.uint8], pts: int, colours: str) -> av.VideoFrame:
        source = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format=colours)
        frame = self._scale.reformat(
            source,
            width=self._stream.width,
            height=self._stream.height,
            format="yuv420p",
            interpolation=Interpolation.FAST_BILINEAR,
        )
        frame.pts, frame.time_base = pts, _TIME_BASE
        # How long a picture is shown is known by the next one's time; the last has none.
        frame.duration = pts - self._last_pts if self.n_frames else _USUAL_INTERVAL
        if pts - self._key_pts >= _KEY_INTERVAL:
            frame.pict_type = PictureType.I
            self._key_pts = pts
        return frame

    def close(self) -> None:
        """Finish the video; one without a picture is no file at all. Further calls do nothing.

        Raises
        ------
        VideoWriteError
            If the disk refuses it. What was written stays as a part for :func:`finish_video`.
        VideoReadError
            If not one picture fitted on the disk.
        """
        if self._container is None:
            return
        if not self.n_frames:
            self.discard()
            return
        try:
            with _write_errors(self.path):
                self._container.mux(self._stream.encode(None))
                self._container.close()
        finally:
            self._let_go()
        finish_video(self._part_path, self.path)

    def discard(self) -> None:
        """Leave nothing of this video, unless it is finished already."""
        self._let_go()
        self._part_path.unlink(missing_ok=True)

    def _let_go(self) -> None:
        container, self._container = self._container, None
        with suppress(av.FFmpegError, OSError):
            if container is not None:
                container.close()


def finish_video(part_path: Path, path: Path) -> None:
    """Make a whole video of the part that :class:`VideoWriter` left, and remove the part.

    Nothing is encoded again. The video appears at ``path`` in one step, or not at all.

    Parameters
    ----------
    part_path : Path
        May end in the middle of a fragment; what cannot be read of it is left out.
    path : Path
        Replaced where it exists.

    Raises
    ------
    VideoReadError
        If there is not one picture in the part.
    VideoWriteError
        If the disk refuses the video; the part stays.
    """
    new_path = path.with_suffix(_NEW_SUFFIX)
    try:
        with _write_errors(path), _open_part(part_path) as part:
            with av.open(
                str(new_path), "w", format="mp4", container_options={"movflags": "+faststart"}
            ) as video:
                _copy_packets(part, video)
            new_path.replace(path)
    except BaseException:
        new_path.unlink(missing_ok=True)
        raise
    part_path.unlink()


def _add_stream(
    container: OutputContainer,
    image_size: tuple[int, int],
    preset: str,
    crf: int,
    n_threads: int,
) -> VideoStream:
    # Without B-frames and look-ahead each picture is written at once, in the order it is shown.
    options = {"preset": preset, "crf": str(crf), "tune": "zerolatency"}
    stream = container.add_stream(_ENCODER, rate=30, options=options)
    scale = min(1.0, LONG_SIDE_PX / max(image_size))
    width, height = (max(2, 2 * round(side * scale / 2)) for side in image_size)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    context = stream.codec_context
    context.time_base = _TIME_BASE
    context.max_b_frames = 0
    context.thread_count = n_threads
    context.colorspace = _ITU601
    return stream


def _open_part(part_path: Path) -> InputContainer:
    try:
        part = av.open(str(part_path))
    except av.InvalidDataError:
        raise _unreadable(part_path) from None
    if not part.streams.video:
        part.close()
        raise _unreadable(part_path)
    return part


def _copy_packets(part: InputContainer, video: OutputContainer) -> None:
    stream = video.add_stream_from_template(part.streams.video[0])
    n_copied = 0
    for packet in _read_packets(part):
        packet.stream = stream
        video.mux(packet)
        n_copied += 1
    if not n_copied:
        raise _unreadable(Path(part.name))


def _read_packets(part: InputContainer) -> Iterator["Packet[VideoStream]"]:
    """Packets up to the one in whose middle the file ends."""
    packets = part.demux(part.streams.video[0])
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.InvalidDataError):
            return
        if packet.dts is None or packet.is_corrupt:
            return
        yield packet


def _unreadable(part_path: Path) -> VideoReadError:
    return VideoReadError(
        f"{part_path.name} was cut off before its first picture, so there is no video to keep."
    )


@contextmanager
def _write_errors(path: Path) -> Iterator[None]:
    """Raise posecore's errors instead of PyAV's and the system's."""
    try:
        yield
    except UnknownCodecError as error:
        raise VideoWriteError(
            "This PyAV cannot write H.264 (libx264), so no video can be kept; install the av "
            "package of requirements.txt."
        ) from error
    except (av.FFmpegError, OSError) as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise VideoWriteError(
                f"The disk that holds {path.name} is full, so its video cannot be kept; free some "
                "space and try again."
            ) from error
        raise VideoWriteError(
            f"The video {path.name} cannot be written ({error.strerror or error}); check the "
            f"permissions of the folder {path.parent}."
        ) from error
