"""A chart, and beside it the buttons that save it as a picture."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from pages.components.player.answers import VERSION
from posecore.figures.printing import make_printable_json

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["show_chart"]

_FOLDER: Final = Path(__file__).parent
_CONFIG: Final = {
    "displaylogo": False,
    # Pictures come from the buttons, on white and large enough for paper.
    "modeBarButtonsToRemove": ["toImage", "lasso2d", "select2d", "autoScale2d"],
}
_HTML: Final = """
<div class="pictures">
  <button type="button" data-format="png">Download PNG</button>
  <button type="button" data-format="svg">Download SVG</button>
  <span role="status"></span>
</div>
"""

_pictures = st.components.v2.component(
    "posecore_chart_pictures",
    html=_HTML,
    css=(_FOLDER / "pictures.css").read_text(encoding="utf-8"),
    js=f'const PLAYER_PATH = "player/{VERSION}/";\n'
    + (_FOLDER / "pictures.js").read_text(encoding="utf-8"),
)


def show_chart(
    figure: "go.Figure",
    *,
    title: str,
    file_stem: str,
    key: str,
    alt: str,
    opens_replay: bool = False,
) -> None:
    """Show a chart as wide as its place.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
    title : str
        Above the chart in its picture, as text; whatever was typed.
    file_stem : str
        Name of the pictures' files, without the ending.
    key, alt : str
        Streamlit's key; what the chart shows, for those who do not see it.
    opens_replay : bool
        Whether a click on a point opens the session whose id is the point's ``customdata``.
    """
    if opens_replay:
        chosen: Any = st.plotly_chart(
            figure, config=_CONFIG, key=key, alt=alt, on_select="rerun", selection_mode="points"
        )
        points = [each.get("customdata") for each in chosen.selection.points]
        if points and points[0]:
            session_id = points[0][0] if isinstance(points[0], list | tuple) else points[0]
            st.switch_page("replay.py", query_params={"session": str(session_id)})
    else:
        st.plotly_chart(figure, config=_CONFIG, key=key, alt=alt)
    data = {"figure": make_printable_json(figure, title), "fileStem": file_stem}
    _pictures(data=data, key=f"{key}_pictures")
