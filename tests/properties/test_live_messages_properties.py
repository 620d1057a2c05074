"""What must hold for each frame that viewers get, and for each cue that comes back."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from posecore import CORE_ANGLES, PoseFrame
from posecore.capture.cue import JOINTS, MAX_CUE_CHARACTERS, read_cue
from posecore.errors import InvalidMessageError
from posecore.streaming.live_messages import read_live_pose, write_live_pose

PLACES = st.none() | st.tuples(*[st.floats(-100, 100, width=32)] * 3)
LANDMARKS = st.lists(st.tuples(PLACES, PLACES, st.floats(0, 1, width=32)), min_size=33, max_size=33)
DEGREES = st.lists(st.none() | st.integers(0, 180), min_size=8, max_size=8)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def to_rows(places):
    return np.array([[np.nan] * 3 if each is None else each for each in places], dtype=np.float32)


@given(LANDMARKS, DEGREES, st.floats(0, 1e7), st.none() | st.floats(0, 1e5, width=32))
def test_every_frame_comes_back_with_its_holes(landmarks, degrees, captured_s, recorded_s):
    image, world, visibility = zip(*landmarks, strict=True)
    frame = PoseFrame(
        time_s=0.0,
        image_landmarks=to_rows(image),
        world_landmarks=to_rows(world),
        visibility=np.array(visibility, dtype=np.float32),
        presence=np.array(visibility, dtype=np.float32),
    )
    angles = dict(zip(CORE_ANGLES, degrees, strict=True))
    message = write_live_pose(
        frame,
        frame_number=3,
        captured_s=captured_s,
        image_size=(640, 360),
        angles_deg=angles,
        recorded_s=recorded_s,
    )
    pose = read_live_pose(message, CORE_ANGLES)
    expected = np.clip(frame.world_landmarks.astype(np.float64), -32.767, 32.767)
    np.testing.assert_allclose(pose.world_landmarks, expected, atol=0.51e-3)
    expected = np.clip(frame.image_landmarks[:, :2].astype(np.float64), -4, 4)
    np.testing.assert_allclose(pose.image_landmarks, expected, atol=1.3e-4)
    np.testing.assert_allclose(pose.visibility, frame.visibility, atol=2e-3)
    assert pose.angles_deg == angles
    assert pose.is_recording is (recorded_s is not None)
    np.testing.assert_allclose(pose.captured_s, captured_s, atol=1e-6)


@given(
    kind=st.sampled_from(["text", "arrow", "mark"]) | ANYTHING,
    text=st.text() | ANYTHING,
    joint=st.sampled_from(sorted(JOINTS)) | ANYTHING,
)
def test_a_cue_is_one_short_line_that_can_be_printed_or_refused(kind, text, joint):
    try:
        cue = read_cue({"kind": kind, "text": text, "joint": joint})
    except InvalidMessageError as error:
        assert str(error).endswith(".")
        return
    assert len(cue.text) <= MAX_CUE_CHARACTERS
    assert len(cue.label.splitlines()) == 1
    assert not any(each in cue.label for each in "\0\x1b\u202e\n\r\t")
    assert cue.joint in JOINTS or not cue.joint
    json.dumps(cue.label)
