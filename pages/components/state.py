"""What every page shares: the open database and the settings in force."""

import streamlit as st

from posecore import SessionStore, Settings, open_store
from posecore.import_queue import remove_abandoned_uploads

_opened: list[SessionStore] = []


@st.cache_resource(show_spinner=False)
def _open_store(database: str) -> SessionStore:
    """Open once for the whole process; what was cut off last time is finished first."""
    store = open_store(database)
    store.recover_sessions()
    remove_abandoned_uploads(Settings.from_env())
    _opened.append(store)
    return store


def close_store() -> None:
    """Close what was opened; for the end of the process."""
    while _opened:
        _opened.pop().close()


def get_store() -> SessionStore:
    """Return the database as the signed-in owner sees it."""
    return _open_store(str(Settings.from_env().database))


def get_settings() -> Settings:
    """Return the environment's settings with the owner's choices on top."""
    return Settings.from_env().with_preferences(get_store().load_preferences())


def take_from_address(name: str, key: str, options: list[str], usual: str) -> None:
    """Let a widget begin with what the address names, or with what it was when last seen.

    Parameters
    ----------
    name : str
        In the address.
    key : str
        Of the widget, which keeps its value for the session and writes changes to the address.
    options : list of str
        What is none of these is not taken.
    usual : str
        Where nothing was chosen before.
    """
    wanted = st.query_params.get(name)
    if wanted in options:
        st.session_state[key] = wanted
    elif st.session_state.get(key) not in options:
        st.session_state[key] = usual
