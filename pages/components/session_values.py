"""One number of many sessions: read from what is kept, and measured where it is not kept yet."""

import time
from contextlib import suppress

import streamlit as st

from pages.components.climbing_limits import get_limits
from pages.components.state import get_settings, get_store
from pages.components.words import as_length, get_zone
from posecore import Session
from posecore.errors import PoseCoreError, SessionNotFoundError
from posecore.progress import SessionValue
from posecore.session_metrics import describe_measuring, find_unmeasured, measure_session


def load_values(sessions: list[Session], metric: str) -> list[SessionValue]:
    """Read one number of each session, in the order given; those not measured yet say so."""
    store = get_store()
    measured = describe_measuring(get_settings().processing, get_limits())
    table = store.metrics.load(measured, [metric])
    kept = {
        session_id: (value, reason)
        for session_id, value, reason in zip(
            table["session_id"], table["value"], table["reason"], strict=True
        )
    }
    notes: dict[str, list[str]] = {}
    for note in store.notes.list_all():
        notes.setdefault(note.session_id, []).append(note.label)
    values = []
    for session in sessions:
        value, reason = kept.get(session.id, (float("nan"), "not measured yet"))
        values.append(
            SessionValue(
                session_id=session.id,
                name=session.name,
                athlete=session.athlete,
                tags=session.tags,
                recorded_at=session.created_at.astimezone(get_zone()),
                value=value,
                reason=reason,
                notes="; ".join(notes.get(session.id, [])),
            )
        )
    return values


def measure_missing(sessions: list[Session]) -> None:
    """Measure the sessions whose numbers are not kept yet; what is there is already on the page.

    Each is kept as soon as it is measured, so nothing is lost when the page is left meanwhile.
    The page then begins anew with their numbers: what only works with all of them, and what must
    not be taken away while it is pressed, comes after this.
    """
    store = get_store()
    processing, limits = get_settings().processing, get_limits()
    measured = describe_measuring(processing, limits)
    missing = find_unmeasured(store, sessions, measured)
    if not missing:
        return
    begin_s, n_frames = time.monotonic(), sum(session.frame_count for session in missing)
    done, failure = 0, ""
    # It floats over the page's lower edge: nothing that one is about to press moves.
    with st.container(key="measuring"):
        bar = st.progress(0.0)
    for number, session in enumerate(missing, start=1):
        passed_s = time.monotonic() - begin_s
        left = f", about {as_length(passed_s / done * (n_frames - done))} left" if done else ""
        text = f"Measuring session {number} of {len(missing)}, once and for all{left}"
        bar.progress(done / max(n_frames, 1), text=text)
        try:
            with suppress(SessionNotFoundError):  # deleted meanwhile
                measure_session(store, session.id, processing, limits)
        except PoseCoreError as error:
            failure = str(error)
        done += session.frame_count
    bar.empty()
    if len(find_unmeasured(store, missing, measured)) < len(missing):
        st.rerun()
    st.warning(failure or "The numbers of some sessions could not be kept; is the disk full?")
