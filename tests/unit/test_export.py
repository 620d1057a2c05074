"""Handing over: the same numbers, whole files or none, and texts that do no harm."""

import csv
import io
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from posecore import compute_joint_angles
from posecore.errors import ExportError
from posecore.export import (
    safe_file_name,
    to_angles_table,
    to_csv_bytes,
    to_landmarks_table,
    to_sessions_table,
    to_zip_bytes,
    write_table,
    write_zip,
)
from posecore.synthetic import make_sequence, make_squats
from posecore.topology import LANDMARK_NAMES
from posecore.trust import compute_expected_error

ROOT = Path(__file__).resolve().parents[2]
SESSION_ID = "1f0c22ab-54d1-4c8e-9d3b-0123456789ab"
FULL_WIDTH = "\uff1d\uff0b\uff0d\uff20"  # = + - @
QUANTITIES = (
    "image_x", "image_y", "image_z", "world_x_m", "world_y_m", "world_z_m", "visibility",
    "presence",
)  # fmt: skip
IMAGE_SIZE = ("image_width_px", "image_height_px")


@pytest.fixture
def gappy():
    """Three frames: somebody, nobody, somebody with one landmark missing; one frame was dropped."""
    sequence = make_squats(duration_s=0.1)
    arrays = {}
    for name in ("image_landmarks", "world_landmarks", "visibility", "presence"):
        arrays[name] = np.array(getattr(sequence, name))
        arrays[name][1] = np.nan
    arrays["world_landmarks"][2, 25] = np.nan
    return replace(sequence, frame_number=[0, 1, 3], **arrays)


def read_rows(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


# Tables


def test_landmarks_are_one_row_a_frame_with_the_columns_of_the_contract(gappy):
    table = to_landmarks_table(gappy)
    expected = [f"{name}_{quantity}" for name in LANDMARK_NAMES for quantity in QUANTITIES]
    assert table.column_names == ["frame_number", "time_s", *expected, *IMAGE_SIZE]
    assert [table[name].to_pylist() for name in IMAGE_SIZE] == [[640] * 3, [360] * 3]
    assert table.num_rows == 3
    assert table["frame_number"].to_pylist() == [0, 1, 3]
    assert table["time_s"].to_pylist() == gappy.time_s.tolist()


def test_each_number_is_in_its_own_column(gappy):
    table = to_landmarks_table(gappy)
    for landmark, name in enumerate(LANDMARK_NAMES):
        values = [
            *gappy.image_landmarks[0, landmark],
            *gappy.world_landmarks[0, landmark],
            gappy.visibility[0, landmark],
            gappy.presence[0, landmark],
        ]
        found = [table[f"{name}_{quantity}"][0].as_py() for quantity in QUANTITIES]
        assert found == [float(value) for value in values]


def test_what_is_missing_is_an_empty_cell_and_the_row_stays(gappy):
    rows = read_rows(to_csv_bytes(to_landmarks_table(gappy)))
    assert len(rows) == 3
    assert [row for row in rows[1].items() if row[1]] == [
        ("frame_number", "1"),
        ("time_s", str(gappy.time_s[1])),
        ("image_width_px", "640"),
        ("image_height_px", "360"),
    ]
    assert [name for name, cell in rows[2].items() if not cell] == [
        f"left_knee_world_{axis}_m" for axis in "xyz"
    ]
    assert b"nan" not in to_csv_bytes(to_angles_table(gappy)).lower()


def test_angles_are_those_of_the_library(gappy):
    table = to_angles_table(gappy)
    expected = compute_joint_angles(gappy)
    angles = [name for name in table.column_names if not name.endswith("_error_deg")]
    assert angles == ["frame_number", "time_s", *expected.columns]
    read = pd.read_csv(io.BytesIO(to_csv_bytes(table)))
    np.testing.assert_array_equal(read[expected.columns], expected)
    assert read["left_knee_flexion"].isna().tolist() == [False, True, True]
    chosen = to_angles_table(gappy, ["right_knee_flexion"])
    assert chosen.column_names == [
        "frame_number",
        "time_s",
        "right_knee_flexion",
        "right_knee_flexion_error_deg",
    ]


def test_readings_that_may_be_further_off_are_left_out(gappy):
    errors = compute_expected_error(gappy)["left_elbow_flexion"]
    limit = float(errors.iloc[0])
    kept = to_angles_table(gappy, max_error_deg=limit + 1).column("left_elbow_flexion")
    left_out = to_angles_table(gappy, max_error_deg=limit - 1).column("left_elbow_flexion")
    assert kept[0].as_py() is not None
    assert left_out[0].as_py() is None
    angle = "left_ankle_dorsiflexion"  # nobody has measured how far it is off
    assert to_angles_table(gappy, [angle], max_error_deg=0.1).column(angle)[0].as_py() is not None


def test_an_empty_recording_is_a_header():
    empty = make_sequence(time_s=[])
    for table in (to_landmarks_table(empty), to_angles_table(empty)):
        assert to_csv_bytes(table) == (",".join(table.column_names) + "\n").encode()


# Sessions in a spreadsheet


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", *FULL_WIDTH])
def test_a_text_that_a_spreadsheet_would_compute_gets_an_apostrophe(store, start):
    hostile = f'{start}HYPERLINK("http://x";A1)'
    store.create_session(
        name=hostile, source="live", athlete=hostile, description=hostile, tags=[hostile, "ok"]
    )
    [row] = read_rows(to_csv_bytes(to_sessions_table(store.get_sessions())))
    assert row["name"] == row["athlete"] == row["description"] == f"'{hostile}"
    assert row["tags"] == f"'{hostile}, ok"


@pytest.mark.parametrize(
    "text", ['Mira\'s "best"', "a,b;c", "two\nlines", "🧗 Überhang", "<b>x</b>", " =1", "1+1"]
)
def test_every_other_text_is_as_it_was_typed(store, text):
    store.create_session(name=text, source="live")
    [row] = read_rows(to_csv_bytes(to_sessions_table(store.get_sessions())))
    assert row["name"] == text


def test_facts_of_sessions_are_numbers_and_empty_cells(store):
    session_id = store.create_session(name="Wall", source="live", tags=["a", "b"])
    table = to_sessions_table(store.get_sessions())
    [row] = read_rows(to_csv_bytes(table))
    assert row["id"] == session_id
    assert (row["tags"], row["frame_count"], row["duration_s"]) == ("a, b", "0", "0")
    assert (row["fps"], row["image_width"], row["recovered"]) == ("", "", "false")
    assert row["created_at"].endswith("+00:00")
    assert table.schema.field("image_width").type == pa.int64()
    assert to_sessions_table([]).schema == table.schema


# Files


@pytest.mark.parametrize("table_format", ["csv", "parquet"])
def test_a_file_holds_the_table_and_nothing_lies_beside_it(tmp_path, gappy, table_format):
    path = tmp_path / f"wall.{table_format}"
    path.write_text("what was here before", encoding="utf-8")
    table = to_landmarks_table(gappy)
    write_table(table, path, table_format)
    assert list(tmp_path.iterdir()) == [path]
    if table_format == "csv":
        assert path.read_bytes() == to_csv_bytes(table)
    else:
        assert pa.parquet.read_table(path).equals(table)


def test_an_unknown_format_is_refused(tmp_path, gappy):
    with pytest.raises(ExportError, match="csv or parquet, not as 'xls'"):
        write_table(to_angles_table(gappy), tmp_path / "x.xls", "xls")
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written_to_are_told(tmp_path, gappy):
    table = to_angles_table(gappy)
    with pytest.raises(ExportError, match="there is no folder"):
        write_table(table, tmp_path / "nowhere" / "x.csv")
    with pytest.raises(ExportError, match="not a file"):
        write_table(table, tmp_path)
    with pytest.raises(ExportError, match="not a file"):
        write_table(table, os.devnull)
    with pytest.raises(ExportError, match="could not be written"):
        write_table(table, tmp_path / ("x" * 300))
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link_to_the_new_content(tmp_path, gappy):
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_text("before", encoding="utf-8")
    try:
        link.symlink_to(target)
    except OSError:
        pytest.skip("this system lets nobody make links")
    write_table(to_angles_table(gappy), link)
    assert link.is_symlink()
    assert target.read_bytes() == to_csv_bytes(to_angles_table(gappy))


@pytest.mark.skipif(os.name != "posix", reason="limits and signals of POSIX")
@pytest.mark.parametrize("table_format", ["csv", "parquet"])
def test_a_full_disk_keeps_what_was_there_before(tmp_path, table_format):
    path = tmp_path / "wall.csv"
    path.write_text("what was here before", encoding="utf-8")
    script = (
        "import resource, signal, sys\n"
        "from posecore import errors, export\n"
        "from posecore.synthetic import make_squats\n"
        "table = export.to_landmarks_table(make_squats(duration_s=20.0))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "try:\n"
        "    export.write_table(table, sys.argv[1], sys.argv[2])\n"
        "except errors.ExportError as error:\n"
        "    print(error)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, path, table_format],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "wall.csv could not be written: the disk is full; free some space" in result.stdout
    assert path.read_text(encoding="utf-8") == "what was here before"
    assert list(tmp_path.iterdir()) == [path]


def test_several_sessions_come_as_one_zip(tmp_path, gappy):
    tables = {
        "wall_1f0c22ab_angles.csv": to_angles_table(gappy),
        "wall_1f0c22ab_landmarks.csv": to_landmarks_table(gappy),
    }
    path = tmp_path / "sessions.zip"
    write_zip(iter(tables.items()), path)
    assert list(tmp_path.iterdir()) == [path]
    for source in (path, io.BytesIO(to_zip_bytes(tables.items()))):
        with zipfile.ZipFile(source) as archive:
            assert archive.testzip() is None
            assert archive.namelist() == list(tables)
            for name, table in tables.items():
                assert archive.read(name) == to_csv_bytes(table)


def test_a_zip_that_fails_half_way_leaves_nothing(tmp_path, gappy):
    def fail_after_one():
        yield "first.csv", to_angles_table(gappy)
        raise RuntimeError("the second cannot be made")

    with pytest.raises(RuntimeError):
        write_zip(fail_after_one(), tmp_path / "sessions.zip")
    assert list(tmp_path.iterdir()) == []


# File names


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Autumn wall 3", "autumn-wall-3"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\Windows\\con", "c-windows-con"),
        ('a"; filename="b.exe', "a-filename-b-exe"),
        ("=cmd|' /C calc'!A1", "cmd-c-calc-a1"),
        ("Überhang à la Müller", "uberhang-a-la-muller"),
        ("🧗🧗", "session"),
        ("壁", "session"),
        ("..", "session"),
        ("", "session"),
        ("x\r\nSet-Cookie: a=b", "x-set-cookie-a-b"),
        ("n" * 10_000, "n" * 40),
        ("n" * 39 + " tail", "n" * 39),
    ],
)
def test_file_names_are_plain_short_and_kept_apart_by_the_id(name, stem):
    assert safe_file_name(name, SESSION_ID) == f"{stem}_1f0c22ab"
    assert safe_file_name(name, SESSION_ID, "angles.csv") == f"{stem}_1f0c22ab_angles.csv"
