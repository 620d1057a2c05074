"""Who did what with one's sessions, and the list as CSV."""

from typing import TYPE_CHECKING, Final

import streamlit as st

from pages.components.data_table import make_csv
from pages.components.own_downloads import download_button
from pages.components.state import get_store
from pages.components.words import get_zone
from posecore.storage.audit_entry import AuditEntry

if TYPE_CHECKING:
    import pandas as pd

_SHOWN: Final = 200
_ALL: Final = 10_000


def show_audit() -> None:
    """Show the latest entries, and offer all that are kept."""
    entries = get_store().audit.list(limit=_SHOWN)
    if not entries:
        st.caption("Nothing was done so far. Record or import, and it is listed here.")
        return
    st.caption(
        "What you and others did with your sessions, shares and tokens, newest first: the latest "
        f"{_SHOWN} here, the latest {_ALL:,} in the CSV."
    )
    st.dataframe(
        make_rows(entries),
        hide_index=True,
        height=320,
        column_config={"When": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm")},
        key="audit",
    )
    download_button(
        "Download CSV",
        _make_whole_csv,
        file_name="posecore_who_did_what.csv",
        mime="text/csv",
        key="audit_csv",
    )


def make_rows(entries: list[AuditEntry]) -> "pd.DataFrame":
    """Return entries as a table for people, in the reader's time zone."""
    import pandas as pd

    owner, zone = get_store().owner, get_zone()
    return pd.DataFrame(
        {
            "When": [entry.happened_at.astimezone(zone) for entry in entries],
            "Who": [
                "You" if entry.actor == owner else entry.actor_name or "Name unknown"
                for entry in entries
            ],
            "What": [entry.action.capitalize() for entry in entries],
            "Session": [entry.session_name for entry in entries],
            "Details": [entry.detail for entry in entries],
        }
    )


def _make_whole_csv() -> bytes:
    rows = make_rows(get_store().audit.list(limit=_ALL))
    return make_csv(rows.assign(When=[moment.isoformat() for moment in rows["When"]]))
