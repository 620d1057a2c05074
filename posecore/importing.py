"""Make a session of a video file."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from posecore.errors import (
    ImportCancelledError,
    PoseCoreError,
    StorageFullError,
    VideoReadError,
    VideoWriteError,
)
from posecore.import_pieces import Analysis, analyse_video
from posecore.models import find_model
from posecore.settings import Settings
from posecore.storage.session import TEXT_LIMITS
from posecore.storage.session_store import SessionStore
from posecore.video import VideoFile, check_exists, open_video
from posecore.video_writer import VideoWriter

Step = Literal["analysis", "video"]
_UNEXPECTED: Final = "Something unexpected stopped the import; import the video again."


@dataclass(frozen=True, kw_only=True)
class ImportProgress:
    """How far an import is.

    Attributes
    ----------
    frames_done : int
    n_frames : int or None
        In all; None where the file does not say.
    rate_fps : float
        Frames a second, on the average so far.
    remaining_s : float or None
        Seconds to go; None where that is not known.
    step : {"analysis", "video"}
        What is counted: frames analysed, or then written to the video that is kept.
    """

    frames_done: int
    n_frames: int | None
    rate_fps: float
    remaining_s: float | None
    step: Step = "analysis"


OnProgress = Callable[[ImportProgress], None]


def import_video(
    path: str | Path,
    store: SessionStore,
    *,
    settings: Settings,
    name: str | None = None,
    athlete: str = "",
    tags: Iterable[str] = (),
    description: str = "",
    source: str = "video",
    title: str | None = None,
    on_progress: OnProgress | None = None,
    should_stop: Callable[[], bool] | None = None,
    session_id: str | None = None,
    keep_video: bool = False,
) -> str:
    """Analyse a video and store it as a session.

    The session is ``processing`` until everything is stored, so nothing half-written ever looks
    whole. The file itself is not changed; a copy is kept only where that is asked for.

    Parameters
    ----------
    path : str or Path
        mp4, mov, webm or avi; other formats that FFmpeg knows are tried.
    store : SessionStore
    settings : Settings
        Model, number of processes, and whether they stay off the network.
    name : str, optional
        The file's name without its ending, when left out.
    athlete, tags, description, source
        As in :meth:`SessionStore.create_session`.
    title : str, optional
        What messages call the file; its own name when left out.
    on_progress : callable, optional
        Given an :class:`ImportProgress` several times a second.
    should_stop : callable, optional
        Asked several times a second; when it returns True, the import is cancelled.
    session_id : str, optional
        A session with status ``processing``, made beforehand; the fields above are its own then.
    keep_video : bool
        Whether the session keeps the pictures, at most 1280 pixels long and without sound. Where
        that fails, the session is complete all the same, and its ``status_reason`` says why.

    Returns
    -------
    str
        The session's id.

    Raises
    ------
    ImportCancelledError
        If it was cancelled; the session is deleted.
    VideoReadError, EstimatorError, ModelUnavailableError, StorageFullError
        The session is ``failed`` with the same sentence.
    InvalidFieldError
        If a field is outside its limits; no session is made, nor for a path that leads nowhere.
    """
    path = Path(path)
    if session_id is None:
        check_exists(path, title or path.name)
        session_id = store.create_session(
            name=default_name(path) if name is None else name,
            source=source,
            athlete=athlete,
            tags=tags,
            description=description,
            model=settings.model,
        )
    try:
        video = open_video(path, title=title)
        should_stop = should_stop or (lambda: False)
        analysis = _analyse(video, settings, on_progress, should_stop)
        store.append_frames(session_id, analysis.sequence)
        reason = ""
        if keep_video:
            reason = _keep_video(video, store, session_id, on_progress, should_stop)
        store.finish_session(session_id, dropped_count=analysis.dropped_count, reason=reason)
    except (ImportCancelledError, KeyboardInterrupt):
        store.delete_session(session_id)
        raise
    except BaseException as error:
        # Where even this cannot be written, the session stays "processing" and the next start
        # marks it as failed.
        with suppress(PoseCoreError):
            reason = str(error) if isinstance(error, PoseCoreError) else _UNEXPECTED
            store.fail_session(session_id, reason)
        raise
    return session_id


def default_name(path: Path) -> str:
    """Return a session's name made from the file's, cut to what a name may have."""
    return path.stem.strip()[: TEXT_LIMITS["name"]] or "Video"


def _analyse(
    video: VideoFile,
    settings: Settings,
    on_progress: OnProgress | None,
    should_stop: Callable[[], bool],
) -> Analysis:
    model_path = find_model(settings.model, settings)
    analysis = analyse_video(
        video,
        model_path,
        n_workers=settings.import_workers,
        block_network=settings.block_network,
        on_frames=_reporter(video.n_frames, on_progress),
        should_stop=should_stop,
    )
    if analysis is None:
        raise _cancelled(video)
    _check(analysis, video)
    return analysis


def _keep_video(
    video: VideoFile,
    store: SessionStore,
    session_id: str,
    on_progress: OnProgress | None,
    should_stop: Callable[[], bool],
) -> str:
    """Write the pictures with their times to the session's video; return why not, or ""."""
    path = store.make_video_path(session_id)
    report = _reporter(video.n_frames, on_progress, "video")
    try:
        with video.read_frames() as frames, VideoWriter(path, video.image_size) as writer:
            for time_s, frame_rgb in frames:
                if should_stop():
                    raise _cancelled(video)
                writer.write(frame_rgb, time_s)
                report(writer.n_frames)
        store.set_video(session_id, path)
    except (VideoReadError, VideoWriteError, StorageFullError) as error:
        return str(error)
    return ""


def _cancelled(video: VideoFile) -> ImportCancelledError:
    return ImportCancelledError(f"The import of {video.title} was cancelled.")


def _check(analysis: Analysis, video: VideoFile) -> None:
    sequence = analysis.sequence
    if not sequence.n_frames:
        raise VideoReadError(
            f"{video.title} has no picture with a usable time; it may be damaged. Copy it again "
            "from the camera."
        )
    video.check_complete(float(sequence.time_s[-1]))
    if not sequence.is_detected.any():
        raise VideoReadError(
            f"Nobody was seen in {video.title}; film the whole body, in good light and not too far "
            "away, then import it again."
        )


def _reporter(
    n_frames: int | None, on_progress: OnProgress | None, step: Step = "analysis"
) -> Callable[[int], None]:
    start_s = time.monotonic()

    def report(n_done: int) -> None:
        if on_progress is None:
            return
        done = min(n_done, n_frames or n_done)
        rate_fps = done / max(time.monotonic() - start_s, 1e-9)
        # While an earlier piece goes on beyond its end, nobody knows until when.
        is_known = n_frames is not None and 0 < done < n_frames
        remaining_s = (n_frames - done) / rate_fps if is_known and n_frames else None
        on_progress(
            ImportProgress(
                frames_done=done,
                n_frames=n_frames,
                rate_fps=rate_fps,
                remaining_s=remaining_s,
                step=step,
            )
        )

    return report
