"""The delayed mirror: the picture with skeleton and angles from some seconds ago."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, Final, Protocol

from posecore.capture.canvas import Canvas
from posecore.capture.kept_stretch import StretchKeeper
from posecore.capture.live_part import LiveMoment, LivePart, Picture
from posecore.capture.overlay import draw_overlay
from posecore.capture.picture_coder import PictureCoder
from posecore.capture.rolling_buffer import MAX_SECONDS, RememberedFrame, RollingBuffer
from posecore.errors import InvalidOptionError
from posecore.sequence import PoseFrame

MIN_DELAY_S: Final = 2
MAX_DELAY_S: Final = 60
LEAD_IN_S: Final = 3.0
"""How much is always remembered, for recordings that begin before their start."""
_N_READY: Final = 3
_ROUNDING_S: Final = 1e-3


class Recorder(Protocol):
    """What the mirror needs to know of the recorder."""

    @property
    def countdown_s(self) -> float:
        """Seconds until the recording starts."""
        ...


class MirrorDelay(LivePart):
    """Shows what was seen some seconds ago, and keeps what was just seen as a session.

    Parameters
    ----------
    buffer : RollingBuffer
        Filled here, from every frame.
    keeper : StretchKeeper
    recorder : Recorder
    get_fields : callable
        What the form says about a session that is kept now.

    Attributes
    ----------
    delay_s : int
        How long ago; 0 for the present.
    keep_s : int
        How much of what was just seen is kept when that is asked for.
    keep_video : bool
        Whether pictures are remembered for the session that is kept, and for lead-ins.
    late_picture : ndarray or None
        What was shown last, while that is late: to be shown again where a frame was left out.
    on_top : iterable of callable
        What belongs to the present and is drawn on the delayed picture all the same; called with
        the canvas and the frame that is shown.
    drawn_along : iterable of LivePart
        Whose drawings of a frame are shown with it again. They see it before this part does.
    """

    name = "mirror_delay"

    def __init__(
        self,
        buffer: RollingBuffer,
        keeper: StretchKeeper,
        recorder: Recorder,
        get_fields: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._buffer = buffer
        self._keeper = keeper
        self._recorder = recorder
        self._get_fields = get_fields
        self._coder = PictureCoder(buffer)
        self._moment: LiveMoment | None = None
        self._is_mirror = False
        self.late_picture: Picture | None = None
        self.delay_s = 0
        self.keep_s = 10
        self.keep_video = False
        self.on_top: Iterable[Callable[[Canvas, PoseFrame], None]] = ()
        self.drawn_along: Iterable[LivePart] = ()

    def choose_delay(self, delay_s: int) -> None:
        """Set the delay, in whole seconds; 0 shows the present.

        Raises
        ------
        InvalidOptionError
        """
        if delay_s != 0 and not MIN_DELAY_S <= delay_s <= MAX_DELAY_S:
            raise InvalidOptionError(
                f"A mirror can be {MIN_DELAY_S} to {MAX_DELAY_S} s late, not {delay_s} s."
            )
        self.delay_s = delay_s

    def see(self, moment: LiveMoment) -> None:
        """Remember the frame."""
        buffer, delay_s = self._buffer, self.delay_s
        buffer.seconds = min(MAX_SECONDS, max(delay_s, self.keep_s, LEAD_IN_S))
        buffer.keeps_pictures = bool(delay_s) or self.keep_video
        added = buffer.add(moment.frame, moment.calm, moment.frame_number, moment.frame_rgb)
        if added is not None and added.has_picture:
            kept = [part.keep_drawing() for part in self.drawn_along]
            added.drawings = tuple(drawing for drawing in kept if drawing is not None)
            self._coder.pack(added)
        self._moment = moment

    def draw_above(self, canvas: Canvas) -> None:
        """Note whether the picture is a mirror; what is drawn comes later."""
        self._is_mirror = canvas.mirror

    def replace(self, picture: Picture) -> Picture:
        """Return the picture of some seconds ago, or the present one while that fills."""
        moment, delay_s = self._moment, self.delay_s
        late = self._draw_late(moment, delay_s) if moment is not None and delay_s else None
        # In one step each: other threads look at them.
        self.late_picture, self.shown = (None, None) if late is None else late
        if late is not None:
            return late[0]
        if moment is not None and delay_s:
            filled_s = int(self._filled_s(moment.frame.time_s))
            _write(Canvas(picture), f"filling {filled_s} of {delay_s} s")
        return picture

    def _draw_late(self, moment: LiveMoment, delay_s: int) -> tuple[Picture, PoseFrame] | None:
        """Draw what was seen then; None where nothing is remembered from then."""
        now_s = moment.frame.time_s
        each = self._find(now_s, delay_s)
        seen = None if each is None else self._coder.read(each)
        if each is None or seen is None:
            return None
        self._coder.prepare([each, *self._buffer.find_next(each, _N_READY)])
        label = f"{self._age_s(each, now_s, delay_s)} s ago"
        picture = draw_overlay(
            seen,
            each.frame,
            mirror=self._is_mirror,
            recording=moment.is_recording,
            countdown_s=self._recorder.countdown_s,
            below=[drawing.below for drawing in each.drawings],
            above=[
                *(drawing.above for drawing in each.drawings),
                *(partial(_draw_present, draw, each.frame) for draw in self.on_top),
                lambda canvas: _write(canvas, label),
            ],
        )
        return picture, each.calm

    def _find(self, now_s: float, delay_s: int) -> RememberedFrame | None:
        """Find what is to be shown: the oldest there is, where memory does not reach back."""
        each = self._buffer.find(now_s - delay_s + _ROUNDING_S)
        if each is None and self._buffer.is_full:
            each = self._buffer.find(self._buffer.first_picture_s)
        return each

    def _age_s(self, each: RememberedFrame, now_s: float, delay_s: int) -> int:
        """How long ago what is shown was: the delay, also through a hole in the stream."""
        return min(delay_s, round(now_s - each.time_s))

    def _filled_s(self, now_s: float) -> float:
        return max(0.0, now_s - self._buffer.first_picture_s)

    def status(self) -> dict[str, Any]:
        """Describe the mirror and what is kept."""
        moment, delay_s = self._moment, self.delay_s
        now_s = None if moment is None else moment.frame.time_s
        filled_s = 0.0 if now_s is None else self._filled_s(now_s)
        is_short = bool(delay_s) and self._buffer.is_full and filled_s < delay_s
        limit = (
            f"Only {int(filled_s)} s of pictures this large fit into the "
            f"{self._buffer.max_bytes / 1e6:.0f} MB for them: choose a shorter delay, or a smaller "
            "camera picture in Settings."
        )
        return {
            "delay_s": delay_s,
            "filled_s": min(delay_s, int(filled_s)),
            "is_late": self.shown is not None,
            "keep_s": self.keep_s,
            "has_frames": self._buffer.n_frames > 0,
            "problem": limit if is_short else "",
            "kept": asdict(self._keeper.status),
        }

    def obey(self, command: Mapping[str, Any]) -> None:
        """Keep that one, try that again, or give it up.

        Raises
        ------
        InvalidMessageError
        """
        match command.get("do"):
            case "keep":
                self._keeper.keep(self.keep_s, self._get_fields(), keep_video=self.keep_video)
            case "try_again":
                self._keeper.try_again()
            case "give_up":
                self._keeper.give_up()
            case _:
                super().obey(command)

    def camera_ended(self) -> None:
        """Forget the stream; what is being kept is held until it is stored."""
        self._buffer.clear()
        self._moment = self.shown = self.late_picture = None


def _draw_present(
    draw: Callable[[Canvas, PoseFrame], None], frame: PoseFrame, canvas: Canvas
) -> None:
    draw(canvas, frame)


def _write(canvas: Canvas, text: str) -> None:
    size = max(14, canvas.height // 16)
    canvas.write(text, (size, size * 2), size=size)
