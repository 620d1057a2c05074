"""Watch: a live stream on another screen, and cues for the athlete."""

import streamlit as st

from pages.components.audience import audience_view
from pages.components.audience_streams import find_wanted, show_live_streams

st.title("Watch")

wanted = find_wanted()
if wanted is not None:
    audience_view(*wanted)
show_live_streams(wanted)
