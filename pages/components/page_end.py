"""Ending a page before its last line."""

from typing import NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx


def end_page() -> NoReturn:
    """End the page here, as a page ends that comes to its last line.

    ``st.stop`` alone would keep the parts of the page before that look again by themselves
    (``run_every``); the answer to a look that is on its way would have no place on this page, and
    the browser would go blank.
    """
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None:
        context.fragment_storage.clear(new_fragment_ids=context.shared.new_fragment_ids.snapshot())
    st.stop()
