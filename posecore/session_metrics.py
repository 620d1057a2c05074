"""Numbers of stored sessions: measured once, kept, and read a thousand at a time."""

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Final

from posecore.climbing import ClimbingThresholds
from posecore.errors import StorageFullError
from posecore.metrics import compute_metrics
from posecore.processing import find_version, hash_sources, load_processed
from posecore.settings import Processing
from posecore.storage.metric_store import Measured

if TYPE_CHECKING:
    import pandas as pd

    from posecore.storage.session import Session
    from posecore.storage.session_store import SessionStore

_SOURCES: Final = (
    "angle_definition.py",
    "angle_measures.py",
    "angle_table.py",
    "angles.py",
    "centre_of_mass.py",
    "climbing.py",
    "climbing_metrics.py",
    "events.py",
    "excursions.py",
    "geometry.py",
    "image_scale.py",
    "measures.py",
    "metric_definition.py",
    "metric_table.py",
    "metrics.py",
    "sequence.py",
    "signals.py",
    "smoothness.py",
    "stillness.py",
    "topology.py",
)


def describe_measuring(
    processing: Processing = "recorded", limits: ClimbingThresholds | None = None
) -> Measured:
    """Say what numbers are computed with: numbers of another kind are never shown in their place.

    Parameters
    ----------
    processing : {"recorded", "cleaned", "refined"}
    limits : ClimbingThresholds, optional
    """
    thresholds = json.dumps(asdict(limits or ClimbingThresholds()), sort_keys=True)
    return Measured(processing, find_metrics_version(), thresholds)


def find_unmeasured(
    store: "SessionStore", sessions: Iterable["Session"], measured: Measured
) -> list["Session"]:
    """Return the finished sessions whose numbers are not kept yet, or not of this kind."""
    kept = store.metrics.find_measured(measured)
    return [each for each in sessions if each.status == "completed" and each.id not in kept]


def measure_session(
    store: "SessionStore",
    session_id: str,
    processing: Processing = "recorded",
    limits: ClimbingThresholds | None = None,
) -> "pd.DataFrame":
    """Compute all numbers of a session and keep them in the database.

    Parameters
    ----------
    store : SessionStore
    session_id : str
    processing : {"recorded", "cleaned", "refined"}
    limits : ClimbingThresholds, optional
        What counts as still, straight, locked.

    Returns
    -------
    DataFrame
        As :func:`posecore.compute_metrics` gives it.

    Raises
    ------
    InvalidOptionError, SessionNotFoundError
    """
    sequence = load_processed(store, session_id, processing)
    table = compute_metrics(sequence, limits=limits)
    pairs = zip(table.index.map(str), table["value"], table["note"], strict=True)
    readings = [(name, float(value), str(note)) for name, value, note in pairs]
    with suppress(StorageFullError):  # they can be looked at all the same
        store.metrics.keep(
            session_id,
            describe_measuring(processing, limits),
            frame_count=len(sequence),
            numbers={name: value for name, value, _ in readings if value == value},
            reasons={name: note for name, value, note in readings if value != value},
        )
    return table


@cache
def find_metrics_version() -> str:
    """Version of the numbers: the hash of all source they come from, processing included."""
    return f"{hash_sources(_SOURCES)}-{find_version()}"
