"""Goals of stored sessions with what was reached of them, also where a recording was cut off."""

from dataclasses import replace
from typing import TYPE_CHECKING

from posecore.goals import SessionGoal, measure_goal

if TYPE_CHECKING:
    from posecore.client import RemoteStore
    from posecore.storage.session_store import SessionStore


def load_goals(store: "SessionStore | RemoteStore", session_id: str) -> list[SessionGoal]:
    """Load the goals a session was recorded with; each has its result once the session is finished.

    A recording that was cut off has no results stored: they are counted from its frames.

    Parameters
    ----------
    store : SessionStore or RemoteStore
    session_id : str

    Raises
    ------
    SessionNotFoundError
    """
    goals = store.goals.list(session_id)
    if all(each.result for each in goals) or store.get_session(session_id).status != "completed":
        return goals
    sequence = store.load_sequence(session_id)
    return [
        each if each.result else replace(each, result=measure_goal(sequence, each.goal))
        for each in goals
    ]
