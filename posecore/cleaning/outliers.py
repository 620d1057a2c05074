"""Outliers: landmarks far from where they were just before and after."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from posecore.cleaning.robust import compute_window_median, to_body_scale
from posecore.cleaning.runs import compute_step_s, is_within
from posecore.cleaning.trust import remove_landmarks
from posecore.sequence import PoseSequence

_MAX_PER_SIDE: Final = 3
_MIN_IN_WINDOW: Final = 4
_BLOCK_FRAMES: Final = 512
"""So many frames fit the processor's cache with all their landmarks."""

_MEDIAN_DISTANCE: Final = {2: 1.1774, 3: 1.5382}
"""Median distance from the centre of a Gaussian cloud, in standard deviations of one axis: the root
of the median of the chi-squared distribution with that many degrees of freedom."""


def remove_outliers(
    sequence: PoseSequence,
    *,
    window_s: float = 0.2,
    n_sigmas: float = 7.0,
    min_distance_m: float = 0.05,
) -> PoseSequence:
    """Take out landmarks far from the median of their surroundings in time (Hampel's identifier).

    Parameters
    ----------
    sequence : PoseSequence
    window_s : float, seconds
        Frames are compared with those up to half of it before and after, on the clock. With fewer
        than three of them nothing is judged: a window of 0.2 s has none below 10 frames/s.
    n_sigmas : float
        An outlier is further from the window's median than so many standard deviations, these
        estimated by the median distance. From seven frames that is a rough estimate: of Gaussian
        noise of 2 cm, 5 of them would take more than 2 % of the landmarks away, 7 less than 1 %.
    min_distance_m : float, metres
        Nearer than this nothing is an outlier, however still a person stands. In the image the
        same share of the body's size counts.

    Returns
    -------
    PoseSequence
        Outliers of the world landmarks or of x and y in the image are NaN in both.

    Notes
    -----
    Before anything is compared, the median velocity between the two sides of the window is taken
    out, so that a fast limb does not hide its own outliers. Up to three frames each side enter,
    spread evenly over the window, so that the cost does not rise with the frame rate.

    References
    ----------
    Pearson (2002), Outliers in process modeling and identification, IEEE Trans. Control Syst.
    Technol. 10(1):55-63.
    """
    image = to_body_scale(sequence)
    settings = (sequence.time_s, window_s / 2, n_sigmas, min_distance_m)
    is_outlier = _find_outliers(sequence.world_landmarks, *settings) | _find_outliers(
        image, *settings
    )
    return remove_landmarks(
        sequence,
        is_outlier,
        "remove_outliers",
        window_s=window_s,
        n_sigmas=n_sigmas,
        min_distance_m=min_distance_m,
    )


def _find_outliers(
    positions: NDArray[np.float32],
    time_s: NDArray[np.float64],
    half_window_s: float,
    n_sigmas: float,
    min_distance: float,
) -> NDArray[np.bool_]:
    """Shape (n, 33): outliers of positions, shape (n, 33, 2 or 3)."""
    is_outlier = np.zeros(positions.shape[:2], dtype=np.bool_)
    step_s = compute_step_s(time_s)
    reach = int(half_window_s / step_s * (1 + 1e-9)) if step_s > 0 else 0
    if reach == 0:
        return is_outlier
    per_side = min(reach, _MAX_PER_SIDE)
    offsets = reach // per_side * np.arange(-per_side, per_side + 1)[:, np.newaxis]
    factor = n_sigmas / _MEDIAN_DISTANCE[positions.shape[2]]
    for start in range(0, len(time_s), _BLOCK_FRAMES):
        frames = np.arange(start, min(start + _BLOCK_FRAMES, len(time_s)))
        rows = np.clip(frames + offsets, 0, len(time_s) - 1)
        is_used = (rows == frames + offsets) & is_within(
            np.abs(time_s[rows] - time_s[frames]), half_window_s
        )
        window = np.where(is_used[..., np.newaxis, np.newaxis], positions[rows], np.nan)
        elapsed_s = (time_s[rows] - time_s[frames])[..., np.newaxis, np.newaxis]
        window = _take_out_velocity(window, elapsed_s.astype(np.float32))
        offset = window - compute_window_median(window)
        distance = np.sqrt(np.einsum("...d,...d->...", offset, offset))
        limit = np.maximum(factor * compute_window_median(distance), min_distance)
        is_enough = np.count_nonzero(~np.isnan(distance), axis=0) >= _MIN_IN_WINDOW
        is_outlier[frames] = is_enough & (distance[per_side] > limit)
    return is_outlier


def _take_out_velocity(
    window: NDArray[np.float32], elapsed_s: NDArray[np.float32]
) -> NDArray[np.floating]:
    """Window, shape (w, frames, 33, d), as if each landmark stood still but for the rest."""
    middle = len(window) // 2
    before, after = slice(0, middle), slice(None, middle, -1)
    between_s = elapsed_s[after] - elapsed_s[before]
    velocity = compute_window_median(
        (window[after] - window[before]) / np.where(between_s > 0, between_s, np.nan)
    )
    return np.asarray(window - np.nan_to_num(velocity) * elapsed_s)
