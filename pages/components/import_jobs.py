"""Videos on their way to becoming sessions: handing over, progress, cancelling."""

import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.components.state import get_settings, get_store
from pages.components.text import plain
from pages.components.words import as_length
from posecore.errors import PoseCoreError, SessionNotFoundError, StorageFullError
from posecore.formats.catalogue import is_landmark_file
from posecore.import_queue import ImportJob, ImportQueue
from posecore.landmark_import import import_landmarks
from posecore.settings import Settings

_REFRESH_S = 0.5
_ICONS = {
    "waiting": ":material/schedule:",
    "running": ":material/hourglass_top:",
    "done": ":material/check_circle:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
}


_queues: list[ImportQueue] = []


@st.cache_resource(show_spinner=False)
def _get_queue(database: str) -> ImportQueue:
    """One queue for the whole process, so that imports go on when the page is left."""
    _queues.append(ImportQueue(get_store()))
    return _queues[-1]


def get_queue(_owner: str) -> ImportQueue:
    """Return the queue of this dashboard, which has one owner."""
    return _get_queue(str(Settings.from_env().database))


def close_queue() -> None:
    """Stop what is under way; for the end of the process."""
    while _queues:
        _queues.pop().close()


def submit_files(
    files: list[UploadedFile], fields: dict[str, Any], *, keep_video: bool = False
) -> None:
    """Put the dropped files on the disk and in the queue; each becomes a session."""
    settings = get_settings()
    queue = _get_queue(str(settings.database))
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


def show_jobs() -> None:
    """Show every import of this run of the dashboard, newest first, while one runs up to date."""
    queue = _get_queue(str(get_settings().database))
    if queue.jobs or st.session_state.get("taken_in"):
        st.subheader("Imports")
    _show_taken_in()
    is_busy = _is_busy(queue)
    st.fragment(_show_all, run_every=_REFRESH_S if is_busy else None)(queue, is_busy)


def _is_busy(queue: ImportQueue) -> bool:
    return any(job.state in ("waiting", "running") for job in queue.jobs)


def _show_all(queue: ImportQueue, was_busy: bool) -> None:
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
