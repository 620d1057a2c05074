"""Frames of a recording on their way to the disk, with their own times and what is counted."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from posecore.sequence import PoseFrame

if TYPE_CHECKING:  # pictures as JPEG need OpenCV, which a stream without pictures does without
    from posecore.capture.rolling_buffer import RememberedFrame

MAX_WAITING: Final = 9_000
"""Frames that may wait for a disk that is full, five minutes at 30 a second and about 20 MB; what
comes then is counted as dropped."""
_MAX_COUNT: Final = 2**31 - 1


class WaitingFrames:
    """What of one recording is not stored yet; whoever owns it lets one thread at a time in.

    Attributes
    ----------
    image_size : tuple of int or None
        (width, height) of the recording's pictures; None before the first.
    first_time_s : float or None
        Time of the first frame in the camera's stream; None before it.
    n_kept : int
        Frames that were taken, stored or not.
    """

    def __init__(self) -> None:
        self.image_size: tuple[int, int] | None = None
        self.first_time_s: float | None = None
        self.n_kept = 0
        self._frames: list[PoseFrame] = []
        self._numbers: list[int] = []
        self._last_time_s = float("-inf")
        self._n_offered = 0
        self._n_dropped = 0

    @property
    def elapsed_s(self) -> float:
        """Seconds from the first frame to the last; 0 before the first."""
        return 0.0 if self.first_time_s is None else self._last_time_s - self.first_time_s

    @property
    def dropped_count(self) -> int:
        """Frames that were lost, as far as it can be stored."""
        return min(self._n_dropped, _MAX_COUNT)

    def add(
        self, frame: PoseFrame, image_size: tuple[int, int], frame_number: int | None = None
    ) -> float | None:
        """Take a frame; returns its time in the recording, None where it counts as dropped."""
        number = self._n_offered if frame_number is None else frame_number
        self._n_offered += 1
        if frame.time_s <= self._last_time_s or len(self._frames) >= MAX_WAITING:
            self._n_dropped += 1
            return None
        self.n_kept += 1
        if self.first_time_s is None:
            self.first_time_s = frame.time_s
        if self.image_size is None:
            self.image_size = image_size
        self._last_time_s = frame.time_s
        time_s = frame.time_s - self.first_time_s
        self._frames.append(replace(frame, time_s=time_s))
        self._numbers.append(number)
        return time_s

    def take_in(self, lead_in: "Sequence[RememberedFrame]") -> None:
        """Begin with frames that were seen before the start; at least one, in order of time."""
        first = lead_in[0]
        self._frames = [replace(each.frame, time_s=each.time_s - first.time_s) for each in lead_in]
        self._numbers = [each.frame_number - first.frame_number for each in lead_in]
        self.first_time_s, self._last_time_s = first.time_s, lead_in[-1].time_s
        self.image_size = first.image_size
        self._n_offered = self._numbers[-1] + 1
        self.n_kept = len(lead_in)
        self._n_dropped = self._n_offered - self.n_kept

    def add_dropped(self, n_frames: int) -> None:
        """Count frames that were lost; those before the first one belong to no recording yet."""
        if self.first_time_s is not None:
            self._n_offered += n_frames
            self._n_dropped += n_frames

    def get_batch(self) -> tuple[list[PoseFrame], list[int]]:
        """Return all frames that wait, and their numbers."""
        return self._frames[:], self._numbers[:]

    def give_up(self) -> None:
        """Count all frames that wait as dropped."""
        self.n_kept -= len(self._frames)
        self._n_dropped += len(self._frames)
        self.forget(len(self._frames))

    def forget(self, n_frames: int) -> None:
        """Let go of the oldest ones, which are stored."""
        del self._frames[:n_frames]
        del self._numbers[:n_frames]
