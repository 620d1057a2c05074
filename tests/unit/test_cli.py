"""The command line: results on standard output, one sentence on standard error, exit codes."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import av
import numpy as np
import pyarrow.parquet
import pytest

from posecore import CORE_ANGLES, METRICS, SCORE_FORMULA, Session, compare, open_store
from posecore.cli import main
from posecore.doctor import Finding, check_machine
from posecore.errors import ModelUnavailableError
from posecore.export import (
    to_angles_table,
    to_csv_bytes,
    to_landmarks_table,
    to_metrics_table,
    to_notes_table,
)
from posecore.goals import Goal, GoalResult, SessionGoal
from posecore.synthetic import make_squats
from posecore.video import open_video

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "Wall \x1b[31m🧗\n=1+1"
NO_ID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def environ(settings, monkeypatch):
    """The environment of the dashboard: its data folder is the test's own."""
    monkeypatch.setenv("POSECORE_DATA", str(settings.data_dir))
    monkeypatch.delenv("POSECORE_DB", raising=False)
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def session_id(settings, environ):
    """A finished session of 150 frames in an otherwise empty database."""
    with open_store(settings.database) as store:
        session_id = store.create_session(name=HOSTILE, source="live", athlete="Mira", tags=["a"])
        store.append_frames(session_id, make_squats(duration_s=5.0))
        store.finish_session(session_id)
    return session_id


def run(*arguments, **options):
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "posecore", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        **{"text": True, "encoding": "utf-8", **options},
    )


def assert_one_sentence(text):
    assert text.startswith("posecore: ")
    assert text.count("\n") == 1
    assert text.endswith(".\n")
    assert "Traceback" not in text


# List and show


def test_an_empty_database_says_how_to_begin(environ, capsys):
    assert main(["list"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "begin with import VIDEO or samples" in captured.err
    assert main(["list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_the_list_has_a_line_for_each_session(session_id, settings, capsys):
    with open_store(settings.database) as store:
        newer = store.create_session(name="Slab", source="video")
    assert main(["list"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(newer)
    assert "failed" in first  # nobody is analysing it any more
    assert first.endswith("Slab")
    assert second.startswith(session_id)
    assert "completed" in second
    assert "5.0 s" in second
    assert "150 frames" in second


def test_a_name_cannot_steer_the_terminal(session_id, capsys):
    for arguments in (["list"], ["show", session_id], ["delete", session_id]):
        main(arguments)
        captured = capsys.readouterr()
        assert "\x1b" not in captured.out + captured.err
        assert "🧗\N{REPLACEMENT CHARACTER}=1+1" in captured.out + captured.err


def test_json_has_the_fields_of_a_session(session_id, capsys):
    assert main(["show", session_id, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown.pop("tracks") == []
    metrics = {row["name"]: row for row in shown.pop("metrics")}
    assert shown.pop("goals") == []
    assert set(metrics) == set(METRICS)
    assert metrics["repetition_count"]["value"] == 2
    assert metrics["elbow_flexion_symmetry"]["value"] is None
    assert metrics["elbow_flexion_symmetry"]["note"] == "neither side moves"
    assert main(["list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [shown]
    assert list(shown) == list(Session.__dataclass_fields__)
    assert shown["id"] == session_id
    assert shown["name"] == HOSTILE
    assert shown["tags"] == ["a"]
    assert shown["fps"] == pytest.approx(30.0)
    assert shown["created_at"].endswith("+00:00")


def test_json_knows_no_nan(environ, settings, capsys):
    with open_store(settings.database) as store:
        store.create_session(name="Wall", source="live")
    assert main(["list", "--json"]) == 0
    out = capsys.readouterr().out
    assert "NaN" not in out
    assert json.loads(out)[0]["fps"] is None


def test_facts_are_shown_one_a_line(session_id, capsys):
    assert main(["show", session_id]) == 0
    facts = dict(
        line.split(None, 1) for line in capsys.readouterr().out.splitlines() if " " in line
    )
    assert facts["id"] == session_id
    assert facts["frame_count"] == "150"
    assert facts["athlete"] == "Mira"
    assert facts["repetition_count"].split() == ["2"]
    assert facts["left_knee_flexion_range"].split() == ["90", "°"]
    assert facts["elbow_flexion_symmetry"].split(None, 1) == ["-", "neither side moves"]


def test_goals_are_shown_with_what_was_reached(session_id, settings, capsys):
    deep = Goal(angle="left_knee_flexion", kind="at_least", low_deg=80)
    wrist = Goal(angle="left_wrist_flexion", kind="at_most", high_deg=20)
    with open_store(settings.database) as store:
        kept = [SessionGoal(goal=deep), SessionGoal(goal=wrist, result=GoalResult())]
        store.goals.set(session_id, kept)
    assert main(["show", session_id]) == 0
    lines = [each for each in capsys.readouterr().out.splitlines() if each.startswith("goal ")]
    assert re.sub(" +", " ", lines[0]) == (
        "goal Left knee at least 80°: 2 repetitions, in the zone for 1.0 s, best 90°"
    )
    assert lines[1].endswith("Left wrist flexion at most 20°: the angle was never seen")
    assert main(["show", session_id, "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)["goals"]
    assert (first["label"], first["low_deg"], first["high_deg"]) == (deep.label, 80, None)
    assert first["result"]["n_repetitions"] == 2
    assert second["result"]["best_deg"] is None


def test_the_beginning_of_an_id_is_enough(session_id, capsys):
    assert main(["show", session_id[:8], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == session_id
    assert main(["show", session_id[:8].upper()]) == 0
    assert main(["show", session_id[:7]]) == 1


@pytest.mark.parametrize("command", ["show", "export", "delete"])
@pytest.mark.parametrize("unknown", [NO_ID, "nonsense", "", "0" * 5000])
def test_an_unknown_session_is_one_sentence(environ, capsys, command, unknown):
    assert main([command, unknown]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert_one_sentence(captured.err)


# Export


@pytest.mark.parametrize(
    ("what", "to_table"), [("landmarks", to_landmarks_table), ("angles", to_angles_table)]
)
def test_the_export_is_the_table_of_the_library(session_id, tmp_path, what, to_table):
    expected = to_table(make_squats(duration_s=5.0), notes=[])
    result = run("export", session_id, "--what", what, text=False, encoding=None)
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout == to_csv_bytes(expected)
    assert len(list(csv.reader(result.stdout.decode().splitlines()))) == 151

    path = tmp_path / "wall.parquet"
    result = run("export", session_id, "--what", what, "--format", "parquet", "--out", path)
    assert (result.returncode, result.stdout) == (0, "")
    assert f"Parquet written to {path}" in result.stderr
    assert pyarrow.parquet.read_table(path).equals(expected)


def test_cleaned_landmarks_say_what_was_done_to_them(session_id, tmp_path):
    path = tmp_path / "wall.parquet"
    options = ["--landmarks", "cleaned", "--format", "parquet", "--out", str(path)]
    assert main(["export", session_id, *options]) == 0
    steps = json.loads(pyarrow.parquet.read_schema(path).metadata[b"posecore_steps"])
    assert [step["name"] for step in steps][-1].startswith("smooth")


def test_what_was_done_is_exported_on_its_own(session_id, capsysbinary):
    assert main(["export", session_id, "--what", "steps"]) == 1
    assert b"no steps" in capsysbinary.readouterr().err
    assert main(["export", session_id, "--what", "steps", "--landmarks", "cleaned"]) == 0
    rows = list(csv.DictReader(capsysbinary.readouterr().out.decode().splitlines()))
    assert rows[0]["name"] == "repair_swaps"
    assert json.loads(rows[-1]["parameters"])["cutoff_hz"] > 0


def test_metrics_are_exported_one_a_row_and_a_spreadsheet_computes_none(session_id, capsysbinary):
    assert main(["export", session_id, "--what", "metrics"]) == 0
    out = capsysbinary.readouterr().out
    assert out == to_csv_bytes(to_metrics_table(make_squats(duration_s=5.0)))
    rows = list(csv.DictReader(out.decode().splitlines()))
    assert [row["name"] for row in rows] == list(METRICS)
    texts = [cell for row in rows for key, cell in row.items() if key != "value"]
    assert not [text for text in texts if text.startswith(("=", "+", "-", "@"))]


def test_notes_are_exported_beside_the_frames_and_on_their_own(session_id, settings, capsysbinary):
    assert main(["export", session_id, "--what", "notes"]) == 1
    captured = capsysbinary.readouterr()
    assert captured.out == b""
    assert b"has no notes" in captured.err
    with open_store(settings.database) as store:
        store.notes.add(session_id, start_s=1.0, end_s=1.1, text="=Rest", tag="pause")
        notes = store.notes.list(session_id)
    assert main(["export", session_id, "--what", "notes"]) == 0
    assert capsysbinary.readouterr().out == to_csv_bytes(to_notes_table(notes))
    for what in ("landmarks", "angles"):
        assert main(["export", session_id, "--what", what]) == 0
        rows = list(csv.DictReader(capsysbinary.readouterr().out.decode().splitlines()))
        noted = [row["frame_number"] for row in rows if row["note"] == "pause: =Rest"]
        assert noted == ["30", "31", "32", "33"]


def test_a_session_without_frames_has_nothing_to_export(environ, settings, capsys):
    with open_store(settings.database) as store:
        empty = store.create_session(name="Empty", source="live")
    assert main(["export", empty]) == 1
    sentence = capsys.readouterr().err
    assert_one_sentence(sentence)
    assert "has no frames" in sentence


def test_parquet_needs_a_file(session_id, capsys):
    assert main(["export", session_id, "--format", "parquet"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert_one_sentence(captured.err)


def test_a_format_that_cannot_hold_it_is_wrong_usage(session_id, tmp_path, capsys):
    path = tmp_path / "x.mot"
    options = ["--what", "landmarks", "--format", "mot", "--out", str(path)]
    assert main(["export", session_id, *options]) == 2
    assert "MOT holds angles, not landmarks" in capsys.readouterr().err
    assert main(["export", session_id, "--format", "mot", "--out", str(path)]) == 0
    assert "inDegrees=yes" in path.read_text()


def test_several_sessions_are_exported_as_a_zip(session_id, settings, tmp_path, capsys):
    with open_store(settings.database) as store:
        other = store.create_session(name="Slab", source="live")
        store.append_frames(other, make_squats(duration_s=1.0))
        empty = store.create_session(name="Empty", source="live")
    path = tmp_path / "sessions.zip"
    options = ["--format", "trc", "--out", str(path)]
    assert main(["export", session_id, other[:8], session_id, *options]) == 0
    assert f"2 files written to {path}" in capsys.readouterr().err
    names = [f"wall-31m-1-1_{session_id[:8]}_landmarks.trc", f"slab_{other[:8]}_landmarks.trc"]
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == names
        assert archive.testzip() is None
        alone = tmp_path / "alone.trc"
        assert main(["export", other, "--format", "trc", "--out", str(alone)]) == 0
        assert archive.read(names[1]) == alone.read_bytes()
    for file_format in ("csv", "parquet", "c3d", "json", "bvh"):
        assert main(["export", "--all", "--format", file_format, "--out", str(path)]) == 0
        said = capsys.readouterr().err
        assert "2 files written" in said
        assert f"1 left out. {empty}: This session has no frames" in said
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            assert len(archive.namelist()) == 2


def test_a_zip_of_nothing_is_not_written(session_id, tmp_path, capsys):
    path = tmp_path / "notes.zip"
    assert main(["export", "--all", "--what", "notes", "--out", str(path)]) == 1
    assert "no file was written" in capsys.readouterr().err
    assert not path.exists()


@pytest.mark.parametrize("arguments", [[], ["ID", "--all"], ["ID", "ID2"], ["--all"]])
def test_an_export_that_is_not_clear_is_wrong_usage(session_id, capsys, arguments):
    assert main(["export", *[session_id if each == "ID" else each for each in arguments]]) == 2
    assert_one_sentence(capsys.readouterr().err)


def test_an_export_that_cannot_be_written_is_one_sentence(session_id, tmp_path, capsys):
    assert main(["export", session_id, "--out", str(tmp_path / "no" / "x.csv")]) == 1
    assert_one_sentence(capsys.readouterr().err)


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_reader_that_has_enough_is_no_error(environ, settings):
    with open_store(settings.database) as store:
        session_id = store.create_session(name="Long", source="live")
        store.append_frames(session_id, make_squats(duration_s=60.0))
    with subprocess.Popen(
        [sys.executable, "-m", "posecore", "export", session_id],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as exporting:
        assert exporting.stdout.readline().startswith(b"frame_number,")
        exporting.stdout.close()
        assert exporting.stderr.read() == b""
    assert exporting.returncode == 1


# Clip


@pytest.mark.parametrize("name", ["clip.mp4", "clip.GIF"])
def test_a_clip_is_written_where_it_was_asked_for(session_id, tmp_path, capsys, name):
    path = tmp_path / name
    arguments = ["--start", "1", "--end", "1.5", "--view", "left", "--out", str(path)]
    assert main(["clip", session_id, *arguments]) == 0
    assert f"written to {path}" in capsys.readouterr().err
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == name[-3:].lower().replace(
            "mp4", "h264"
        )
    assert list(tmp_path.glob("*clip*")) == [path]


def test_a_clip_that_cannot_be_made_is_one_sentence(session_id, tmp_path, capsys):
    for code, end, name in ((2, "1", "clip.avi"), (1, "nan", "clip.mp4"), (1, "300", "clip.mp4")):
        path = tmp_path / name
        assert main(["clip", session_id, "--start", "0", "--end", end, "--out", str(path)]) == code
        assert_one_sentence(capsys.readouterr().err)
        assert not path.exists()


# Delete


def test_deleting_asks_first_and_says_what_will_be_gone(session_id, capsys):
    assert main(["delete", session_id]) == 2
    sentence = capsys.readouterr().err
    assert_one_sentence(sentence)
    assert "5.0 s, 150 frames" in sentence
    assert "--yes" in sentence
    assert main(["show", session_id]) == 0


def test_deleted_is_gone(session_id, capsys):
    assert main(["delete", session_id, "--yes"]) == 0
    assert main(["show", session_id]) == 1
    assert main(["delete", session_id, "--yes"]) == 1


# The database


@pytest.mark.parametrize("arguments", [["--db", "FILE", "list"], ["list", "--db", "FILE"]])
def test_another_database_is_named_before_or_after_the_command(
    environ, settings, tmp_path, capsys, arguments
):
    path = tmp_path / "other.duckdb"
    assert main([str(path) if word == "FILE" else word for word in arguments]) == 0
    assert path.exists()
    assert not settings.database.exists()


def test_a_file_that_is_no_database_is_one_sentence(environ, tmp_path, capsys):
    path = tmp_path / "notes.txt"
    path.write_text("not a database", encoding="utf-8")
    assert main(["--db", str(path), "list"]) == 1
    assert_one_sentence(capsys.readouterr().err)
    assert path.read_text(encoding="utf-8") == "not a database"


def test_a_database_in_use_is_one_sentence(session_id, settings):
    with open_store(settings.database):
        result = run("list")
    assert (result.returncode, result.stdout) == (1, "")
    assert_one_sentence(result.stderr)
    assert f"process {os.getpid()}" in result.stderr


# Wrong usage


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["show"],
        ["import"],
        ["import", "x.mp4", "--workers", "0"],
        ["import", "x.mp4", "--workers", "many"],
        ["export", NO_ID, "--what", "feelings"],
        ["export", NO_ID, "--format", "xls"],
        ["clip", NO_ID, "--start", "0", "--out", "x.mp4"],
        ["clip", NO_ID, "--start", "0", "--end", "soon", "--out", "x.mp4"],
        ["clip", NO_ID, "--start", "0", "--end", "1", "--out", "x.mp4", "--view", "below"],
        ["download-model", "enormous"],
        ["list", "--loud"],
    ],
)
def test_wrong_usage_is_2_and_shows_the_right_one(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: python -m posecore" in capsys.readouterr().err


def test_help_names_every_command():
    result = run("--help")
    assert result.returncode == 0
    for command in (
        "import", "list", "show", "export", "clip", "delete", "samples", "download-model", "doctor",
    ):  # fmt: skip
        assert f"\n    {command}" in result.stdout
        assert run(command, "--help").returncode == 0


def test_a_terminal_without_emoji_gets_their_codes(session_id):
    result = run("list", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert result.returncode == 0
    assert "\\U0001f9d7" in result.stdout


def test_control_c_is_one_word(monkeypatch, environ, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("posecore.storage.session_store.open_store", interrupt)
    assert main(["list"]) == 130
    assert capsys.readouterr().err == "posecore: Stopped.\n"


# Import


def test_several_videos_go_on_after_one_that_is_none(environ, settings, test_video, tmp_path):
    nonsense = tmp_path / "nonsense.mp4"
    nonsense.write_bytes(np.random.default_rng(0).bytes(10_000))
    missing = tmp_path / "missing.mp4"
    result = run(
        "import", nonsense, missing, test_video, "--athlete", "Mira", "--tag", "a", "--tag", "b",
        "--keep-video",
    )  # fmt: skip
    assert result.returncode == 1
    [session_id] = result.stdout.splitlines()
    sentences = [line for line in result.stderr.splitlines() if line.startswith("posecore: ")]
    assert ["nonsense.mp4" in line or "missing.mp4" in line for line in sentences] == [True, True]
    assert "frames" in result.stderr  # the progress bar
    assert "keeping the video: 100%" in result.stderr
    assert "Traceback" not in result.stderr
    with open_store(settings.database) as store:
        session = store.get_session(session_id)
        assert (session.status, session.athlete, session.tags) == ("completed", "Mira", ("a", "b"))
        assert session.frame_count == len(store.load_sequence(session_id)) > 200
        assert open_video(store.get_video_file(session_id)).n_frames == session.frame_count
        others = [other for other in store.get_sessions() if other.id != session_id]
    assert all(other.status == "failed" and other.status_reason for other in others)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_import_stopped_by_control_c_leaves_nothing_that_looks_whole(
    environ, settings, test_video
):
    with subprocess.Popen(
        [sys.executable, "-m", "posecore", "import", str(test_video), "--name", "Stopped"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as importing:
        seen = b""
        while b"frames" not in seen and importing.poll() is None:
            seen += importing.stderr.read1(1000)
        os.killpg(importing.pid, signal.SIGINT)  # as a terminal does, to all of them
        out, complaints = importing.communicate()
    assert importing.returncode == 130
    assert out == b""
    assert b"Stopped." in complaints
    assert b"Traceback" not in complaints
    with open_store(settings.database) as store:
        store.recover_sessions()
        assert [session.status for session in store.get_sessions()] in ([], ["failed"])


def test_samples_are_added_and_named(environ, settings):
    result = run("samples")
    assert result.returncode == 0, result.stderr
    with open_store(settings.database) as store:
        ids = {session.id for session in store.get_sessions() if session.source == "sample"}
    assert set(result.stdout.split()) == ids
    assert ids


# Doctor


def test_a_healthy_machine_is_ok_line_by_line(session_id):
    result = run("doctor")
    lines = result.stdout.splitlines()
    subjects = [line[9:].split(":")[0] for line in lines]
    assert subjects == [
        "Python", "Packages", "OpenCV", "Video", "Pose model", "Pose estimator", "Database",
        "Sign-in", "Disk",
    ]  # fmt: skip
    # What this machine lacks is told; the exit code says so too.
    problems = [line for line in lines if not line.startswith("ok ")]
    assert all(line.startswith("problem ") for line in problems)
    assert result.returncode == (1 if problems else 0)
    assert not [line for line in problems if "Disk" not in line and "estimator" not in line]
    assert lines[6].endswith("opens, 1 session")


def test_a_problem_says_what_to_do_and_is_exit_code_1(environ, monkeypatch, capsys, settings):
    settings.database.parent.mkdir(parents=True)
    settings.database.write_text("not a database", encoding="utf-8")

    def no_model(*_):
        raise ModelUnavailableError("The pose model is not on this machine; download it.")

    monkeypatch.setattr("posecore.models.find_model", no_model)
    monkeypatch.setattr("posecore.estimation.find_model", no_model)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 5_000_000))
    assert main(["doctor"]) == 1
    lines = {line[9:].split(":")[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["Python"].startswith("ok ")
    assert lines["Pose model"].startswith("problem ")
    assert "download it" in lines["Pose model"]
    assert lines["Pose estimator"].startswith("problem ")
    assert "put a backup in its place" in lines["Database"]
    assert "only 0.0 GB free" in lines["Disk"]


def test_a_missing_package_is_named_with_the_line_to_type(settings, monkeypatch):
    monkeypatch.setattr("posecore.doctor._find_version", lambda name: None if name == "av" else "1")
    findings = {finding.subject: finding for finding in first_findings(settings, 2)}
    assert not findings["Packages"].is_ok
    assert findings["Packages"].text == "av missing; run python -m pip install -r requirements.txt"
    monkeypatch.setattr("posecore.doctor._find_version", lambda _: "0.0.1")
    findings = {finding.subject: finding for finding in first_findings(settings, 2)}
    assert "duckdb 0.0.1 instead of" in findings["Packages"].text


def first_findings(settings, count):
    return [finding for finding, _ in zip(check_machine(settings), range(count), strict=False)]


def test_a_running_dashboard_is_no_problem(session_id, settings):
    with open_store(settings.database):
        result = run("doctor")
    [line] = [line for line in result.stdout.splitlines() if "Database" in line]
    assert line.startswith("ok ")
    assert f"process {os.getpid()}" in line


def test_a_finding_reads_as_a_line():
    assert str(Finding("Disk", True, "12.0 GB free")) == "Disk: 12.0 GB free"


# Compare


@pytest.fixture
def slower_id(settings, session_id):
    """A second session: the same squats, slower and by nobody known."""
    with open_store(settings.database) as store:
        slower_id = store.create_session(name="Slow", source="live")
        store.append_frames(slower_id, make_squats(duration_s=6.25, rate_hz=0.4))
        store.finish_session(slower_id)
    return slower_id


def test_compare_says_how_where_and_how_alike(session_id, slower_id, capsys):
    assert main(["compare", session_id[:8], slower_id]) == 0
    text = capsys.readouterr().out
    assert "Brought together by dynamic time warping on left and right elbow" in text
    assert re.search(r"B takes 1\.2[45] times as long", text)
    assert re.search(r"Similarity 9[89]\.\d of 100: ", text)
    assert f"of 100: {SCORE_FORMULA}" in text
    assert text.count("\n") == 15
    assert "left_knee_flexion" in text
    assert "\x1b" not in text
    assert "measuring error" not in text


@pytest.mark.parametrize("by", ["start", "event", "repetition", "warp"])
def test_compare_as_json(session_id, slower_id, by, capsys):
    assert main(["compare", session_id, slower_id, "--by", by, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["a"]["id"], found["b"]["id"]) == (session_id, slower_id)
    assert found["alignment"]["method"] == by
    assert found["score_formula"] == SCORE_FORMULA
    assert [each["angle"] for each in found["angles"]] == list(CORE_ANGLES)
    expected = compare(
        make_squats(duration_s=5.0), make_squats(duration_s=6.25, rate_hz=0.4), alignment=by
    )
    assert found["score"] == pytest.approx(expected.score, abs=1e-6)
    knee = found["angles"][6]
    assert knee["is_outside"] is bool(expected.table["is_outside"].iloc[6])
    assert knee["largest_difference_deg"] == pytest.approx(
        expected.table["largest_difference_deg"].iloc[6], abs=1e-3
    )
    assert found["angles"][0]["timing_offset_s"] is None  # the elbows do not move


def test_compare_with_itself_is_a_hundred(session_id, capsys):
    assert main(["compare", session_id, session_id, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["score"] == 100.0


def test_compare_marks_what_is_more_than_the_measuring_error(session_id, slower_id, capsys):
    assert main(["compare", session_id, slower_id, "--by", "start", "--mirror"]) == 0
    assert capsys.readouterr().out.count("more than the measuring error") == 6


def test_compare_refuses_in_one_sentence(settings, session_id, capsys):
    with open_store(settings.database) as store:
        empty_id = store.create_session(name="Nobody", source="live")
        store.finish_session(empty_id)
    for arguments in (
        [session_id, empty_id],
        [empty_id, session_id, "--by", "start"],
        [session_id, NO_ID],
    ):
        assert main(["compare", *arguments]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert_one_sentence(captured.err)
    with pytest.raises(SystemExit) as stopped:
        main(["compare", session_id, session_id, "--by", "sorcery"])
    assert stopped.value.code == 2
