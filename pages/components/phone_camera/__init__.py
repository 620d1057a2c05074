"""What a phone needs of its browser besides the picture: it stays awake, and forgets cameras."""

from pathlib import Path
from typing import Final, Literal

import streamlit as st

__all__ = ["FACINGS", "Facing", "keep_awake"]

Facing = Literal["environment", "user"]
FACINGS: Final[dict[Facing, str]] = {"environment": "Back camera", "user": "Front camera"}
_FOLDER: Final = Path(__file__).parent
_component = st.components.v2.component(
    "posecore_phone_camera",
    html='<div class="awake" data-testid="awake" data-state="starting" role="status"></div>',
    css=(_FOLDER / "awake.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "awake.js").read_text(encoding="utf-8"),
)


def keep_awake(camera_keys: list[str]) -> bool:
    """Keep the phone from sleeping while its page is open.

    Parameters
    ----------
    camera_keys : list of str
        Keys of the camera components. streamlit-webrtc remembers the camera it opened last and
        would open it again whichever side was chosen; it is made to forget it.

    Returns
    -------
    bool
        Whether the browser has forgotten, so that the camera may be shown.
    """
    result = _component(
        data={"keys": camera_keys}, key="phone_camera", on_ready_change=lambda: None
    )
    return bool(result.ready)
