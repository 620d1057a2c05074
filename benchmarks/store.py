"""One hour at 30 frames/s in and out of the store, against a row of JSON a frame in SQLite.

Run with ``python -m benchmarks.store``. The rows of JSON are timed on six minutes and scaled to the
hour.
"""

import json
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import Row, print_table
from benchmarks.timing import measure_median_s
from posecore import PoseSequence, SessionStore, open_store
from posecore.synthetic import make_squats

DURATION_S = 3600.0
LIVE_BATCH_FRAMES = 30
IN_LIMIT_S = 2.0
OUT_LIMIT_S = 0.6
BASELINE_SHARE = 10
ARRAYS = ("image_landmarks", "world_landmarks", "visibility", "presence")


def main() -> None:
    """Measure and print."""
    hour = make_noisy_hour()
    with tempfile.TemporaryDirectory() as folder:
        in_s, out_s, batch_s = measure_store(Path(folder) / "posecore.duckdb", hour)
        part = hour[: len(hour) // BASELINE_SHARE]
        json_in_s, json_out_s = (
            seconds * BASELINE_SHARE for seconds in measure_json(Path(folder), part)
        )
    print_table(
        f"Store, {len(hour):,} frames (1 hour at 30 frames/s), medians of 5",
        [
            _against_limit("in", in_s, IN_LIMIT_S),
            _against_limit("out", out_s, OUT_LIMIT_S),
            _against_json("in", in_s, json_in_s),
            _against_json("out", out_s, json_out_s),
            Row(
                "one live batch of 30 frames, to the disk",
                f"{batch_s * 1e3:.1f} ms",
                "arrives every 1000 ms",
                batch_s,
                0.1,
                "at most",
            ),
        ],
    )


def _against_limit(what: str, ours_s: float, limit_s: float) -> Row:
    return Row(
        f"one hour {what}",
        f"{ours_s:.2f} s",
        f"limit {limit_s} s",
        ours_s / limit_s,
        1.0,
        "at most",
    )


def _against_json(what: str, ours_s: float, json_s: float) -> Row:
    return Row(
        f"one hour {what}",
        f"{ours_s:.2f} s",
        f"JSON in SQLite {json_s:.1f} s (6 minutes x {BASELINE_SHARE})",
        ours_s / json_s,
        1.0,
        "at most",
    )


def make_noisy_hour() -> PoseSequence:
    """Squats with noise in every landmark: what repeats exactly would compress too well."""
    squats = make_squats(duration_s=DURATION_S)
    rng = np.random.default_rng(0)
    noisy = {}
    for name in ARRAYS:
        values = getattr(squats, name)
        noisy[name] = values + rng.normal(0.0, 0.003, values.shape).astype(np.float32)
    return replace(squats, **noisy)


def measure_store(path: Path, hour: PoseSequence) -> tuple[float, float, float]:
    """Seconds of one hour in, one hour out, and one live batch in, the hours being there."""
    ids: list[str] = []
    with open_store(path) as store:

        def put() -> None:
            ids.append(store.create_session(name="One hour", source="video"))
            store.append_frames(ids[-1], hour)
            store.finish_session(ids[-1])

        in_s = measure_median_s(put)
        out_s = measure_median_s(lambda: store.load_sequence(ids[0]))
        batch_s = measure_median_s(_make_append(store, hour), n_repetitions=200)
    return in_s, out_s, batch_s


def _make_append(store: SessionStore, hour: PoseSequence) -> Callable[[], None]:
    session_id = store.create_session(name="Live", source="live")
    starts = count(0, LIVE_BATCH_FRAMES)

    def append() -> None:
        start = next(starts)
        store.append_frames(session_id, hour[start : start + LIVE_BATCH_FRAMES])

    return append


def measure_json(folder: Path, sequence: PoseSequence) -> tuple[float, float]:
    """Seconds in and out as most projects do it: a row of JSON a frame in SQLite."""
    paths = (folder / f"{number}.sqlite" for number in count())
    with closing(sqlite3.connect(next(paths))) as written:
        put_json(written, sequence)
        out_s = measure_median_s(lambda: load_json(written))

    def put() -> None:
        with closing(sqlite3.connect(next(paths))) as connection:
            put_json(connection, sequence)

    return measure_median_s(put), out_s


def put_json(connection: sqlite3.Connection, sequence: PoseSequence) -> None:
    """Write every frame as one row, all in one transaction."""
    connection.execute("CREATE TABLE frames (number INTEGER PRIMARY KEY, time_s REAL, pose TEXT)")
    connection.executemany(
        "INSERT INTO frames VALUES (?, ?, ?)",
        (
            (
                int(sequence.frame_number[i]),
                float(sequence.time_s[i]),
                json.dumps({name: getattr(sequence, name)[i].tolist() for name in ARRAYS}),
            )
            for i in range(len(sequence))
        ),
    )
    connection.commit()


def load_json(connection: sqlite3.Connection) -> PoseSequence:
    """Read every frame back into the same arrays."""
    rows = connection.execute("SELECT number, time_s, pose FROM frames ORDER BY number").fetchall()
    poses = [json.loads(pose) for _, _, pose in rows]
    arrays: dict[str, Any] = {
        name: np.array([pose[name] for pose in poses], dtype=np.float32) for name in ARRAYS
    }
    return PoseSequence(
        frame_number=np.array([number for number, _, _ in rows]),
        time_s=np.array([time_s for _, time_s, _ in rows]),
        image_size=(640, 360),
        **arrays,
    )


if __name__ == "__main__":
    main()
