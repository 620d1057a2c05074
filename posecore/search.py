"""Find by movement: the moments of all sessions in which conditions hold."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from posecore.angle_readings import find_longest_step
from posecore.conditions import Condition, check_conditions, check_duration
from posecore.errors import InvalidOptionError, SessionNotFoundError
from posecore.processing import find_version, process
from posecore.signal_readings import compute_readings, find_readings_version

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from posecore.client import RemoteStore
    from posecore.storage.session import Session
    from posecore.storage.session_store import SessionStore


def find_moments(
    store: "SessionStore | RemoteStore",
    conditions: Iterable[Condition | str] | Condition | str,
    *,
    min_duration_s: float = 0.0,
    athlete: str | None = None,
    tag: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    fill: bool = True,
    on_progress: Callable[[int, int], object] | None = None,
) -> "pd.DataFrame":
    """Find the moments in which conditions hold, over all finished sessions.

    Parameters
    ----------
    store : SessionStore or RemoteStore
        A dashboard elsewhere reads by itself what is missing, whatever ``fill`` says.
    conditions : Condition or str, or an iterable of them
        All are to hold at once; as text, ``left_elbow_flexion > 90``, ``hip_speed < 0.05`` or
        ``60 < trunk_lean < 90``, in the units of :data:`posecore.SIGNALS`.
    min_duration_s : float
        Shorter moments are left out; one frame alone lasts 0 s.
    athlete, tag : str, optional
        Only the sessions of this athlete, or with this tag.
    since, until : datetime, optional
        Only the sessions recorded from then on, or before. Without a zone, in the computer's own.
    fill : bool
        Whether readings that are missing are made first; if not, sessions without are left out.
    on_progress : callable, optional
        Told how many frames were read of how many, while readings are made.

    Returns
    -------
    DataFrame
        One row a moment, newest session first: ``session_id``, ``name``, ``athlete``,
        ``created_at`` (UTC), ``start_s`` and ``end_s`` (of its first and last frame, seconds since
        the session's first frame, as in the replay), ``duration_s``.

    Raises
    ------
    InvalidOptionError
        If the conditions cannot be read, or can never hold, or a day is beyond the calendar.
    StorageFullError
        If there is no room for the readings.

    Notes
    -----
    What is searched are the signals of the *cleaned* landmarks, rounded to 0.1 degrees and a
    thousandth of the other units. They are computed once for each session, before it is first
    searched (:func:`fill_readings`), kept in the database, deleted with their session and made
    again when a newer posecore computes them in another way. A frame without a reading, and a hole
    in time (0.25 s, or twice the usual step), end a moment.
    """
    checked = check_conditions(conditions)
    check_duration(min_duration_s)
    own = cast("SessionStore", store)  # a dashboard elsewhere has nothing for us to fill
    for done, n_frames in fill_readings(own) if fill else ():
        if on_progress is not None:
            on_progress(done, n_frames)
    moments = store.readings.find_moments(
        find_readings_version(),
        checked,
        min_duration_s=min_duration_s,
        athlete=athlete,
        tag=tag,
        since=_to_utc(since),
        until=_to_utc(until),
    )
    return moments.assign(created_at=moments["created_at"].dt.tz_localize(UTC))


def count_unread_frames(store: "SessionStore") -> int:
    """Count the frames of finished sessions whose readings are still to be made."""
    missing = store.readings.find_missing(find_readings_version())
    return sum(session.frame_count for session in missing)


def fill_readings(store: "SessionStore") -> Iterator[tuple[int, int]]:
    """Make the readings that are missing, session by session, the newest first.

    Each session is kept as soon as it is done, so that stopping in between loses nothing.

    Yields
    ------
    n_done, n_frames : int
        Frames done so far, and to do in all; first ``(0, n_frames)``, nothing where all is there.

    Raises
    ------
    StorageFullError
    """
    missing = store.readings.find_missing(find_readings_version())
    n_done, n_frames = 0, sum(session.frame_count for session in missing)
    if missing:
        yield 0, n_frames
    for session in missing:
        with suppress(SessionNotFoundError):  # deleted meanwhile
            _fill(store, session)
        n_done += session.frame_count
        yield n_done, n_frames


def to_moments_table(moments: "pd.DataFrame") -> "pa.Table":
    """Table of what :func:`find_moments` found, to be handed over; safe in a spreadsheet."""
    import pyarrow as pa

    from posecore.export import make_harmless

    texts = {
        "session_id": moments["session_id"],
        "name": map(make_harmless, moments["name"]),
        "athlete": map(make_harmless, moments["athlete"]),
        "created_at": (moment.isoformat() for moment in moments["created_at"]),
    }
    columns = {name: pa.array(list(values), pa.string()) for name, values in texts.items()}
    for name in ("start_s", "end_s", "duration_s"):
        columns[name] = pa.array(moments[name].to_numpy(), pa.float64())
    return pa.table(columns)


def _fill(store: "SessionStore", session: "Session") -> None:
    cleaned = store.processed.find(session.id, "cleaned", find_version())
    if cleaned is None:
        # Not kept: the readings are all that is needed of it, and a tenth of its size.
        cleaned = process(store.load_sequence(session.id), "cleaned")
    store.readings.keep(
        session.id,
        find_readings_version(),
        compute_readings(cleaned),
        longest_step_s=find_longest_step(cleaned.time_s),
    )


def _to_utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    try:
        return moment.astimezone(UTC).replace(tzinfo=None)
    except (OverflowError, OSError, ValueError) as error:  # each system has limits of its own
        raise InvalidOptionError(
            f"Sessions cannot be looked for around the year {moment.year}; choose another day."
        ) from error
