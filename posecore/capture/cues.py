"""Cues on the athlete's screen: words, an arrow at a joint, a moment that is marked and kept."""

import textwrap
import threading
import time
import unicodedata
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from posecore.capture.canvas import BLACK, Canvas
from posecore.capture.cue import JOINTS, Cue, read_cue
from posecore.capture.cue_notes import CueNotes, Tell
from posecore.capture.live_part import LiveMoment, LivePart
from posecore.errors import TooManyRequestsError
from posecore.sequence import PoseFrame
from posecore.storage.session import Session
from posecore.storage.session_store import SessionStore
from posecore.topology import Landmark

SHOWN_S: Final = 5.0
MAX_DRAWN: Final = 3
"""More at once nobody can read; the oldest makes room."""
LATEST_S: Final = 10.0
"""How long before its arrival the moment may lie that a cue is about."""

MAX_AT_ONCE: Final = 6
"""Within two seconds, of all who send."""

_WINDOW_S: Final = 2.0
_N_LISTED: Final = 4
_MAX_BY: Final = 60
_ARROW_RGB: Final = (230, 159, 0)
_LENGTH: Final = 0.24
"""Of an arrow, to the picture's shorter side."""
_GAP: Final = 0.035
"""Between its point and the joint."""
_HEAD: Final = 0.07


@dataclass(frozen=True, kw_only=True)
class ShownCue:
    """A cue that came.

    Attributes
    ----------
    number : int
        Counts from 1.
    cue : Cue
    by : str
        Who sent it, for people; empty for whoever stands at this screen.
    until_s : float
        Until when it is drawn.
    """

    number: int
    cue: Cue
    by: str
    until_s: float


class CuesPart(LivePart):
    """Shows cues to the athlete, and keeps them as notes while a recording runs.

    Parameters
    ----------
    store : SessionStore
        Of whose room it is.
    clock : callable
        Rising seconds.
    """

    name = "cues"

    def __init__(self, store: SessionStore, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._owner = store.owner
        self._notes = CueNotes(store)
        self._clock = clock
        self._lock = threading.Lock()
        self._shown: deque[ShownCue] = deque(maxlen=_N_LISTED)
        self._n_shown = 0
        self._times: deque[float] = deque()
        # Seconds into the recording that runs, and its id.
        self._recorded: tuple[float, str] | None = None
        self._stopped_id = ""
        self._frame: PoseFrame | None = None
        self._problem = ""

    def send(
        self, message: Mapping[str, Any], *, author: str, by: str, tell: Tell = lambda *_: None
    ) -> bool:
        """Show a cue, and keep it where a recording runs.

        Parameters
        ----------
        message : mapping
            As it came; see :func:`posecore.capture.cue.read_cue`. Its ``at_s`` may say to which
            moment of the recording it belongs.
        author : str
            Who is to stand beside the note.
        by : str
            What to call them.
        tell : callable
            Called with nothing when the note is kept, or with one sentence when it cannot be; from
            another thread, or at once.

        Returns
        -------
        bool
            Whether a recording runs, of which it becomes a note, or ``tell`` hears why not.

        Raises
        ------
        InvalidMessageError, TooManyRequestsError
        """
        cue = read_cue(message)
        with self._lock:
            now_s = self._clock()
            self._refuse_too_many(now_s)
            self._n_shown += 1
            until_s = now_s + SHOWN_S
            self._shown.append(
                ShownCue(number=self._n_shown, cue=cue, by=by[:_MAX_BY], until_s=until_s)
            )
            recorded = self._recorded
        if recorded is None:
            return False
        recorded_s, session_id = recorded
        self._notes.keep(
            session_id,
            author=author,
            tell=tell,
            start_s=_find_moment(message.get("at_s"), recorded_s),
            text=cue.label,
            tag="mark" if cue.kind == "mark" else "cue",
        )
        return True

    def _refuse_too_many(self, now_s: float) -> None:
        """Of all who send: nobody can follow more, and each may become a note."""
        while self._times and self._times[0] <= now_s - _WINDOW_S:
            self._times.popleft()
        if len(self._times) >= MAX_AT_ONCE:
            raise TooManyRequestsError(
                "More cues come than the athlete can follow; wait a second and send it again."
            )
        self._times.append(now_s)

    def obey(self, command: Mapping[str, Any]) -> None:
        """Take a cue from whoever stands at this screen: ``{"do": "send", "kind", ...}``."""
        if command.get("do") != "send":
            super().obey(command)
        self._problem = ""
        self.send(command, author=self._owner, by="", tell=self._tell_here)

    def _tell_here(self, problem: str = "") -> None:
        self._problem = problem

    def see(self, moment: LiveMoment) -> None:
        """Remember where the joints are, and where the recording stands."""
        self._frame = moment.frame
        # The last frame of a recording may come when it was stopped already.
        is_recorded = moment.recording_id not in ("", self._stopped_id)
        self._recorded = (moment.recorded_s, moment.recording_id) if is_recorded else None

    def _list_drawn(self) -> list[ShownCue]:
        now_s = self._clock()
        with self._lock:
            return [each for each in self._shown if each.until_s > now_s][-MAX_DRAWN:]

    def draw_above(self, canvas: Canvas) -> None:
        """Draw what came within the last seconds: arrows at their joints, words at the foot."""
        self.draw_on(canvas, self._frame)

    def draw_on(self, canvas: Canvas, frame: PoseFrame | None) -> None:
        """Draw the same on a picture of another moment, with the arrows at its joints."""
        drawn = self._list_drawn()
        for shown in drawn:
            if shown.cue.joint and frame is not None:
                _draw_arrow(canvas, frame, JOINTS[shown.cue.joint])
        size = min(canvas.height, canvas.width) // 13
        lines = [line for shown in drawn for line in _wrap(shown.cue.label, canvas.width, size)]
        y = int(0.95 * canvas.height) - int(1.3 * size) * (len(lines) - 1)
        for line in lines:
            canvas.write(line, (canvas.width // 2, y), size=size, centred=True)
            y += int(1.3 * size)

    def status(self) -> dict[str, Any]:
        """What came last, newest first."""
        now_s = self._clock()
        with self._lock:
            listed = list(reversed(self._shown))
        return {
            "problem": self._problem,
            "shown": [
                {
                    "number": each.number,
                    "kind": each.cue.kind,
                    "label": each.cue.label,
                    "by": each.by,
                    "is_drawn": each.until_s > now_s,
                }
                for each in listed
            ],
        }

    def camera_ended(self) -> None:
        """Forget where the joints were."""
        self._frame = self._recorded = None
        self._notes.finish()

    def recording_started(self) -> None:
        """Give up what waits for a recording that never was stored."""
        self._problem = ""
        self._notes.finish()

    def recording_stopped(self, session: Session) -> None:
        """Write the notes that waited for the session."""
        self._stopped_id, self._recorded = session.id, None
        self._notes.finish()


def _find_moment(at_s: Any, recorded_s: float) -> float:
    """Seconds into the recording that a cue is about; now, where that cannot be."""
    is_number = isinstance(at_s, int | float) and not isinstance(at_s, bool)
    is_possible = is_number and recorded_s - LATEST_S <= at_s <= recorded_s
    return max(0.0, float(at_s)) if is_possible else recorded_s


def _wrap(text: str, width: int, size: int) -> list[str]:
    """Break a text into lines that fit, by how wide letters usually are."""
    is_wide = any(unicodedata.east_asian_width(each) in "WF" for each in text)
    n_letters = int(0.94 * width / (size * (1.0 if is_wide else 0.6)))
    return textwrap.wrap(text, max(4, n_letters))


def _draw_arrow(canvas: Canvas, frame: PoseFrame, joint: Landmark) -> None:
    """Draw an arrow that comes from outside the body and ends just before a joint."""
    places = frame.image_landmarks[:, :2].astype(np.float64)
    if not np.isfinite(places[joint]).all():
        return
    scale = np.array([canvas.width, canvas.height], dtype=np.float64)
    end = places[joint] * scale
    length = _LENGTH * float(min(scale))
    # From the outer side and from above: below are the words.
    outer = -1.0 if places[joint, 0] < np.nanmean(places[:, 0]) else 1.0
    if not 0 < end[0] + outer * length < scale[0]:
        outer = -outer
    way = np.array([outer, -0.5 if end[1] > length else 0.5]) / np.hypot(1.0, 0.5)
    short = float(min(scale))
    tip, tail = end + way * _GAP * short, end + way * _LENGTH * short
    across = np.array([-way[1], way[0]])
    barbs = [tip + (way + side * across) * _HEAD * short * 0.7 for side in (-1, 1)]
    lines = [
        canvas.to_points(np.stack(points) / scale)
        for points in ([tail, tip], [barbs[0], tip, barbs[1]])
    ]
    thickness = 2 * canvas.thickness
    canvas.draw_lines(lines, BLACK, thickness + 4)
    canvas.draw_lines(lines, _ARROW_RGB, thickness)
