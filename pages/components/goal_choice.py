"""The goals beside the camera: chosen here, followed by the live room, kept for the next time."""

import json
from typing import Any, Final

import streamlit as st

from pages.components.state import get_store
from pages.components.text import plain
from posecore import ANGLES, CORE_ANGLES, Goal
from posecore.capture.live_room import LiveRoom
from posecore.errors import PoseCoreError
from posecore.goals import MAX_GOALS, Kind

_GOALS: Final = "live_goals"
_SOUNDS: Final = "live_goal_sounds"
_KINDS: Final[dict[Kind, str]] = {"at_least": "At least", "at_most": "At most", "within": "Between"}
_ANGLES: Final = [*CORE_ANGLES, *(name for name in ANGLES if name not in CORE_ANGLES)]
_USUAL_ANGLE: Final = "right_knee_flexion"


def choose_goals(room: LiveRoom) -> None:
    """Show the goals, let one add and remove some, and have the room follow them."""
    preferences = get_store().load_preferences()
    goals = _read(preferences.get(_GOALS, "[]"))
    is_locked = not room.is_idle
    for number, goal in enumerate(goals):
        _show_goal(goals, number, goal, is_locked=is_locked)
    if is_locked:
        st.caption("Goals stay as they are while you record.")
    elif len(goals) < MAX_GOALS:
        _ask_goal(goals)
    else:
        st.caption(f"{MAX_GOALS} goals at once; remove one to add another.")
    has_sound = st.toggle(
        "Sounds for goals",
        value=preferences.get(_SOUNDS, "on") == "on",
        key="goal_sounds",
        help="Two rising tones when a goal is reached, two falling ones when its zone is left.",
    )
    if (word := "on" if has_sound else "off") != preferences.get(_SOUNDS, "on"):
        get_store().save_preference(_SOUNDS, word)
    room.goals.has_sound = has_sound
    room.goals.choose(goals)


def _read(text: str) -> list[Goal]:
    """Read the goals chosen last; what an older or newer posecore kept and this one cannot, goes.

    They are only a choice: whoever misses one adds it again.
    """
    try:
        return [Goal.from_dict(each) for each in json.loads(text)][:MAX_GOALS]
    except (PoseCoreError, TypeError, ValueError):
        return []


def _keep(goals: list[Goal]) -> None:
    get_store().save_preference(_GOALS, json.dumps([goal.to_dict() for goal in goals]))


def _show_goal(goals: list[Goal], number: int, goal: Goal, *, is_locked: bool) -> None:
    with st.container(
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
        gap="small",
        wrap=False,
    ):
        st.markdown(f":small[{plain(goal.label)}]", width="stretch")
        if st.button(
            ":material/close:",
            key=f"remove_goal_{number}",
            help=f"Remove the goal: {goal.label}",
            type="tertiary",
            disabled=is_locked,
        ):
            _keep([each for each in goals if each != goal])
            st.rerun()


def _ask_goal(goals: list[Goal]) -> None:
    angle = st.selectbox(
        "Angle",
        _ANGLES,
        index=_ANGLES.index(_USUAL_ANGLE),
        format_func=lambda name: ANGLES[name].label,
        key="goal_angle",
    )
    st.caption(f"{ANGLES[angle].meaning[0].upper()}{ANGLES[angle].meaning[1:]}.")
    kind = st.selectbox(
        "Should be", list(_KINDS), format_func=lambda each: _KINDS[each], key="goal_kind"
    )
    limits = _ask_limits(angle, kind)
    if st.button("Add goal", key="add_goal", icon=":material/add:", width="stretch"):
        try:
            goal = Goal(angle=angle, kind=kind, **limits)
        except PoseCoreError as error:
            st.error(plain(str(error)))
            return
        if goal not in goals:
            _keep([*goals, goal])
        st.rerun()


def _ask_limits(angle: str, kind: Kind) -> dict[str, Any]:
    """Ask for one limit, or two; each angle keeps its own."""
    lowest, highest = (int(limit) for limit in ANGLES[angle].range_deg)
    middle = (lowest + highest) // 2
    usual = {"low_deg": middle, "high_deg": middle if kind == "at_most" else middle + 20}
    wanted = {
        "at_least": {"low_deg": "Degrees"},
        "at_most": {"high_deg": "Degrees"},
        "within": {"low_deg": "From, degrees", "high_deg": "To, degrees"},
    }[kind]
    with st.container(horizontal=True):
        return {
            name: st.number_input(
                label,
                min_value=lowest,
                max_value=highest,
                value=usual[name],
                step=5,
                key=f"goal_{kind}_{name}_{angle}",
            )
            for name, label in wanted.items()
        }
