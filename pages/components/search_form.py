"""Asking for a movement: conditions, how long they hold, and in whose sessions.

The search stands in the address, in the words of the command line, so that a link finds the same.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

import streamlit as st

from pages.components.page_end import end_page
from pages.components.state import get_store
from pages.components.text import plain
from posecore import SIGNALS, Condition, Signal
from posecore.conditions import MAX_CONDITIONS, check_conditions, check_duration
from posecore.errors import InvalidOptionError

_WAYS: Final = ("under", "over", "between")
_START: Final = ("left_elbow_flexion > 90", "hip_speed < 0.06")
_START_DURATION_S: Final = 2.0
_USUAL: Final = {
    "°": (90.0, 5.0),
    "body heights/s": (0.06, 0.01),
    "m/s": (0.1, 0.05),
    "body heights": (0.0, 0.05),
}
"""Value a condition begins with and step of its buttons, by unit."""
_DIGITS: Final = "%.4g"
_FIRST_DAY, _LAST_DAY = date(1970, 1, 2), date(9998, 1, 1)
_ROWS: Final = "find_rows"
_FILTERS: Final = "find_filters"


@dataclass(frozen=True, kw_only=True)
class Search:
    """What to look for, as :func:`posecore.find_moments` takes it."""

    conditions: tuple[Condition, ...]
    min_duration_s: float
    athlete: str | None
    tag: str | None
    since: date | None

    def to_options(self) -> dict[str, Any]:
        """Everything but the conditions; a day begins at the reader's midnight."""
        zone = ZoneInfo(st.context.timezone) if st.context.timezone else None
        return {
            "min_duration_s": self.min_duration_s,
            "athlete": self.athlete,
            "tag": self.tag,
            "since": datetime.combine(self.since, time(), zone) if self.since else None,
        }


def ask_search() -> Search:
    """Ask what to look for; where that can never be, say why and end the page here."""
    if _ROWS not in st.session_state:
        st.session_state[_ROWS] = dict(enumerate(_read_conditions()))
        st.session_state[_FILTERS] = _read_filters()
    with st.container(border=True, key="find_form", gap="small"):
        rows = st.session_state[_ROWS]
        conditions = [_ask_condition(row, condition) for row, condition in list(rows.items())]
        if len(rows) < MAX_CONDITIONS:
            st.button("Add condition", on_click=_add_row)
        filters = _ask_filters(st.session_state[_FILTERS])
    try:
        read = [Condition(**fields) for fields in conditions]
        check_conditions(read)
    except InvalidOptionError as error:
        st.warning(plain(str(error)))
        end_page()
    # Kept while one is on another page, which forgets the fields.
    st.session_state[_ROWS] = dict(zip(rows, read, strict=True))
    st.session_state[_FILTERS] = filters
    _write_address(read, filters)
    _warn_of_nobody(filters)
    return Search(conditions=tuple(read), **filters)


def _add_row() -> None:
    rows = st.session_state[_ROWS]
    rows[max(rows) + 1] = Condition.parse(_START[0])


def _remove_row(row: int) -> None:
    del st.session_state[_ROWS][row]


def _ask_condition(row: int, condition: Condition) -> dict[str, Any]:
    """Ask for one; what it is made of, as it need not fit together yet."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        name = st.selectbox(
            "Signal",
            list(SIGNALS),
            index=list(SIGNALS).index(condition.signal),
            format_func=lambda name: f"{SIGNALS[name].label}, {SIGNALS[name].unit}",
            key=f"find_signal_{row}",
            label_visibility="collapsed",
            width=320,
        )
        way = st.selectbox(
            "is",
            _WAYS,
            index=_WAYS.index(_find_way(condition)),
            key=f"find_way_{row}",
            label_visibility="collapsed",
            width=112,
        )
        fields = {"signal": name} | _ask_values(way, SIGNALS[name], condition, row)
        if len(st.session_state[_ROWS]) > 1:
            st.button("Remove", key=f"find_remove_{row}", on_click=_remove_row, args=(row,))
        signal = SIGNALS[name]
        about = plain(f"{signal.label}: {signal.about}.")
        st.caption(plain(signal.meaning), help=about, width="content")
    return fields


def _ask_values(way: str, signal: Signal, condition: Condition, row: int) -> dict[str, float]:
    """Ask for the limits, beginning with those of the condition if it is about this signal."""
    low, high = condition.above, condition.below
    if signal.name != condition.signal:
        low = high = None
    values = {}
    if way != "under":
        label = "From" if way == "between" else "Over"
        values["above"] = _ask_value(label, signal, low, row)
    if way != "over":
        label = "To" if way == "between" else "Under"
        values["below"] = _ask_value(label, signal, high, row)
    return values


def _find_way(condition: Condition) -> str:
    if condition.above is None:
        return "under"
    return "over" if condition.below is None else "between"


def _ask_value(label: str, signal: Signal, value: float | None, row: int) -> float:
    usual, step = _USUAL[signal.unit]
    start = usual if value is None else value
    asked: float = st.number_input(
        f"{label}, {signal.unit}",
        min_value=signal.lowest,
        max_value=signal.highest,
        value=min(max(start, signal.lowest), signal.highest),
        step=step,
        format=_DIGITS,
        key=f"find_{label}_{signal.name}_{row}",
        label_visibility="collapsed",
        width=105,
    )
    return asked


def _ask_filters(kept: dict[str, Any]) -> dict[str, Any]:
    sessions = get_store().get_sessions()
    athletes = sorted({each.athlete for each in sessions if each.athlete})
    tags = sorted({tag for each in sessions for tag in each.tags})
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        return {
            "min_duration_s": st.number_input(
                "For at least, s",
                min_value=0.0,
                value=kept["min_duration_s"],
                step=0.5,
                format=_DIGITS,
                key="find_for",
                width=135,
            ),
            "athlete": _ask_one("Athlete", athletes, kept["athlete"], "Anybody", width=180),
            "tag": _ask_one("Tag", tags, kept["tag"], "Any", width=150),
            "since": st.date_input(
                "Recorded since",
                value=kept["since"],
                min_value=_FIRST_DAY,
                max_value=_LAST_DAY,
                format="YYYY-MM-DD",
                key="find_since",
                width=165,
            ),
        }


def _ask_one(
    label: str, options: list[str], kept: str | None, placeholder: str, *, width: int
) -> str | None:
    """Ask for one or none; what a link asks for stays asked for, also where no session has it."""
    if kept and kept not in options:
        options = [kept, *options]
    return st.selectbox(
        label,
        options,
        index=options.index(kept) if kept else None,
        placeholder=placeholder,
        key=f"find_{label.lower()}",
        width=width,
    )


def _warn_of_nobody(filters: dict[str, Any]) -> None:
    """Say that nothing can be found where no session has the athlete, or the tag."""
    sessions = get_store().get_sessions()
    athlete, tag = filters["athlete"], filters["tag"]
    if athlete and not any(each.athlete == athlete for each in sessions):
        st.warning(f"There is no session of {plain(athlete)}; choose another athlete, or anybody.")
    if tag and not any(tag in each.tags for each in sessions):
        st.warning(f"There is no session with the tag {plain(tag)}; choose another one, or any.")


def _read_conditions() -> list[Condition]:
    """Conditions of the address; what is none is left out."""
    found, asked = [], st.query_params.get_all("where")
    for text in asked[:MAX_CONDITIONS]:
        with suppress(InvalidOptionError):
            found.append(Condition.parse(text))
    if len(found) < len(asked):
        st.warning(
            "Not every condition of this link could be read; what is searched for stands below."
        )
    return found or [Condition.parse(text) for text in _START]


def _read_filters() -> dict[str, Any]:
    """Read how long, whose and since when from the address; what cannot be read is told."""
    query, unread = st.query_params, []
    min_duration_s, since = _START_DURATION_S, None
    try:
        min_duration_s = check_duration(float(query.get("for", _START_DURATION_S)))
    except ValueError:
        unread.append("how long it holds")
    if query.get("since"):
        since = _read_day(query["since"])
        unread += ["since when"] * (since is None)
    if unread:
        st.warning(
            f"This link does not say rightly {' and '.join(unread)}; what is searched for stands "
            "below."
        )
    athlete, tag = query.get("athlete") or None, query.get("tag") or None
    return {"min_duration_s": min_duration_s, "athlete": athlete, "tag": tag, "since": since}


def _read_day(text: str) -> date | None:
    with suppress(ValueError):
        day = date.fromisoformat(text)
        return day if _FIRST_DAY <= day <= _LAST_DAY else None
    return None


def _write_address(conditions: list[Condition], filters: dict[str, Any]) -> None:
    address: dict[str, Any] = {"where": [str(condition) for condition in conditions]}
    address["for"] = f"{filters['min_duration_s']:g}"
    since = filters["since"]
    further = {**filters, "since": since.isoformat() if since else None}
    address |= {key: further[key] for key in ("athlete", "tag", "since") if further[key]}
    st.query_params.from_dict(address)
