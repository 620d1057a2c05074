"""Angles of people who were drawn: the estimator's own errors, and joints that are known.

Run with ``python -m benchmarks.rendered_people``. It downloads 48 MB once, draws 4,000 pictures and
lets the estimator look at them, which takes ten minutes; landmarks are kept in the temporary folder
(or ``POSECORE_BENCHMARK_CACHE``), so that a second run takes seconds. Nothing was chosen on the
recordings it measures; seeds below 100 are free to choose on.

A joint is where the skeleton of the mesh has it, which is up to 3 cm from where the estimator marks
it: a part of the error that no refinement takes away. People move at random about the middle of
what they do; nobody touches the ground on purpose.
"""

import os
import tempfile
import zlib
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.angle_accuracy import NAMES, compute_errors, compute_rmse
from benchmarks.common import Row, print_table
from benchmarks.rendered_body import Body, FloatArray, Mesh, load_mesh, rotate
from posecore import Landmark, PoseSequence, Settings, refine
from posecore.estimation import open_estimator
from posecore.topology import MIRROR
from posecore.trust import compute_expected_error

HELD_OUT: Final = range(100, 114)
N_CAMERAS: Final = 4
_N_FRAMES: Final = 72
_FPS: Final = 30.0
_LONG_PX, _SHORT_PX = 960, 540

_JOINT_OF: Final = {
    Landmark.LEFT_SHOULDER: "upperarm",
    Landmark.LEFT_ELBOW: "lowerarm",
    Landmark.LEFT_WRIST: "hand",
    Landmark.LEFT_HIP: "thigh",
    Landmark.LEFT_KNEE: "calf",
    Landmark.LEFT_ANKLE: "foot",
}

_LIMITS_DEG: Final = {
    "flexion": (-50, 170),
    "abduction": (-10, 150),
    "arm_turn": (-70, 70),
    "elbow": (3, 145),
    "hip": (-25, 120),
    "hip_abduction": (-15, 60),
    "hip_turn": (-35, 40),
    "knee": (2, 135),
    "ankle": (-25, 40),
    "twist": (-50, 50),
    "bend": (-20, 70),
    "side": (-30, 30),
    "neck": (-30, 40),
    "look": (-60, 60),
}
_SWAY_DEG: Final = {
    "flexion": 10,
    "abduction": 8,
    "arm_turn": 14,
    "elbow": 10,
    "hip_turn": 6,
    "knee": 6,
    "hip_abduction": 4,
    "neck": 7,
    "look": 10,
}
_BOTH_ALIKE, _IN_TURN = 1, -1

_MOVEMENTS: Final[dict[str, tuple[float, dict[str, tuple[float, float, int]]]]] = {
    "squat": (0.5, {"flexion": (45, 45, 1), "hip": (50, 48, 1), "knee": (55, 52, 1)}),
    "walk": (0.9, {"flexion": (5, 28, -1), "hip": (15, 25, -1), "knee": (30, 28, -1)}),
    "balance": (
        0.4,
        {"abduction": (70, 35, -1), "elbow": (30, 28, -1), "hip": (20, 18, -1), "side": (0, 14, 1)},
    ),
    "lunge": (0.4, {"elbow": (50, 25, 1), "hip": (35, 40, -1), "knee": (55, 40, 1)}),
    "climb": (
        0.35,
        {"flexion": (110, 45, -1), "elbow": (65, 50, 1), "hip": (60, 38, -1), "knee": (75, 35, -1)},
    ),
    "box": (1.0, {"flexion": (55, 30, -1), "elbow": (85, 50, 1), "twist": (0, 25, 1)}),
    "jack": (0.8, {"abduction": (75, 62, 1), "elbow": (18, 10, 1), "hip_abduction": (14, 14, 1)}),
    "throw": (1.0, {"flexion": (60, 60, -1), "elbow": (65, 45, -1), "twist": (0, 35, 1)}),
    "punch and kick": (2.0, {"flexion": (60, 30, -1), "elbow": (70, 50, -1), "hip": (30, 30, -1)}),
}
"""Cycles a second; of each angle the middle, the reach, and whether both sides move alike (1) or in
turn (-1). Each is sped up, slowed down and made larger or smaller by lot."""


class _Camera(NamedTuple):
    """Where a camera stands, how it is turned (from x left, y up, z forwards), and its picture."""

    rotation: FloatArray
    position_m: FloatArray
    focal_px: float
    image_size: tuple[int, int]


def main() -> None:
    """Draw, estimate, refine and print."""
    folder = Path(os.environ.get("POSECORE_BENCHMARK_CACHE", tempfile.gettempdir()))
    folder = folder / "posecore-rendered-people"
    mesh = load_mesh(folder)
    views = [view for seed in HELD_OUT for view in load_views(mesh, seed, folder)]
    raw = np.array([compute_rmse(seen.world_landmarks, true_m).mean() for seen, true_m in views])
    fitted = [(refine(seen), true_m) for seen, true_m in views]
    ours = np.array([compute_rmse(seen.world_landmarks, true_m).mean() for seen, true_m in fitted])
    worst = int((ours / raw).argmax())
    print(f"\nworse than raw: {(ours > raw).sum()} of {len(views)}")
    rows = [
        _make_row("mean", ours.mean(), raw.mean()),
        _make_row("worst", ours[worst], raw[worst]),
        *(_check_trust(kind, which) for kind, which in (("raw", views), ("refined", fitted))),
    ]
    print_table(f"Angles refined against raw, {len(views)} views of rendered people", rows)


def _make_row(which: str, ours: float, raw: float) -> Row:
    measure = f"RMSE of 8 angles: {which}"
    return Row(measure, f"{ours:.1f} deg", f"raw {raw:.1f} deg", ours / raw, 1.0, "at most")


def _check_trust(kind: str, views: list[tuple[PoseSequence, FloatArray]]) -> Row:
    """Share of the readings inside the band of their expected error."""
    shares = []
    for seen, true_m in views:
        error_deg = np.abs(compute_errors(seen.world_landmarks, true_m))
        band_deg = compute_expected_error(seen, NAMES).to_numpy()
        shares.append((error_deg <= band_deg)[~np.isnan(error_deg + band_deg)].mean())
    measure, share = f"{kind} readings inside their 90 % band", float(np.mean(shares))
    return Row(measure, f"{share:.1%}", "90%", share / 0.9, 1.0, "at least")


def load_views(mesh: Mesh, seed: int, folder: Path) -> list[tuple[PoseSequence, FloatArray]]:
    """What the estimator said of one person from each camera, and the true landmarks (n, 33, 3)."""
    sources = (Path(__file__), Path(__file__).with_name("rendered_body.py"))
    code = zlib.crc32(b"".join(path.read_bytes() for path in sources))
    cache = folder / f"{seed}-full-mediapipe-{version('mediapipe')}-{code:08x}.npz"
    if not cache.exists():
        arrays: dict[str, Any] = {}
        for number, (seen, true_m) in enumerate(_record(mesh, seed)):
            names = ("image_landmarks", "world_landmarks", "visibility", "presence", "image_size")
            arrays |= {f"{name}-{number}": getattr(seen, name) for name in names}
            arrays[f"true-{number}"] = true_m
        np.savez(cache, **arrays)
    with np.load(cache) as stored:
        return [
            (_read_sequence(stored, number), stored[f"true-{number}"])
            for number in range(N_CAMERAS)
        ]


def _read_sequence(stored: Any, number: int) -> PoseSequence:
    width, height = (int(side) for side in stored[f"image_size-{number}"])
    names = ("image_landmarks", "world_landmarks", "visibility", "presence")
    return PoseSequence(
        time_s=np.arange(_N_FRAMES) / _FPS,
        frame_number=np.arange(_N_FRAMES),
        image_size=(width, height),
        **{name: stored[f"{name}-{number}"] for name in names},
    )


def _record(mesh: Mesh, seed: int) -> list[tuple[PoseSequence, FloatArray]]:
    random = np.random.default_rng(seed)
    time_s = np.arange(_N_FRAMES) / _FPS
    body = Body(mesh, random)
    names = list(_MOVEMENTS)
    poses = _move(random, names[seed % len(names)], time_s)
    travel_m = 0.15 * np.stack([_sway(random, time_s) for _ in range(3)], axis=1) * [1, 0, 1]
    posed = [
        body.pose({name: values[i] for name, values in poses.items()}) for i in range(len(time_s))
    ]
    vertices_m = [vertices + by for (vertices, _), by in zip(posed, travel_m, strict=True)]
    joints_m = [
        {name: place + by for name, place in places.items()}
        for (_, places), by in zip(posed, travel_m, strict=True)
    ]
    light = random.normal(0, 1, 3)
    light[1] = -abs(light[1]) - 1
    first_deg = random.uniform(0, 360)
    recorded = []
    for number in range(N_CAMERAS):
        azimuth_deg = first_deg + number * 360 / N_CAMERAS + random.uniform(-20, 20)
        camera = _place_camera(random, azimuth_deg)
        seen = _look(random, body, vertices_m, camera, light / np.linalg.norm(light))
        recorded.append((seen, _find_truth(joints_m, camera)))
    return recorded


def _move(random: np.random.Generator, name: str, time_s: FloatArray) -> dict[str, FloatArray]:
    """Angles over time: the movement, slower or faster, and a sway in every joint."""
    rate_hz, course = _MOVEMENTS[name]
    rate_hz *= random.uniform(0.8, 1.25)
    size, phase = random.uniform(0.7, 1.15), random.uniform(0, 2 * np.pi)
    poses: dict[str, FloatArray] = {}
    for joint, (low, high) in _LIMITS_DEG.items():
        middle, reach, sense = course.get(joint, (0.0, 0.0, _BOTH_ALIKE))
        lag, sway = random.normal(0, 0.4), _SWAY_DEG.get(joint, 5)
        is_central = joint in ("twist", "bend", "side", "neck", "look")
        for side in ("",) if is_central else ("_l", "_r"):
            turn = np.pi if side == "_r" and sense == _IN_TURN else 0.0
            cycle = np.sin(2 * np.pi * rate_hz * time_s + phase + lag + turn)
            degrees = middle + random.normal(0, sway) + size * reach * cycle
            degrees = degrees + sway * _sway(random, time_s)
            half = (high - low) / 2
            share = (degrees - low - half) / half
            beyond = np.sign(share) * (0.8 + 0.2 * np.tanh((np.abs(share) - 0.8) / 0.2))
            poses[f"{joint}{side}"] = (
                low + half + half * np.where(np.abs(share) < 0.8, share, beyond)
            )
    turned = [scale * _sway(random, time_s) for scale in (15.0, 6.0, 5.0)]
    poses["root"] = np.stack(
        [
            rotate("y", yaw) @ rotate("x", pitch) @ rotate("z", roll)
            for yaw, pitch, roll in zip(*turned, strict=True)
        ]
    )
    return poses


def _sway(random: np.random.Generator, time_s: FloatArray) -> FloatArray:
    """Five sines of random frequency and phase, standard deviation 1."""
    rates_hz, phases = random.uniform(0.08, 0.8, 5), random.uniform(0, 2 * np.pi, 5)
    waves = np.sin(2 * np.pi * rates_hz * time_s[:, np.newaxis] + phases)
    return np.asarray(waves.sum(axis=1) * np.sqrt(2 / 5))


def _place_camera(random: np.random.Generator, azimuth_deg: float) -> _Camera:
    """On a circle about the person, at some height, not quite level."""
    is_wide = random.random() < 0.35
    azimuth, elevation = np.radians([azimuth_deg, random.uniform(-8, 25)])
    focal_px = random.uniform(0.75, 1.05) * _LONG_PX
    distance_m = random.uniform(3.0, 5.0) * (1.25 if is_wide else 1.0)
    outwards = [np.sin(azimuth) * np.cos(elevation), np.sin(elevation)]
    position_m = distance_m * np.array([*outwards, np.cos(azimuth) * np.cos(elevation)])
    away = -position_m / distance_m + random.normal(0, 0.03, 3)
    away /= np.linalg.norm(away)
    right = np.cross(away, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    level = np.stack([right, np.cross(away, right), away])
    size = (_LONG_PX, _SHORT_PX) if is_wide else (_SHORT_PX, _LONG_PX)
    return _Camera(rotate("z", random.normal(0, 5)) @ level, position_m, focal_px, size)


def _look(
    random: np.random.Generator,
    body: Body,
    vertices_m: list[FloatArray],
    camera: _Camera,
    light: FloatArray,
) -> PoseSequence:
    """Draw every frame before the same room, with grain, and estimate it."""
    room = _draw_room(random, camera.image_size)
    grain = random.normal(0, 4, (4, *room.shape[:2], 1))
    to_light = camera.rotation @ (light * [1, -1, 1])
    frames = []
    with open_estimator(Settings.from_env(), model="full") as estimator:
        for number, vertices in enumerate(vertices_m):
            seen_m = (vertices - camera.position_m) @ camera.rotation.T
            picture = cv2.GaussianBlur(
                body.draw(room, seen_m, camera.focal_px, to_light), (0, 0), 0.8
            )
            noisy = (picture + grain[number % 4]).clip(0, 255).astype(np.uint8)
            frames.append(estimator.estimate(noisy, number / _FPS))
    return PoseSequence.from_frames(frames, image_size=camera.image_size)


def _draw_room(random: np.random.Generator, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A wall and a floor, boxes on the wall, and blotches."""
    width, height = size
    room = np.zeros((height, width, 3), dtype=np.float32)
    edge = int(height * random.uniform(0.5, 0.75))
    room[:edge], room[edge:] = random.uniform(90, 230, 3), random.uniform(60, 200, 3)
    for _ in range(random.integers(3, 12)):
        x, y = int(random.integers(0, width)), int(random.integers(0, edge))
        end = (x + int(random.integers(20, width // 3)), y + int(random.integers(20, height // 3)))
        cv2.rectangle(room, (x, y), end, random.uniform(20, 250, 3).tolist(), -1)
    for grain_px, strength in ((60, 14), (12, 8), (3, 5)):
        shape = (height // grain_px + 2, width // grain_px + 2, 3)
        blotches = random.normal(0, strength, shape).astype(np.float32)
        room += cv2.resize(blotches, (width, height))
    return cv2.GaussianBlur(room, (0, 0), 1.5).clip(0, 255).astype(np.uint8)


def _find_truth(joints_m: list[dict[str, FloatArray]], camera: _Camera) -> FloatArray:
    """Joints in the camera's frame, NaN where the mesh has none."""
    truth = np.full((len(joints_m), len(Landmark), 3), np.nan)
    for frame, places in enumerate(joints_m):
        for landmark, bone in _JOINT_OF.items():
            for side, mark in (("l", landmark), ("r", MIRROR[landmark])):
                truth[frame, mark] = camera.rotation @ (
                    places[f"{bone}_{side}"] - camera.position_m
                )
    return truth


if __name__ == "__main__":
    main()
