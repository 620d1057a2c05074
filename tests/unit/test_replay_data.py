"""What the player is sent: as small as it is, it must say the same as the recording."""

import json
import struct
from dataclasses import replace

import numpy as np
import pytest

from posecore import SEGMENTS, Landmark, compute_joint_angles
from posecore.clip_scene import make_room
from posecore.errors import InvalidSequenceError
from posecore.replay_block import MISSING, PIECE_FRAMES, get_head
from posecore.replay_data import pack_replay
from posecore.synthetic import make_sequence, make_squats


def unpack(packed):
    """Read a block by its own header alone, as the browser does."""
    length, head_length = struct.unpack_from("<II", packed)
    header = json.loads(packed[8 : 8 + length])
    arrays = {}
    for array in header["arrays"]:
        start = 8 + length + array["offset"]
        assert start % 8 == 0
        arrays[array["name"]] = read_array(packed, start, **array)
    assert head_length == 8 + length + arrays["time_s"].nbytes
    return header, arrays | unpack_frames(header, arrays.pop("pieces").tobytes())


def read_array(packed, start, *, dtype, shape, **_):
    count = int(np.prod(shape))
    values = np.frombuffer(packed, np.dtype(dtype).newbyteorder("<"), count, offset=start)
    return values.reshape(shape)


def unpack_frames(header, pieces):
    """Join the arrays of the pieces; each but the last has as many frames as the header says."""
    frames = {array["name"]: [] for array in header["piece"]["arrays"]}
    start = 0
    for first in range(0, max(header["n_frames"], 1), header["piece"]["n_frames"]):
        n_frames = min(header["piece"]["n_frames"], header["n_frames"] - first)
        for array in header["piece"]["arrays"]:
            shape = [n_frames, *array["shape"]]
            values = read_array(pieces, start, dtype=array["dtype"], shape=shape)
            frames[array["name"]].append(values)
            start += values.nbytes
        start += -start % 8
    assert start == len(pieces)
    return {name: np.concatenate(values) for name, values in frames.items()}


def get_angles(header, arrays):
    """The packed angles, degrees, shape (n_angles, n_frames), and which of them are missing."""
    rows = [row for row, each in enumerate(header["series"]) if each["unit"] == "°"]
    packed = arrays["series"][rows]
    return packed / 10, packed == MISSING


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
    names = [each["name"] for each in header["series"] if each["unit"] == "°"]
    assert names == list(angles.columns)
    packed, is_missing = (each.T for each in get_angles(header, arrays))
    expected = angles.to_numpy()
    np.testing.assert_array_equal(is_missing, np.isnan(expected))
    assert is_missing[25].any()
    assert not is_missing[25].all()
    assert np.abs((packed - expected)[~is_missing]).max() <= 0.05 + 1e-9


def test_times_begin_at_zero_and_are_not_made_even(gappy):
    header, arrays = unpack(pack(gappy))
    np.testing.assert_array_equal(arrays["time_s"], gappy.time_s - gappy.time_s[0])
    assert header["start_s"] == gappy.time_s[0]


def test_visibility_is_kept_to_a_part_in_255(gappy):
    _, arrays = unpack(pack(gappy))
    expected = np.nan_to_num(gappy.visibility)
    assert np.abs(arrays["visibility"] / 255 - expected).max() <= 0.5 / 255 + 1e-6


def test_a_landmark_whose_visibility_nobody_knows_is_not_hidden():
    sequence = make_squats(0.1)
    world = np.array(sequence.world_landmarks)
    world[0, Landmark.LEFT_KNEE] = np.nan
    unknown = np.full_like(sequence.visibility, np.nan)
    _, arrays = unpack(pack(replace(sequence, world_landmarks=world, visibility=unknown)))
    expected = np.full((3, 33), 255)
    expected[0, Landmark.LEFT_KNEE] = 0
    np.testing.assert_array_equal(arrays["visibility"], expected)


def test_the_header_says_what_is_in_it(gappy):
    header, _ = unpack(pack(gappy, session_id="abc"))
    assert header["session_id"] == "abc"
    assert header["n_frames"] == gappy.n_frames
    assert header["image_size"] == [640, 360]
    assert header["landmarks"][Landmark.LEFT_WRIST] == "left_wrist"
    assert {(each["from"], each["to"]) for each in header["segments"]} == set(SEGMENTS)
    knee = next(each for each in header["series"] if each["name"] == "right_knee_flexion")
    assert (knee["side"], knee["panel"], knee["title"]) == ("right", "knee_flexion", "Knee")


def test_the_room_is_that_of_clips():
    arm_up = make_sequence({"left_shoulder_elevation": [0.0, 180.0]}, time_s=[0.0, 1.0])
    header, _ = unpack(pack(arm_up))
    assert header["room"] == make_room(arm_up)._asdict()


def test_what_is_too_far_away_to_be_packed_is_clipped():
    world = make_squats(1.0).world_landmarks.copy()
    world[3, Landmark.NOSE] = [-9.0, -50.0, 9.0]
    _, arrays = unpack(pack(replace(make_squats(1.0), world_landmarks=world)))
    assert arrays["world_mm"][3, Landmark.NOSE].tolist() == [-9000, -32767, 9000]


@pytest.mark.parametrize("n_frames", [0, 1])
def test_short_recordings(n_frames):
    header, arrays = unpack(pack(make_squats(1.0)[:n_frames]))
    assert header["n_frames"] == n_frames
    assert arrays["world_mm"].shape == (n_frames, 33, 3)
    assert arrays["series"].shape == (len(header["series"]), n_frames)


def test_nobody_at_all():
    squats = make_squats(1.0)
    nothing = np.full_like(squats.world_landmarks, np.nan)
    header, arrays = unpack(pack(replace(squats, world_landmarks=nothing, image_landmarks=nothing)))
    assert header["room"]["top_m"] == pytest.approx(1.03)
    assert (arrays["world_mm"] == MISSING).all()


def test_a_recording_is_read_piece_by_piece():
    squats = make_squats(2.5 * PIECE_FRAMES / 30.0, 30.0)
    packed = pack(squats)
    header, arrays = unpack(packed)
    assert squats.n_frames == 2.5 * PIECE_FRAMES
    expected = np.rint(1000 * squats.world_landmarks.astype(np.float64))
    np.testing.assert_array_equal(arrays["world_mm"], expected)
    length, head_length = struct.unpack_from("<II", get_head(packed))
    assert len(get_head(packed)) == head_length == 8 + length + 8 * header["n_frames"]


def test_about_380_bytes_a_frame_and_510_with_a_video():
    squats = make_squats(60.0)
    assert len(pack(squats)) / 1800 == pytest.approx(395, abs=10)
    assert len(pack(squats, has_video=True)) / 1800 == pytest.approx(527, abs=10)


def test_the_ground_is_at_the_lowest_landmark_and_the_centre_of_mass_above_it():
    squats = make_squats(4.0)
    header, arrays = unpack(pack(squats))
    lowest_mm = 1000 * squats.world_landmarks[:, :, 1].max(axis=1)
    np.testing.assert_allclose(arrays["ground_mm"].ravel(), lowest_mm, atol=15)
    row = [each["name"] for each in header["series"]].index("com_height")
    height_m = arrays["series"][row] / 1000
    assert height_m.max() == pytest.approx(0.98, abs=0.1)  # standing, of a body of 1.7 m
    assert height_m.min() < 0.8 * height_m.max()


def test_angles_of_another_recording_are_refused(gappy):
    with pytest.raises(InvalidSequenceError, match="59 rows and the recording has 60 frames"):
        pack_replay(gappy, compute_joint_angles(gappy[1:]))
    with pytest.raises(InvalidSequenceError, match="no angle 'left_ear_wiggle'"):
        pack_replay(
            gappy,
            compute_joint_angles(gappy).rename(columns={"left_knee_flexion": "left_ear_wiggle"}),
        )


def test_image_landmarks_are_kept_to_a_fraction_of_a_pixel_where_there_is_a_video(gappy):
    assert "image_steps" not in unpack(pack(gappy))[1]
    values = unpack(pack(gappy, has_video=True))[1]["image_steps"]
    expected = gappy.image_landmarks[:, :, :2]
    is_missing = values == MISSING
    np.testing.assert_array_equal(is_missing, np.isnan(expected))
    assert np.abs(values / 8192 - expected)[~is_missing].max() <= 0.5 / 8192 + 1e-6


def test_each_angle_says_where_its_joint_is():
    header, _ = unpack(pack(make_squats(1.0)))
    knee = next(each for each in header["series"] if each["name"] == "left_knee_flexion")
    assert knee["joint"] == [Landmark.LEFT_HIP, Landmark.LEFT_KNEE, Landmark.LEFT_ANKLE]
    assert knee["zero"] == "straight"
    twist = next(each for each in header["series"] if each["name"] == "trunk_twist")
    assert (twist["side"], twist["panel"], twist["title"]) == (
        "middle",
        "trunk_twist",
        "Trunk twist",
    )
    assert twist["joint"] is twist["zero"] is None


def test_the_usual_charts_come_first():
    header, _ = unpack(pack(make_squats(1.0)))
    panels = list(dict.fromkeys(each["panel"] for each in header["series"]))
    assert panels[:4] == ["elbow_flexion", "shoulder_elevation", "hip_flexion", "knee_flexion"]


def test_expected_errors_are_rounded_up_and_unknown_ones_marked(gappy):
    angles = compute_joint_angles(gappy)
    errors = angles * 0 + 4.2
    errors.iloc[5] = np.nan
    header, arrays = unpack(pack_replay(gappy, angles, expected_error=errors))
    assert arrays["errors_deg"].shape == get_angles(header, arrays)[0].shape
    assert arrays["errors_deg"][0, [0, 5]].tolist() == [5, 255]
