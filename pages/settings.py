"""Settings: model, camera, privacy, people and programs, and where the data is."""

import streamlit as st

from pages.components.connection_test import show_connection_test
from pages.components.ice_settings import show_ice_settings
from pages.components.model_settings import show_model_settings
from pages.components.page_end import end_page
from pages.components.people_settings import show_people_settings
from pages.components.phone_settings import show_phone_settings
from pages.components.privacy_settings import show_privacy_settings
from pages.components.sign_in import LOCAL_SIGN_IN, find_sign_in, needs_sign_in
from pages.components.sign_in_page import show_account
from pages.components.state import get_settings, get_store
from posecore.settings import CAMERA_SIZES, ERROR_LIMITS_DEG

settings = get_settings()
store = get_store()
sign_in = find_sign_in()

st.title("Settings")

if sign_in != LOCAL_SIGN_IN:
    show_account(sign_in)

st.subheader("Analysis")
show_model_settings(settings)
camera_size = st.selectbox(
    "Camera picture",
    list(CAMERA_SIZES),
    index=list(CAMERA_SIZES).index(settings.camera_size),
    help="A larger picture helps when the athlete is far away, and costs speed.",
)
if camera_size != settings.camera_size:
    store.save_preference("camera_size", camera_size)
    st.rerun()

limits = list(ERROR_LIMITS_DEG)
max_error = st.select_slider(
    "Hide readings of an angle that may be further off than",
    limits,
    value=f"{settings.max_error_deg:g}",
    format_func=lambda limit: "hide none" if limit == "inf" else f"± {limit}°",
    help="Nine readings of ten are within their band, as measured with four calibrated cameras. "
    "A hidden reading is a gap in the chart and an empty cell in the CSV of angles.",
)
if max_error != f"{settings.max_error_deg:g}":
    store.save_preference("max_error_deg", max_error)
    st.rerun()

st.subheader("Phone as camera")
show_phone_settings()
with st.expander("Camera connection", icon=":material/network_check:"):
    show_connection_test(settings)
if not needs_sign_in():  # a member must not make this computer ask addresses of their choice
    with st.expander("STUN and TURN servers", icon=":material/router:"):
        show_ice_settings(settings)

st.subheader("Privacy")
show_privacy_settings(settings)

st.subheader("People and programs")
show_people_settings()

if sign_in != LOCAL_SIGN_IN:
    end_page()  # where the data lies concerns whoever runs posecore

st.subheader("Data")
st.markdown(
    "All sessions are in one file on this computer, and the videos that were kept are in a folder. "
    "For a backup, end posecore first, then copy both: while it runs, the latest recordings are in "
    "a second file beside the first."
)
st.code(f"{settings.database}\n{settings.videos_dir}", language=None)
st.caption("The environment variable POSECORE_DATA or POSECORE_DB puts them elsewhere.")
