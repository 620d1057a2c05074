"""A table of rows that people typed and posecore computed, and its CSV."""

import io
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.csv
import streamlit as st

from pages.components.own_downloads import download_button
from posecore.export import make_harmless

if TYPE_CHECKING:
    import pandas as pd


LINK: Final = "Open"
"""Heading of the column whose links open a session."""


class ShownTable(NamedTuple):
    """What a table on the page shows, and what its CSV is called."""

    rows: "pd.DataFrame"
    file_stem: str
    key: str


def show_table(
    rows: "pd.DataFrame", *, file_stem: str, key: str, columns: dict[str, Any] | None = None
) -> ShownTable:
    """Show a table, sortable by its headings.

    Parameters
    ----------
    rows : DataFrame
        Cells are shown as text, whatever was typed.
    file_stem : str
        Name of the CSV, without the ending.
    key : str
        Streamlit's key.
    columns : dict, optional
        As ``st.dataframe`` takes ``column_config``.
    """
    st.dataframe(rows, hide_index=True, column_config=columns, key=key, placeholder="\N{EN DASH}")
    return ShownTable(rows, file_stem, key)


def download_table(table: ShownTable) -> None:
    """Show the button for the CSV of a table."""
    download_button(
        "Download CSV",
        partial(make_csv, table.rows),
        file_name=f"{table.file_stem}.csv",
        mime="text/csv",
        key=f"{table.key}_csv",
    )


def make_csv(rows: "pd.DataFrame") -> bytes:
    """Return a table as CSV; what a spreadsheet would compute gets an apostrophe in front.

    Links into the dashboard are left out. Headings are quoted, because names stand in them.
    """
    harmless = rows.drop(columns=LINK, errors="ignore").rename(columns=make_harmless)
    harmless = harmless.map(lambda cell: make_harmless(cell) if isinstance(cell, str) else cell)
    stream = io.BytesIO()
    table = pa.Table.from_pandas(harmless, preserve_index=False)
    pa.csv.write_csv(table, stream, pa.csv.WriteOptions(quoting_header="needed"))
    return stream.getvalue()
