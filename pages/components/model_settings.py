"""Choice and download of the pose model."""

import streamlit as st

from pages.components.state import get_store
from posecore import Settings
from posecore.errors import PoseCoreError
from posecore.models import download_model, find_model
from posecore.settings import MODEL_NAMES, ModelName

_DESCRIPTIONS = {
    "lite": "lite: fastest, for slow computers",
    "full": "full: the best for live recording",
    "heavy": "heavy: most precise, for imports",
}


def show_model_settings(settings: Settings) -> None:
    """Ask for the model's size; one that is not here yet is offered as a download."""
    chosen: ModelName = st.selectbox(
        "Pose model",
        MODEL_NAMES,
        index=MODEL_NAMES.index(settings.model),
        format_func=_DESCRIPTIONS.__getitem__,
    )
    try:
        find_model(chosen, settings)
    except PoseCoreError as error:
        st.info(str(error))
        if st.button(f"Download the {chosen} model", type="primary"):
            _download(chosen, settings)
        return
    if chosen != settings.model:
        get_store().save_preference("model", chosen)
        st.rerun()


def _download(name: ModelName, settings: Settings) -> None:
    text = "Downloading from the maker's official address"
    bar = st.progress(0.0, text=text)

    def show(n_done: int, n_bytes: int | None) -> None:
        bar.progress(n_done / n_bytes if n_bytes else 0.0, text=f"{text}: {n_done / 1e6:.0f} MB")

    try:
        download_model(name, settings, on_progress=show)
    except PoseCoreError as error:
        bar.empty()
        st.error(str(error))
    else:
        get_store().save_preference("model", name)
        st.rerun()
