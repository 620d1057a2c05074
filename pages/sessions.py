"""Sessions: find, edit, replay, download and delete recordings."""

import streamlit as st

from pages.components.session_list import ask_filter, show_page, show_selection
from pages.components.state import get_store

st.title("Sessions")

sessions = get_store().get_sessions()
if not sessions:
    st.info("Nothing is recorded yet. Record with the camera, or import a video.")
    with st.container(horizontal=True):
        if st.button("Record now", type="primary"):
            st.switch_page("live.py")
        if st.button("Import a video"):
            st.switch_page("import_video.py")
    st.stop()

found = ask_filter(sessions)
show_selection(found)
show_page(found)
