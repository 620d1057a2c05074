"""How the command line writes things: for a terminal, and as JSON."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from posecore.goals import SessionGoal
    from posecore.storage.session import Session
    from posecore.storage.session_store import SessionStore

_EMOJI_JOINER: Final = "\N{ZERO WIDTH JOINER}"


def to_json(session: "Session") -> dict[str, Any]:
    """Every field of a session as JSON knows it."""
    return {key: to_plain(value) for key, value in asdict(session).items()}


def to_plain(value: Any) -> Any:
    """Turn a value into what JSON knows: a date into text, NaN into null, a tuple into a list."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and math.isnan(value):
        return None
    return list(value) if isinstance(value, tuple) else value


def goal_to_json(each: "SessionGoal") -> dict[str, Any]:
    """A goal with its words and what was reached as JSON knows it; null while it is counted."""
    result = each.result and {name: to_plain(value) for name, value in asdict(each.result).items()}
    return {**each.goal.to_dict(), "label": each.goal.label, "result": result}


def describe_goal(each: "SessionGoal") -> str:
    """A goal and what was reached of it, in one line."""
    if each.result is None:
        return f"{each.goal.label}: not counted"
    found = each.result
    if math.isnan(found.best_deg):
        return f"{each.goal.label}: the angle was never seen"
    times = "1 repetition" if found.n_repetitions == 1 else f"{found.n_repetitions:,} repetitions"
    best = f"best {found.best_deg:.0f}\N{DEGREE SIGN}"
    return f"{each.goal.label}: {times}, in the zone for {found.in_zone_s:.1f} s, {best}"


def format_length(duration_s: float) -> str:
    """Minutes and seconds, or seconds alone."""
    minutes, seconds = divmod(round(duration_s), 60)
    return f"{minutes:,} min {seconds:02} s" if minutes else f"{duration_s:.1f} s"


def make_printable(text: str) -> str:
    """Leave out what could move the cursor, break the line or colour the terminal."""
    return "".join(
        character
        if character.isprintable() or character == _EMOJI_JOINER
        else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )


def describe_tracks(store: "SessionStore", session: "Session") -> list[dict[str, Any]]:
    """Sessions that were filmed at once with this one, with what is added to their times."""
    found = []
    for track in store.tracks.list(session.id):
        offset = store.tracks.find_offset(session.id, track.session_id)
        if offset is not None:
            found.append({"session_id": track.session_id, **offset._asdict()})
    return found


def format_track(track: Mapping[str, Any]) -> str:
    """Another camera's session on one line: id, offset, drift, error, how it is known."""
    drift = f" {1e6 * track['drift']:+.1f} \N{MICRO SIGN}s a second" if track["drift"] else ""
    return (
        f"{track['session_id']}, its times {track['offset_s']:+.3f} s{drift} "
        f"(within {1000 * track['error_s']:.0f} ms, by the {track['how']})"
    )
