"""One camera, one recorder, one pipeline: what stands behind the Live page of one browser tab."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from posecore.angles import CORE_ANGLES
from posecore.capture.cues import CuesPart
from posecore.capture.ghost import Ghost
from posecore.capture.hands_free import HandsFree
from posecore.capture.joint_recording import JointRecording
from posecore.capture.kept_stretch import StretchKeeper, add_number
from posecore.capture.live_goals import LiveGoals
from posecore.capture.live_part import LivePart, explain_failure
from posecore.capture.mirror_delay import MirrorDelay
from posecore.capture.pipeline import LivePipeline, PosePublisher
from posecore.capture.recorder import RecorderState, SessionRecorder
from posecore.capture.rolling_buffer import RememberedFrame, RollingBuffer
from posecore.errors import InvalidMessageError, PoseCoreError
from posecore.estimation import open_estimator
from posecore.seen_angles import compute_seen_angle
from posecore.sequence import PoseFrame
from posecore.settings import Settings
from posecore.storage.session import Session
from posecore.storage.session_store import SessionStore

LONGEST_SILENCE_S = 60.0
"""A recording to which no picture comes for so long is finished."""
WAS_SILENT = "The recording was saved: no pictures came from the camera for a minute."
OTHER_SHAPE = (
    "The camera's picture changed its shape: what came before is saved as a session of its own, "
    "and the recording goes on in a new one."
)
TURNED = "(turned)"


class LiveRoom:
    """What the Live page starts, watches and stops.

    Parameters
    ----------
    store : SessionStore
    settings : Settings
    publish : callable, optional
        Gets every pose that is analysed, for those who listen from elsewhere.
    make_further : callable, optional
        Makes parts that need more than this room; called with it once its own are there.

    Attributes
    ----------
    pipeline : LivePipeline
    recorder : SessionRecorder
    last_session : Session or None
        What was recorded last, until the next recording starts or it is dismissed.
    buffer : RollingBuffer
        The newest frames, to look back at.
    fields : dict
        What the page's form says about the next recording: name, athlete, tags, description.
    ghost : Ghost
        A recorded session over the athlete's picture.
    goals : LiveGoals
    parts : dict of LivePart
        What follows the picture, by name, in the order in which it is drawn.
    cues : CuesPart
        What a coach says meanwhile.
    is_going_on : bool
        Whether a recording ends only to go on as a session of another shape.
    """

    def __init__(
        self,
        store: SessionStore,
        settings: Settings,
        *,
        publish: PosePublisher | None = None,
        make_further: Callable[["LiveRoom"], Iterable[LivePart]] = lambda _: (),
    ) -> None:
        self.recorder = SessionRecorder(
            store, model=settings.model, on_created=self._tell_session_created
        )
        self.ghost = Ghost()
        self.goals, self.cues = LiveGoals(store), CuesPart(store)
        self.buffer = RollingBuffer()
        self.keeper = StretchKeeper(
            store, self.buffer, model=settings.model, get_goals=lambda: self.goals.goals
        )
        self.mirror_delay = MirrorDelay(
            self.buffer, self.keeper, self.recorder, lambda: self.fields
        )
        self.hands_free = HandsFree(self, self.buffer)
        self.joint = JointRecording(self)
        mirror = self.mirror_delay
        mirror.on_top = (self.hands_free.draw_on, self.cues.draw_on)
        mirror.drawn_along = (self.ghost, self.goals)
        parts: tuple[LivePart, ...] = (
            self.ghost,
            self.goals,
            self.cues,
            mirror,  # fills the buffer that others look into
            self.hands_free,
            self.joint,
            *make_further(self),
        )
        self.parts = {part.name: part for part in parts}
        self.pipeline = LivePipeline(
            lambda: open_estimator(settings),
            self.recorder,
            publish=publish,
            parts=parts,
            on_silence=self._finish_after_silence,
            on_other_shape=self._go_on_in_new_session,
        )
        # One thread at a time begins or ends a recording, and tells the parts of it.
        self._changing = threading.RLock()
        self._is_finishing = self._is_turned = self.is_going_on = False
        self.last_session: Session | None = None
        self._failed: set[str] = set()
        self.problem = ""
        self.fields: dict[str, Any] = {}

    @property
    def keep_video(self) -> bool:
        """Whether the next recording, and what is kept after the fact, keeps its video."""
        return self.mirror_delay.keep_video

    @keep_video.setter
    def keep_video(self, keep_video: bool) -> None:
        self.mirror_delay.keep_video = keep_video

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being recorded, waits to be saved, or is still being finished."""
        return not self._is_finishing and self.recorder.state is RecorderState.IDLE

    def start_recording(
        self, *, delay_s: float, lead_in: Sequence[RememberedFrame] = (), **fields: Any
    ) -> bool:
        """Start after a countdown, or with what was seen just before; needs a running camera.

        Without effect while something is being recorded; waits for what is still being finished.

        Returns
        -------
        bool
            Whether a recording was started.

        Raises
        ------
        InvalidFieldError
        """
        with self._changing:
            if not self.pipeline.is_open or self.recorder.state is not RecorderState.IDLE:
                return False
            self.problem = ""
            self.last_session = None
            self.recorder.start(
                delay_s=delay_s, keep_video=self.keep_video, lead_in=lead_in, **fields
            )
            self._is_turned = self.is_going_on
            self._tell(lambda part: part.recording_started())
            return True

    def stop_recording(self, *, only: str = "", **changes: Any) -> None:
        """Finish the recording, if one is running; what went wrong is in ``problem``.

        Where other cameras record along, theirs are finished, too.

        Parameters
        ----------
        only : str
            Id of the session that is to be finished; whatever is recorded now, where it is empty.
        **changes
            Fields that were edited while it ran (name, athlete, tags, description).
        """
        with self._changing:
            if only not in ("", self.recorder.session_id):
                return  # it is finished already, and what runs now is another one
            if self.hands_free.has_number:
                changes.pop("name", None)
            elif self._is_turned and "name" in changes:
                changes["name"] = add_number(changes["name"], TURNED)
            # What the form of the camera that started them says holds for those it took along.
            along = self.joint.group
            self._finish_recording(**({} if self.joint.is_taken_along else changes))
        self.joint.stop_others(along)

    def give_up_unsaved(self) -> None:
        """Finish a recording whose last frames the disk refused with what was saved of it."""
        with self._changing:
            self._finish(self.recorder.discard)

    def _finish_recording(self, **changes: Any) -> Session | None:
        with self._changing:
            self._is_finishing = True
            try:
                return self._finish(self.recorder.stop, **changes)
            finally:
                self._is_finishing = False

    def _finish(self, end: Callable[[], Session | None], **changes: Any) -> Session | None:
        session = None
        try:
            session = end()
        except PoseCoreError as error:
            self.problem = str(error)
        if session is not None:
            session = self.last_session = self._change(session, changes)
            self._tell(lambda part: part.recording_stopped(session))
        self._leave_others()
        return session

    def _change(self, session: Session, changes: dict[str, Any]) -> Session:
        """Store what was edited meanwhile; refused, it costs nothing of what comes afterwards."""
        if not changes:
            return session
        try:
            return self.recorder.store.update_session(session.id, **changes)
        except PoseCoreError as error:
            self.problem = str(error)
            return session

    def _leave_others(self) -> None:
        if self.recorder.state is RecorderState.IDLE and not self.is_going_on:
            self.joint.leave()

    def _finish_after_silence(self, silent_s: float) -> None:
        if silent_s >= LONGEST_SILENCE_S and self.recorder.state is RecorderState.RECORDING:
            self._finish_recording()
            self.problem = self.problem or WAS_SILENT

    def _go_on_in_new_session(self) -> None:
        """Landmarks are shares of the picture: those of two shapes make no one movement."""
        with self._changing:
            fields = self.recorder.fields
            if self.recorder.state is not RecorderState.RECORDING:
                return
            self.is_going_on = True
            try:
                if self._finish_recording() is not None:
                    name = fields["name"].removesuffix(TURNED).rstrip()
                    turned = fields | {"name": add_number(name, TURNED)}
                    if self.start_recording(delay_s=0.0, **turned):
                        self.problem = OTHER_SHAPE
            finally:
                self.is_going_on = False
            self._leave_others()  # deleted meanwhile: nothing goes on

    def _tell_session_created(self, session_id: str) -> None:
        self._tell(lambda part: part.session_created(session_id))

    def _tell(self, tell: Callable[[LivePart], None]) -> None:
        """Tell every part something; what fails in one costs neither the others nor a recording."""
        for part in self.parts.values():
            try:
                tell(part)
            except PoseCoreError as error:
                self.problem = str(error)
            except Exception as error:
                self.problem = explain_failure(part, error, self._failed)

    def obey(self, command: Mapping[str, Any]) -> None:
        """Do what was asked for in the panel: ``{"part": name, "do": what, ...}``.

        Raises
        ------
        InvalidMessageError
            If there is no such part, or it does not know or cannot do it.
        """
        part = self.parts.get(str(command.get("part")))
        if part is None:
            raise InvalidMessageError(
                "The live room has no such part; reload the page and try again.",
                code="unknown_type",
            )
        part.obey(command)

    def camera_ended(self, *, for_good: bool = False) -> None:
        """Finish everything: the camera stopped, the page was left or the tab was closed.

        ``for_good`` says that the program ends: frames that still come start nothing anew.
        """
        self.pipeline.close(for_good=for_good)
        self.problem = ""
        self._finish_recording()  # other cameras record on
        self._tell(lambda part: part.camera_ended())

    def join(self) -> None:
        """Wait for what is still being stored."""
        self.hands_free.join()
        self.keeper.join()

    def status(self) -> dict[str, Any]:
        """What the page shows several times a second, ready for JSON."""
        latest = self.pipeline.latest
        frame = self._find_shown() or latest
        state = self.recorder.state.value
        is_starting = self.pipeline.is_open and latest is None
        return {
            "camera": "starting" if is_starting else "on" if self.pipeline.is_open else "off",
            "recorder": state,
            "countdown_s": round(self.recorder.countdown_s, 2),
            "elapsed_s": round(self.recorder.elapsed_s, 2),
            "fps": round(self.pipeline.fps, 1),
            "image_size": self.pipeline.image_size,
            "n_dropped": self.pipeline.n_dropped,
            "hint": self.pipeline.hint,
            "problem": self.problem
            or self.pipeline.problem
            or self.pipeline.trouble
            or self.recorder.problem
            or self.recorder.video_problem,
            "angles_deg": {} if frame is None else compute_live_angles(frame),
            "parts": {name: part.status() for name, part in self.parts.items()},
        }

    def _find_shown(self) -> PoseFrame | None:
        """Find the pose that a part shows in the place of the present one."""
        parts = reversed(self.parts.values())
        return next((part.shown for part in parts if part.shown is not None), None)


def compute_live_angles(frame: PoseFrame) -> dict[str, int | None]:
    """Core angles of one frame in whole degrees; None where a landmark is hidden or missing."""
    angles: dict[str, int | None] = {}
    for name in CORE_ANGLES:
        value = float(compute_seen_angle(name, frame))
        angles[name] = round(value) if np.isfinite(value) else None
    return angles
