"""Download buttons; the file is made when the button is pressed, not before."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa
import streamlit as st

from pages.components.climbing_limits import get_limits
from pages.components.format_downloads import show_formats
from pages.components.lending import note_downloaded
from pages.components.own_downloads import download_button
from pages.components.state import get_settings, get_store
from pages.components.words import get_zone
from posecore import Session, SessionStore
from posecore.export import (
    safe_file_name,
    to_angles_table,
    to_csv_bytes,
    to_landmarks_table,
    to_metrics_table,
    to_notes_table,
    to_steps_table,
    to_zip_bytes,
)
from posecore.processing import load_processed
from posecore.settings import Processing


class _Download(NamedTuple):
    label: str
    help: str
    make_table: Callable[[SessionStore, str, Processing], pa.Table]


_DOWNLOADS: Final = {
    "landmarks": _Download(
        "Download CSV",
        "All landmarks, one row a frame, and the notes beside them.",
        lambda store, session_id, processing: to_landmarks_table(
            load_processed(store, session_id, processing),
            notes=store.notes.list(session_id),
        ),
    ),
    "angles": _Download(
        "Download angles CSV",
        "Joint angles in degrees, one row a frame, and the notes beside them.",
        lambda store, session_id, processing: to_angles_table(
            load_processed(store, session_id, processing),
            notes=store.notes.list(session_id),
            max_error_deg=get_settings().max_error_deg,
        ),
    ),
    "metrics": _Download(
        "Download metrics CSV",
        "Range of motion, repetitions, smoothness and more, one row a number.",
        lambda store, session_id, processing: to_metrics_table(
            load_processed(store, session_id, processing), get_limits()
        ),
    ),
    "notes": _Download(
        "Download notes CSV",
        "One row a note, with its times.",
        lambda store, session_id, _processing: to_notes_table(store.notes.list(session_id)),
    ),
    "steps": _Download(
        "Download steps CSV",
        "What was done to the landmarks, one row a step, with what it was told and found out.",
        lambda store, session_id, processing: to_steps_table(
            load_processed(store, session_id, processing)
        ),
    ),
}


def download_numbers(session: Session, *, key: str) -> None:
    """Show the button for the numbers alone, beside where they are shown."""
    _download_button([session], "metrics", key=key)


def download_buttons(sessions: list[Session], *, key: str, is_dense: bool = False) -> None:
    """Show a button each for landmarks, angles and metrics; for notes and steps if there are any.

    Several sessions come as a ZIP. Where it is dense, all but the first open from one button, and
    other formats are not offered.
    """
    noted_ids = get_store().notes.find_noted_sessions()
    noted = [session for session in sessions if session.id in noted_ids]
    _download_button(sessions, "landmarks", key=key)
    with st.popover("More CSV") if is_dense else nullcontext():
        _download_button(sessions, "angles", key=key)
        _download_button(sessions, "metrics", key=key)
        _download_button(noted, "notes", key=key)
        if get_settings().processing != "recorded":
            _download_button(sessions, "steps", key=key)
    if sessions and not is_dense:
        show_formats(sessions, key=key)


def download_report(session: Session, *, key: str) -> None:
    """Show the button for the report on paper; there is none of a session with nobody in it."""
    download_button(
        "Report (HTML)",
        partial(_make_report, session, get_zone()),
        file_name=safe_file_name(session.name, session.id, "report.html"),
        mime="text/html",
        key=f"{key}_report",
        help="Key moments, charts and numbers in plain words, to print or send: one file that "
        "opens in any browser."
        if session.detected_count
        else "Nobody is in view in this session, so there is nothing to report.",
        disabled=not session.detected_count,
    )


def _make_report(session: Session, zone: ZoneInfo | None) -> str:
    # Loaded only where it is used: it brings what draws the pictures.
    from posecore.report import make_report

    store, settings = get_store(), get_settings()
    note_downloaded(session, "report")
    return make_report(
        session,
        load_processed(store, session.id, settings.processing),
        store.notes.list(session.id),
        video_file=store.get_video_file(session.id),
        max_error_deg=settings.max_error_deg,
        zone=zone,
    )


def _download_button(sessions: list[Session], kind: str, *, key: str) -> None:
    if not sessions:
        return
    download, is_one = _DOWNLOADS[kind], len(sessions) == 1
    download_button(
        download.label,
        partial(_make_csv if is_one else _make_zip, sessions, kind),
        file_name=_file_name(sessions[0], kind) if is_one else f"posecore_{kind}.zip",
        mime="text/csv" if is_one else "application/zip",
        key=f"{key}_{kind}",
        help=download.help,
    )


def _file_name(session: Session, kind: str) -> str:
    processing = get_settings().processing
    if kind != "notes" and processing != "recorded":
        kind = f"{kind}_{processing}"
    return safe_file_name(session.name, session.id, f"{kind}.csv")


def _make_csv(sessions: list[Session], kind: str) -> bytes:
    return to_csv_bytes(_make_table(sessions[0], kind))


def _make_zip(sessions: list[Session], kind: str) -> bytes:
    return to_zip_bytes(
        (_file_name(session, kind), _make_table(session, kind)) for session in sessions
    )


def _make_table(session: Session, kind: str) -> pa.Table:
    note_downloaded(session, f"{kind} CSV")
    return _DOWNLOADS[kind].make_table(get_store(), session.id, get_settings().processing)
