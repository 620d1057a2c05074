"""The part of a live room that shows it to those who watch from elsewhere."""

import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any, Final

from posecore.capture.live_part import LiveMoment, LivePart
from posecore.capture.live_room import LiveRoom, compute_live_angles
from posecore.capture.viewer_picture import PictureSender
from posecore.streaming.hub import CAMERA_STREAM
from posecore.streaming.live_messages import write_live_pose
from posecore.streaming.stage import LiveStage

STALE_S: Final = 10.0
"""A camera from which nothing comes for so long makes room for another on its stream."""


class AudiencePart(LivePart):
    """Hands each frame to all who watch, made once; costs next to nothing while nobody does.

    Parameters
    ----------
    room : LiveRoom
        Kept only as long as somebody else keeps it.
    stage : LiveStage
    owner : str
        Whose room it is.
    stream : str
        Under which name it is watched.
    clock : callable
        The one by which the pipeline says when frames came in.

    Attributes
    ----------
    shows_picture : bool
        Whether viewers may have the picture, too; off until the athlete decides so.
    """

    name = "audience"

    def __init__(
        self,
        room: LiveRoom,
        stage: LiveStage,
        *,
        owner: str,
        stream: str = CAMERA_STREAM,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.owner = owner
        self.stream = stream
        self.shows_picture = False
        self._room = weakref.ref(room)
        self._cues = room.cues
        self._stage = stage
        self._clock = clock
        self._last_s = float("-inf")
        self._pictures = PictureSender(self._publish_picture)

    @property
    def athlete(self) -> str:
        """Who is chosen in the room now; decides who may watch."""
        room = self._room()
        return "" if room is None else str(room.fields.get("athlete") or "")

    @property
    def is_on(self) -> bool:
        """Whether its camera runs."""
        return self._clock() - self._last_s < STALE_S

    def see(self, moment: LiveMoment) -> None:
        """Hand a frame to those who watch."""
        self._last_s = self._clock()
        if not self._stage.take(self):
            return  # another tab is on this stream
        if self._stage.poses.is_heard(self.owner, self.stream):
            self._stage.poses.publish(self.owner, self.stream, _write(moment))
        if self.shows_picture and self._stage.pictures.is_heard(self.owner, self.stream):
            self._pictures.offer(moment.frame_rgb)

    def _publish_picture(self, jpeg: bytes) -> None:
        if self.shows_picture and self.is_on:
            self._stage.pictures.publish(self.owner, self.stream, jpeg)

    def send_cue(
        self, message: Mapping[str, Any], *, author: str, by: str, tell: Callable[..., None]
    ) -> bool:
        """Show what a viewer says; returns whether it becomes a note of a recording.

        Raises
        ------
        InvalidMessageError
        """
        return self._cues.send(message, author=author, by=by, tell=tell)

    def status(self) -> dict[str, Any]:
        """How many watch."""
        is_shown = self._stage.find(self.owner, self.stream) is self
        n_watching = self._stage.poses.count(self.owner, self.stream) if is_shown else 0
        return {"n_watching": n_watching, "shows_picture": self.shows_picture}

    def camera_ended(self) -> None:
        """Make room for another camera on this stream."""
        self._last_s = float("-inf")
        self._pictures.close()


def _write(moment: LiveMoment) -> bytes:
    return write_live_pose(
        moment.calm,
        frame_number=moment.frame_number,
        captured_s=moment.arrived_s,
        image_size=moment.image_size,
        angles_deg=compute_live_angles(moment.calm),
        recorded_s=moment.recorded_s if moment.is_recording else None,
    )
