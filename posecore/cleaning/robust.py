"""Medians that pass over what is missing, and the image's coordinates on the body's scale."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from posecore.sequence import PoseSequence

_SPREAD_M: Final = 0.4
"""Root mean square distance of the landmarks from their middle where there is no world to ask: that
of a person standing."""


def compute_median(values: NDArray[np.floating]) -> float:
    """Median of what is there; NaN where nothing is."""
    measured = values[~np.isnan(values)]
    return float(np.median(measured)) if measured.size else float("nan")


def compute_window_median(window: NDArray[np.floating]) -> NDArray[np.floating]:
    """Median along the short first axis, of what is there.

    Parameters
    ----------
    window : ndarray, shape (w, ...)

    Returns
    -------
    ndarray, shape (...)
        NaN where all of the window is.

    Notes
    -----
    Sorts by comparing neighbours, whole arrays at a time: for the seven frames of a window some
    ten times as fast as ``np.nanmedian``.
    """
    n_rows = len(window)
    rows = np.where(np.isnan(window), np.inf, window)
    smaller = np.empty_like(rows[0])
    for sweep in range(n_rows):
        for i in range(sweep % 2, n_rows - 1, 2):
            np.minimum(rows[i], rows[i + 1], out=smaller)
            np.maximum(rows[i], rows[i + 1], out=rows[i + 1])
            rows[i] = smaller
    n_measured = np.count_nonzero(np.isfinite(rows), axis=0)
    if (n_measured == n_rows).all():
        median = (rows[(n_rows - 1) // 2] + rows[n_rows // 2]) / 2
    else:
        middle = np.stack([np.maximum(n_measured - 1, 0) // 2, n_measured // 2 % n_rows])
        median = np.take_along_axis(rows, middle, axis=0).mean(axis=0)
        median[n_measured == 0] = np.nan
    return np.asarray(median)


def to_body_scale(sequence: PoseSequence) -> NDArray[np.float32]:
    """Image landmarks in about metres at the body's distance, from the image's corner.

    Parameters
    ----------
    sequence : PoseSequence

    Returns
    -------
    ndarray, shape (n, 33, 2), float32
        x and y, equally scaled by one factor for the whole recording: the one that makes the body
        as large as it is in the world landmarks. NaN where a landmark is missing.
    """
    width, height = sequence.image_size
    image = sequence.image_landmarks[..., :2] * np.array([width / height, 1.0], dtype=np.float32)
    in_image = compute_median(_compute_spread(image))
    in_world = compute_median(_compute_spread(sequence.world_landmarks[..., :2]))
    size_m = _SPREAD_M if np.isnan(in_world) else in_world
    scale = size_m / in_image if in_image > 0 else float("nan")
    return image * np.float32(scale)


def _compute_spread(points: NDArray[np.float32]) -> NDArray[np.floating]:
    """Root mean square distance from the middle, shape (n,), of frames that have all landmarks.

    Of all the landmarks there are where no frame has all of them.
    """
    is_whole = ~np.isnan(points).any(axis=(1, 2))
    if is_whole.any():
        whole = points[is_whole]
        return np.asarray(np.sqrt(whole.var(axis=1).sum(axis=1)))
    is_there = ~np.isnan(points)
    n_there = np.maximum(np.count_nonzero(is_there, axis=1, keepdims=True), 1)
    offset = points - np.where(is_there, points, 0).sum(axis=1, keepdims=True) / n_there
    spread = np.where(is_there, offset**2, 0).sum(axis=1) / n_there[:, 0]
    return np.asarray(np.sqrt(np.where(is_there.any(axis=1), spread, np.nan).sum(axis=1)))
