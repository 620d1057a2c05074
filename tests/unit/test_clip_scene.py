"""The room of a clip: the same as the player's, with places known by hand."""

from dataclasses import replace

import numpy as np
import pytest

from posecore import Landmark, PoseFrame, PoseSequence
from posecore.clip_scene import (
    NECK,
    STROKES,
    VIEWS,
    ClipView,
    Room,
    make_camera,
    make_eye_cameras,
    make_ground,
    make_room,
    place_in_room,
    project,
    project_lines,
)
from posecore.synthetic import make_sequence
from posecore.topology import SEGMENTS

# Two units wide, deep and high; the ground at half height, so that (0, 0, 0) is the middle.
ROOM = Room(reach_m=1.0, bottom_m=-1.0, top_m=1.0)
SIZE = (400, 400)
HALF = np.tan(np.pi / 8)
DISTANCE = 0.54 / HALF + 0.3


def test_a_wild_guess_does_not_widen_the_room_and_nobody_has_one():
    world = make_sequence(time_s=[0.0]).world_landmarks * 50
    assert make_room(replace(make_sequence(time_s=[0.0]), world_landmarks=world)) == pytest.approx(
        Room(1.6 * 1.05, -0.1 * 2.6 * 1.03, 2.6 * 1.03)
    )
    nobody = PoseSequence.from_frames([PoseFrame.empty(0.0)], image_size=(4, 3))
    assert make_room(nobody) == pytest.approx(Room(0.525, -0.103, 1.03))
    assert np.isnan(place_in_room(nobody, [0])).all()


def test_feet_stand_on_the_ground_and_depth_goes_away():
    standing = make_sequence(time_s=[0.0, 0.1])
    [places] = place_in_room(standing, [1])
    assert places[:33, 2].min() == pytest.approx(0.0, abs=1e-6)
    hip = standing.world_landmarks[1, Landmark.LEFT_HIP]
    lowest = standing.world_landmarks[1, :, 1].max()
    np.testing.assert_allclose(
        places[Landmark.LEFT_HIP], [hip[0], hip[2], lowest - hip[1]], atol=1e-6
    )
    shoulders = places[[Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]]
    np.testing.assert_allclose(places[NECK[0]], shoulders.mean(axis=0))


def test_the_ground_is_the_mean_of_five_frames_with_somebody_in_them():
    still = make_sequence(time_s=np.arange(8) / 10)
    world = np.array(still.world_landmarks)
    world[4, :, 1] += 0.5  # one frame half a metre lower
    world[0] = np.nan
    places = place_in_room(replace(still, world_landmarks=world), np.arange(8))
    lowest = np.fmin.reduce(places[:, :33, 2], axis=1)
    expected = [np.nan, 0.0, 0.125, 0.1, -0.4, 0.1, 0.125, 0.0]
    # Frame 2 has 4 frames around it, for nobody is in frame 0; frame 6 is near the end.
    np.testing.assert_allclose(lowest, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("view", "place", "expected"),
    [
        # Straight ahead: the middle of the room is the middle of the picture.
        (ClipView(azimuth_deg=0, elevation_deg=0), (0, 0, 0), (200, 200)),
        # Half a metre is a quarter of the room: 0.25 / (distance x tan) of half the picture.
        (
            ClipView(azimuth_deg=0, elevation_deg=0),
            (0.5, 0, 0.5),
            (200 + 50 / (DISTANCE * HALF), 200 - 50 / (DISTANCE * HALF)),
        ),
        # A metre farther away is half a room farther.
        (
            ClipView(azimuth_deg=0, elevation_deg=0),
            (0.5, 1, 0),
            (200 + 50 / ((DISTANCE + 0.5) * HALF), 200),
        ),
        # From the athlete's left (x is right in the picture), away from the camera is right.
        (
            ClipView(azimuth_deg=90, elevation_deg=0),
            (0, 0.5, 0),
            (200 + 50 / (DISTANCE * HALF), 200),
        ),
        (
            ClipView(azimuth_deg=180, elevation_deg=0),
            (0.5, 0, 0),
            (200 - 50 / (DISTANCE * HALF), 200),
        ),
        # Twice as near.
        (
            ClipView(azimuth_deg=0, elevation_deg=0, zoom=2),
            (0.5, 0, 0),
            (200 + 100 / (DISTANCE * HALF), 200),
        ),
    ],
)
def test_places_appear_where_they_do_by_hand(view, place, expected):
    x, y, _ = project(place, make_camera(view, ROOM, SIZE))
    assert (x, y) == pytest.approx(expected)


def test_from_above_what_is_far_is_up():
    camera = make_camera(VIEWS["top"], ROOM, SIZE)
    (near, far) = project([(0, -0.5, 0), (0, 0.5, 0)], camera)
    assert far[1] < 200 < near[1]
    assert near[0] == far[0] == pytest.approx(200)


def test_what_is_behind_the_camera_or_missing_is_nowhere():
    camera = make_camera(ClipView(azimuth_deg=0, elevation_deg=0), ROOM, SIZE)
    assert np.isnan(project([(0, -10, 0), (np.nan, 0, 0)], camera)).all(axis=1).all()


def test_the_strokes_are_the_skeletons_and_right_limbs_are_dashed():
    drawn = {(stroke.start, stroke.end): stroke for stroke in STROKES}
    assert set(drawn) == {*SEGMENTS, NECK}
    assert len(drawn[Landmark.RIGHT_HIP, Landmark.RIGHT_KNEE].parts) == 3
    assert len(drawn[Landmark.LEFT_HIP, Landmark.LEFT_KNEE].parts) == 1
    assert len(drawn[Landmark.RIGHT_HEEL, Landmark.RIGHT_FOOT_INDEX].parts) == 1


def test_the_ground_is_a_grid_of_six_by_six_at_height_0():
    lines = make_ground(ROOM)
    assert lines.shape == (14, 2, 3)
    assert (lines[..., 2] == 0).all()
    assert np.unique(lines[..., 0].round(6)).tolist() == pytest.approx(
        (0.85 * np.linspace(-1, 1, 7)).round(6).tolist()
    )


def downwards(degrees):
    """Direction towards the camera, so far below level."""
    return np.array([0, -np.cos(np.radians(degrees)), -np.sin(np.radians(degrees))])


@pytest.fixture
def looking_ahead():
    """Stands in the T pose, the eyes level with the ears turned 9 degrees up: looks straight on."""
    still = make_sequence(time_s=np.arange(12) / 10)
    world = np.array(still.world_landmarks)
    up_m = 0.08 * np.tan(np.radians(9.0))
    for x, side in ((0.07, "LEFT"), (-0.07, "RIGHT")):
        world[:, Landmark[f"{side}_EAR"]] = [x, -0.6, 0.0]
        world[:, Landmark[f"{side}_EYE"]] = [x / 2, -0.6 - up_m, -0.08]
    return replace(still, world_landmarks=world)


def test_eyes_look_where_the_face_points(looking_ahead):
    room = make_room(looking_ahead)
    [camera] = make_eye_cameras(looking_ahead, np.array([5]), room, SIZE, 1.0)
    [places] = place_in_room(looking_ahead, [5])
    eyes = places[[Landmark.LEFT_EYE, Landmark.RIGHT_EYE]].mean(axis=0)
    # Level, and 7.5 degrees lower for the middle of the field of view; towards the camera (-y).
    np.testing.assert_allclose(camera.axes[2], downwards(7.5), atol=1e-6)
    ahead = project(eyes + 3 * camera.axes[2], camera)
    np.testing.assert_allclose(ahead[:2], (200, 200), atol=1e-6)
    left = project(eyes + camera.axes[2] + [0.5, 0, 0], camera)
    assert left[0] < 200  # the athlete's left is on the left


def test_what_eyes_see_ends_at_135_degrees(looking_ahead):
    room = make_room(looking_ahead)
    [camera] = make_eye_cameras(looking_ahead, np.array([5]), room, SIZE, 1.0)
    [places] = place_in_room(looking_ahead, [5])
    eyes = places[[Landmark.LEFT_EYE, Landmark.RIGHT_EYE]].mean(axis=0)
    down = project(eyes + downwards(75), camera)
    assert down[1] == pytest.approx(400, abs=1e-4)


def test_without_a_face_there_are_no_eyes(looking_ahead):
    world = np.array(looking_ahead.world_landmarks)
    world[3:5, Landmark.LEFT_EYE] = np.nan
    hidden = replace(looking_ahead, world_landmarks=world)
    cameras = make_eye_cameras(hidden, np.arange(12), make_room(hidden), SIZE, 1.0)
    assert [number for number, camera in enumerate(cameras) if camera is None] == [3, 4]
    assert make_eye_cameras(hidden, np.empty(0, dtype=np.intp), ROOM, SIZE, 1.0) == []


def test_a_line_ends_where_it_goes_behind_the_camera():
    camera = make_camera(ClipView(azimuth_deg=0, elevation_deg=0), ROOM, SIZE)
    through = np.array([[(0.1, 3.0, 0.0), (0.1, -30.0, 0.0)], [(0, -20, 0), (0, -30, 0)]])
    ahead, behind = project_lines(through, camera)
    np.testing.assert_allclose(ahead[0], project((0.1, 3.0, 0.0), camera))
    assert ahead[1, 2] == pytest.approx(0.02)
    assert np.isnan(behind).all()
