"""Download buttons whose files only whoever pressed them can fetch.

The file is made when the button is pressed, outside of any page, so the button remembers for whom;
and Streamlit serves it under an address that everybody may open, so the gate is told whose it is.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any, Final

import streamlit as st
from streamlit.runtime.memory_media_file_storage import _calculate_file_id

from pages.components.sign_in import acting_for, find_sign_in
from posecore.sign_in import SignIn

_KEPT: Final = 10_000
_owners: OrderedDict[str, set[str]] = OrderedDict()
_lock: Final = Lock()


def download_button(
    label: str,
    make: Callable[[], bytes | str],
    *,
    file_name: str,
    mime: str,
    **options: Any,
) -> None:
    """Show a button that downloads what ``make`` makes for whoever looks at this page.

    Parameters
    ----------
    label : str
    make : callable, returns bytes or str
        Runs when the button is pressed; the store and the settings are then the owner's.
    file_name, mime : str
    **options
        As :func:`streamlit.download_button` takes them.
    """
    st.download_button(
        label,
        data=partial(_make, find_sign_in(), make, file_name, mime),
        file_name=file_name,
        mime=mime,
        on_click="ignore",
        **options,
    )


def is_download_of(owner: str, file_id: str) -> bool:
    """Whether a file that Streamlit serves was made for an owner."""
    return owner in _owners.get(file_id, ())


def _make(sign_in: SignIn, make: Callable[[], bytes | str], file_name: str, mime: str) -> bytes:
    with acting_for(sign_in):
        made = make()
    content = made.encode() if isinstance(made, str) else made
    file_id = _calculate_file_id(content, mime, file_name)
    with _lock:
        _owners.setdefault(file_id, set()).add(sign_in.identity.owner)
        _owners.move_to_end(file_id)
        while len(_owners) > _KEPT:
            _owners.popitem(last=False)
    return content
