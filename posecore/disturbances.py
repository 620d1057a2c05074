"""What an estimator does wrong, done on purpose: noise, swapped sides and gaps, each by a seed.

Each function returns a new recording; the one it was given stays as it is.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from posecore.sequence import PoseSequence
from posecore.topology import MIRROR, N_LANDMARKS, Landmark


def add_noise(
    sequence: PoseSequence,
    *,
    seed: int,
    world_sd_m: ArrayLike = 0.0,
    image_sd_px: float = 0.0,
) -> PoseSequence:
    """Gaussian noise, independent from frame to frame and landmark to landmark.

    Parameters
    ----------
    sequence : PoseSequence
    seed : int
    world_sd_m : float or array_like, shape (3,), metres
        Standard deviation of each world coordinate; three numbers for x, y, z.
    image_sd_px : float, pixels
        Standard deviation of x and y in the picture.
    """
    random = np.random.default_rng(seed)
    world = sequence.world_landmarks
    image = np.array(sequence.image_landmarks)
    noise_m = random.standard_normal(world.shape) * np.asarray(world_sd_m)
    noise_px = random.standard_normal(image[..., :2].shape) * image_sd_px
    image[..., :2] += noise_px / sequence.image_size
    noisy = (world + noise_m).astype(np.float32)
    return replace(sequence, world_landmarks=noisy, image_landmarks=image)


def add_swaps(
    sequence: PoseSequence,
    *,
    seed: int,
    share: float = 0.05,
    run_frames: int = 1,
    landmarks: Iterable[Landmark] = tuple(Landmark),
) -> tuple[PoseSequence, NDArray[np.bool_]]:
    """Left taken for right in some frames.

    Parameters
    ----------
    sequence : PoseSequence
    seed : int
    share : float, in [0, 1]
        How many of the frames, rounded to whole runs.
    run_frames : int
        Length of each run of swapped frames; two runs may touch.
    landmarks : iterable of Landmark
        Those that change places with their mirror images, one of each pair is enough; all of them
        when left out.

    Returns
    -------
    PoseSequence
    ndarray, shape (n,), bool
        Which frames were swapped.
    """
    is_swapped = _choose_frames(sequence.n_frames, seed, share, run_frames)
    order = np.arange(N_LANDMARKS)
    for landmark in landmarks:
        order[[landmark, MIRROR[landmark]]] = MIRROR[landmark], landmark
    arrays = _copy_arrays(sequence)
    for array in arrays.values():
        array[is_swapped] = array[is_swapped][:, order]
    return replace(sequence, **arrays), is_swapped


def add_gaps(
    sequence: PoseSequence,
    *,
    seed: int,
    share: float = 0.05,
    run_frames: int = 1,
    landmarks: Iterable[Landmark] = tuple(Landmark),
) -> PoseSequence:
    """Landmarks missing in some frames: NaN, as where nobody is seen.

    Parameters
    ----------
    sequence : PoseSequence
    seed : int
    share : float, in [0, 1]
        How many of the frames, rounded to whole runs.
    run_frames : int
        Length of each gap; two may touch.
    landmarks : iterable of Landmark
        Those that go missing; all of them when left out.
    """
    is_gap = _choose_frames(sequence.n_frames, seed, share, run_frames)
    is_missing = np.isin(np.arange(N_LANDMARKS), list(landmarks))
    arrays = _copy_arrays(sequence)
    for array in arrays.values():
        array[np.ix_(is_gap, is_missing)] = np.nan
    return replace(sequence, **arrays)


def _copy_arrays(sequence: PoseSequence) -> dict[str, Any]:
    names = ("image_landmarks", "world_landmarks", "visibility", "presence")
    return {name: np.array(getattr(sequence, name)) for name in names}


def _choose_frames(n_frames: int, seed: int, share: float, run_frames: int) -> NDArray[np.bool_]:
    """Whole runs of frames at random, none of them overlapping."""
    n_runs = n_frames // run_frames
    n_chosen = min(n_runs, round(share * n_frames / run_frames))
    runs = np.random.default_rng(seed).permutation(n_runs)[:n_chosen]
    is_chosen = np.zeros(n_frames, dtype=bool)
    for run in runs:
        is_chosen[run * run_frames : (run + 1) * run_frames] = True
    return is_chosen
