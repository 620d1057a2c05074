"""The part of a report that compares a session with another one."""

import math
from collections.abc import Hashable, Iterator
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from posecore.angles import ANGLES, MAX_STEP_S
from posecore.capture.overlay import COLOURS_RGB
from posecore.cli_text import format_length
from posecore.clip_canvas import format_time
from posecore.comparison import MOST_OUTSIDE, SCORE_FORMULA, Comparison, compare
from posecore.placement import mirror
from posecore.report_chart import Curve, draw_chart, to_colour
from posecore.report_html import Html, as_typed, element, join, make_section, make_table, number
from posecore.report_readings import estimate_range_error, say_degrees
from posecore.report_tables import say_date
from posecore.sequence import PoseSequence

if TYPE_CHECKING:
    from posecore.storage.session import Session

_N_CHARTS: Final = 2
_PALE: Final = 0.45
_MIRRORED: Final = "B is compared as a mirror shows it: its left stands for its right."
_HEAD: Final = (
    "Joint",
    "B is on average",
    "B is at most",
    "Range A",
    "Range B",
    "B is late by",
    "So",
)


class Recorded(NamedTuple):
    """A session and what was recorded of it, as it was processed."""

    session: "Session"
    sequence: PoseSequence


def make_comparison(
    a: Recorded,
    b: Recorded,
    zone: tzinfo | None,
    found: Comparison | None = None,
    *,
    is_mirrored: bool = False,
) -> Html:
    """Say in words how two sessions differ.

    Parameters
    ----------
    a, b : Recorded
        Best processed in the same way.
    zone : tzinfo or None
        In which their dates are said; the computer's own for None.
    found : Comparison, optional
        What came of comparing them; they are compared after dynamic time warping when left out.
    is_mirrored : bool
        Whether B is, or was, compared as a mirror shows it.

    Raises
    ------
    ComparisonError
        If there is nothing to compare.
    """
    if is_mirrored:
        b = b._replace(sequence=mirror(b.sequence))
    found = compare(a.sequence, b.sequence) if found is None else found
    order = found.table["mean_absolute_difference_deg"].sort_values(ascending=False).index
    # A missing answer is not a yes.
    differs = found.table["is_outside"].fillna(False).astype(bool)
    rows = [_make_row(found, name, a.sequence, b.sequence) for name in order]
    within = [place for place, name in enumerate(order) if not differs[name]]
    return make_section(
        "Two sessions compared",
        _introduce(a, b, found, zone),
        element("p", _MIRRORED, class_="lead") if is_mirrored else Html(""),
        element(
            "p", element("strong", _conclude(found, [each for each in order if differs[each]]))
        ),
        make_table(_HEAD, rows, within=within),
        _explain(found),
        *_make_charts(found, list(order)),
    )


def _introduce(a: Recorded, b: Recorded, found: Comparison, zone: tzinfo | None) -> Html:
    lines = [
        element(
            "p",
            element("b", f"{letter}: "),
            as_typed(each.session.name),
            *([", ", as_typed(each.session.athlete)] if each.session.athlete else []),
            f", {say_date(each.session, zone)}, {format_length(each.sequence.duration_s)}",
            class_="lead",
        )
        for letter, each in (("A", a), ("B", b))
    ]
    shares = f"{found.a_share:.0%} of A and {found.b_share:.0%} of B are matched"
    how = f"Brought together {found.alignment.description}; {shares}."
    score = (
        f"Similarity {found.score:.0f} of 100, which is {SCORE_FORMULA}. It has no error of its "
        "own, but the errors of the angles lower it: only one and the same recording is sure to "
        "reach 100."
    )
    return join([*lines, element("p", how, class_="lead"), element("p", score)])


def _conclude(found: Comparison, differing: list[str]) -> str:
    if found.table["is_outside"].isna().all():
        return "How far the angles may be off is not known, so no difference can be claimed."
    if not differing:
        return (
            "No joint differs by more than the measuring error: by these two recordings the "
            "movements cannot be told apart."
        )
    labels = ", ".join(ANGLES[name].label.lower() for name in differing)
    return f"More than the measuring error: {labels}."


def _make_row(found: Comparison, name: str, a: PoseSequence, b: PoseSequence) -> list[str]:
    row: dict[Hashable, Any] = found.table.loc[name].to_dict()
    label = ANGLES[name].label
    if math.isnan(row["mean_difference_deg"]):
        return [label, "never seen in both", "", "", "", "", "not known"]
    band = found.band_deg[name]
    at_s = row["largest_at_s"]
    late_s = row["timing_offset_s"]
    late = "not clear" if math.isnan(late_s) else f"{late_s:+z.2f} s"
    verdict = {True: "differs", False: "within the measuring error"}
    return [
        label,
        number(_say_more(row["mean_difference_deg"], float(band.mean()))),
        _say_largest(row["largest_difference_deg"], float(band.loc[at_s]), at_s),
        number(say_degrees(row["a_range_deg"], estimate_range_error(a, name))),
        number(say_degrees(row["b_range_deg"], estimate_range_error(b, name))),
        number(late),
        verdict.get(row["is_outside"], "error not known"),
    ]


def _say_largest(difference_deg: float, error_deg: float, at_s: float) -> Html:
    when = f", at {format_time(at_s)}" if round(difference_deg) else ""
    return join([number(_say_more(difference_deg, error_deg)), when])


def _say_more(difference_deg: float, error_deg: float) -> str:
    words = say_degrees(abs(difference_deg), error_deg)
    if round(difference_deg) == 0:
        return words
    return f"{words} {'more' if difference_deg > 0 else 'less'}"


def _explain(found: Comparison) -> Html:
    step_s = float(found.time_s[1] - found.time_s[0])
    return element(
        "p",
        "“More” is a larger angle in B. A grey row in italics is within the measuring error: "
        f"at most {MOST_OUTSIDE:.0%} of its moments are further apart than both errors together, "
        "and as many may be by chance. The error of a difference is the root of the sum of both "
        "squared errors. Timing is what is left after they were brought together, read to one "
        f"step of the common clock ({step_s:.2f} s); its error was never measured.",
        class_="quiet",
    )


def _make_charts(found: Comparison, order: list[str]) -> Iterator[Html]:
    shown = [each for each in order if found.difference_deg[each].notna().any()][:_N_CHARTS]
    for name in shown:
        definition = ANGLES[name]
        chart = draw_chart(
            _make_curves(found, name),
            key=f"two_{name}",
            limits_deg=definition.range_deg,
            longest_step_s=MAX_STEP_S,
        )
        about = (
            "A solid, B dashed, on the clock they share. The band round A is the error of their "
            "difference: only where B leaves it do the two differ."
        )
        yield element(
            "figure",
            element("h3", definition.label),
            chart,
            element("figcaption", about),
            class_="chart",
        )


def _make_curves(found: Comparison, name: str) -> list[Curve]:
    full = np.array(COLOURS_RGB[ANGLES[name].side], dtype=float)
    pale = _PALE * full + (1 - _PALE) * 255
    a_deg, b_deg, band_deg = (
        each[name].to_numpy() for each in (found.a_deg, found.b_deg, found.band_deg)
    )
    return [
        Curve("A", "A", to_colour(full), False, found.time_s, a_deg, band_deg),
        Curve("B", "B", to_colour(pale), True, found.time_s, b_deg),
    ]
