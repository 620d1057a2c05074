"""The live path at 640x360: what everything beyond the landmarker's own call costs, and overload.

Run with ``python -m benchmarks.live``. Frames are those of the real test video.
"""

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Self

import av
import numpy as np

from benchmarks.common import Row, find_test_video, print_table
from posecore import PoseFrame, Session, Settings, open_store
from posecore.capture.live_part import Picture
from posecore.capture.pipeline import CAPACITY, LivePipeline
from posecore.capture.recorder import SessionRecorder
from posecore.estimation import MediaPipePoseEstimator, PoseEstimator, open_estimator
from posecore.models import find_model

SIZE = (640, 360)
CAMERA_FPS = 30.0
N_FRAMES = 600
WARM_UP = 60


def main() -> None:
    """Measure and print."""
    frames = read_frames()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_env({"POSECORE_DATA": folder})
        alone_s = measure_landmarker(frames, settings)
        whole_s = measure_pipeline(frames, settings)
        video_s = measure_pipeline(frames, settings, keep_video=True)
        n_lost, n_offered, rate_alone = offer_at_camera_rate(frames, settings, alone_s)
        latency_s, own_s, is_all_counted = overload(frames, settings)
    bound_s = (CAPACITY + 1) * own_s
    print_table(
        f"Live pipeline, {SIZE[0]}x{SIZE[1]}, {N_FRAMES} frames",
        [
            Row(
                "time a frame",
                f"{whole_s * 1e3:.1f} ms",
                f"landmarker alone {alone_s * 1e3:.1f} ms",
                whole_s / alone_s,
                1.25,
                "at most",
            ),
            Row(
                "time a frame, keeping the video",
                f"{video_s * 1e3:.1f} ms",
                f"landmarker alone {alone_s * 1e3:.1f} ms",
                video_s / alone_s,
                1.25,
                "at most",
            ),
            Row(
                "dropped at 30 frames/s",
                f"{n_lost} of {n_offered}",
                f"landmarker alone {rate_alone:.0f} frames/s",
                n_lost / n_offered,
                0.0,
                "at most",
            ),
            Row(
                "latency when overloaded, 95th percentile",
                f"{latency_s * 1e3:.0f} ms",
                f"queue full {bound_s * 1e3:.0f} ms",
                latency_s / bound_s,
                1.25,
                "at most",
            ),
            Row(
                "offered = stored + dropped when overloaded",
                str(is_all_counted),
                "True",
                float(is_all_counted),
                1.0,
                "at least",
            ),
        ],
    )


def read_frames() -> list[av.VideoFrame]:
    """Frames as a camera's decoder gives them: yuv420p of the camera's size."""
    with av.open(str(find_test_video())) as container:
        return [
            frame.reformat(*SIZE, format="yuv420p")
            for frame in itertools.islice(container.decode(video=0), 120)
        ]


def measure_landmarker(frames: list[av.VideoFrame], settings: Settings) -> float:
    """Mean seconds of the landmarker's own call, in this process, pictures converted beforehand."""
    pictures = [frame.to_ndarray(format="rgb24") for frame in frames]
    with MediaPipePoseEstimator(find_model(settings.model, settings)) as estimator:
        times = []
        for number in range(N_FRAMES + WARM_UP):
            picture = pictures[number % len(pictures)]
            image = estimator._to_image(picture)
            start = time.perf_counter()
            estimator._landmarker.detect_for_video(image, round(number / CAMERA_FPS * 1e3))
            times.append(time.perf_counter() - start)
    return statistics.fmean(times[WARM_UP:])


def open_live(
    settings: Settings, open_one: Callable[[], PoseEstimator] | None = None
) -> tuple[LivePipeline, SessionRecorder]:
    """Recording pipeline as the Live page has it, warmed up."""
    recorder = SessionRecorder(open_store(settings.database))
    pipeline = LivePipeline(open_one or (lambda: open_estimator(settings)), recorder)
    return pipeline, recorder


def offer(pipeline: LivePipeline, frame: av.VideoFrame, time_s: float) -> "Future[Picture | None]":
    """Hand over a frame the way the page's camera does."""
    return pipeline.submit(time_s, partial(to_rgb, frame))


def to_rgb(frame: av.VideoFrame) -> Picture:
    """Convert a frame for the estimator."""
    return frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)


def warm_up(pipeline: LivePipeline, frames: list[av.VideoFrame]) -> float:
    """Run until the model is loaded; returns the next free time."""
    for number in itertools.count():
        offer(pipeline, frames[0], number / CAMERA_FPS).result()
        if pipeline.n_analysed >= WARM_UP:
            return (number + 1) / CAMERA_FPS
    raise AssertionError


def measure_pipeline(
    frames: list[av.VideoFrame], settings: Settings, *, keep_video: bool = False
) -> float:
    """Mean seconds from a decoded frame to the picture to send, recording, one after another."""
    pipeline, recorder = open_live(settings)
    begin = warm_up(pipeline, frames)
    recorder.start(name="benchmark", keep_video=keep_video)
    times = []
    for number in range(N_FRAMES):
        start = time.perf_counter()
        picture = offer(
            pipeline, frames[number % len(frames)], begin + number / CAMERA_FPS
        ).result()
        assert picture is not None
        av.VideoFrame.from_ndarray(picture, format="rgb24")
        times.append(time.perf_counter() - start)
    close(pipeline, recorder)
    return statistics.fmean(times)


def offer_at_camera_rate(
    frames: list[av.VideoFrame], settings: Settings, alone_s: float
) -> tuple[int, int, float]:
    """Frames lost of those offered at the camera's pace, and the landmarker's own rate."""
    pipeline, recorder = open_live(settings)
    begin = warm_up(pipeline, frames)
    recorder.start(name="benchmark")
    lost_before = pipeline.n_dropped
    offer_paced(pipeline, frames, begin, lambda _: None)
    n_lost = pipeline.n_dropped - lost_before
    close(pipeline, recorder)
    return n_lost, N_FRAMES, 1 / alone_s


def offer_paced(
    pipeline: LivePipeline,
    frames: list[av.VideoFrame],
    begin: float,
    note_latency: Callable[[float], None],
) -> None:
    """Offer frames at the camera's pace, whatever becomes of them, and wait for the last."""
    start = time.perf_counter()
    for number in range(N_FRAMES):
        time.sleep(max(0.0, start + number / CAMERA_FPS - time.perf_counter()))
        picture = offer(pipeline, frames[number % len(frames)], begin + number / CAMERA_FPS)
        picture.add_done_callback(partial(_note, note_latency, time.perf_counter()))
    picture.result()


def _note(
    note_latency: Callable[[float], None], offered_at: float, picture: "Future[Picture | None]"
) -> None:
    if picture.result() is not None:
        note_latency(time.perf_counter() - offered_at)


class SlowEstimator:
    """The real estimator on a computer a third as fast, or half as fast as the camera."""

    def __init__(self, estimator: PoseEstimator) -> None:
        self._estimator = estimator
        self.times_s: list[float] = []

    def estimate(self, frame_rgb: Picture, time_s: float) -> PoseFrame:
        """Analyse, then take as long again, twice, or until two pictures have come."""
        start = time.perf_counter()
        frame = self._estimator.estimate(frame_rgb, time_s)
        own_s = time.perf_counter() - start
        time.sleep(max(2 * own_s, 2 / CAMERA_FPS - own_s))
        self.times_s.append(time.perf_counter() - start)
        return frame

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the real one."""
        self._estimator.close()


def overload(frames: list[av.VideoFrame], settings: Settings) -> tuple[float, float, bool]:
    """95th percentile of the latency, the slow estimator's own time, and whether all is counted."""
    slow = SlowEstimator(open_estimator(settings))
    pipeline, recorder = open_live(settings, lambda: slow)
    begin = warm_up(pipeline, frames)
    recorder.start(name="benchmark")
    slow.times_s.clear()
    latencies: list[float] = []
    n_dropped = pipeline.n_dropped
    offer_paced(pipeline, frames, begin, latencies.append)
    n_dropped = pipeline.n_dropped - n_dropped
    session = close(pipeline, recorder)
    # What is lost before the first analysed frame belongs to no recording: none here, the queue
    # is empty then.
    is_all_counted = session.frame_count + session.dropped_count == N_FRAMES
    is_all_counted &= session.dropped_count == n_dropped > 0
    return float(np.percentile(latencies, 95)), statistics.fmean(slow.times_s), is_all_counted


def close(pipeline: LivePipeline, recorder: SessionRecorder) -> Session:
    """End both; returns the session."""
    pipeline.close()
    session = recorder.stop()
    recorder._store.close()
    assert session is not None
    return session


if __name__ == "__main__":
    main()
