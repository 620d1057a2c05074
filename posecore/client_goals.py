"""Goals of a running dashboard's sessions: what stands in the place of ``store.goals``."""

import math
from dataclasses import fields
from typing import Any, TypeAlias

from posecore.client_link import Link, at_session
from posecore.goals import Goal, GoalResult, SessionGoal

# Inside the class, ``list`` is the method.
_Goals: TypeAlias = list[SessionGoal]


class RemoteGoals:
    """The goals of a running dashboard; reached as ``store.goals``."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def list(self, session_id: str) -> _Goals:
        """Return the goals of a session in the order they were set.

        Of a recording that was cut off, the dashboard counts what was reached itself.

        Raises
        ------
        SessionNotFoundError
        """
        found = self._link.ask("GET", at_session(session_id, "/goals")).json()["goals"]
        return [_to_goal(each) for each in found]


def _to_goal(facts: dict[str, Any]) -> SessionGoal:
    # A newer dashboard may say more than this version knows.
    goal = Goal(**{field.name: facts[field.name] for field in fields(Goal)})
    reached = facts["result"]
    if reached is None:
        return SessionGoal(goal=goal)
    values = {field.name: reached[field.name] for field in fields(GoalResult)}
    values["best_deg"] = math.nan if values["best_deg"] is None else values["best_deg"]
    return SessionGoal(goal=goal, result=GoalResult(**values))
