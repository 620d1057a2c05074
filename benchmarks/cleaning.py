"""Cleaning of one hour at 30 frames/s, against a plain loop over landmarks and frames.

Run with ``python -m benchmarks.cleaning``. The loop is timed on ten seconds and scaled to the hour.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.signal import butter, filtfilt

from benchmarks.common import Row, print_table
from benchmarks.timing import measure_median_s
from posecore import CleaningOptions, PoseSequence, clean
from posecore.disturbances import add_gaps, add_noise
from posecore.synthetic import make_squats

HOUR_S = 3600.0
SUBSET_S = 10.0
CUTOFF_HZ = 6.0
LIMIT_S = 10.0


def main() -> None:
    """Check that both leave the same error, measure and print."""
    truth, part, hour = make_squats(SUBSET_S), make_spoilt(SUBSET_S), make_spoilt(HOUR_S)
    by_loop = loop_over_landmarks(part)
    options = CleaningOptions(repairs_swaps=False, cutoff_hz=CUTOFF_HZ)
    by_us = clean(part, options).world_landmarks
    errors = [np.sqrt(np.nanmean((each - truth.world_landmarks) ** 2)) for each in (by_us, by_loop)]
    np.testing.assert_allclose(errors[0], errors[1], rtol=0.1)
    whole_s = measure_median_s(lambda: clean(hour), 3)
    same_s = measure_median_s(lambda: clean(hour, options), 3)
    loop_s = measure_median_s(lambda: loop_over_landmarks(part), 1) * HOUR_S / SUBSET_S
    print_table(
        f"Cleaning {len(hour):,} frames (1 hour at 30 frames/s), image and world, medians of 3",
        [
            Row(
                "the standard chain, swaps and cut-off found",
                f"{whole_s:.1f} s",
                f"limit {LIMIT_S:.0f} s",
                whole_s / LIMIT_S,
                1.0,
                "at most",
            ),
            Row(
                "trust, outliers, gaps, smoothing",
                f"{same_s:.1f} s",
                f"loop over landmarks {loop_s:.1f} s (10 s x 360)",
                same_s / loop_s,
                0.1,
                "at most",
            ),
        ],
    )


def make_spoilt(duration_s: float) -> PoseSequence:
    """Squats with noise, and with gaps in 5 % of the frames."""
    noisy = add_noise(make_squats(duration_s), seed=1, world_sd_m=0.01, image_sd_px=2.0)
    return add_gaps(noisy, seed=2, share=0.05, run_frames=3)


def loop_over_landmarks(sequence: PoseSequence) -> NDArray[np.float64]:
    """Clean as one writes it first, coordinate by coordinate; returns the world landmarks."""
    for positions in (sequence.image_landmarks, sequence.world_landmarks):
        cleaned = np.array(positions, dtype=np.float64)
        for landmark in range(cleaned.shape[1]):
            for axis in range(3):
                cleaned[:, landmark, axis] = clean_one(sequence.time_s, cleaned[:, landmark, axis])
    return cleaned


def clean_one(time_s: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hampel frame by frame, PCHIP over everything that is missing, Butterworth both ways."""
    kept = values.copy()
    for frame in np.flatnonzero(~np.isnan(values)):
        window = values[max(0, frame - 3) : frame + 4]
        median = np.nanmedian(window)
        spread = 1.4826 * np.nanmedian(np.abs(window - median))
        if abs(values[frame] - median) > max(7 * spread, 0.05):
            kept[frame] = np.nan
    is_there = ~np.isnan(kept)
    inside = slice(np.argmax(is_there), len(kept) - np.argmax(is_there[::-1]))
    kept[inside] = PchipInterpolator(time_s[is_there], kept[is_there])(time_s[inside])
    fps = (len(time_s) - 1) / (time_s[-1] - time_s[0])
    kept[inside] = filtfilt(*butter(2, CUTOFF_HZ / 0.802 / (fps / 2)), kept[inside])
    return kept


if __name__ == "__main__":
    main()
