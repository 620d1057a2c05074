"""All repetitions laid over one another, each from 0 to 100 % of its time, with mean and spread."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from posecore.angles import ANGLES
from posecore.figures.axes import find_range
from posecore.figures.labels import as_label
from posecore.figures.sides import SIDE_COLOURS, SIDE_DASHES
from posecore.repetition_profile import RepetitionProfile
from posecore.signals import find_runs

_OUTLIER: Final = "#E69F00"
_QUIET: Final = "rgba(138,143,152,0.45)"
_BANDS: Final = {
    "left": "rgba(0,114,178,0.22)",
    "right": "rgba(213,94,0,0.22)",
    "middle": "rgba(138,143,152,0.3)",
}


class _Panel(NamedTuple):
    angle: str
    range_deg: tuple[float, float]
    """Of its axis; the same for left and right."""
    curves_deg: NDArray[np.float64]
    """Shape (n_repetitions, 101)."""
    mean_deg: NDArray[np.float64]
    sd_deg: NDArray[np.float64]


class _RepetitionsInfo(NamedTuple):
    percent: NDArray[np.int64]
    names: list[str]
    is_outlier: list[bool]
    panels: list[_Panel]


def make_repetitions_figure(
    profile: RepetitionProfile, names: Sequence[str] | None = None
) -> go.Figure:
    """Chart of repetitions, one panel an angle, two panels a row.

    Parameters
    ----------
    profile : RepetitionProfile
    names : sequence of str, optional
        What each repetition is called; "repetition 1" and so on when left out.

    Returns
    -------
    plotly.graph_objects.Figure
        Degrees over percent: thin grey lines the repetitions, dotted orange ones the outliers, the
        thick line the mean of all others and the band one standard deviation either way.
    """
    return _get_repetitions_plot(_get_repetitions_info(profile, names))


def _get_repetitions_info(
    profile: RepetitionProfile, names: Sequence[str] | None
) -> _RepetitionsInfo:
    angles = [str(angle) for angle in profile.mean_deg.columns]
    of_motion: dict[str, list[NDArray[np.float64]]] = {}
    for column, angle in enumerate(angles):
        curves_deg = of_motion.setdefault(ANGLES[angle].motion, [])
        curves_deg.append(profile.curves_deg[:, :, column])
    called = names or [f"repetition {number + 1}" for number in range(len(profile.repetitions))]
    return _RepetitionsInfo(
        percent=profile.mean_deg.index.to_numpy(),
        names=[as_label(name) for name in called],
        is_outlier=[each.is_outlier for each in profile.repetitions],
        panels=[
            _Panel(
                angle=angle,
                range_deg=find_range(*of_motion[ANGLES[angle].motion]),
                curves_deg=profile.curves_deg[:, :, column],
                mean_deg=profile.mean_deg[angle].to_numpy(),
                sd_deg=profile.sd_deg[angle].to_numpy(),
            )
            for column, angle in enumerate(angles)
        ],
    )


def _get_repetitions_plot(info: _RepetitionsInfo) -> go.Figure:
    n_rows = max(1, -(-len(info.panels) // 2))
    n_columns = min(2, max(1, len(info.panels)))
    figure = make_subplots(
        rows=n_rows,
        cols=n_columns,
        shared_xaxes=True,
        vertical_spacing=0.22 / n_rows,
        horizontal_spacing=0.11,
        subplot_titles=[ANGLES[panel.angle].label for panel in info.panels],
    )
    for number, panel in enumerate(info.panels):
        place = {"row": number // n_columns + 1, "col": number % n_columns + 1}
        _add_curves(figure, info, panel, place, is_first=number == 0)
        _add_summary(figure, info, panel, place)
        figure.update_yaxes(range=panel.range_deg, **place)
    figure.update_yaxes(ticksuffix="°", nticks=6)
    figure.update_xaxes(tickvals=[0, 50, 100], ticktext=["0%", "50%", "100%"], range=[0, 100])
    return figure.update_layout(
        height=90 + 210 * n_rows,
        margin={"l": 10, "r": 10, "b": 30, "t": 60},
        hovermode="closest",
        legend={"orientation": "h", "y": 1 + 40 / (90 + 210 * n_rows), "yanchor": "bottom", "x": 0},
    )


def _add_curves(
    figure: go.Figure,
    info: _RepetitionsInfo,
    panel: _Panel,
    place: dict[str, int],
    *,
    is_first: bool,
) -> None:
    shown: set[bool] = set()
    for curve_deg, name, is_outlier in zip(
        panel.curves_deg, info.names, info.is_outlier, strict=True
    ):
        figure.add_scatter(
            x=info.percent,
            y=curve_deg,
            mode="lines",
            name="outlier" if is_outlier else "repetition",
            legendgroup="outlier" if is_outlier else "repetition",
            showlegend=is_first and is_outlier not in shown,
            line={
                "color": _OUTLIER if is_outlier else _QUIET,
                "width": 1.8 if is_outlier else 1,
                "dash": "dot" if is_outlier else "solid",
            },
            hovertemplate=f"{name}<br>%{{x:.0f}}%: %{{y:.0f}}°<extra></extra>",
            connectgaps=False,
            **place,
        )
        shown.add(is_outlier)


def _add_summary(
    figure: go.Figure, info: _RepetitionsInfo, panel: _Panel, place: dict[str, int]
) -> None:
    """Mean, and one standard deviation either way where there is one."""
    side = ANGLES[panel.angle].side
    low, high = panel.mean_deg - panel.sd_deg, panel.mean_deg + panel.sd_deg
    for first, stop in find_runs(np.isfinite(low)):  # a gap in the band stays one
        percent = info.percent[first:stop]
        figure.add_scatter(
            x=np.concatenate([percent, percent[::-1]]),
            y=np.concatenate([high[first:stop], low[first:stop][::-1]]),
            mode="lines",
            fill="toself",
            fillcolor=_BANDS[side],
            line={"width": 0},
            name="one SD either way",
            showlegend=False,
            hoverinfo="skip",
            **place,
        )
    figure.add_scatter(
        x=info.percent,
        y=panel.mean_deg,
        mode="lines",
        name="mean",
        showlegend=False,
        line={"color": SIDE_COLOURS[side], "dash": SIDE_DASHES[side], "width": 3},
        hovertemplate="mean<br>%{x:.0f}%: %{y:.0f}°<extra></extra>",
        connectgaps=False,
        **place,
    )
