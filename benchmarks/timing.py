"""How long something takes."""

import statistics
import time
from collections.abc import Callable


def measure_median_s(work: Callable[[], object], n_repetitions: int = 5) -> float:
    """Median seconds of some work, which is done once before to warm up."""
    work()
    times = []
    for _ in range(n_repetitions):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
