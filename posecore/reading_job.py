"""Making readings in the background, so that searching goes on meanwhile."""

import logging
import threading
import time
from typing import TYPE_CHECKING, Final

from posecore.errors import PoseCoreError
from posecore.search import fill_readings

if TYPE_CHECKING:
    from posecore.storage.session_store import SessionStore


_LEAST_LEFT_S: Final = 1.0
"""What is left is never nothing while there is something left."""


class ReadingJob:
    """Makes all readings that are missing, in a thread of its own; begun when it is made.

    Attributes
    ----------
    n_done, n_frames : int
        Frames done so far, and to do in all.
    error : str
        One sentence why it stopped before the end; empty otherwise.
    """

    def __init__(self, store: "SessionStore") -> None:
        self.n_done = 0
        self.n_frames = 0
        self.error = ""
        self._store = store
        self._begun_s = self._done_s = time.monotonic()
        self._stops = threading.Event()
        self._thread = threading.Thread(target=self._run, name="posecore-readings", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it is still at it."""
        return self._thread.is_alive()

    @property
    def remaining_s(self) -> float | None:
        """Seconds it will still take at its pace so far; None before the first session is done.

        The pace is that of the sessions that are done, so that it counts down while one is read.
        """
        if not self.n_done:
            return None
        n_left = self.n_frames - self.n_done
        pace_s = (self._done_s - self._begun_s) / self.n_done
        left_s = pace_s * n_left - (time.monotonic() - self._done_s)
        return max(left_s, _LEAST_LEFT_S) if n_left else 0.0

    def wait(self) -> None:
        """Wait until it is done."""
        self._thread.join()

    def close(self) -> None:
        """Stop after the session that is being read; what is done is kept."""
        self._stops.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            for n_done, n_frames in fill_readings(self._store):
                self._done_s = time.monotonic()
                self.n_done, self.n_frames = n_done, n_frames
                if self._stops.is_set():
                    return
        except PoseCoreError as error:
            self.error = str(error)
        except Exception:
            logging.getLogger("posecore").exception("The readings could not be made")
            self.error = (
                "Not all sessions could be read, for a reason that nobody foresaw; the terminal "
                "that runs posecore says what went wrong."
            )
