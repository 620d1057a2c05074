"""How old the picture is that the athlete sees: from a camera's frame to the drawn one.

Run with ``python -m benchmarks.live_latency``. Frames are those of the real test video at 640x360,
offered at the camera's pace; what the browser and the line add is not in it.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

import av
import numpy as np

from benchmarks.common import Row, print_table
from benchmarks.live import SIZE, SlowEstimator, close, offer, open_live, read_frames, warm_up
from posecore import Settings
from posecore.capture.live_part import Picture
from posecore.capture.pipeline import CAPACITY, LivePipeline
from posecore.estimation import PoseEstimator, open_estimator

CAMERA_FPS = 30.0
FAST_FPS = 60.0
SECONDS = 20.0
LIMIT_S = 0.150
BOUND = 1.25
"""A frame waits for at most as many as fit in the queue and for the one in work, each as long as
the estimator takes; what else there is of work may take a quarter more."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args()
    frames = read_frames()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_env({"POSECORE_DATA": folder})
        usual = measure(frames, settings, CAMERA_FPS, options.seconds)
        slow: list[SlowEstimator] = []

        def open_slow() -> PoseEstimator:
            slow.append(SlowEstimator(open_estimator(settings)))
            return slow[-1]

        late = measure(frames, settings, FAST_FPS, options.seconds, open_slow)
        own_s = float(np.percentile(slow[-1].times_s, 95))
    bound_s = (CAPACITY + 1) * own_s
    print_table(
        f"Camera frame to drawn frame, {SIZE[0]}x{SIZE[1]}, recording, {options.seconds:g} s each",
        [
            Row(
                "30 frames/s, 95th percentile (median)",
                f"{1e3 * usual[1]:.0f} ms ({1e3 * usual[0]:.0f} ms)",
                f"limit {1e3 * LIMIT_S:.0f} ms",
                usual[1] / LIMIT_S,
                1.0,
                "at most",
            ),
            Row(
                "60 frames/s, estimator three times as slow, 95th percentile (median)",
                f"{1e3 * late[1]:.0f} ms ({1e3 * late[0]:.0f} ms)",
                f"{CAPACITY} waiting and one in work, {1e3 * own_s:.0f} ms each: "
                f"{1e3 * bound_s:.0f} ms",
                late[1] / bound_s,
                BOUND,
                "at most",
            ),
            Row(
                "the same, last quarter to first: does it grow",
                f"{1e3 * late[3]:.0f} ms",
                f"{1e3 * late[2]:.0f} ms",
                late[3] / late[2],
                1.5,
                "at most",
            ),
        ],
    )


def measure(
    frames: list[av.VideoFrame],
    settings: Settings,
    fps: float,
    seconds: float,
    open_one: Callable[[], PoseEstimator] | None = None,
) -> tuple[float, float, float, float]:
    """Median and 95th percentile, then the medians of the first and of the last quarter."""
    pipeline, recorder = open_live(settings, open_one)
    begin_s = warm_up(pipeline, frames)
    recorder.start(name="benchmark")
    latencies_s: list[float] = []
    offer_at(pipeline, frames, begin_s, fps, round(seconds * fps), latencies_s)
    close(pipeline, recorder)
    quarter = len(latencies_s) // 4
    return (
        float(np.median(latencies_s)),
        float(np.percentile(latencies_s, 95)),
        float(np.median(latencies_s[:quarter])),
        float(np.median(latencies_s[-quarter:])),
    )


def offer_at(
    pipeline: LivePipeline,
    frames: list[av.VideoFrame],
    begin_s: float,
    fps: float,
    n_frames: int,
    latencies_s: list[float],
) -> None:
    """Offer frames at a pace, whatever becomes of them; note how long each that is drawn takes."""
    start = time.perf_counter()
    for number in range(n_frames):
        time.sleep(max(0.0, start + number / fps - time.perf_counter()))
        picture = offer(pipeline, frames[number % len(frames)], begin_s + number / fps)
        picture.add_done_callback(partial(_note, latencies_s, time.perf_counter()))
    picture.result()


def _note(latencies_s: list[float], offered_at: float, picture: "Future[Picture | None]") -> None:
    if picture.result() is not None:
        latencies_s.append(time.perf_counter() - offered_at)


if __name__ == "__main__":
    main()
