"""Hands free: recordings that start and stop by a held gesture, by the clock, or by movement."""

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

import numpy as np

from posecore.capture.canvas import BLACK, WHITE, Canvas
from posecore.capture.gestures import HeldGesture
from posecore.capture.kept_stretch import add_number
from posecore.capture.live_part import LiveMoment, LivePart
from posecore.capture.movement import STILL_FOR_S, AttemptWatch
from posecore.capture.recorder import SessionRecorder
from posecore.capture.rolling_buffer import RememberedFrame, RollingBuffer
from posecore.errors import PoseCoreError
from posecore.sequence import PoseFrame
from posecore.storage.session import Session
from posecore.topology import Landmark

LEAD_IN_S: Final = 1.0
"""How much from before a movement its recording begins with."""
LOST_S: Final = 0.7
"""How long nobody must be seen in a recording until that is told."""
STOPS_AFTER_S: Final = (10, 20, 30, 60)
PAUSES_S: Final = (10, 20, 30, 60)
STILL_CHOICES_S: Final = (2, 3, 5, 10)
_RING_RGB: Final = (0, 158, 115)
_FACE: Final = [Landmark.NOSE, Landmark.LEFT_EAR, Landmark.RIGHT_EAR]

StartsBy = Literal["button", "gesture", "movement"]


@dataclass(frozen=True, kw_only=True)
class HandsFreeChoice:
    """What starts and stops a recording besides the button.

    Attributes
    ----------
    starts_by : {"button", "gesture", "movement"}
    gesture_stops : bool
        Whether the gesture ends a recording, too.
    countdown_s : float
        What passes between the gesture and the recording.
    still_for_s : float
        How long an athlete stands still, or is away, until an attempt is over.
    stop_after_s : float
        Length of every recording; 0 for as long as one likes.
    again_after_s : float
        Pause until the next recording after one that was stopped by its length; 0 for none.
    """

    starts_by: StartsBy = "button"
    gesture_stops: bool = True
    countdown_s: float = 0.0
    still_for_s: float = STILL_FOR_S
    stop_after_s: float = 0.0
    again_after_s: float = 0.0


class RecordingRoom(Protocol):
    """What this part needs of the live room."""

    recorder: SessionRecorder
    fields: dict[str, Any]
    is_going_on: bool

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being recorded, waits to be saved, or is still being finished."""
        ...

    def start_recording(
        self, *, delay_s: float, lead_in: Sequence[RememberedFrame] = (), **fields: Any
    ) -> bool:
        """Start after a countdown, or with what was seen just before; tells whether it began."""
        ...

    def stop_recording(self, *, only: str = "", **changes: Any) -> None:
        """Finish the recording, or only the one with this id."""


class HandsFree(LivePart):
    """Starts and stops recordings so that nobody has to touch anything.

    Times are the frames' own. A recording is finished on a thread of its own: it takes a moment,
    and the picture goes on.

    Parameters
    ----------
    room : RecordingRoom
    buffer : RollingBuffer
        Where the second before a movement is found; filled before this part sees a frame.

    Attributes
    ----------
    has_number : bool
        Whether the running recording's name was given a number, so that the form's is not it.
    """

    name = "hands_free"

    def __init__(self, room: RecordingRoom, buffer: RollingBuffer) -> None:
        self._room = room
        self._buffer = buffer
        self._choice = HandsFreeChoice()
        self._gesture = HeldGesture()
        self._attempt = AttemptWatch()
        self._seen: PoseFrame | None = None
        self._image_size = (1, 1)
        self._stoppers: dict[str, threading.Thread] = {}
        self._is_attempt = False
        self._recorded_until_s = float("-inf")
        self._n_attempts: dict[str, int] = {}
        self._is_by_clock = False
        self._n_by_clock = 1
        self._again_at_s: float | None = None
        self._unseen_since_s: float | None = None
        self._is_lost = False
        self._problem = ""
        self.has_number = False

    @property
    def choice(self) -> HandsFreeChoice:
        """What starts and stops a recording."""
        return self._choice

    @choice.setter
    def choice(self, choice: HandsFreeChoice) -> None:
        if choice.starts_by != self._choice.starts_by:
            self._gesture.reset()
            self._attempt = AttemptWatch()
            self._problem = ""
        if not choice.again_after_s:
            self._again_at_s = None
        self._attempt.still_for_s = choice.still_for_s
        self._choice = choice

    def see(self, moment: LiveMoment) -> None:
        """Start or stop a recording where it is time to."""
        self._seen, self._image_size = moment.frame, moment.image_size
        if moment.is_recording:
            self._recorded_until_s = moment.frame.time_s
        self._watch_for_loss(moment)
        self._watch_clock(moment)
        if self._choice.starts_by == "gesture":
            self._watch_gesture(moment)
        elif self._choice.starts_by == "movement":
            self._watch_movement(moment)

    def _watch_for_loss(self, moment: LiveMoment) -> None:
        if moment.frame.is_detected or not moment.is_recording:
            self._unseen_since_s, self._is_lost = None, False
        elif self._unseen_since_s is None:
            self._unseen_since_s = moment.frame.time_s
        elif moment.frame.time_s - self._unseen_since_s > LOST_S:
            self._is_lost = True

    def _watch_clock(self, moment: LiveMoment) -> None:
        choice, now_s = self._choice, moment.frame.time_s
        if moment.is_recording and 0 < choice.stop_after_s <= moment.recorded_s:
            self._is_by_clock = True
            self._stop(moment)
        again_at_s = self._again_at_s  # once: whoever presses No more is on another thread
        if again_at_s is not None and now_s >= again_at_s and self._room.is_idle:
            self._again_at_s = None
            if self._start(delay_s=0.0, number=self._n_by_clock + 1):
                self._n_by_clock += 1

    def _watch_gesture(self, moment: LiveMoment) -> None:
        if not self._gesture.update(moment.frame):
            return
        if self._room.is_idle:
            self._again_at_s = None
            self._start(delay_s=self._choice.countdown_s)
        elif self._choice.gesture_stops:
            self._stop(moment)

    def _watch_movement(self, moment: LiveMoment) -> None:
        attempt = self._attempt
        change = attempt.update(moment.frame, moment.image_size)
        if moment.is_recording:
            if change == "ended" and self._is_attempt:
                self._stop(moment)
        elif attempt.is_moving and attempt.moving_since_s <= self._recorded_until_s:
            # The recording was stopped in the midst of it: what goes on is no new attempt.
            attempt.rest()
        elif attempt.is_moving and self._room.is_idle:
            # Not before: the recording before it may still be on its way to the disk.
            self._start_attempt()

    def _start_attempt(self) -> None:
        begin_s, newest_s = self._attempt.moving_since_s - LEAD_IN_S, self._attempt.now_s
        seen = self._buffer.get_last(newest_s - begin_s).frames
        lead_in = [each for each in seen if each.time_s > self._recorded_until_s]
        name = self._get_name()
        number = self._n_attempts.get(name, 0) + 1
        if self._start(delay_s=0.0, lead_in=lead_in, number=number):
            self._n_attempts[name] = number
            self._is_attempt = True
            self._recorded_until_s = newest_s
        else:
            self._attempt.rest()  # tried once, not with every frame

    def _get_name(self) -> str:
        return str(self._room.fields.get("name", ""))

    def _start(
        self, *, delay_s: float, lead_in: Sequence[RememberedFrame] = (), number: int | None = None
    ) -> bool:
        fields = dict(self._room.fields)
        if number is not None:
            fields["name"] = add_number(self._get_name(), str(number))
        try:
            is_started = self._room.start_recording(delay_s=delay_s, lead_in=lead_in, **fields)
        except PoseCoreError as error:
            self._problem = str(error)
            return False
        if not is_started:
            return False
        self._problem = ""
        self.has_number = number is not None
        return True

    def _stop(self, moment: LiveMoment) -> None:
        """Finish the recording of a frame, or a countdown; each once, however often it is asked.

        The one before may not be done yet: another camera may still finish its own. And the frame
        may come late, when another recording runs already.
        """
        recorded = moment.recording_id or self._room.recorder.session_id
        alive = {key: each for key, each in self._stoppers.items() if each.is_alive()}
        if recorded not in alive:
            # Not a daemon: the program waits for it when it is closed.
            alive[recorded] = threading.Thread(
                target=self._room.stop_recording,
                kwargs=self._room.fields | {"only": recorded},
                name="hands free stops",
            )
            alive[recorded].start()
        self._stoppers = alive

    def join(self) -> None:
        """Wait until what is being finished is stored."""
        for stopper in self._stoppers.values():
            stopper.join()

    def recording_started(self) -> None:
        """Note a recording, of the button too; what it is besides is noted afterwards."""
        if not self._room.is_going_on:
            # Whoever stops it while it counts down wants none by the clock either.
            self._again_at_s = None
            self.has_number = self._is_attempt = self._is_by_clock = False

    def recording_stopped(self, session: Session) -> None:
        """Count the pause before the next one, where the clock stopped it."""
        if self._room.is_going_on:
            return
        self._is_attempt = False
        seen, self._again_at_s = self._seen, None
        if self._is_by_clock and self._choice.again_after_s and seen is not None:
            self._again_at_s = seen.time_s + self._choice.again_after_s
        else:
            self._n_by_clock = 1
        self._is_by_clock = False

    def camera_ended(self) -> None:
        """Forget the athlete, and the next recording by the clock."""
        self._gesture.reset()
        self._attempt = AttemptWatch()
        self._attempt.still_for_s = self._choice.still_for_s
        self._seen = self._again_at_s = self._unseen_since_s = None
        self._recorded_until_s = float("-inf")
        self._is_attempt = self._is_by_clock = self._is_lost = False

    def obey(self, command: Mapping[str, Any]) -> None:
        """Leave out the next recording by the clock.

        Raises
        ------
        InvalidMessageError
        """
        if command.get("do") != "no_more":
            super().obey(command)
        self._again_at_s = None

    def status(self) -> dict[str, Any]:
        """Describe what it waits for."""
        seen, again_at_s = self._seen, self._again_at_s
        again_in_s = None
        if again_at_s is not None and seen is not None:
            again_in_s = max(0, math.ceil(again_at_s - seen.time_s - 1e-6))
        return {
            "starts_by": self._choice.starts_by,
            "gesture_stops": self._choice.gesture_stops,
            "progress": round(self._gesture.progress, 2),
            "is_armed": self._gesture.is_armed,
            "is_attempt": self._is_attempt,
            "stop_after_s": self._choice.stop_after_s,
            "again_in_s": again_in_s,
            "is_lost": self._is_lost,
            "problem": self._problem,
        }

    def draw_above(self, canvas: Canvas) -> None:
        """Draw the ring that fills while the gesture is held, around the athlete's head."""
        if self._seen is not None:
            self.draw_on(canvas, self._seen)

    def draw_on(self, canvas: Canvas, frame: PoseFrame) -> None:
        """Draw the same on a picture of another moment, around the head that is seen there."""
        seen, progress = self._seen, self._gesture.progress
        if progress > 0 and seen is not None and self._choice.starts_by == "gesture":
            draw_ring(canvas, frame if frame.is_detected else seen, progress)


def draw_ring(canvas: Canvas, frame: PoseFrame, progress: float) -> None:
    """Draw how much of :data:`posecore.capture.gestures.HOLD_S` is held: from the top, clockwise.

    Parameters
    ----------
    canvas : Canvas
    frame : PoseFrame
    progress : float, 0 to 1
    """
    size = np.array([canvas.width, canvas.height])
    face = frame.image_landmarks[_FACE, :2].astype(np.float64)
    trunk = frame.image_landmarks[[Landmark.LEFT_SHOULDER, Landmark.LEFT_HIP], :2] * size
    radius_px = float(np.clip(np.linalg.norm(np.diff(trunk, axis=0)), 0.1 * size[1], size[1]) / 2)
    if not np.isfinite(face).all():
        return
    for share, colour, extra in ((1.0, BLACK, 4), (1.0, WHITE, 2), (progress, _RING_RGB, 4)):
        turns = np.linspace(0.0, share, 2 + int(60 * share)) * 2 * np.pi
        # In a mirror it is turned, too, so that it always fills clockwise.
        side = -1 if canvas.mirror else 1
        rim = np.stack([side * np.sin(turns), -np.cos(turns)], axis=1) * radius_px / size
        points = canvas.to_points(face.mean(axis=0) + rim)
        canvas.draw_lines([points], colour, canvas.thickness + extra)
