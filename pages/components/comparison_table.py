"""What came of a comparison, in words and numbers."""

from functools import partial
from typing import Final

import pandas as pd
import streamlit as st

from pages.components.lending import note_downloaded
from pages.components.number_tables import Cell, Figure, Heading, Row, Table, show_numbers
from pages.components.own_downloads import download_button
from pages.components.text import plain
from pages.components.words import as_clock
from posecore import ANGLES, Session
from posecore.comparison import SCORE_FORMULA, Comparison
from posecore.export import safe_file_name

_LITTLE: Final = 0.5
"""Of a session: less than that is said with emphasis."""
_MINUS: Final = "\N{MINUS SIGN}"
_VERDICTS: Final = {True: "differs", False: "within the error"}
_HEADINGS: Final = [
    Heading("Angle"),
    Heading(
        "Verdict",
        "Differs: more than a tenth of its moments lie outside the band that holds nine of "
        "ten readings. Where the error was never measured nothing is said.",
    ),
    Heading(f"B {_MINUS} A", "Mean over all moments; above 0, the angle is larger in B."),
    Heading("Largest", "The largest difference either way."),
    Heading("at"),
    Heading("Range A", "Largest reading minus smallest."),
    Heading("Range B"),
    Heading("B later by", "What is left after the two were brought together; at most 1 s."),
]


def show_verdict(comparison: Comparison) -> None:
    """Show how alike the two are, how they were brought together, and what differs."""
    differing = comparison.table.index[comparison.table["is_outside"].fillna(False).astype(bool)]
    names = ", ".join(ANGLES[name].label.lower() for name in differing)
    if comparison.alignment.method == "clock":
        _show_cameras(comparison, names)
        return
    verdict = (
        f"Beyond the measuring error differ: **{plain(names)}**."
        if names
        else f"No angle differs by more than the measuring error{_say_how_long(comparison)}."
    )
    together = plain(comparison.alignment.description)
    shares = f"{comparison.a_share:.0%} of A and {comparison.b_share:.0%} of B"
    score, words = st.columns([1, 3], vertical_alignment="center")
    with score:
        cell = Cell(f"{comparison.score:.0f}", "of 100")
        show_numbers([Figure("Similarity", cell, SCORE_FORMULA)], key="similarity")
    told = f"Brought together {together}; {plain(shares)} are compared."
    named = {"A": comparison.a_share, "B": comparison.b_share}
    if little := [f"{share:.0%} of {name}" for name, share in named.items() if share < _LITTLE]:
        verb = "is" if len(little) == 1 else "are"
        only = plain(" and ".join(little))
        told = f":orange[Only {only} {verb} compared.] Brought together {together}."
    words.markdown(f"{verdict}  \n{told}")


def _show_cameras(comparison: Comparison, names: str) -> None:
    """Say where two cameras see one movement differently; that is no judgement of the athlete."""
    verdict = (
        f"Seen differently by the two, beyond the measuring error: **{plain(names)}**. "
        "Trust the camera that sees the joint from the side."
        if names
        else "Both see the same, within the measuring error."
    )
    together = plain(comparison.alignment.description)
    shares = f"{comparison.a_share:.0%} of A and {comparison.b_share:.0%} of B"
    st.markdown(
        f"**Two cameras, one movement.** {verdict}  \n"
        f"Brought together {together}; both filmed {plain(shares)}."
    )


def _say_how_long(comparison: Comparison) -> str:
    """Say that some moments are outside; one attempt of several that went wrong is seen so."""
    is_ever_outside = comparison.table["outside_share"].max() > 0
    return " for long" * bool(is_ever_outside)


def show_table(comparison: Comparison, a: Session, b: Session) -> None:
    """Show the angles, those that differ most first, and offer them as CSV."""
    table = comparison.table.assign(
        order=comparison.table["is_outside"].fillna(False).astype(int)
    ).sort_values(["order", "mean_absolute_difference_deg"], ascending=False)
    rows = [_make_row(str(name), row) for name, row in table.iterrows()]
    show_numbers(Table("Angle by angle", _HEADINGS, rows), key="angle_by_angle")
    download_button(
        "Download CSV",
        partial(_make_csv, comparison, a, b),
        file_name=f"{safe_file_name(f'{a.name} and {b.name}', 'compared')}.csv",
        mime="text/csv",
    )


def _make_csv(comparison: Comparison, a: Session, b: Session) -> str:
    for session in (a, b):
        note_downloaded(session, "comparison CSV")
    return comparison.table.to_csv(float_format="%.4f")


def _make_row(name: str, row: pd.Series) -> Row:
    is_outside = row["is_outside"]
    verdict = "error unknown" if pd.isna(is_outside) else _VERDICTS[bool(is_outside)]
    is_quiet = verdict != _VERDICTS[True]
    cells = [
        Cell(verdict, is_quiet=is_quiet),
        _as_degrees(row["mean_difference_deg"], is_signed=True, is_quiet=is_quiet),
        _as_degrees(row["largest_difference_deg"], is_signed=True, is_quiet=is_quiet),
        Cell(
            "" if pd.isna(row["largest_at_s"]) else as_clock(row["largest_at_s"]),
            is_quiet=is_quiet,
        ),
        _as_degrees(row["a_range_deg"], is_quiet=is_quiet),
        _as_degrees(row["b_range_deg"], is_quiet=is_quiet),
        Cell(_sign(row["timing_offset_s"], ".2f"), "s", is_quiet=is_quiet),
    ]
    return Row(ANGLES[name].label, cells, ANGLES[name].meaning)


def _as_degrees(value: float, *, is_quiet: bool, is_signed: bool = False) -> Cell:
    text = _sign(value, ".0f") if is_signed else "" if pd.isna(value) else f"{value:.0f}"
    return Cell(text, "°", is_quiet=is_quiet)


def _sign(value: float, digits: str) -> str:
    """Write the number with its sign; what rounds to 0 has none."""
    if pd.isna(value):
        return ""
    text = f"{value:+{digits}}"
    return text.replace("-", _MINUS) if float(text) else text[1:]
