"""The same movement at another, even frame rate."""

import numpy as np
from numpy.typing import NDArray

from posecore.cleaning.runs import (
    Floats,
    compute_longest_step_s,
    find_runs,
    interpolate_runs,
)
from posecore.errors import InvalidOptionError
from posecore.sequence import PoseSequence, ProcessingStep
from posecore.topology import N_LANDMARKS


def resample(sequence: PoseSequence, fps: float) -> PoseSequence:
    """Recording of the same movement with even time steps.

    Parameters
    ----------
    sequence : PoseSequence
    fps : float, frames per second
        Of the result. Movement faster than half of it must be smoothed away before: see
        :func:`posecore.clean`.

    Returns
    -------
    PoseSequence
        From the first frame's time on, at ``1 / fps`` each, to the last that lies within the
        recording; frames are numbered anew. A new frame between two measured ones is read from
        their times, the landmarks piecewise cubic, visibility and presence by a straight line; it
        is NaN where either is missing or a hole (0.25 s and twice the usual step) is between them.

    Raises
    ------
    InvalidOptionError
        If ``fps`` is not a number above 0.
    """
    if not 0 < fps < float("inf"):
        raise InvalidOptionError(f"fps must be a number of frames per second above 0, not {fps}.")
    n_frames = int(sequence.duration_s * fps * (1 + 1e-9)) + 1 if sequence.n_frames else 0
    wanted_s = sequence.time_s[:1] + np.arange(n_frames) / fps
    resampled = {
        name: _read_landmarks(sequence.time_s, getattr(sequence, name), wanted_s)
        for name in ("image_landmarks", "world_landmarks")
    }
    resampled |= {
        name: _read_linear(sequence.time_s, getattr(sequence, name), wanted_s)
        for name in ("visibility", "presence")
    }
    return sequence.after(
        ProcessingStep.of("resample", fps=fps),
        time_s=wanted_s,
        frame_number=np.arange(n_frames),
        **resampled,
    )


def _read_landmarks(
    time_s: Floats, positions: NDArray[np.float32], wanted_s: Floats
) -> NDArray[np.float32]:
    """Positions, shape (n, 33, 3), at other times."""
    read = np.full((len(wanted_s), N_LANDMARKS, 3), np.nan, dtype=np.float32)
    for landmark in range(N_LANDMARKS):
        values = positions[:, landmark].astype(np.float64)
        is_measured = np.asarray(np.isfinite(values).all(axis=1))
        rows, runs = find_runs(time_s, is_measured, compute_longest_step_s(time_s))
        at, before, after = _find_neighbours(time_s[rows], wanted_s)
        run_number = np.asarray(runs.spread(np.arange(len(runs.lengths))))
        is_exact = time_s[rows[before]] == wanted_s[at]
        is_inside = is_exact | (run_number[before] == run_number[after])
        at = at[is_inside]
        if len(rows) > 1:
            read[at, landmark] = interpolate_runs(time_s[rows], values[rows], runs, wanted_s[at])
        else:
            read[at, landmark] = values[rows]
    return read


def _read_linear(
    time_s: Floats, values: NDArray[np.float32], wanted_s: Floats
) -> NDArray[np.float32]:
    """Values, shape (n, 33), at other times, on straight lines."""
    read = np.full((len(wanted_s), N_LANDMARKS), np.nan, dtype=np.float32)
    at, before, after = _find_neighbours(time_s, wanted_s)
    step_s = time_s[after] - time_s[before]
    share = (wanted_s[at] - time_s[before]) / np.where(step_s > 0, step_s, 1.0)
    is_exact = share == 0
    is_hole = (step_s > compute_longest_step_s(time_s)) & ~is_exact
    weight = share[:, np.newaxis].astype(np.float32)
    line = (1 - weight) * values[before] + weight * values[np.where(is_exact, before, after)]
    read[at[~is_hole]] = line[~is_hole]
    return read


def _find_neighbours(
    time_s: Floats, wanted_s: Floats
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Which wanted times lie within the measured ones, and the frames before and after each."""
    after = np.searchsorted(time_s, wanted_s, side="right")
    is_inside = (after > 0) & ((after < len(time_s)) | np.isin(wanted_s, time_s[-1:]))
    at = np.flatnonzero(is_inside)
    return at, after[at] - 1, np.minimum(after[at], len(time_s) - 1)
