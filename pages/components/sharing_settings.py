"""Sharing: an athlete's sessions for somebody else, by a link, until it is taken back."""

from collections import Counter
from functools import partial
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from pages.components.dialog_buttons import ask_whether
from pages.components.lending import RIGHTS, is_own
from pages.components.state import get_store
from pages.components.text import plain
from pages.components.token_settings import close_when_done
from pages.components.words import as_date
from posecore.errors import PoseCoreError
from posecore.storage.share import ACCEPT_DAYS, Share

_DAYS: Final = {None: "I take it back", 30: "30 days are over", 366: "a year is over"}


def show_given() -> None:
    """List what this person shares, and offer to share an athlete."""
    st.caption(
        "Lend all sessions of an athlete, also those still to come, to one person by a link. They "
        "cannot change, delete or share them on, and you can take it back at any time."
    )
    for share in get_store().shares.list_given():
        _show_given(share)
    if st.button("Share an athlete"):
        share_athlete()


def show_received() -> None:
    """List what others share with this person."""
    received = get_store().shares.list_received()
    if not received:
        st.caption("Nobody shares anything with you. Open the link you were sent to accept one.")
    for share in received:
        who = plain(share.owner_name or "Somebody")
        text = f"**{plain(share.athlete)}**, shared by {who}"
        if _show_row(share, text, f"You may {RIGHTS[share.right]}{_say_end(share)}.", "Leave"):
            confirm_leave(share)


def _show_given(share: Share) -> None:
    name = plain(share.accepted_name or "somebody whose name is not known")
    match share.state:
        case "accepted":
            state = f"with {name}, who may {RIGHTS[share.right]}{_say_end(share)}"
        case "invited":
            state = f"link to {RIGHTS[share.right]} waits until {as_date(share.accept_until)}"
        case "expired":
            state = "nobody accepted the link in time"
        case "ended":
            state = f"ended; it was with {name}" if share.accepted_by else "ended"
    if _show_row(
        share, f"**{plain(share.athlete)}**", f"{state[0].upper()}{state[1:]}.", "Take back"
    ):
        confirm_take_back(share)


def _show_row(share: Share, title: str, text: str, verb: str) -> bool:
    with st.container(border=True, key=f"row_share_{share.id}", gap="xsmall"):
        facts, buttons = st.columns([7, 3], vertical_alignment="center")
        with facts:
            st.markdown(title)
            st.caption(text)
        with buttons, st.container(horizontal=True, horizontal_alignment="right"):
            return st.button(verb, key=f"end_share_{share.id}")


def _say_end(share: Share) -> str:
    return f", until {as_date(share.ends_at)}" if share.ends_at else ""


@st.dialog("Share an athlete")
def share_athlete() -> None:
    """Ask what and how, and show the link once: with the dialog it is gone."""
    close_when_done("share_done")
    sessions = [each for each in get_store().get_sessions() if is_own(each) and each.athlete]
    counts = Counter(session.athlete for session in sessions)
    if not counts:
        st.info("Sessions are shared by athlete: edit a session and give it one first.")
        return
    place = st.empty()
    with place.container():
        athletes = sorted(counts, key=str.casefold)
        # None at first: nobody's sessions are to be shared by a slip.
        chosen = st.selectbox(
            "Athlete",
            range(len(athletes)),
            index=None,
            placeholder="Choose an athlete",
            format_func=lambda place: f"{athletes[place]} ({_count(counts[athletes[place]])})",
        )
        right = st.radio("Whoever accepts may", list(RIGHTS), format_func=RIGHTS.__getitem__)
        days = st.selectbox("Until", list(_DAYS), format_func=_DAYS.__getitem__)
        is_wanted = st.button("Make the link", type="primary", disabled=chosen is None)
    if chosen is None or not is_wanted:
        return
    try:
        share, secret = get_store().shares.create(athlete=athletes[chosen], right=right, days=days)
    except PoseCoreError as error:
        st.error(plain(str(error)))
        return
    place.empty()
    st.markdown(
        f"Send this link to the one person who may see **{plain(share.athlete)}**: it is shown "
        f"only this once, works for the first who accepts, within {ACCEPT_DAYS} days."
    )
    st.code(make_link(secret), language=None, wrap_lines=True)
    st.button("Done", key="share_done")


def _count(n_sessions: int) -> str:
    return f"{n_sessions:,} session{'s' * (n_sessions != 1)}"


def make_link(secret: str) -> str:
    """Address of an invitation, beside the page that is open now."""
    parts = urlsplit(st.context.url or "")
    path = f"{parts.path.rpartition('/')[0]}/invitation"
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode({"code": secret}), ""))


@st.dialog("Take it back?")
def confirm_take_back(share: Share) -> None:
    """Say who loses what, and take it back only then."""
    who = plain(share.accepted_name or "whoever has the link")
    st.markdown(
        f"From now on **{who}** sees nothing of **{plain(share.athlete)}** any more. "
        "The notes they wrote stay."
    )
    ask_whether("Take back now", partial(get_store().shares.revoke, share.id))


@st.dialog("Leave it?")
def confirm_leave(share: Share) -> None:
    """Say what is gone, and leave only then."""
    st.markdown(
        f"The sessions of **{plain(share.athlete)}** are no longer in your lists. The notes you "
        "wrote stay with them; to come back you need a new link."
    )
    ask_whether("Leave now", partial(get_store().shares.leave, share.id))
