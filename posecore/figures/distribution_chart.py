"""How a number is spread over the sessions of several athletes or tags."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import plotly.graph_objects as go

from posecore.figures.labels import as_label, as_value, find_axis_range
from posecore.figures.sides import find_colour
from posecore.metric_definition import Metric
from posecore.progress import SessionValue

_ROW_PX: Final = 62


class _Group(NamedTuple):
    label: str
    values: list[SessionValue]


class _DistributionInfo(NamedTuple):
    metric: Metric
    groups: list[_Group]


def make_distribution_figure(
    groups: Mapping[str, Sequence[SessionValue]], metric: Metric
) -> go.Figure:
    """Box and points of one number, one row a group.

    Parameters
    ----------
    groups : mapping of str to sequence of SessionValue
        By what the group is called; those without a value are left out.
    metric : Metric

    Returns
    -------
    plotly.graph_objects.Figure
        Every session is a point, which carries its id as ``customdata``; the box holds the middle
        half, its line is the median.
    """
    return _get_distribution_plot(_get_distribution_info(groups, metric))


def _get_distribution_info(
    groups: Mapping[str, Sequence[SessionValue]], metric: Metric
) -> _DistributionInfo:
    known = {
        name: [each for each in values if np.isfinite(each.value)]
        for name, values in groups.items()
    }
    return _DistributionInfo(
        metric, [_Group(as_label(name, 24), values) for name, values in known.items() if values]
    )


def _get_distribution_plot(info: _DistributionInfo) -> go.Figure:
    figure = go.Figure()
    colour = find_colour(info.metric.name)
    for group in info.groups:
        figure.add_box(
            x=[each.value for each in group.values],
            y=[group.label] * len(group.values),
            orientation="h",
            name=group.label,
            boxpoints="all",
            pointpos=0,
            jitter=0.5,
            fillcolor="rgba(138,143,152,0.18)",
            line={"color": colour, "width": 1.5},
            marker={"color": colour, "size": 7, "opacity": 0.75},
            customdata=[each.session_id for each in group.values],
            text=[
                f"<b>{as_label(each.name)}</b><br>{group.label}<br>"
                f"{as_value(each.value, info.metric.digits, info.metric.unit)}"
                for each in group.values
            ],
            hovertemplate="%{text}<extra></extra>",
            hoveron="points",
        )
    unit = f" ({info.metric.unit})" if info.metric.unit else ""
    return figure.update_layout(
        height=110 + _ROW_PX * max(1, len(info.groups)),
        margin={"l": 10, "r": 10, "b": 10, "t": 10},
        showlegend=False,
        xaxis={
            "title": {"text": f"{info.metric.label}{unit}"},
            "range": find_axis_range(
                (each.value for group in info.groups for each in group.values), info.metric.digits
            ),
        },
        yaxis={"type": "category", "automargin": True, "autorange": "reversed"},
    )
