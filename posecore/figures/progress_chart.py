"""One number of an athlete from session to session, with its trend, its best and the reference."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np
import plotly.graph_objects as go

from posecore.figures.labels import as_label, as_value, find_axis_range
from posecore.figures.sides import SIDE_COLOURS, find_colour
from posecore.metric_definition import Metric
from posecore.progress import SessionValue, Trend, compute_trend, find_best

_BEST: Final = "#009E73"
_NOTED: Final = "#E69F00"
_DAY: Final = timedelta(days=1)
_LEAST_ROOM: Final = timedelta(seconds=1)
_QUIET: Final = SIDE_COLOURS["middle"]


class _ProgressInfo(NamedTuple):
    metric: Metric
    values: list[SessionValue]
    """In order of time, those without a value too."""
    trend: Trend | None
    best: SessionValue | None
    reference: SessionValue | None


def make_progress_figure(
    values: Sequence[SessionValue],
    metric: Metric,
    *,
    better: str = "",
    reference: SessionValue | None = None,
) -> go.Figure:
    """Chart of one number over the sessions of an athlete.

    Parameters
    ----------
    values : sequence of SessionValue
        In any order.
    metric : Metric
    better : {"", "higher", "lower"}
        Which way is better; with "" no session is marked as the best.
    reference : SessionValue, optional
        The reference session, a line across.

    Returns
    -------
    plotly.graph_objects.Figure
        One point a session, the line broken where a session has no value and such sessions marked
        at the foot; the trend of :func:`posecore.progress.compute_trend`. Each point carries its
        session's id as ``customdata``.
    """
    return _get_progress_plot(_get_progress_info(values, metric, better, reference))


def _get_progress_info(
    values: Sequence[SessionValue], metric: Metric, better: str, reference: SessionValue | None
) -> _ProgressInfo:
    return _ProgressInfo(
        metric=metric,
        values=sorted(values, key=lambda each: each.recorded_at),
        trend=compute_trend(values),
        best=find_best(values, better),
        reference=reference if reference and np.isfinite(reference.value) else None,
    )


def _get_progress_plot(info: _ProgressInfo) -> go.Figure:
    figure = go.Figure()
    colour = find_colour(info.metric.name)
    figure.add_scatter(
        **_place(info.values, info.metric),
        mode="lines+markers",
        name="sessions",
        line={"color": colour, "width": 1},
        marker={"color": colour, "size": 9 if len(info.values) < 200 else 5},
        connectgaps=False,
    )
    _add_noted(figure, info)
    if info.trend:
        figure.add_scatter(
            x=[info.trend.first[0].replace(tzinfo=None), info.trend.last[0].replace(tzinfo=None)],
            y=[info.trend.first[1], info.trend.last[1]],
            mode="lines",
            name="trend" if info.trend.is_clear else "trend, not clear",
            line={"color": _QUIET, "width": 2, "dash": "dash"},
            hoverinfo="skip",
        )
    if info.best:
        figure.add_scatter(
            **_place([info.best], info.metric),
            mode="markers",
            name="personal best",
            marker={"color": _BEST, "size": 17, "symbol": "star"},
        )
    _add_reference(figure, info)
    _add_missing(figure, info)
    unit = f" ({info.metric.unit})" if info.metric.unit else ""
    return figure.update_layout(
        height=420,
        margin={"l": 10, "r": 10, "b": 10, "t": 30},
        hovermode="closest",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        xaxis={"type": "date", "range": _find_span(info.values)},
        yaxis={
            "title": {"text": f"{info.metric.label}{unit}"},
            "automargin": True,
            "range": find_axis_range(
                (each.value for each in [*info.values, info.reference] if each),
                info.metric.digits,
            ),
            "showticklabels": any(np.isfinite(each.value) for each in info.values),
        },
        yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
    )


def _find_span(values: list[SessionValue]) -> list[datetime] | None:
    """Room on either side where all are of one day; else as Plotly finds it.

    Around a single moment Plotly would count in fractions of a millisecond, so that one session
    gets its whole day. Those of one afternoon get a tenth of their time, or none could be told
    from the next.
    """
    times = [each.recorded_at.replace(tzinfo=None) for each in values]
    span = max(times) - min(times) if times else 2 * _DAY
    if span > _DAY:
        return None
    room = max(span / 10, _LEAST_ROOM) if span else _DAY
    return [min(times) - room, max(times) + room]


def _add_noted(figure: go.Figure, info: _ProgressInfo) -> None:
    """A ring round the sessions that have notes."""
    noted = [each for each in info.values if each.notes and np.isfinite(each.value)]
    if noted:
        figure.add_scatter(
            **_place(noted, info.metric),
            mode="markers",
            name="has notes",
            marker={
                "color": _NOTED,
                "size": 15 if len(info.values) < 200 else 10,
                "symbol": "circle-open",
                "line": {"width": 2},
            },
        )


def _add_reference(figure: go.Figure, info: _ProgressInfo) -> None:
    """A line across the whole time at the value of the reference session."""
    if not info.reference:
        return
    times = [each.recorded_at.replace(tzinfo=None) for each in [*info.values, info.reference]]
    figure.add_scatter(
        x=[min(times), max(times)],
        y=[info.reference.value] * 2,
        mode="lines",
        name=f"reference: {as_label(info.reference.name, 30)}",
        line={"color": _BEST, "width": 1.5, "dash": "dot"},
        text=[_say(info.reference, info.metric)] * 2,
        hovertemplate="%{text}<extra>reference</extra>",
    )


def _add_missing(figure: go.Figure, info: _ProgressInfo) -> None:
    """Crosses at the foot of the chart for the sessions without a value."""
    missing = [each for each in info.values if not np.isfinite(each.value)]
    if missing:
        figure.add_scatter(
            **_place(missing, info.metric) | {"y": [0.03] * len(missing)},
            yaxis="y2",
            mode="markers",
            name="no value",
            marker={"color": _QUIET, "size": 9, "symbol": "x-thin-open", "line": {"width": 2}},
        )


def _place(values: Sequence[SessionValue], metric: Metric) -> dict[str, object]:
    """Points of sessions with what is said about them, and their ids."""
    return {
        "x": [each.recorded_at.replace(tzinfo=None) for each in values],
        "y": [each.value for each in values],
        "customdata": [each.session_id for each in values],
        "text": [_say(each, metric) for each in values],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _say(each: SessionValue, metric: Metric) -> str:
    moment = f"{each.recorded_at.day} {each.recorded_at:%b %Y, %H:%M}"
    value = f"no value: {as_label(each.reason)}"
    if np.isfinite(each.value):
        value = as_value(each.value, metric.digits, metric.unit)
    notes = f"<br>{as_label(each.notes)}" if each.notes else ""
    return f"<b>{as_label(each.name)}</b><br>{moment}<br>{value}{notes}"
