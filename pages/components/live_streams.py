"""Streams of poses between this dashboard and other programs; the Live page's camera is on one."""

from typing import Final

from posecore.streaming import hub
from posecore.streaming.hub import CAMERA_STREAM, PosePublisher, StreamHub

HUB: Final = StreamHub()
"""One for the whole process: all tabs and all sockets meet here."""


def make_publisher(owner: str) -> PosePublisher:
    """Make what publishes the poses of an owner's camera."""
    return hub.make_publisher(HUB, owner, CAMERA_STREAM)
