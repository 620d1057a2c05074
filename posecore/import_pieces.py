"""Analyse one video in several processes, each a stretch of time, and join the stretches safely.

The landmarker follows a person from frame to frame and smooths, so what it says about a frame
depends on the frames before. A later piece therefore begins with a warm-up before its own stretch,
and a join is made only where it is shown to be safe: over :data:`JOIN_FRAMES` frames in a row both
pieces have the same times, agree on whether somebody is seen, and place that person alike within
:data:`IMAGE_TOLERANCE` and :data:`WORLD_TOLERANCE_M`. Until then the earlier piece goes on, in
the worst case to the end, which is the plain loop over the whole video. A piece that latched on to
somebody else is never joined.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posecore.estimation import MediaPipePoseEstimator
from posecore.sequence import PoseFrame, PoseSequence
from posecore.video import VideoFile
from posecore.worker import Worker

WARM_UP_S: Final = 1.5
SHORTEST_PIECE_S: Final = 6.0
"""Starting a process costs about two seconds, so less than this is not worth one."""

JOIN_FRAMES: Final = 15
IMAGE_TOLERANCE: Final = 0.01
"""Largest median distance of the landmarks in a frame, in sizes of the person in the picture."""
WORLD_TOLERANCE_M: Final = 0.03
"""Largest median distance in metres. Both tolerances are below what 1 grey level of noise in the
picture does to the same landmarks (up to 0.04 of the picture and 0.25 m in single frames)."""

_BATCH: Final = 10
_POLL_S: Final = 0.1

_Rows = NDArray[np.float32]
"""Shape (n, 33, 8): image landmarks, world landmarks, visibility, presence."""


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """What came out of a video.

    Attributes
    ----------
    sequence : PoseSequence
        About 1 kB a frame; pictures are never kept.
    dropped_count : int
        Pictures that could not be decoded or had no usable time.
    joins_s : tuple of float
        Where pieces were joined, in seconds.
    """

    sequence: PoseSequence
    dropped_count: int
    joins_s: tuple[float, ...]


def plan_pieces(duration_s: float | None, n_workers: int) -> list[float]:
    """Where each piece's own stretch begins, in seconds, so that all end at the same time.

    The first piece has no warm-up, so its stretch is longer by one. A video whose length is not
    known, or that is short, is one piece.
    """
    n_pieces = min(n_workers, int((duration_s or 0.0) // SHORTEST_PIECE_S)) or 1
    work_s = ((duration_s or 0.0) + (n_pieces - 1) * WARM_UP_S) / n_pieces
    return [0.0, *(work_s + i * (work_s - WARM_UP_S) for i in range(n_pieces - 1))]


def analyse_piece(
    connection: "Connection[Any, Any]", video: VideoFile, model_path: Path, start_s: float
) -> None:
    """Be the child: decode and analyse from ``start_s`` until the end, or until hung up on.

    Sends ``(times, rows, dropped_counts)`` in batches, and ``None`` at the end.
    """
    estimator = MediaPipePoseEstimator(model_path)
    times: list[float] = []
    rows: list[_Rows] = []
    dropped: list[int] = []
    with video.read_frames(start_s) as frames:
        for time_s, frame_rgb in frames:
            times.append(time_s)
            rows.append(_to_row(estimator.estimate(frame_rgb, time_s)))
            dropped.append(frames.dropped_count)
            if len(times) == _BATCH:
                connection.send((times, np.stack(rows), dropped))
                times, rows, dropped = [], [], []
            if connection.poll():
                return  # the parent has what it needs, or is gone
        if times:
            connection.send((times, np.stack(rows), dropped))
    connection.send(None)


@dataclass(eq=False)
class Piece:
    """A stretch of the video as far as it is analysed.

    Attributes
    ----------
    begin_s : float
        Where its own stretch begins; frames before are warm-up.
    worker : Worker
    time_s, rows, dropped_counts : list
        One entry a frame: seconds, landmarks, pictures left out so far.
    first, end : int, int or None
        Its frames in the result; ``end`` is None until it is joined to the next piece.
    is_done : bool
        Whether the end of the video was reached.
    """

    begin_s: float
    worker: Worker
    time_s: list[float] = field(default_factory=list)
    rows: list[_Rows] = field(default_factory=list)
    dropped_counts: list[int] = field(default_factory=list)
    first: int = 0
    end: int | None = None
    is_done: bool = False
    n_checked: int = 0

    @property
    def is_running(self) -> bool:
        """Whether more frames are wanted of it."""
        return not self.is_done and self.end is None

    def take(self) -> None:
        """Take one message of the child's."""
        message = self.worker.receive()
        if message is None:
            self.is_done = True
            return
        times, rows, dropped_counts = message
        self.time_s += times
        self.rows += list(rows)
        self.dropped_counts += dropped_counts


def analyse_video(
    video: VideoFile,
    model_path: Path,
    *,
    n_workers: int,
    block_network: bool,
    on_frames: Callable[[int], None] = lambda n_frames: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Analysis | None:
    """Find the person in every frame of a video.

    Parameters
    ----------
    video : VideoFile
    model_path : Path
    n_workers : int
        At most so many processes.
    block_network : bool
    on_frames : callable
        Told the frames analysed so far, several times a second.
    should_stop : callable
        Asked several times a second.

    Returns
    -------
    Analysis or None
        None when ``should_stop`` said so.

    Raises
    ------
    VideoReadError, EstimatorError
    """
    pieces: list[Piece] = []
    workers: list[Worker] = []
    try:
        for begin_s in plan_pieces(video.duration_s, n_workers):
            start_s = max(0.0, begin_s - WARM_UP_S)
            target = "posecore.import_pieces:analyse_piece"
            worker = Worker(target, video, model_path, start_s, block_network=block_network)
            workers.append(worker)
            pieces.append(Piece(begin_s, worker))
        for worker in workers:
            worker.wait_until_started()
        while any(piece.is_running for piece in pieces):
            if should_stop():
                return None
            running = {piece.worker.connection: piece for piece in pieces if piece.is_running}
            for connection in wait(list(running), _POLL_S):
                running[connection].take()  # type: ignore[index]  # wait() returns what it was given
            join_pieces(pieces)
            on_frames(_count_frames(pieces))
    finally:
        for worker in workers:
            worker.close()
    return _assemble(pieces, video)


def join_pieces(pieces: list[Piece]) -> None:
    """Join neighbours that agree; drop pieces that an earlier one has passed without agreeing."""
    position = 0
    while position + 1 < len(pieces):
        earlier, later = pieces[position], pieces[position + 1]
        if earlier.end is None:
            _try_join(earlier, later)
        if earlier.end is None and _is_passed(earlier, later):
            later.worker.close()
            del pieces[position + 1]
            earlier.n_checked = 0
        else:
            position += 1


def _try_join(earlier: Piece, later: Piece) -> None:
    start = bisect_left(earlier.time_s, later.begin_s)
    for i in range(max(start, earlier.n_checked), len(earlier.time_s)):
        j = bisect_left(later.time_s, earlier.time_s[i])
        if j == len(later.time_s) and not later.is_done:
            return  # the later piece is not there yet; look again when it is
        if j < (later.end or len(later.time_s)) and _agree(earlier, i, later, j):
            earlier.end, later.first = i + 1, j + 1
            earlier.worker.close()
            return
        earlier.n_checked = i + 1


def _is_passed(earlier: Piece, later: Piece) -> bool:
    if earlier.is_done:
        return True
    if later.end is None or not earlier.time_s:
        return False
    return earlier.time_s[-1] >= later.time_s[later.end - 1]


def _agree(earlier: Piece, i: int, later: Piece, j: int) -> bool:
    """Whether two pieces say the same about the frames that end with these two."""
    n = JOIN_FRAMES
    if i + 1 < n or j + 1 < n:
        return False
    if earlier.time_s[i + 1 - n : i + 1] != later.time_s[j + 1 - n : j + 1]:
        return False
    return is_alike(
        np.stack(earlier.rows[i + 1 - n : i + 1]), np.stack(later.rows[j + 1 - n : j + 1])
    )


def is_alike(a: _Rows, b: _Rows) -> bool:
    """Whether two analyses of the same frames follow the same person in the same way.

    Parameters
    ----------
    a, b : ndarray, shape (n, 33, 8)
        NaN where nobody is seen.
    """
    is_seen = ~np.isnan(a[:, 0, 0])
    if not np.array_equal(is_seen, ~np.isnan(b[:, 0, 0])):
        return False
    a, b = a[is_seen], b[is_seen]
    size = np.linalg.norm(np.ptp(a[:, :, :2], axis=1), axis=1)
    image = np.median(np.linalg.norm(a[:, :, :2] - b[:, :, :2], axis=2), axis=1)
    world_m = np.median(np.linalg.norm(a[:, :, 3:6] - b[:, :, 3:6], axis=2), axis=1)
    return bool((image <= IMAGE_TOLERANCE * size).all() and (world_m <= WORLD_TOLERANCE_M).all())


def _count_frames(pieces: list[Piece]) -> int:
    """Frames of the video that some piece has analysed within its own stretch."""
    n_frames, covered_s = 0, 0.0
    for piece in pieces:
        n_frames += len(piece.time_s) - bisect_left(piece.time_s, max(covered_s, piece.begin_s))
        covered_s = max(covered_s, piece.time_s[-1] if piece.time_s else 0.0)
    return n_frames


def _assemble(pieces: list[Piece], video: VideoFile) -> Analysis:
    times = [t for piece in pieces for t in piece.time_s[piece.first : piece.end]]
    chosen = [row for piece in pieces for row in piece.rows[piece.first : piece.end]]
    rows = np.stack(chosen) if chosen else np.empty((0, 33, 8), dtype=np.float32)
    sequence = PoseSequence(
        time_s=np.array(times),
        image_landmarks=rows[:, :, 0:3],
        world_landmarks=rows[:, :, 3:6],
        visibility=rows[:, :, 6],
        presence=rows[:, :, 7],
        frame_number=np.arange(len(times)),
        image_size=video.image_size,
    )
    return Analysis(
        sequence=sequence,
        dropped_count=sum(map(_count_dropped, pieces)),
        joins_s=tuple(piece.time_s[piece.first - 1] for piece in pieces[1:]),
    )


def _count_dropped(piece: Piece) -> int:
    used = piece.dropped_counts[: piece.end]
    before = piece.dropped_counts[piece.first - 1] if piece.first else 0
    return used[-1] - before if used else 0


def _to_row(frame: PoseFrame) -> _Rows:
    columns = (
        frame.image_landmarks,
        frame.world_landmarks,
        frame.visibility[:, np.newaxis],
        frame.presence[:, np.newaxis],
    )
    return np.concatenate(columns, axis=1)
