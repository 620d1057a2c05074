"""Sessions on their way to being searchable: they are read in the background, with progress."""

import threading

import streamlit as st

from pages.components.state import get_store
from pages.components.text import plain
from pages.components.words import as_length
from posecore import SessionStore
from posecore.reading_job import ReadingJob
from posecore.search import count_unread_frames

_REFRESH_S = 0.5

_jobs: "dict[SessionStore, ReadingJob]" = {}
_beginning = threading.Lock()


def close_jobs() -> None:
    """Stop what is under way; for the end of the process."""
    while _jobs:
        _jobs.popitem()[1].close()


def show_reading_progress() -> bool:
    """Read the sessions that were not read yet, and show how far that is; whether all are read."""
    store = get_store()
    job = _get_job(store)
    if job and job.error:
        st.error(plain(job.error))
        if st.button("Read the rest"):
            del _jobs[store]
            st.rerun()
    elif job:
        st.fragment(_show, run_every=_REFRESH_S)(job)
    return job is None


def _get_job(store: SessionStore) -> ReadingJob | None:
    """Return the one that runs or that failed, or begin one where there is something to read."""
    with _beginning:
        job = _jobs.get(store)
        if job and (job.is_running or job.error):
            return job
        if not count_unread_frames(store):
            return None
        _jobs[store] = ReadingJob(store)
        return _jobs[store]


def _show(job: ReadingJob) -> None:
    get_store()  # starts the page again where somebody signed out meanwhile
    if not job.is_running:
        st.rerun()  # of the whole page: there is more to find now
    share = job.n_done / job.n_frames if job.n_frames else 0.0
    parts = [f"Reading new sessions: {job.n_done:,} of {job.n_frames:,} frames"]
    if job.remaining_s is not None:
        parts.append(f"{as_length(job.remaining_s)} left")
    st.progress(min(1.0, share), text=" · ".join(parts))
