"""Refinement of a recording: the moving body that explains the picture best."""

from dataclasses import asdict, dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from posecore.cleaning.sides import repair_swaps
from posecore.errors import InvalidOptionError
from posecore.refinement.body import FOLLOWERS, JOINTS, N_LENGTHS
from posecore.refinement.camera import compute_rays, place_body, turn, turn_to_rays
from posecore.refinement.solver import (
    FIRST,
    LENGTH_OF,
    SECOND,
    SHORTEST_M,
    LengthPrior,
    Problem,
    solve,
)
from posecore.sequence import PoseSequence, ProcessingStep
from posecore.topology import Landmark

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class RefinementOptions:
    """What :func:`refine` assumes of the camera, the estimator and the movement.

    Attributes
    ----------
    repairs_swaps : bool
        Whether left and right are put right first.
    focal_length : float
        In long sides of the picture. 0.85 sees 61 degrees along the long side, as the main camera
        of a phone and most webcams do; angles depend on it little.
    image_sigma_m : float, metres
        Error of a visible image landmark, at the athlete's distance.
    direction_sigma : float
        Error of a visible segment's direction in the world landmarks, as a share of its length.
    length_sigma : float
        Error of a bone length in the world landmarks, as a share of it.
    roughness : float, m^2 s^-3
        How much acceleration is expected: its power spectral density.

    Raises
    ------
    InvalidOptionError
        If a number is not above 0.
    """

    repairs_swaps: bool = True
    focal_length: float = 0.85
    image_sigma_m: float = 0.02
    direction_sigma: float = 0.3
    length_sigma: float = 0.15
    roughness: float = 100.0

    def __post_init__(self) -> None:
        """Check every limit."""
        for name, value in asdict(self).items():
            if name != "repairs_swaps" and not 0 < value < float("inf"):
                raise InvalidOptionError(f"{name} must be a number above 0, not {value}.")


_STANDARD: Final = RefinementOptions()

_HIDDEN_IMAGE: Final = 4.0
_HIDDEN_DIRECTION: Final = 1.0
"""By how much of itself an error grows from full visibility to none."""

_DATA_RATE_HZ: Final = 15.0
"""Frames that follow each other faster share their errors: together they count as so many."""

_LONGEST_GAP_S: Final = 0.5
_N_ITERATIONS: Final = 6
_N_LENGTH_FRAMES: Final = 900
_WINDOW_FRAMES: Final = 1500
_OVERLAP_S: Final = 1.0
_FEWEST_JOINTS: Final = 6
_UNKNOWN_LENGTH_M: Final = 0.2

_HIPS: Final = [JOINTS.index(mark) for mark in (Landmark.LEFT_HIP, Landmark.RIGHT_HIP)]
"""The estimator's crop is centred on them (Bazarevsky et al. 2020, arXiv:2006.10204)."""


class _Seen(NamedTuple):
    """Frames that can be fitted: which, where the body is at first, and what is known of it."""

    rows: NDArray[np.intp]
    body_m: FloatArray
    start_m: FloatArray
    lengths_m: FloatArray
    problem: Problem


def refine(sequence: PoseSequence, options: RefinementOptions = _STANDARD) -> PoseSequence:
    """Fit a body with constant bone lengths to a recording. Needs the whole of it: not for live.

    Parameters
    ----------
    sequence : PoseSequence
        Raw or cleaned; stays as it is.
    options : RefinementOptions
        The standard ones when left out.

    Returns
    -------
    PoseSequence
        New world landmarks: metres in the camera's frame, origin mid-hip. Image landmarks,
        visibility and presence are unchanged, but for left and right where they were swapped. What
        was missing stays missing; so do frames with fewer than six of the sixteen fitted
        landmarks. What was done is added to ``steps``.

    Notes
    -----
    Shoulders, elbows, wrists, hips, knees, ankles, heels and toes, in three dimensions and all
    frames, minimise the sum of squares of

    - the distance to the image landmarks under a perspective camera, more tolerant of hidden ones;
    - the change of bone lengths, which are the same left and right and are fitted as well, on at
      most 900 frames spread over the recording;
    - the difference of segment directions from the world landmarks, which say what a single
      picture cannot: which end of a segment is nearer;
    - the acceleration, on the measured times; over gaps longer than 0.5 s nothing is smoothed.

    The first and third with Cauchy's loss. Gauss-Newton with a banded Cholesky factorisation, in
    windows of 1500 frames that overlap by a second: time and memory grow with the length of the
    recording and no faster. Hands and face are carried along, turned as forearm and trunk are.

    The picture does not tell how large the athlete is: lengths are those of the world landmarks on
    the whole. Angles do not depend on it.

    References
    ----------
    Taylor (2000), Reconstruction of articulated objects from point correspondences in a single
    uncalibrated image, CVIU 80(3):349-363: bone lengths give depth but for its sign.
    Wandt, Ackermann & Rosenhahn (2016), 3D reconstruction of human motion from monocular image
    sequences, IEEE TPAMI 38(8):1505-1516: constant bone lengths over time.
    Triggs et al. (2000), Bundle adjustment - a modern synthesis, LNCS 1883:298-372: robust,
    banded and bordered Gauss-Newton.
    """
    if options.repairs_swaps:
        sequence = repair_swaps(sequence)
    seen = _look_at(sequence, options)
    joints_m = _fit(seen, options)
    world_m = np.full(sequence.world_landmarks.shape, np.nan)
    world_m[seen.rows] = _complete(seen, joints_m)
    world_m[np.isnan(sequence.world_landmarks)] = np.nan
    numbers = {name: value for name, value in asdict(options).items() if name != "repairs_swaps"}
    step = ProcessingStep.of("refine", **numbers, n_frames_fitted=len(seen.rows))
    return sequence.after(step, world_landmarks=world_m.astype(np.float32))


def _look_at(sequence: PoseSequence, options: RefinementOptions) -> _Seen:
    """Find the frames that can be fitted, place the body in each, and weigh what is known."""
    joints = np.array(JOINTS)
    is_known = _is_whole(sequence.image_landmarks[:, joints, :2])
    is_known &= _is_whole(sequence.world_landmarks[:, joints])
    rows = np.flatnonzero(is_known.sum(axis=1) >= _FEWEST_JOINTS)
    is_known = is_known[rows]
    ray = compute_rays(
        sequence.image_landmarks[np.ix_(rows, joints)], sequence.image_size, options.focal_length
    )
    visibility = np.clip(sequence.visibility[np.ix_(rows, joints)].astype(np.float64), 0.0, 1.0)
    visibility = np.nan_to_num(visibility) * is_known
    ray = _fill(ray, is_known)
    world_m = sequence.world_landmarks[rows].astype(np.float64)
    world_m = _fill(world_m, _is_whole(world_m))
    body_m = turn_to_rays(world_m, ray[:, _HIPS].mean(axis=1))
    fitted_m = body_m[:, joints]
    position_m = place_body(fitted_m, ray, (visibility + 1e-3 * is_known) ** 2)

    vector = fitted_m[:, FIRST] - fitted_m[:, SECOND]
    length = np.linalg.norm(vector, axis=-1)
    is_bone = is_known[:, FIRST] & is_known[:, SECOND]
    lengths_m = np.array([_find_length(length, is_bone, k) for k in range(N_LENGTHS)])
    image_sigma = options.image_sigma_m / position_m[:, 2:] * (1 + _HIDDEN_IMAGE * (1 - visibility))
    hidden = 1 - np.minimum(visibility[:, FIRST], visibility[:, SECOND])
    direction_sigma = options.direction_sigma * (1 + _HIDDEN_DIRECTION * hidden)
    problem = Problem(
        ray=ray,
        ray_weight=is_known / image_sigma**2,
        direction=vector / np.maximum(length, 1e-6)[..., np.newaxis],
        direction_weight=is_bone / direction_sigma**2,
        frame_weight=_weigh_frames(sequence.time_s[rows]),
        time_s=sequence.time_s[rows],
        roughness=options.roughness,
        longest_gap_s=_LONGEST_GAP_S,
    )
    return _Seen(rows, body_m, fitted_m + position_m[:, np.newaxis], lengths_m, problem)


def _fit(seen: _Seen, options: RefinementOptions) -> FloatArray:
    """Lengths first, from frames spread over the recording; then all joints, window by window."""
    n = len(seen.rows)
    joints_m = seen.start_m.copy()
    if not n:
        return joints_m
    spread = np.unique(np.linspace(0, n - 1, min(n, _N_LENGTH_FRAMES)).round().astype(np.intp))
    prior = LengthPrior(seen.lengths_m, options.length_sigma * seen.lengths_m)
    _, lengths_m = solve(
        seen.problem.cut(spread), seen.start_m[spread], seen.lengths_m, _N_ITERATIONS, prior
    )
    time_s = seen.problem.time_s
    for first in range(0, n, _WINDOW_FRAMES):
        end = min(n, first + _WINDOW_FRAMES)
        before = max(np.searchsorted(time_s, time_s[first] - _OVERLAP_S), first - _WINDOW_FRAMES, 0)
        after = min(np.searchsorted(time_s, time_s[end - 1] + _OVERLAP_S), end + _WINDOW_FRAMES)
        window = slice(int(before), int(after))
        found_m, _ = solve(seen.problem.cut(window), seen.start_m[window], lengths_m, _N_ITERATIONS)
        joints_m[first:end] = found_m[first - window.start : end - window.start]
    return joints_m


def _complete(seen: _Seen, joints_m: FloatArray) -> FloatArray:
    """All 33 landmarks, origin mid-hip: hands and face follow what they hang on."""
    world_m = seen.body_m.copy()
    world_m[:, JOINTS] = joints_m
    for follower in FOLLOWERS:
        start, end = list(follower.start), list(follower.end)
        carried = list(follower.landmarks)
        raw_end_m, new_end_m = (m[:, end].mean(axis=1) for m in (seen.body_m, world_m))
        before = raw_end_m - seen.body_m[:, start].mean(axis=1)
        after = new_end_m - world_m[:, start].mean(axis=1)
        hanging_m = seen.body_m[:, carried] - raw_end_m[:, np.newaxis]
        world_m[:, carried] = new_end_m[:, np.newaxis] + turn(hanging_m, before, after)
    hips_m = world_m[:, [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]].mean(axis=1, keepdims=True)
    return np.asarray(world_m - hips_m)


def _find_length(length: FloatArray, is_bone: NDArray[np.bool_], which: int) -> float:
    """Median of both sides over all frames in which both ends are known."""
    measured = length[:, which == LENGTH_OF][is_bone[:, which == LENGTH_OF]]
    return max(float(np.median(measured)), SHORTEST_M) if len(measured) else _UNKNOWN_LENGTH_M


def _weigh_frames(time_s: FloatArray) -> FloatArray:
    """Share of an independent frame that each frame is worth, at most 1."""
    gaps_s = np.concatenate([[1.0], np.diff(time_s), [1.0]])
    return np.asarray(np.minimum(1.0, _DATA_RATE_HZ * np.minimum(gaps_s[:-1], gaps_s[1:])))


def _fill(values: FloatArray, is_known: NDArray[np.bool_]) -> FloatArray:
    """Put the mean of a frame's known landmarks in place of the others; it carries no weight."""
    known = is_known[..., np.newaxis]
    total = np.where(known, values, 0.0).sum(axis=1, keepdims=True)
    mean = total / np.maximum(known.sum(axis=1, keepdims=True), 1)
    return np.asarray(np.where(known, values, mean))


def _is_whole(values: NDArray[np.floating]) -> NDArray[np.bool_]:
    return np.asarray(~np.isnan(values).any(axis=-1))
