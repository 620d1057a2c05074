"""The open database behind all pages and routes, and each owner's view of it."""

from threading import Lock
from typing import Final

import streamlit as st

from posecore import SessionStore, Settings, open_store
from posecore.import_queue import remove_abandoned_uploads

_opened: list[SessionStore] = []
_views: dict[tuple[int, str], SessionStore] = {}
_lock: Final = Lock()


@st.cache_resource(show_spinner=False)
def _open_store(database: str) -> SessionStore:
    """Open once for the whole process; what was cut off last time, whoever's, is finished first."""
    store = open_store(database)
    store.recover_sessions()
    remove_abandoned_uploads(Settings.from_env())
    _opened.append(store)
    return store


def open_database() -> SessionStore:
    """Return the database itself, for those who say themselves whose view they want of it."""
    return _open_store(str(Settings.from_env().database))


def view_as(owner: str) -> SessionStore:
    """Return the database as one owner sees it; always the same object, for caches keep by it."""
    store = open_database()
    with _lock:
        return _views.setdefault((id(store), owner), store.for_owner(owner))


def close_store() -> None:
    """Close what was opened; for the end of the process."""
    with _lock:
        _views.clear()
    while _opened:
        _opened.pop().close()
