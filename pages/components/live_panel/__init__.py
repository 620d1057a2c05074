"""Live numbers, hint, timer and sounds: one element that asks the server, not a rerun, for news."""

import secrets
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakValueDictionary

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from pages.components.routes import below_base_path
from pages.components.sign_in import find_sign_in, identify
from posecore import ANGLES, CORE_ANGLES
from posecore.capture.live_room import LiveRoom
from posecore.errors import NotSignedInError
from posecore.identity import Identity
from posecore.sign_in import SignIn

_FOLDER: Final = Path(__file__).parent
_HTML: Final = """
<div class="live-panel" data-testid="live-panel">
  <div class="line">
    <span data-part="timer" role="timer" aria-label="Recorded">00:00</span>
    <span data-part="state"></span>
    <span data-part="fps"></span>
  </div>
  <div data-part="hint" role="status" aria-live="polite"></div>
  <div data-part="angles"></div>
</div>
"""
_rooms: "WeakValueDictionary[str, LiveRoom]" = WeakValueDictionary()
_sign_ins: "WeakKeyDictionary[LiveRoom, SignIn]" = WeakKeyDictionary()

_panel = st.components.v2.component(
    "posecore_live_panel",
    html=_HTML,
    css=(_FOLDER / "panel.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "panel.js").read_text(encoding="utf-8"),
)


def live_panel(room: LiveRoom) -> None:
    """Show what happens in the room; the address it asks is known to this tab alone."""
    if "live_token" not in st.session_state:
        st.session_state.live_token = secrets.token_urlsafe(16)
    token = st.session_state.live_token
    _rooms[token] = room
    _sign_ins[room] = find_sign_in()
    _panel(data={"url": f"live-status/{token}", "angles": _describe_angles()}, key="live_panel")


def get_rooms() -> list[LiveRoom]:
    """Return the rooms of all open tabs."""
    return list(_rooms.values())


def close_rooms(sign_in: SignIn) -> None:
    """End the cameras of whoever signs out, in all tabs; what was recorded is kept."""
    for room in get_rooms():
        if _sign_ins.get(room) == sign_in:
            room.camera_ended(for_good=True)


def _describe_angles() -> list[dict[str, Any]]:
    return [
        {"name": name, "label": ANGLES[name].label, "side": ANGLES[name].side}
        for name in CORE_ANGLES
    ]


async def _answer_status(request: Request) -> Response:
    try:
        identity = await run_in_threadpool(identify, request)
    except NotSignedInError as error:
        return JSONResponse({"error": str(error)}, status_code=401)
    room = _find_room(request.path_params["token"], identity)
    if room is None:
        return JSONResponse({"error": "no such room"}, status_code=404)
    return JSONResponse(room.status(), headers={"Cache-Control": "no-store"})


def _find_room(token: str, identity: Identity) -> LiveRoom | None:
    """Find a tab's room; that of somebody else is answered like one that is not there."""
    room = _rooms.get(token)
    sign_in = _sign_ins.get(room) if room else None
    return room if sign_in and sign_in.identity.owner == identity.owner else None


LIVE_ROUTES: Final[list[BaseRoute]] = [
    Route(below_base_path("/live-status/{token}"), _answer_status)
]
