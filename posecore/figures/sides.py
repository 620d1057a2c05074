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
