"""Recordings for formats that know one frame rate instead of a time for each frame."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from posecore.cleaning.resampling import resample
from posecore.cleaning.runs import compute_step_s
from posecore.errors import ExportError
from posecore.formats.catalogue import MAX_FRAMES
from posecore.sequence import PoseSequence

_EVEN_WITHIN_S: Final = 1e-6


@dataclass(frozen=True)
class EvenSequence:
    """A recording whose frame ``i`` is at ``time_s[0] + i / fps``."""

    sequence: PoseSequence
    fps: float


def to_even(sequence: PoseSequence) -> EvenSequence:
    """Bring a recording to even time steps, where it is not at them already.

    Parameters
    ----------
    sequence : PoseSequence

    Returns
    -------
    EvenSequence
        The same frames where each is within a microsecond of an even clock. Else they are read
        anew by :func:`posecore.resample`, from the measured times and never as ``i / fps``, at the
        usual rate (one over the median step, to a thousandth): a frame of a hole is NaN.

    Raises
    ------
    ExportError
        If there is no frame, or times so far apart that it would be more than
        :data:`MAX_FRAMES`.
    """
    if not sequence.n_frames:
        raise ExportError("This session has no frames, so there is nothing to export.")
    if sequence.n_frames == 1:
        return EvenSequence(sequence, 1.0)
    usual_fps = 1 / compute_step_s(sequence.time_s)
    rates_fps = (round(usual_fps, 3) or usual_fps, sequence.fps)
    for fps in rates_fps:
        even_s = sequence.time_s[0] + np.arange(len(sequence)) / fps
        if np.abs(even_s - sequence.time_s).max() <= _EVEN_WITHIN_S:
            return EvenSequence(sequence, fps)
    fps = rates_fps[0]
    if sequence.duration_s * fps > MAX_FRAMES:
        raise ExportError(
            f"At an even {fps:g} frames a second this session would have more than "
            f"{MAX_FRAMES:,} frames; hand it over as CSV or Parquet, which keep every frame's time."
        )
    return EvenSequence(resample(sequence, fps), fps)
