"""A stretch of a session's frames, for those who go through it and need not hold it all."""

from posecore.sequence import PoseSequence
from posecore.storage.frame_table import from_arrow
from posecore.storage.session_store import SessionStore


def load_window(
    store: SessionStore,
    session_id: str,
    *,
    n_frames: int,
    from_number: int = 0,
    from_time_s: float = float("-inf"),
) -> PoseSequence:
    """Load some frames of a session.

    Parameters
    ----------
    store : SessionStore
    session_id : str
    n_frames : int
        How many at most; fewer at the end.
    from_number, from_time_s : int, float
        Frames with a smaller number, or an earlier time, are left out.

    Raises
    ------
    SessionNotFoundError
    """
    session = store.get_session(session_id)
    with store._database.cursor() as cursor:
        table = cursor.sql(
            "SELECT frame_number, time_s, image_landmarks, world_landmarks, visibility, presence "
            "FROM frames WHERE session_id = ? AND frame_number >= ? AND time_s >= ? "
            "ORDER BY frame_number LIMIT ?",
            params=[session.id, from_number, from_time_s, n_frames],
        ).to_arrow_table()
    return from_arrow(table, image_size=(session.image_width or 1, session.image_height or 1))


def find_last_number(store: SessionStore, session_id: str) -> int | None:
    """Find the number of a session's last frame; None where it has none.

    Raises
    ------
    SessionNotFoundError
    """
    session = store.get_session(session_id)
    with store._database.cursor() as cursor:
        [(number,)] = cursor.execute(
            "SELECT max(frame_number) FROM frames WHERE session_id = ?", [session.id]
        ).fetchall()
    return None if number is None else int(number)
