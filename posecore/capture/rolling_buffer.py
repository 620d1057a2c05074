"""The last minute of the live picture, in memory: bounded in seconds and in bytes."""

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from posecore.capture.jpeg import decode_jpeg, encode_jpeg
from posecore.capture.live_part import KeptDrawing
from posecore.capture.picture_shape import is_other_shape
from posecore.sequence import PoseFrame

MAX_SECONDS: Final = 60.0
MAX_BYTES: Final = 300_000_000
"""Room for a minute of 1280x720 at 30 pictures a second, and of 640x360 three times over."""
POSE_BYTES: Final = 6_000
"""What a frame's landmarks, measured and calmed, and its drawings take beside its picture."""
MAX_RAW: Final = 8
"""Pictures that may wait to be encoded; what comes then is remembered without its picture."""
_NEW_STREAM_S: Final = 1.0
"""A clock that jumps back by more than this is another stream's."""
_FULL_FOR_S: Final = 1.0


@dataclass(eq=False)
class RememberedFrame:
    """One frame of the live picture, and the picture itself where it is kept.

    Attributes
    ----------
    frame, calm : PoseFrame
        As measured, and as it is shown in numbers.
    frame_number : int
        Its number in the stream, in which dropped frames leave holes.
    image_size : tuple of int
        (width, height) in pixels.
    drawings : tuple of KeptDrawing
        What is drawn on its picture besides the skeleton.
    """

    frame: PoseFrame
    calm: PoseFrame
    frame_number: int
    image_size: tuple[int, int]
    _raw: NDArray[np.uint8] | None = None
    _jpeg: bytes | None = None
    is_inside: bool = field(default=True, init=False)
    is_held: bool = field(default=False, init=False)
    drawings: tuple[KeptDrawing, ...] = field(default=(), init=False)

    @property
    def time_s(self) -> float:
        """The frame's own time in the stream."""
        return self.frame.time_s

    @property
    def has_picture(self) -> bool:
        """Whether its picture is remembered, too."""
        return self._raw is not None or self._jpeg is not None

    @property
    def n_bytes(self) -> int:
        """Memory it takes."""
        raw = 0 if self._raw is None else self._raw.nbytes
        return POSE_BYTES + raw + len(self._jpeg or b"")

    def read_picture(self) -> NDArray[np.uint8] | None:
        """Return the picture, (height, width, 3), to draw on; None where it is not kept."""
        raw, encoded = self._raw, self._jpeg
        if encoded is not None:
            return decode_jpeg(encoded)
        return None if raw is None else raw.copy()


class Stretch(NamedTuple):
    """The end of what is remembered, all of it with one shape of the picture.

    Attributes
    ----------
    frames : list of RememberedFrame
    is_cut : bool
        Whether there was more, with another shape of the picture.
    is_all : bool
        Whether nothing before it is remembered.
    """

    frames: list[RememberedFrame]
    is_cut: bool
    is_all: bool

    @property
    def length_s(self) -> float:
        """Seconds from its first frame to its last."""
        return self.frames[-1].time_s - self.frames[0].time_s if self.frames else 0.0


class RollingBuffer:
    """Remembers the newest frames; the oldest go when the seconds or the bytes are used up.

    Safe to use from several threads. A picture is taken in as it is, copied, and made small by
    :meth:`pack`, on whichever thread has the time for it.

    Parameters
    ----------
    max_bytes : int
        Never more than this, pictures that wait to be made small and frames that are held included.

    Attributes
    ----------
    seconds : float
        How far it reaches back, to the frame before that; at most :data:`MAX_SECONDS`.
    keeps_pictures : bool
        Whether pictures are remembered beside the landmarks.
    n_refused : int
        Frames that were not later than the one before them.
    n_forgotten : int
        Frames that had to go.
    n_without_picture : int
        Frames whose picture came while :data:`MAX_RAW` of them waited.
    """

    def __init__(self, *, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self.seconds = MAX_SECONDS
        self.keeps_pictures = False
        self.n_refused = self.n_forgotten = self.n_without_picture = 0
        self._lock = threading.Lock()
        self._frames: list[RememberedFrame] = []
        self._n_bytes = 0
        self._n_raw = 0
        self._full_until_s = float("-inf")
        self._pictures_from_s: float | None = None

    @property
    def n_bytes(self) -> int:
        """Memory it takes now."""
        return self._n_bytes

    @property
    def n_frames(self) -> int:
        """Frames it can look back at."""
        return len(self._frames)

    @property
    def n_waiting(self) -> int:
        """Pictures that wait to be made small."""
        return self._n_raw

    @property
    def is_full(self) -> bool:
        """Whether frames go because of their bytes, sooner than the seconds would have it."""
        with self._lock:
            return bool(self._frames) and self._frames[-1].time_s < self._full_until_s

    @property
    def first_picture_s(self) -> float:
        """Time of the oldest picture; infinite where there is none."""
        with self._lock:
            if self._pictures_from_s is None or not self._frames:
                return float("inf")
            return max(self._pictures_from_s, self._frames[0].time_s)

    def add(
        self,
        frame: PoseFrame,
        calm: PoseFrame,
        frame_number: int,
        frame_rgb: NDArray[np.uint8],
    ) -> RememberedFrame | None:
        """Take in a frame; returns at once.

        Parameters
        ----------
        frame, calm : PoseFrame
        frame_number : int
        frame_rgb : ndarray, shape (height, width, 3), uint8
            Copied, and only where pictures are remembered.

        Returns
        -------
        RememberedFrame or None
            To be packed; None for one that is not later than the frame before. A clock that is set
            back, or leaps ahead, makes everything before it another stream's, which is forgotten.
        """
        with self._lock:
            if self._frames:
                step_s = frame.time_s - self._frames[-1].time_s
                if -_NEW_STREAM_S < step_s <= 0:
                    self.n_refused += 1
                    return None
                if not 0 < step_s <= MAX_SECONDS:
                    self._clear()
            if self._frames:
                frame_number = max(frame_number, self._frames[-1].frame_number + 1)
            height, width = frame_rgb.shape[:2]
            added = RememberedFrame(frame, calm, frame_number, (width, height))
            if not self.keeps_pictures:
                self._pictures_from_s = None
            elif self._n_raw >= MAX_RAW:
                self.n_without_picture += 1
            else:
                added._raw = frame_rgb.copy()
                self._n_raw += 1
                if self._pictures_from_s is None:
                    self._pictures_from_s = frame.time_s
            self._frames.append(added)
            self._n_bytes += added.n_bytes
            self._forget_old()
            return added

    def pack(self, each: RememberedFrame) -> None:
        """Make a picture small; takes some milliseconds."""
        raw = each._raw
        if raw is None:
            return
        encoded = encode_jpeg(raw) if each.is_inside or each.is_held else None
        with self._lock:
            before = each.n_bytes
            each._jpeg, each._raw = encoded, None
            self._n_raw -= 1
            if each.is_inside or each.is_held:
                self._n_bytes += each.n_bytes - before
                self._stay_within_bytes()

    def find(self, time_s: float) -> RememberedFrame | None:
        """Find the newest frame with a picture that is not later than this."""
        with self._lock:
            place = bisect_right(self._frames, time_s, key=_time_of)
            for each in reversed(self._frames[max(0, place - MAX_RAW) : place]):
                if each.has_picture:
                    return each
        return None

    def find_next(self, each: RememberedFrame, n_frames: int) -> list[RememberedFrame]:
        """Return the frames that follow one."""
        with self._lock:
            place = bisect_right(self._frames, each.time_s, key=_time_of)
            return self._frames[place : place + n_frames]

    def get_last(self, seconds: float) -> Stretch:
        """Return the frames of the last seconds, as far as the picture had one shape."""
        with self._lock:
            if not self._frames:
                return Stretch([], is_cut=False, is_all=True)
            newest = self._frames[-1]
            first = bisect_left(self._frames, newest.time_s - seconds, key=_time_of)
            frames = self._frames[first:]
        for place in range(len(frames) - 1, -1, -1):
            if is_other_shape(frames[place].image_size, newest.image_size):
                return Stretch(frames[place + 1 :], is_cut=True, is_all=False)
        return Stretch(frames, is_cut=False, is_all=first == 0)

    def hold(self, frames: Iterable[RememberedFrame]) -> None:
        """Go on counting these frames, which somebody still needs, until they are released."""
        with self._lock:
            for each in frames:
                if not each.is_held:
                    self._n_bytes += 0 if each.is_inside else each.n_bytes
                    each.is_held = True
            self._stay_within_bytes()

    def release(self, frames: Iterable[RememberedFrame]) -> None:
        """Let go of frames that were held."""
        with self._lock:
            for each in frames:
                if each.is_held:
                    each.is_held = False
                    self._n_bytes -= 0 if each.is_inside else each.n_bytes

    def clear(self) -> None:
        """Forget everything that is not held."""
        with self._lock:
            self._clear()

    def _clear(self) -> None:
        self._drop(len(self._frames))
        self._pictures_from_s = None
        self._full_until_s = float("-inf")

    def _forget_old(self) -> None:
        # One of the older ones stays: what was seen just before, where a hole is at the end.
        oldest_s = self._frames[-1].time_s - self.seconds
        self._drop(max(0, bisect_left(self._frames, oldest_s, key=_time_of) - 1))
        self._stay_within_bytes()

    def _stay_within_bytes(self) -> None:
        n_dropped, n_bytes = 0, self._n_bytes
        while n_bytes > self.max_bytes and n_dropped < len(self._frames):
            oldest = self._frames[n_dropped]
            n_bytes -= 0 if oldest.is_held else oldest.n_bytes
            n_dropped += 1
        if n_dropped:
            self._full_until_s = self._frames[-1].time_s + _FULL_FOR_S
            self._drop(n_dropped)

    def _drop(self, n_frames: int) -> None:
        for each in self._frames[:n_frames]:
            each.is_inside = False
            self._n_bytes -= 0 if each.is_held else each.n_bytes
        del self._frames[:n_frames]
        self.n_forgotten += n_frames


def _time_of(each: RememberedFrame) -> float:
    return each.time_s
