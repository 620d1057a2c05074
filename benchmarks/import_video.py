"""Import of one video in parallel, against a plain loop: how fast, and how alike.

Run with ``python -m benchmarks.import_video``. Two videos of 1,380 frames are made from the real
test video: as it is, again and again (two people, who both leave), and one person of it, forwards
and backwards without a cut (always in view, so that no join is an easy one). The yardstick for
"alike" is the plain loop itself with 1 grey level of noise in the pictures.
"""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.common import Row, find_test_video, print_table
from posecore import PoseSequence, Settings
from posecore.estimation import MediaPipePoseEstimator
from posecore.import_pieces import JOIN_FRAMES, Analysis, analyse_video
from posecore.models import find_model
from posecore.video import VideoFile, open_video

_Result = TypeVar("_Result")
_Frames = slice | list[int]

N_FRAMES = 1380
N_ROUNDS = 3
N_WORKERS = 2
ONE_PERSON = (slice(0, 520), slice(200, 1200))
"""Rows and columns of the picture in which only one person is, from frame 10 to frame 155."""


def main() -> None:
    """Measure and print."""
    source = find_test_video()
    model = find_model("full", Settings())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, frames in (
            ("two people, who leave", cycle(_read(source))),
            ("one person, always in view", _one_person(source)),
        ):
            path = _write(folder / f"{title}.mp4", islice(frames, N_FRAMES))
            print_table(f"Import of {title}, {N_FRAMES:,} frames", _measure(path, model))


def _measure(path: Path, model: Path) -> list[Row]:
    video = open_video(path)
    rates = []
    # In turns, so that what else the machine does meets all of them.
    for _ in range(N_ROUNDS):
        naive_s, _ = _timed(lambda: _naive_loop(path, model))
        plain_s, plain = _timed(lambda: _plain_loop(video, model))
        ours_s, ours = _timed(lambda: _import(video, model))
        rates.append(N_FRAMES / np.array([naive_s, plain_s, ours_s]))
    naive, same, mine = np.median(rates, axis=0)
    noisy = _plain_loop(video, model, noise=np.random.default_rng(0))
    joins = np.searchsorted(ours.sequence.time_s, ours.joins_s)
    at_joins = [frame for join in joins for frame in range(join + 1, join + 1 + JOIN_FRAMES)]
    rate = f"{mine:.1f} frames/s"
    return [
        Row("rate", rate, f"decode, then detect: {naive:.1f}", mine / naive, 1.6, "at least"),
        Row("rate", rate, f"one process, our reader: {same:.1f}", mine / same, 1.0, "at least"),
        _compare("overall", ours.sequence, plain, noisy, slice(None)),
        _compare(f"{JOIN_FRAMES} frames after a join", ours.sequence, plain, noisy, at_joins),
        Row(
            "joins made",
            f"{len(joins)} at " + ", ".join(f"{join_s:.2f} s" for join_s in ours.joins_s),
            "",
            float(len(joins)),
            N_WORKERS - 1,
            "at least",
        ),
    ]


def _compare(
    where: str,
    ours: PoseSequence,
    plain: PoseSequence,
    noisy: PoseSequence,
    frames: slice | list[int],
) -> Row:
    """95th percentile of the world landmarks' distance from the plain loop's."""
    mine, noise = (_percentile_m(sequence, plain, frames) for sequence in (ours, noisy))
    n_other = int((ours.is_detected != plain.is_detected)[frames].sum())
    return Row(
        f"distance {where}, 95th percentile",
        f"{mine * 1e3:.1f} mm, {n_other} frames seen by one only",
        f"1 grey level of noise {noise * 1e3:.1f} mm",
        mine / noise if noise else 0.0,
        1.0,
        "at most",
    )


def _percentile_m(a: PoseSequence, b: PoseSequence, frames: _Frames) -> float:
    distance_m = np.linalg.norm(a.world_landmarks[frames] - b.world_landmarks[frames], axis=2)
    is_known = ~np.isnan(distance_m)
    return float(np.percentile(distance_m[is_known], 95)) if is_known.any() else 0.0


def _timed(run: Callable[[], _Result]) -> tuple[float, _Result]:
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def _import(video: VideoFile, model: Path) -> Analysis:
    analysis = analyse_video(video, model, n_workers=N_WORKERS, block_network=True)
    assert analysis is not None
    return analysis


def _naive_loop(path: Path, model: Path) -> None:
    """What anybody would write first: decode, then detect, in one process, full size."""
    with MediaPipePoseEstimator(model) as estimator, av.open(str(path)) as container:
        for frame in container.decode(video=0):
            assert frame.time is not None
            frame_rgb = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
            estimator.estimate(frame_rgb, frame.time)


def _plain_loop(
    video: VideoFile, model: Path, noise: np.random.Generator | None = None
) -> PoseSequence:
    """One process, one loop, over the very pictures that our import analyses.

    Not quite plain: our reader scales large pictures, and decodes in FFmpeg's threads.
    """
    with MediaPipePoseEstimator(model) as estimator, video.read_frames() as frames:
        poses = [
            estimator.estimate(frame_rgb if noise is None else _blur(frame_rgb, noise), time_s)
            for time_s, frame_rgb in frames
        ]
    return PoseSequence.from_frames(poses, image_size=video.image_size)


def _blur(frame_rgb: NDArray[np.uint8], noise: np.random.Generator) -> NDArray[np.uint8]:
    step = noise.integers(-1, 2, frame_rgb.shape, dtype=np.int16)
    return (frame_rgb + step).clip(0, 255).astype(np.uint8)


def _read(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def _one_person(path: Path) -> Iterator[av.VideoFrame]:
    rows, columns = ONE_PERSON
    pictures = [
        np.ascontiguousarray(frame.to_ndarray(format="rgb24")[rows, columns], dtype=np.uint8)
        for frame in _read(path)[10:155]
    ]
    for picture in cycle([*pictures, *pictures[-2:0:-1]]):
        yield av.VideoFrame.from_ndarray(picture, format="rgb24")


def _write(path: Path, frames: Iterable[av.VideoFrame]) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "veryfast"})
        for number, frame in enumerate(frames):
            if number == 0:
                stream.width, stream.height = frame.width, frame.height
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


if __name__ == "__main__":
    main()
