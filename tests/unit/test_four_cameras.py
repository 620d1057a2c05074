"""The reference of the accuracy benchmark: what it is measured against must itself be right."""

import numpy as np
import pytest

from benchmarks.four_cameras import Camera, View, read_calibration, triangulate
from posecore.sequence import PoseSequence
from posecore.synthetic import make_squats
from posecore.topology import MIRROR_INDEX, Landmark

SIZE = (1000, 1000)
N_FRAMES = 20
TRIANGULATED = [i for i in range(11, 29) if not 17 <= i <= 22]

CALIBRATION = """<?xml version='1.0' encoding='ASCII'?>
<calibration><cameras><camera serial="one">
<transform r11="1" r12="0" r13="0" r21="0" r22="1" r23="0" r31="0" r32="0" r33="1"
 x="1500" y="-2000" z="3000"/>
<intrinsic centerPointU="32000" centerPointV="64000" focalLengthU="96000" focalLengthV="96064"
 radialDistortion1="-0.05" radialDistortion2="0.1" tangentalDistortion1="0.001"
 tangentalDistortion2="0.002"/>
</camera></cameras></calibration>"""


def make_camera(azimuth_deg):
    """A camera 4 m from the origin that looks at it, level."""
    turn = np.radians(azimuth_deg)
    right, away = [np.cos(turn), 0, np.sin(turn)], [-np.sin(turn), 0, np.cos(turn)]
    rotation = np.array([right, [0, 1, 0], away])
    return Camera(
        focal_px=np.array([900.0, 900.0]),
        centre_px=np.array([500.0, 500.0]),
        distortion=np.zeros(4),
        rotation=rotation,
        position_m=-4.0 * rotation[2],
    )


def make_view(camera, points_m, swapped_frames=()):
    placed = camera.to_camera(points_m)
    rays = placed[..., :2] / placed[..., 2:]
    for frame in swapped_frames:
        rays[frame] = rays[frame, list(MIRROR_INDEX)]
    empty = np.zeros((N_FRAMES, 33, 3))
    sequence = PoseSequence(
        time_s=np.arange(N_FRAMES),
        image_landmarks=empty,
        world_landmarks=empty,
        visibility=empty[..., 0],
        presence=empty[..., 0],
        frame_number=np.arange(N_FRAMES),
        image_size=SIZE,
    )
    return View(camera, sequence, rays, np.ones(rays.shape[:2]))


@pytest.fixture
def points_m():
    return make_squats(duration_s=N_FRAMES / 30).world_landmarks.astype(float)


def test_the_calibration_is_read_in_metres_and_pixels():
    (camera,) = read_calibration(CALIBRATION)
    np.testing.assert_allclose(camera.position_m, [1.5, -2.0, 3.0])
    np.testing.assert_allclose(camera.focal_px, [1500.0, 1501.0])
    np.testing.assert_allclose(camera.centre_px, [500.0, 1000.0])
    # Qualisys looks along -z with y up: a point below the camera's axis is further down, y > 0.
    np.testing.assert_allclose(camera.to_camera(np.array([1.5, -3.0, 2.0])), [0.0, 1.0, 1.0])


def test_distortion_is_taken_out():
    (camera,) = read_calibration(CALIBRATION)
    x, y = 0.3, -0.2
    r2 = x * x + y * y
    radial = 1 - 0.05 * r2 + 0.1 * r2**2
    distorted = np.array(
        [
            x * radial + 2 * 0.001 * x * y + 0.002 * (r2 + 2 * x * x),
            y * radial + 0.001 * (r2 + 2 * y * y) + 2 * 0.002 * x * y,
        ]
    )
    pixels = distorted * camera.focal_px + camera.centre_px
    np.testing.assert_allclose(camera.compute_rays(pixels), [x, y], atol=1e-9)


def test_points_are_found_again(points_m):
    views = [make_view(make_camera(azimuth), points_m) for azimuth in (0, 70, 200)]
    found, is_swapped = triangulate(views)
    np.testing.assert_allclose(found[:, TRIANGULATED], points_m[:, TRIANGULATED], atol=1e-6)
    assert not is_swapped.any()
    assert np.isnan(found[:, Landmark.NOSE]).all()


def test_a_swap_in_one_view_is_found_and_put_right(points_m):
    azimuths, swapped = (0, 70, 200), range(5, 9)
    views = [
        make_view(make_camera(azimuth), points_m, swapped if azimuth == 70 else ())
        for azimuth in azimuths
    ]
    found, is_swapped = triangulate(views)
    np.testing.assert_allclose(found[:, TRIANGULATED], points_m[:, TRIANGULATED], atol=1e-6)
    expected = np.zeros((N_FRAMES, 2, 3), dtype=bool)
    expected[list(swapped), :, 1] = True
    np.testing.assert_array_equal(is_swapped, expected)


def test_one_wrong_view_of_four_moves_a_point_little(points_m):
    views = [make_view(make_camera(azimuth), points_m) for azimuth in (0, 70, 160, 250)]
    views[2].rays[:, Landmark.LEFT_WRIST] += 0.2  # 180 pixels
    found, _ = triangulate(views)
    off_m = np.linalg.norm(found - points_m, axis=-1)[:, Landmark.LEFT_WRIST]
    assert off_m.max() < 0.03
