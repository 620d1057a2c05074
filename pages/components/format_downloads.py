"""Downloads in the formats of other programs; the file is made when the button is pressed."""

from collections.abc import Iterator
from functools import partial
from typing import IO, Final

import streamlit as st

from pages.components.lending import note_downloaded
from pages.components.own_downloads import download_button
from pages.components.state import get_settings, get_store
from posecore import Session
from posecore.errors import ExportError
from posecore.export import safe_file_name
from posecore.formats.catalogue import FORMATS, FileFormat
from posecore.handover import make_writer, to_bytes
from posecore.processing import load_processed
from posecore.whole_file import Writer, fill_zip

_OF_BODIES: Final = ("trc", "mot", "c3d", "bvh")
"""Formats that are nothing without a body; the others say for each frame that there is none."""


def show_formats(sessions: list[Session], *, key: str) -> None:
    """Ask for a format and what it is to hold, and offer the file; several come as a ZIP."""
    with st.popover("Other formats"):
        file_format = st.selectbox(
            "Format",
            list(FORMATS.values()),
            format_func=lambda each: each.label,
            key=f"{key}_format",
        )
        st.caption(file_format.help)
        what = file_format.holds[0]
        if len(file_format.holds) > 1:
            what = st.selectbox("Of", file_format.holds, key=f"{key}_what") or what
        is_one = len(sessions) == 1
        is_empty = file_format.name in _OF_BODIES and not any(
            each.detected_count for each in sessions
        )
        if is_empty:
            st.caption("Nobody is in view, so there is no body to hand over; choose a table.")
        download_button(
            "Download",
            partial(_make_file if is_one else _make_zip, sessions, file_format, what),
            file_name=_name_file(sessions[0], file_format, what)
            if is_one
            else f"posecore_{what}_{file_format.name}.zip",
            mime=file_format.media_type if is_one else "application/zip",
            key=f"{key}_other",
            disabled=is_empty,
        )


def _name_file(session: Session, file_format: FileFormat, what: str) -> str:
    return safe_file_name(session.name, session.id, f"{what}.{file_format.extension}")


def _make_file(sessions: list[Session], file_format: FileFormat, what: str) -> bytes:
    return to_bytes(_make_writer(sessions[0], file_format, what))


def _make_zip(sessions: list[Session], file_format: FileFormat, what: str) -> bytes:
    """Pack what can be handed over; what cannot is told in a file beside it."""
    left_out: list[str] = []

    def make_members() -> Iterator[tuple[str, Writer]]:
        for each in sessions:
            try:
                content = to_bytes(_make_writer(each, file_format, what))
            except ExportError as error:
                left_out.append(f"{each.name}: {error}\n")
            else:
                yield _name_file(each, file_format, what), partial(_write, content)
        if left_out:
            yield "left_out.txt", partial(_write, "".join(left_out).encode())

    return to_bytes(partial(fill_zip, make_members()))


def _write(content: bytes, stream: IO[bytes]) -> None:
    stream.write(content)


def _make_writer(session: Session, file_format: FileFormat, what: str) -> Writer:
    store, settings = get_store(), get_settings()
    note_downloaded(session, f"{what} {file_format.name}")
    return make_writer(
        load_processed(store, session.id, settings.processing),
        what=what,
        file_format=file_format.name,
        notes=store.notes.list(session.id),
        max_error_deg=settings.max_error_deg,
    )
