"""The standard chain: from raw frames to clean ones, with one call."""

from dataclasses import dataclass
from typing import Literal, get_args

from posecore.cleaning.gaps import GapMethod, fill_gaps
from posecore.cleaning.one_euro import smooth_one_euro
from posecore.cleaning.outliers import remove_outliers
from posecore.cleaning.runs import HOLE_S
from posecore.cleaning.sides import repair_swaps
from posecore.cleaning.smoothing import smooth_butterworth, smooth_savitzky_golay
from posecore.cleaning.trust import mask_untrusted
from posecore.errors import InvalidOptionError
from posecore.sequence import PoseSequence

Smoothing = Literal["butterworth", "savitzky_golay", "one_euro", "none"]


@dataclass(frozen=True, kw_only=True)
class CleaningOptions:
    """What :func:`clean` does, and how far it goes; each step's own docstring says more.

    Attributes
    ----------
    repairs_swaps : bool
        Whether left and right are put right.
    min_visibility, min_presence : float, in [0, 1]
        Below it, a landmark is a gap.
    bone_tolerance : float
        Share of its median length by which a bone may differ.
    max_speed_m_s : float, metres per second
        Faster than this no landmark jumps and comes back.
    outlier_window_s : float, seconds
        Surroundings an outlier is judged by.
    outlier_sigmas : float
        An outlier is further away than so many standard deviations.
    max_gap_s : float, seconds
        Longest gap that is bridged; 0 bridges none.
    gap_method : {"pchip", "linear"}
    smoothing : {"butterworth", "savitzky_golay", "one_euro", "none"}
    cutoff_hz : float, optional
        Of the Butterworth filter; by residual analysis when left out.

    Raises
    ------
    InvalidOptionError
        If a number or a name is outside these limits.
    """

    repairs_swaps: bool = True
    min_visibility: float = 0.5
    min_presence: float = 0.5
    bone_tolerance: float = 0.5
    max_speed_m_s: float = 15.0
    outlier_window_s: float = 0.2
    outlier_sigmas: float = 7.0
    max_gap_s: float = HOLE_S
    gap_method: GapMethod = "pchip"
    smoothing: Smoothing = "butterworth"
    cutoff_hz: float | None = None

    def __post_init__(self) -> None:
        """Check every limit."""
        for name in ("min_visibility", "min_presence"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidOptionError(
                    f"{name} must lie between 0 and 1, not at {getattr(self, name)}."
                )
        for name in ("bone_tolerance", "max_speed_m_s", "outlier_window_s", "outlier_sigmas"):
            if not getattr(self, name) > 0:
                raise InvalidOptionError(f"{name} must be above 0, not {getattr(self, name)}.")
        if not self.max_gap_s >= 0:
            raise InvalidOptionError(f"max_gap_s must not be below 0, not {self.max_gap_s}.")
        if self.cutoff_hz is not None and not self.cutoff_hz > 0:
            raise InvalidOptionError(f"cutoff_hz must be above 0, not {self.cutoff_hz}.")
        for name, kinds in (("gap_method", GapMethod), ("smoothing", Smoothing)):
            if getattr(self, name) not in get_args(kinds):
                raise InvalidOptionError(
                    f"{name} must be one of {get_args(kinds)}, not {getattr(self, name)!r}."
                )


_STANDARD = CleaningOptions()


def clean(sequence: PoseSequence, options: CleaningOptions = _STANDARD) -> PoseSequence:
    """Clean a recording: sides, trust, outliers, gaps, smoothing, in this order.

    Parameters
    ----------
    sequence : PoseSequence
        Stays as it is.
    options : CleaningOptions
        The standard ones when left out.

    Returns
    -------
    PoseSequence
        The same frames at the same times, cleaned in the image and in the world; what was done is
        added to ``steps``. What cannot be trusted and lies in no short gap is NaN.

    See Also
    --------
    posecore.resample : the same movement at another frame rate.
    """
    if options.repairs_swaps:
        sequence = repair_swaps(sequence)
    sequence = mask_untrusted(
        sequence,
        min_visibility=options.min_visibility,
        min_presence=options.min_presence,
        bone_tolerance=options.bone_tolerance,
        max_speed_m_s=options.max_speed_m_s,
    )
    sequence = remove_outliers(
        sequence, window_s=options.outlier_window_s, n_sigmas=options.outlier_sigmas
    )
    sequence = fill_gaps(sequence, limit_s=options.max_gap_s, method=options.gap_method)
    if options.smoothing == "butterworth":
        return smooth_butterworth(sequence, cutoff_hz=options.cutoff_hz)
    if options.smoothing == "savitzky_golay":
        return smooth_savitzky_golay(sequence)
    return smooth_one_euro(sequence) if options.smoothing == "one_euro" else sequence
