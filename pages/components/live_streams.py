"""Streams of poses between this dashboard and other programs; the Live page's camera is on one."""

from typing import Final

from posecore.capture.live_part import LivePart
from posecore.capture.live_room import LiveRoom
from posecore.streaming import hub
from posecore.streaming.audience import AudiencePart
from posecore.streaming.hub import CAMERA_STREAM, PosePublisher, StreamHub

HUB: Final = StreamHub()
"""One for the whole process: all tabs and all sockets meet here."""


def make_publisher(owner: str) -> PosePublisher:
    """Make what publishes the poses of an owner's camera."""
    return hub.make_publisher(HUB, owner, CAMERA_STREAM)


def make_audience(room: LiveRoom, owner: str) -> list[LivePart]:
    """Make the part by which an owner's room is watched from elsewhere."""
    return [AudiencePart(room, HUB.stage, owner=owner)]


def get_audience(room: LiveRoom) -> AudiencePart:
    """Return that part of a room."""
    part = room.parts[AudiencePart.name]
    assert isinstance(part, AudiencePart)
    return part
