"""The page that asks to sign in, and the person's name with the way out."""

from typing import Literal, NoReturn
from urllib.parse import urlsplit

import streamlit as st

from pages.components.live_panel import close_rooms
from pages.components.page_end import end_page
from pages.components.sign_in import LOCAL_SIGN_IN, end_sign_in, find_setup, find_sign_in
from pages.components.state import get_store
from pages.components.text import plain
from pages.components.way_back import keep_way_back
from posecore.errors import NotSignedInError, SignInSetupError
from posecore.sign_in import SignIn, SignInSetup


def ask_to_sign_in() -> SignIn:
    """Return who looks at the page; who is not signed in gets to see nothing but how to."""
    try:
        return find_sign_in()
    except SignInSetupError as error:
        st.title("Nobody can sign in")
        st.error(plain(str(error)), icon=":material/lock:")
        end_page()
    except NotSignedInError as error:
        setup = find_setup()
        if setup is None:  # taken out of the secrets this very moment
            end_page()
        _show_sign_in(setup, str(error) if st.user.get("is_logged_in") else "")


def _show_sign_in(setup: SignInSetup, problem: str) -> NoReturn:
    with st.container(key="sign_in"):
        st.title("posecore")
        st.markdown(_say_what_for(st.context.url or ""))
        keep_way_back(is_signed_in=False)
        if problem:
            st.warning(plain(problem))
        if _is_at(setup.origin):
            _show_providers(setup)
        else:
            # The provider sends people back there, where this address's cookies do not count.
            st.link_button(f"Sign in at {setup.origin}", setup.origin, type="primary")
    end_page()


def _say_what_for(url: str) -> str:
    """Who comes with an invitation may never have heard of posecore."""
    if urlsplit(url).path.rstrip("/").endswith("/invitation"):
        return "Somebody shares an athlete's sessions with you. Sign in to see them."
    return "Sign in to see your sessions."


def _is_at(origin: str) -> bool:
    here = urlsplit(st.context.url or origin)
    return f"{here.scheme}://{here.netloc}" == origin


def _show_providers(setup: SignInSetup) -> None:
    for number, name in enumerate(setup.providers):
        label = "Sign in" if name == "default" else f"Sign in with {plain(name.title())}"
        kind: Literal["primary", "secondary"] = "secondary" if number else "primary"
        if st.button(label, key=f"sign_in_{number}", type=kind, width="stretch"):
            st.login(None if name == "default" else name)


def show_person(sign_in: SignIn) -> None:
    """Show in the sidebar who is signed in, with the way out; nothing where nobody signs in."""
    if sign_in == LOCAL_SIGN_IN:
        return
    _note_once(sign_in)
    with st.sidebar.container(key="person", gap="xsmall"):
        st.caption(f"Signed in as {plain(sign_in.identity.name)}")
        keep_way_back(is_signed_in=True)
        if st.button("Sign out", width="stretch"):
            sign_out(sign_in)


def show_account(sign_in: SignIn) -> None:
    """Show in Settings whose account this is, and by which name whoever runs posecore knows it."""
    st.subheader("Account")
    st.markdown(f"Signed in as **{plain(sign_in.identity.name)}**.")
    st.code(sign_in.identity.owner, language=None)
    st.caption(
        "Tell this to whoever runs posecore, if sessions that were recorded before are to be yours."
    )


def sign_out(sign_in: SignIn) -> NoReturn:
    """End it everywhere at once, also in other tabs; a recording is finished and kept."""
    end_sign_in(sign_in)
    close_rooms(sign_in)
    st.logout()
    end_page()  # or the page would begin anew, and forget on the way to leave


def _note_once(sign_in: SignIn) -> None:
    """Keep who signed in: those they share with, and whoever runs posecore, see a name."""
    if st.session_state.get("person_noted") != sign_in:
        get_store().people.remember(name=sign_in.identity.name)
        st.session_state.person_noted = sign_in
