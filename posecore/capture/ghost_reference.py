"""The recording behind a ghost, made ready to be read at any moment of it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posecore.angles import ANGLES, CORE_ANGLES, MAX_STEP_S, compute_joint_angles
from posecore.capture.overlay import MIN_VISIBILITY
from posecore.errors import ComparisonError
from posecore.image_scale import compute_body_height, compute_image_scale, to_pixels
from posecore.sequence import NO_PICTURE, PoseSequence
from posecore.stillness import detect_stillness
from posecore.topology import Landmark

Floats = NDArray[np.float64]

HIDDEN_BELOW: Final = 0.5
"""An angle with a landmark that is less visible is not compared."""
HIPS: Final = [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]
SHOULDERS: Final = [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]
ANKLES: Final = [Landmark.LEFT_ANKLE, Landmark.RIGHT_ANKLE]
FEET: Final = [each for each in Landmark if each.name.endswith(("ANKLE", "HEEL", "FOOT_INDEX"))]
_ANGLE_LANDMARKS: Final = np.array([ANGLES[name].landmarks for name in CORE_ANGLES], dtype=np.intp)
_MOSTLY: Final = 0.5
_STATURE_OF_PICTURE: Final = 0.6
_WIDE: Final = 16 / 9
_N_CALM: Final = 15


@dataclass(frozen=True, kw_only=True, eq=False)
class GhostPose:
    """The ghost at one moment.

    Attributes
    ----------
    places_h : ndarray, shape (33, 2)
        x right, y down from the top left corner of the recorded picture, in its heights.
    is_seen : ndarray of bool, shape (33,)
        Which landmarks are drawn.
    angles_deg : ndarray, shape (8,), degrees
        Those of :data:`posecore.CORE_ANGLES`; NaN where they are not to be compared.
    scale_h : float
        Picture heights a metre at the body's distance.
    """

    places_h: Floats
    is_seen: NDArray[np.bool_]
    angles_deg: Floats
    scale_h: float


class GhostReference:
    """A recording, or a stretch of one, as a ghost plays it.

    Parameters
    ----------
    sequence : PoseSequence
    from_s, to_s : float, optional
        The stretch, on the clock of its ``time_s``.

    Attributes
    ----------
    sequence : PoseSequence
        The stretch.
    start_s, end_s : float
        Its first and last frame.
    angles_deg : ndarray, shape (n_frames, 8), degrees
        Those of :data:`posecore.CORE_ANGLES`; NaN where they are not to be compared.
    aspect : float
        Width of the recorded picture in its heights.
    torso_m, stature_m : float
        From the shoulders to the hips, and of the whole body, in the estimator's metres; NaN where
        they are never seen.
    note : str
        One sentence where the recording holds little of anybody; else empty.

    Raises
    ------
    ComparisonError
        If nobody is seen in it.
    """

    def __init__(
        self, sequence: PoseSequence, *, from_s: float = -np.inf, to_s: float = np.inf
    ) -> None:
        first, stop = np.searchsorted(sequence.time_s, [from_s - 1e-6, to_s + 1e-6])
        self.sequence = sequence = sequence[int(first) : int(stop)]
        is_known = sequence.is_detected & ~np.isnan(sequence.world_landmarks[:, HIPS]).any((1, 2))
        if not is_known.any():
            raise ComparisonError(
                "Nobody is seen in this stretch of the recording, so there is no ghost; choose "
                "another stretch or another session."
            )
        self.start_s, self.end_s = float(sequence.time_s[0]), float(sequence.time_s[-1])
        self._is_known = is_known
        self._step_s = max(MAX_STEP_S, 2 * _find_usual_step(sequence.time_s))
        torsos_m = measure_torsos(sequence.world_landmarks)
        self.torso_m = float(np.nanmedian(torsos_m)) if (torsos_m > 0).any() else float("nan")
        self.stature_m = compute_body_height(sequence)
        if sequence.image_size == NO_PICTURE:
            self.aspect = _WIDE
            self._places_h, self._scale_h = _imagine(sequence, self.stature_m)
        else:
            width, height = sequence.image_size
            self.aspect = width / height
            self._places_h = to_pixels(sequence) / height
            self._scale_h = _make_calm(compute_image_scale(sequence) / height)
        is_there = np.isfinite(self._places_h).all(axis=-1)
        self._is_seen = is_there & ~(sequence.visibility < MIN_VISIBILITY)
        angles_deg = compute_joint_angles(sequence, CORE_ANGLES).to_numpy(dtype=np.float64)
        self.angles_deg = leave_out_hidden(angles_deg, sequence.visibility)
        self._holds_s = [(each.start_s, each.end_s) for each in detect_stillness(sequence)]
        self.note = _describe_gaps(float(1 - is_known.mean()))

    def is_hold(self, from_s: float, to_s: float) -> bool:
        """Whether the body keeps its posture at some moment of a stretch."""
        return any(start_s <= to_s and from_s <= end_s for start_s, end_s in self._holds_s)

    def read_angles(self, time_s: float) -> Floats:
        """Return the angles of the frame at a moment, shape (8,); NaN where not compared."""
        frame = int(self.sequence.time_s.searchsorted(time_s))
        return np.asarray(self.angles_deg[min(frame, len(self.angles_deg) - 1)])

    def read(self, time_s: float) -> GhostPose | None:
        """Return the body at a moment, on a straight line between two frames; None in a gap."""
        times_s = self.sequence.time_s
        after = int(np.searchsorted(times_s, time_s).clip(0, len(times_s) - 1))
        before = max(after - 1, 0) if time_s < times_s[after] else after
        step_s = float(times_s[after] - times_s[before])
        share = float((time_s - times_s[before]) / step_s) if step_s > 0 else 0.0
        near = after if share > 0.5 else before
        is_bridged = step_s <= self._step_s and self._is_known[[before, after]].all()
        if not is_bridged:
            if not self._is_known[near] or abs(time_s - times_s[near]) > self._step_s / 2:
                return None
            before = after = near
            share = 0.0

        def between(values: Floats) -> Floats:
            # Written so that a frame's own time gives that frame, whatever the other holds.
            whole = values[before] + share * (values[after] - values[before])
            return np.asarray(whole if share else values[before])

        return GhostPose(
            places_h=between(self._places_h),
            is_seen=self._is_seen[before] & self._is_seen[after],
            angles_deg=between(self.angles_deg),
            scale_h=float(between(self._scale_h)),
        )


def leave_out_hidden(angles_deg: Floats, visibility: NDArray[np.floating]) -> Floats:
    """Angles of which every landmark is seen, shape (..., 8); NaN for the others."""
    is_hidden = (visibility[..., _ANGLE_LANDMARKS] < HIDDEN_BELOW).any(axis=-1)
    return np.where(is_hidden, np.nan, angles_deg)


def measure_torsos(world_landmarks: NDArray[np.floating]) -> Floats:
    """Middle of the shoulders to middle of the hips in frames of shape (n, 33, 3), metres."""
    world = world_landmarks.astype(np.float64)
    apart = (world[:, SHOULDERS].sum(axis=1) - world[:, HIPS].sum(axis=1)) / 2
    return np.asarray(np.sqrt((apart**2).sum(axis=1)))


def _find_usual_step(time_s: Floats) -> float:
    return float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0


def _imagine(sequence: PoseSequence, stature_m: float) -> tuple[Floats, Floats]:
    """A picture for a recording that never was one: the body stands in its middle."""
    world = sequence.world_landmarks[..., :2].astype(np.float64)
    lengths_m = stature_m if stature_m > 0 else 1.7
    scale_h = _STATURE_OF_PICTURE / lengths_m
    places_h = world * scale_h + (_WIDE / 2, 0.5)
    return places_h, np.full(len(world), scale_h)


def _make_calm(values: Floats) -> Floats:
    """Median of half a second around each; gaps are filled from beside."""
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return values
    filled = np.interp(np.arange(len(values)), known, values[known])
    padded = np.pad(filled, _N_CALM // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _N_CALM)
    return np.asarray(np.median(windows, axis=1))


def _describe_gaps(share: float) -> str:
    if share <= _MOSTLY:
        return ""
    return (
        f"In {share:.0%} of this stretch nobody is seen, so the ghost is there for the rest only; "
        "choose another stretch to see more of it."
    )
