"""Import: drop files and watch them become sessions; videos go on while you are elsewhere."""

import streamlit as st

from pages.components.import_jobs import has_jobs, show_jobs, submit_files
from pages.components.recording_form import ask_athlete_and_tags, ask_keep_video
from pages.components.state import get_settings
from posecore.formats.catalogue import IMPORT_ENDINGS

VIDEO_ENDINGS = ("mp4", "mov", "webm", "avi")

st.title("Import")
st.markdown(
    "The video is analysed where posecore runs and becomes a session; the pictures are kept only "
    "if you say so. You may go to another page meanwhile."
)

with st.form("import", clear_on_submit=True):
    files = st.file_uploader(
        "Videos: mp4, mov, webm or avi. Landmarks of other programs: TRC, C3D, CSV, Parquet, JSON",
        type=[*VIDEO_ENDINGS, *IMPORT_ENDINGS],
        accept_multiple_files=True,
    )
    left, right = st.columns(2)
    with left:
        fields = ask_athlete_and_tags("import")
        keep_video = ask_keep_video("import")
    right.caption(
        f"Model {get_settings().model}. Each session gets the name of its file. Files over 2 GB go "
        "through the command line: `python -m posecore import VIDEO`."
    )
    is_submitted = st.form_submit_button("Import", type="primary")

if is_submitted and files:
    submit_files(files, fields, keep_video=keep_video)
elif is_submitted and not has_jobs():  # a second press is answered by what the first began
    st.warning("Choose a file first: drop it on the field above, or press its button.")

show_jobs()
