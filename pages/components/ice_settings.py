"""Settings: the STUN and TURN server, for cameras that cannot reach this computer directly."""

import os

import streamlit as st

from pages.components.state import get_store
from pages.components.text import plain
from posecore import Settings
from posecore.errors import InvalidFieldError
from posecore.ice_servers import IceServer, check_servers, write_preference

_KEY = "ice_servers"


def show_ice_settings(settings: Settings) -> None:
    """Ask for both; a password that is kept is used, and not shown again."""
    st.caption(
        "Not needed in one network. From another one, a STUN server tells the device its own "
        "address, and a TURN server passes the picture on where nothing else gets through: both "
        "learn the two addresses, and the picture goes through the second, encrypted. What is kept "
        "here goes before POSECORE_ICE_SERVERS."
    )
    if os.environ.get("POSECORE_ICE_SERVERS") and _KEY not in get_store().load_preferences():
        names = ", ".join(server.url for server in settings.ice_servers)
        st.caption(plain(f"In force from POSECORE_ICE_SERVERS: {names}."))
    stun = next((each for each in settings.ice_servers if each.url.startswith("stun")), None)
    turn = next((each for each in settings.ice_servers if each.url.startswith("turn")), None)
    with st.form("ice_servers", border=False):
        stun_url = st.text_input(
            "STUN server", stun.url if stun else "", placeholder="stun:stun.example.org:3478"
        )
        turn_url = st.text_input(
            "TURN server",
            turn.url if turn else "",
            placeholder="turn:turn.example.org:3478?transport=udp",
        )
        username = st.text_input("User of the TURN server", turn.username if turn else "")
        password = st.text_input(
            "Password of the TURN server",
            type="password",
            placeholder="kept, and not shown again" if turn else "",
            autocomplete="off",
        )
        is_saved = st.form_submit_button("Save servers")
    if is_saved:
        # The kept password belongs to the kept server: another one must not get it.
        is_same = turn is not None and turn_url.strip() == turn.url
        kept = turn.credential if turn and is_same else ""
        _save(stun_url, turn_url, username, password or kept)


def _save(stun_url: str, turn_url: str, username: str, password: str) -> None:
    store = get_store()
    try:
        servers = [IceServer.from_text(stun_url)] if stun_url.strip() else []
        if turn_url.strip():
            servers.append(IceServer.from_text(turn_url, username, password))
        elif username.strip() or password:
            raise InvalidFieldError(
                "A user and a password are of no use without the TURN server's address; type it, "
                "or leave all three empty."
            )
        check_servers(servers)
    except InvalidFieldError as error:
        st.error(plain(str(error)))
        return
    store.save_preference(_KEY, write_preference(servers))
    st.rerun()
