"""Videos on their way to becoming sessions: handing over, progress, cancelling."""

import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, Final

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.components.database import view_as
from pages.components.state import get_settings, get_store
from pages.components.text import plain
from pages.components.words import as_length
from posecore import SessionStore
from posecore.errors import PoseCoreError, SessionNotFoundError, StorageFullError
from posecore.formats.catalogue import is_landmark_file
from posecore.import_queue import ImportJob, ImportQueue
from posecore.landmark_import import import_landmarks

_REFRESH_S = 0.5
_ICONS = {
    "waiting": ":material/schedule:",
    "running": ":material/hourglass_top:",
    "done": ":material/check_circle:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
}


_queues: "dict[SessionStore, ImportQueue]" = {}
_making: Final = Lock()
# One video at a time is all that a computer can do, whosever it is.
_turn: Final = Lock()


def get_queue(owner: str) -> ImportQueue:
    """Return one owner's queue, which is the process's, so that imports go on without a page."""
    store = view_as(owner)
    with _making:
        if store not in _queues:
            _queues[store] = ImportQueue(store, turn=_turn)
        return _queues[store]


def close_queue() -> None:
    """Stop what is under way, of all owners; for the end of the process."""
    for queue in list(_queues.values()):
        queue.stop()
    while _queues:
        _queues.popitem()[1].close()


def submit_files(
    files: list[UploadedFile], fields: dict[str, Any], *, keep_video: bool = False
) -> None:
    """Put the dropped files on the disk and in the queue; each becomes a session."""
    settings, queue = get_settings(), get_queue(get_store().owner)
    for file in files:
        try:
            path = _write_upload(file, settings.uploads_dir)
            name = Path(file.name).stem.strip()[:200] or "Video"
            if is_landmark_file(file.name):
                _take_landmarks(path, file.name, name=name, **fields)
                continue
            queue.submit(
                path,
                settings=settings,
                delete_file_afterwards=True,
                name=name,
                keep_video=keep_video,
                **fields,
            )
        except (PoseCoreError, OSError) as error:
            st.error(f"{plain(file.name)} could not be taken: {plain(str(error))}")


def _take_landmarks(path: Path, title: str, **fields: Any) -> None:
    """Make a session of landmarks that another program measured; nothing has to be analysed."""
    try:
        with st.spinner(f"Reading {plain(title)} ..."):
            session_id = import_landmarks(path, get_store(), title=title, **fields)
    finally:
        path.unlink(missing_ok=True)
    st.session_state.setdefault("taken_in", []).insert(0, session_id)


def _show_taken_in() -> None:
    """Show what this tab has taken in of other programs' landmarks, newest first."""
    for session_id in st.session_state.get("taken_in", []):
        with suppress(SessionNotFoundError):
            session = get_store().get_session(session_id)
            with st.container(border=True, key=f"taken_{session_id}"):
                facts, buttons = st.columns([5, 1], vertical_alignment="center")
                facts.markdown(
                    f"{_ICONS['done']} **{plain(session.name)}** \N{MIDDLE DOT} "
                    f"{session.frame_count:,} frames. {plain(session.status_reason or '')}"
                )
                if buttons.button("Replay", key=f"open_{session_id}", width="stretch"):
                    st.switch_page("replay.py", query_params={"session": session_id})


def _write_upload(file: UploadedFile, folder: Path) -> Path:
    """Write under a name of our own: the file's name is hostile until shown otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    if file.size > shutil.disk_usage(folder).free:
        raise StorageFullError(
            f"the video has {file.size / 1e6:,.0f} MB and the disk has no room for it; free some "
            "space, or import it from the command line, which needs no copy."
        )
    path = folder / f"{secrets.token_hex(8)}.upload"
    try:
        with path.open("wb") as stream:
            shutil.copyfileobj(file, stream)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path


def has_jobs() -> bool:
    """Whether anything was imported in this run of the program."""
    jobs = get_queue(get_store().owner).jobs
    return bool(jobs or st.session_state.get("taken_in"))


def show_jobs() -> None:
    """Show the owner's imports of this run, newest first, while one runs up to date."""
    queue = get_queue(get_store().owner)
    if has_jobs():
        st.subheader("Imports")
    _show_taken_in()
    is_busy = _is_busy(queue)
    st.fragment(_show_all, run_every=_REFRESH_S if is_busy else None)(is_busy)


def _is_busy(queue: ImportQueue) -> bool:
    return any(job.state in ("waiting", "running") for job in queue.jobs)


def _show_all(was_busy: bool) -> None:
    queue = get_queue(get_store().owner)  # asked anew, for somebody may have signed out
    for job in queue.jobs:
        with st.container(border=True, key=f"job_{job.id}"):
            _show_job(queue, job)
    if was_busy and not _is_busy(queue):
        st.rerun()  # of the whole page: there is nothing to keep up to date any more


def _show_job(queue: ImportQueue, job: ImportJob) -> None:
    facts, buttons = st.columns([5, 1], vertical_alignment="center")
    with facts:
        st.markdown(f"{_ICONS[job.state]} **{plain(job.name)}** · {job.state}")
        if job.state == "running":
            _show_progress(job)
        if job.error:
            st.error(plain(job.error))
    with buttons:
        if job.state in ("waiting", "running"):
            if st.button("Cancel", key=f"cancel_{job.id}", width="stretch"):
                queue.cancel(job.id)
        elif job.state == "done" and st.button("Replay", key=f"open_{job.id}", width="stretch"):
            st.switch_page("replay.py", query_params={"session": job.session_id})


def _show_progress(job: ImportJob) -> None:
    progress = job.progress
    if progress is None:
        st.progress(0.0, text="Starting the pose model …")
        return
    total = progress.n_frames or 0
    share = min(1.0, progress.frames_done / total) if total else 0.0
    parts = [f"{progress.frames_done:,}" + (f" of {total:,} frames" if total else " frames")]
    if progress.step == "video":
        parts.insert(0, "Keeping the video")
    parts.append(f"{progress.rate_fps:.0f} frames/s")
    if progress.remaining_s is not None:
        parts.append(f"{as_length(progress.remaining_s)} left")
    st.progress(share, text=" · ".join(parts))
