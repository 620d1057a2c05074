"""Figures for paper: on white, with a title, of a stated size."""

import json
from typing import Any, Final

import plotly.graph_objects as go

from posecore.figures.labels import as_label

_WIDTH_PX: Final = 1200
_TITLE_PX: Final = 60
_TEXT: Final = "#1B2430"
_LINES: Final = "#D9DEE5"


def make_printable_json(figure: go.Figure, title: str) -> str:
    """Return a figure as Plotly's JSON, to be saved as a picture.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Stays as it is.
    title : str
        As it was typed; shown letter by letter.
    """
    content: dict[str, Any] = json.loads(figure.to_json())
    layout = content["layout"]
    layout.pop("template", None)
    for name, axis in layout.items():
        if name.startswith(("xaxis", "yaxis")):
            axis |= {"gridcolor": _LINES, "linecolor": _LINES, "zeroline": False}
            axis |= {"automargin": True}
    margin = layout.get("margin", {})
    return json.dumps(
        content
        | {
            "layout": layout
            | {
                "width": _WIDTH_PX,
                "height": layout.get("height", 450) + _TITLE_PX,
                "margin": {side: margin.get(side, 0) + 30 for side in "lrbt"}
                | {"t": margin.get("t", 0) + _TITLE_PX},
                "title": {"text": as_label(title, 110), "x": 0.02, "yref": "container", "y": 0.97},
                "font": {"family": "system-ui, sans-serif", "size": 14, "color": _TEXT},
                "paper_bgcolor": "#FFFFFF",
                "plot_bgcolor": "#FFFFFF",
            }
        }
    )
