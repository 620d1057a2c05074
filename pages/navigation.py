"""The pages and the way between them."""

import logging
from pathlib import Path

import streamlit as st

from pages.components.dialog_buttons import say_what_went_wrong
from pages.components.frame import show_privacy_notice, show_store_error, show_unexpected_error
from pages.components.page_end import end_page
from pages.components.phone_choice import is_on_phone_page
from pages.components.recording_buttons import leave_live
from pages.components.sign_in import is_signed_in
from pages.components.sign_in_page import ask_to_sign_in, show_person
from pages.components.state import get_store
from posecore.errors import PoseCoreError

ICON = Path(__file__).parent / "components/icon.svg"

# An icon of our own: Streamlit would fetch a named one, or an emoji, from elsewhere.
st.set_page_config(page_title="posecore", page_icon=str(ICON), layout="wide")

page = st.navigation(
    [
        st.Page("home.py", title="Home", icon=":material/home:", default=True),
        st.Page("live.py", title="Live", icon=":material/videocam:", url_path="live"),
        st.Page("audience.py", title="Watch", icon=":material/visibility:", url_path="audience"),
        st.Page("sessions.py", title="Sessions", icon=":material/list:", url_path="sessions"),
        st.Page("find.py", title="Find", icon=":material/manage_search:", url_path="find"),
        st.Page("replay.py", title="Replay", icon=":material/play_circle:", url_path="replay"),
        st.Page("compare.py", title="Compare", icon=":material/compare:", url_path="compare"),
        st.Page(
            "repetitions.py", title="Repetitions", icon=":material/laps:", url_path="repetitions"
        ),
        st.Page(
            "progress.py", title="Progress", icon=":material/trending_up:", url_path="progress"
        ),
        st.Page(
            "compare_many.py",
            title="Compare many",
            icon=":material/leaderboard:",
            url_path="compare-many",
        ),
        st.Page("import_video.py", title="Import", icon=":material/upload:", url_path="import"),
        st.Page("settings.py", title="Settings", icon=":material/tune:", url_path="settings"),
        st.Page("invitation.py", title="Invitation", url_path="invitation", visibility="hidden"),
        st.Page("phone.py", title="Camera", url_path="phone", visibility="hidden"),
    ],
    position="sidebar" if is_signed_in() and not is_on_phone_page() else "hidden",
)

try:
    sign_in = ask_to_sign_in()
    get_store()
except PoseCoreError as error:
    show_store_error(error)
    end_page()

try:
    show_person(sign_in)
    show_privacy_notice()
    if page.url_path not in ("live", "phone"):  # a phone's page has the same room
        leave_live()
    page.run()
    say_what_went_wrong()
except PoseCoreError as error:
    st.error(str(error))
except Exception:
    logging.getLogger("posecore").exception("A page failed")
    show_unexpected_error()
