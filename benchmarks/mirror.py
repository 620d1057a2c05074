"""The delayed mirror: memory of a whole minute, and what it costs the live picture.

Run with ``python -m benchmarks.mirror``. Pictures are those of the real test video.
"""

import itertools
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial

import av
import numpy as np
import psutil

from benchmarks.common import Row, find_test_video, print_table
from benchmarks.live import CAMERA_FPS, N_FRAMES, offer, warm_up
from posecore import PoseFrame, SessionStore, Settings, open_store
from posecore.capture.kept_stretch import StretchKeeper
from posecore.capture.live_part import LiveMoment, LivePart
from posecore.capture.mirror_delay import MAX_DELAY_S, MirrorDelay
from posecore.capture.pipeline import LivePipeline
from posecore.capture.recorder import SessionRecorder
from posecore.capture.rolling_buffer import RollingBuffer
from posecore.estimation import open_estimator
from posecore.synthetic import make_squats

SIZES = ((640, 360), (1280, 720))
LIMIT_MB = 400.0
TIME_LIMIT_S = 0.003
"""As much as may be drawn on a live picture by the ghost, too."""
N_SECONDS = MAX_DELAY_S + 5


def main() -> None:
    """Measure and print."""
    rows = []
    for size in SIZES:
        name = f"{size[0]}x{size[1]}"
        # Each in a process of its own, whose memory is that of nothing else.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as executor:
            rss_mb, counted_mb, reach_s, added_s = executor.submit(fill_minute, size).result()
        rows += [
            Row(
                f"{name}: memory of {MAX_DELAY_S} s",
                f"{rss_mb:.0f} MB, counted {counted_mb:.0f} MB",
                f"{LIMIT_MB:.0f} MB",
                rss_mb / LIMIT_MB,
                1.0,
                "at most",
            ),
            Row(
                f"{name}: seconds it reaches back",
                f"{reach_s:.1f} s",
                f"{MAX_DELAY_S} s",
                reach_s / MAX_DELAY_S,
                1.0,
                "at least",
            ),
        ]
        if size == SIZES[0]:
            rows.append(
                Row(
                    f"{name}: added to a frame",
                    f"{added_s * 1e3:.2f} ms",
                    f"{TIME_LIMIT_S * 1e3:.0f} ms",
                    added_s / TIME_LIMIT_S,
                    1.0,
                    "at most",
                )
            )
        without, late = measure_rates(size)
        rows.append(
            Row(
                f"{name}: frames/s with the mirror",
                f"{late:.1f}",
                f"without {without:.1f}",
                late / without,
                0.95,
                "at least",
            )
        )
    print_table(f"Delayed mirror, {MAX_DELAY_S} s, {CAMERA_FPS:.0f} frames/s", rows)


def read_frames(size: tuple[int, int]) -> list[av.VideoFrame]:
    """Frames as a camera's decoder gives them."""
    with av.open(str(find_test_video())) as container:
        return [
            frame.reformat(*size, format="yuv420p")
            for frame in itertools.islice(container.decode(video=0), 120)
        ]


def make_mirror(store: SessionStore, recorder: SessionRecorder) -> MirrorDelay:
    """Make a mirror as the live room has it."""
    buffer = RollingBuffer()
    keeper = StretchKeeper(store, buffer, model="full")
    return MirrorDelay(buffer, keeper, recorder, lambda: {"name": "benchmark"})


def fill_minute(size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Growth of the process and counted bytes in MB, seconds reached, seconds added to a frame."""
    pictures = [frame.to_ndarray(format="rgb24") for frame in read_frames(size)]
    poses = list(make_poses())
    n_frames = round(N_SECONDS * CAMERA_FPS)
    with tempfile.TemporaryDirectory() as folder, open_store(f"{folder}/a.duckdb") as store:
        mirror = make_mirror(store, SessionRecorder(store))
        mirror.choose_delay(MAX_DELAY_S)
        process = psutil.Process()
        show(mirror, pictures, poses, range(30))
        mirror.camera_ended()
        before = process.memory_info().rss
        times_s = show(mirror, pictures, poses, range(n_frames))
        grown = process.memory_info().rss - before
        buffer = mirror._buffer
        reach_s = (n_frames - 1) / CAMERA_FPS - buffer.first_picture_s
        # From then on it is late, and that is what takes time.
        late_s = times_s[round((MAX_DELAY_S + 1) * CAMERA_FPS) :]
        return grown / 1e6, buffer.n_bytes / 1e6, reach_s, statistics.fmean(late_s)


def make_poses() -> Iterable[PoseFrame]:
    """Poses to copy: as many arrays as an estimator makes."""
    squats = make_squats(4.0)
    names = ("image_landmarks", "world_landmarks", "visibility", "presence")
    for place in range(len(squats)):
        yield PoseFrame(
            time_s=0.0, **{name: np.array(getattr(squats, name)[place]) for name in names}
        )


def show(
    mirror: MirrorDelay, pictures: list[np.ndarray], poses: list[PoseFrame], numbers: range
) -> list[float]:
    """Show frames as the pipeline does, at the pace of the coder; seconds that each took."""
    times_s = []
    for number in numbers:
        pose = poses[number % len(poses)]
        copied = {
            name: np.array(getattr(pose, name))
            for name in ("image_landmarks", "world_landmarks", "visibility", "presence")
        }
        frame = PoseFrame(time_s=number / CAMERA_FPS, **copied)
        picture = pictures[number % len(pictures)].copy()
        moment = LiveMoment(
            frame=frame,
            calm=replace(frame, world_landmarks=frame.world_landmarks.copy()),
            frame_number=number,
            image_size=(picture.shape[1], picture.shape[0]),
            frame_rgb=picture,
            arrived_s=time.monotonic(),
        )
        start = time.perf_counter()
        mirror.see(moment)
        mirror.replace(picture)
        times_s.append(time.perf_counter() - start)
        while mirror._buffer.n_waiting:
            time.sleep(1e-4)
    return times_s


def measure_rates(size: tuple[int, int]) -> tuple[float, float]:
    """Frames analysed a second of those that come at the camera's pace, without and with it."""
    frames = read_frames(size)
    rates = []
    for is_late in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings.from_env({"POSECORE_DATA": folder})
            with open_store(settings.database) as store:
                recorder = SessionRecorder(store)
                mirror = make_mirror(store, recorder)
                mirror.choose_delay(2)
                parts: list[LivePart] = [mirror] if is_late else []
                pipeline = LivePipeline(partial(open_estimator, settings), recorder, parts=parts)
                rates.append(measure_rate(pipeline, frames))
                pipeline.close()
    return rates[0], rates[1]


def measure_rate(pipeline: LivePipeline, frames: list[av.VideoFrame]) -> float:
    """Frames analysed a second, all of them sent on as the page does."""
    begin = warm_up(pipeline, frames)
    n_before, start = pipeline.n_analysed, time.perf_counter()
    for number in range(N_FRAMES):
        time.sleep(max(0.0, start + number / CAMERA_FPS - time.perf_counter()))
        picture = offer(pipeline, frames[number % len(frames)], begin + number / CAMERA_FPS)
    picture.result()
    return (pipeline.n_analysed - n_before) / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
