"""What left, right and middle look like, everywhere: colour and line, never colour alone."""

from typing import Final

from posecore.topology import Side

SIDE_COLOURS: Final[dict[Side, str]] = {
    "left": "#0072B2",
    "right": "#D55E00",
    "middle": "#8A8F98",
}
"""Blue and vermilion of Okabe and Ito's palette, which colour-blind eyes tell apart."""

SIDE_DASHES: Final[dict[Side, str]] = {"left": "solid", "right": "dash", "middle": "solid"}
"""Plotly's names of line styles."""


def find_colour(name: str) -> str:
    """Colour of an angle or metric by its name: that of its side, grey where it has none."""
    side = name.split("_", 1)[0]
    return SIDE_COLOURS["left" if side == "left" else "right" if side == "right" else "middle"]
