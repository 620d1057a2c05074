"""Angles of one hour at 30 frames/s, against a plain Python loop over frames.

Run with ``python -m benchmarks.angles``. The loop reads the core angles only; it is timed on one
minute and scaled to the hour.
"""

import math
from collections.abc import Callable

import numpy as np

from benchmarks.common import Row, print_table
from benchmarks.timing import measure_median_s
from posecore import (
    ANGLES,
    CORE_ANGLES,
    Landmark,
    PoseSequence,
    compute_angular_velocity,
    compute_image_angles,
    compute_joint_angles,
)
from posecore.synthetic import make_squats

HOUR_S = 3600.0
SUBSET_S = 60.0
LIMIT_S = 0.5


def main() -> None:
    """Check that both find the same angles, measure and print."""
    hour, minute = make_squats(duration_s=HOUR_S), make_squats(duration_s=SUBSET_S)
    core = compute_joint_angles(minute, CORE_ANGLES)
    np.testing.assert_allclose(core, loop_over_frames(minute), atol=1e-3)
    angles = compute_joint_angles(hour)
    core_s = measure_median_s(lambda: compute_joint_angles(hour, CORE_ANGLES))
    loop_s = measure_median_s(lambda: loop_over_frames(minute)) * HOUR_S / SUBSET_S
    print_table(
        f"Angles of {len(hour):,} frames (1 hour at 30 frames/s), medians of 5",
        [
            within_limit(f"all {len(ANGLES)} angles", lambda: compute_joint_angles(hour)),
            within_limit("all angles in the picture", lambda: compute_image_angles(hour)),
            within_limit("all angular velocities", lambda: compute_angular_velocity(angles)),
            Row(
                f"the {len(CORE_ANGLES)} core angles",
                f"{core_s:.3f} s",
                f"loop over frames {loop_s:.1f} s (1 minute x 60)",
                core_s / loop_s,
                1.0,
                "at most",
            ),
        ],
    )


def within_limit(what: str, work: Callable[[], object]) -> Row:
    """Time some work against the limit."""
    ours_s = measure_median_s(work)
    return Row(what, f"{ours_s:.3f} s", f"limit {LIMIT_S} s", ours_s / LIMIT_S, 1.0, "at most")


def loop_over_frames(sequence: PoseSequence) -> list[list[float]]:
    """Compute the angles as one writes them first: frame by frame, by the arccosine."""
    joints = [(each.joint, each.zero) for each in ANGLES.values() if each.joint]
    return [
        [compute_one(joint, zero == "straight", pose) for joint, zero in joints]
        for pose in sequence.world_landmarks.tolist()
    ]


def compute_one(
    joint: tuple[Landmark, Landmark, Landmark], is_straight: bool, pose: list[list[float]]
) -> float:
    """One angle of one frame in degrees."""
    proximal, vertex, distal = (pose[landmark] for landmark in joint)
    first = [a - b for a, b in zip(proximal, vertex, strict=True)]
    second = [a - b for a, b in zip(distal, vertex, strict=True)]
    dot = sum(a * b for a, b in zip(first, second, strict=True))
    cosine = dot / (math.hypot(*first) * math.hypot(*second))
    interior = math.degrees(math.acos(max(-1.0, min(1.0, cosine))))
    return 180.0 - interior if is_straight else interior


if __name__ == "__main__":
    main()
