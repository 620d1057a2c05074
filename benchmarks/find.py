"""Find by movement over 200 hours: one query, and how large the readings are.

Run with ``python -m benchmarks.find``. One noisy hour of a movement in which every angle goes its
own way is read as the dashboard reads it; its readings are then copied to 200 sessions by SQL. The
disk needs room for 2 GB.
"""

import tempfile
import time
import uuid
from functools import partial
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.common import Row, print_table
from benchmarks.timing import measure_median_s
from posecore import (
    CORE_ANGLES,
    PoseSequence,
    SessionStore,
    compute_joint_angles,
    find_moments,
    open_store,
)
from posecore.disturbances import add_noise
from posecore.search import fill_readings
from posecore.synthetic import make_sequence

FPS = 30
HOURS = 200
LIMIT_S = 5.0
FILL_LIMIT_S = 30.0
SEARCHES = {
    "elbow bent, hips still, 2 s": (["left_elbow_flexion > 90", "hip_speed < 0.05"], 2.0),
    "four conditions, 0.5 s": (
        [
            "left_elbow_flexion > 90",
            "right_elbow_flexion < 90",
            "60 < left_knee_flexion < 120",
            "posture_speed < 1",
        ],
        0.5,
    ),
    "nearly every frame": (["trunk_lean < 90"], 0.0),
    "nothing": (["left_elbow_flexion > 179"], 2.0),
}


def make_hour() -> PoseSequence:
    """Every joint on its own course; the hips travel for ten seconds of every twenty."""
    time_s = np.arange(3600 * FPS) / FPS
    angles = {}
    for number, name in enumerate(CORE_ANGLES):
        rng = np.random.default_rng(number)
        rates_hz, phases = rng.uniform(0.03, 0.5, 8), rng.uniform(0, 2 * np.pi, 8)
        angles[name] = 80 + 8 * np.sin(2 * np.pi * np.outer(time_s, rates_hz) + phases).sum(axis=1)
    travel_m = np.zeros((len(time_s), 3))
    travel_m[:, 0] = np.where(time_s % 20 < 10, 0.5 * np.sin(0.2 * np.pi * time_s), 0.0)
    hour = make_sequence(angles, time_s=time_s, travel_m=travel_m)
    return add_noise(hour, seed=0, world_sd_m=0.005)


def fill(path: Path, hour: PoseSequence) -> tuple[str, float]:
    """Put the hour and its copies into a database; its id, and how long reading it took."""
    with open_store(path) as store:
        session_id = store.create_session(name="Hour", source="video", athlete="Mira")
        store.append_frames(session_id, hour)
        store.finish_session(session_id)
        start = time.perf_counter()
        for _ in fill_readings(store):
            pass
        filled_s = time.perf_counter() - start
    columns = {"sessions": "id", "readings": "session_id", "reading_frames": "session_id"}
    with duckdb.connect(str(path)) as connection:
        for number in range(1, HOURS):
            copy_id = str(uuid.UUID(int=number))
            for table, column in columns.items():
                connection.execute(
                    f"INSERT INTO {table} SELECT * REPLACE (?::UUID AS {column}) FROM {table} "
                    f"WHERE {column} = ?",
                    [copy_id, session_id],
                )
    return session_id, filled_s


def measure_bytes_a_frame(path: Path, table: str) -> float:
    """How large a table lies on the disk, for each of its rows."""
    with duckdb.connect(str(path)) as connection:
        [(n_bytes,)] = connection.execute(
            "SELECT count(DISTINCT block_id) * any_value(block_size) "
            "FROM pragma_storage_info(?), pragma_database_size() WHERE persistent",
            [table],
        ).fetchall()
        [(n_rows,)] = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    return float(n_bytes / n_rows)


def search(store: SessionStore, name: str) -> int:
    """One search of :data:`SEARCHES`, as the page does it; how many moments there are."""
    conditions, min_duration_s = SEARCHES[name]
    return len(find_moments(store, conditions, min_duration_s=min_duration_s))


def look_at_one(store: SessionStore, session_id: str) -> int:
    """The plain way: load a recording, compute the angle, count where it begins to be bent."""
    angles = compute_joint_angles(store.load_sequence(session_id), ["left_elbow_flexion"])
    return int(np.count_nonzero(np.diff((angles.to_numpy()[:, 0] > 90).astype(np.int8)) > 0))


def main() -> None:
    """Measure and print."""
    hour = make_hour()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "posecore.duckdb"
        session_id, filled_s = fill(path, hour)
        sizes = [measure_bytes_a_frame(path, table) for table in ("reading_frames", "frames")]
        with open_store(path) as store:
            loop_s = HOURS * measure_median_s(partial(look_at_one, store, session_id), 3)
            found = {name: search(store, name) for name in SEARCHES}
            times_s = {name: measure_median_s(partial(search, store, name)) for name in SEARCHES}
    rows = [
        Row(
            f"{name}: {found[name]:,} moments",
            f"{took_s:.2f} s",
            f"limit {LIMIT_S:g} s",
            took_s / LIMIT_S,
            1.0,
            "at most",
        )
        for name, took_s in times_s.items()
    ]
    rows += [
        Row(
            "the slowest of these",
            f"{max(times_s.values()):.2f} s",
            f"load and one angle {loop_s:.0f} s (1 hour x {HOURS})",
            max(times_s.values()) / loop_s,
            1.0,
            "at most",
        ),
        Row(
            "readings of one hour made, once",
            f"{filled_s:.1f} s",
            f"limit {FILL_LIMIT_S:g} s",
            filled_s / FILL_LIMIT_S,
            1.0,
            "at most",
        ),
        Row(
            "size of the readings on the disk",
            f"{sizes[0]:.0f} bytes a frame",
            f"landmarks {sizes[1]:.0f} bytes a frame",
            sizes[0] / sizes[1],
            0.15,
            "at most",
        ),
    ]
    print_table(
        f"Find by movement, {HOURS * len(hour):,} frames ({HOURS} hours), medians of 5", rows
    )


if __name__ == "__main__":
    main()
