"""What the player is sent: as small as it is, it must say the same as the recording."""

import json
import struct
from dataclasses import replace

import numpy as np
import pytest

from posecore import SEGMENTS, Landmark, compute_joint_angles
from posecore.errors import InvalidSequenceError
from posecore.replay_data import MISSING, pack_image_landmarks, pack_replay
from posecore.synthetic import make_sequence, make_squats


def unpack(packed):
    """Read a block by its own header alone, as the browser does."""
    (length,) = struct.unpack_from("<I", packed)
    header = json.loads(packed[4 : 4 + length])
    arrays = {}
    for array in header["arrays"]:
        count = int(np.prod(array["shape"]))
        dtype = np.dtype(array["dtype"]).newbyteorder("<")
        start = 4 + length + array["offset"]
        assert start % 8 == 0
        values = np.frombuffer(packed, dtype, count, offset=start)
        arrays[array["name"]] = values.reshape(array["shape"])
    return header, arrays


def pack(sequence, **options):
    return pack_replay(sequence, compute_joint_angles(sequence), **options)


@pytest.fixture
def gappy():
    """Squats at uneven times that begin late; nobody from frame 10 to 19, one wrist gone in 25."""
    squats = make_squats(2.0, 30.0)
    arrays = {
        name: getattr(squats, name).copy()
        for name in ("image_landmarks", "world_landmarks", "visibility", "presence")
    }
    for array in arrays.values():
        array[10:20] = np.nan
    arrays["world_landmarks"][25, Landmark.LEFT_WRIST] = np.nan
    time_s = 1.5 + np.cumsum(np.random.default_rng(1).uniform(0.01, 0.05, squats.n_frames))
    frame_number = np.arange(squats.n_frames) * 2 + 7
    return replace(squats, time_s=time_s, frame_number=frame_number, **arrays)


def test_landmarks_are_kept_to_half_a_millimetre_and_nan_stays_nan(gappy):
    _, arrays = unpack(pack(gappy))
    expected = gappy.world_landmarks
    is_missing = arrays["world_mm"] == MISSING
    np.testing.assert_array_equal(is_missing, np.isnan(expected))
    difference = arrays["world_mm"] / 1000 - expected
    assert np.abs(difference[~is_missing]).max() <= 0.0005 + 1e-6


def test_angles_are_kept_to_a_twentieth_of_a_degree_and_nan_stays_nan(gappy):
    angles = compute_joint_angles(gappy)
    header, arrays = unpack(pack_replay(gappy, angles))
    assert [angle["name"] for angle in header["angles"]] == list(angles.columns)
    packed, expected = arrays["angles_ddeg"].T, angles.to_numpy()
    is_missing = packed == MISSING
    np.testing.assert_array_equal(is_missing, np.isnan(expected))
    assert is_missing[25].any()
    assert not is_missing[25].all()
    assert np.abs((packed / 10 - expected)[~is_missing]).max() <= 0.05 + 1e-9


def test_times_begin_at_zero_and_are_not_made_even(gappy):
    header, arrays = unpack(pack(gappy))
    np.testing.assert_array_equal(arrays["time_s"], gappy.time_s - gappy.time_s[0])
    assert header["start_s"] == gappy.time_s[0]
    np.testing.assert_array_equal(arrays["frame_number"], gappy.frame_number)


def test_visibility_is_kept_to_a_part_in_255(gappy):
    _, arrays = unpack(pack(gappy))
    expected = np.nan_to_num(gappy.visibility)
    assert np.abs(arrays["visibility"] / 255 - expected).max() <= 0.5 / 255 + 1e-6


def test_the_header_says_what_is_in_it(gappy):
    header, _ = unpack(pack(gappy, session_id="abc"))
    assert header["session_id"] == "abc"
    assert header["n_frames"] == gappy.n_frames
    assert header["image_size"] == [640, 360]
    assert header["landmarks"][Landmark.LEFT_WRIST] == "left_wrist"
    assert {(each["from"], each["to"]) for each in header["segments"]} == set(SEGMENTS)
    knee = next(angle for angle in header["angles"] if angle["name"] == "right_knee_flexion")
    assert (knee["side"], knee["group"], knee["title"]) == ("right", "knee_flexion", "Knee")


def test_reach_is_the_extent_of_the_whole_session():
    arm_up = make_sequence({"left_shoulder_elevation": [0.0, 180.0]}, time_s=[0.0, 1.0])
    header, arrays = unpack(pack(arm_up))
    y = arrays["world_mm"][:, :, 1]
    assert header["reach_m"]["height"] == (y.max(axis=1) - y.min(axis=1)).max() / 1000
    assert header["reach_m"]["radius"] == np.abs(arrays["world_mm"][:, :, ::2]).max() / 1000


def test_one_wild_guess_does_not_shrink_the_figure():
    world = make_squats(1.0).world_landmarks.copy()
    world[3, Landmark.NOSE] = [-9.0, -50.0, 9.0]
    header, arrays = unpack(pack(replace(make_squats(1.0), world_landmarks=world)))
    assert header["reach_m"] == {"radius": 1.6, "height": 2.6}
    assert arrays["world_mm"][3, Landmark.NOSE].tolist() == [-9000, -32767, 9000]


@pytest.mark.parametrize("n_frames", [0, 1])
def test_short_recordings(n_frames):
    header, arrays = unpack(pack(make_squats(1.0)[:n_frames]))
    assert header["n_frames"] == n_frames
    assert arrays["world_mm"].shape == (n_frames, 33, 3)
    assert arrays["angles_ddeg"].shape == (len(header["angles"]), n_frames)


def test_nobody_at_all():
    squats = make_squats(1.0)
    nothing = np.full_like(squats.world_landmarks, np.nan)
    header, arrays = unpack(pack(replace(squats, world_landmarks=nothing, image_landmarks=nothing)))
    assert header["reach_m"] == {"radius": 0.0, "height": 0.0}
    assert (arrays["world_mm"] == MISSING).all()


def test_about_320_bytes_a_frame():
    assert len(pack(make_squats(60.0))) / 1800 == pytest.approx(320, abs=5)


def test_angles_of_another_recording_are_refused(gappy):
    with pytest.raises(InvalidSequenceError, match="59 rows and the recording has 60 frames"):
        pack_replay(gappy, compute_joint_angles(gappy[1:]))
    with pytest.raises(InvalidSequenceError, match="no angle 'left_ear_wiggle'"):
        pack_replay(
            gappy,
            compute_joint_angles(gappy).rename(columns={"left_knee_flexion": "left_ear_wiggle"}),
        )


def test_image_landmarks_are_kept_to_a_fraction_of_a_pixel(gappy):
    values = np.frombuffer(pack_image_landmarks(gappy), "<i2").reshape(-1, 33, 2)
    expected = gappy.image_landmarks[:, :, :2]
    is_missing = values == MISSING
    np.testing.assert_array_equal(is_missing, np.isnan(expected))
    assert np.abs(values / 8192 - expected)[~is_missing].max() <= 0.5 / 8192 + 1e-6


def test_each_angle_says_where_its_joint_is():
    header, _ = unpack(pack(make_squats(1.0)))
    knee = next(angle for angle in header["angles"] if angle["name"] == "left_knee_flexion")
    assert knee["joint"] == [Landmark.LEFT_HIP, Landmark.LEFT_KNEE, Landmark.LEFT_ANKLE]
    assert knee["zero"] == "straight"
    twist = next(angle for angle in header["angles"] if angle["name"] == "trunk_twist")
    assert (twist["side"], twist["group"], twist["title"]) == (
        "middle",
        "trunk_twist",
        "Trunk twist",
    )
    assert twist["joint"] is twist["zero"] is None


def test_the_usual_charts_come_first():
    header, _ = unpack(pack(make_squats(1.0)))
    groups = list(dict.fromkeys(angle["group"] for angle in header["angles"]))
    assert groups[:4] == ["elbow_flexion", "shoulder_elevation", "hip_flexion", "knee_flexion"]


def test_expected_errors_are_rounded_up_and_unknown_ones_marked(gappy):
    angles = compute_joint_angles(gappy)
    errors = angles * 0 + 4.2
    errors.iloc[5] = np.nan
    _, arrays = unpack(pack_replay(gappy, angles, expected_error=errors))
    assert arrays["errors_deg"].shape == arrays["angles_ddeg"].shape
    assert arrays["errors_deg"][0, [0, 5]].tolist() == [5, 255]
