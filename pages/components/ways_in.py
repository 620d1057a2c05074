"""The ways to a first movement on the screen: camera, video, samples."""

from typing import NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.page_end import end_page
from pages.components.state import get_store
from posecore.errors import PoseCoreError


def show_ways_in(*, with_samples: bool) -> None:
    """Show the choices side by side; the first is the main one."""
    columns = st.columns(3 if with_samples else 2)
    with columns[0]:
        show_record(is_main=True)
    with columns[1]:
        show_import()
    if with_samples:
        with columns[2], _show_choice("directions_walk", "Try the samples"):
            st.caption("Real recordings that come with posecore, ready to replay.")
            if st.button("Load the sample sessions", width="stretch"):
                _load_samples()


def stop_with_ways_in() -> NoReturn:
    """Say that nothing is recorded yet, offer the ways to change that, and end the page here."""
    st.info("Nothing is recorded yet. Record with the camera, or import a video.")
    with st.container(horizontal=True):
        if st.button("Record now", type="primary"):
            st.switch_page("live.py")
        if st.button("Import a video"):
            st.switch_page("import_video.py")
    end_page()


def show_record(*, is_main: bool) -> None:
    """Offer the camera."""
    with _show_choice("videocam", "With the camera"):
        st.caption("Any camera of this device. Its picture goes to posecore and nowhere else.")
        if st.button("Record now", type="primary" if is_main else "secondary", width="stretch"):
            st.switch_page("live.py")


def show_import() -> None:
    """Offer the import of a video."""
    with _show_choice("upload", "From a video"):
        st.caption("Of a phone or a camera: mp4, mov, webm or avi, several at once.")
        if st.button("Import a video", width="stretch"):
            st.switch_page("import_video.py")


def _show_choice(icon: str, title: str) -> DeltaGenerator:
    box = st.container(border=True, height="stretch")
    box.markdown(f"#### :material/{icon}: {title}")
    return box


def _load_samples() -> None:
    from posecore.samples import load_samples

    try:
        load_samples(get_store())
    except PoseCoreError as error:
        st.error(str(error))
    else:
        st.rerun()
