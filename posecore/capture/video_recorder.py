"""Keeps the video of a live recording: pictures are encoded on a thread of their own."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from posecore.errors import PoseCoreError
from posecore.video_writer import VideoWriter

if TYPE_CHECKING:  # pictures as JPEG need OpenCV, which a stream without pictures does without
    from posecore.capture.rolling_buffer import RememberedFrame

CAPACITY: Final = 8
"""Pictures that may wait as the camera gave them: a quarter of a second, 22 MB of the largest."""
_WORTH_TELLING: Final = 0.1
_Reader = Callable[[], NDArray[np.uint8] | None]


class VideoRecorder:
    """Writes one video from pictures as they come; the file is made with the first of them.

    :meth:`add` never blocks: where the encoder cannot keep up, a picture is dropped and counted,
    and the next comes at its own time.

    Parameters
    ----------
    path : Path
        Where the finished video goes.

    Attributes
    ----------
    n_dropped : int
        Pictures that are not in the video.
    problem : str
        One sentence when the video is not whole; empty when all is well.
    """

    def __init__(self, path: Path) -> None:
        self.n_dropped = 0
        self.problem = ""
        self._path = path
        self._n_added = 0
        self._remembered: deque[tuple[_Reader, float]] = deque()
        self._waiting: deque[tuple[_Reader, float]] = deque()
        self._changed = threading.Condition()
        self._is_ending = False
        self._writer: VideoWriter | None = None
        self._thread = threading.Thread(target=self._run, name="video", daemon=True)
        self._thread.start()

    def add(self, frame_rgb: NDArray[np.uint8], time_s: float) -> None:
        """Hand over one picture, which is copied; returns at once.

        Parameters
        ----------
        frame_rgb : ndarray, shape (height, width, 3), uint8
        time_s : float
            Seconds from the recording's first frame.
        """
        with self._changed:
            self._n_added += 1
            if len(self._waiting) >= CAPACITY or self._is_ending or self.problem:
                self.n_dropped += 1
                return
            kept = frame_rgb.copy()
            self._waiting.append((lambda: kept, time_s))
            self._changed.notify_all()

    def take_in(self, lead_in: "Sequence[RememberedFrame]", begin_s: float) -> None:
        """Begin with pictures that are remembered from before the start; returns at once.

        They are small until their turn comes, which is before that of all others.

        Parameters
        ----------
        lead_in : sequence of RememberedFrame
        begin_s : float
            Time of the recording's first frame.
        """
        seen = [(each.read_picture, each.time_s - begin_s) for each in lead_in if each.has_picture]
        with self._changed:
            self._n_added += len(seen)
            self._remembered.extend(seen)
            self._changed.notify_all()

    def close(self) -> Path | None:
        """Write what waits and finish the video; what went wrong is in ``problem``.

        Returns
        -------
        Path or None
            None where there is no video.
        """
        with self._changed:
            self._is_ending = True
            self._changed.notify_all()
        self._thread.join()
        writer, self._writer = self._writer, None
        if writer is None:
            return None
        try:
            writer.close()
        except PoseCoreError as error:
            self.problem = self.problem or str(error)
            return None
        if not self.problem and self.n_dropped > _WORTH_TELLING * self._n_added:
            self.problem = (
                f"This computer could not keep up with the video: {self.n_dropped:,} of "
                f"{self._n_added:,} pictures are missing in it. The recording has them all; choose "
                "a smaller camera picture in Settings next time."
            )
        return self._path if writer.n_frames else None

    def _run(self) -> None:
        try:
            while (item := self._next()) is not None:
                read_picture, time_s = item
                frame_rgb = read_picture()
                if frame_rgb is None:  # it was never made small
                    self.n_dropped += 1
                    continue
                if self._writer is None:
                    height, width = frame_rgb.shape[:2]
                    # As little work as can be, on one core: the rest is the pose model's.
                    self._writer = VideoWriter(
                        self._path, (width, height), preset="ultrafast", crf=26, n_threads=1
                    )
                self._writer.write(frame_rgb, time_s)
        except PoseCoreError as error:
            self._fail(str(error))
        except Exception:
            logging.getLogger(__name__).exception("A picture could not be written to the video")
            self._fail("Something unexpected ended the video early; the recording goes on.")

    def _next(self) -> tuple[_Reader, float] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._remembered or self._waiting or self._is_ending)
            turn = self._remembered or self._waiting
            return turn.popleft() if turn else None

    def _fail(self, sentence: str) -> None:
        with self._changed:
            self.problem = sentence
            self.n_dropped += 1 + len(self._remembered) + len(self._waiting)
            self._remembered.clear()
            self._waiting.clear()
