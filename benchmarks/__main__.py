"""Run every benchmark, one table after the other: ``python -m benchmarks``."""

import subprocess
import sys
from pathlib import Path

NAMES = (
    "store",
    "rest",
    "angles",
    "cleaning",
    "metrics",
    "alignment",
    "find",
    "progress",
    "angle_accuracy",
    "simulated_views",
    "rendered_people",
    "trust_calibration",
    "refinement",
    "live",
    "ghost",
    "live_goals",
    "mirror",
    "live_latency",
    "one_athlete",
    "import_video",
    "replay",
    "compare_page",
    "sockets",
    "audience",
)


def main() -> int:
    """Run each in a process of its own, so that none warms up or slows down the next."""
    root = Path(__file__).resolve().parent.parent
    codes = [
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=root, check=False)
        for name in NAMES
    ]
    return max(done.returncode for done in codes)


if __name__ == "__main__":
    sys.exit(main())
