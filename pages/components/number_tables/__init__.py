"""Numbers as tables and key figures, with their meaning behind info marks, and links to moments.

Everything in a cell is text: nothing of it is read as HTML.
"""

from html import escape
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlencode

import streamlit as st

from pages.components.words import as_clock

__all__ = ["Cell", "Figure", "Heading", "Moment", "Row", "Table", "show_numbers"]

_FOLDER: Final = Path(__file__).parent
_NONE: Final = "\N{EN DASH}"
_HTML: Final = '<div class="numbers"></div><div class="about" popover role="tooltip"></div>'
_LONGEST: Final = 20
_LETTERS: Final = {"left": "L", "right": "R"}

_component = st.components.v2.component(
    "posecore_numbers",
    html=_HTML,
    css=(_FOLDER / "tables.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "tables.js").read_text(encoding="utf-8"),
)


class Cell(NamedTuple):
    """A number as it is read, or none (``text`` is empty)."""

    text: str = ""
    unit: str = ""
    is_quiet: bool = False


class Moment(NamedTuple):
    """A moment of a session, to which the replay goes; seconds since its first frame."""

    session_id: str
    time_s: float


class Heading(NamedTuple):
    """What a column holds; a side is shown by its letter and colour."""

    text: str = ""
    about: str = ""
    side: str = ""


class Row(NamedTuple):
    """One line of a table; ``why`` says in words why something in it is missing."""

    label: str | Moment
    cells: list[Cell]
    about: str = ""
    why: str = ""


class Table(NamedTuple):
    """Rows under their headings, the first of which stands above the labels; a note below them."""

    title: str
    headings: list[Heading]
    rows: list[Row]
    note: str = ""


class Figure(NamedTuple):
    """One number that is seen first."""

    label: str
    cell: Cell
    about: str
    why: str = ""


def show_numbers(*parts: Table | list[Figure], key: str) -> None:
    """Show tables beside each other where there is room, and key figures in a row."""
    html = [_make_table(each) if isinstance(each, Table) else _make_figures(each) for each in parts]
    _component(data={"html": "".join(html)}, key=key)


def _make_figures(figures: list[Figure]) -> str:
    tiles = "".join(
        f"<div><dt>{_make_marked(escape(label), about, label)}</dt>"
        f"<dd>{_make_number(cell)}{_make_why(why)}</dd></div>"
        for label, cell, about, why in figures
    )
    return f'<dl class="figures">{tiles}</dl>'


def _make_table(table: Table) -> str:
    title = f"<caption>{escape(table.title)}</caption>" if table.title else ""
    head = "".join(f'<th scope="col">{_make_heading(each)}</th>' for each in table.headings)
    head = f"<thead><tr>{head}</tr></thead>" if table.headings else ""
    rows = "".join(map(_make_row, table.rows))
    note = f'<p class="why">{escape(table.note)}</p>' * bool(table.note)
    is_long = len(table.rows) > _LONGEST
    box = 'div class="long" tabindex="0"' if is_long else "div"
    return f"<{box}><table>{title}{head}<tbody>{rows}</tbody></table>{note}</div>"


def _make_heading(heading: Heading) -> str:
    letter = _LETTERS.get(heading.side)
    text = escape(heading.text)
    if letter:
        text = f'<span class="letter {heading.side}" title="{text}">{letter}</span>'
    return _make_marked(text, heading.about, heading.text)


def _make_row(row: Row) -> str:
    label = _make_link(row.label) if isinstance(row.label, Moment) else escape(row.label)
    name = row.label if isinstance(row.label, str) else "this moment"
    cells = "".join(
        f"<td{' class=quiet' * cell.is_quiet}>{_make_number(cell)}</td>" for cell in row.cells
    )
    label = _make_marked(label, row.about, name)
    return f'<tr><th scope="row">{label}{_make_why(row.why)}</th>{cells}</tr>'


def _make_number(cell: Cell) -> str:
    if not cell.text:
        return _NONE
    is_joined = cell.unit.startswith(("°", "%"))
    unit = f'<span class="unit{" joined" * is_joined}">{escape(cell.unit)}</span>'
    return escape(cell.text) + unit * bool(cell.unit)


def _make_why(why: str) -> str:
    return f'<span class="why">{escape(why)}</span>' if why else ""


def _make_marked(html: str, about: str, name: str) -> str:
    """Add the info mark, which never stands alone on a line of its own."""
    if not about:
        return html
    before, space, last = ("", "", html) if html.startswith("<") else html.rpartition(" ")
    return (
        f'{before}{space}<span class="marked">{last}<button type="button" '
        f'data-about="{escape(about)}" aria-label="{escape(f"About {name}")}">i</button>'
        "</span>"
    )


def _make_link(moment: Moment) -> str:
    query = urlencode({"session": moment.session_id, "t": f"{moment.time_s:.3f}"})
    return (
        f'<a href="replay?{escape(query)}" data-time-s="{moment.time_s:.3f}" '
        f'title="Show this moment in the replay">{as_clock(moment.time_s)}</a>'
    )
