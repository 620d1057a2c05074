"""One hour at 30 frames/s over REST: how fast it comes, and how much memory the server needs.

Run with ``python -m benchmarks.rest``. A process of its own serves REST on a free port of this
machine, so that its memory is its own; the limits are those of the project.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import httpx
import psutil

from benchmarks.common import Row, print_table
from benchmarks.store import make_noisy_hour
from benchmarks.timing import measure_median_s
from posecore import Settings, connect, open_store
from posecore.sequence import PoseSequence

PARQUET_LIMIT_S: Final = 1.0
_MB: Final = 1e6
_LOOK_S: Final = 0.02
_READY: Final = "listening on "


class Streamed(NamedTuple):
    """What it took to read an answer to its end, a piece at a time.

    ``server_s`` is what the server's processor worked for it, however busy the machine was.
    """

    first_byte_s: float
    whole_s: float
    n_bytes: int
    peak_bytes: int
    server_s: float


def main() -> None:
    """Measure and print."""
    hour = make_noisy_hour()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "posecore.duckdb"
        session_id, direct_s = store_hour(database, hour)
        with serve(database) as (process, url):
            path = f"{url}/api/v1/sessions/{session_id}/frames"
            # The database keeps what it has read of its file, up to a limit of its own.
            read(process, f"{path}?format=arrow")
            json_answer = read(process, path)
        with serve(database) as (process, url):
            path = f"{url}/api/v1/sessions/{session_id}/frames"
            read(process, f"{path}?limit=1000&format=parquet")
            parquet_s = measure_median_s(lambda: read(process, f"{path}?format=parquet"))
            parquet = read(process, f"{path}?format=parquet")
            with connect(url) as remote:
                remote_s = measure_median_s(lambda: remote.load_sequence(session_id))
        rows = [
            *make_json_rows(json_answer),
            Row(
                "one hour as Parquet, 268 columns",
                f"{parquet_s:.2f} s, {parquet.n_bytes / _MB:.0f} MB, of which the server "
                f"worked {parquet.server_s:.2f} s",
                f"limit {PARQUET_LIMIT_S} s",
                parquet_s / PARQUET_LIMIT_S,
                1.0,
                "at most",
            ),
            Row(
                "client.load_sequence of one hour",
                f"{remote_s:.2f} s",
                f"store.load_sequence {direct_s:.2f} s",
                remote_s / direct_s,
                10.0,
                "at most",
            ),
        ]
    print_table(f"REST, {len(hour):,} frames (1 hour at 30 frames/s), loopback", rows)


def make_json_rows(answer: Streamed) -> list[Row]:
    """Rows about JSON."""
    return [
        Row(
            "one hour as JSON: memory the server takes more",
            f"{answer.peak_bytes / _MB:.0f} MB",
            f"the answer's {answer.n_bytes / _MB:.0f} MB",
            answer.peak_bytes / answer.n_bytes,
            0.25,
            "at most",
        ),
        Row(
            "one hour as JSON: first byte",
            f"{answer.first_byte_s * 1e3:.0f} ms",
            f"the whole answer {answer.whole_s:.1f} s, worked {answer.server_s:.1f} s",
            answer.first_byte_s / answer.whole_s,
            0.1,
            "at most",
        ),
    ]


def store_hour(database: Path, hour: PoseSequence) -> tuple[str, float]:
    """Store the hour; how long reading it from the file takes."""
    with open_store(database) as store:
        session_id = store.create_session(name="One hour", source="video")
        store.append_frames(session_id, hour)
        store.finish_session(session_id)
        return session_id, measure_median_s(lambda: store.load_sequence(session_id))


def read(process: psutil.Process, url: str) -> Streamed:
    """Read an answer to its end, watching the memory of the server."""
    before = process.memory_info().rss
    peak = before
    worked_s = sum(process.cpu_times()[:2])
    start = time.perf_counter()
    with httpx.stream("GET", url, timeout=600, trust_env=False) as answer:
        answer.raise_for_status()
        first_s, n_bytes, looked_s = 0.0, 0, 0.0
        for chunk in answer.iter_raw():
            now_s = time.perf_counter()
            first_s = first_s or now_s - start
            n_bytes += len(chunk)
            if now_s - looked_s > _LOOK_S:
                peak, looked_s = max(peak, process.memory_info().rss), now_s
    whole_s = time.perf_counter() - start
    worked_s = sum(process.cpu_times()[:2]) - worked_s
    return Streamed(first_s, whole_s, n_bytes, peak - before, worked_s)


@contextmanager
def serve(database: Path) -> Iterator[tuple[psutil.Process, str]]:
    """Serve REST over a database in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.rest", "serve", str(database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = next(line for line in process.stdout if line.startswith(_READY))
            yield psutil.Process(process.pid), line.removeprefix(_READY).strip()
        finally:
            process.terminate()


def run_server(database: Path) -> None:
    """Serve until ended; the address is printed once it is there."""
    import socket

    import uvicorn
    from starlette.applications import Starlette

    from posecore.api.app import mount_api
    from posecore.api.context import ApiContext
    from posecore.identity import LOCAL_IDENTITY
    from posecore.import_queue import ImportQueue
    from posecore.streaming.hub import StreamHub

    with open_store(database) as store, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        queue = ImportQueue(store)
        context = ApiContext(
            get_store=lambda: store,
            get_settings=Settings.from_env,
            identify=lambda _: LOCAL_IDENTITY,
            get_queue=lambda _: queue,
            hub=StreamHub(),
        )
        app = Starlette(routes=[mount_api("/api", context)])
        listening.listen()
        print(f"{_READY}http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        config = uvicorn.Config(app, log_level="critical", lifespan="off")
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        run_server(Path(sys.argv[2]))
    else:
        main()
