"""Pictures of a camera at this computer, through OpenCV: always the newest, never a queue."""

import threading
import time
from collections.abc import Iterator
from typing import Any, Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from posecore.errors import VideoReadError

_PATIENCE_S: Final = 5.0


class Camera:
    """Takes every picture on a thread of its own; a context manager and an iterator.

    Yields ``(number, time_s, frame_rgb)``: the newest picture not yielded yet. A reader slower than
    the camera misses pictures, which leaves holes in the numbers. ``time_s`` are seconds from the
    first picture, taken when the picture came.

    Parameters
    ----------
    source : int or str
        The camera's number, or what else OpenCV opens as a camera.

    Raises
    ------
    VideoReadError
        If there is no such camera; while iterating, if it stops.
    """

    def __init__(self, source: int | str) -> None:
        self._capture: Any = cv2.VideoCapture(source)
        if not self._capture.isOpened():
            raise VideoReadError(
                f"The camera {source} cannot be opened; plug it in, close other programs that use "
                "it, or try another number."
            )
        self._changed = threading.Condition()
        self._newest: tuple[int, float, NDArray[Any]] | None = None
        self._is_closed = False
        self._has_ended = False
        self._thread = threading.Thread(target=self._take, name="camera", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the camera."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join(timeout=_PATIENCE_S)

    def _take(self) -> None:
        start_s, number = None, 0
        while not self._is_closed:
            is_taken, frame_bgr = self._capture.read()
            now_s = time.monotonic()
            if not is_taken:
                break
            start_s = now_s if start_s is None else start_s
            with self._changed:
                self._newest = (number, now_s - start_s, frame_bgr)
                self._changed.notify_all()
            number += 1
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()
        self._capture.release()

    def __iter__(self) -> Iterator[tuple[int, float, NDArray[np.uint8]]]:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._newest or self._is_closed or self._has_ended, _PATIENCE_S
                )
                newest, self._newest = self._newest, None
                is_closed = self._is_closed
            if is_closed:
                return
            if newest is None:
                raise VideoReadError(
                    "The camera gives no pictures any more; plug it in again and start anew."
                )
            number, time_s, frame_bgr = newest
            yield (
                number,
                time_s,
                cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False),
            )
