"""Below which speed a climber is immobile: asked once, kept for all sessions."""

from typing import Final

import streamlit as st

from pages.components.state import get_store
from posecore.climbing import ClimbingThresholds

_PREFERENCE: Final = "immobility_speed"
_SLOWEST, _FASTEST = 0.01, 1.0


def get_limits() -> ClimbingThresholds:
    """Return what counts as still, as it was chosen; what is no speed any more is the usual one."""
    usual = ClimbingThresholds()
    try:
        kept = float(get_store().load_preferences().get(_PREFERENCE, usual.immobile))
    except ValueError:
        return usual
    return ClimbingThresholds(immobile=min(max(kept, _SLOWEST), _FASTEST))


def ask_for_limits() -> None:
    """Ask for the speed; the answer is kept, and used by all that is said about climbing."""
    kept = get_limits().immobile
    limit = st.number_input(
        "Immobile below, body heights a second",
        min_value=_SLOWEST,
        max_value=_FASTEST,
        value=kept,
        step=0.01,
        help="Speed of the centre of mass in the picture, for all that is said about climbing. "
        "Below about 0.05 the estimator's own noise counts as movement.",
        width=300,
    )
    if limit != kept:
        get_store().save_preference(_PREFERENCE, str(limit))
        st.rerun()
