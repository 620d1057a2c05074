"""Goals a session was recorded with, and what was reached of them."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request, Response

from posecore.api.caching import PRIVATE, answer_unchanged, make_tag
from posecore.api.callers import Computer
from posecore.api.models import GoalFacts, GoalList
from posecore.session_goals import load_goals

router = APIRouter(prefix="/v1/sessions/{session_id}", tags=["numbers"])


@router.get("/goals", response_model=GoalList)
def list_goals(session_id: str, computer: Computer, request: Request, response: Response) -> Any:
    """Read the goals of a session: repetitions, time in the zone and the best value of each."""
    session = computer.store.get_session(session_id)
    kept = [asdict(each) for each in computer.store.goals.list(session_id)]
    tag = make_tag("goals", session.id, session.frame_count, session.status, kept)
    response.headers.update({"ETag": tag, **PRIVATE})
    if unchanged := answer_unchanged(request, tag):
        return unchanged
    with computer.rates.computing():
        goals = load_goals(computer.store, session.id)
    return GoalList(session_id=session.id, goals=[GoalFacts.of(each) for each in goals])
