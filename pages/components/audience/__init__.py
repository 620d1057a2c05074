"""What a viewer sees: one element that hears a live stream over a socket and draws it.

Its scripts are joined with those of the replay player whose skeleton it shows.
"""

from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from pages.components.joined_scripts import join_modules
from pages.components.player.answers import VERSION
from pages.components.player.scripts import read_style
from posecore import ANGLES, CORE_ANGLES
from posecore.capture.cue import JOINTS, MAX_CUE_CHARACTERS, label_joint
from posecore.topology import LANDMARK_NAMES, SEGMENTS_BY_SIDE

FOLDER: Final = Path(__file__).parent
_view = st.components.v2.component(
    "posecore_audience",
    html='<div class="audience" data-testid="audience" data-state="connecting"></div>',
    css=f"{read_style()}\n{(FOLDER / 'audience.css').read_text(encoding='utf-8')}",
    js=join_modules(FOLDER, "audience"),
    isolate_styles=False,
)


def audience_view(stream: str, of: str = "") -> None:
    """Show a live stream, as far as whoever looks may watch it.

    Parameters
    ----------
    stream : str
    of : str
        Whose it is; one's own where left out.
    """
    query = urlencode({"stream": stream} | ({"of": of} if of else {}))
    data = {"live": f"ws/live?{query}", "picture": f"ws/live/picture?{query}", **_describe_body()}
    _view(data=data, key="audience")


def _describe_body() -> dict[str, Any]:
    return {
        "plotly": f"player/{VERSION}/plotly.min.js",
        "landmarks": list(LANDMARK_NAMES),
        "segments": [
            {"from": int(a), "to": int(b), "side": side}
            for side, segments in SEGMENTS_BY_SIDE.items()
            for a, b in segments
        ],
        "angles": [
            {"name": name, "label": ANGLES[name].label, "side": ANGLES[name].side}
            for name in CORE_ANGLES
        ],
        "joints": [
            {"name": name, "landmark": int(landmark), "label": label_joint(name)}
            for name, landmark in JOINTS.items()
        ],
        "max_characters": MAX_CUE_CHARACTERS,
    }
