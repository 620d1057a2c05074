"""The athlete's picture for those who watch: small JPEGs, made on a thread of their own."""

import threading
import time
from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 10.0
SHORT_SIDE_PX: Final = 360
QUALITY: Final = 65
IDLE_S: Final = 2.0
"""The thread ends when no picture came for so long."""


class PictureSender:
    """Makes each picture once, whoever gets it; only the newest waits.

    Parameters
    ----------
    publish : callable
        Gets each JPEG, on the sender's own thread.
    clock : callable
        Rising seconds.
    """

    def __init__(
        self, publish: Callable[[bytes], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._publish = publish
        self._clock = clock
        self._next_s = float("-inf")
        self._waiting: NDArray[np.uint8] | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def offer(self, frame_rgb: NDArray[np.uint8]) -> None:
        """Take a picture if one is due; returns within a fraction of a millisecond."""
        now_s = self._clock()
        if now_s < self._next_s:
            return
        # As the camera's own beat does not divide into this one, late ones are not made up for.
        self._next_s = max(self._next_s + 1 / RATE_HZ, now_s + 0.5 / RATE_HZ)
        step = max(1, min(frame_rgb.shape[:2]) // SHORT_SIDE_PX)
        copy = np.ascontiguousarray(frame_rgb[::step, ::step])
        if copy is frame_rgb or copy.base is frame_rgb:
            copy = frame_rgb.copy()
        with self._changed:
            self._waiting = copy
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """End the thread; the next picture starts it anew."""
        with self._changed:
            thread, self._thread = self._thread, None
            self._waiting = None
            self._changed.notify_all()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        me = threading.current_thread()
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._waiting is not None or self._thread is not me, IDLE_S
                )
                if self._thread is not me:
                    return  # what waits is for the thread that came after
                picture, self._waiting = self._waiting, None
                if picture is None:
                    self._thread = None
                    return
            self._publish(encode_picture(picture))


def encode_picture(frame_rgb: NDArray[np.uint8]) -> bytes:
    """Make a JPEG of a picture, its shorter side at most :data:`SHORT_SIDE_PX`."""
    height, width = frame_rgb.shape[:2]
    scale = SHORT_SIDE_PX / min(height, width)
    if scale < 1:
        size = (round(width * scale), round(height * scale))
        frame_rgb = np.asarray(
            cv2.resize(frame_rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8
        )
    bgr = cv2.cvtColor(frame_rgb, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return jpeg.tobytes()
