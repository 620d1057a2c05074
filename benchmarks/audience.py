"""A live room that is watched: bytes, delay, cues, and what twenty viewers cost the server.

Run with ``python -m benchmarks.audience``. The room and the sockets are a process of their own with
one camera of 30 frames a second, whose frames are those of a squat; all viewers share another
process, so that one clock measures both ends (the clock of frames is the machine's own). A viewer
is as the page's own is: it says what came after every tenth frame. The estimator is left out, for
it costs the same however many watch; with ``--estimator`` the camera is the real test video, and
what it takes to analyse a frame is part of the delay.
"""

import argparse
import asyncio
import itertools
import json
import multiprocessing
import socket
import statistics
import tempfile
import threading
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import psutil
import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import connect

from benchmarks.common import Row, print_table
from benchmarks.live import read_frames, to_rgb
from posecore import CORE_ANGLES, PoseFrame, SessionStore, Settings, open_store
from posecore.api.context import ApiContext
from posecore.api.sockets import make_socket_routes
from posecore.capture.canvas import Canvas
from posecore.capture.live_part import LiveMoment
from posecore.capture.live_room import LiveRoom
from posecore.identity import LOCAL_IDENTITY
from posecore.import_queue import ImportQueue
from posecore.streaming.audience import AudiencePart
from posecore.streaming.hub import StreamHub
from posecore.streaming.live_messages import read_live_pose
from posecore.synthetic import make_squats

SIZE = (640, 360)
RATE_HZ = 30.0
N_VIEWERS = 20
N_CUES = 20
READ_EVERY = 10
WARM_UP_S = 3.0
LIMIT_BYTES_A_S = 25_000
LIMIT_S = 0.3
LIMIT_CORE = 0.25


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each part")
    parser.add_argument("--estimator", action="store_true", help="analyse the real test video")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Server(folder, options.estimator) as server:
        alone = server.measure_core(options.seconds)
        watched = asyncio.run(watch_together(server, options.seconds))
        pictures_bytes = asyncio.run(watch_pictures(server, options.seconds / 2))
        cue_s, drawn_s = asyncio.run(send_cues(server))
    print_rows(options, alone, watched, pictures_bytes, cue_s, drawn_s)


def print_rows(
    options: argparse.Namespace,
    alone: float,
    watched: "Watched",
    pictures_bytes: float,
    cue_s: list[float],
    drawn_s: list[float],
) -> None:
    """Print the table."""
    cost = watched.core_share - alone
    camera = "the real video analysed" if options.estimator else "frames of a squat"
    print_table(
        f"Audience: {N_VIEWERS} viewers of one camera at {RATE_HZ:.0f} frames/s ({camera}), "
        f"{options.seconds:.0f} s",
        [
            _at_most(
                "bytes a second and viewer",
                f"{watched.bytes_a_s / 1e3:.1f} kB/s (with the picture "
                f"{(watched.bytes_a_s + pictures_bytes) / 1e3:.0f} kB/s)",
                watched.bytes_a_s,
                LIMIT_BYTES_A_S,
                f"{LIMIT_BYTES_A_S / 1e3:.0f} kB/s",
            ),
            _in_time("camera's frame to viewer, 95th percentile", watched.delays_s),
            Row(
                "frames that came",
                f"{watched.n_frames:,}",
                f"shown to them {watched.n_shown:,}",
                watched.n_frames / watched.n_shown,
                0.98,
                "at least",
            ),
            _in_time("cue to the athlete's panel, 95th percentile", cue_s),
            _in_time("cue to the athlete's picture, 95th percentile", drawn_s),
            _at_most(
                f"{N_VIEWERS} viewers, share of a core",
                f"{cost:.3f} ({watched.core_share:.3f} against {alone:.3f} with none)",
                cost,
                LIMIT_CORE,
                f"{LIMIT_CORE:g} of a core",
            ),
        ],
    )


def _in_time(measure: str, delays_s: list[float]) -> Row:
    high_s = float(np.percentile(delays_s, 95))
    median_s = statistics.median(delays_s)
    ours = f"{high_s * 1e3:.1f} ms (median {median_s * 1e3:.1f} ms)"
    return _at_most(measure, ours, high_s, LIMIT_S, f"{LIMIT_S * 1e3:.0f} ms")


def _at_most(measure: str, ours: str, value: float, limit: float, words: str) -> Row:
    return Row(measure, ours, f"limit {words}", value / limit, 1.0, "at most")


class Server:
    """The room and the sockets in a process of their own; a context manager."""

    def __init__(self, folder: str, with_estimator: bool) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        context = multiprocessing.get_context("spawn")
        self.seen, sending = context.Pipe(duplex=False)
        self._process = context.Process(
            target=serve, args=(folder, self.port, with_estimator, sending)
        )

    def __enter__(self) -> "Server":
        self._process.start()
        assert self.seen.recv() == "ready"
        self.usage = psutil.Process(self._process.pid)
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        self._process.join(timeout=30)

    def read_cpu_s(self) -> float:
        """Seconds of a core that the process has used."""
        now = self.usage.cpu_times()
        return float(now.user + now.system)

    def measure_core(self, seconds: float) -> float:
        """Share of a core that it uses on its own, once its camera runs."""
        time.sleep(WARM_UP_S)
        before_s, start_s = self.read_cpu_s(), time.perf_counter()
        time.sleep(seconds)
        return (self.read_cpu_s() - before_s) / (time.perf_counter() - start_s)

    def address(self, path: str) -> str:
        """Address of a socket."""
        return f"ws://127.0.0.1:{self.port}{path}"


class Screen:
    """Says when a cue was in the panel's status and when it was drawn on the picture."""

    def __init__(self, room: LiveRoom, sending: Connection) -> None:
        self._room = room
        self._sending = sending
        self._drawn = 0
        self._told = 0
        self._picture = np.zeros((SIZE[1], SIZE[0], 3), dtype=np.uint8)

    def draw(self) -> None:
        """Draw the cues as the pipeline does."""
        canvas = Canvas(self._picture)
        before = self._newest()
        self._room.cues.draw_above(canvas)
        if before > self._drawn:
            self._drawn = before
            self._sending.send(("drawn", time.monotonic()))

    def look(self) -> None:
        """Ask for the status as often as the panel's socket does."""
        while True:
            newest = self._newest() if self._room.status() else 0
            if newest > self._told:
                self._told = newest
                self._sending.send(("told", time.monotonic()))
            time.sleep(0.05)

    def _newest(self) -> int:
        shown = self._room.cues.status()["shown"]
        return shown[0]["number"] if shown else 0


def serve(folder: str, port: int, with_estimator: bool, sending: Connection) -> None:
    """Be the server until told to end."""
    settings = Settings.from_env({"POSECORE_DATA": folder})
    with open_store(Path(folder) / "posecore.duckdb") as store:
        hub = StreamHub()
        room = LiveRoom(
            store,
            settings,
            make_further=lambda room: [AudiencePart(room, hub.stage, owner="local")],
        )
        part = room.parts["audience"]
        assert isinstance(part, AudiencePart)
        part.shows_picture = True
        screen = Screen(room, sending)
        run_camera = film_video if with_estimator else film_squats
        threading.Thread(target=screen.look, daemon=True).start()
        threading.Thread(target=run_camera, args=(room, screen), daemon=True).start()
        run_server(store, hub, port, sending)


def run_server(store: SessionStore, hub: StreamHub, port: int, sending: Connection) -> None:
    """Serve the sockets; says when they are open."""
    context = ApiContext(
        get_store=lambda: store,
        get_settings=Settings.from_env,
        identify=lambda _connection: LOCAL_IDENTITY,
        get_queue=lambda _owner: ImportQueue(store),
        hub=hub,
    )
    config = uvicorn.Config(
        Starlette(routes=make_socket_routes(context)),
        port=port,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_config=None,
    )
    server = uvicorn.Server(config)

    def tell() -> None:
        while not server.started:
            time.sleep(0.02)
        sending.send("ready")

    threading.Thread(target=tell, daemon=True).start()
    server.run()


def film_squats(room: LiveRoom, screen: Screen) -> None:
    """Let frames come at a camera's rate, as after their analysis."""
    squats = make_squats(duration_s=4.0)
    picture = to_rgb(read_frames()[0])
    start_s = time.monotonic()
    for number in itertools.count():
        time.sleep(max(0.0, start_s + number / RATE_HZ - time.monotonic()))
        index = number % len(squats)
        frame = PoseFrame(
            time_s=number / RATE_HZ,
            image_landmarks=squats.image_landmarks[index],
            world_landmarks=squats.world_landmarks[index],
            visibility=squats.visibility[index],
            presence=squats.presence[index],
        )
        moment = LiveMoment(
            frame=frame,
            calm=frame,
            frame_number=number,
            image_size=SIZE,
            frame_rgb=picture,
            arrived_s=time.monotonic(),
        )
        for part in room.parts.values():
            part.see(moment)
        screen.draw()


def film_video(room: LiveRoom, screen: Screen) -> None:
    """Let the frames of the real video come at a camera's rate, and be analysed."""
    start_s = time.monotonic()
    for number, frame in enumerate(itertools.cycle(read_frames())):
        time.sleep(max(0.0, start_s + number / RATE_HZ - time.monotonic()))
        room.pipeline.submit(number / RATE_HZ, partial(to_rgb, frame))
        screen.draw()


class Watched:
    """What viewers got.

    Attributes
    ----------
    bytes_a_s : float
        Of one viewer, the frames of the socket included.
    delays_s : list of float
        From when each frame came in to when it was read.
    stretches : list of tuple of int
        First and last frame number of each viewer, and how many came.
    numbers : set of int
        Of all frames that came to anybody; the camera's holes are not among them.
    core_share : float
        Of the server, meanwhile.
    """

    def __init__(self) -> None:
        self.bytes_a_s = 0.0
        self.delays_s: list[float] = []
        self.stretches: list[tuple[int, int, int]] = []
        self.numbers: set[int] = set()
        self.core_share = 0.0

    @property
    def n_frames(self) -> int:
        """Frames that came, to all together."""
        return sum(count for _, _, count in self.stretches)

    @property
    def n_shown(self) -> int:
        """Frames that would have come if nobody had missed one."""
        return sum(
            first <= number <= last for first, last, _ in self.stretches for number in self.numbers
        )


async def watch_together(server: Server, seconds: float) -> Watched:
    """All viewers watch at once."""
    watched = Watched()
    begin = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        viewers = [
            group.create_task(_watch(server, seconds, begin, watched)) for _ in range(N_VIEWERS)
        ]
        await asyncio.sleep(WARM_UP_S)
        before_s, start_s = server.read_cpu_s(), time.perf_counter()
        begin.set()
        await asyncio.sleep(seconds)
        used_s = server.read_cpu_s() - before_s
        watched.core_share = used_s / (time.perf_counter() - start_s)
    n_bytes = [await each for each in viewers]
    watched.bytes_a_s = statistics.mean(n_bytes) / seconds
    return watched


async def _watch(server: Server, seconds: float, begin: asyncio.Event, watched: Watched) -> int:
    """Watch for a time; returns the bytes that came."""
    n_bytes, n_read = 0, 0
    numbers: list[int] = []
    async with connect(server.address("/ws/live"), compression=None, proxy=None) as line:
        end_s = float("inf")
        while time.monotonic() < end_s:
            message = await line.recv()
            now_s = time.monotonic()
            if isinstance(message, bytes):
                n_read += 1
                if n_read % READ_EVERY == 0:
                    ping = {"type": "ping", "at": now_s, "n_read": n_read}
                    await line.send(json.dumps(ping))
            if not begin.is_set():
                continue
            if end_s == float("inf"):
                end_s = now_s + seconds
            n_bytes += len(message) + 4  # what a socket puts before a message of this length
            if isinstance(message, bytes):
                pose = read_live_pose(message, CORE_ANGLES)
                numbers.append(pose.frame_number)
                watched.delays_s.append(now_s - pose.captured_s)
    watched.numbers |= set(numbers)
    watched.stretches.append((numbers[0], numbers[-1], len(numbers)))
    return n_bytes


async def watch_pictures(server: Server, seconds: float) -> float:
    """Bytes a second of the picture."""
    n_bytes = n_read = 0
    async with connect(
        server.address("/ws/live/picture"), compression=None, proxy=None, max_size=None
    ) as line:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            message = await line.recv()
            if isinstance(message, bytes):
                n_read += 1
                n_bytes += len(message)
                await line.send(json.dumps({"type": "ping", "at": 0, "n_read": n_read}))
    return n_bytes / seconds


async def send_cues(server: Server) -> tuple[list[float], list[float]]:
    """Seconds from a viewer's cue to the athlete's panel and picture."""
    told_s: list[float] = []
    drawn_s: list[float] = []
    async with connect(server.address("/ws/live"), compression=None, proxy=None) as line:
        for number in range(N_CUES):
            cue = {"type": "cue", "id": number, "kind": "arrow", "joint": "left_knee"}
            sent_s = time.monotonic()
            await line.send(json.dumps(cue | {"text": f"Cue {number}"}))
            for _ in range(2):
                kind, at_s = await asyncio.to_thread(server.seen.recv)
                (told_s if kind == "told" else drawn_s).append(at_s - sent_s)
            await _drain(line, 0.6)
    return told_s, drawn_s


async def _drain(line: object, seconds: float) -> None:
    """Read what comes, as a viewer does, for a while: cues come no faster."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        await line.recv()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
