"""The pages and the way between them."""

import streamlit as st

from pages.components.frame import show_store_error
from pages.components.state import get_store
from posecore.errors import StoreError

st.set_page_config(page_title="posecore", page_icon=":material/accessibility_new:", layout="wide")

try:
    get_store()
except StoreError as error:
    show_store_error(error)
    st.stop()

st.navigation(
    [
        st.Page("home.py", title="Home", icon=":material/home:", default=True),
        st.Page("live.py", title="Live", icon=":material/videocam:", url_path="live"),
        st.Page("sessions.py", title="Sessions", icon=":material/list:", url_path="sessions"),
        st.Page("replay.py", title="Replay", icon=":material/play_circle:", url_path="replay"),
        st.Page("import_video.py", title="Import", icon=":material/upload:", url_path="import"),
        st.Page("settings.py", title="Settings", icon=":material/tune:", url_path="settings"),
    ]
).run()
