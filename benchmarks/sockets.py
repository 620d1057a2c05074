"""The sockets over loopback: delay, many at once, memory, and the pace of a replay.

Run with ``python -m benchmarks.sockets``; ``--seconds 600`` for the ten minutes of the goal. The
server is a process of its own, as the dashboard's is; all clients share another one, so that one
clock measures both ends. What the clients cost is part of the machine's load.
"""

import argparse
import asyncio
import json
import multiprocessing
import socket
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.common import Row, print_table
from posecore import PoseFrame, PoseSequence, SessionStore, Settings, open_store
from posecore.api.context import ApiContext
from posecore.api.sockets import make_socket_routes
from posecore.errors import PoseCoreError
from posecore.identity import LOCAL_IDENTITY
from posecore.import_queue import ImportQueue
from posecore.streaming.hub import StreamHub
from posecore.streaming.messages import describe_landmarks
from posecore.synthetic import make_squats

RATE_HZ = 30.0
N_STREAMS = 10
N_LISTENERS = 50
DELAY_SECONDS = 20.0
SAMPLE_S = 2.0
WARM_UP_SHARE = 0.2


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of the run with all at once")
    parser.add_argument("--replay-seconds", type=float, default=60.0, help="of the replay")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "posecore.duckdb"
        session_id = keep_session(database, options.replay_seconds)
        with Server(database) as server:
            delays_s = asyncio.run(measure_delay(server.port))
            drift_s = asyncio.run(measure_drift(server.port, session_id, options.replay_seconds))
            load = asyncio.run(measure_load(server, options.seconds))
        n_stored, n_dropped = count_stored(database)
    print_rows(options, delays_s, drift_s, load, n_stored, n_dropped)


@dataclass
class Load:
    """What was sent, heard and used while all ran at once."""

    n_sent: int = 0
    n_heard: int = 0
    delays_s: list[float] = field(default_factory=list)
    memory_mb: list[tuple[float, float]] = field(default_factory=list)
    cpu_share: float = 0.0


def print_rows(
    options: argparse.Namespace,
    delays_s: list[float],
    drift_s: float,
    load: Load,
    n_stored: int,
    n_dropped: int,
) -> None:
    """Print the table."""
    median_s, busy_s = statistics.median(delays_s), statistics.median(load.delays_s)
    warm = load.memory_mb[int(len(load.memory_mb) * WARM_UP_SHARE) :]
    n_expected = load.n_sent * N_LISTENERS // N_STREAMS
    high_s = float(np.percentile(delays_s, 95))
    print_table(
        f"Sockets: one stream for {DELAY_SECONDS:.0f} s; {N_STREAMS} recording streams and "
        f"{N_LISTENERS} listeners for {options.seconds:.0f} s; a replay of "
        f"{options.replay_seconds:.0f} s",
        [
            _at_most(
                "message to listener, median (95th percentile)",
                f"{median_s * 1e3:.2f} ms ({high_s * 1e3:.1f} ms)",
                median_s,
                5e-3,
            ),
            Row(
                "frames lost by the recordings",
                f"{load.n_sent - n_stored} of {load.n_sent:,} ({n_dropped} counted)",
                "0",
                float(load.n_sent - n_stored + n_dropped),
                0.0,
                "at most",
            ),
            Row(
                "messages heard by all listeners (median delay)",
                f"{load.n_heard:,} ({busy_s * 1e3:.1f} ms)",
                f"sent to them {n_expected:,}",
                load.n_heard / n_expected,
                0.99,
                "at least",
            ),
            Row(
                "memory of the server, without the database's cache of its file",
                f"{_median_of(warm[-5:]):.0f} MB (with it {warm[-1][0]:.0f} MB)",
                f"after {WARM_UP_SHARE:.0%} of the run {_median_of(warm[:5]):.0f} MB",
                _median_of(warm[-5:]) / _median_of(warm[:5]),
                1.1,
                "at most",
            ),
            _at_most(
                "cores used by the server", f"{load.cpu_share:.2f}", load.cpu_share, 1.0, "cores"
            ),
            _at_most("drift of a replay at its end", f"{drift_s * 1e3:.1f} ms", abs(drift_s), 2e-2),
        ],
    )


def _median_of(memory_mb: list[tuple[float, float]]) -> float:
    return statistics.median(whole - cache for whole, cache in memory_mb)


def _at_most(measure: str, ours: str, value: float, limit: float, unit: str = "s") -> Row:
    return Row(measure, ours, f"limit {limit:g} {unit}", value / limit, 1.0, "at most")


class Server:
    """The sockets in a process of their own; a context manager."""

    def __init__(self, database: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        context = multiprocessing.get_context("spawn")
        self._note = database.with_suffix(".memory")
        self._process = context.Process(
            target=serve, args=(str(database), self.port, str(self._note))
        )

    def __enter__(self) -> "Server":
        self._process.start()
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert self._process.is_alive()
                time.sleep(0.05)
            else:
                self.usage = psutil.Process(self._process.pid)
                return self

    def read_memory(self) -> tuple[float, float]:
        """Megabytes of the process, and those of them in which DuckDB keeps pages of its file."""
        return self.usage.memory_info().rss / 1e6, float(self._note.read_text())

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        self._process.join(timeout=30)


def note_cache(store: SessionStore, note: Path) -> None:
    """Write down again and again how many megabytes of its file DuckDB keeps in memory.

    It gives them back when memory is short, so they grow with whatever is written.
    """
    while True:
        try:
            with store._database.cursor() as cursor:
                [(n_bytes,)] = cursor.execute(
                    "SELECT sum(memory_usage_bytes) FROM duckdb_memory() WHERE tag = 'BASE_TABLE'"
                ).fetchall()
        except PoseCoreError:
            return  # it is closed
        write_whole(note, str((n_bytes or 0) / 1e6))
        time.sleep(SAMPLE_S)


def write_whole(path: Path, text: str) -> None:
    """Write a file that is never seen half written."""
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)


def serve(database: str, port: int, note: str) -> None:
    """Be the server until told to end."""
    with open_store(database) as store:
        threading.Thread(target=note_cache, args=(store, Path(note)), daemon=True).start()
        hub = StreamHub()
        context = ApiContext(
            get_store=lambda: store,
            get_settings=Settings.from_env,
            identify=lambda _connection: LOCAL_IDENTITY,
            get_queue=lambda _owner: ImportQueue(store),
            hub=hub,
        )
        app = Starlette(routes=make_socket_routes(context))
        config = uvicorn.Config(
            app, port=port, ws="websockets-sansio", ws_per_message_deflate=False, log_config=None
        )
        uvicorn.Server(config).run()
        hub.close()


def make_marks() -> list[dict[str, Any]]:
    """Landmarks of all frames of a squat, as messages have them."""
    squats = make_squats(duration_s=4.0)
    return [
        describe_landmarks(
            PoseFrame(
                time_s=float(squats.time_s[index]),
                image_landmarks=squats.image_landmarks[index],
                world_landmarks=squats.world_landmarks[index],
                visibility=squats.visibility[index],
                presence=squats.presence[index],
            )
        )
        for index in range(len(squats))
    ]


def make_text(marks: list[dict[str, Any]], number: int) -> str:
    """Pose message with the time at which it was made."""
    return json.dumps(
        {
            "type": "pose",
            "timestamp": number / RATE_HZ,
            "frame_number": number,
            "width": 640,
            "height": 360,
            "sent_s": time.perf_counter(),
            **marks[number % len(marks)],
        }
    )


def open_socket(port: int, path: str) -> connect:
    """Connect to the server."""
    return connect(f"ws://127.0.0.1:{port}{path}", compression=None, proxy=None)


async def send_paced(connection: ClientConnection, seconds: float, offset_s: float = 0.0) -> int:
    """Send poses at the rate of a camera; returns how many."""
    marks = make_marks()
    n_frames = int(seconds * RATE_HZ)
    start_s = time.perf_counter() + offset_s
    for number in range(n_frames):
        await asyncio.sleep(max(0.0, start_s + number / RATE_HZ - time.perf_counter()))
        await connection.send(make_text(marks, number))
    return n_frames


async def listen(connection: ClientConnection, delays_s: list[float]) -> int:
    """Hear messages until nothing comes any more; returns how many."""
    n_heard = 0
    while True:
        try:
            async with asyncio.timeout(5.0):
                text = await connection.recv(decode=True)
        except TimeoutError:
            return n_heard
        now_s = time.perf_counter()
        n_heard += 1
        # Only this number is looked at: reading all of it would slow down what is measured.
        begin = text.index('"sent_s": ') + 10
        delays_s.append(now_s - float(text[begin : text.index(",", begin)]))


async def measure_delay(port: int) -> list[float]:
    """Seconds from the sender to the listener, one stream."""
    delays_s: list[float] = []
    async with (
        open_socket(port, "/ws/pose?stream=one") as sender,
        open_socket(port, "/ws/pose?stream=one") as listener,
    ):
        hearing = asyncio.create_task(listen(listener, delays_s))
        await send_paced(sender, DELAY_SECONDS)
        await hearing
    return delays_s


async def measure_load(server: Server, seconds: float) -> Load:
    """All streams record while all listeners hear."""
    load = Load()
    async with asyncio.TaskGroup() as group:
        listening = [
            group.create_task(_listen_on(server.port, number % N_STREAMS, load))
            for number in range(N_LISTENERS)
        ]
        await asyncio.sleep(2.0)
        usage = server.usage.cpu_times()
        start_s = time.perf_counter()
        recording = [
            group.create_task(_record_on(server.port, number, seconds, load))
            for number in range(N_STREAMS)
        ]
        while not all(task.done() for task in recording):
            load.memory_mb.append(server.read_memory())
            await asyncio.sleep(SAMPLE_S)
        now = server.usage.cpu_times()
        used_s = now.user + now.system - usage.user - usage.system
        load.cpu_share = used_s / (time.perf_counter() - start_s)
        load.n_heard = sum([await task for task in listening])
    return load


async def _listen_on(port: int, number: int, load: Load) -> int:
    async with open_socket(port, f"/ws/pose?stream=wall-{number}") as connection:
        # The first message takes as long as all others need to connect.
        first = await connection.recv()
        assert first
        return 1 + await listen(connection, load.delays_s)


async def _record_on(port: int, number: int, seconds: float, load: Load) -> None:
    async with open_socket(port, f"/ws/pose?stream=wall-{number}") as connection:
        await connection.send(json.dumps({"type": "start_recording", "name": f"Wall {number}"}))
        assert json.loads(await connection.recv())["type"] == "recording_started"
        n_sent = await send_paced(connection, seconds, number / RATE_HZ / N_STREAMS)
        await connection.send(json.dumps({"type": "stop_recording"}))
        assert json.loads(await connection.recv())["type"] == "recording_stopped"
        load.n_sent += n_sent


def keep_session(database: Path, seconds: float) -> str:
    """Store what is replayed."""
    n_frames = int(seconds * RATE_HZ) + 1
    squats = make_squats(duration_s=4.0)
    index = np.arange(n_frames) % len(squats)
    with open_store(database) as store:
        session_id = store.create_session(name="Replay", source="sample")
        sequence = PoseSequence(
            time_s=np.arange(n_frames) / RATE_HZ,
            frame_number=np.arange(n_frames),
            image_size=squats.image_size,
            image_landmarks=squats.image_landmarks[index],
            world_landmarks=squats.world_landmarks[index],
            visibility=squats.visibility[index],
            presence=squats.presence[index],
        )
        store.append_frames(session_id, sequence)
        store.finish_session(session_id)
    return session_id


async def measure_drift(port: int, session_id: str, seconds: float) -> float:
    """How much later than at its first seconds a frame comes at the end, medians of a second."""
    lateness_s: list[float] = []
    start_s = 0.0
    async with open_socket(port, f"/ws/session/{session_id}") as connection:
        async for text in connection:
            now_s = time.perf_counter()
            message = json.loads(text)
            if message["type"] == "ended":
                break
            start_s = start_s or now_s
            lateness_s.append(now_s - start_s - message["timestamp"])
    assert len(lateness_s) > 0.99 * seconds * RATE_HZ
    n_frames = int(RATE_HZ)
    return statistics.median(lateness_s[-n_frames:]) - statistics.median(lateness_s[:n_frames])


def count_stored(database: Path) -> tuple[int, int]:
    """Frames stored and dropped of all recordings."""
    with open_store(database) as store:
        sessions = [each for each in store.get_sessions() if each.source == "stream"]
        assert {each.status for each in sessions} == {"completed"}
        lengths = [len(store.load_sequence(each.id)) for each in sessions]
    return sum(lengths), sum(each.dropped_count for each in sessions)


if __name__ == "__main__":
    main()
