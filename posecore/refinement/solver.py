"""The least-squares problem: joints over time as one banded system, solved by Gauss-Newton."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve_banded, cholesky_banded
from threadpoolctl import threadpool_limits

from posecore.refinement.body import BONES, JOINTS, N_LENGTHS

FloatArray = NDArray[np.float64]

_WIDTH: Final = 3 * len(JOINTS)
_BAND: Final = 2 * _WIDTH
_DAMPING: Final = 1e-3
_NEAREST_M: Final = 0.2
_LONGEST_STEP_M: Final = 0.3
SHORTEST_M: Final = 0.01
"""No bone is shorter."""

_RAY_SCALE2: Final = 4.0
_DIRECTION_SCALE2: Final = 9.0
"""Squared misses, in variances, at which Cauchy's loss halves the weight."""

FIRST: Final = np.array([bone.first for bone in BONES])
SECOND: Final = np.array([bone.second for bone in BONES])
LENGTH_OF: Final = np.array([bone.length for bone in BONES])
_SLACK: Final = np.array([bone.slack for bone in BONES])


class Problem(NamedTuple):
    """What is known of ``n`` frames, with ``J`` joints and ``B`` bones.

    Attributes
    ----------
    ray : ndarray, shape (n, J, 2)
        x / z and y / z of the image landmarks.
    ray_weight : ndarray, shape (n, J)
        One over the variance of a ray's components.
    direction : ndarray, shape (n, B, 3)
        Unit vectors along the bones, from the world landmarks.
    direction_weight : ndarray, shape (n, B)
        One over the variance of a direction's components.
    frame_weight : ndarray, shape (n,)
        How much a frame's data count: less where frames follow each other so fast that they
        repeat each other's error.
    time_s : ndarray, shape (n,)
    roughness : float
        Power of the acceleration to be expected, m^2 s^-3.
    longest_gap_s : float
        Over longer ones nothing is smoothed.
    """

    ray: FloatArray
    ray_weight: FloatArray
    direction: FloatArray
    direction_weight: FloatArray
    frame_weight: FloatArray
    time_s: FloatArray
    roughness: float
    longest_gap_s: float

    def cut(self, frames: NDArray[np.intp] | slice) -> "Problem":
        """Return the same for some of the frames."""
        return self._replace(
            ray=self.ray[frames],
            ray_weight=self.ray_weight[frames],
            direction=self.direction[frames],
            direction_weight=self.direction_weight[frames],
            frame_weight=self.frame_weight[frames],
            time_s=self.time_s[frames],
        )


class LengthPrior(NamedTuple):
    """What is expected of the bone lengths, shape (N_LENGTHS,): metres and standard deviation."""

    mean_m: FloatArray
    sigma_m: FloatArray


class _System(NamedTuple):
    """The normal equations: matrix in LAPACK's lower band form, with frames kept apart."""

    band: FloatArray
    gradient: FloatArray

    @classmethod
    def make(cls, joints_m: FloatArray) -> "_System":
        return cls(np.zeros((_BAND + 1, len(joints_m), _WIDTH)), np.zeros_like(joints_m))

    def add_block(self, row: int, column: int, block: FloatArray) -> None:
        """Add a 3 x 3 block for each frame; of a block and its mirror image the lower is kept."""
        if row < column:
            row, column, block = column, row, block.transpose(0, 2, 1)
        for i in range(3):
            for j in range(3 if row != column else i + 1):
                self.band[3 * (row - column) + i - j, :, 3 * column + j] += block[:, i, j]


class _Border(NamedTuple):
    """The part of the normal equations that belongs to the bone lengths."""

    coupling: FloatArray
    own: FloatArray
    slope: FloatArray


def solve(
    problem: Problem,
    joints_m: FloatArray,
    lengths_m: FloatArray,
    n_iterations: int,
    prior: LengthPrior | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Fit the joints, and with a prior the bone lengths as well.

    Parameters
    ----------
    problem : Problem
    joints_m : ndarray, shape (n, J, 3)
        Where to begin, in the camera's frame.
    lengths_m : ndarray, shape (N_LENGTHS,)
    n_iterations : int
    prior : LengthPrior, optional
        Without one the lengths stay as they are.

    Returns
    -------
    joints_m, lengths_m : ndarray
    """
    smoothing = _make_smoothing(problem)
    # The band is too narrow for several threads: beside another busy process they wait for each
    # other, and one step takes 2.5 s instead of 0.1 s.
    with threadpool_limits(1, user_api="blas"):
        for _ in range(n_iterations):
            joints_m, lengths_m = _step(problem, smoothing, joints_m, lengths_m, prior)
    return joints_m, lengths_m


def _step(
    problem: Problem,
    smoothing: tuple[FloatArray, FloatArray],
    joints_m: FloatArray,
    lengths_m: FloatArray,
    prior: LengthPrior | None,
) -> tuple[FloatArray, FloatArray]:
    system = _System.make(joints_m)
    _add_rays(system, problem, joints_m)
    border = _add_bones(system, problem, joints_m, lengths_m)
    _add_smoothing(system, smoothing, joints_m)
    system.band[0] += _DAMPING * system.band[0].mean()
    step, length_step = _solve_bordered(system, border, lengths_m, prior)
    joints_m = joints_m - np.clip(step, -_LONGEST_STEP_M, _LONGEST_STEP_M)
    return joints_m, np.maximum(lengths_m - length_step, SHORTEST_M)


def _add_rays(system: _System, problem: Problem, joints_m: FloatArray) -> None:
    """Residuals ``x - u z`` in units of the depth, which is held for one iteration."""
    depth = np.maximum(joints_m[..., 2], _NEAREST_M)
    residual = joints_m[..., :2] - problem.ray * joints_m[..., 2:]
    weight = problem.ray_weight / depth**2
    weight /= 1.0 + weight * (residual**2).sum(axis=-1) / _RAY_SCALE2
    weight *= problem.frame_weight[:, np.newaxis]
    u, v = problem.ray[..., 0], problem.ray[..., 1]
    band, gradient = system
    band[0, :, 0::3] += weight
    band[0, :, 1::3] += weight
    band[0, :, 2::3] += weight * (u**2 + v**2)
    band[2, :, 0::3] -= weight * u
    band[1, :, 1::3] -= weight * v
    gradient[..., :2] += weight[..., np.newaxis] * residual
    gradient[..., 2] -= weight * (u * residual[..., 0] + v * residual[..., 1])


def _add_bones(
    system: _System, problem: Problem, joints_m: FloatArray, lengths_m: FloatArray
) -> _Border:
    """Residuals of the lengths, and of the directions against those of the world landmarks."""
    length = lengths_m[LENGTH_OF]
    frame_weight = problem.frame_weight[:, np.newaxis]
    vector = joints_m[:, FIRST] - joints_m[:, SECOND]
    norm = np.linalg.norm(vector, axis=-1)
    unit = vector / np.maximum(norm, 1e-6)[..., np.newaxis]
    stiffness = frame_weight / (_SLACK * length) ** 2
    excess = norm - length
    off = vector - length[:, np.newaxis] * problem.direction
    pull = problem.direction_weight / length**2
    pull /= 1.0 + pull * (off**2).sum(axis=-1) / _DIRECTION_SCALE2
    pull *= frame_weight
    force = (stiffness * excess)[..., np.newaxis] * unit + pull[..., np.newaxis] * off
    block = (stiffness[..., np.newaxis] * unit)[..., np.newaxis] * unit[..., np.newaxis, :]
    block += pull[..., np.newaxis, np.newaxis] * np.eye(3)
    for i, bone in enumerate(BONES):
        system.gradient[:, bone.first] += force[:, i]
        system.gradient[:, bone.second] -= force[:, i]
        system.add_block(bone.first, bone.first, block[:, i])
        system.add_block(bone.second, bone.second, block[:, i])
        system.add_block(bone.first, bone.second, -block[:, i])
    # How the same residuals change with the lengths.
    column = -stiffness[..., np.newaxis] * unit - pull[..., np.newaxis] * problem.direction
    along = (off * problem.direction).sum(axis=-1)
    border = _Border(
        np.zeros((*joints_m.shape, N_LENGTHS)), np.zeros(N_LENGTHS), np.zeros(N_LENGTHS)
    )
    for i, bone in enumerate(BONES):
        border.coupling[:, bone.first, :, bone.length] += column[:, i]
        border.coupling[:, bone.second, :, bone.length] -= column[:, i]
    np.add.at(border.own, LENGTH_OF, (stiffness + pull).sum(axis=0))
    np.add.at(border.slope, LENGTH_OF, -(stiffness * excess + pull * along).sum(axis=0))
    return border


def _make_smoothing(problem: Problem) -> tuple[FloatArray, FloatArray]:
    """Coefficients (n - 2, 3) of the acceleration on the clock, and its weights (n - 2,)."""
    steps_s = np.diff(problem.time_s)
    before, after = steps_s[:-1], steps_s[1:]
    span = before + after
    coefficients = np.stack(
        [2 / (before * span), -2 / (before * after), 2 / (after * span)], axis=-1
    )
    is_joined = np.maximum(before, after) <= problem.longest_gap_s
    return coefficients, np.where(is_joined, span / 2 / problem.roughness, 0.0)


def _add_smoothing(
    system: _System, smoothing: tuple[FloatArray, FloatArray], joints_m: FloatArray
) -> None:
    coefficients, weight = smoothing
    n = len(weight)
    acceleration = np.zeros_like(joints_m[:n])
    for k in range(3 if n else 0):
        acceleration += coefficients[:, k, np.newaxis, np.newaxis] * joints_m[k : k + n]
    acceleration *= weight[:, np.newaxis, np.newaxis]
    for k in range(3 if n else 0):
        system.gradient[k : k + n] += coefficients[:, k, np.newaxis, np.newaxis] * acceleration
        for m in range(k + 1):
            product = weight * coefficients[:, k] * coefficients[:, m]
            system.band[(k - m) * _WIDTH, m : m + n] += product[:, np.newaxis]


def _solve_bordered(
    system: _System, border: _Border, lengths_m: FloatArray, prior: LengthPrior | None
) -> tuple[FloatArray, FloatArray]:
    """Solve for the joints and, by the Schur complement, for the few lengths they share."""
    band, gradient = system
    factor = cholesky_banded(band.reshape(_BAND + 1, -1), lower=True, check_finite=False)
    if prior is None:
        step = cho_solve_banded((factor, True), gradient.ravel(), check_finite=False)
        return step.reshape(gradient.shape), np.zeros_like(lengths_m)
    coupling = border.coupling.reshape(-1, N_LENGTHS)
    right = np.concatenate([gradient.reshape(-1, 1), coupling], axis=1)
    solved = cho_solve_banded((factor, True), right, check_finite=False)
    slope = border.slope + (lengths_m - prior.mean_m) / prior.sigma_m**2
    schur = np.diag(border.own + prior.sigma_m**-2) - coupling.T @ solved[:, 1:]
    length_step = np.linalg.solve(schur, slope - coupling.T @ solved[:, 0])
    step = solved[:, 0] - solved[:, 1:] @ length_step
    return step.reshape(gradient.shape), length_step
