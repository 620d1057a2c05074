"""What surrounds every page: the words on privacy, and the page shown when the database cannot."""

import streamlit as st

from pages.components.page_end import end_page
from pages.components.state import get_settings, get_store
from posecore.errors import PoseCoreError
from posecore.isolation import can_block_network

PRIVACY = (
    "Pictures, videos and movements stay on the computer that runs posecore. The pose model's "
    "library, MediaPipe, is built to send usage statistics (how often and how fast it is used, "
    "never pictures) to its maker, Google."
)
SHORT = "All you film stays on the computer that runs posecore; the pose model has no network."
BLOCKED = "posecore runs it in a process that has no network, so nothing is sent."
NOT_BLOCKED = (
    "On that computer this cannot be blocked. By going on, you and the people you film agree to "
    "it; a firewall rule for Python stops it."
)
SWITCHED_OFF = (
    "Keeping it off the network is switched off. By going on like that, you and the people you "
    "film agree to it."
)


def show_store_error(error: PoseCoreError) -> None:
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


def explain_network() -> str:
    """Say what becomes of the usage statistics on this computer, as it is set now."""
    if is_network_blocked():
        return BLOCKED
    return SWITCHED_OFF if can_block_network() else NOT_BLOCKED


def show_privacy_notice() -> None:
    """Say once what stays here and what does not.

    Where something would be sent, nothing else is shown until that is agreed to.
    """
    place = st.empty()  # always there, so that nothing below changes its place
    is_blocked = is_network_blocked()
    answer = get_store().load_preferences().get("privacy_notice")
    if answer == "agreed" or (is_blocked and answer == "understood"):
        return
    with place.container(border=True, key="privacy_notice"):
        if is_blocked:
            st.markdown(f"**Before you start.** {SHORT}")
        else:  # what one agrees to is read whole
            st.markdown(f"**Before you start.** {PRIVACY} {explain_network()}")
        with st.container(horizontal=True, vertical_alignment="center"):
            _show_answers(is_blocked)
    if not is_blocked:
        end_page()


def _show_answers(is_blocked: bool) -> None:
    if is_blocked:
        if st.button("Understood"):
            _answer(privacy_notice="understood")
        with st.popover("Details", type="tertiary"):
            st.markdown(f"{PRIVACY} {explain_network()}")
            st.page_link("settings.py", label="More in Settings")
        return
    if can_block_network() and st.button("Keep it off the network", type="primary"):
        _answer(block_network="yes", privacy_notice="understood")
    if st.button("We agree"):
        _answer(privacy_notice="agreed")


def _answer(**preferences: str) -> None:
    for key, value in preferences.items():
        get_store().save_preference(key, value)
    st.rerun()
