"""Which landmarks are looked at: as they were recorded, cleaned, or refined as well."""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from posecore.errors import InvalidOptionError, StorageFullError
from posecore.sequence import NO_PICTURE, PoseSequence
from posecore.settings import PROCESSINGS, Processing

if TYPE_CHECKING:
    from posecore.storage.session_store import SessionStore

_LIBRARY: Final = Path(__file__).parent
_SOURCES: Final = ("processing.py", "geometry.py", "topology.py", "cleaning", "refinement")


def process(sequence: PoseSequence, processing: Processing | str) -> PoseSequence:
    """Clean or refine a recording in the standard way; the recording itself stays as it is.

    Parameters
    ----------
    sequence : PoseSequence
    processing : {"recorded", "cleaned", "refined"}
        "cleaned" is :func:`posecore.clean`; "refined" is that and :func:`posecore.refine`. A
        recording that never was a picture, as one of markers, has none to be fitted to, and is
        cleaned only.

    Returns
    -------
    PoseSequence
        What was done stands in ``steps``.

    Raises
    ------
    InvalidOptionError
        If there is no such processing.
    """
    if processing not in PROCESSINGS:
        raise InvalidOptionError(
            f"Landmarks come {', '.join(PROCESSINGS)}, not {processing!r}; choose one of these."
        )
    if processing == "recorded":
        return sequence
    # Loaded only where they are used: they bring SciPy.
    from posecore.cleaning.chain import clean
    from posecore.refinement.fit import refine

    cleaned = clean(sequence)
    has_picture = sequence.image_size != NO_PICTURE
    return refine(cleaned) if processing == "refined" and has_picture else cleaned


def load_processed(
    store: "SessionStore", session_id: str, processing: Processing | str
) -> PoseSequence:
    """Load a session's recording, cleaned or refined; what was computed once is read again.

    Parameters
    ----------
    store : SessionStore
    session_id : str
    processing : {"recorded", "cleaned", "refined"}
        As for :func:`process`.

    Returns
    -------
    PoseSequence
        What was done stands in ``steps``. The same, bit for bit, as :func:`process` gives.

    Raises
    ------
    InvalidOptionError, SessionNotFoundError

    Notes
    -----
    The result is kept in the database beside the recording, which stays as it is; it is deleted
    with its session, and made again when a newer posecore processes in another way
    (:func:`find_version`). Nothing is kept of a session that still grows.
    """
    if processing not in PROCESSINGS or processing == "recorded":
        return process(store.load_sequence(session_id), processing)
    version = find_version()
    found = store.processed.find(session_id, processing, version)
    if found is None:
        found = process(store.load_sequence(session_id), processing)
        with suppress(StorageFullError):  # it can be looked at all the same
            store.processed.keep(session_id, processing, version, found)
    return found


@cache
def find_version() -> str:
    """Version of the processing: the hash of its own source, so that nobody has to count it up."""
    return hash_sources(_SOURCES)


def hash_sources(names: Iterable[str]) -> str:
    """Hash of modules and packages of posecore, named by their paths in its folder."""
    digest = hashlib.sha256()
    for name in names:
        path = _LIBRARY / name
        for source in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
