"""The field's formats: programs of others read from our files the numbers we put in."""

import io
import json
import struct
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from trc import TRCData

from posecore import compute_joint_angles, read_sequence, resample, write_sequence
from posecore.errors import ExportError
from posecore.export import to_angles_table, to_landmarks_table
from posecore.formats.catalogue import FORMATS, WHATS, find_by_ending
from posecore.formats.even_clock import to_even
from posecore.handover import make_writer, to_bytes
from posecore.synthetic import make_sequence, make_squats
from posecore.tidy import to_tidy_angles_table, to_tidy_landmarks_table
from posecore.topology import LANDMARK_NAMES, Landmark

KNEE, LAST = Landmark.LEFT_KNEE, Landmark.RIGHT_FOOT_INDEX


@pytest.fixture
def gappy():
    """Ten frames at 30 a second: nobody in one, two landmarks missing in one each."""
    sequence = make_squats(duration_s=1 / 3)
    arrays = {}
    for name in ("image_landmarks", "world_landmarks", "visibility", "presence"):
        arrays[name] = np.array(getattr(sequence, name))
        arrays[name][3] = np.nan
    arrays["world_landmarks"][5, KNEE] = np.nan
    arrays["world_landmarks"][7, LAST] = np.nan
    return replace(sequence, **arrays)


def y_up(sequence):
    """What a marker file of ours must hold: (x, y, z) turned half about x."""
    return sequence.world_landmarks * np.array([1, -1, -1])


# What there is


def test_each_format_says_what_it_is_and_holds_something_known():
    for name, file_format in FORMATS.items():
        assert file_format.name == name
        assert set(file_format.holds) <= set(WHATS)
        assert file_format.help.endswith(".")
        assert find_by_ending(f"x.{file_format.extension.upper()}").extension == name.split("-")[0]
    assert find_by_ending("x.doc") is None


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("what", WHATS)
def test_each_format_writes_what_it_holds_and_refuses_the_rest(tmp_path, gappy, name, what):
    path = tmp_path / "file"
    if what in FORMATS[name].holds:
        write_sequence(gappy, path, what=what, file_format=name, notes=[])
        assert path.stat().st_size > 0
    else:
        with pytest.raises(ExportError, match=f"not {what}"):
            write_sequence(gappy, path, what=what, file_format=name)
        assert not list(tmp_path.iterdir())


def test_the_ending_names_the_format(tmp_path, gappy):
    write_sequence(gappy, tmp_path / "squats.trc")
    assert (tmp_path / "squats.trc").read_bytes().startswith(b"PathFileType")
    with pytest.raises(ExportError, match="ends in none of"):
        write_sequence(gappy, tmp_path / "squats.doc")
    with pytest.raises(ExportError, match="no format"):
        write_sequence(gappy, tmp_path / "squats.trc", file_format="doc")


@pytest.mark.parametrize("name", ["trc", "c3d", "bvh", "mot"])
def test_nothing_is_written_of_no_frames(tmp_path, name):
    with pytest.raises(ExportError, match=r"\.$"):
        write_sequence(make_sequence(time_s=[]), tmp_path / "x", file_format=name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["trc", "c3d", "bvh", "mot"])
def test_one_frame_is_a_file_of_one_frame(tmp_path, name):
    write_sequence(make_sequence(time_s=[2.0]), tmp_path / "x", file_format=name)
    assert (tmp_path / "x").stat().st_size > 0


# Even clock


def test_an_even_recording_is_written_as_it_is(gappy):
    assert to_even(gappy).sequence is gappy
    assert to_even(gappy).fps == 30.0
    ntsc = make_sequence(time_s=np.arange(500) * 1001 / 30000)
    assert to_even(ntsc).sequence is ntsc


def test_an_uneven_recording_is_resampled_from_its_true_times():
    time_s = np.arange(60) / 30 + np.where(np.arange(60) % 2, 0.004, 0.0)
    sequence = make_sequence({"left_elbow_flexion": 40 * time_s}, time_s=time_s)
    even = to_even(sequence)
    np.testing.assert_allclose(np.diff(even.sequence.time_s), 1 / even.fps)
    expected = resample(sequence, even.fps)
    np.testing.assert_array_equal(even.sequence.world_landmarks, expected.world_landmarks)
    bend = compute_joint_angles(even.sequence)["left_elbow_flexion"]
    np.testing.assert_allclose(bend, 40 * even.sequence.time_s, atol=0.05)


def test_a_hole_in_time_is_missing_frames_and_a_broken_clock_is_refused():
    time_s = np.concatenate([np.arange(30), np.arange(60, 90)]) / 30
    even = to_even(make_sequence(time_s=time_s)).sequence
    assert len(even) == 90
    assert even.is_detected.tolist() == [True] * 30 + [False] * 30 + [True] * 30
    with pytest.raises(ExportError, match="hand it over as CSV or Parquet"):
        to_even(make_sequence(time_s=[0.0, 0.001, 0.002, 1e9]))


# Tables


def test_tidy_landmarks_are_the_wide_ones_one_below_the_other(gappy):
    wide, tidy = to_landmarks_table(gappy).to_pandas(), to_tidy_landmarks_table(gappy).to_pandas()
    assert len(tidy) == 10 * 33
    for quantity in ("image_x", "world_z_m", "visibility"):
        pivot = tidy.pivot(index="frame_number", columns="landmark", values=quantity)
        for name in LANDMARK_NAMES:
            np.testing.assert_array_equal(pivot[name], wide[f"{name}_{quantity}"])
    assert tidy["image_width_px"].eq(640).all()


def test_tidy_angles_are_the_wide_ones_one_below_the_other(gappy):
    wide, tidy = to_angles_table(gappy).to_pandas(), to_tidy_angles_table(gappy).to_pandas()
    for column, ending in (("value_deg", ""), ("error_deg", "_error_deg")):
        pivot = tidy.pivot(index="frame_number", columns="angle", values=column)
        np.testing.assert_array_equal(
            pivot["left_knee_flexion"], wide[f"left_knee_flexion{ending}"]
        )
    assert tidy.loc[tidy["angle"] == "trunk_twist", "error_deg"].isna().all()


# TRC


def test_another_reader_finds_our_markers_in_trc(tmp_path, gappy):
    path = tmp_path / "squats.trc"
    write_sequence(gappy, path)
    read = TRCData()
    read.load(str(path))
    assert (read["NumFrames"], read["NumMarkers"], read["Units"]) == (10, 33, "m")
    assert float(read["DataRate"]) == 30.0
    assert read["Markers"] == list(LANDMARK_NAMES)
    np.testing.assert_array_equal(read["Time"], gappy.time_s)
    # This reader takes the cells behind an empty one for those before it; OpenSim does not.
    whole = [0, 1, 2, 3, 4, 6, 8, 9]
    for landmark, name in enumerate(LANDMARK_NAMES):
        found = np.array(read[name], dtype=np.float32)[whole]
        np.testing.assert_array_equal(found, y_up(gappy)[whole, landmark])


def test_a_table_reader_finds_every_cell_of_trc(tmp_path, gappy):
    path = tmp_path / "squats.trc"
    write_sequence(gappy, path)
    read = pd.read_csv(path, sep="\t", skiprows=6, header=None, dtype=np.float64)
    np.testing.assert_array_equal(read[0], np.arange(1, 11))
    np.testing.assert_array_equal(read[1], gappy.time_s)
    cells = read.loc[:, 2:100].to_numpy().astype(np.float32)
    np.testing.assert_array_equal(cells.reshape(10, 33, 3), y_up(gappy))


def test_a_missing_marker_is_three_empty_cells_and_each_row_ends_with_a_tab(gappy):
    lines = to_bytes(make_writer(gappy, file_format="trc")).decode().split("\n")
    rows = [line.split("\t") for line in lines[6:] if line]
    assert {len(row) for row in rows} == {2 + 33 * 3 + 1}
    assert {row[-1] for row in rows} == {""}
    assert rows[7][-4:] == [""] * 4
    assert rows[3][2:] == [""] * 100
    assert "nan" not in "".join(lines).lower()


# MOT


def test_mot_holds_the_angles_without_a_gap(gappy):
    content = to_bytes(make_writer(gappy, file_format="mot")).decode()
    header, _, body = content.partition("endheader\n")
    assert "inDegrees=yes\n" in header
    read = pd.read_csv(io.StringIO(body), sep="\t", index_col="time")
    assert f"nRows={len(read)}\n" in header
    assert f"nColumns={read.shape[1] + 1}\n" in header
    assert not read.isna().any(axis=None)
    assert (np.diff(read.index) > 0).all()
    # Nobody in frame 3, no left knee in frame 5, no right toes in frame 7: each 1 of 9 frames.
    angles = compute_joint_angles(gappy)
    assert set(angles) - set(read) >= {"left_knee_flexion", "right_ankle_dorsiflexion"}
    assert len(read) == 9
    pd.testing.assert_frame_equal(
        read, angles.loc[read.index, read.columns], check_exact=True, check_names=False
    )


def test_a_few_gaps_cost_their_frames_and_not_the_angle():
    sequence = make_squats(duration_s=1.0)
    world = np.array(sequence.world_landmarks)
    world[4, KNEE] = np.nan
    content = to_bytes(make_writer(replace(sequence, world_landmarks=world), file_format="mot"))
    read = pd.read_csv(io.StringIO(content.decode().partition("endheader\n")[2]), sep="\t")
    assert "left_knee_flexion" in read
    assert read["time"].tolist() == np.delete(sequence.time_s, 4).tolist()


def test_a_mot_of_nobody_is_refused():
    sequence = make_squats(duration_s=1.0)
    nobody = np.full_like(sequence.world_landmarks, np.nan)
    write = make_writer(replace(sequence, world_landmarks=nobody), file_format="mot")
    with pytest.raises(ExportError, match="no gaps"):
        to_bytes(write)


# C3D


def test_another_reader_finds_our_markers_in_c3d(tmp_path, gappy):
    ezc3d = pytest.importorskip("ezc3d", reason="it has no wheel for Linux on ARM")
    path = tmp_path / "squats.c3d"
    write_sequence(gappy, path)
    read = ezc3d.c3d(str(path))
    point = read["parameters"]["POINT"]
    assert point["LABELS"]["value"] == list(LANDMARK_NAMES)
    assert (point["UNITS"]["value"], point["RATE"]["value"]) == (["m"], [30.0])
    assert (point["X_SCREEN"]["value"], point["Y_SCREEN"]["value"]) == (["+X"], ["+Y"])
    positions = read["data"]["points"][:3].transpose(2, 1, 0)
    np.testing.assert_array_equal(positions, y_up(gappy))
    residuals = read["data"]["meta_points"]["residuals"][0].T
    is_missing = np.isnan(gappy.world_landmarks).any(axis=2)
    np.testing.assert_array_equal(residuals, np.where(is_missing, -1.0, 0.0))


def test_c3d_counts_more_frames_than_its_header_can(tmp_path):
    path = tmp_path / "long.c3d"
    write_sequence(make_sequence(time_s=np.arange(70_000) / 30), path)
    assert struct.unpack("<H", path.read_bytes()[8:10]) == (65535,)
    assert len(read_sequence(path)) == 70_000


# JSON


def test_json_is_the_recording_with_null_for_what_is_missing(gappy):
    document = json.loads(to_bytes(make_writer(gappy, file_format="json")))
    assert (document["format"], document["version"]) == ("posecore", 1)
    assert document["landmark_names"] == list(LANDMARK_NAMES)
    assert document["image_size"] == [640, 360]
    frames = document["frames"]
    assert [frame["time_s"] for frame in frames] == gappy.time_s.tolist()
    assert frames[3]["world_landmarks"] is frames[3]["visibility"] is None
    assert frames[5]["world_landmarks"][KNEE] == [None] * 3
    world = np.array(frames[0]["world_landmarks"], dtype=np.float32)
    np.testing.assert_array_equal(world, gappy.world_landmarks[0])


def test_tables_are_rows_in_json(gappy):
    document = json.loads(to_bytes(make_writer(gappy, what="angles", file_format="json")))
    assert document["what"] == "angles"
    assert document["rows"] == to_angles_table(gappy).to_pylist()


# BVH


def read_bvh_places(path):
    """Where another reader finds the joints, by name, shape (n, 3), metres."""
    places = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it uses an old name of PyGLM
        import bvhio

        container = bvhio.readAsBvh(str(path))
        root = bvhio.convertBvhToHierarchy(container.Root)
        for frame in range(container.FrameCount):
            root.loadPose(frame)
            for joint, _, _ in root.layout():
                places.setdefault(joint.Name, []).append([*joint.PositionWorld])
    return {name: np.array(place) / 100 for name, place in places.items()}, container


BVH_LANDMARKS = {
    "LeftArm": Landmark.LEFT_SHOULDER,
    "LeftForeArm": Landmark.LEFT_ELBOW,
    "LeftHand": Landmark.LEFT_WRIST,
    "RightForeArm": Landmark.RIGHT_ELBOW,
    "RightHand": Landmark.RIGHT_WRIST,
    "LeftUpLeg": Landmark.LEFT_HIP,
    "LeftLeg": Landmark.LEFT_KNEE,
    "LeftFoot": Landmark.LEFT_ANKLE,
    "RightLeg": Landmark.RIGHT_KNEE,
    "RightFoot": Landmark.RIGHT_ANKLE,
}


def test_another_reader_finds_a_figure_of_constant_bones_where_it_was(tmp_path):
    sequence = make_sequence(
        {
            "left_knee_flexion": np.linspace(0, 120, 20),
            "left_hip_flexion": np.linspace(0, 80, 20),
            "right_elbow_flexion": np.linspace(0, 140, 20),
            "right_shoulder_abduction": np.linspace(0, 100, 20),
            "left_shoulder_elevation": np.linspace(0, 150, 20),
            "trunk_lean_forward": np.linspace(0, 30, 20),
        },
        time_s=np.arange(20) / 25,
    )
    path = tmp_path / "move.bvh"
    write_sequence(sequence, path)
    places, container = read_bvh_places(path)
    assert container.FrameTime == pytest.approx(0.04)
    for name, landmark in BVH_LANDMARKS.items():
        np.testing.assert_allclose(places[name], y_up(sequence)[:, landmark], atol=1e-5)


def test_the_rest_pose_is_a_t_facing_forward(tmp_path):
    path = tmp_path / "t.bvh"
    write_sequence(
        make_sequence(
            {f"{side}_shoulder_abduction": [90.0] for side in ("left", "right")}, time_s=[0]
        ),
        path,
    )
    turns = path.read_text().splitlines()[-1].split()[3:]
    by_joint = np.array(turns, dtype=float).reshape(-1, 3)
    # All but the head, whose nose lies a little below the line from the ears forward.
    np.testing.assert_allclose(np.delete(by_joint, [3], axis=0)[:6], 0, atol=1e-3)


def test_a_joint_that_is_missing_stays_as_it_was(tmp_path, gappy):
    path = tmp_path / "squats.bvh"
    write_sequence(gappy, path)
    rows = path.read_text().splitlines()[-10:]
    assert rows[3] == rows[2]
    assert "nan" not in path.read_text().lower()


def test_a_skeleton_without_a_bone_is_refused(tmp_path, gappy):
    world = np.array(gappy.world_landmarks)
    world[:, [Landmark.LEFT_INDEX, Landmark.LEFT_PINKY]] = np.nan
    with pytest.raises(ExportError, match="LeftHand to LeftFingers"):
        write_sequence(replace(gappy, world_landmarks=world), tmp_path / "x.bvh")
    assert not list(tmp_path.iterdir())
