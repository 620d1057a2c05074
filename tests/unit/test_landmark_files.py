"""Files of landmarks become sessions: ours with the same numbers, foreign ones with a sentence."""

import json
from dataclasses import replace

import c3d
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from posecore import clean, compute_joint_angles, compute_metrics, read_sequence, write_sequence
from posecore.cli import main
from posecore.errors import LandmarkFileError
from posecore.export import to_sessions_table, write_table
from posecore.formats.catalogue import IMPORT_ENDINGS, is_landmark_file
from posecore.formats.markers import MARKER_NAMES
from posecore.landmark_import import import_landmarks
from posecore.processing import process
from posecore.reading import read_landmark_file
from posecore.sequence import NO_PICTURE
from posecore.synthetic import make_sequence, make_squats
from posecore.topology import Landmark

WHOLE = ("csv", "csv-tidy", "parquet", "json")
MARKERS = ("trc", "c3d")
ARRAYS = ("image_landmarks", "world_landmarks", "visibility", "presence")


@pytest.fixture
def gappy():
    """A third of a second of squats; nobody in one frame, one landmark missing in another."""
    sequence = make_squats(duration_s=1 / 3)
    arrays = {name: np.array(getattr(sequence, name)) for name in ARRAYS}
    for array in arrays.values():
        array[3] = np.nan
    arrays["world_landmarks"][5, 25] = np.nan
    return replace(sequence, frame_number=[0, 1, 2, 3, 5, 6, 7, 8, 9, 12], **arrays)


def write_file(sequence, folder, name):
    path = folder / f"squats.{name.partition('-')[0]}"
    write_sequence(sequence, path, file_format=name)
    return path


def make_trc(names, rows, *, units="mm", n_frames=None, n_markers=None, rate=100):
    """A TRC file as other programs write it."""
    n_frames, n_markers = n_frames or len(rows), n_markers or len(names)
    head = [
        "PathFileType\t4\t(X/Y/Z)\tother.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\t"
        "OrigNumFrames",
        f"{rate}\t{rate}\t{n_frames}\t{n_markers}\t{units}\t{rate}\t1\t{n_frames}",
        "Frame#\tTime\t" + "\t\t\t".join(names) + "\t\t",
        "\t\t" + "\t".join(f"X{i}\tY{i}\tZ{i}" for i in range(1, len(names) + 1)),
        "",
    ]
    body = [
        "\t".join([str(i + 1), f"{i / rate:.5f}", *map(str, row)]) for i, row in enumerate(rows)
    ]
    return "\n".join([*head, *body]) + "\n"


def make_c3d(path, names, frames, *, units="mm", screen=None, rate=100.0):
    writer = c3d.Writer(point_rate=rate, point_units=units)
    writer.set_point_labels(names)
    if screen:
        writer.set_screen_axis(*screen)
    points = np.zeros((len(frames), len(names), 5), dtype=np.float32)
    points[..., :3] = frames
    writer.add_frames([(frame, np.empty((0, 0))) for frame in points])
    with path.open("wb") as stream, pytest.warns(UserWarning):
        writer.write(stream)
    return path


# Ours


@pytest.mark.parametrize("name", WHOLE)
def test_what_we_wrote_comes_back_the_same(tmp_path, gappy, name):
    found = read_sequence(write_file(gappy, tmp_path, name))
    for array in ("time_s", "frame_number", *ARRAYS):
        np.testing.assert_array_equal(getattr(found, array), getattr(gappy, array))
    assert found.image_size == gappy.image_size


@pytest.mark.parametrize("name", MARKERS)
def test_markers_come_back_the_same_and_have_no_picture(tmp_path, gappy, name):
    reading = read_landmark_file(write_file(gappy, tmp_path, name))
    found = reading.sequence
    assert reading.remarks == ()
    np.testing.assert_array_equal(found.world_landmarks, gappy.world_landmarks)
    np.testing.assert_allclose(found.time_s, gappy.time_s, atol=1e-9)
    for array in ("image_landmarks", "visibility", "presence"):
        assert np.isnan(getattr(found, array)).all()
    assert found.image_size == NO_PICTURE
    assert found.is_detected.tolist() == gappy.is_detected.tolist()


def test_a_time_that_does_not_begin_at_0_stays_where_the_format_has_times(tmp_path):
    sequence = make_sequence(time_s=2.5 + np.arange(10) / 30)
    for name, start_s in (("trc", 2.5), ("csv", 2.5), ("c3d", 0.0)):
        assert read_sequence(write_file(sequence, tmp_path, name)).time_s[0] == start_s


def test_what_was_done_to_the_landmarks_is_told(tmp_path, store):
    path = write_file(clean(make_squats(duration_s=1.0)), tmp_path, "parquet")
    assert [step.name for step in read_sequence(path).steps][-1].startswith("smooth")
    session = store.get_session(import_landmarks(path, store))
    assert "not as recorded" in session.status_reason


def test_a_table_without_the_size_of_the_picture_keeps_metres_only(tmp_path, gappy):
    path = write_file(gappy, tmp_path, "csv")
    table = pa.csv.read_csv(path).drop_columns(["image_width_px", "image_height_px"])
    pa.csv.write_csv(table, path)
    reading = read_landmark_file(path)
    assert "--image-size" in reading.remarks[0]
    assert np.isnan(reading.sequence.image_landmarks).all()
    np.testing.assert_array_equal(reading.sequence.world_landmarks, gappy.world_landmarks)
    told = read_landmark_file(path, image_size=(640, 360))
    assert told.remarks == ()
    np.testing.assert_array_equal(told.sequence.image_landmarks, gappy.image_landmarks)


# Sessions


@pytest.mark.parametrize("name", [*WHOLE, *MARKERS])
def test_a_file_becomes_a_session(tmp_path, store, gappy, name):
    path = write_file(gappy, tmp_path, name)
    session_id = import_landmarks(path, store, athlete="Mira", tags=["lab"])
    session = store.get_session(session_id)
    assert (session.name, session.athlete, session.tags) == ("squats", "Mira", ("lab",))
    assert (session.source, session.status, session.status_reason) == ("file", "completed", "")
    assert (session.frame_count, session.detected_count) == (10, 9)
    found = store.load_sequence(session_id)
    np.testing.assert_array_equal(found.world_landmarks, gappy.world_landmarks)
    np.testing.assert_array_equal(
        compute_joint_angles(found)["left_knee_flexion"],
        compute_joint_angles(gappy)["left_knee_flexion"],
    )
    assert to_sessions_table([session])["source"].to_pylist() == ["file"]


def test_markers_can_be_measured_cleaned_and_refined(tmp_path, store):
    path = write_file(make_squats(duration_s=4.0), tmp_path, "trc")
    sequence = store.load_sequence(import_landmarks(path, store))
    assert compute_metrics(sequence).loc["repetition_count", "value"] == 2
    for processing in ("cleaned", "refined"):
        processed = process(sequence, processing)
        knee = compute_joint_angles(processed)["left_knee_flexion"]
        assert knee.max() == pytest.approx(90, abs=3)


def test_the_command_line_imports_files_and_says_what_it_left_out(tmp_path, settings, capsys):
    path = tmp_path / "lab.trc"
    path.write_text(make_trc(["LKJC", "LASI"], [[100, 500, 0, 1, 2, 3]] * 3))
    other = tmp_path / "notes.csv"
    other.write_text("a,b\n1,2\n")
    database = ["--db", str(settings.database)]
    assert main(["import", str(path), str(other), *database]) == 1
    said = capsys.readouterr()
    [session_id] = said.out.split()
    assert "lab.trc: 1 of 2 markers are landmarks of posecore; the others were left out (LASI)" in (
        said.err
    )
    assert "notes.csv is no table of landmarks" in said.err
    assert main(["export", session_id, "--format", "json", *database]) == 0
    assert json.loads(capsys.readouterr().out)["image_size"] is None


def test_nothing_is_left_of_a_file_that_cannot_be_read(tmp_path, store):
    path = tmp_path / "x.trc"
    path.write_text("nothing of that kind")
    with pytest.raises(LandmarkFileError):
        import_landmarks(path, store)
    nobody = make_squats(duration_s=0.2)
    nobody = replace(
        nobody, **{name: np.full_like(getattr(nobody, name), np.nan) for name in ARRAYS}
    )
    with pytest.raises(LandmarkFileError, match="nobody in any of them"):
        import_landmarks(write_file(nobody, tmp_path, "csv"), store)
    assert store.get_sessions() == []


# Foreign markers


@pytest.mark.parametrize(
    ("name", "landmark"),
    [
        ("LKnee", Landmark.LEFT_KNEE),  # BODY_25 and HALPE_26
        ("RBigToe", Landmark.RIGHT_FOOT_INDEX),
        ("left_foot_index", Landmark.LEFT_FOOT_INDEX),  # MediaPipe
        ("MOUTH_LEFT", Landmark.MOUTH_LEFT),
        ("Nose", Landmark.NOSE),
        ("RHJC_study", Landmark.RIGHT_HIP),  # OpenCap
        ("r_calc_study", Landmark.RIGHT_HEEL),
        ("Mira:LSJC", Landmark.LEFT_SHOULDER),  # a laboratory's joint centre, with its subject
        ("right ankle", Landmark.RIGHT_ANKLE),
        ("HipLeft", Landmark.LEFT_HIP),
    ],
)
def test_a_marker_is_found_by_the_names_programs_give_it(tmp_path, name, landmark):
    path = tmp_path / "x.trc"
    path.write_text(make_trc([name], [[0, 0, 0], [0, 0, 0]]))
    [found] = np.flatnonzero(~np.isnan(read_sequence(path).world_landmarks[0, :, 0]))
    assert found == landmark


@pytest.mark.parametrize(
    "name", ["heel", "LKNE", "LASI", "Neck", "MidHip", "LSmallToe", "", "=1+1"]
)
def test_a_marker_that_is_no_landmark_is_not_taken_for_one(tmp_path, name):
    assert name.lower() not in MARKER_NAMES
    path = tmp_path / "x.trc"
    path.write_text(make_trc([name, "M2"], [[0] * 6] * 2))
    with pytest.raises(LandmarkFileError, match="no marker that posecore knows"):
        read_sequence(path)


def test_a_hostile_name_cannot_steer_what_is_said(tmp_path):
    path = tmp_path / "x.trc"
    path.write_text(make_trc(["LKJC", "\x1b[31m\x00" + "M" * 500], [[0] * 6] * 2))
    [remark] = read_landmark_file(path).remarks
    assert remark.isprintable()
    assert len(remark) < 150


def test_trc_is_turned_scaled_and_brought_to_the_hips(tmp_path):
    path = tmp_path / "x.trc"
    row = [1000, 900, 200, 800, 900, 200, 1000, 400, 250]
    path.write_text(make_trc(["LHip", "RHip", "LKnee"], [row, row]))
    found = read_sequence(path)
    np.testing.assert_allclose(found.world_landmarks[0, Landmark.LEFT_HIP], [0.1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(
        found.world_landmarks[0, Landmark.LEFT_KNEE], [0.1, 0.5, -0.05], atol=1e-6
    )
    assert found.time_s.tolist() == [0.0, 0.01]


@pytest.mark.parametrize(
    ("screen", "expected"),
    [(None, [0.1, -0.3, 0.2]), (("+X", "+Z"), [0.1, -0.3, 0.2]), (("+X", "+Y"), [0.1, -0.2, -0.3])],
)
def test_c3d_is_turned_by_its_screen_axes(tmp_path, screen, expected):
    frames = [[[0, 0, 0], [0, 0, 0], [100, 200, 300]]] * 2
    path = make_c3d(tmp_path / "x.c3d", ["LHJC", "RHJC", "LKJC"], frames, screen=screen)
    knee = read_sequence(path).world_landmarks[0, Landmark.LEFT_KNEE]
    np.testing.assert_allclose(knee, expected, atol=1e-6)


# MediaPipe


def as_objects(rows, *, parts):
    return [dict(zip(parts, map(float, row), strict=True)) for row in rows]


@pytest.mark.parametrize("shape", ["objects", "lists", "persons", "proto"])
def test_lines_of_mediapipe_are_read_in_the_shapes_people_keep(tmp_path, shape):
    sequence = make_squats(duration_s=0.2)
    path = tmp_path / "pose.jsonl"
    lines = []
    for i in range(len(sequence)):
        image = np.column_stack(
            [sequence.image_landmarks[i], sequence.visibility[i], sequence.presence[i]]
        ).astype(float)
        world = sequence.world_landmarks[i].astype(float)
        if shape == "lists":
            marks = (image.tolist(), world.tolist())
        else:
            parts = ("x", "y", "z", "visibility", "presence")
            marks = (as_objects(image, parts=parts), as_objects(world, parts=parts[:3]))
            if shape == "persons":
                marks = ([marks[0]], [marks[1]])
            elif shape == "proto":
                marks = ({"landmark": marks[0]}, {"landmark": marks[1]})
        time_ms = 1000 * float(sequence.time_s[i])
        lines.append(
            {"timestamp_ms": time_ms, "pose_landmarks": marks[0], "pose_world_landmarks": marks[1]}
        )
    lines[2] |= {"pose_landmarks": [], "pose_world_landmarks": None}
    path.write_text("\n".join(map(json.dumps, lines)))
    found = read_sequence(path, image_size=(640, 360))
    np.testing.assert_allclose(found.time_s, sequence.time_s, atol=1e-12)
    assert found.is_detected.tolist() == [True, True, False, True, True, True]
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(found, name)[3], getattr(sequence, name)[3])


def test_landmarks_of_a_picture_of_unknown_size_are_refused(tmp_path):
    path = tmp_path / "pose.jsonl"
    path.write_text(json.dumps({"time_s": 0, "landmarks": [[0.5, 0.5, 0]] * 33}))
    with pytest.raises(LandmarkFileError, match="--image-size"):
        read_sequence(path)
    assert read_sequence(path, image_size=(4, 3)).n_frames == 1


# Broken and hostile files

TRC = make_trc(["LHip", "RHip"], [[1, 2, 3, 4, 5, 6]] * 20)
ONE_LINE = {"time_s": 0, "world_landmarks": [[0, 0, 0]] * 33}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.trc", "", "must begin with PathFileType"),
        ("x.trc", TRC[: len(TRC) // 2], "ends after"),
        ("x.trc", TRC[:-8], "ends after 19"),
        ("x.trc", TRC + "21\t1\t0\t0\t0\t0\t0\t0\n", "holds more"),
        ("x.trc", TRC.replace("\t20\t2\tmm", "\t999999999999\t2\tmm"), "999,999,999,999 frames"),
        ("x.trc", TRC.replace("\t20\t2\tmm", "\t20\t999999999\tmm"), "999,999,999 markers"),
        ("x.trc", TRC.replace("\t20\t2\tmm", "\t20\t2\tparsec"), "parsec"),
        ("x.trc", TRC.replace("\t5\t", "\tfive\t"), "damaged"),
        ("x.trc", TRC.replace("\t5\t", "\tinf\t"), "infinity"),
        ("x.trc", TRC.replace("\t5\t", "\t1e300\t"), "infinity"),
        ("x.trc", TRC.replace("0.01000", "0.05000"), "must rise"),
        ("x.trc", TRC.replace("1\t2\t3", "1\t2\t3\t4\t5\t6\t7"), "more cells"),
        ("x.csv", "", "no table of landmarks"),
        ("x.csv", "a,b\n1,2\n", "no table of landmarks"),
        ("x.csv", '=HYPERLINK("http://x"),time_s\n1,2\n', "no table of landmarks"),
        ("x.csv", "time_s,nose_world_x_m\n1,two\n", "not a number"),
        ("x.csv", "time_s,nose_world_x_m\n1,2\n2\n", "cut short"),
        ("x.csv", "time_s,nose_world_x_m\n2,1\n1,2\n", "must rise"),
        ("x.csv", "time_s,nose_world_x_m\n,1\n", "NaN"),
        ("x.csv", "time_s,landmark,world_x_m\n1,nose,2\n1,nose,3\n", "twice"),
        ("x.csv", "time_s,frame_number,nose_world_x_m\n0,99999999999,1\n", "beyond reason"),
        ("x.json", "{}", "no JSON file of posecore"),
        ("x.json", '{"format": "posecore", "what": "angles", "rows": []}', "no landmarks"),
        ("x.json", "[" * 100_000, "damaged"),
        ("x.jsonl", "", "no frames"),
        ("x.jsonl", "[1, 2]", "no object"),
        ("x.jsonl", "{\n", "line 1 is no JSON"),
        ("x.jsonl", json.dumps({"landmarks": [[0, 0, 0]] * 33}), "has no time"),
        ("x.jsonl", json.dumps({"time_s": 0, "landmarks": [[0, 0, 0]] * 17}), "17 landmarks"),
        ("x.jsonl", json.dumps(ONE_LINE | {"world_landmarks": "x" * 33}), "damaged"),
        ("x.jsonl", json.dumps(ONE_LINE) + "\n" + json.dumps(ONE_LINE), "must rise"),
        ("x.jsonl", json.dumps(ONE_LINE | {"frame_number": 1e300}), "damaged|beyond reason"),
        ("x.jsonl", json.dumps(ONE_LINE | {"image_size": [0, -5]}), "positive pixels"),
        ("x.parquet", "PAR1 and more", "damaged"),
        ("x.c3d", "P and more" * 200, "damaged"),
        ("x.c3d", "", "damaged"),
        ("x.doc", "", "must end in one of"),
    ],
)
def test_a_broken_file_is_one_sentence(tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(LandmarkFileError, match=reason) as caught:
        read_sequence(path)
    assert name in str(caught.value)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    for ending in IMPORT_ENDINGS:
        assert is_landmark_file(f"x.{ending.upper()}")
        with pytest.raises(LandmarkFileError, match="No such file"):
            read_sequence(tmp_path / f"x.{ending}")


@pytest.mark.parametrize("name", [*WHOLE, *MARKERS])
def test_a_file_cut_anywhere_is_read_or_one_sentence(tmp_path, gappy, name):
    """Never a crash; and what is read has only frames that were there."""
    path = write_file(gappy, tmp_path, name)
    content = path.read_bytes()
    for share in np.linspace(0.01, 0.99, 25):
        path.write_bytes(content[: int(share * len(content))])
        try:
            found = read_sequence(path)
        except LandmarkFileError as error:
            assert str(error).endswith(".")
        else:
            # CSV does not say how long it should be; C3D may end in zeros that mean nothing.
            assert found.n_frames == gappy.n_frames or name.startswith("csv")
            np.testing.assert_array_equal(found.time_s, gappy.time_s[: found.n_frames])


def test_a_c3d_that_promises_more_than_it_holds_takes_no_memory(tmp_path, gappy):
    path = write_file(gappy, tmp_path, "c3d")
    content = bytearray(path.read_bytes())
    start = content.index(b"ACTUAL_END_FIELD") + len("ACTUAL_END_FIELD") + 2 + 1 + 1 + 1
    content[start : start + 4] = b"\xff\xff\x0d\x00"
    path.write_bytes(content)
    with pytest.raises(LandmarkFileError, match=r"too short|frames of"):
        read_sequence(path)


def test_a_parquet_of_other_types_is_one_sentence(tmp_path):
    path = tmp_path / "x.parquet"
    table = pa.table({"time_s": ["a", "b"], "nose_world_x_m": [[1], [2]]})
    pyarrow.parquet.write_table(table, path)
    with pytest.raises(LandmarkFileError, match="column time_s holds no numbers"):
        read_sequence(path)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_of_too_many_frames_takes_no_memory(tmp_path, ending):
    path = tmp_path / f"x.{ending}"
    table = pa.table({"time_s": np.zeros(1_000_001), "nose_world_x_m": np.zeros(1_000_001)})
    write_table(table, path, ending)
    with pytest.raises(LandmarkFileError, match="more than 1,000,000 frames"):
        read_sequence(path)
