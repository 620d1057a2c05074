"""What surrounds every page: the words on privacy, and the page shown when the database cannot."""

import streamlit as st

from pages.components.state import get_settings, get_store
from posecore.errors import StoreError
from posecore.isolation import can_block_network

PRIVACY = (
    "Pictures, videos and movements stay on this computer. The pose model's library, MediaPipe, "
    "is built to send usage statistics (how often and how fast it is used, never pictures) to its "
    "maker, Google."
)
BLOCKED = "posecore runs it in a process that has no network, so nothing is sent."
NOT_BLOCKED = (
    "On this computer that is **not** blocked. By going on, you and the people you "
    "film agree to it; a firewall rule for Python stops it."
)


def show_store_error(error: StoreError) -> None:
    """Show why the database cannot be opened, and what to do."""
    st.title("The sessions cannot be opened")
    st.error(str(error), icon=":material/database_off:")
    st.button("Try again", type="primary")


def show_unexpected_error() -> None:
    """Show that something failed that nobody foresaw; the details are in the terminal."""
    st.error(
        "This page met an error that nobody foresaw. What was recorded is safe. Reload the page; "
        "if it happens again, the terminal that runs posecore says what went wrong."
    )


def is_network_blocked() -> bool:
    """Whether the estimator's process is kept off the network, by the settings and the system."""
    return get_settings().block_network and can_block_network()


def show_privacy_notice() -> None:
    """Say once what stays here and what does not.

    Where something would be sent, nothing else is shown until that is agreed to.
    """
    place = st.empty()  # always there, so that nothing below changes its place
    store = get_store()
    is_blocked = is_network_blocked()
    answer = store.load_preferences().get("privacy_notice")
    if answer == "agreed" or (is_blocked and answer == "understood"):
        return
    with place.container(border=True, key="privacy_notice"):
        st.markdown(f"**Before you start.** {PRIVACY} {BLOCKED if is_blocked else NOT_BLOCKED}")
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Understood" if is_blocked else "We agree"):
                store.save_preference("privacy_notice", "understood" if is_blocked else "agreed")
                st.rerun()
            if is_blocked:
                st.page_link("settings.py", label="More in Settings")
    if not is_blocked:
        st.stop()
