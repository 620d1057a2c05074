"""Smoothing without lag, each stretch between two gaps on its own."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posecore.cleaning.runs import (
    Floats,
    compute_longest_step_s,
    compute_step_s,
    filter_runs,
)
from posecore.errors import InvalidOptionError
from posecore.sequence import PoseSequence, ProcessingStep
from posecore.topology import N_LANDMARKS

USUAL_CUTOFF_HZ: Final = 6.0
"""What gait analysis uses when nothing else is known: Winter (2009), section 3.4.4."""

_LOWEST_CUTOFF_HZ: Final = 3.0
_SPECTRUM_FRAMES: Final = 128
_MAX_STRETCHES: Final = 100
_TAIL: Final = (0.7, 0.95)
"""Where nothing is left but noise, in shares of half the frame rate."""

_FORGOTTEN: Final = 1e-9


def smooth_butterworth(
    sequence: PoseSequence, *, cutoff_hz: float | None = None, order: int = 2
) -> PoseSequence:
    """Smooth with a Butterworth low-pass, run forwards and backwards, so that nothing lags.

    Parameters
    ----------
    sequence : PoseSequence
    cutoff_hz : float, optional
        Where both passes together leave 1/sqrt(2) of a sine. By :func:`compute_cutoff_hz` when left
        out, and 6 Hz where that finds none; the step says which. At or above half the frame rate
        there is nothing to smooth: the landmarks stay.
    order : int
        Of one pass; 2 is the fourth-order zero-lag filter of the textbooks.

    Returns
    -------
    PoseSequence
        Gaps stay gaps and pass nothing on. Within about a period of the cut-off of a gap or an end
        the filter has only one side to go by.

    Notes
    -----
    The gain at ``f`` is ``1 / (1 + (sqrt(2) - 1) (tan(pi f / r) / tan(pi c / r))^(2 order))`` with
    cut-off c and frame rate r: two passes of a filter whose own cut-off is raised for them.
    Uneven time steps are brought to even ones and back, piecewise cubic.

    References
    ----------
    Winter (2009), Biomechanics and Motor Control of Human Movement, 4th ed., section 3.4.4.
    """
    if order < 1 or (cutoff_hz is not None and not cutoff_hz > 0):
        raise InvalidOptionError(
            f"cutoff_hz must be above 0 and order at least 1, not {cutoff_hz} and {order}."
        )
    used_hz, source = cutoff_hz, "given"
    if used_hz is None:
        used_hz, source = compute_cutoff_hz(sequence, order), "residual analysis"
    if np.isnan(used_hz):
        used_hz, source = USUAL_CUTOFF_HZ, "usual"
    step_s = compute_step_s(sequence.time_s)
    is_applied = 2 * used_hz * step_s < 1
    step = ProcessingStep.of(
        "smooth_butterworth",
        cutoff_hz=used_hz,
        cutoff_from=source,
        order=order,
        is_applied=is_applied,
    )
    if not is_applied:
        return sequence.after(step)
    from scipy.signal import butter, sosfiltfilt

    raised = _raise_for_two_passes(used_hz * step_s, order)
    sections = butter(order, 2 * raised, output="sos")
    slowest = np.abs(butter(order, 2 * raised, output="zpk")[1]).max()
    return _smooth(
        sequence,
        step,
        lambda signal: sosfiltfilt(sections, signal, axis=0, padtype=None),
        n_pad=math.ceil(math.log(_FORGOTTEN) / math.log(slowest)),
    )


def smooth_savitzky_golay(
    sequence: PoseSequence, *, window_s: float = 0.3, order: int = 2
) -> PoseSequence:
    """Smooth with a polynomial fitted to the surroundings of each frame.

    Parameters
    ----------
    sequence : PoseSequence
    window_s : float, seconds
        Brought to the nearest odd number of frames; with no more of them than ``order`` there is
        nothing to smooth and the landmarks stay.
    order : int
        Of the polynomial.

    Returns
    -------
    PoseSequence
        Gaps stay gaps and pass nothing on.

    References
    ----------
    Savitzky and Golay (1964), Smoothing and differentiation of data by simplified least squares
    procedures, Anal. Chem. 36(8):1627-1639.
    """
    if order < 0 or not window_s > 0:
        raise InvalidOptionError(
            f"window_s must be above 0 and order not below 0, not {window_s} and {order}."
        )
    step_s = compute_step_s(sequence.time_s)
    per_side = round((window_s / step_s - 1) / 2) if step_s > 0 else 0
    n_window = 2 * max(per_side, 0) + 1
    is_applied = n_window > order + 1
    step = ProcessingStep.of(
        "smooth_savitzky_golay", window_s=window_s, order=order, is_applied=is_applied
    )
    if not is_applied:
        return sequence.after(step)
    from scipy.signal import savgol_filter

    return _smooth(
        sequence,
        step,
        lambda signal: savgol_filter(signal, n_window, order, axis=0, mode="nearest"),
        n_pad=per_side,
    )


def compute_cutoff_hz(sequence: PoseSequence, order: int = 2) -> float:
    """Cut-off by residual analysis: where what is taken away is no more than the noise.

    Parameters
    ----------
    sequence : PoseSequence
    order : int
        As in :func:`smooth_butterworth`.

    Returns
    -------
    float, hertz
        At least 3 Hz, below which movement itself would go; at most 0.7 of half the frame rate.
        NaN where no stretch of 128 frames is without a gap or hole.

    Notes
    -----
    The residual is the mean square of what a cut-off takes away from the world landmarks (the
    image's where there are none), all landmarks together. Near half the frame rate it is noise
    alone, which is followed back to a cut-off of 0 Hz, where all the noise would go. The cut-off is
    the one whose residual is as large: signal lost and noise passed are then alike. Winter follows
    the root of the residual along a straight line, which of white noise ends half as high again;
    here it is followed along the curve that the filter makes of white noise. The residuals of all
    cut-offs come from one power spectrum, by Parseval's theorem.

    References
    ----------
    Winter (2009), Biomechanics and Motor Control of Human Movement, 4th ed., section 3.4.4.3.
    """
    step_s = compute_step_s(sequence.time_s)
    power = _compute_power(sequence)
    if power is None or not power.any():
        return float("nan")
    frequency = np.linspace(0.0, 0.5, len(power))
    cutoffs = np.linspace(0.01, 0.475, 187)
    edges = np.array([_raise_for_two_passes(cutoff, order) for cutoff in cutoffs])
    with np.errstate(over="ignore"):
        ratio = np.tan(np.pi * frequency[:-1]) / np.tan(np.pi * edges[:, np.newaxis])
        lost = np.ones((len(cutoffs), len(frequency)))
        lost[:, :-1] = 1 - 1 / (1 + ratio ** (2 * order))
    residual, of_white_noise = lost**2 @ power, (lost**2).sum(axis=1)
    is_tail = (cutoffs >= _TAIL[0] / 2) & (cutoffs <= _TAIL[1] / 2)
    noise = residual[is_tail].sum() / of_white_noise[is_tail].sum() * len(power)
    found_hz = cutoffs[np.argmax(residual <= noise)] / step_s
    return float(max(_LOWEST_CUTOFF_HZ, min(found_hz, _TAIL[0] / 2 / step_s)))


def _compute_power(sequence: PoseSequence) -> NDArray[np.float64] | None:
    """Mean power spectrum of all coordinates, over some 100 stretches without a gap."""
    from scipy.signal import periodogram

    n_stretches = sequence.n_frames // _SPECTRUM_FRAMES
    n_used = n_stretches * _SPECTRUM_FRAMES
    if n_stretches == 0:
        return None
    every = max(1, n_stretches // _MAX_STRETCHES)
    world = sequence.world_landmarks
    positions = sequence.image_landmarks[..., :2] if np.isnan(world).all() else world
    stretches = positions[:n_used].reshape(n_stretches, _SPECTRUM_FRAMES, -1)
    times = sequence.time_s[:n_used].reshape(n_stretches, _SPECTRUM_FRAMES)
    has_hole = np.diff(times, axis=1).max(axis=1, initial=0.0) > compute_longest_step_s(
        sequence.time_s
    )
    is_whole = ~np.isnan(stretches).any(axis=1) & ~has_hole[:, np.newaxis]
    if not is_whole[::every].any():
        return None
    columns = stretches[::every].transpose(0, 2, 1)[is_whole[::every]].astype(np.float64)
    _, power = periodogram(columns, window="hann", detrend="linear", axis=1)
    mean: NDArray[np.float64] = power.mean(axis=0)
    return mean


def _raise_for_two_passes(cutoff: float, order: int) -> float:
    """Cut-off of one pass, in cycles a frame, so that two leave 1/sqrt(2) at ``cutoff``."""
    factor = (math.sqrt(2) - 1) ** (1 / (2 * order))
    return math.atan(math.tan(math.pi * cutoff) / factor) / math.pi


def _smooth(
    sequence: PoseSequence,
    step: ProcessingStep,
    apply: Callable[[Floats], Floats],
    n_pad: int,
) -> PoseSequence:
    smoothed = {}
    for name in ("image_landmarks", "world_landmarks"):
        array = np.array(getattr(sequence, name))
        for landmark in range(N_LANDMARKS):
            array[:, landmark] = filter_runs(
                sequence.time_s, array[:, landmark], apply, n_pad=n_pad
            )
        smoothed[name] = array
    return sequence.after(step, **smoothed)
