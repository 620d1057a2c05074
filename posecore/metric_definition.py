"""What a metric is, apart from which there are."""

from dataclasses import dataclass
from typing import Final, Literal

from posecore.measures import Measure

BODY_HEIGHTS: Final = "body heights"
OWN_DEFINITION: Final = "posecore's own definition, stated in its docstring"

GROUPS: Final = {
    "repetitions": "Repetitions",
    "holds": "Holds and pauses",
    "movement": "Movement",
    "symmetry": "Symmetry",
    "smoothness": "Smoothness",
    "climbing": "Climbing",
}
"""Kinds of metrics by key, as a person reads them, in their order."""


@dataclass(frozen=True)
class Metric:
    """One number of a session.

    Attributes
    ----------
    name, label : str
        Key in :data:`METRICS`; what a person reads.
    group : str
        A key of :data:`GROUPS`.
    unit : str
    digits : int
        After the decimal point; more would claim too much.
    formula, reference : str
        How it is computed, and who says so.
    function : callable
        From a :class:`Material` to the number, or to the reason why there is none.
    better : {"", "higher", "lower"}
        Which way is meant to be better, where its authors say so; empty where it depends on what
        is trained.
    """

    name: str
    label: str
    group: str
    unit: str
    digits: int
    formula: str
    reference: str
    function: Measure
    better: Literal["", "higher", "lower"] = ""
