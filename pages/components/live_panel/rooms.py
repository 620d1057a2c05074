"""The live rooms of all open tabs, whose they are, and what their pages show of them."""

from typing import Any, Final
from weakref import WeakKeyDictionary, WeakValueDictionary

from pages.components.sign_in import find_sign_in
from posecore.capture.live_room import LiveRoom
from posecore.capture.recorder import RecorderState
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


def describe_page(room: LiveRoom) -> list[Any]:
    """Return what the buttons and lists of a room's page depend on.

    Where it has changed since the page ran, somebody else did it: a gesture, another camera, a
    viewer who came. The page must run anew then.
    """
    audience = room.parts.get("audience")
    is_unsaved = room.recorder.state is RecorderState.UNSAVED
    return [
        "idle" if room.is_idle else "unsaved" if is_unsaved else "recording",
        None if room.last_session is None else room.last_session.id,
        [each["device"] for each in room.joint.status()["cameras"]],
        0 if audience is None else audience.status()["n_watching"],
        room.ghost.way,
    ]


def close_rooms(sign_in: SignIn) -> None:
    """End the cameras of whoever signs out, in all tabs; what was recorded is kept."""
    for room in get_rooms():
        if _sign_ins.get(room) == sign_in:
            room.camera_ended(for_good=True)
