"""'Test this device's camera connection': from https to the first answer, each step in plain words.

The browser does what the live picture needs, one thing after the other, and connects with
:mod:`pages.components.connection_test.answering` as a camera would, but for a message instead of a
picture.
"""

from pathlib import Path
from typing import Final

import streamlit as st

from pages.components.connection_test.answering import TEST_ROUTES
from pages.components.lan import HOW_TO, find_lan
from posecore import Settings
from posecore.errors import PoseCoreError

__all__ = ["TEST_ROUTES", "show_connection_test"]

_FOLDER: Final = Path(__file__).parent
# The button is there before its script is: until then a press would do nothing.
_HTML: Final = """
<div class="connection-test" data-testid="connection-test" data-state="idle">
  <button type="button" disabled>Test this device's camera connection</button>
  <ol aria-live="polite"></ol>
</div>
"""
_component = st.components.v2.component(
    "posecore_connection_test",
    html=_HTML,
    css=(_FOLDER / "test.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "test.js").read_text(encoding="utf-8"),
)


def show_connection_test(settings: Settings, *, is_playing: bool = False) -> None:
    """Show the button and, once it was pressed, what works and what does not.

    Parameters
    ----------
    settings : Settings
        Whose STUN and TURN servers are used.
    is_playing : bool
        Whether the camera runs on this page: phones give it to one at a time.
    """
    _component(
        data={
            "url": "connection-test",
            "ice_servers": [server.for_browser for server in settings.ice_servers],
            "secure_address": _find_secure_address(),
            "how_to": HOW_TO,
            "is_playing": is_playing,
        },
        key="connection_test",
    )


def _find_secure_address() -> str:
    try:
        lan = find_lan()
    except PoseCoreError:
        return ""
    return f"{lan.urls[0]}phone" if lan and lan.urls else ""
