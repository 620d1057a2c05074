"""Refinement of one hour at 30 frames/s, and the expected errors of its angles.

Run with ``python -m benchmarks.refinement``. The hour is timed once: it takes minutes.
"""

import time
from collections.abc import Callable

from benchmarks.common import Row, print_table
from posecore import compute_expected_error, refine
from posecore.synthetic import make_squats

HOUR_S = 3600.0
LIMITS_S = {"refinement of one hour": 180.0, "expected errors of one hour": 5.0}


def main() -> None:
    """Measure and print."""
    hour = make_squats(duration_s=HOUR_S)
    work: dict[str, Callable[[], object]] = {
        "refinement of one hour": lambda: refine(hour),
        "expected errors of one hour": lambda: compute_expected_error(hour),
    }
    rows = []
    for measure, do in work.items():
        start_s = time.perf_counter()
        do()
        took_s, limit_s = time.perf_counter() - start_s, LIMITS_S[measure]
        rows.append(
            Row(
                measure, f"{took_s:.1f} s", f"limit {limit_s:g} s", took_s / limit_s, 1.0, "at most"
            )
        )
    print_table(f"Refinement, {len(hour):,} frames (1 hour at 30 frames/s)", rows)


if __name__ == "__main__":
    main()
