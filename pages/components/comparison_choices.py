"""Choosing which two sessions are compared, and how they are brought together."""

import math
from collections import Counter
from dataclasses import replace

import streamlit as st

from pages.components.compared import WAYS, ComparisonOffer, Wishes
from pages.components.player.offers import pack
from pages.components.state import get_settings, get_store
from pages.components.ways_in import stop_with_ways_in
from pages.components.words import make_labels
from posecore import ANGLES, Session
from posecore.angles import CORE_ANGLES
from posecore.storage.track_store import Offset


def begin_with_link() -> None:
    """Begin with what a link asks for, before anything is on the page: it takes longest."""
    if "compare_A" in st.session_state:
        return  # the choices on the page hold, not the link one came by
    found = {each.id: each for each in get_store().get_sessions() if each.status == "completed"}
    a, b = (found.get(st.query_params.get(name, "")) for name in "ab")
    wishes = _read_wishes()
    # A moment is first brought within its session, and a clock looked up.
    if a and b and wishes.by not in ("moment", "clock"):
        offer = ComparisonOffer(get_store(), a, b, wishes, get_settings().processing)
        pack("recording", offer)


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
    """Return the latest two of one athlete, the earlier first; sessions come newest first.

    Those without anybody moving in them are no suggestion. Where no athlete has two, any do.
    """
    moving = [each for each in sessions if each.detected_count > 1] or sessions
    n_of = Counter(each.athlete for each in moving if each.athlete)
    latest = known or next((each for each in moving if n_of[each.athlete] > 1), moving[0])
    same = [each for each in moving if each.athlete == latest.athlete and each != latest]
    other = (same or [each for each in moving if each != latest] or [latest])[0]
    return other, latest


def ask_wishes(a: Session, b: Session) -> Wishes:
    """Ask how the two are brought together and laid over one another; the address keeps it."""
    start, offset = _begin_wishes(a, b)
    ways = [way for way in WAYS if way != "clock" or offset is not None]
    by = st.selectbox(
        "Bring together by",
        ways,
        index=ways.index(start.by),
        format_func=WAYS.__getitem__,
        key="wish_by",
    )
    a_s, b_s, limit_s = start.a_s, start.b_s, start.limit_s
    if by == "moment":
        a_s, b_s = _ask_moment("A", a, a_s), _ask_moment("B", b, b_s)
    if by == "warp":
        limit_s = st.slider("At most so far apart, s", 0.5, 10.0, limit_s, 0.5, key="wish_limit")
    angles = st.multiselect(
        "Angles",
        list(ANGLES),
        start.angles,
        format_func=lambda name: ANGLES[name].label,
        help="They are compared, make the score, and lead the time warping.",
        key="wish_angles",
    )
    wishes = Wishes(
        by=by,
        angles=tuple(angles) or CORE_ANGLES,
        limit_s=limit_s,
        a_s=a_s,
        b_s=b_s,
        offset=offset if by == "clock" else None,
        is_mirrored=st.toggle(
            "Mirror B",
            start.is_mirrored,
            help="A left-handed athlete beside a right-handed one.",
            key="wish_mirrored",
        ),
        same_size=st.toggle("Make both equally tall", start.same_size, key="wish_size"),
        on_ground=st.toggle(
            "Feet on the ground",
            start.on_ground,
            help="Off: both hang from the hips.",
            key="wish_ground",
        ),
    )
    _write_wishes(wishes)
    return wishes


def _begin_wishes(a: Session, b: Session) -> tuple[Wishes, Offset | None]:
    """Read what the link asks for, as far as it can be had, and how both clocks stand."""
    start = _read_wishes()
    offset = get_store().tracks.find_offset(a.id, b.id)
    if start.by == "clock" and offset is None:
        st.warning("These two have no common clock: they were not filmed at once.")
        start = replace(start, by=Wishes().by)
    elif _is_misread(start):
        st.warning("This link could not be read whole; how the two are compared stands below.")
    return start, offset


def _ask_moment(name: str, session: Session, start_s: float) -> float:
    longest_s = max(session.duration_s, 0.1)
    value = min(max(start_s, 0.0), longest_s)
    return st.number_input(f"Moment in {name}, s", 0.0, longest_s, value, 0.1, key=f"wish_{name}")


def _read_wishes() -> Wishes:
    """Read from the address what is not as usual; what it says wrongly is as usual."""
    query, usual = st.query_params, Wishes()
    angles = tuple(each for each in query.get("angles", "").split(",") if each in ANGLES)
    return Wishes(
        by=query["by"] if query.get("by") in WAYS else usual.by,
        angles=angles or usual.angles,
        limit_s=_read_seconds("limit", usual.limit_s, 0.5, 10.0),
        a_s=_read_seconds("a_s", 0.0, 0.0, math.inf),
        b_s=_read_seconds("b_s", 0.0, 0.0, math.inf),
        is_mirrored=query.get("mirror") == "1",
        same_size=query.get("size") != "own",
        on_ground=query.get("ground") != "hips",
    )


def _is_misread(wishes: Wishes) -> bool:
    """Whether the address asks for something that is not among the wishes read from it."""
    query = st.query_params
    words = {
        "by": wishes.by,
        "angles": ",".join(wishes.angles),
        "mirror": "1",
        "size": "own",
        "ground": "hips",
    }
    seconds = {"limit": wishes.limit_s, "a_s": wishes.a_s, "b_s": wishes.b_s}
    words |= {name: f"{value:g}" for name, value in seconds.items()}
    return any(query.get(name) and query[name] != said for name, said in words.items())


def _read_seconds(name: str, usual_s: float, lowest_s: float, highest_s: float) -> float:
    try:
        value = float(st.query_params.get(name, usual_s))
    except ValueError:
        return usual_s
    return value if math.isfinite(value) and lowest_s <= value <= highest_s else usual_s


def _write_wishes(wishes: Wishes) -> None:
    usual = Wishes()
    is_moment = wishes.by == "moment"
    texts = {
        "by": wishes.by if wishes.by != usual.by else "",
        "angles": ",".join(wishes.angles) if wishes.angles != usual.angles else "",
        "limit": f"{wishes.limit_s:g}" if wishes.limit_s != usual.limit_s else "",
        "a_s": f"{wishes.a_s:g}" if is_moment else "",
        "b_s": f"{wishes.b_s:g}" if is_moment else "",
        "mirror": "1" if wishes.is_mirrored else "",
        "size": "" if wishes.same_size else "own",
        "ground": "" if wishes.on_ground else "hips",
    }
    for name, text in texts.items():
        if text:
            st.query_params[name] = text
        elif name in st.query_params:
            del st.query_params[name]
