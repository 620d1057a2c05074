"""The numbers beside the live picture: the core angles, each only while its landmarks are seen."""

from dataclasses import replace

import numpy as np

from pages.components.live_panel import _describe_angles
from posecore import CORE_ANGLES, Landmark, PoseFrame
from posecore.capture.live_room import compute_live_angles
from posecore.synthetic import make_sequence


def make_frame(**angles_deg):
    pose = make_sequence({name: [degrees] for name, degrees in angles_deg.items()}, time_s=[0.0])
    return PoseFrame(
        time_s=0.0,
        image_landmarks=pose.image_landmarks[0],
        world_landmarks=pose.world_landmarks[0],
        visibility=pose.visibility[0],
        presence=pose.presence[0],
    )


def test_the_core_angles_are_shown_in_whole_degrees():
    found = compute_live_angles(make_frame(left_knee_flexion=41.6, trunk_lean_forward=20.0))
    assert found == dict.fromkeys(CORE_ANGLES, 0) | {"left_knee_flexion": 42}
    assert [angle["name"] for angle in _describe_angles()] == list(CORE_ANGLES)
    assert _describe_angles()[0] == {
        "name": "left_elbow_flexion",
        "label": "Left elbow",
        "side": "left",
    }


def test_a_hidden_landmark_takes_its_angles_away():
    frame = make_frame()
    visibility = np.array(frame.visibility)
    visibility[Landmark.LEFT_ELBOW] = 0.4
    found = compute_live_angles(replace(frame, visibility=visibility))
    hidden = [name for name, degrees in found.items() if degrees is None]
    assert hidden == ["left_elbow_flexion", "left_shoulder_elevation"]
    nobody = compute_live_angles(PoseFrame.empty(0.0))
    assert nobody == dict.fromkeys(CORE_ANGLES)
