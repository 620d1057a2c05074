"""The course of one angle in many sessions, one small panel a session, all on the same scale."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from posecore.angles import ANGLES
from posecore.figures.axes import find_range
from posecore.figures.labels import as_label
from posecore.figures.sides import SIDE_COLOURS

_COLUMNS: Final = 3
"""So that the names of three sessions have room beside each other on a phone, too."""

_ROW_PX: Final = 140
_TITLE_LENGTH: Final = 16


class Course(NamedTuple):
    """One angle in one session, from 0 to 100 % of its time, or of its repetitions'.

    Attributes
    ----------
    title, athlete : str
        As they were typed; the athlete stands below the title.
    angle_deg : ndarray, shape (n,)
        At even steps from 0 to 100 %; NaN where it is not known.
    """

    title: str
    athlete: str
    angle_deg: NDArray[np.float64]


class _CoursesInfo(NamedTuple):
    angle: str
    titles: list[str]
    courses: list[Course]
    usual_deg: NDArray[np.float64]
    """Median of all, as long as they are; empty where it is not asked for."""


def make_course_grid(
    courses: Sequence[Course], angle: str, *, with_median: bool = False
) -> go.Figure:
    """Small multiples of one angle.

    Parameters
    ----------
    courses : sequence of Course
    angle : str
        Key of :data:`posecore.ANGLES`.
    with_median : bool
        Whether the median of all, which are equally long then, stands behind each; it says
        something where all begin and end at the same place of a movement.

    Returns
    -------
    plotly.graph_objects.Figure
        Degrees over percent; the thin grey line is the median.

    Raises
    ------
    KeyError
        If the angle is not in :data:`posecore.ANGLES`.
    """
    return _get_courses_plot(_get_courses_info(courses, angle, with_median))


def _get_courses_info(courses: Sequence[Course], angle: str, with_median: bool) -> _CoursesInfo:
    drawn = list(courses)
    titles = [
        "<br>".join(as_label(text, _TITLE_LENGTH) for text in (each.title, each.athlete) if text)
        for each in drawn
    ]
    usual_deg = np.empty(0)
    if drawn and with_median:
        all_deg = np.stack([each.angle_deg for each in drawn])
        usual_deg = np.full(all_deg.shape[1], np.nan)
        is_known = np.isfinite(all_deg).any(axis=0)
        usual_deg[is_known] = np.nanmedian(all_deg[:, is_known], axis=0)
    return _CoursesInfo(ANGLES[angle].name, titles, drawn, usual_deg)


def _get_courses_plot(info: _CoursesInfo) -> go.Figure:
    side = ANGLES[info.angle].side
    n_columns = min(_COLUMNS, max(1, len(info.courses)))
    n_rows = max(1, -(-len(info.courses) // n_columns))
    figure = make_subplots(
        rows=n_rows,
        cols=n_columns,
        shared_xaxes=True,
        shared_yaxes=True,
        vertical_spacing=0.34 / n_rows,
        horizontal_spacing=0.03,
        subplot_titles=info.titles,
    )
    for number, course in enumerate(info.courses):
        place = {"row": number // n_columns + 1, "col": number % n_columns + 1}
        figure.add_scatter(
            x=np.linspace(0, 100, len(info.usual_deg)),
            y=info.usual_deg,
            mode="lines",
            line={"color": "rgba(138,143,152,0.6)", "width": 1},
            hoverinfo="skip",
            **place,
        )
        figure.add_scatter(
            x=np.linspace(0, 100, len(course.angle_deg)),
            y=course.angle_deg,
            mode="lines",
            line={"color": SIDE_COLOURS[side], "width": 1.5},
            hovertemplate="%{x:.0f}%: %{y:.0f}°<extra></extra>",
            connectgaps=False,
            **place,
        )
    figure.update_annotations(font={"size": 10})
    all_deg = [each.angle_deg for each in info.courses]
    figure.update_yaxes(ticksuffix="°", nticks=4, range=find_range(*all_deg))
    # Not 100: it would touch the neighbour's 0.
    figure.update_xaxes(tickvals=[0, 50], ticktext=["0%", "50%"], range=[0, 100])
    return figure.update_layout(
        height=60 + _ROW_PX * n_rows,
        margin={"l": 10, "r": 10, "b": 20, "t": 50},
        showlegend=False,
    )
