"""Dialogs over the list of sessions: edit one, delete some."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from pages.components.dialog_buttons import ask_whether
from pages.components.recording_form import ask_athlete_and_tags, ask_description, ask_name
from pages.components.session_facts import show_session_facts
from pages.components.state import get_store
from pages.components.text import plain
from pages.components.words import as_contents
from posecore import Session
from posecore.errors import PoseCoreError, SessionNotFoundError


@st.dialog("Details", width="medium")
def edit_session(session: Session) -> None:
    """Show a session's facts and let its texts be changed."""
    key = f"edit_{session.id}"
    name = ask_name(key, session)
    fields = ask_athlete_and_tags(key, session)
    description = ask_description(key, session)
    if st.button("Save", type="primary"):
        try:
            get_store().update_session(session.id, name=name, description=description, **fields)
        except PoseCoreError as error:
            st.error(str(error))
        else:
            st.rerun()
    show_session_facts(session)


@st.dialog("Delete for good?")
def confirm_delete(sessions: list[Session]) -> None:
    """Say what will be gone, and delete it only then."""
    _ask_to_delete(sessions)


def confirm_discard() -> None:
    """Ask the same about the session that was given to :func:`choose_discard`, in every run.

    For a page that runs anew by itself: a dialog is closed by a run that does not show it.
    """
    session: Session | None = st.session_state.get("discard")
    if session is not None and is_there(session):
        _show_discard(session)


def choose_discard(session: Session | None) -> None:
    """Open the dialog of :func:`confirm_discard`, or close it with None."""
    st.session_state.discard = session


def _keep() -> None:
    choose_discard(None)


@st.dialog("Delete for good?", on_dismiss=_keep)
def _show_discard(session: Session) -> None:
    _ask_to_delete([session], on_keep=_keep)


def is_there(session: Session) -> bool:
    """Whether nobody has deleted it meanwhile."""
    try:
        get_store().get_session(session.id)
    except SessionNotFoundError:
        return False
    return True


def _ask_to_delete(sessions: list[Session], *, on_keep: Callable[[], None] | None = None) -> None:
    for session in sessions[:8]:
        st.markdown(f"**{plain(session.name)}**: {as_contents(session)}")
    if len(sessions) > 8:
        st.markdown(f"and {len(sessions) - 8} more")
    ask_whether("Delete for good", partial(_delete, sessions), on_keep)


def _delete(sessions: list[Session]) -> None:
    store = get_store()
    for session in sessions:
        store.delete_session(session.id)
