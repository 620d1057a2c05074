"""All metrics of one hour at 30 frames/s, against a plain loop, and angles against `movement`.

Run with ``python -m benchmarks.metrics``. The loop does the least a metric of every angle needs:
the angles frame by frame, their ranges and speeds; it is timed on one minute and scaled to the
hour. `movement` (neuroinformatics-unit) is measured where it is installed; it is not asked for.
"""

import time
from dataclasses import replace
from importlib.util import find_spec

import numpy as np

from benchmarks.angles import HOUR_S, SUBSET_S, loop_over_frames
from benchmarks.common import Row, print_table
from benchmarks.timing import measure_median_s
from posecore import METRICS, PoseSequence, compute_metrics
from posecore.geometry import compute_vector_angle
from posecore.synthetic import make_squats
from posecore.topology import Landmark

LIMIT_S = 3.0
HIP, KNEE, ANKLE = Landmark.LEFT_HIP, Landmark.LEFT_KNEE, Landmark.LEFT_ANKLE


def main() -> None:
    """Measure and print."""
    hour, minute = with_noise(make_squats(HOUR_S)), with_noise(make_squats(SUBSET_S))
    assert compute_metrics(hour, ["repetition_count"])["value"].iloc[0] == HOUR_S / 2
    ours_s = measure_median_s(lambda: compute_metrics(hour), 3)
    loop_s = measure_median_s(lambda: loop_over_angles(minute), 3) * HOUR_S / SUBSET_S
    start = time.process_time()
    compute_metrics(hour)
    processor_s = time.process_time() - start
    rows = [
        Row(
            "all metrics of one hour",
            f"{ours_s:.2f} s (processor {processor_s:.2f} s)",
            f"limit {LIMIT_S} s",
            ours_s / LIMIT_S,
            1.0,
            "at most",
        ),
        Row(
            "all metrics of one hour",
            f"{ours_s:.2f} s",
            f"loop, angles' ranges and speeds alone {loop_s:.1f} s (1 minute x 60)",
            ours_s / loop_s,
            1.0,
            "at most",
        ),
    ]
    print_table(f"Metrics, {len(METRICS)} of {len(hour):,} frames", [*rows, *compare(hour)])


def with_noise(sequence: PoseSequence) -> PoseSequence:
    """Move every world landmark by 1 cm, so that nothing is easier than it is."""
    world = sequence.world_landmarks
    noise = np.random.default_rng(0).normal(0, 0.01, world.shape).astype(np.float32)
    return replace(sequence, world_landmarks=world + noise)


def loop_over_angles(sequence: PoseSequence) -> list[tuple[float, float]]:
    """Range and highest speed of each angle, frame by frame."""
    frames = loop_over_frames(sequence)
    times = sequence.time_s.tolist()
    found = []
    for number in range(len(frames[0])):
        lowest, highest, fastest = frames[0][number], frames[0][number], 0.0
        for i in range(1, len(frames)):
            angle, before = frames[i][number], frames[i - 1][number]
            lowest, highest = min(lowest, angle), max(highest, angle)
            fastest = max(fastest, abs(angle - before) / (times[i] - times[i - 1]))
        found.append((highest - lowest, fastest))
    return found


def compare(hour: PoseSequence) -> list[Row]:
    """One angle of one hour beside that of `movement`, if it is there."""
    name = "one knee angle of one hour"
    if find_spec("movement") is None:
        print("movement: not installed, so not compared")
        return []
    import xarray
    from movement.utils.vector import compute_signed_angle_2d

    world = hour.world_landmarks.astype(np.float64)
    thigh, shank = world[:, HIP, :2] - world[:, KNEE, :2], world[:, ANKLE, :2] - world[:, KNEE, :2]
    first, second = (
        xarray.DataArray(each, dims=("time", "space"), coords={"space": ["x", "y"]})
        for each in (thigh, shank)
    )
    flat = np.zeros((len(world), 1))
    ours_s = measure_median_s(
        lambda: compute_vector_angle(np.hstack([thigh, flat]), np.hstack([shank, flat]))
    )
    theirs_s = measure_median_s(lambda: compute_signed_angle_2d(first, second))
    return [
        Row(
            name,
            f"{1000 * ours_s:.1f} ms (3D)",
            f"movement {1000 * theirs_s:.1f} ms (2D, it has no 3D)",
            ours_s / theirs_s,
            2.0,
            "at most",
        )
    ]


if __name__ == "__main__":
    main()
