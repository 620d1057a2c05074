"""Makes pictures small, and large again before they are due, on a thread of its own."""

import logging
import threading
from collections import deque
from typing import Final

from posecore.capture.live_part import Picture
from posecore.capture.rolling_buffer import RememberedFrame, RollingBuffer

_IDLE_S: Final = 5.0


class PictureCoder:
    """Works for a rolling buffer, so that the live picture waits for no encoder.

    The thread starts with the first picture and ends by itself when nothing comes any more.

    Parameters
    ----------
    buffer : RollingBuffer
    """

    def __init__(self, buffer: RollingBuffer) -> None:
        self._buffer = buffer
        self._changed = threading.Condition()
        self._to_pack: deque[RememberedFrame] = deque()
        self._wanted: list[RememberedFrame] = []
        self._ready: dict[RememberedFrame, Picture] = {}
        self._thread: threading.Thread | None = None

    def pack(self, each: RememberedFrame) -> None:
        """Make a picture small, soon; returns at once."""
        with self._changed:
            self._to_pack.append(each)
            self._wake()

    def prepare(self, wanted: list[RememberedFrame]) -> None:
        """Have these pictures ready, the first of them first; others are let go."""
        with self._changed:
            self._ready = {each: self._ready[each] for each in wanted if each in self._ready}
            self._wanted = [each for each in wanted if each not in self._ready]
            if self._wanted:
                self._wake()

    def read(self, each: RememberedFrame) -> Picture | None:
        """Return a picture to draw on, at once where it is ready; None where there is none."""
        with self._changed:
            ready = self._ready.get(each)
        return each.read_picture() if ready is None else ready.copy()

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._to_pack or self._wanted, _IDLE_S)
                if self._to_pack:
                    each, is_new = self._to_pack.popleft(), True
                elif self._wanted:
                    each, is_new = self._wanted.pop(0), False
                else:
                    self._thread = None
                    return
            try:
                self._work(each, is_new=is_new)
            except Exception:
                # One picture less: no reason to end the thread that makes the others small.
                logging.getLogger(__name__).exception("A picture could not be remembered")

    def _work(self, each: RememberedFrame, *, is_new: bool) -> None:
        if is_new:
            self._buffer.pack(each)
            return
        picture = each.read_picture()
        if picture is not None:
            with self._changed:
                self._ready[each] = picture
