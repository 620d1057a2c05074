"""Download buttons; the file is made when the button is pressed, not before."""

from functools import partial

import streamlit as st

from pages.components.state import get_store
from posecore import Session
from posecore.export import (
    safe_file_name,
    to_angles_table,
    to_csv_bytes,
    to_landmarks_table,
    to_zip_bytes,
)

_TABLES = {"landmarks": to_landmarks_table, "angles": to_angles_table}
_LABELS = {"landmarks": "Download CSV", "angles": "Download angles CSV"}
_HELP = {
    "landmarks": "All landmarks, one row a frame.",
    "angles": "Joint angles in degrees, one row a frame.",
}


def download_buttons(sessions: list[Session], *, key: str) -> None:
    """Show one button for landmarks and one for joint angles; several sessions come as a ZIP."""
    if not sessions:
        return
    for kind, label in _LABELS.items():
        is_one = len(sessions) == 1
        st.download_button(
            label,
            data=partial(_make_csv if is_one else _make_zip, sessions, kind),
            file_name=_file_name(sessions[0], kind) if is_one else f"posecore_{kind}.zip",
            mime="text/csv" if is_one else "application/zip",
            key=f"{key}_{kind}",
            help=_HELP[kind],
            on_click="ignore",
        )


def _file_name(session: Session, kind: str) -> str:
    return safe_file_name(session.name, session.id, f"{kind}.csv")


def _make_csv(sessions: list[Session], kind: str) -> bytes:
    return to_csv_bytes(_TABLES[kind](get_store().load_sequence(sessions[0].id)))


def _make_zip(sessions: list[Session], kind: str) -> bytes:
    store = get_store()
    return to_zip_bytes(
        (_file_name(session, kind), _TABLES[kind](store.load_sequence(session.id)))
        for session in sessions
    )
