"""API tokens: made here, shown once, revoked here."""

from functools import partial
from typing import Final

import streamlit as st

from pages.components.dialog_buttons import ask_whether
from pages.components.state import get_store
from pages.components.text import plain
from pages.components.words import as_date
from posecore.errors import PoseCoreError
from posecore.identity import SCOPES, Scope
from posecore.storage.api_token import TOKEN_NAME_LIMIT, ApiToken

_SCOPES: Final[dict[Scope, str]] = {
    "read": "Read sessions",
    "write": "Make, change and delete sessions",
    "stream": "Send to and listen on live streams",
}
_DAYS: Final = {7: "a week", 30: "30 days", 90: "90 days", 366: "a year"}


def show_tokens() -> None:
    """List the tokens, and offer to make one."""
    st.caption(
        "A token lets a program, such as a script or a phone, act in your name. Give each program "
        "its own, with no more than it needs."
    )
    for token in get_store().tokens.list():
        _show_token(token)
    if st.button("Make a token"):
        make_token()


def _show_token(token: ApiToken) -> None:
    with st.container(border=True, key=f"row_token_{token.id}", gap="xsmall"):
        facts, buttons = st.columns([7, 3], vertical_alignment="center")
        with facts:
            st.markdown(f"**{plain(token.name)}**{' :red-badge[expired]' * token.is_expired}")
            st.caption(_describe(token))
        with buttons, st.container(horizontal=True, horizontal_alignment="right"):
            if st.button("Revoke", key=f"revoke_{token.id}"):
                confirm_revoke(token)


def _describe(token: ApiToken) -> str:
    scopes = ", ".join(scope for scope in SCOPES if scope in token.scopes)
    verb = "expired" if token.is_expired else "expires"
    used = f"last used {as_date(token.last_used_at)}" if token.last_used_at else "never used"
    return f"{scopes} · {verb} {as_date(token.expires_at)} · {used}"


def close_when_done(key: str) -> None:
    """Close a dialog whose last button was pressed; asked first, for the button is not there now.

    What was shown once is shown by the run that made it, and by no other.
    """
    if st.session_state.get(key):
        st.rerun()


@st.dialog("Make a token")
def make_token() -> None:
    """Ask what for, and show the token once: with the dialog it is gone."""
    close_when_done("token_done")
    place = st.empty()
    with place.container():
        name = st.text_input(
            "What is it for?", placeholder="Script on my laptop", max_chars=TOKEN_NAME_LIMIT
        )
        scopes = st.pills(
            "It may",
            list(SCOPES),
            selection_mode="multi",
            default=["read"],
            format_func=_SCOPES.__getitem__,
        )
        days = st.selectbox("It holds for", list(_DAYS), index=1, format_func=_DAYS.__getitem__)
        is_wanted = st.button("Make token", type="primary")
    if not is_wanted:
        return
    try:
        token, text = get_store().tokens.create(name=name, scopes=scopes, days=days)
    except PoseCoreError as error:
        st.error(plain(str(error)))
        return
    place.empty()
    st.markdown(f"**{plain(token.name)}** is ready. Copy it now: it is shown only this once.")
    st.code(text, language=None, wrap_lines=True)
    st.caption("Keep it like a password. If it gets into other hands, revoke it here.")
    st.button("Done", key="token_done")


@st.dialog("Revoke this token?")
def confirm_revoke(token: ApiToken) -> None:
    """Say what stops working, and revoke only then."""
    st.markdown(
        f"Whatever uses **{plain(token.name)}** is refused from now on. Sessions stay as they are."
    )
    ask_whether("Revoke for good", partial(get_store().tokens.revoke, token.id))
