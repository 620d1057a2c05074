"""The command ``compare``: its options, and how a comparison is written."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from posecore.cli_text import format_length, make_printable, to_json, to_plain
from posecore.settings import PROCESSINGS

if TYPE_CHECKING:
    from posecore.comparison import Comparison
    from posecore.storage.session import Session

_WAYS: Final = ("start", "event", "repetition", "warp")
_COLUMNS: Final = {
    "mean_difference_deg": ("mean", "{:+z.1f}"),
    "mean_absolute_difference_deg": ("apart", "{:.1f}"),
    "largest_difference_deg": ("largest", "{:+z.1f}"),
    "largest_at_s": ("at s", "{:.2f}"),
    "a_range_deg": ("range A", "{:.1f}"),
    "b_range_deg": ("range B", "{:.1f}"),
    "timing_offset_s": ("later s", "{:+z.2f}"),
    "outside_share": ("outside", "{:.0%}"),
}


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Options of the command."""
    for name in ("A", "B"):
        command.add_argument(name.lower(), metavar=name, help="session id, or its beginning")
    command.add_argument(
        "--by",
        choices=_WAYS,
        default="warp",
        help="bring them together at the start, the first movement, each repetition, or by "
        "dynamic time warping (the default)",
    )
    command.add_argument(
        "--landmarks", choices=PROCESSINGS, default="recorded", help="as recorded, by default"
    )
    command.add_argument(
        "--mirror", action="store_true", help="B as in a mirror: left-handed with right-handed"
    )
    command.add_argument("--json", action="store_true", help="as JSON")


def describe_as_json(sessions: "Sequence[Session]", found: "Comparison") -> dict[str, Any]:
    """Everything but the curves, as JSON knows it."""
    from posecore.comparison import SCORE_FORMULA

    alignment = found.alignment
    rows = found.table.astype(object).where(found.table.notna(), None).reset_index()
    return {
        **{name: to_json(session) for name, session in zip("ab", sessions, strict=True)},
        "alignment": {
            "method": alignment.method,
            "description": alignment.description,
            "offset_s": alignment.offset_s,
            "stretch": alignment.stretch,
            "a_share": found.a_share,
            "b_share": found.b_share,
        },
        "score": found.score,
        "score_formula": SCORE_FORMULA,
        "angles": [
            {str(key): to_plain(value) for key, value in row.items()}
            for row in rows.to_dict(orient="records")
        ],
    }


def describe(sessions: "Sequence[Session]", found: "Comparison") -> str:
    """Write the comparison as lines for a terminal; degrees where nothing else is said."""
    from posecore.comparison import SCORE_FORMULA

    alignment = found.alignment
    lines = [
        f"{name}  {session.id}  {format_length(session.duration_s)}  {make_printable(session.name)}"
        for name, session in zip("AB", sessions, strict=True)
    ]
    lines += [
        f"Brought together {alignment.description}.",
        f"Time of B minus time of A at the beginning: {alignment.offset_s:+z.2f} s; "
        f"B takes {alignment.stretch:.2f} times as long; "
        f"{found.a_share:.0%} of A and {found.b_share:.0%} of B are matched.",
        f"Similarity {found.score:.1f} of 100: {SCORE_FORMULA}.",
        "",
        f"{'B minus A':<26}" + "".join(f"{title:>9}" for title, _ in _COLUMNS.values()),
    ]
    for name, row in found.table.iterrows():
        cells = [
            "-" if row[column] != row[column] else shape.format(row[column])
            for column, (_, shape) in _COLUMNS.items()
        ]
        # A missing answer is not a yes.
        mark = "  more than the measuring error" if row["is_outside"] is True else ""
        lines.append(f"{name:<26}" + "".join(f"{cell:>9}" for cell in cells) + mark)
    return "\n".join(lines)
