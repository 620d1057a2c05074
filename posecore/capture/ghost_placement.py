"""Where a ghost stands in the live picture: on the athlete, calmly, or where it was recorded."""

import math
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from posecore.capture.ghost_reference import (
    ANKLES,
    FEET,
    HIPS,
    GhostPose,
    GhostReference,
    measure_torsos,
)
from posecore.cleaning.one_euro import OneEuroFilter
from posecore.image_scale import fit_image_scale, measure_body_height
from posecore.sequence import PoseFrame

Floats = NDArray[np.float64]
Placement = Literal["hips", "feet", "recorded"]

PLACEMENTS: Final[dict[Placement, str]] = {
    "hips": "On me, hips on hips",
    "feet": "On me, feet on feet",
    "recorded": "Where it was recorded",
}
"""Where a ghost can stand, for people."""

_CUTOFF_HZ: Final = 2.0
_BETA: Final = 8.0
_SIZE_S: Final = 1.0
_PATIENCE_S: Final = 0.5
_MOVE_S: Final = 0.4
_LARGEST_JUMP_S: Final = 0.2


class GhostPlacer:
    """Puts a ghost into the live picture, frame after frame.

    Parameters
    ----------
    reference : GhostReference
    placement : {"hips", "feet", "recorded"}
        On the athlete, hips on hips, as large as makes both torsos equally long; on the athlete,
        the middle of the ankles and the lowest of the feet on theirs, as tall as they are; or where
        it was in the recorded picture, for a camera that has not moved since.

    Notes
    -----
    Sizes are lengths of the body in metres times its distance's pixels a metre (weak perspective),
    so that a torso that leans towards the camera makes nobody smaller. The athlete's place passes a
    One-Euro filter, and the size a first-order low-pass of 1 s. While nobody is seen for half a
    second and more the ghost goes to where it was recorded, and back when somebody is.
    """

    def __init__(self, reference: GhostReference, placement: Placement = "hips") -> None:
        self._reference = reference
        self.placement = placement
        self.forget()

    def forget(self) -> None:
        """Begin anew with the next frame: another camera, another person."""
        self._filter = OneEuroFilter(min_cutoff_hz=_CUTOFF_HZ, beta=_BETA)
        self._origin_h: Floats | None = None
        self._log_size: float | None = None
        self._seen_s = -math.inf
        self._now_s = -math.inf
        self._share = 0.0

    def see(self, now_s: float, frame: PoseFrame, image_size: tuple[int, int]) -> None:
        """Note where the athlete is, and how large.

        Parameters
        ----------
        now_s : float
            Rising seconds.
        frame : PoseFrame
        image_size : tuple of int
            (width, height) in pixels.
        """
        if now_s <= self._now_s:
            self.forget()
        elapsed_s, self._now_s = now_s - self._now_s, now_s
        found = None if self.placement == "recorded" else self._measure(frame, image_size)
        if found is not None:
            origin_h, size_h = found
            is_new = self._origin_h is None or now_s - self._seen_s > _PATIENCE_S
            self._origin_h = self._filter(now_s, origin_h)
            log_size = math.log(size_h)
            if is_new or self._log_size is None:
                self._log_size = log_size
            weight = 1 - math.exp(-elapsed_s / _SIZE_S)
            self._log_size += weight * (log_size - self._log_size)
            if not math.isfinite(elapsed_s):
                self._share = 1.0  # in the very first frame it is simply there
            self._seen_s = now_s
        change = min(elapsed_s, _LARGEST_JUMP_S) / _MOVE_S
        is_on_athlete = now_s - self._seen_s <= _PATIENCE_S and self.placement != "recorded"
        self._share = min(max(self._share + (change if is_on_athlete else -change), 0.0), 1.0)

    def place(self, pose: GhostPose, image_size: tuple[int, int]) -> Floats:
        """Return the ghost's landmarks in the live picture.

        Returns
        -------
        ndarray, shape (33, 2)
            Normalised to the live picture, not mirrored.
        """
        aspect = image_size[0] / image_size[1]
        recorded_h = pose.places_h + np.array([(aspect - self._reference.aspect) / 2, 0.0])
        placed_h = recorded_h
        size_h = pose.scale_h * self._length_m
        if self._share > 0 and self._origin_h is not None and self._log_size is not None:
            origin_h = _find_origin(pose.places_h, self.placement)
            if size_h > 0 and np.isfinite(origin_h).all():
                scale = math.exp(self._log_size) / size_h
                on_athlete_h = self._origin_h + scale * (pose.places_h - origin_h)
                share = self._share**2 * (3 - 2 * self._share)
                placed_h = recorded_h + share * (on_athlete_h - recorded_h)
        return np.asarray(placed_h / (aspect, 1.0))

    @property
    def _length_m(self) -> float:
        is_by_feet = self.placement == "feet"
        return self._reference.stature_m if is_by_feet else self._reference.torso_m

    def _measure(
        self, frame: PoseFrame, image_size: tuple[int, int]
    ) -> tuple[Floats, float] | None:
        """The athlete's place and size in picture heights; None where they are not seen."""
        if not frame.is_detected:
            return None
        world = frame.world_landmarks[np.newaxis]
        is_by_feet = self.placement == "feet"
        length_m = measure_body_height(world) if is_by_feet else float(measure_torsos(world)[0])
        places_h = frame.image_landmarks[:, :2] * np.array([image_size[0] / image_size[1], 1.0])
        size_h = float(fit_image_scale(world, places_h[np.newaxis])[0]) * length_m
        origin_h = _find_origin(places_h, self.placement)
        return (origin_h, size_h) if size_h > 0 and np.isfinite(origin_h).all() else None


def _find_origin(places_h: Floats, placement: Placement) -> Floats:
    """What of a body is laid upon the other's, shape (2,)."""
    if placement == "feet":
        lowest_h = np.fmax.reduce(places_h[FEET, 1])
        return np.array([places_h[ANKLES, 0].mean(), lowest_h])
    left, right = HIPS
    return np.asarray((places_h[left] + places_h[right]) / 2)
