"""Paired devices while they are here: what they have open ends when they are unpaired."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from weakref import WeakKeyDictionary

import streamlit as st

from pages.components.database import open_database
from pages.components.lan import is_in_lan
from posecore.capture.live_room import LiveRoom
from posecore.storage.device_store import PairedDevice

COOKIE: Final = "__Host-posecore-device"
"""The prefix makes browsers insist: only over https, only from this very host."""

_lock: Final = threading.Lock()
_lines: "defaultdict[str, set[Line]]" = defaultdict(set)
_rooms: "WeakKeyDictionary[LiveRoom, str]" = WeakKeyDictionary()
# Of this run: who was let in a moment before may open a line only now.
_unpaired: Final[set[str]] = set()


class Line:
    """A request or socket of a paired device that is being answered; ``cut`` ends it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.is_cut = asyncio.Event()

    def cut(self) -> None:
        """End it, from whatever thread."""
        self._loop.call_soon_threadsafe(self.is_cut.set)


@contextmanager
def open_line(device: PairedDevice) -> Iterator[Line]:
    """Count a request or socket among those of a device for as long as it lasts."""
    line = Line()
    with _lock:
        _lines[device.id].add(line)
        if device.id in _unpaired:
            line.is_cut.set()
    try:
        yield line
    finally:
        with _lock:
            _lines[device.id].discard(line)
            if not _lines[device.id]:
                del _lines[device.id]


def find_device() -> PairedDevice | None:
    """Say which paired device looks at this page; None for this computer itself."""
    secret = st.context.cookies.get(COOKIE) if is_in_lan() else None
    return open_database().devices.recognise(secret) if secret else None


def note_room(room: LiveRoom) -> None:
    """Remember whose camera a room has, so that it ends with the pairing."""
    device = find_device()
    if device is not None:
        _rooms[room] = device.id


def unpair(device_id: str) -> None:
    """Let a device in no more, and end at once what it has open; what it recorded is kept.

    Raises
    ------
    DeviceNotFoundError
    """
    open_database().devices.unpair(device_id)
    with _lock:
        _unpaired.add(device_id)
        lines = list(_lines.get(device_id, ()))
    for line in lines:
        line.cut()
    for room in [room for room, owner_id in list(_rooms.items()) if owner_id == device_id]:
        room.camera_ended(for_good=True)
