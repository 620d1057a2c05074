"""What a viewer gets with each frame: small, and what it says is what was seen."""

from dataclasses import replace

import numpy as np
import pytest

from posecore import CORE_ANGLES, PoseFrame
from posecore.errors import InvalidMessageError
from posecore.streaming.live_messages import read_live_pose, write_live_pose
from tests.unit.test_recorder import SIZE, make_frame

ANGLES = dict.fromkeys(CORE_ANGLES, 42)


def send(frame, **changes):
    fields = {"frame_number": 7, "captured_s": 12.5, "image_size": SIZE, "angles_deg": ANGLES}
    return write_live_pose(frame, **fields | changes)


def test_a_frame_comes_back_as_finely_as_is_promised():
    frame = make_frame(1.5)
    pose = read_live_pose(send(frame, recorded_s=3.25), CORE_ANGLES)
    assert (pose.frame_number, pose.captured_s, pose.image_size) == (7, 12.5, SIZE)
    assert (pose.is_seen, pose.is_recording, pose.recorded_s) == (True, True, 3.25)
    assert pose.angles_deg == ANGLES
    np.testing.assert_allclose(pose.world_landmarks, frame.world_landmarks, atol=0.5e-3 + 1e-6)
    np.testing.assert_allclose(
        pose.image_landmarks, frame.image_landmarks[:, :2], atol=1 / 16384 + 1e-6
    )
    np.testing.assert_allclose(pose.visibility, frame.visibility, atol=1 / 510 + 1e-6)


def test_thirty_a_second_are_less_than_fifteen_kilobytes():
    assert len(send(make_frame(0.0))) == 403


def test_nobody_and_what_was_not_seen_stay_missing():
    pose = read_live_pose(
        send(PoseFrame.empty(0.0), angles_deg=dict.fromkeys(CORE_ANGLES)), CORE_ANGLES
    )
    assert not pose.is_seen
    assert np.isnan(pose.world_landmarks).all() and np.isnan(pose.image_landmarks).all()
    assert set(pose.angles_deg.values()) == {None}
    frame = make_frame(0.0)
    world = frame.world_landmarks.copy()
    world[5] = np.nan
    pose = read_live_pose(send(replace(frame, world_landmarks=world)), CORE_ANGLES)
    assert np.flatnonzero(np.isnan(pose.world_landmarks).any(axis=1)).tolist() == [5]


def test_outside_a_recording_nothing_is_recorded():
    pose = read_live_pose(send(make_frame(0.0)), CORE_ANGLES)
    assert (pose.is_recording, pose.recorded_s) == (False, 0.0)


def test_what_is_far_away_is_brought_closer_and_never_becomes_missing():
    frame = make_frame(0.0)
    far = replace(
        frame,
        image_landmarks=frame.image_landmarks * 1e6,
        world_landmarks=frame.world_landmarks * 1e6,
    )
    pose = read_live_pose(send(far, frame_number=2**32 + 1), CORE_ANGLES)
    assert np.abs(pose.world_landmarks).max() <= 32.767
    assert np.abs(pose.image_landmarks).max() <= 4
    assert not np.isnan(pose.world_landmarks).any()
    assert pose.frame_number == 1


@pytest.mark.parametrize(
    "message", [b"", b"\x01", send(make_frame(0.0))[:-1], b"\x02" + send(make_frame(0.0))[1:]]
)
def test_what_is_cut_off_or_of_another_version_is_refused(message):
    with pytest.raises(InvalidMessageError):
        read_live_pose(message, CORE_ANGLES)
