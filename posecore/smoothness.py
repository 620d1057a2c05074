"""Smoothness of one movement, from its speed: SPARC, dimensionless jerk and its logarithm."""

from typing import Final

import numpy as np

from posecore.signals import Floats

_HIGHEST_HZ: Final = 10.0
_LEAST_AMPLITUDE: Final = 0.05
_PADDING: Final = 4


def compute_sparc(speed: Floats, rate_hz: float, *, highest_hz: float = _HIGHEST_HZ) -> float:
    """Spectral arc length of one movement; nearer to 0 is smoother.

    Parameters
    ----------
    speed : ndarray, shape (n,), any unit
        At even times.
    rate_hz : float
        Samples a second.
    highest_hz : float
        Frequencies above it count as noise.

    Returns
    -------
    float, dimensionless, at most 0
        NaN for fewer than two values, a NaN among them, or no movement.

    Notes
    -----
    ``-integral sqrt((1 / w_c)^2 + (dV / dw)^2) dw`` along V, the amplitude spectrum of the speed
    over its value at 0 Hz, from the first to the last frequency up to ``highest_hz`` with V of at
    least 0.05; the spectrum is padded with zeros to 16 times the next power of two.

    References
    ----------
    Balasubramanian, Melendez-Calderon, Roby-Brami and Burdet (2015), On the analysis of movement
    smoothness, J NeuroEng Rehabil 12:112.
    """
    if len(speed) < 2 or not np.isfinite(speed).all() or not speed.any():
        return float("nan")
    n_bins = 2 ** (int(np.ceil(np.log2(len(speed)))) + _PADDING)
    amplitude = np.abs(np.fft.rfft(speed, n_bins))
    frequency = np.arange(len(amplitude)) * (rate_hz / n_bins)
    amplitude = (amplitude / amplitude.max())[frequency <= highest_hz]
    strong = np.flatnonzero(amplitude >= _LEAST_AMPLITUDE)
    course = amplitude[strong[0] : strong[-1] + 1]
    if len(course) < 2:
        return float("nan")
    return -float(np.hypot(1 / (len(course) - 1), np.diff(course)).sum())


def compute_dlj(speed: Floats, rate_hz: float) -> float:
    """Dimensionless jerk of one movement; nearer to 0 is smoother.

    Parameters
    ----------
    speed : ndarray, shape (n,), any unit
        At even times.
    rate_hz : float

    Returns
    -------
    float, dimensionless, at most 0
        NaN for fewer than three values, a NaN among them, or no movement.

    Notes
    -----
    ``-(T^3 / v_peak^2) integral (d2v / dt2)^2 dt`` with T the duration and v the speed.

    References
    ----------
    Hogan and Sternad (2009), Sensitivity of smoothness measures to movement duration, amplitude,
    and arrests, J Mot Behav 41(6):529-534; Balasubramanian, Melendez-Calderon and Burdet (2012), A
    robust and sensitive metric for quantifying movement smoothness, IEEE Trans Biomed Eng
    59(8):2126-2136.
    """
    if len(speed) < 3 or not np.isfinite(speed).all() or not speed.any():
        return float("nan")
    duration_s = len(speed) / rate_hz
    jerk = np.diff(speed, 2) * rate_hz**2
    return -float(duration_s**3 / np.abs(speed).max() ** 2 * (jerk**2).sum() / rate_hz)


def compute_ldlj(speed: Floats, rate_hz: float) -> float:
    """Logarithm of the dimensionless jerk, ``-ln |DLJ|``; nearer to 0 or above it is smoother.

    Parameters and references are those of :func:`compute_dlj`; NaN also for a constant speed,
    which has no jerk.
    """
    dlj = compute_dlj(speed, rate_hz)
    return -float(np.log(-dlj)) if dlj < 0 else float("nan")
