"""Joint angles of one hour at 30 frames/s, against a plain Python loop over frames.

Run with ``python -m benchmarks.angles``. The loop is timed on one minute and scaled to the hour.
"""

import math

import numpy as np

from benchmarks.common import Row, print_table
from benchmarks.timing import measure_median_s
from posecore import ANGLES, AngleDefinition, PoseSequence, compute_joint_angles
from posecore.synthetic import make_squats

HOUR_S = 3600.0
SUBSET_S = 60.0
LIMIT_S = 0.5


def main() -> None:
    """Check that both find the same angles, measure and print."""
    hour, minute = make_squats(duration_s=HOUR_S), make_squats(duration_s=SUBSET_S)
    np.testing.assert_allclose(compute_joint_angles(minute), loop_over_frames(minute), atol=1e-3)
    ours_s = measure_median_s(lambda: compute_joint_angles(hour))
    loop_s = measure_median_s(lambda: loop_over_frames(minute)) * HOUR_S / SUBSET_S
    print_table(
        f"Angles, {len(ANGLES)} of {len(hour):,} frames (1 hour at 30 frames/s), medians of 5",
        [
            Row(
                "all angles of one hour",
                f"{ours_s:.3f} s",
                f"limit {LIMIT_S} s",
                ours_s / LIMIT_S,
                1.0,
                "at most",
            ),
            Row(
                "all angles of one hour",
                f"{ours_s:.3f} s",
                f"loop over frames {loop_s:.1f} s (1 minute x 60)",
                ours_s / loop_s,
                1.0,
                "at most",
            ),
        ],
    )


def loop_over_frames(sequence: PoseSequence) -> list[list[float]]:
    """Compute the angles as one writes them first: frame by frame, by the arccosine."""
    return [
        [compute_one(definition, pose) for definition in ANGLES.values()]
        for pose in sequence.world_landmarks.tolist()
    ]


def compute_one(definition: AngleDefinition, pose: list[list[float]]) -> float:
    """One angle of one frame in degrees."""
    vertex = pose[definition.vertex]
    first = [a - b for a, b in zip(pose[definition.proximal], vertex, strict=True)]
    second = [a - b for a, b in zip(pose[definition.distal], vertex, strict=True)]
    dot = sum(a * b for a, b in zip(first, second, strict=True))
    cosine = dot / (math.hypot(*first) * math.hypot(*second))
    interior = math.degrees(math.acos(max(-1.0, min(1.0, cosine))))
    return 180.0 - interior if definition.zero == "straight" else interior


if __name__ == "__main__":
    main()
