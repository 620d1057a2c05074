"""Choosing which two sessions are compared, and how they are brought together."""

import streamlit as st

from pages.components.compared import WAYS, Wishes
from pages.components.state import get_store
from pages.components.ways_in import stop_with_ways_in
from pages.components.words import make_labels
from posecore import ANGLES, Session
from posecore.alignment import LIMIT_S
from posecore.angles import CORE_ANGLES


def choose_two() -> tuple[Session, Session]:
    """Ask for A and B; the latest two of one athlete are suggested, and the address keeps both."""
    sessions = [each for each in get_store().get_sessions() if each.status == "completed"]
    if not sessions:
        stop_with_ways_in()
    by_id = {each.id: each for each in sessions}
    a, b = (by_id.get(st.query_params.get(name, "")) for name in "ab")
    if any(st.query_params.get(name) and not found for name, found in (("a", a), ("b", b))):
        st.warning("A session of this link is not here; it was deleted, or the link is incomplete.")
    other, latest = _suggest(sessions, a or b)
    shown = (a or other, b or (other if a else latest))
    labels = make_labels(sessions)
    columns = st.columns(2)
    chosen = [
        column.selectbox(
            name,
            sessions,
            index=sessions.index(session),
            format_func=labels.__getitem__,
            key=f"compare_{name}",
        )
        for column, name, session in zip(columns, "AB", shown, strict=True)
    ]
    st.query_params.update({"a": chosen[0].id, "b": chosen[1].id})
    return chosen[0], chosen[1]


def _suggest(sessions: list[Session], known: Session | None) -> tuple[Session, Session]:
    """Return the latest two of one athlete, the earlier first; sessions come newest first."""
    latest = known or sessions[0]
    same = [each for each in sessions if each.athlete == latest.athlete and each != latest]
    other = (same or [each for each in sessions if each != latest] or [latest])[0]
    return other, latest


def ask_wishes(a: Session, b: Session) -> Wishes:
    """Ask how the two are brought together and laid over one another."""
    by = st.selectbox("Bring together by", list(WAYS), format_func=WAYS.__getitem__)
    a_s = b_s = 0.0
    limit_s = LIMIT_S
    if by == "moment":
        a_s, b_s = (_ask_moment(name, session) for name, session in (("A", a), ("B", b)))
    if by == "warp":
        limit_s = st.slider("At most so far apart, s", 0.5, 10.0, LIMIT_S, 0.5)
    angles = st.multiselect(
        "Angles",
        list(ANGLES),
        CORE_ANGLES,
        format_func=lambda name: ANGLES[name].label,
        help="They are compared, make the score, and lead the time warping.",
    )
    is_mirrored = st.toggle("Mirror B", help="A left-handed athlete beside a right-handed one.")
    same_size = st.toggle("Make both equally tall", value=True)
    on_ground = st.toggle("Feet on the ground", value=True, help="Off: both hang from the hips.")
    chosen = tuple(angles) or CORE_ANGLES
    return Wishes(by, chosen, limit_s, a_s, b_s, is_mirrored, same_size, on_ground)


def _ask_moment(name: str, session: Session) -> float:
    longest_s = max(session.duration_s, 0.1)
    return st.number_input(f"Moment in {name}, s", 0.0, longest_s, 0.0, 0.1, key=f"moment_{name}")
