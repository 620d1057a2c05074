"""One camera, one recorder, one pipeline: what stands behind the Live page of one browser tab."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from posecore.angles import CORE_ANGLES
from posecore.capture.live_goals import LiveGoals
from posecore.capture.live_part import LivePart
from posecore.capture.pipeline import LivePipeline, PosePublisher
from posecore.capture.recorder import RecorderState, SessionRecorder
from posecore.errors import InvalidMessageError, PoseCoreError
from posecore.estimation import open_estimator
from posecore.seen_angles import compute_seen_angle
from posecore.sequence import PoseFrame
from posecore.settings import Settings
from posecore.storage.session import Session
from posecore.storage.session_store import SessionStore


class LiveRoom:
    """What the Live page starts, watches and stops.

    Parameters
    ----------
    store : SessionStore
    settings : Settings
    publish : callable, optional
        Gets every pose that is analysed, for those who listen from elsewhere.

    Attributes
    ----------
    pipeline : LivePipeline
    recorder : SessionRecorder
    last_session : Session or None
        What was recorded last, until the next recording starts or it is dismissed.
    keep_video : bool
        Whether the next recording keeps its video.
    fields : dict
        What the page's form says about the next recording: name, athlete, tags, description.
    goals : LiveGoals
    parts : dict of LivePart
        What follows the picture, by name, in the order in which it is drawn.
    """

    def __init__(
        self, store: SessionStore, settings: Settings, *, publish: PosePublisher | None = None
    ) -> None:
        self.recorder = SessionRecorder(
            store, model=settings.model, on_created=self._tell_session_created
        )
        self.goals = LiveGoals(store)
        parts: tuple[LivePart, ...] = (self.goals,)
        self.parts = {part.name: part for part in parts}
        self.pipeline = LivePipeline(
            lambda: open_estimator(settings), self.recorder, publish=publish, parts=parts
        )
        self.last_session: Session | None = None
        self.problem = ""
        self.keep_video = False
        self.fields: dict[str, Any] = {}

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being recorded, or waits to be saved."""
        return self.recorder.state is RecorderState.IDLE

    def start_recording(self, *, delay_s: float, **fields: Any) -> None:
        """Start after a countdown; needs a running camera.

        Raises
        ------
        InvalidFieldError
        """
        if self.pipeline.is_open:
            self.problem = ""
            self.last_session = None
            self.recorder.start(delay_s=delay_s, keep_video=self.keep_video, **fields)
            for part in self.parts.values():
                part.recording_started()

    def stop_recording(self, **changes: Any) -> None:
        """Finish the recording, if one is running; what went wrong is in ``problem``."""
        try:
            session = self.recorder.stop(**changes)
        except PoseCoreError as error:
            self.problem = str(error)
        else:
            self.last_session = session or self.last_session
            if session is not None:
                self._tell_parts(session)

    def _tell_session_created(self, session_id: str) -> None:
        for part in self.parts.values():
            try:
                part.session_created(session_id)
            except PoseCoreError as error:
                self.problem = str(error)

    def _tell_parts(self, session: Session) -> None:
        for part in self.parts.values():
            try:
                part.recording_stopped(session)
            except PoseCoreError as error:
                self.problem = str(error)

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
        self.stop_recording()
        for part in self.parts.values():
            part.camera_ended()

    def status(self) -> dict[str, Any]:
        """What the page shows several times a second, ready for JSON."""
        frame = self.pipeline.latest
        state = self.recorder.state.value
        is_starting = self.pipeline.is_open and frame is None
        return {
            "camera": "starting" if is_starting else "on" if self.pipeline.is_open else "off",
            "recorder": state,
            "countdown_s": round(self.recorder.countdown_s, 2),
            "elapsed_s": round(self.recorder.elapsed_s, 2),
            "fps": round(self.pipeline.fps, 1),
            "n_dropped": self.pipeline.n_dropped,
            "hint": self.pipeline.hint,
            "problem": self.problem
            or self.pipeline.problem
            or self.recorder.problem
            or self.recorder.video_problem,
            "angles_deg": {} if frame is None else compute_live_angles(frame),
            "parts": {name: part.status() for name, part in self.parts.items()},
        }


def compute_live_angles(frame: PoseFrame) -> dict[str, int | None]:
    """Core angles of one frame in whole degrees; None where a landmark is hidden or missing."""
    angles: dict[str, int | None] = {}
    for name in CORE_ANGLES:
        value = float(compute_seen_angle(name, frame))
        angles[name] = round(value) if np.isfinite(value) else None
    return angles
