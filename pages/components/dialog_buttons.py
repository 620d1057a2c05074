"""The two buttons of a dialog that asks before something is done."""

from collections.abc import Callable

import streamlit as st

from pages.components.text import plain
from posecore.errors import PoseCoreError


def ask_whether(
    verb: str, act: Callable[[], None], on_keep: Callable[[], None] | None = None
) -> None:
    """Offer to do it, and to keep everything as it is; either closes the dialog.

    It is done before anything is drawn, and what went wrong is said in the dialog. Where the whole
    page runs anew just then, it runs without the dialog: what would be done in there is lost, and
    what went wrong is said by :func:`say_what_went_wrong`.
    """
    with st.container(horizontal=True):
        is_pressed = st.button(verb, type="primary", on_click=_do, args=(act,))
        if st.button("Keep", on_click=on_keep):
            st.rerun()
    if not is_pressed:
        return
    if problem := st.session_state.pop("dialog_problem", ""):
        st.error(plain(problem))
    else:
        st.rerun()


def say_what_went_wrong() -> None:
    """Say it where no dialog did; comes after the page."""
    if problem := st.session_state.pop("dialog_problem", ""):
        st.toast(plain(problem), icon=":material/error:", duration="long")


def _do(act: Callable[[], None]) -> None:
    st.session_state.pop("dialog_problem", None)
    try:
        act()
    except PoseCoreError as error:
        st.session_state.dialog_problem = str(error)
