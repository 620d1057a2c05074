"""The streams of the whole program: those on which programs exchange poses, and what is watched.

What a live room shows to those who watch it goes over :mod:`posecore.streaming.stage`.
"""

from collections.abc import Callable
from typing import Final

from posecore.sequence import PoseFrame
from posecore.streaming.channels import Channels
from posecore.streaming.messages import write_pose
from posecore.streaming.recordings import Recordings
from posecore.streaming.stage import LiveStage

DEFAULT_STREAM: Final = "main"
CAMERA_STREAM: Final = "camera"
"""On which the Live page's own camera publishes."""

PosePublisher = Callable[[PoseFrame, int, tuple[int, int]], None]


class StreamHub(Channels):
    """The streams over which programs exchange poses, and what is recorded of them.

    Attributes
    ----------
    recordings : Recordings
        What is being recorded from sockets.
    stage : LiveStage
        The live rooms that can be watched.
    """

    def __init__(self) -> None:
        super().__init__()
        self.recordings = Recordings()
        self.stage = LiveStage()

    def close(self) -> None:
        """Finish all recordings; for the end of the program."""
        self.recordings.close()


def make_publisher(hub: StreamHub, owner: str, name: str) -> PosePublisher:
    """Make what publishes an estimator's poses; it costs next to nothing while nobody listens."""

    def publish(frame: PoseFrame, frame_number: int, image_size: tuple[int, int]) -> None:
        if hub.is_heard(owner, name):
            hub.publish(owner, name, write_pose(frame, frame_number, image_size))

    return publish
