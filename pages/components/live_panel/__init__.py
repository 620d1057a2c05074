"""Live numbers, hint, timer and sounds: one element that asks the server, not a rerun, for news."""

import secrets
from pathlib import Path
from typing import Any, Final
from weakref import WeakValueDictionary

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from pages.components.routes import below_base_path
from posecore import ANGLES, CORE_ANGLES
from posecore.capture.live_room import LiveRoom

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
    _panel(data={"url": f"live-status/{token}", "angles": _describe_angles()}, key="live_panel")


def get_rooms() -> list[LiveRoom]:
    """Return the rooms of all open tabs."""
    return list(_rooms.values())


def _describe_angles() -> list[dict[str, Any]]:
    return [
        {"name": name, "label": ANGLES[name].label, "side": ANGLES[name].side}
        for name in CORE_ANGLES
    ]


async def _answer_status(request: Request) -> Response:
    room = _rooms.get(request.path_params["token"])
    if room is None:
        return JSONResponse({"error": "no such room"}, status_code=404)
    return JSONResponse(room.status(), headers={"Cache-Control": "no-store"})


LIVE_ROUTES: Final[list[BaseRoute]] = [
    Route(below_base_path("/live-status/{token}"), _answer_status)
]
