"""Privacy: what stays here, what would leave, and the switch that stops it."""

import streamlit as st

from pages.components.frame import PRIVACY, explain_network, is_network_blocked
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
        store = get_store()
        store.save_preference("block_network", "yes" if wanted else "no")
        store.save_preference("privacy_notice", "understood")  # no old consent holds for it
        st.rerun()
    if is_network_blocked():
        st.success(explain_network(), icon=":material/lock:")
    else:
        st.warning(explain_network(), icon=":material/lock_open:")
    st.caption(
        "Nothing else calls out: no usage statistics of the dashboard, no fonts or scripts from "
        "elsewhere, no public server for the camera's connection unless one is named above or by "
        "POSECORE_ICE_SERVERS."
    )
