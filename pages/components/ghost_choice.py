"""Choosing the ghost over the live picture: which session, which stretch, where, how it runs."""

from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from threading import Lock
from typing import Any, Final

import streamlit as st

from pages.components.lending import note_opened
from pages.components.state import get_settings, get_store
from pages.components.text import plain
from pages.components.words import make_labels
from posecore import Session, SessionStore
from posecore.capture.ghost import WAYS, Ghost, GhostChoice
from posecore.capture.ghost_placement import PLACEMENTS
from posecore.capture.ghost_score import GHOST_SCORE_FORMULA
from posecore.capture.live_room import LiveRoom
from posecore.errors import SessionNotFoundError
from posecore.placement import mirror
from posecore.processing import load_processed
from posecore.sequence import PoseSequence
from posecore.settings import Processing

_NONE: Final = ""
_REFERENCE: Final = "reference"
_SHORTEST_S: Final = 0.5
_N_KEPT: Final = 3
_N_SEEN: Final = 24
_MOST_FRAMES: Final = 40_000


def choose_ghost(room: LiveRoom, fields: Mapping[str, Any]) -> None:
    """Ask for the ghost of a room; the address keeps which one, and its stretch."""
    # Whoever comes by a link with a ghost finds its choices open.
    linked = st.query_params.get("ghost")
    if linked and linked != st.session_state.get("ghost_of_link"):
        st.session_state.ghost_of_link, st.session_state.ghost_is_open = linked, True
    with st.expander("Ghost", expanded=st.session_state.get("ghost_is_open", False)):
        session = _ask_session(room.ghost, fields)
        if session is None:
            room.ghost.choose(None)
            _write_address({})
            st.caption("A recorded movement over your own picture, to follow or to compare with.")
            return
        _ask_rest(room.ghost, session)


def warn_of_missing_ghost() -> None:
    """Say that the ghost of the link is not here, until another one is chosen."""
    wanted = st.query_params.get("ghost")
    if wanted:
        st.session_state.ghost_is_missing = wanted != _REFERENCE and not _is_there(wanted)
    elif st.session_state.get("ghost_session"):
        st.session_state.ghost_is_missing = False
    if st.session_state.get("ghost_is_missing"):
        st.warning("The ghost of this link is not here; it was deleted, or the link is incomplete.")


def _is_there(session_id: str) -> bool:
    try:
        get_store().get_session(session_id)
    except SessionNotFoundError:
        return False
    return True


def _ask_session(ghost: Ghost, fields: Mapping[str, Any]) -> Session | None:
    sessions = [
        each
        for each in get_store().get_sessions()
        if each.status == "completed" and each.frame_count
    ]
    found = {each.id: each for each in sessions}
    reference = _find_reference(fields)
    labels = {each.id: label for each, label in make_labels(sessions).items()}
    labels[_NONE] = "None"
    if reference is not None:
        labels[_REFERENCE] = f"The reference: {reference.name}"
    options = [_NONE, *([_REFERENCE] if reference else []), *found]
    _begin_with(ghost, options)
    chosen = st.selectbox(
        "Session", options, format_func=labels.__getitem__, key="ghost_session", width="stretch"
    )
    if len(labels[chosen]) > _N_SEEN:
        st.caption(plain(labels[chosen]))  # the field cuts it off
    return reference if chosen == _REFERENCE else found.get(chosen)


def _find_reference(fields: Mapping[str, Any]) -> Session | None:
    """The reference of whoever is about to be recorded, for one of the tags if there is one."""
    athlete = fields["athlete"]
    if not athlete:
        return None
    tagged = (get_store().get_reference(athlete, tag) for tag in (*fields["tags"], ""))
    return next(filter(None, tagged), None)


def _begin_with(ghost: Ghost, options: list[str]) -> None:
    """Begin with what the address names, or with the ghost that is there already."""
    kept = st.session_state.get("ghost_session")
    if kept in options:
        return
    wanted = st.query_params.get("ghost", "")
    present = ghost.choice.session_id if ghost.choice is not None else _NONE
    st.session_state.ghost_session = next(
        (each for each in (wanted, present) if each in options), _NONE
    )


def _ask_rest(ghost: Ghost, session: Session) -> None:
    from_s, to_s = _ask_stretch(ghost, session)
    placements, ways = list(PLACEMENTS), list(WAYS)
    st.session_state.ghost_way = ghost.way  # it may have been changed below the picture
    st.segmented_control(
        "How it runs",
        ways,
        required=True,
        format_func=WAYS.__getitem__,
        key="ghost_way",
        on_change=lambda: ghost.run_as(st.session_state.ghost_way),
        help="Waiting, it goes on as you move, stands when you stand, and says when a position is "
        "held for a second.",
    )
    placement = st.selectbox(
        "Where it stands",
        placements,
        index=placements.index(ghost.placement),
        format_func=PLACEMENTS.__getitem__,
        key="ghost_placement",
    )
    is_mirrored = st.toggle(
        "Mirror its movement",
        key="ghost_mirrored",
        help="A left-handed athlete with a right-handed ghost.",
    )
    st.caption("Score: 100 where you do all that the ghost does.", help=GHOST_SCORE_FORMULA)
    ghost.placement = placement
    # What is followed has to be calm, also where a replay shows the landmarks as recorded.
    processing: Processing = "refined" if get_settings().processing == "refined" else "cleaned"
    key = (get_store().owner, session.id, from_s, to_s, is_mirrored, processing)
    is_new = ghost.choice is None or ghost.choice.session_id != session.id
    load = partial(_load, get_store(), session.id, processing, is_mirrored=is_mirrored)
    ghost.choose(
        GhostChoice(
            session_id=session.id,
            key=key,
            name=session.name,
            load=load,
            from_s=from_s,
            to_s=to_s,
        )
    )
    if is_new:
        note_opened(session)


def _ask_stretch(ghost: Ghost, session: Session) -> tuple[float, float]:
    longest_s = round(session.duration_s, 1)
    if longest_s <= _SHORTEST_S:
        _write_address({"ghost": session.id})
        return 0.0, session.duration_s
    # What it begins with stays the same while it is shown, whatever the address says meanwhile.
    begun = f"ghost_begun_{session.id}"
    if begun not in st.session_state:
        st.session_state[begun] = _find_stretch(ghost, session, longest_s)
    begin: tuple[float, float] = st.session_state[begun]
    from_s, to_s = st.slider(
        "From, to (seconds)",
        0.0,
        longest_s,
        begin,
        0.1,
        format="%.1f",
        key=f"ghost_stretch_{session.id}",
    )
    to_s = max(to_s, from_s + 0.1)
    is_whole = (from_s, to_s) == (0.0, longest_s)
    stretch = {} if is_whole else {"from": f"{from_s:g}", "to": f"{to_s:g}"}
    _write_address({"ghost": session.id, **stretch})
    return from_s, (session.duration_s if to_s >= longest_s else to_s)


def _find_stretch(ghost: Ghost, session: Session, longest_s: float) -> tuple[float, float]:
    """The stretch the address names, or that of the ghost that is there, or all of it."""
    if st.query_params.get("ghost") == session.id:
        from_s, to_s = _read_seconds("from", 0.0), _read_seconds("to", longest_s)
    elif ghost.choice is not None and ghost.choice.session_id == session.id:
        from_s, to_s = ghost.choice.from_s, ghost.choice.to_s
    else:
        return 0.0, longest_s
    from_s = round(min(max(from_s, 0.0), longest_s), 1)
    to_s = round(min(max(to_s, 0.0), longest_s), 1)
    return (from_s, to_s) if to_s - from_s >= 0.1 else (0.0, longest_s)


def _read_seconds(name: str, usual_s: float) -> float:
    try:
        value = float(st.query_params.get(name, usual_s))
    except ValueError:
        return usual_s
    return value if value == value else usual_s


def _write_address(wanted: Mapping[str, str]) -> None:
    for name in ("ghost", "from", "to"):
        if name in wanted:
            if st.query_params.get(name) != wanted[name]:
                st.query_params[name] = wanted[name]
        elif name in st.query_params:
            del st.query_params[name]


_Key = tuple[str, str, Processing]
_kept: "OrderedDict[_Key, PoseSequence]" = OrderedDict()
_keeping = Lock()


def _load(
    store: SessionStore, session_id: str, processing: Processing, *, is_mirrored: bool
) -> PoseSequence:
    """Load a ghost's recording; another stretch of the one before costs nothing.

    Raises
    ------
    SessionNotFoundError
    """
    store.get_session(session_id)  # whoever may no longer see it gets it from nowhere
    key = (store.owner, session_id, processing)
    with _keeping:
        found = _kept.get(key)
    if found is None:
        found = load_processed(store, session_id, processing)
        with _keeping:
            if found.n_frames <= _MOST_FRAMES:
                _kept[key] = found
            while len(_kept) > _N_KEPT:
                _kept.popitem(last=False)
    return mirror(found) if is_mirrored else found


def practise_button(session: Session) -> None:
    """Offer a session as a ghost on the Live page."""
    if st.button("Practise with this as ghost", help="Over your own live picture."):
        st.switch_page("live.py", query_params={"ghost": session.id})
