"""Make a session of a file of landmarks: no video, no pose model."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from posecore.errors import LandmarkFileError, PoseCoreError
from posecore.importing import default_name
from posecore.reading import read_landmark_file
from posecore.storage.session_store import SessionStore


def import_landmarks(
    path: str | Path,
    store: SessionStore,
    *,
    name: str | None = None,
    athlete: str = "",
    tags: Iterable[str] = (),
    description: str = "",
    title: str | None = None,
    image_size: tuple[int, int] | None = None,
) -> str:
    """Store the landmarks of a file as a session; the file itself is not changed.

    Parameters
    ----------
    path : str or Path
        As for :func:`posecore.read_sequence`.
    store : SessionStore
    name : str, optional
        The file's name without its ending, when left out.
    athlete, tags, description
        As in :meth:`SessionStore.create_session`.
    title : str, optional
        What messages call the file, and its ending what it is; its own name when left out.
    image_size : tuple of int, optional
        (width, height) of the picture in pixels, where the file does not say it.

    Returns
    -------
    str
        The session's id. Its source is ``file``, and its ``status_reason`` says what of the file
        it does not hold.

    Raises
    ------
    LandmarkFileError, StorageFullError, InvalidFieldError
        No session is made.
    """
    path, title = Path(path), title or Path(path).name
    reading = read_landmark_file(path, title=title, image_size=image_size)
    if not reading.sequence.is_detected.any():
        raise LandmarkFileError(
            f"{title} holds {reading.sequence.n_frames:,} frames and nobody in any of them; "
            "choose another file."
        )
    remarks = list(reading.remarks)
    if reading.sequence.steps:
        done = ", ".join(step.name for step in reading.sequence.steps)
        remarks.append(f"Its landmarks are not as recorded: they went through {done} before.")
    session_id = store.create_session(
        name=default_name(Path(title)) if name is None else name,
        source="file",
        athlete=athlete,
        tags=tags,
        description=description,
    )
    try:
        store.append_frames(session_id, reading.sequence)
        store.finish_session(session_id, reason=" ".join(remarks))
    except BaseException:
        with suppress(PoseCoreError):
            store.delete_session(session_id)
        raise
    return session_id
