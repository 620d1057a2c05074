"""Bad days of the database, each for real: another process, a kill, a full disk, a wrong file."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest

from posecore import errors, open_store
from posecore.storage.session_store import IMPORT_INTERRUPTED
from posecore.synthetic import make_squats

ROOT = Path(__file__).resolve().parents[2]
ON_POSIX = pytest.mark.skipif(os.name != "posix", reason="limits and signals of POSIX")

LOCK = """
import sys
from posecore import open_store
with open_store(sys.argv[1]):
    print("open", flush=True)
    sys.stdin.read()
"""

RECORD = """
import sys
from posecore import open_store
from posecore.synthetic import make_squats
squats = make_squats(duration_s=3600.0)
store = open_store(sys.argv[1])
session_id = store.create_session(name="Wall", source="live")
store.create_session(name="Nothing yet", source="live")
store.create_session(name="A video", source="video")
finished = store.create_session(name="Yesterday", source="live")
store.append_frames(finished, squats[:60])
store.finish_session(finished)
for start in range(0, len(squats), 15):
    store.append_frames(session_id, squats[start : start + 15], dropped_count=start // 15)
    print(start + 15, flush=True)
"""

FILL = """
import resource, signal, sys
import numpy as np
from dataclasses import replace
from posecore import open_store
from posecore.errors import PoseCoreError
from posecore.synthetic import make_squats

path, limit, n_frames = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
squats = make_squats(duration_s=n_frames / 30)
noise = np.random.default_rng(0).random((n_frames, 33, 3))
squats = replace(squats, world_landmarks=noise, image_landmarks=noise + 1)
store = open_store(path)
session_id = store.create_session(name="Wall", source="live")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
stored = 0
try:
    for start in range(0, n_frames, 300):
        store.append_frames(session_id, squats[start : start + 300])
        stored = start + 300
except PoseCoreError as error:
    print(type(error).__name__, error)
# Space was made: the same open store must go on.
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
print(stored, len(store.load_sequence(session_id)))
store.append_frames(session_id, squats[stored : stored + 300])
print(len(store.load_sequence(session_id)))
"""


def start_python(script, *arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def make_database(path, n_frames=60):
    with open_store(path) as store:
        session_id = store.create_session(name="Wall", source="live")
        store.append_frames(session_id, make_squats(duration_s=n_frames / 30))
        store.finish_session(session_id)
    return session_id


def test_a_database_open_elsewhere_names_the_process_that_holds_it(tmp_path):
    path = tmp_path / "posecore.duckdb"
    with start_python(LOCK, path) as holder:
        try:
            assert holder.stdout.readline() == "open\n"
            with pytest.raises(errors.DatabaseLockedError) as caught:
                open_store(path)
        finally:
            holder.communicate()
    sentence = str(caught.value)
    assert f"process {holder.pid}" in sentence
    assert "posecore.connect()" in sentence
    assert "close it first" in sentence
    open_store(path).close()


def test_a_newer_database_is_left_alone(tmp_path):
    path = tmp_path / "posecore.duckdb"
    make_database(path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO migrations VALUES ('m999_from_the_future', now())")
    before = path.read_bytes()
    with pytest.raises(errors.SchemaVersionError, match=r"newer posecore .*m999.* update posecore"):
        open_store(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def write_foreign_table(path):
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE customers (id INTEGER)")


def write_foreign_schema(path):
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA shop; CREATE TABLE shop.customers (id INTEGER)")


def write_foreign_view(path):
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE VIEW one AS SELECT 1")


def write_foreign_migrations(path):
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE migrations (version INTEGER)")


def write_sqlite(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE sessions (id TEXT)")
    connection.commit()
    connection.close()


def write_half_a_database(path):
    make_database(path, n_frames=3000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


WRONG_FILES = [
    write_foreign_table,
    write_foreign_schema,
    write_foreign_view,
    write_foreign_migrations,
    write_sqlite,
    write_half_a_database,
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(b"abc"),
    lambda path: path.write_bytes(np.random.default_rng(0).bytes(50_000)),
    lambda path: path.write_text("time_s,left_knee_flexion\n0,12\n" * 1000, encoding="utf-8"),
]


@pytest.mark.parametrize("write", WRONG_FILES)
def test_a_file_that_is_no_database_of_posecore_is_left_alone(tmp_path, write):
    path = tmp_path / "posecore.duckdb"
    write(path)
    before = path.read_bytes()
    with pytest.raises(errors.DatabaseUnreadableError, match=r"--db. Nothing in it was changed\."):
        open_store(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_no_database(tmp_path):
    path = tmp_path / "posecore.duckdb"
    path.mkdir()
    with pytest.raises(errors.DatabaseUnreadableError):
        open_store(path)
    assert list(path.iterdir()) == []


def test_damage_inside_is_told_when_it_is_met(tmp_path):
    path = tmp_path / "posecore.duckdb"
    session_id = make_database(path, n_frames=3000)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4096] = bytes(4096)
    path.write_bytes(content)
    with open_store(path) as store, pytest.raises(errors.DatabaseUnreadableError, match="damaged"):
        store.load_sequence(session_id)


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "data").write_text("not a folder", encoding="utf-8")
    with pytest.raises(errors.StorageFullError, match="cannot be written to"):
        open_store(tmp_path / "data" / "posecore.duckdb")


@ON_POSIX
def test_a_folder_that_may_not_be_written_to_is_told(tmp_path):
    if os.geteuid() == 0:
        folder = Path("/proc/self")  # where not even root can make a file
    else:
        folder = tmp_path / "readonly"
        folder.mkdir()
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(errors.StorageFullError, match="cannot be opened for writing"):
        open_store(folder / "posecore.duckdb")


@ON_POSIX
@pytest.mark.parametrize(
    ("limit_bytes", "n_frames"),
    [
        pytest.param(2_000_000, 6_000, id="in the write-ahead log"),
        pytest.param(20_000_000, 40_000, id="in a checkpoint"),
    ],
)
def test_a_full_disk_loses_nothing_that_was_saved(tmp_path, limit_bytes, n_frames):
    path = tmp_path / "posecore.duckdb"
    child = start_python(FILL, path, limit_bytes, n_frames)
    output, complaints = child.communicate()
    assert child.returncode == 0, complaints
    told, counts, counted_after = output.splitlines()
    assert told.startswith("StorageFullError The disk that holds posecore.duckdb is full")
    assert "free some space" in told
    stored, readable = map(int, counts.split())
    assert 0 < stored == readable < n_frames
    assert int(counted_after) == stored + 300
    with open_store(path) as store:
        [session] = store.recover_sessions()
        assert session.frame_count == stored + 300
        assert len(store.load_sequence(session.id)) == stored + 300


@ON_POSIX
@pytest.mark.parametrize("limit_bytes", [0, 4096, 8192, 12288])
def test_a_disk_that_is_full_from_the_start_leaves_nothing_in_the_way(tmp_path, limit_bytes):
    path = tmp_path / "posecore.duckdb"
    child = start_python(
        "import resource, signal, sys\n"
        "from posecore import open_store\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)\n"
        "store = open_store(sys.argv[1])\n"
        "for i in range(100): store.create_session(name='x' * 200, source='live')\n",
        path,
        limit_bytes,
    )
    _, complaints = child.communicate()
    assert "StorageFullError" in complaints.splitlines()[-1]
    make_database(path)


@ON_POSIX
def test_a_killed_recording_is_finished_at_the_next_start(tmp_path):
    path = tmp_path / "posecore.duckdb"
    with start_python(RECORD, path) as recorder:
        printed = [int(recorder.stdout.readline()) for _ in range(20)]
        recorder.send_signal(signal.SIGKILL)
        printed += [int(line) for line in recorder.communicate()[0].split()]
    assert recorder.returncode == -signal.SIGKILL

    with open_store(path, owner="somebody else") as store:
        recovered = {session.name: session for session in store.recover_sessions()}
        assert store.recover_sessions() == []
        store = store.for_owner("local")
        sessions = {session.name: session for session in store.get_sessions()}
        frames = store.load_sequence(sessions["Wall"].id)
    assert set(recovered) == {"Wall", "Nothing yet", "A video"}

    wall = sessions["Wall"]
    assert (wall.status, wall.recovered) == ("completed", True)
    # Whatever was reported as stored is there, and at most the batch it was in the middle of.
    assert wall.frame_count in (printed[-1], printed[-1] + 15)
    assert len(frames) == wall.frame_count == wall.detected_count
    assert wall.dropped_count == wall.frame_count // 15 - 1
    assert wall.duration_s == frames.time_s[-1] == pytest.approx((wall.frame_count - 1) / 30)
    assert wall.fps == pytest.approx(30.0)
    np.testing.assert_array_equal(
        frames.world_landmarks, make_squats(3600.0).world_landmarks[: wall.frame_count]
    )

    assert sessions["Nothing yet"].status == "failed"
    assert "before its first frame" in sessions["Nothing yet"].status_reason
    assert (sessions["A video"].status, sessions["A video"].status_reason) == (
        "failed",
        IMPORT_INTERRUPTED,
    )
    assert (sessions["Yesterday"].status, sessions["Yesterday"].recovered) == ("completed", False)


def test_control_c_during_a_query_is_control_c(tmp_path):
    """DuckDB's client makes an error of its own of it."""
    with open_store(tmp_path / "posecore.duckdb") as store:
        for error in (RuntimeError("Query interrupted"), duckdb.InterruptException("Interrupted!")):
            with pytest.raises(KeyboardInterrupt), store._database.transaction():
                raise error
        with pytest.raises(RuntimeError, match="our own"), store._database.transaction():
            raise RuntimeError("our own")
        assert store.get_sessions() == []
