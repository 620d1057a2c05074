"""Charts of a report: lines over time with their band of trust, as SVG that reads in grey too.

Plotly writes SVG only with a browser at hand; this needs nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from posecore.clip_canvas import format_time
from posecore.report_html import Html, element

Floats = NDArray[np.float64]

_SIZE: Final = (720.0, 170.0)
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 26.0, 20.0, 24.0
_COLUMNS: Final = 600
_X_STEPS_S: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_Y_STEPS_DEG: Final = (5, 10, 15, 30, 45, 90)
_MOST_TICKS: Final = (9, 5)
_LETTERS_APART: Final = 13.0
_INK, _QUIET, _GRID = "#1b2430", "#525c69", "#dfe3e8"
_TEXT: Final = {"font_size": 12, "fill": _QUIET}


class Curve(NamedTuple):
    """One line of a chart.

    Attributes
    ----------
    letter, label, colour : str
        The letter stands at the line's end.
    is_dashed : bool
    time_s : ndarray, shape (n,)
        Seconds since the first frame.
    values_deg : ndarray, shape (n,)
        NaN in gaps.
    error_deg : ndarray, shape (n,), optional
        Half the width of the band round the line; no band where it is NaN.
    """

    letter: str
    label: str
    colour: str
    is_dashed: bool
    time_s: Floats
    values_deg: Floats
    error_deg: Floats | None = None


class _Frame(NamedTuple):
    """From seconds and degrees to places in the picture."""

    time_s: tuple[float, float]
    degrees: tuple[float, float]

    def x(self, time_s: Floats | float) -> Floats:
        start, end = self.time_s
        return _LEFT + (_SIZE[0] - _LEFT - _RIGHT) * (np.asarray(time_s) - start) / (end - start)

    def y(self, degrees: Floats | float) -> Floats:
        low, high = self.degrees
        share = (np.clip(degrees, low, high) - low) / (high - low)
        return _SIZE[1] - _BOTTOM - (_SIZE[1] - _TOP - _BOTTOM) * share


def to_colour(rgb: Iterable[float]) -> str:
    """Red, green and blue, 0 to 255, as a page writes them."""
    return "#" + "".join(f"{round(each):02x}" for each in rgb)


def draw_chart(
    curves: Sequence[Curve],
    *,
    key: str,
    limits_deg: tuple[float, float],
    longest_step_s: float,
    marks: Sequence[tuple[float, str]] = (),
) -> Html:
    """Draw lines over time.

    Parameters
    ----------
    curves : sequence of Curve
        With one value or more between them.
    key : str
        Of letters, digits and ``_``; another for each chart of a page.
    limits_deg : tuple of float
        What the axis never passes, for a band may.
    longest_step_s : float
        Two readings further apart than this have a gap between them.
    marks : sequence of (float, str)
        Moments, and what stands above the line at each.

    Returns
    -------
    Html
        One ``<svg>`` element, without style or script. A second band is hatched. Of long
        recordings the lowest and highest reading of each six hundredth are drawn.
    """
    frame = _Frame(_span_time(curves), _span_degrees(curves, limits_deg))
    thin = [_thin_out(curve) for curve in curves]
    parts = [_draw_hatching(curve, key) for curve in curves if curve.is_dashed]
    parts += _draw_axes(frame)
    for curve in thin:
        paint = f"url(#{key})" if curve.is_dashed else curve.colour
        parts.append(_draw_band(curve, frame, longest_step_s, paint))
    parts += _draw_marks(marks, frame)
    parts += [_draw_line(curve, frame, longest_step_s) for curve in thin]
    parts += _draw_letters(thin, frame)
    about = ", ".join(f"{each.label} {'dashed' if each.is_dashed else 'solid'}" for each in curves)
    return element(
        "svg",
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_SIZE[0]:g} {_SIZE[1]:g}",
        role="img",
        aria_label=f"Degrees over time: {about}",
    )


def _span_time(curves: Sequence[Curve]) -> tuple[float, float]:
    start = min(float(each.time_s[0]) for each in curves)
    end = max(float(each.time_s[-1]) for each in curves)
    return start, max(end, start + 0.1)


def _span_degrees(curves: Sequence[Curve], limits: tuple[float, float]) -> tuple[float, float]:
    lows, highs = [], []
    for curve in curves:
        around = np.zeros(1) if curve.error_deg is None else np.nan_to_num(curve.error_deg)
        lows.append(np.fmin.reduce(curve.values_deg - around))
        highs.append(np.fmax.reduce(curve.values_deg + around))
    low, high = np.clip([np.fmin.reduce(lows), np.fmax.reduce(highs)], *limits)
    step = _choose_step(high - low, _Y_STEPS_DEG, _MOST_TICKS[1])
    low = step * np.floor(low / step)
    return float(low), float(max(step * np.ceil(high / step), low + step))


def _choose_step(span: float, steps: Sequence[float], most: int) -> float:
    return next((step for step in steps if span / step <= most), steps[-1])


def _thin_out(curve: Curve) -> Curve:
    """Lowest and highest reading of each column, and one gap where there is nothing else."""
    n = len(curve.time_s)
    if n <= 2 * _COLUMNS:
        return curve
    edges = np.linspace(0, n, _COLUMNS + 1).astype(int)
    kept: set[int] = {0, n - 1}
    for start, stop in pairwise(edges):
        column = curve.values_deg[start:stop]
        known = np.flatnonzero(~np.isnan(column))
        if len(known):
            kept |= {start + int(known[column[known].argmin()])}
            kept |= {start + int(known[column[known].argmax()])}
        else:
            kept.add(int(start))
    chosen = np.array(sorted(kept))
    error = None if curve.error_deg is None else curve.error_deg[chosen]
    return curve._replace(
        time_s=curve.time_s[chosen], values_deg=curve.values_deg[chosen], error_deg=error
    )


def _find_pieces(curve: Curve, known: NDArray[np.bool_], longest_step_s: float) -> Iterator[slice]:
    """Stretches without a gap."""
    steps_s = np.diff(curve.time_s)
    longest_s = max(longest_step_s, 3 * float(np.median(steps_s)) if len(steps_s) else 0.0)
    is_cut = ~(known[:-1] & known[1:]) | (steps_s > longest_s)
    borders = [0, *(np.flatnonzero(is_cut) + 1), len(known)]
    for start, stop in pairwise(borders):
        if known[start]:
            yield slice(int(start), int(stop))


def _write_path(x: Floats, y: Floats) -> str:
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))


def _draw_line(curve: Curve, frame: _Frame, longest_step_s: float) -> Html:
    x, y = frame.x(curve.time_s), frame.y(curve.values_deg)
    pieces = _find_pieces(curve, ~np.isnan(curve.values_deg), longest_step_s)
    # A reading on its own is a dot: a line of no length with round ends.
    path = "".join(
        _write_path(x[each], y[each]) + ("h0" if each.stop - each.start == 1 else "")
        for each in pieces
    )
    dashes = {"stroke_dasharray": "7 5"} if curve.is_dashed else {}
    look = {"fill": "none", "stroke": curve.colour, "stroke_width": 2, "stroke_linejoin": "round"}
    return element("path", d=path, stroke_linecap="round", **look, **dashes)


def _draw_band(curve: Curve, frame: _Frame, longest_step_s: float, paint: str) -> Html:
    if curve.error_deg is None:
        return Html("")
    x = frame.x(curve.time_s)
    low = frame.y(curve.values_deg - curve.error_deg)
    high = frame.y(curve.values_deg + curve.error_deg)
    path = "".join(
        _write_path(np.r_[x[each], x[each][::-1]], np.r_[high[each], low[each][::-1]]) + "Z"
        for each in _find_pieces(curve, ~np.isnan(low), longest_step_s)
    )
    return element("path", d=path, fill=paint, fill_opacity=0.55 if curve.is_dashed else 0.14)


def _draw_hatching(curve: Curve, key: str) -> Html:
    line = element("path", d="M0 7L7 0", stroke=curve.colour, stroke_width=0.9)
    size = {"width": 7, "height": 7, "patternUnits": "userSpaceOnUse"}
    return element("defs", element("pattern", line, id=key, **size))


def _draw_axes(frame: _Frame) -> Iterator[Html]:
    low, high = frame.degrees
    step = _choose_step(high - low, _Y_STEPS_DEG, _MOST_TICKS[1])
    for degrees in np.arange(low, high + step / 2, step):
        y = f"{float(frame.y(degrees)):.1f}"
        ends = {"x1": _LEFT, "x2": _SIZE[0] - _RIGHT, "y1": y, "y2": y}
        yield element("line", **ends, stroke=_GRID)
        yield element("text", f"{degrees:.0f}°", x=_LEFT - 6, y=y, dy=4, text_anchor="end", **_TEXT)
    start, end = frame.time_s
    step = _choose_step(end - start, _X_STEPS_S, _MOST_TICKS[0])
    for time_s in np.arange(step * np.ceil(start / step - 1e-9), end + 1e-9, step):
        x = f"{float(frame.x(time_s)):.1f}"
        bottom = _SIZE[1] - _BOTTOM
        yield element("line", x1=x, x2=x, y1=bottom, y2=bottom + 4, stroke=_QUIET)
        label = format_time(float(time_s))
        label = label if step < 1 else label.removesuffix(".0")
        yield element("text", label, x=x, y=bottom + 17, text_anchor="middle", **_TEXT)


def _draw_marks(marks: Sequence[tuple[float, str]], frame: _Frame) -> Iterator[Html]:
    for time_s, text in marks:
        x = f"{float(frame.x(time_s)):.1f}"
        ends = {"x1": x, "x2": x, "y1": _TOP - 4, "y2": _SIZE[1] - _BOTTOM}
        yield element("line", **ends, stroke=_INK, stroke_width=0.8, stroke_dasharray="1 3")
        look = {"font_size": 12, "font_weight": 600, "fill": _INK}
        yield element("text", text, x=x, y=_TOP - 8, text_anchor="middle", **look)


def _draw_letters(curves: Sequence[Curve], frame: _Frame) -> Iterator[Html]:
    """Letter of each line behind its last reading, one below the other where they meet."""
    ends = []
    for curve in curves:
        known = np.flatnonzero(~np.isnan(curve.values_deg))
        if len(known):
            last = known[-1]
            place = float(frame.x(curve.time_s[last])), float(frame.y(curve.values_deg[last]))
            ends.append((*place, curve))
    ends.sort(key=lambda each: each[1])
    lowest = -np.inf
    for number, (x, y, curve) in enumerate(ends):
        is_near = number + 1 < len(ends) and ends[number + 1][1] - y < _LETTERS_APART
        y = max(y - _LETTERS_APART / 2 if is_near else y, lowest + _LETTERS_APART)
        lowest = y
        look = {"font_size": 13, "font_weight": 700, "fill": curve.colour}
        yield element("text", curve.letter, x=f"{x + 7:.1f}", y=f"{y + 4.5:.1f}", **look)
