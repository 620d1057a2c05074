"""The live rooms of all open tabs, and whose they are."""

from typing import Final
from weakref import WeakKeyDictionary, WeakValueDictionary

from pages.components.sign_in import find_sign_in
from posecore.capture.live_room import LiveRoom
from posecore.identity import Identity
from posecore.sign_in import SignIn

_rooms: Final["WeakValueDictionary[str, LiveRoom]"] = WeakValueDictionary()
_sign_ins: Final["WeakKeyDictionary[LiveRoom, SignIn]"] = WeakKeyDictionary()


def register_room(token: str, room: LiveRoom) -> None:
    """Let whoever looks at this page reach a room; the token is known to this tab alone."""
    _rooms[token] = room
    _sign_ins[room] = find_sign_in()


def get_rooms(owner: str | None = None) -> list[LiveRoom]:
    """Return the rooms of all open tabs, or only an owner's."""
    rooms = list(_rooms.values())
    if owner is None:
        return rooms
    return [room for room in rooms if room in _sign_ins and _owner_of(room) == owner]


def _owner_of(room: LiveRoom) -> str:
    return _sign_ins[room].identity.owner


def find_room(token: str, identity: Identity) -> LiveRoom | None:
    """Find a tab's room; that of somebody else is answered like one that is not there."""
    room = _rooms.get(token)
    is_theirs = room is not None and room in _sign_ins and _owner_of(room) == identity.owner
    return room if is_theirs else None


def close_rooms(sign_in: SignIn) -> None:
    """End the cameras of whoever signs out, in all tabs; what was recorded is kept."""
    for room in get_rooms():
        if _sign_ins.get(room) == sign_in:
            room.camera_ended(for_good=True)
