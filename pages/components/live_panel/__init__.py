"""Live numbers, hint, timer and sounds: one element that hears from the server without a rerun."""

import secrets
from pathlib import Path
from typing import Any, Final

import streamlit as st

from pages.components.joined_scripts import join_modules
from pages.components.live_panel.room_socket import LIVE_ROUTES
from pages.components.live_panel.rooms import (
    close_rooms,
    describe_page,
    get_rooms,
    register_room,
)
from posecore import ANGLES, CORE_ANGLES
from posecore.capture.live_room import LiveRoom

__all__ = ["LIVE_ROUTES", "close_rooms", "describe_page", "get_rooms", "live_panel"]

FOLDER: Final = Path(__file__).parent
_HTML: Final = """
<div class="live-panel" data-testid="live-panel">
  <div class="line">
    <span data-part="timer" role="timer" aria-label="Recorded">00:00</span>
    <span data-part="state"></span>
    <span data-part="fps" title="The picture that comes from the camera" hidden>
      <span data-part="size"></span><span data-part="rate"></span>
      frames/s<span class="long"> analysed</span>
    </span>
  </div>
  <div data-part="hint" role="status" aria-live="polite"></div>
  <div data-part="parts"></div>
  <div data-part="angles"></div>
  <div data-part="actions"></div>
</div>
"""

_panel = st.components.v2.component(
    "posecore_live_panel",
    html=_HTML,
    css="\n".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.css"))),
    js=join_modules(FOLDER, "panel"),
)


def live_panel(room: LiveRoom, page: list[Any], *, is_plain: bool = False) -> None:
    """Show what happens in the room, and take commands for it.

    Parameters
    ----------
    room : LiveRoom
    page : list
        What :func:`describe_page` said when the page's run began.
    is_plain : bool
        Show timer, state and hint alone: neither angles nor what goes along with the picture.
    """
    if "live_token" not in st.session_state:
        st.session_state.live_token = secrets.token_urlsafe(16)
    token = st.session_state.live_token
    register_room(token, room)
    angles = [] if is_plain else _describe_angles()
    data = {
        "url": f"live-room/{token}",
        "angles": angles,
        "is_plain": is_plain,
        "page": page,
    }
    # It asks for a rerun where something happened that nobody pressed a button for.
    _panel(data=data, key="live_panel", on_news_change=lambda: None)


def _describe_angles() -> list[dict[str, Any]]:
    return [
        {"name": name, "label": ANGLES[name].label, "side": ANGLES[name].side}
        for name in CORE_ANGLES
    ]
