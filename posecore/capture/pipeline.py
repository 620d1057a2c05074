"""The live path: a bounded queue before the estimator that drops the oldest frame and counts it."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import numpy as np

from posecore.capture.hints import SteadyHint, find_hint
from posecore.capture.live_part import LiveMoment, LivePart, Picture, explain_failure
from posecore.capture.one_athlete import OneAthlete
from posecore.capture.overlay import draw_overlay
from posecore.capture.picture_shape import is_other_shape
from posecore.capture.recorder import RecorderState, SessionRecorder
from posecore.capture.stream_clock import CLOCK_JUMPED, StreamClock
from posecore.cleaning.one_euro import OneEuroFilter
from posecore.errors import PoseCoreError
from posecore.estimation import PoseEstimator
from posecore.sequence import PoseFrame

CAPACITY: Final = 4
"""Frames that may wait: an eighth of a second of jitter costs none, and the delay stays short."""
SILENT_S: Final = 3.0
"""So long no frame may come before it is said."""
NO_PICTURES: Final = (
    "No pictures come from the camera: look at its cable, and whether its page sleeps or another "
    "program uses it. What was recorded is safe, and goes on when pictures come again."
)
SILENCE_FAILED: Final = (
    "No pictures come from the camera, and the recording could not be ended by itself: press Stop "
    "recording, or go on when pictures come again."
)
_RATE_WINDOW_S: Final = 2.0
_LOOK_S: Final = 0.5
_SAY_FOR_S: Final = 8.0

FrameReader = Callable[[], Picture]
PosePublisher = Callable[[PoseFrame, int, tuple[int, int]], None]
"""Gets each analysed pose, its number in the stream and the picture's (width, height)."""


@dataclass(frozen=True)
class _Waiting:
    time_s: float
    read_frame_rgb: FrameReader
    arrived_s: float
    picture: "Future[Picture | None]" = field(default_factory=Future)


class LivePipeline:
    """Analyses a camera's frames on a thread of its own and draws the athlete's picture.

    The thread, and with it the estimator, starts with the first frame and ends with :meth:`close`;
    the next frame starts it anew.

    Parameters
    ----------
    open_estimator : callable
        Called on the pipeline's thread; may take a second.
    recorder : SessionRecorder
        Gets every analysed frame and the count of every dropped one.
    publish : callable, optional
        Gets every pose as well, recorded or not; must return at once.
    parts : iterable of LivePart
        What follows the picture besides, in the order in which it is drawn.
    on_silence : callable, optional
        Called on the pipeline's thread twice a second while no frames come, with the seconds since
        the last.
    on_other_shape : callable, optional
        Called on the pipeline's thread when a picture has another shape than the recording's, as
        when a phone is turned; that frame belongs to whatever is recorded afterwards.
    clock : callable
        Rising seconds, for rates and for when a frame came in.
    """

    def __init__(
        self,
        open_estimator: Callable[[], PoseEstimator],
        recorder: SessionRecorder,
        *,
        publish: PosePublisher | None = None,
        parts: Iterable[LivePart] = (),
        on_silence: Callable[[float], None] | None = None,
        on_other_shape: Callable[[], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_estimator = open_estimator
        self._recorder = recorder
        self._publish = publish
        self._parts = tuple(parts)
        self._failed: set[str] = set()
        self._on_silence = on_silence
        self._on_other_shape = on_other_shape
        self._clock = clock
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._is_shut = False
        self._analysed = _Window()
        self._dropped = _Window()
        self._steady_hint = SteadyHint()
        self._smooth = OneEuroFilter()
        self._stream_clock = StreamClock()
        self._one_athlete: OneAthlete | None = None
        self._guarded = ""
        self._last_arrived_s = clock()
        self.mirror = False
        self.n_dropped = 0
        self.n_analysed = 0
        self.latest: PoseFrame | None = None
        self.image_size: tuple[int, int] | None = None
        self.hint = ""
        self.problem = ""

    def submit(self, time_s: float, read_frame_rgb: FrameReader) -> "Future[Picture | None]":
        """Offer one frame; never blocks.

        Parameters
        ----------
        time_s : float
            The frame's own time in the stream, seconds.
        read_frame_rgb : callable
            Gives the picture, (height, width, 3) uint8; called only if the frame is analysed.

        Returns
        -------
        Future of ndarray or None
            The athlete's picture; None if the frame was dropped or could not be analysed.
        """
        dropped: list[_Waiting] = []
        with self._changed:
            arrived_s = self._last_arrived_s = self._clock()
            placed_s = self._stream_clock.place(time_s, arrived_s)
            item = _Waiting(placed_s, read_frame_rgb, arrived_s)
            if self._is_shut:
                item.picture.set_result(None)
                return item.picture
            self._waiting.append(item)
            while len(self._waiting) > CAPACITY:
                dropped.append(self._waiting.popleft())
            if self._thread is None:
                self._stop = threading.Event()  # its own: an old thread never runs on with a new
                self._thread = threading.Thread(
                    target=self._run, args=(self._stop,), name="pipeline", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()
        for lost in dropped:
            self._count_dropped(lost)
        return item.picture

    def _count_dropped(self, item: _Waiting) -> None:
        self.n_dropped += 1
        self._dropped.add(self._clock())
        self._recorder.add_dropped()
        item.picture.set_result(None)

    def close(self, *, for_good: bool = False) -> None:
        """End the thread and the estimator; frames still waiting are counted as dropped.

        Parameters
        ----------
        for_good : bool
            Whether frames that still come are refused instead of starting a new thread.
        """
        with self._changed:
            self._is_shut |= for_good
            thread, self._thread = self._thread, None
            self._stop.set()
            self._changed.notify_all()
        if thread is not None:
            thread.join()
        self._stream_clock = StreamClock()
        self.latest, self.image_size, self.hint = None, None, ""

    @property
    def is_open(self) -> bool:
        """Whether frames are coming in."""
        return self._thread is not None

    @property
    def trouble(self) -> str:
        """What is wrong with the camera's stream, in one sentence; empty when all is well."""
        now_s = self._clock()
        if self.is_open and now_s - self._last_arrived_s >= SILENT_S:
            return NO_PICTURES
        return CLOCK_JUMPED if now_s - self._stream_clock.jumped_at_s < _SAY_FOR_S else ""

    @property
    def fps(self) -> float:
        """Frames analysed per second over the last two seconds."""
        return self._analysed.rate_hz(self._clock())

    @property
    def skipped_share(self) -> float:
        """Share of the frames of the last two seconds that were dropped."""
        now_s = self._clock()
        n_dropped = self._dropped.count(now_s)
        return n_dropped / max(1, n_dropped + self._analysed.count(now_s))

    def _run(self, stop: threading.Event) -> None:
        try:
            estimator = self._open_estimator()
        except Exception as error:
            self.problem = _explain(error)
            while (item := self._next(stop)) is not None:
                item.picture.set_result(None)
            self._let_all_go(stop)
            return
        self.problem = ""
        # What waited while the model was loading is stale, and was never late: not a drop.
        with self._changed:
            stale = list(self._waiting)
            self._waiting.clear()
        for old in stale:
            old.picture.set_result(None)
        try:
            while (item := self._next(stop)) is not None:
                picture = None
                try:
                    picture = self._analyse(estimator, item)
                except Exception as error:  # costs this frame, not the camera
                    self.problem = _explain(error)
                item.picture.set_result(picture)
        finally:
            estimator.close()
            self._let_all_go(stop)

    def _next(self, stop: threading.Event) -> _Waiting | None:
        while True:
            with self._changed:
                is_there = self._changed.wait_for(lambda: self._waiting or stop.is_set(), _LOOK_S)
                if stop.is_set():
                    return None
                if is_there:
                    return self._waiting.popleft()
            self._tell_silence()

    def _tell_silence(self) -> None:
        """Say that no frames come; what fails in that does not cost the camera."""
        if self._on_silence is None:
            return
        try:
            self._on_silence(self._clock() - self._last_arrived_s)
        except Exception as error:
            if self.problem != SILENCE_FAILED:  # once, not twice a second
                logging.getLogger(__name__).error("The silence was not heard", exc_info=error)
            self.problem = SILENCE_FAILED

    def _let_all_go(self, stop: threading.Event) -> None:
        with self._changed:
            if stop is not self._stop:
                return  # what waits belongs to the thread that came after
            left = list(self._waiting)
            self._waiting.clear()
        for item in left:
            self._count_dropped(item)

    def _analyse(self, estimator: PoseEstimator, item: _Waiting) -> Picture | None:
        try:
            frame_rgb = item.read_frame_rgb()
            frame = estimator.estimate(frame_rgb, item.time_s)
            self.problem = ""
        except Exception as error:
            self.problem = _explain(error)
            self._recorder.add_dropped()
            self.n_dropped += 1
            return None
        height, width = frame_rgb.shape[:2]
        recorded = self._recorder.image_size
        if self._on_other_shape and recorded and is_other_shape(recorded, (width, height)):
            self._on_other_shape()
        frame = self._keep_to_one(frame, (width, height))
        # Asked later, it might have been started or stopped meanwhile: what the parts count is what
        # is stored.
        recording_id = self._recorder.add_frame(frame, (width, height), frame_rgb)
        if self._publish is not None:
            self._publish(frame, self.n_analysed + self.n_dropped, (width, height))
        now_s = self._clock()
        self._analysed.add(now_s)
        self.n_analysed += 1
        self.latest, self.image_size = self._calm(frame), (width, height)
        found = find_hint(
            frame, frame_rgb, skipped_share=self.skipped_share, is_recording=bool(recording_id)
        )
        found = (self._one_athlete.sentence if self._one_athlete else "") or found
        self.hint = self._steady_hint.update(found, now_s)
        moment = LiveMoment(
            frame=frame,
            calm=self.latest,
            frame_number=self.n_analysed + self.n_dropped - 1,
            image_size=(width, height),
            frame_rgb=frame_rgb,
            arrived_s=item.arrived_s,
            recording_id=recording_id,
            recorded_s=self._recorder.elapsed_s if recording_id else 0.0,
        )
        return self._show(moment)

    def _keep_to_one(self, frame: PoseFrame, image_size: tuple[int, int]) -> PoseFrame:
        """Let one person's frames into a recording: whose is in view when it begins."""
        if self._recorder.state is not RecorderState.RECORDING:
            self._one_athlete = None
            return frame
        if self._one_athlete is None or self._guarded != self._recorder.session_id:
            self._one_athlete, self._guarded = OneAthlete(), self._recorder.session_id
        return self._one_athlete(frame, image_size)

    def _show(self, moment: LiveMoment) -> Picture:
        """Let the parts see a frame, and draw the athlete's picture with what they add."""
        for part in self._parts:
            self._ask(part, part.see, moment)
        picture = draw_overlay(
            moment.frame_rgb,
            moment.frame,
            mirror=self.mirror,
            recording=moment.is_recording,
            countdown_s=self._recorder.countdown_s,
            below=[partial(self._ask, part, part.draw_below) for part in self._parts],
            above=[partial(self._ask, part, part.draw_above) for part in self._parts],
        )
        for part in self._parts:
            replaced = self._ask(part, part.replace, picture)
            picture = picture if replaced is None else replaced
        return picture

    def _ask(self, part: LivePart, method: Callable[..., Any], *given: Any) -> Any:
        """Let a part do something; what fails in one costs neither the picture nor the others."""
        try:
            return method(*given)
        except Exception as error:
            self.problem = explain_failure(part, error, self._failed)
            return None

    def _calm(self, frame: PoseFrame) -> PoseFrame:
        """Smooth what is shown as numbers, from the past alone; what is recorded stays as it is."""
        if self.latest is None or frame.time_s <= self.latest.time_s:
            self._smooth = OneEuroFilter()
        world = self._smooth(frame.time_s, frame.world_landmarks)
        return replace(frame, world_landmarks=world.astype(np.float32))


def _explain(error: Exception) -> str:
    """Sentence for the person; what nobody foresaw goes to the log and does not end the stream."""
    if isinstance(error, PoseCoreError):
        return str(error)
    logging.getLogger(__name__).error("A picture could not be analysed", exc_info=error)
    return "A picture could not be analysed; if this stays, stop the camera and start it again."


class _Window:
    """Counts what happened in the last two seconds; asked from several threads."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self._lock = threading.Lock()

    def add(self, now_s: float) -> None:
        with self._lock:
            self._times.append(now_s)
            self._forget(now_s)

    def count(self, now_s: float) -> int:
        with self._lock:
            self._forget(now_s)
            return len(self._times)

    def rate_hz(self, now_s: float) -> float:
        with self._lock:
            self._forget(now_s)
            if len(self._times) < 2:
                return 0.0
            return (len(self._times) - 1) / (self._times[-1] - self._times[0])

    def _forget(self, now_s: float) -> None:
        while self._times and self._times[0] < now_s - _RATE_WINDOW_S:
            self._times.popleft()
