"""The replay player: one element in the browser, and the routes its scripts and data come from."""

import math
from typing import Any, Final

import streamlit as st

from pages.components.goal_facts import describe_zones
from pages.components.player.answers import PLAYER_ROUTES, VERSION, find_address
from pages.components.player.offers import Offer, Offered, make_token, pack
from pages.components.player.offline import describe_note
from pages.components.player.scripts import read_style
from pages.components.state import get_store
from pages.components.text import plain
from posecore import Session, SessionStore
from posecore.errors import PoseCoreError
from posecore.export import safe_file_name
from posecore.settings import Processing

__all__ = ["PLAYER_ROUTES", "comparison_player", "replay_player"]

_KEY: Final = "replay_player"
_PARTS: Final = ("recording", "errors")
_START: Final = f"""
const find = (name) => new URL(name, document.baseURI).href;
const start = import(find("player/{VERSION}/player.js"));
const plotlyUrl = find("player/{VERSION}/plotly.min.js");
export default async (component) => (await start).show(component, {{ plotlyUrl, find }});
"""
_player = st.components.v2.component(
    "posecore_replay_player",
    html='<div data-testid="replay-player" data-ready="false"></div>',
    css=read_style(),
    js=_START,
    isolate_styles=False,
)


def replay_player(
    store: SessionStore,
    session: Session,
    processing: Processing = "recorded",
    max_error_deg: float = math.inf,
) -> None:
    """Show a session's recording, with its video and notes.

    It opens as the address says (moment, speed, loop, charts), keeps the address up to date, and
    plays on through reruns of the page, of which a changed note is one.
    """
    offer = Offer(store, session, processing, max_error_deg)
    token = make_token(offer)
    packed = pack("recording", offer)
    if processing != "recorded" and not packed.done():
        with st.spinner(f"{session.frame_count:,} frames are being {processing} ..."):
            packed.exception()  # what went wrong is said in the player's place
    data = {
        **_find_parts(token),
        "page": find_address("page", token),
        "clip": find_address("clip", token),
        "shown": {"session": session.id},
        "title": session.name,
        "file_stem": safe_file_name(session.name, session.id),
        "video": find_address("video", token) if session.video_path else None,
        "notes": _describe_notes(store, session.id),
        "goals": describe_zones(store, session.id),
        "can_note": store.get_right(session.id) != "read",
    }
    _player(data=data, key=_KEY, on_note_change=lambda: _keep_note(session.id))


def _describe_notes(store: SessionStore, session_id: str) -> list[dict[str, Any]]:
    """Notes as the player takes them, with whose they are and whether they can be changed."""
    right, notes = store.get_right(session_id), store.notes.list(session_id)
    is_alone = all(note.author == store.owner for note in notes)
    names = {} if is_alone else store.people.load_names()
    return [
        describe_note(note)
        | {
            "author": "" if note.author == store.owner else names.get(note.author, "somebody else"),
            "can_change": right == "own" or (right == "annotate" and note.author == store.owner),
        }
        for note in notes
    ]


def comparison_player(offer: Offered, a: Session, b: Session) -> None:
    """Show two recordings on one clock, with the videos they have."""
    token = make_token(offer)
    filmed = [name for name, session in (("a", a), ("b", b)) if session.video_path]
    data = {
        **_find_parts(token),
        "shown": {"a": a.id, "b": b.id},
        "title": f"A: {a.name}   B: {b.name}",
        "file_stem": "comparison",
        "notes": [],
        "videos": [(name, f"{find_address('video', token)}?of={name}") for name in filmed],
    }
    _player(data=data, key=_KEY)


def _find_parts(token: str) -> dict[str, str]:
    return {part: find_address(part, token) for part in _PARTS}


def _keep_note(session_id: str) -> None:
    """Do with a note what was asked in the player; what cannot be done is said on the page.

    For whoever looks now: this runs before the page does, and somebody may have signed out since.
    """
    change = dict(st.session_state[_KEY].note or {})
    try:
        _change_note(get_store(), session_id, change)
    except PoseCoreError as error:
        st.toast(plain(str(error)), duration="long")


def _change_note(store: SessionStore, session_id: str, change: dict[str, Any]) -> None:
    fields = {key: change[key] for key in ("start_s", "end_s", "text", "tag") if key in change}
    match change.get("action"):
        case "add":
            store.notes.add(session_id, **fields)
        case "update":
            store.notes.update(_find_note(store, session_id, change), **fields)
        case "delete":
            store.notes.delete(_find_note(store, session_id, change))


def _find_note(store: SessionStore, session_id: str, change: dict[str, Any]) -> str:
    """Id of a note of this session; an unknown one is refused where it is used."""
    ids = [note.id for note in store.notes.list(session_id)]
    return str(change.get("id")) if change.get("id") in ids else ""
