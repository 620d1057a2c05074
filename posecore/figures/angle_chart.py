"""Joint angles over time, left and right of a joint in one panel, for notebooks."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from posecore.angles import ANGLES, CORE_ANGLES, compute_joint_angles
from posecore.figures.sides import SIDE_COLOURS, SIDE_DASHES
from posecore.sequence import PoseSequence
from posecore.topology import Side


class _Curve(NamedTuple):
    label: str
    side: Side
    angle_deg: NDArray[np.float64]


class _Panel(NamedTuple):
    title: str
    range_deg: tuple[float, float]
    curves: list[_Curve]


class _AnglesInfo(NamedTuple):
    time_s: NDArray[np.float64]
    panels: list[_Panel]


def make_angles_figure(sequence: PoseSequence, names: Iterable[str] | None = None) -> go.Figure:
    """Chart of joint angles over time, one panel a joint, on one time axis.

    Parameters
    ----------
    sequence : PoseSequence
    names : iterable of str, optional
        Keys of :data:`posecore.ANGLES`; the eight of :data:`posecore.CORE_ANGLES` when left out.

    Returns
    -------
    plotly.graph_objects.Figure
        Degrees over seconds; left blue and solid, right vermilion and dashed, the middle
        grey. A stretch without
        a value is a gap.

    Raises
    ------
    KeyError
        If a name is not in :data:`posecore.ANGLES`.
    """
    return _get_angles_plot(_get_angles_info(sequence, names))


def _get_angles_info(sequence: PoseSequence, names: Iterable[str] | None) -> _AnglesInfo:
    panels: dict[str, _Panel] = {}
    chosen = CORE_ANGLES if names is None else names
    for name, degrees in compute_joint_angles(sequence, chosen).items():
        definition = ANGLES[str(name)]
        title = definition.motion.replace("_", " ").capitalize()
        panel = panels.setdefault(definition.motion, _Panel(title, definition.range_deg, []))
        panel.curves.append(_Curve(definition.label, definition.side, degrees.to_numpy()))
    return _AnglesInfo(sequence.time_s, list(panels.values()))


def _get_angles_plot(info: _AnglesInfo) -> go.Figure:
    n_rows = max(1, len(info.panels))
    figure = make_subplots(
        rows=n_rows,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.2 / n_rows,
        subplot_titles=[panel.title for panel in info.panels],
    )
    in_legend: set[Side] = set()
    for row, panel in enumerate(info.panels, start=1):
        for curve in panel.curves:
            figure.add_scatter(
                x=info.time_s,
                y=curve.angle_deg,
                mode="lines",
                name=curve.side,
                legendgroup=curve.side,
                # Once for all panels: the colours mean the same in each.
                showlegend=curve.side not in in_legend,
                line={"color": SIDE_COLOURS[curve.side], "dash": SIDE_DASHES[curve.side]},
                hovertemplate=f"{curve.label} %{{y:.0f}}°<extra></extra>",
                connectgaps=False,
                row=row,
                col=1,
            )
            in_legend.add(curve.side)
        figure.update_yaxes(range=panel.range_deg, row=row, col=1)
    figure.update_yaxes(ticksuffix="°", dtick=45)
    figure.update_xaxes(title_text="time (s)", row=n_rows, col=1)
    return figure.update_layout(
        height=80 + 170 * n_rows,
        margin={"l": 50, "r": 10, "b": 40, "t": 40},
        hovermode="x unified",
    )
