"""Privacy: what stays here, what would leave, and the switch that stops it."""

import streamlit as st

from pages.components.frame import BLOCKED, NOT_BLOCKED, PRIVACY, is_network_blocked
from pages.components.state import get_store
from posecore import Settings
from posecore.isolation import can_block_network


def show_privacy_settings(settings: Settings) -> None:
    """Say it in plain words and let the estimator's network be blocked, where that works."""
    st.markdown(PRIVACY)
    is_possible = can_block_network()
    wanted = st.toggle(
        "Keep the pose model off the network",
        value=settings.block_network and is_possible,
        disabled=not is_possible,
        help="The model runs in a process of its own that may not open any connection.",
    )
    if is_possible and wanted != settings.block_network:
        get_store().save_preference("block_network", "yes" if wanted else "no")
        st.rerun()
    if is_network_blocked():
        st.success(BLOCKED, icon=":material/lock:")
    else:
        st.warning(NOT_BLOCKED, icon=":material/lock_open:")
    st.caption(
        "Nothing else calls out: no usage statistics of the dashboard, no fonts or scripts from "
        "elsewhere, no public server for the camera's connection unless POSECORE_ICE_SERVERS "
        "names one."
    )
