"""Two sessions of ten minutes brought together and compared: time, memory, and what comes back.

Run with ``python -m benchmarks.alignment``. Squats are the same every two seconds; in the other
movement every joint goes its own way and nothing is repeated. Landmarks have 1 cm of noise, of its
own in each recording.
"""

import threading
import time
from collections.abc import Callable

import numpy as np
import psutil

from benchmarks.common import Row, print_table
from benchmarks.timing import measure_median_s
from posecore import CORE_ANGLES, Alignment, PoseSequence, align_by_warping, compare
from posecore.disturbances import add_noise
from posecore.synthetic import make_sequence

FPS = 30
DURATION_S = 600.0
SHIFT_S = 1.7
SLOWER = 1.2
LIMIT_S, COMPARE_LIMIT_S = 2.0, 4.0
LIMIT_MB = 500.0

Movement = Callable[[np.ndarray], dict[str, np.ndarray]]


def squat(time_s: np.ndarray) -> dict[str, np.ndarray]:
    """Half a squat a second."""
    bend = 45 * (1 - np.cos(np.pi * time_s))
    return {
        f"{side}_{motion}": bend
        for side in ("left", "right")
        for motion in ("hip_flexion", "knee_flexion", "shoulder_elevation")
    }


def wander(time_s: np.ndarray) -> dict[str, np.ndarray]:
    """Every joint on its own, nothing repeated."""
    angles = {}
    for number, name in enumerate(CORE_ANGLES):
        rng = np.random.default_rng(number)
        rates_hz, phases = rng.uniform(0.03, 0.9, 8), rng.uniform(0, 2 * np.pi, 8)
        angles[name] = 80 + 8 * np.sin(2 * np.pi * np.outer(time_s, rates_hz) + phases).sum(axis=1)
    return angles


def film(movement: Movement, movement_s: np.ndarray, seed: int) -> PoseSequence:
    """Recording of these moments of a movement, one a frame."""
    time_s = np.arange(len(movement_s)) / FPS
    return add_noise(make_sequence(movement(movement_s), time_s=time_s), seed=seed, world_sd_m=0.01)


def measure_peak_mb(work: Callable[[], object]) -> float:
    """Most memory of this process while it works, above what it had before."""
    process, done = psutil.Process(), threading.Event()
    before = peak = process.memory_info().rss

    def watch() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, process.memory_info().rss)
            time.sleep(0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return (peak - before) / 1e6


def count_frames_off(found: Alignment, b_s: np.ndarray) -> float:
    """Largest distance of a matched moment of B from where it should be, in frames."""
    return float(np.abs(found.b_time_s - b_s).max() * FPS)


def measure_recovery(name: str, movement: Movement) -> list[Row]:
    """What comes back of a copy that begins later, and of one that is slower."""
    time_s = np.arange(round(DURATION_S * FPS)) / FPS
    a = film(movement, time_s, seed=0)
    waits = film(movement, np.concatenate([np.zeros(round(SHIFT_S * FPS)), time_s]), seed=1)
    slow = film(movement, np.arange(round(SLOWER * DURATION_S * FPS)) / FPS / SLOWER, seed=2)
    itself, shifted, slowed = (align_by_warping(a, each) for each in (a, waits, slow))
    offset_frames = abs(shifted.offset_s - SHIFT_S) * FPS
    slow_frames = count_frames_off(slowed, SLOWER * slowed.a_time_s)
    score = compare(a, a, alignment=itself).score
    rows = [
        ("with itself, score short of 100", f"{100 - score:g}", 100 - score, 0.0),
        (f"begun {SHIFT_S} s later, offset", f"{offset_frames:.2f} frames", offset_frames, 1.0),
        ("slowed by 20 %, furthest moment", f"{slow_frames:.2f} frames", slow_frames, 2.0),
    ]
    return [
        Row(f"{name}: {what}", ours, f"limit {limit:g}", off, limit, "at most")
        for what, ours, off, limit in rows
    ]


def main() -> None:
    """Measure and print."""
    time_s = np.arange(round(DURATION_S * FPS)) / FPS
    a = film(wander, time_s, seed=0)
    b = film(wander, time_s + 0.5 * np.sin(2 * np.pi * time_s / 20), seed=1)
    # New recordings in each round: expected errors are kept with the one they are of.
    peak_mb = measure_peak_mb(lambda: align_by_warping(a[:], b[:]))
    warp_s = measure_median_s(lambda: align_by_warping(a[:], b[:]))
    compare_s = measure_median_s(lambda: compare(a[:], b[:]))
    timed = [
        ("warp over 8 angles", warp_s, LIMIT_S),
        ("warp and comparison, table and limbs", compare_s, COMPARE_LIMIT_S),
    ]
    rows = [
        Row(what, f"{ours_s:.2f} s", f"limit {limit_s:g} s", ours_s / limit_s, 1.0, "at most")
        for what, ours_s, limit_s in timed
    ]
    rows.append(
        Row(
            "memory of the warp at its peak",
            f"{peak_mb:.0f} MB",
            f"limit {LIMIT_MB:g} MB",
            peak_mb / LIMIT_MB,
            1.0,
            "at most",
        )
    )
    rows += measure_recovery("squats", squat) + measure_recovery("nothing repeated", wander)
    print_table(f"Two sessions of {len(a):,} frames brought together, medians of 5", rows)


if __name__ == "__main__":
    main()
