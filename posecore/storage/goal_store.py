"""All SQL about the goals that sessions were recorded with."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from posecore.errors import InvalidFieldError
from posecore.goals import MAX_GOALS, Goal, GoalResult, SessionGoal
from posecore.storage.audit_store import write_down
from posecore.storage.connection import Database
from posecore.storage.session_lookup import find_session

# Inside the class, ``list`` is the method.
_Goals: TypeAlias = list[SessionGoal]

_GOAL: Final = ("angle", "kind", "low_deg", "high_deg")
_RESULT: Final = ("n_repetitions", "in_zone_s", "seen_s", "best_deg")
_COLUMNS: Final = ", ".join(_GOAL + _RESULT)


class GoalStore:
    """Goals of the sessions somebody may read; reached as ``store.goals``.

    Whoever may read a session reads its goals, and only its owner sets them.
    """

    def __init__(self, database: Database, *, owner: str) -> None:
        self._database = database
        self._owner = owner

    def set(self, session_id: str, goals: Iterable[SessionGoal]) -> None:
        """Keep the goals of a session, in place of those before.

        Parameters
        ----------
        session_id : str
        goals : iterable of SessionGoal
            At most four; without a result while the session is being recorded.

        Raises
        ------
        InvalidFieldError
            If there are too many.
        SessionNotFoundError, NotAllowedError, StorageFullError
        """
        goals = list(goals)
        if len(goals) > MAX_GOALS:
            raise InvalidFieldError(
                f"A session may have {MAX_GOALS} goals and this one has {len(goals)}; remove some."
            )
        with self._database.transaction() as cursor:
            session = find_session(cursor, session_id, owner=self._owner, right="own")
            cursor.execute("DELETE FROM goals WHERE session_id = ?", [session.id])
            for number, each in enumerate(goals):
                cursor.execute(
                    f"INSERT INTO goals (session_id, number, {_COLUMNS}) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [session.id, number, *_to_row(each)],
                )
            write_down(cursor, "changed", actor=self._owner, session=session, detail="goals")

    def list(self, session_id: str) -> _Goals:
        """Return the goals of a session in the order they were set.

        Raises
        ------
        SessionNotFoundError
        """
        with self._database.cursor() as cursor:
            session = find_session(cursor, session_id, owner=self._owner)
            rows = cursor.execute(
                f"SELECT {_COLUMNS} FROM goals WHERE session_id = ? ORDER BY number", [session.id]
            ).fetchall()
        return [_from_row(row) for row in rows]


def _to_row(each: SessionGoal) -> tuple[Any, ...]:
    goal = tuple(getattr(each.goal, name) for name in _GOAL)
    if each.result is None:
        return *goal, *(None for _ in _RESULT)
    return *goal, *(getattr(each.result, name) for name in _RESULT)


def _from_row(row: Sequence[Any]) -> SessionGoal:
    goal = Goal(**dict(zip(_GOAL, row[: len(_GOAL)], strict=True)))
    result = dict(zip(_RESULT, row[len(_GOAL) :], strict=True))
    if result["n_repetitions"] is None:
        return SessionGoal(goal=goal)
    return SessionGoal(goal=goal, result=GoalResult(**result))
