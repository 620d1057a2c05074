"""Which landmarks are looked at: as recorded, cleaned or refined; the choice is remembered."""

import streamlit as st

from pages.components.state import get_settings, get_store
from posecore.settings import PROCESSINGS, Processing

_HELP = """
What was recorded is never changed; this is how it is shown, and what CSV files hold.

- **recorded**: what the pose model saw in each picture.
- **cleaned**: swapped sides put right, wild landmarks left out, short gaps bridged, smoothed.
- **refined**: cleaned, and then fitted with a body whose bones keep their length. Takes about
  a second for ten seconds of recording.
"""


def choose_processing() -> Processing:
    """Ask which landmarks to show."""
    current = get_settings().processing
    chosen: Processing = st.selectbox(
        "Landmarks", PROCESSINGS, index=PROCESSINGS.index(current), help=_HELP, key="processing"
    )
    if chosen != current:
        get_store().save_preference("processing", chosen)
        st.rerun()
    return chosen
