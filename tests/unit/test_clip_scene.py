"""The room of a clip: the same as the player's, with places known by hand."""

import json
import struct
from dataclasses import replace

import numpy as np
import pytest

from posecore import Landmark, PoseFrame, PoseSequence, compute_joint_angles
from posecore.clip_scene import (
    NECK,
    STROKES,
    VIEWS,
    ClipView,
    Room,
    make_camera,
    make_ground,
    make_room,
    place_in_room,
    project,
)
from posecore.replay_data import pack_replay
from posecore.synthetic import make_sequence, make_squats
from posecore.topology import SEGMENTS

# Two units wide, deep and high; the ground at half height, so that (0, 0, 0) is the middle.
ROOM = Room(reach_m=1.0, bottom_m=-1.0, top_m=1.0)
SIZE = (400, 400)
HALF = np.tan(np.pi / 8)
DISTANCE = 0.54 / HALF + 0.3


def test_the_room_is_the_players():
    squats = make_squats(duration_s=2.0)
    packed = pack_replay(squats, compute_joint_angles(squats))
    (length,) = struct.unpack("<I", packed[:4])
    reach = json.loads(packed[4 : 4 + length])["reach_m"]
    room = make_room(squats)
    assert room.reach_m == pytest.approx(max(reach["radius"], 0.5) * 1.05, abs=0.002)
    assert room.top_m == pytest.approx(max(reach["height"], 1.0) * 1.03, abs=0.002)
    assert room.bottom_m == pytest.approx(-0.1 * room.top_m)


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
