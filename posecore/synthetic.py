"""Motions whose joint angles are known by hand, for tests, benchmarks and demonstrations.

A jointed figure of constant bone lengths stands facing the camera and is posed by angles. Each
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
_HALF_HAND_M = 0.02
_THIGH_M, _SHANK_M = 0.44, 0.42
_HEEL_M, _TOE_M = 0.06, 0.16

Angles = NDArray[np.float64]
"""Radians, shape (n_frames,)."""

_SIDE_ANGLES = (
    "elbow_flexion",
    "shoulder_elevation",
    "shoulder_flexion",
    "shoulder_abduction",
    "wrist_flexion",
    "hip_flexion",
    "hip_abduction",
    "knee_flexion",
    "ankle_dorsiflexion",
)
_MIDDLE_ANGLES = (
    "neck_flexion",
    "neck_lateral_flexion",
    "trunk_lean_forward",
    "trunk_lean_sideways",
    "trunk_twist",
    "pelvis_obliquity",
)
POSED_ANGLES = (
    *(f"{side}_{motion}" for motion in _SIDE_ANGLES for side in ("left", "right")),
    *_MIDDLE_ANGLES,
)
"""The angles the figure can be posed by; all others follow from them."""

_NECK_BASE_M = np.array([0.0, -_TRUNK_M, 0.0])

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
        Names of :data:`POSED_ANGLES`, on either side or in the middle, in degrees; what is left
        out is 0 (standing, arms at the sides).
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
    """World landmarks of the figure, shape (n_frames, 33, 3), metres, origin mid-hip.

    Parameters
    ----------
    angles_deg : mapping of str to array_like, shape (n_frames,)
        As for :func:`make_sequence`.
    n_frames : int

    Raises
    ------
    KeyError
        If the figure cannot be posed by an angle of that name.

    Notes
    -----
    A lean tilts the whole figure. Shoulder elevation alone is to the front; with abduction it is
    the whole swing, of which abduction is a part; with flexion it has no say. Hip flexion is the
    whole swing of the thigh too, and at least as large as hip abduction. Hip abduction is exact
    while pelvis obliquity and trunk twist are 0, pelvis obliquity while the lean is.
    """
    unknown = set(angles_deg) - set(POSED_ANGLES)
    if unknown:
        raise KeyError(f"the figure has no {min(unknown)}; it has {', '.join(POSED_ANGLES)}")
    radians = {
        name: np.radians(np.broadcast_to(np.asarray(degrees, dtype=np.float64), n_frames))
        for name, degrees in angles_deg.items()
    }
    pose = {name: np.zeros(n_frames) for name in POSED_ANGLES} | radians
    world = np.zeros((n_frames, N_LANDMARKS, 3))
    head = _tilt(pose["neck_flexion"], pose["neck_lateral_flexion"])
    for landmark, place in _FACE_M.items():
        for each, sign in ((MIRROR[landmark], -1), (landmark, 1)):
            world[:, each] = _NECK_BASE_M + head @ (np.multiply(place, (sign, 1, 1)) - _NECK_BASE_M)
    to_left_hip = _point_hips(pose["pelvis_obliquity"], pose["trunk_twist"])
    for side, sign in (("left", 1), ("right", -1)):
        limbs = {name.removeprefix(f"{side}_"): value for name, value in pose.items()}
        if f"{side}_shoulder_flexion" not in radians:
            whole, part = limbs["shoulder_elevation"], limbs["shoulder_abduction"]
            limbs["shoulder_flexion"] = np.sqrt(np.maximum(whole**2 - part**2, 0.0))
        for landmark, positions in _one_side(limbs, sign, to_left_hip).items():
            world[:, landmark if side == "left" else MIRROR[landmark]] = positions
    lean = _tilt(pose["trunk_lean_forward"], pose["trunk_lean_sideways"])
    return world @ np.swapaxes(lean, -1, -2)


def _one_side(
    pose: Mapping[str, Angles], sign: int, to_left_hip: NDArray[np.float64]
) -> dict[Landmark, NDArray[np.float64]]:
    """Left-named landmarks of one side of an upright figure: arms turn forward, shanks back."""
    shoulder = np.array([sign * _HALF_WIDTH_M, -_TRUNK_M, 0.0])
    hip = sign * _HALF_WIDTH_M * to_left_hip
    flank = _make_frame(hip - shoulder)
    arm = flank @ _swing(pose["shoulder_flexion"], sign * pose["shoulder_abduction"])
    bend = pose["elbow_flexion"]
    elbow = shoulder + _UPPER_ARM_M * _hang(arm, 0 * bend)
    wrist = elbow + _FOREARM_M * _hang(arm, bend)
    fingertip = wrist + _HAND_M * _hang(arm, bend + pose["wrist_flexion"])
    across = sign * _HALF_HAND_M * arm[..., 0]

    thigh = flank @ _swing(*_split_hip_swing(pose, sign))
    bend = -pose["knee_flexion"]
    knee = hip + _THIGH_M * _hang(thigh, 0 * bend)
    ankle = knee + _SHANK_M * _hang(thigh, bend)
    heel = ankle + _HEEL_M * _hang(thigh, bend)
    toes = heel + _TOE_M * _hang(thigh, bend + np.pi / 2 + pose["ankle_dorsiflexion"])
    return {
        Landmark.LEFT_SHOULDER: shoulder,
        Landmark.LEFT_ELBOW: elbow,
        Landmark.LEFT_WRIST: wrist,
        Landmark.LEFT_INDEX: fingertip - across,
        Landmark.LEFT_PINKY: fingertip + across,
        Landmark.LEFT_THUMB: wrist + 0.6 * (fingertip - wrist) - 2 * across,
        Landmark.LEFT_HIP: hip,
        Landmark.LEFT_KNEE: knee,
        Landmark.LEFT_ANKLE: ankle,
        Landmark.LEFT_HEEL: heel,
        Landmark.LEFT_FOOT_INDEX: toes,
    }


def _split_hip_swing(pose: Mapping[str, Angles], sign: int) -> tuple[Angles, Angles]:
    """Parts of the thigh's swing: to the front and to the figure's left."""
    abduction = pose["hip_abduction"]
    swing = np.maximum(pose["hip_flexion"], np.abs(abduction))
    sine = np.sin(swing)
    share = np.divide(np.sin(abduction), sine, out=np.zeros_like(sine), where=sine > 1e-12)
    sideways = np.clip(share, -1.0, 1.0)
    return swing * np.sqrt(1 - sideways**2), sign * swing * sideways


def _point_hips(obliquity: Angles, twist: Angles) -> NDArray[np.float64]:
    """Unit vectors from mid-hip to the left hip; the chest turned left is the hips turned right."""
    level = np.cos(obliquity)
    return np.stack([level * np.cos(twist), -np.sin(obliquity), -level * np.sin(twist)], axis=-1)


def _make_frame(down: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotation matrices whose columns are left, down and back of a limb's rest."""
    down = down / np.linalg.norm(down, axis=-1, keepdims=True)
    back = np.cross([1.0, 0.0, 0.0], down)
    back /= np.linalg.norm(back, axis=-1, keepdims=True)
    return np.stack([np.cross(down, back), down, back], axis=-1)


def _swing(forward: Angles, to_left: Angles) -> NDArray[np.float64]:
    """Rotation matrices of a swing away from hanging, given by its two parts."""
    return _rotate(-forward, -to_left)


def _tilt(forward: Angles, to_left: Angles) -> NDArray[np.float64]:
    """Rotation matrices that face the front down by one angle and the left side by the other."""
    pitch = np.arcsin(np.clip(np.sin(forward) / np.cos(to_left), -1.0, 1.0))
    return _rotate(0 * pitch, to_left) @ _rotate(pitch, 0 * pitch)


def _rotate(around_x: Angles, around_z: Angles) -> NDArray[np.float64]:
    """Matrices, shape (n, 3, 3), of rotation vectors without a y, by Rodrigues' formula."""
    cross = np.zeros((len(around_x), 3, 3))
    cross[:, 2, 1], cross[:, 1, 2] = around_x, -around_x
    cross[:, 1, 0], cross[:, 0, 1] = around_z, -around_z
    turn = np.hypot(around_x, around_z)[:, np.newaxis, np.newaxis]
    # sinc(x / pi) is sin(x) / x, through zero.
    first, second = np.sinc(turn / np.pi), 0.5 * np.sinc(turn / (2 * np.pi)) ** 2
    return np.asarray(np.eye(3) + first * cross + second * cross @ cross)


def _hang(frame: NDArray[np.float64], radians: Angles) -> NDArray[np.float64]:
    """Unit vectors, shape (n, 3): down the limb at 0, to its front at a quarter turn."""
    down, back = frame[..., 1], frame[..., 2]
    return down * np.cos(radians)[:, np.newaxis] - back * np.sin(radians)[:, np.newaxis]
