"""How lengths, dates and counts are said to a person."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from pages.components.lending import describe_lender, find_lenders
from posecore import Session

SOURCES = {
    "live": "Camera",
    "video": "Video",
    "stream": "Stream",
    "sample": "Sample",
    "file": "File",
}
STATUSES = {
    "recording": ":orange-badge[:material/radio_button_checked: recording]",
    "processing": ":blue-badge[:material/hourglass_top: processing]",
    "completed": ":green-badge[:material/check: completed]",
    "failed": ":red-badge[:material/error: failed]",
}


def as_length(seconds: float) -> str:
    """Minutes and seconds, ``2:14``; with hours from one hour on."""
    minutes, whole = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole:02}" if hours else f"{minutes}:{whole:02}"


def as_clock(seconds: float) -> str:
    """A moment on the replay's clock, ``0:41.3``."""
    minutes, tenths = divmod(int(10 * seconds + 1e-6), 600)
    return f"{minutes}:{tenths / 10:04.1f}"


def get_zone() -> ZoneInfo | None:
    """Time zone of the reader's browser; None where it does not say."""
    return ZoneInfo(st.context.timezone) if st.context.timezone else None


def as_date(moment: datetime) -> str:
    """Day and time in the reader's own time zone, ``Today, 14:03`` or ``12 Nov 2026, 14:03``."""
    zone = get_zone()
    local, now = moment.astimezone(zone), datetime.now(zone).astimezone(zone)
    days = (now.date() - local.date()).days
    day = {0: "Today", 1: "Yesterday"}.get(days, f"{local.day} {local:%b %Y}")
    return f"{day}, {local:%H:%M}"


def as_facts(session: Session) -> str:
    """One line: when, how long, how many frames; of one that is being made only when it began."""
    facts = [as_date(session.created_at)]
    if session.status not in ("recording", "processing"):
        facts += [as_length(session.duration_s), as_frames(session)]
    return " · ".join(facts)


def as_contents(session: Session) -> str:
    """Say what will be gone when the session is deleted."""
    minutes, seconds = divmod(round(session.duration_s), 60)
    length = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    return f"{length}, {as_frames(session)}" + ", video" * bool(session.video_path)


def as_frames(session: Session) -> str:
    """Say how many frames it has, ``1 frame`` or ``4,020 frames``."""
    return f"{session.frame_count:,} frame" + "s" * (session.frame_count != 1)


def as_size(n_bytes: int) -> str:
    """Size of a file in megabytes, ``12 MB``; with one decimal below ten."""
    return f"{n_bytes / 1e6:,.{1 if n_bytes < 1e7 else 0}f} MB"


def make_labels(sessions: Iterable[Session]) -> dict[Session, str]:
    """Names and facts of sessions to choose from, each different from all others.

    A choice comes back by what was written on it, so two of the same would be one.
    """
    labels: dict[Session, str] = {}
    seen: Counter[str] = Counter()
    sessions = list(sessions)
    lenders = find_lenders(sessions)
    for session in sessions:
        parts = [session.name, as_facts(session), describe_lender(session, lenders)]
        label = " \N{MIDDLE DOT} ".join(filter(None, parts))
        seen[label] += 1
        labels[session] = f"{label} ({seen[label]})" if seen[label] > 1 else label
    return labels
