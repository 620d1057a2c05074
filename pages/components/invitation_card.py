"""An invitation: who shares what with which right, accepted by pressing a button."""

import streamlit as st

from pages.components.lending import RIGHTS
from pages.components.sign_in import needs_sign_in
from pages.components.state import get_store
from pages.components.text import plain
from pages.components.words import as_date
from posecore.errors import PoseCoreError
from posecore.storage.share import Share


def show_invitation(code: str) -> None:
    """Show what the link offers; nothing is accepted before the button is pressed."""
    if not needs_sign_in():
        st.info("Nobody signs in to this dashboard, so nothing can be shared here.")
        _offer_sessions()
        return
    try:
        share = get_store().shares.look(code)
    except PoseCoreError as error:
        st.warning(plain(str(error)))
        _offer_sessions()
        return
    with st.container(border=True, key="invitation"):
        _describe(share)
        if share.accepted_by:
            st.success("You have accepted this.", icon=":material/check:")
        else:
            _ask(code)
    if share.accepted_by:
        _offer_sessions()


def _describe(share: Share) -> None:
    who = plain(share.owner_name or "Somebody whose name is not known")
    end = f" until {as_date(share.ends_at)}" if share.ends_at else ""
    st.markdown(f"### {who} shares the sessions of {plain(share.athlete)} with you")
    st.markdown(
        f"You may {RIGHTS[share.right]}{end}. They appear in your lists with a small mark, and can "
        "be taken back at any time. Who shares them sees when you open them."
    )


def _ask(code: str) -> None:
    with st.container(horizontal=True):
        if st.button("Accept", type="primary"):
            try:
                get_store().shares.accept(code)
            except PoseCoreError as error:
                st.error(plain(str(error)))
            else:
                st.switch_page("sessions.py")
        if st.button("Not now"):
            st.switch_page("home.py")


def _offer_sessions() -> None:
    if st.button("All sessions"):
        st.switch_page("sessions.py")
