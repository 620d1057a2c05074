"""Which numbers stand in which table, as a person reads them."""

from typing import Final

import pandas as pd

from pages.components.number_tables import Cell, Figure, Heading, Moment, Row, Table
from posecore import ANGLES, METRICS
from posecore.events import Repetition
from posecore.measures import NEITHER_MOVES
from posecore.metric_definition import Metric
from posecore.stillness import Stillness

KEY_FIGURES: Final = ("repetition_count", "tempo", "repetition_range", "longest_hold")

_NONE: Final = "\N{EN DASH}"
_MINUS: Final = "\N{MINUS SIGN}"
_DIFFERENCE: Final = Heading(
    f"L\N{NO-BREAK SPACE}{_MINUS}\N{NO-BREAK SPACE}R",
    "Left minus right: above 0, the left does more.",
)
_SIDES: Final = ("left", "right")


def make_figures(metrics: pd.DataFrame) -> list[Figure]:
    """Key figures of a session."""
    return [
        Figure(METRICS[name].label, _make_cell(metrics, name), _explain(METRICS[name]), why)
        for name in KEY_FIGURES
        for why in [metrics["note"][name]]
    ]


def make_plain_table(metrics: pd.DataFrame, group: str) -> Table:
    """Table of the numbers of a group, one a line."""
    rows = [
        Row(metric.label, [_make_cell(metrics, name)], _explain(metric), metrics["note"][name])
        for name, metric in METRICS.items()
        if metric.group == group
    ]
    return Table("", [], rows)


def make_movement_tables(metrics: pd.DataFrame) -> list[Table]:
    """Tables of the angles: ranges and speeds, left beside right, and those of the trunk."""
    pairs = [angle.motion for angle in ANGLES.values() if angle.side == "left"]
    middle = [name for name, angle in ANGLES.items() if angle.side == "middle"]
    elbow = METRICS["elbow_flexion_symmetry"]
    symmetry = Heading("Symmetry, %", _explain(elbow))
    has_still = any(metrics["note"][f"{motion}_symmetry"] == NEITHER_MOVES for motion in pairs)
    note = f"No symmetry ({_NONE}) where {NEITHER_MOVES}." * has_still
    ranges = [_make_pair(metrics, motion, "range") for motion in pairs]
    speeds = [_make_pair(metrics, motion, "peak_speed") for motion in pairs]
    sides = [Heading(), *(Heading(side.capitalize(), side=side) for side in _SIDES), _DIFFERENCE]
    return [
        Table("Range of motion, °", [*sides, symmetry], ranges, note),
        Table("Peak angular velocity, °/s", sides, speeds),
        Table(
            "Trunk, neck and pelvis",
            [Heading(), Heading("Range, °"), Heading("Peak velocity, °/s")],
            [_make_middle(metrics, name) for name in middle],
        ),
    ]


def make_repetitions_table(
    repetitions: list[Repetition], session_id: str, begin_s: float
) -> Table | None:
    """Table of the repetitions; each start is a link into the replay."""
    if not repetitions:
        return None
    counted, moves = (
        ANGLES[name].label.lower() if name in ANGLES else name
        for name in (repetitions[0].signal, repetitions[0].angle)
    )
    headings = [
        Heading("Begins at", f"Counted in: {counted}."),
        Heading("Length, s"),
        Heading("Range, °", f"Of the angle that moves most: {moves}."),
        Heading("Like the mean, %", "Likeness to the mean repetition; 100 is the same."),
    ]
    rows = [
        Row(
            Moment(session_id, each.start_s - begin_s),
            [
                Cell(f"{each.duration_s:.1f}"),
                Cell(f"{each.range_deg:.0f}"),
                Cell(f"{100 * each.repeatability:.0f}"),
            ],
        )
        for each in repetitions
    ]
    return Table("Each repetition", headings, rows)


def make_stillness_table(
    stillness: list[Stillness] | str, session_id: str, begin_s: float
) -> Table | None:
    """Table of the holds and pauses; each start is a link into the replay."""
    if isinstance(stillness, str) or not stillness:
        return None
    rows = [
        Row(
            Moment(session_id, each.start_s - begin_s),
            [Cell(f"{each.duration_s:.1f}"), Cell(each.kind, is_quiet=True)],
        )
        for each in stillness
    ]
    return Table(
        "Each hold and pause", [Heading("Begins at"), Heading("Length, s"), Heading("Kind")], rows
    )


def _make_pair(metrics: pd.DataFrame, motion: str, kind: str) -> Row:
    """Left, right and left minus right of one angle; with its range, the symmetry as well."""
    names = [f"{side}_{motion}_{kind}" for side in _SIDES]
    left, right = (metrics["value"][name] for name in names)
    cells = [Cell(_as_number(left)), Cell(_as_number(right))]
    cells.append(Cell(_as_number(left - right), is_quiet=True))
    whys = dict(zip(_SIDES, (metrics["note"][name] for name in names), strict=True))
    why = whys["left"]
    if whys["left"] != whys["right"]:
        why = "; ".join(f"{side}: {reason}" for side, reason in whys.items() if reason)
    if kind == "range":
        symmetry = metrics["value"][f"{motion}_symmetry"]
        cells.append(Cell(_as_number(symmetry), is_quiet=True))
    return Row(_without_side(motion), cells, _explain_angle(f"left_{motion}", names[0]), why)


def _make_middle(metrics: pd.DataFrame, name: str) -> Row:
    names = [f"{name}_range", f"{name}_peak_speed"]
    cells = [Cell(_as_number(metrics["value"][each])) for each in names]
    return Row(ANGLES[name].label, cells, _explain_angle(name, names[0]), metrics["note"][names[0]])


def _without_side(motion: str) -> str:
    return ANGLES[f"left_{motion}"].label.removeprefix("Left ").capitalize()


def _make_cell(metrics: pd.DataFrame, name: str) -> Cell:
    metric = METRICS[name]
    return Cell(_as_number(metrics["value"][name], metric.digits), metric.unit)


def _as_number(value: float, digits: int = 0) -> str:
    """A number with a true minus, and no minus before 0; empty where there is none."""
    if value != value:
        return ""
    return f"{round(float(value), digits) + 0.0:,.{digits}f}".replace("-", _MINUS)


def _explain(metric: Metric) -> str:
    return f"{metric.formula[0].upper()}{metric.formula[1:]}.\n\nSource: {metric.reference}."


def _explain_angle(angle: str, metric: str) -> str:
    definition = ANGLES[angle].definition
    return f"{definition[0].upper()}{definition[1:]}; 0 is {ANGLES[angle].at_zero}.\n\n" + _explain(
        METRICS[metric]
    )
