"""Motions whose joint angles are known by hand, for tests, benchmarks and demonstrations.

A jointed figure stands facing the camera and bends its limbs in the sagittal plane, so that each
angle given is exactly the angle :func:`posecore.compute_joint_angles` must find.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from posecore.sequence import PoseSequence
from posecore.simulated_camera import SimulatedCamera
from posecore.topology import MIRROR, N_LANDMARKS, Landmark

_HALF_WIDTH_M = 0.16
_TRUNK_M = 0.50
_UPPER_ARM_M, _FOREARM_M, _HAND_M = 0.30, 0.26, 0.09
_THIGH_M, _SHANK_M = 0.44, 0.42
_HEEL_M, _TOE_M = 0.06, 0.16

_FACE_M = {
    Landmark.NOSE: (0.0, -0.68, -0.12),
    Landmark.LEFT_EYE_INNER: (0.015, -0.72, -0.10),
    Landmark.LEFT_EYE: (0.03, -0.72, -0.10),
    Landmark.LEFT_EYE_OUTER: (0.045, -0.72, -0.09),
    Landmark.LEFT_EAR: (0.075, -0.69, 0.0),
    Landmark.MOUTH_LEFT: (0.025, -0.64, -0.10),
}


def make_sequence(
    angles_deg: Mapping[str, ArrayLike] | None = None,
    *,
    time_s: ArrayLike,
    image_size: tuple[int, int] = (640, 360),
    camera: SimulatedCamera | None = None,
    travel_m: ArrayLike = (0.0, 0.0, 0.0),
) -> PoseSequence:
    """Recording of a figure whose joints follow the given angles.

    Parameters
    ----------
    angles_deg : mapping of str to array_like, shape (n,), optional
        ``<side>_elbow_flexion``, ``<side>_shoulder_elevation``, ``<side>_hip_flexion`` or
        ``<side>_knee_flexion`` in degrees; what is left out is 0 (standing, arms at the sides).
    time_s : array_like, shape (n,)
        Strictly rising seconds.
    image_size : tuple of int
        (width, height) of the simulated camera's picture.
    camera : SimulatedCamera, optional
        Level, at hip height in front of the figure when left out. World landmarks are turned into
        its frame, as an estimator would give them.
    travel_m : array_like, shape (3,) or (n, 3), metres
        Where the hips are, in the figure's frame (x to its left, y down, z backwards). It shows in
        the picture alone: world landmarks have their origin mid-hip.
    """
    times = np.asarray(time_s, dtype=np.float64)
    camera = camera or SimulatedCamera()
    world = camera.turn(make_world_landmarks(angles_deg or {}, n_frames=len(times)))
    hips = camera.turn(np.broadcast_to(np.asarray(travel_m, dtype=np.float64), (len(times), 3)))
    return PoseSequence(
        time_s=times,
        image_landmarks=camera.project(world, hips, image_size).astype(np.float32),
        world_landmarks=world.astype(np.float32),
        visibility=np.full(world.shape[:2], 0.99),
        presence=np.full(world.shape[:2], 0.99),
        frame_number=np.arange(len(times)),
        image_size=image_size,
    )


def make_squats(duration_s: float = 10.0, fps: float = 30.0, rate_hz: float = 0.5) -> PoseSequence:
    """Squats: hips and knees bend to 90 degrees ``rate_hz`` times a second, arms rise in front."""
    time_s = np.arange(round(duration_s * fps)) / fps
    bend_deg = 45.0 * (1 - np.cos(2 * np.pi * rate_hz * time_s))
    both_sides = {
        f"{side}_{motion}": bend_deg
        for side in ("left", "right")
        for motion in ("hip_flexion", "knee_flexion", "shoulder_elevation")
    }
    return make_sequence(both_sides, time_s=time_s)


def make_world_landmarks(
    angles_deg: Mapping[str, ArrayLike], *, n_frames: int
) -> NDArray[np.float64]:
    """World landmarks of the figure, shape (n_frames, 33, 3), metres, origin mid-hip."""
    world = np.zeros((n_frames, N_LANDMARKS, 3))
    for landmark, face_position in _FACE_M.items():
        world[:, MIRROR[landmark]] = np.multiply(face_position, (-1, 1, 1))
        world[:, landmark] = face_position
    for side, sign in (("left", 1.0), ("right", -1.0)):
        radians = {
            motion: np.radians(
                np.broadcast_to(np.asarray(angles_deg.get(f"{side}_{motion}", 0.0)), n_frames)
            )
            for motion in ("shoulder_elevation", "elbow_flexion", "hip_flexion", "knee_flexion")
        }
        for landmark, position in _one_side(radians, sign * _HALF_WIDTH_M).items():
            world[:, landmark if side == "left" else MIRROR[landmark]] = position
    return world


def _one_side(
    radians: Mapping[str, NDArray[np.float64]], x_m: float
) -> dict[Landmark, NDArray[np.float64]]:
    """Left-named landmarks of one side: arms turn forward, shanks turn back."""
    hip = np.array([x_m, 0.0, 0.0])
    shoulder = np.array([x_m, -_TRUNK_M, 0.0])
    arm = radians["shoulder_elevation"]
    forearm = arm + radians["elbow_flexion"]
    thigh = radians["hip_flexion"]
    shank = thigh - radians["knee_flexion"]
    elbow = shoulder + _UPPER_ARM_M * _hanging(arm)
    wrist = elbow + _FOREARM_M * _hanging(forearm)
    fingertip = wrist + _HAND_M * _hanging(forearm)
    knee = hip + _THIGH_M * _hanging(thigh)
    ankle = knee + _SHANK_M * _hanging(shank)
    outwards = np.array([np.sign(x_m) * 0.02, 0.0, 0.0])
    return {
        Landmark.LEFT_SHOULDER: shoulder,
        Landmark.LEFT_ELBOW: elbow,
        Landmark.LEFT_WRIST: wrist,
        Landmark.LEFT_INDEX: fingertip,
        Landmark.LEFT_PINKY: fingertip + outwards,
        Landmark.LEFT_THUMB: wrist + 0.6 * (fingertip - wrist) - outwards,
        Landmark.LEFT_HIP: hip,
        Landmark.LEFT_KNEE: knee,
        Landmark.LEFT_ANKLE: ankle,
        Landmark.LEFT_HEEL: ankle + _HEEL_M * _hanging(shank),
        Landmark.LEFT_FOOT_INDEX: ankle
        + _HEEL_M * _hanging(shank)
        + _TOE_M * _hanging(shank + np.pi / 2),
    }


def _hanging(radians: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors, shape (n, 3): down at 0, towards the camera at a quarter turn."""
    return np.stack([np.zeros_like(radians), np.cos(radians), -np.sin(radians)], axis=-1)
