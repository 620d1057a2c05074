"""Landmarks, segments and their mirror images, against MediaPipe's own numbers and lists."""

import numpy as np
from mediapipe.tasks.python.vision import pose_landmarker

from posecore import SEGMENTS, Landmark
from posecore.synthetic import make_sequence
from posecore.topology import (
    LANDMARK_NAMES,
    MIRROR,
    MIRROR_INDEX,
    N_LANDMARKS,
    SEGMENTS_BY_SIDE,
    side_of,
)


def test_landmarks_are_those_of_mediapipe():
    official = {landmark.name: landmark.value for landmark in pose_landmarker.PoseLandmark}
    assert {landmark.name: landmark.value for landmark in Landmark} == official


def test_segments_are_those_of_mediapipe():
    connections = pose_landmarker.PoseLandmarksConnections.POSE_LANDMARKS
    official = {frozenset((segment.start, segment.end)) for segment in connections}
    assert {frozenset(map(int, segment)) for segment in SEGMENTS} == official
    assert len(SEGMENTS) == len(official)


def test_there_are_33_landmarks_with_plain_names():
    assert N_LANDMARKS == len(LANDMARK_NAMES) == 33
    assert LANDMARK_NAMES[25] == "left_knee"


def test_the_mirror_swaps_left_and_right_and_twice_is_nothing():
    for landmark, mirrored in MIRROR.items():
        assert MIRROR[mirrored] is landmark
        assert side_of(mirrored) == {"left": "right", "right": "left"}.get(
            side_of(landmark), "middle"
        )
    assert MIRROR[Landmark.NOSE] is Landmark.NOSE
    assert MIRROR[Landmark.LEFT_WRIST] is Landmark.RIGHT_WRIST
    assert MIRROR[Landmark.MOUTH_LEFT] is Landmark.MOUTH_RIGHT


def test_the_index_mirrors_an_array():
    swapped = np.arange(33)[list(MIRROR_INDEX)]
    assert swapped[Landmark.LEFT_KNEE] == Landmark.RIGHT_KNEE
    assert swapped[Landmark.NOSE] == Landmark.NOSE


def test_each_segment_stays_on_its_side():
    for side in ("left", "right"):
        for segment in SEGMENTS_BY_SIDE[side]:
            assert {side_of(landmark) for landmark in segment} <= {side, "middle"}
    for segment in SEGMENTS_BY_SIDE["middle"]:
        assert sorted(side_of(landmark) for landmark in segment) == ["left", "right"]


def test_the_segments_of_one_side_mirror_into_the_other():
    mirrored = {tuple(map(MIRROR.get, segment)) for segment in SEGMENTS_BY_SIDE["left"]}
    assert mirrored == set(SEGMENTS_BY_SIDE["right"])


def test_the_athletes_left_is_on_the_pictures_right():
    """A figure that faces the camera, in the frame of the data contract: x right, y down."""
    world = make_sequence(time_s=[0.0]).world_landmarks[0]
    assert world[Landmark.LEFT_SHOULDER, 0] > 0 > world[Landmark.RIGHT_SHOULDER, 0]
    assert world[Landmark.NOSE, 1] < world[Landmark.LEFT_HIP, 1] < world[Landmark.LEFT_ANKLE, 1]
    assert world[Landmark.NOSE, 2] < 0
