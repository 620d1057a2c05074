"""Sample sessions, made by posecore's own import from a real video; see data/samples."""

import json
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from posecore.frame_arrow import from_arrow, to_arrow
from posecore.storage.session_store import SessionStore

SAMPLES_DIR: Final = Path(__file__).resolve().parent.parent / "data" / "samples"
_METADATA_KEY: Final = b"posecore"


def load_samples(store: SessionStore, folder: Path = SAMPLES_DIR) -> list[str]:
    """Add the sample sessions; those that are there already are left as they are.

    Parameters
    ----------
    store : SessionStore
    folder : Path
        Where the sample files are.

    Returns
    -------
    list of str
        Ids of all sample sessions, new or not, in the order of their files.

    Raises
    ------
    StorageFullError
    """
    present = {
        session.name: session.id
        for session in store.get_sessions()
        if session.owner == store.owner  # those that others share are not this owner's
        and session.source == "sample"
        and session.status != "failed"
    }
    ids = []
    for path in sorted(folder.glob("*.parquet")):
        facts = json.loads(pq.read_schema(path).metadata[_METADATA_KEY])
        ids.append(present.get(facts["name"]) or _load_sample(path, store))
    return ids


def write_sample(store: SessionStore, session_id: str, path: Path) -> None:
    """Write a session as a sample file: its frames, and its facts in the file's metadata."""
    session = store.get_session(session_id)
    facts = {
        "name": session.name,
        "athlete": session.athlete,
        "description": session.description,
        "tags": session.tags,
        "model": session.model,
        "dropped_count": session.dropped_count,
        "image_size": (session.image_width, session.image_height),
    }
    table = to_arrow(store.load_sequence(session_id))
    table = table.replace_schema_metadata({_METADATA_KEY: json.dumps(facts)})
    pq.write_table(table, path, compression="zstd")


def _load_sample(path: Path, store: SessionStore) -> str:
    table = pq.read_table(path)
    facts = json.loads(table.schema.metadata[_METADATA_KEY])
    sequence = from_arrow(table, image_size=facts.pop("image_size"))
    dropped_count = facts.pop("dropped_count")
    session_id = store.create_session(source="sample", **facts)
    store.append_frames(session_id, sequence)
    store.finish_session(session_id, dropped_count=dropped_count)
    return session_id
