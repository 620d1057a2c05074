"""The ghost over the live picture: what it costs a frame, and online warping alone.

Run with ``python -m benchmarks.ghost``. Frames are those of the real test video at 640x360, its own
movement is the ghost. The pipeline runs with the ghost and without in turn, two seconds of frames
each, so that whatever else the machine does meets both. The reference of the warping has 9,000
frames and never stops moving; it is followed, and searched through from the wrong place.
"""

import statistics
import tempfile
import time

import av
import numpy as np

from benchmarks import mirror
from benchmarks.common import Row, print_table
from benchmarks.live import CAMERA_FPS, SIZE, offer, read_frames, to_rgb, warm_up
from posecore import CORE_ANGLES, OnlineWarping, PoseFrame, PoseSequence, Settings, open_store
from posecore.capture.canvas import Canvas
from posecore.capture.ghost import Ghost, GhostChoice
from posecore.capture.live_part import LiveMoment, LivePart
from posecore.capture.pipeline import LivePipeline
from posecore.capture.recorder import SessionRecorder
from posecore.estimation import open_estimator
from posecore.synthetic import make_sequence

N_ROUNDS = 20
N_WARPED = 3_000
DURATION_S = 300.0
DRAW_LIMIT_MS, WARP_LIMIT_MS, RATE_LIMIT = 3.0, 1.0, 0.95


def main() -> None:
    """Measure and print."""
    frames = read_frames()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_env({"POSECORE_DATA": folder})
        poses = estimate(frames, settings)
        rows = [
            *(measure_drawing(frames, poses, way) for way in ("own", "waiting")),
            measure_live_rate(frames, poses, settings),
            measure_rate(frames, poses, settings),
            *measure_warping(),
        ]
    print_table(f"The ghost over the live picture, {SIZE[0]}x{SIZE[1]}", rows)


def estimate(frames: list[av.VideoFrame], settings: Settings) -> list[PoseFrame]:
    """Pose of every frame."""
    with open_estimator(settings) as estimator:
        return [
            estimator.estimate(to_rgb(frame), number / CAMERA_FPS)
            for number, frame in enumerate(frames)
        ]


def make_ghost(poses: list[PoseFrame], way: str) -> Ghost:
    """Ghost of these poses, loaded."""
    sequence = PoseSequence.from_frames(poses, image_size=SIZE)
    ghost = Ghost()
    ghost.choose(
        GhostChoice(session_id="", key=("benchmark",), name="Benchmark", load=lambda: sequence)
    )
    ghost.wait_until_loaded(60)
    ghost.run_as("waiting" if way == "waiting" else "own")
    return ghost


def measure_drawing(frames: list[av.VideoFrame], poses: list[PoseFrame], way: str) -> Row:
    """Everything the ghost does in a frame: its moment, its place, the score and the drawing."""
    ghost = make_ghost(poses, way)
    times_ms = []
    for number in range(5 * len(frames)):
        pose, frame = poses[number % len(poses)], frames[number % len(frames)]
        picture = to_rgb(frame)
        moment = LiveMoment(
            frame=pose,
            calm=pose,
            frame_number=number,
            image_size=SIZE,
            frame_rgb=picture,
            arrived_s=time.monotonic(),
        )
        start = time.perf_counter()
        ghost.see(moment)
        canvas = Canvas(picture)
        ghost.draw_below(canvas)
        ghost.draw_above(canvas)
        times_ms.append(1e3 * (time.perf_counter() - start))
    median_ms = statistics.median(times_ms)
    words = f"{median_ms:.2f} ms, 95th percentile {np.percentile(times_ms, 95):.2f} ms"
    measure = f"placed, scored and drawn, a frame ({way})"
    return Row(
        measure, words, f"limit {DRAW_LIMIT_MS:g} ms", median_ms / DRAW_LIMIT_MS, 1, "at most"
    )


def measure_live_rate(
    frames: list[av.VideoFrame], poses: list[PoseFrame], settings: Settings
) -> Row:
    """Frames analysed a second of those that come at the camera's pace, with and without."""
    rates = []
    for number, parts in enumerate([(make_ghost(poses, "waiting"),), ()], start=2):
        pipeline, recorder = open_pipeline(settings, number, parts)
        rates.append(mirror.measure_rate(pipeline, frames))
        pipeline.close()
        recorder.stop()
        recorder._store.close()
    return Row(
        f"frame rate with a ghost, {CAMERA_FPS:.0f} frames/s from the camera",
        f"{rates[0]:.1f} frames/s",
        f"without {rates[1]:.1f} frames/s",
        rates[0] / rates[1],
        RATE_LIMIT,
        "at least",
    )


def measure_rate(frames: list[av.VideoFrame], poses: list[PoseFrame], settings: Settings) -> Row:
    """Frames a second of the whole pipeline with a ghost that waits, against without: median."""
    ghost = make_ghost(poses, "waiting")
    pipelines = [
        open_pipeline(settings, number, parts) for number, parts in enumerate([(ghost,), ()])
    ]
    begins = [warm_up(pipeline, frames) for pipeline, _ in pipelines]
    ratios: list[float] = []
    times_s: tuple[list[float], list[float]] = ([], [])
    for round_ in range(N_ROUNDS):
        some = frames[round_ % 2 :: 2]
        # Each is the first as often as the other.
        for which in (0, 1) if round_ % 2 else (1, 0):
            start = time.perf_counter()
            for number, frame in enumerate(some):
                at_s = begins[which] + (round_ * len(some) + number) / CAMERA_FPS
                picture = offer(pipelines[which][0], frame, at_s).result()
                assert picture is not None
            times_s[which].append((time.perf_counter() - start) / len(some))
        ratios.append(times_s[1][-1] / times_s[0][-1])
    for pipeline, recorder in pipelines:
        pipeline.close()
        recorder.stop()
        recorder._store.close()
    with_ghost, without = (1 / statistics.median(each) for each in times_s)
    return Row(
        "frame rate with a ghost, frames as fast as they are taken",
        f"{with_ghost:.1f} frames/s",
        f"without {without:.1f} frames/s",
        statistics.median(ratios),
        RATE_LIMIT,
        "at least",
    )


def open_pipeline(
    settings: Settings, number: int, parts: tuple[LivePart, ...]
) -> tuple[LivePipeline, SessionRecorder]:
    """Recording pipeline as the Live page has it, over a database of its own."""
    database = settings.database.with_name(f"rate_{number}.duckdb")
    recorder = SessionRecorder(open_store(database))
    pipeline = LivePipeline(lambda: open_estimator(settings), recorder, parts=parts)
    return pipeline, recorder


def wander(time_s: np.ndarray) -> dict[str, np.ndarray]:
    """Every joint on its own, fast, nothing repeated."""
    angles = {}
    for number, name in enumerate(CORE_ANGLES):
        rng = np.random.default_rng(number)
        rates_hz, phases = rng.uniform(0.1, 0.9, 4), rng.uniform(0, 2 * np.pi, 4)
        angles[name] = 80 + 18 * np.sin(2 * np.pi * np.outer(time_s, rates_hz) + phases).sum(axis=1)
    return angles


def measure_warping() -> list[Row]:
    """Seconds a pose while somebody is followed, and while they are looked for."""
    time_s = np.arange(round(DURATION_S * CAMERA_FPS)) / CAMERA_FPS
    reference = make_sequence(wander(time_s), time_s=time_s)
    poses = [
        PoseFrame(
            time_s=float(time_s[number]),
            image_landmarks=reference.image_landmarks[number],
            world_landmarks=reference.world_landmarks[number],
            visibility=reference.visibility[number],
            presence=reference.presence[number],
        )
        for number in range(N_WARPED)
    ]
    warping = OnlineWarping(reference)
    rows, off_s = [], []
    for measure, from_s in (("followed", 0.0), ("looked for", 0.8 * DURATION_S)):
        warping.seek(from_s)
        times_ms = []
        for pose in poses:
            start = time.perf_counter()
            found_s = warping.follow(pose)
            times_ms.append(1e3 * (time.perf_counter() - start))
            off_s.append(abs(found_s - pose.time_s))
        median_ms = statistics.median(times_ms)
        rows.append(
            Row(
                f"online warping, a pose, {measure} in {reference.n_frames:,} frames",
                f"{median_ms:.2f} ms, 95th percentile {np.percentile(times_ms, 95):.2f} ms",
                f"limit {WARP_LIMIT_MS:g} ms",
                median_ms / WARP_LIMIT_MS,
                1,
                "at most",
            )
        )
    n_off = max(off_s[:N_WARPED]) * CAMERA_FPS
    rows.append(
        Row(
            "furthest from the truth while followed",
            f"{n_off:.1f} frames",
            "5 frames",
            n_off / 5,
            1,
            "at most",
        )
    )
    n_late = next(n for n, each in enumerate(off_s[N_WARPED:]) if each * CAMERA_FPS <= 5)
    late_s = n_late / CAMERA_FPS
    rows.append(
        Row("found again after", f"{late_s:.1f} s", "4 s of movement", late_s / 4, 1, "at most")
    )
    return rows


if __name__ == "__main__":
    main()
