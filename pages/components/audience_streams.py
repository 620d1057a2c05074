"""Which streams are live now, of one's own and of those who share an athlete."""

from typing import NamedTuple
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

import streamlit as st

from pages.components.lan import find_lan
from pages.components.live_streams import HUB
from pages.components.sign_in import needs_sign_in
from pages.components.state import get_store
from pages.components.text import plain
from posecore.errors import PoseCoreError
from posecore.lan import OWN_NAMES
from posecore.streaming.hub import CAMERA_STREAM

LOOK_S = 3
_NAMELESS = "somebody else"


class Wanted(NamedTuple):
    """Which stream somebody watches; ``of`` is empty for one's own."""

    stream: str
    of: str


class Watchable(NamedTuple):
    """A stream that is live and may be watched."""

    stream: str
    of: str
    label: str


def find_wanted() -> Wanted | None:
    """Find the stream in the address; where none is and only one is live, that one."""
    stream = st.query_params.get("stream", "")
    if stream:
        return Wanted(stream, st.query_params.get("of", ""))
    found = find_watchable()
    if len(found) != 1:
        return None
    _open(found[0])
    return Wanted(found[0].stream, found[0].of)


def find_watchable() -> list[Watchable]:
    """Find the streams that are live and may be watched by whoever looks."""
    store = get_store()
    names: dict[str, str] | None = None
    found = []
    for source in HUB.stage.list_live():
        athlete = source.athlete
        if source.owner == store.owner:
            label = f"Your {source.stream}"
            found.append(Watchable(source.stream, "", _with_athlete(label, athlete)))
        elif athlete and store.shares.find_right(of=source.owner, athlete=athlete):
            names = store.people.load_names() if names is None else names
            label = f"{source.stream.capitalize()} of {names.get(source.owner, _NAMELESS)}"
            found.append(Watchable(source.stream, source.owner, _with_athlete(label, athlete)))
    return sorted(found, key=lambda each: (bool(each.of), each.label))


def _with_athlete(label: str, athlete: str) -> str:
    return f"{label}: {athlete}" if athlete else label


def make_address(of: str, stream: str = CAMERA_STREAM) -> str:
    """Address of the page on which a stream is watched, beside the page that is open now."""
    parts = urlsplit(st.context.url or "")
    return _make_address(parts, of, stream)


def make_address_elsewhere(of: str, stream: str = CAMERA_STREAM) -> str | None:
    """Address of that page as other devices open it; None where this page's is this computer's.

    Every computer calls itself 127.0.0.1, so that name leads another one to itself.
    """
    parts = urlsplit(st.context.url or "")
    if parts.hostname in OWN_NAMES:
        try:
            lan = find_lan()
        except PoseCoreError:  # Settings says what is wrong with the certificate
            lan = None
        if lan is None or not lan.urls:
            return None
        parts = urlsplit(lan.urls[0])
    return _make_address(parts, of, stream)


def _make_address(page: SplitResult, of: str, stream: str) -> str:
    path = f"{page.path.rpartition('/')[0]}/audience"
    # Whose it is says nothing where everybody is the one owner.
    query = {"stream": stream} | ({"of": of} if needs_sign_in() else {})
    return urlunsplit((page.scheme, page.netloc, path, urlencode(query), ""))


def _open(found: Watchable) -> None:
    st.query_params["stream"] = found.stream
    if found.of:
        st.query_params["of"] = found.of
    elif "of" in st.query_params:
        del st.query_params["of"]


@st.fragment(run_every=LOOK_S)
def show_live_streams(wanted: Wanted | None) -> None:
    """List what is live now, looked up again and again; says what to do where nothing is."""
    found = find_watchable()
    others = [each for each in found if not _is_shown(each, wanted)]
    if wanted is None and len(found) == 1:
        st.rerun()
    if others:
        st.markdown("**Live now**" if wanted is None else "**Also live now**")
    for each in others:
        if st.button(plain(each.label), key=f"watch_{each.of}_{each.stream}"):
            _open(each)
            st.rerun()
    if wanted is None and not found:
        _show_nothing_live()


def _is_shown(each: Watchable, wanted: Wanted | None) -> bool:
    if wanted is None:
        return False
    own = get_store().owner
    return (each.stream, each.of or own) == (wanted.stream, wanted.of or own)


def _show_nothing_live() -> None:
    st.markdown(
        "No camera is running. Start one on the Live page, on any computer or phone that opens "
        "this dashboard: it appears here by itself."
    )
    if needs_sign_in():
        st.markdown(
            "Others' cameras appear as well while the athlete in front of them is shared with you."
        )
    if st.button("Open Live", type="primary"):
        st.switch_page("live.py")
