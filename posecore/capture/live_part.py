"""What follows the live picture, each part on its own: a ghost, goals, a mirror, cues."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from posecore.capture.canvas import Canvas
from posecore.errors import InvalidMessageError
from posecore.sequence import PoseFrame
from posecore.storage.session import Session

Picture = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, eq=False)
class LiveMoment:
    """One analysed frame, as every part sees it.

    Attributes
    ----------
    frame : PoseFrame
        As measured; all NaN with nobody in it.
    calm : PoseFrame
        The same with its world landmarks smoothed from the past alone, for numbers that are shown.
    frame_number : int
        In the camera's stream, with a hole where frames were dropped.
    image_size : tuple of int
        (width, height) in pixels.
    frame_rgb : ndarray, shape (height, width, 3), uint8
        As the camera gave it. It is drawn on afterwards: copy it to keep it.
    arrived_s : float
        When it came in, by the pipeline's rising clock, seconds.
    recording_id : str
        Id of the session that the frame was recorded into; empty outside of one.
    recorded_s : float
        Seconds into the running recording; 0 outside of one.
    """

    frame: PoseFrame
    calm: PoseFrame
    frame_number: int
    image_size: tuple[int, int]
    frame_rgb: Picture
    arrived_s: float
    recording_id: str = ""
    recorded_s: float = 0.0

    @property
    def is_recording(self) -> bool:
        """Whether the frame was recorded."""
        return bool(self.recording_id)


class KeptDrawing(NamedTuple):
    """What a part draws of one frame, below and above the skeleton, to be drawn again later."""

    below: Callable[[Canvas], None] = lambda _: None
    above: Callable[[Canvas], None] = lambda _: None


class LivePart:
    """Follows the live picture; each method does nothing until a part overrides it.

    :meth:`see`, all of the drawing and :meth:`replace` run on the pipeline's thread and have a few
    milliseconds; the others are for other threads.

    Attributes
    ----------
    name : str
        Under which its status is found and its commands come.
    shown : PoseFrame or None
        The pose, calmed, whose picture :meth:`replace` shows; None where it shows the present. The
        angles beside the picture are those of this pose.
    """

    name = ""
    shown: PoseFrame | None = None

    def see(self, moment: LiveMoment) -> None:
        """Take in a frame, before anything is drawn."""

    def draw_below(self, canvas: Canvas) -> None:
        """Draw what lies below the athlete's skeleton."""

    def draw_above(self, canvas: Canvas) -> None:
        """Draw what lies above it."""

    def keep_drawing(self) -> KeptDrawing | None:
        """Return what is drawn of the frame just seen, for when that is shown again later."""
        return None

    def replace(self, picture: Picture) -> Picture:
        """Return what the athlete sees instead of the finished picture."""
        return picture

    def status(self) -> dict[str, Any]:
        """Describe how it stands, ready for JSON; asked many times a second."""
        return {}

    def obey(self, command: Mapping[str, Any]) -> None:
        """Do what was asked for in the panel.

        Raises
        ------
        InvalidMessageError
            If it is not known or not possible, in one sentence.
        """
        wanted = str(command.get("do"))[:40]
        raise InvalidMessageError(
            f"The live room cannot do {wanted!a} here; reload the page and try again.",
            code="unknown_type",
        )

    def recording_started(self) -> None:
        """Note that a recording begins with the next frame."""

    def session_created(self, session_id: str) -> None:
        """Keep beside the session of a recording what belongs to it; called while it begins."""

    def recording_stopped(self, session: Session) -> None:
        """Do what is to be done with a recording that was just stored."""

    def camera_ended(self) -> None:
        """Forget what belongs to the stream that has ended."""


def explain_failure(part: LivePart, error: Exception, failed: set[str]) -> str:
    """Say for people that a part does not work; the log has it once for each part.

    Parameters
    ----------
    part : LivePart
    error : Exception
        What nobody foresaw.
    failed : set of str
        Names of the parts that are in the log; this one is added.
    """
    if part.name not in failed:
        failed.add(part.name)
        logging.getLogger(__name__).error("%s failed", part.name, exc_info=error)
    return (
        f"{part.name.replace('_', ' ').capitalize()} does not work right now; what is recorded is "
        "safe. Leave the page and open it again to start it anew."
    )
