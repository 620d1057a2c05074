"""Small videos for tests, made by PyAV."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

MILLISECOND = Fraction(1, 1000)


def make_pictures(
    n_frames: int = 30, size: tuple[int, int] = (320, 240)
) -> list[NDArray[np.uint8]]:
    """Black pictures with a white corner at the top left; nobody in them."""
    width, height = size
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    picture[: height // 4, : width // 4] = 255
    return [picture] * n_frames


def write_video(
    path: Path,
    pictures: Iterable[NDArray[np.uint8]],
    *,
    codec: str = "libx264",
    times_ms: Iterable[int] | None = None,
    gop_size: int = 12,
) -> Path:
    """Write pictures as a video, 33 ms apart where no times are given."""
    pictures = list(pictures)
    times_ms = range(0, 33 * len(pictures), 33) if times_ms is None else times_ms
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        # Odd sizes need a picture format without halved colour.
        is_odd = bool(width % 2 or height % 2)
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuv444p" if is_odd else "yuv420p"
        stream.codec_context.gop_size = gop_size
        if path.suffix != ".avi":  # which counts frames and knows no other time
            stream.codec_context.time_base = MILLISECOND
        for number, (picture, time_ms) in enumerate(zip(pictures, times_ms, strict=True)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            is_counted = path.suffix == ".avi"
            frame.pts = number if is_counted else time_ms
            frame.time_base = Fraction(1, 30) if is_counted else MILLISECOND
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_sound(path: Path) -> Path:
    """Write a file with sound only."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 48000), dtype=np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def repeat_video(source: Path, path: Path, n_times: int) -> Path:
    """Write a video several times in a row into one file, without encoding it again."""
    with av.open(str(path), "w") as target:
        out = None
        for number in range(n_times):
            with av.open(str(source)) as container:
                stream = container.streams.video[0]
                out = out or target.add_stream_from_template(stream)
                for packet in container.demux(stream):
                    if packet.dts is not None:
                        packet.pts += number * stream.duration
                        packet.dts += number * stream.duration
                        packet.stream = out
                        target.mux(packet)
    return path


def turn_video(path: Path) -> Path:
    """Say in an mp4's header that it is to be shown a quarter turn clockwise, as phones do."""
    content = bytearray(path.read_bytes())
    # The track header: size and type, version and flags, times and so on, then the matrix.
    matrix = content.index(b"tkhd") + 4 + 40
    one, w = 1 << 16, 1 << 30
    for i, value in enumerate((0, one, 0, -one, 0, 0, 0, 0, w)):
        content[matrix + 4 * i : matrix + 4 * i + 4] = value.to_bytes(4, "big", signed=True)
    path.write_bytes(content)
    return path
