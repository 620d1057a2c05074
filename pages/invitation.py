"""Invitation: somebody shares an athlete's sessions with whoever opens the link."""

import streamlit as st

from pages.components.invitation_card import show_invitation

st.title("Invitation")
show_invitation(st.query_params.get("code", ""))
