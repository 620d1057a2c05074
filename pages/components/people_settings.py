"""Settings about people and programs, folded away: most days nobody needs them."""

import streamlit as st

from pages.components.audit_table import show_audit
from pages.components.sharing_settings import show_given, show_received
from pages.components.sign_in import needs_sign_in
from pages.components.token_settings import show_tokens


def show_people_settings() -> None:
    """Show what others may see, what programs may do, and who did what."""
    if needs_sign_in():
        with st.expander("Sharing", icon=":material/group_add:"):
            show_given()
        with st.expander("Shared with you", icon=":material/group:"):
            show_received()
    with st.expander("API tokens", icon=":material/key:"):
        show_tokens()
    with st.expander("Who did what", icon=":material/history:"):
        show_audit()
