"""What every page shares: the open database and the settings in force, of whoever looks."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.components.database import close_store, view_as
from pages.components.sign_in import find_identity
from posecore import SessionStore, Settings
from posecore.errors import NotSignedInError

__all__ = ["close_store", "get_settings", "get_store", "take_from_address"]


def get_store() -> SessionStore:
    """Return the database as the signed-in owner sees it.

    A part of a page that runs again alone, after somebody signed out in another tab, starts the
    whole page again, which then asks to sign in.

    Raises
    ------
    NotSignedInError
        Where there is no page to start again.
    SignInSetupError
    """
    try:
        return view_as(find_identity().owner)
    except NotSignedInError:
        if get_script_run_ctx(suppress_warning=True) is not None:
            st.rerun()
        raise


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
