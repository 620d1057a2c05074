"""Live: who else looks, and what they may see."""

import streamlit as st

from pages.components.audience_streams import make_address, make_address_elsewhere
from pages.components.lan import HOW_TO, is_in_lan
from pages.components.live_streams import get_audience
from pages.components.sign_in import needs_sign_in
from posecore.capture.live_room import LiveRoom


def choose_audience(room: LiveRoom, athlete: str) -> None:
    """Show where the room can be watched, how many do, and ask whether they see the picture.

    Parameters
    ----------
    room : LiveRoom
    athlete : str
        Who is chosen now: the picture that one agreed to show is not that of the next.
    """
    audience = get_audience(room)
    if st.session_state.setdefault("live_picture_of", athlete) != athlete:
        st.session_state.live_picture_of = athlete
        st.session_state.live_shows_picture = False
    with st.expander("Audience"):
        address = make_address(audience.owner, audience.stream)
        elsewhere = make_address_elsewhere(audience.owner, audience.stream)
        st.markdown("The skeleton and the angles on another screen, live:")
        st.code(elsewhere or address, language=None, wrap_lines=True)
        # This computer opens its own address: under the other it would have to be paired.
        st.link_button("Open it in a new tab", address)
        _explain_address(is_for_others=elsewhere is not None)
        if needs_sign_in():
            st.caption(
                "You, and whoever this athlete is shared with (Settings, Sharing). With the right "
                "to annotate they may send cues."
            )
        _show_count(room)
        audience.shows_picture = st.toggle(
            "Show my picture to viewers",
            key="live_shows_picture",
            help="Off, they get landmarks alone. On, they may look at the camera's picture too, "
            "small and ten times a second. Ask the athlete before: it goes off when another is "
            "chosen.",
        )


def _explain_address(*, is_for_others: bool) -> None:
    if not is_for_others:
        st.caption(
            "This address opens on this computer alone. For a phone or another computer, start "
            f"posecore with `{HOW_TO}`."
        )
    elif is_in_lan():
        st.caption("Another device is paired once: Settings, Phone as camera, has the code.")


def _show_count(room: LiveRoom) -> None:
    n_watching = get_audience(room).status()["n_watching"]
    who = {0: "Nobody is", 1: "1 is"}.get(n_watching, f"{n_watching} are")
    st.caption(f"{who} watching now.")
