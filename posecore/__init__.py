"""posecore: record, keep, replay and measure human movement.

    >>> import posecore
    >>> with posecore.open_store() as store:
    ...     sessions = store.list_sessions()
    ...     sequence = store.load_sequence(sessions["id"][0])
    >>> angles = posecore.compute_joint_angles(sequence)

Importing the package loads neither DuckDB nor MediaPipe, Plotly, OpenCV or PyAV: each comes with
the first name that needs it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from posecore.alignment import Alignment as Alignment
    from posecore.alignment import align as align
    from posecore.alignment import align_by_event as align_by_event
    from posecore.alignment import align_by_moment as align_by_moment
    from posecore.alignment import align_by_repetition as align_by_repetition
    from posecore.alignment import align_by_start as align_by_start
    from posecore.alignment import align_by_warping as align_by_warping
    from posecore.angles import ANGLES as ANGLES
    from posecore.angles import CORE_ANGLES as CORE_ANGLES
    from posecore.angles import AngleDefinition as AngleDefinition
    from posecore.angles import compute_angular_velocity as compute_angular_velocity
    from posecore.angles import compute_image_angles as compute_image_angles
    from posecore.angles import compute_joint_angles as compute_joint_angles
    from posecore.centre_of_mass import compute_centre_of_mass as compute_centre_of_mass
    from posecore.cleaning.chain import CleaningOptions as CleaningOptions
    from posecore.cleaning.chain import clean as clean
    from posecore.cleaning.resampling import resample as resample
    from posecore.cleaning.sides import detect_seen_from_behind as detect_seen_from_behind
    from posecore.cleaning.sides import repair_swaps as repair_swaps
    from posecore.client import RemoteStore as RemoteStore
    from posecore.client import connect as connect
    from posecore.comparison import SCORE_FORMULA as SCORE_FORMULA
    from posecore.comparison import Comparison as Comparison
    from posecore.comparison import compare as compare
    from posecore.conditions import SIGNALS as SIGNALS
    from posecore.conditions import Condition as Condition
    from posecore.conditions import Signal as Signal
    from posecore.errors import PoseCoreError as PoseCoreError
    from posecore.events import detect_repetitions as detect_repetitions
    from posecore.figures.angle_chart import make_angles_figure as make_angles_figure
    from posecore.figures.skeleton import make_skeleton_figure as make_skeleton_figure
    from posecore.goals import Goal as Goal
    from posecore.goals import GoalResult as GoalResult
    from posecore.goals import GoalTracker as GoalTracker
    from posecore.goals import SessionGoal as SessionGoal
    from posecore.goals import measure_goal as measure_goal
    from posecore.handover import write_sequence as write_sequence
    from posecore.metric_table import METRICS as METRICS
    from posecore.metrics import compute_metrics as compute_metrics
    from posecore.online_warping import OnlineWarping as OnlineWarping
    from posecore.reading import read_sequence as read_sequence
    from posecore.refinement.fit import RefinementOptions as RefinementOptions
    from posecore.refinement.fit import refine as refine
    from posecore.repetition_profile import OUTLIER_RULE as OUTLIER_RULE
    from posecore.repetition_profile import RepetitionProfile as RepetitionProfile
    from posecore.repetition_profile import compute_repetition_profile as compute_repetition_profile
    from posecore.search import find_moments as find_moments
    from posecore.sequence import PoseFrame as PoseFrame
    from posecore.sequence import PoseSequence as PoseSequence
    from posecore.sequence import ProcessingStep as ProcessingStep
    from posecore.session_goals import load_goals as load_goals
    from posecore.settings import Settings as Settings
    from posecore.signal_readings import compute_readings as compute_readings
    from posecore.storage.note import Note as Note
    from posecore.storage.session import Session as Session
    from posecore.storage.session_store import SessionStore as SessionStore
    from posecore.storage.session_store import open_store as open_store
    from posecore.topology import SEGMENTS as SEGMENTS
    from posecore.topology import Landmark as Landmark
    from posecore.trust import compute_expected_error as compute_expected_error

_HOMES = {
    "ANGLES": "angles",
    "Alignment": "alignment",
    "AngleDefinition": "angles",
    "CORE_ANGLES": "angles",
    "CleaningOptions": "cleaning.chain",
    "Comparison": "comparison",
    "Condition": "conditions",
    "Goal": "goals",
    "GoalResult": "goals",
    "GoalTracker": "goals",
    "Landmark": "topology",
    "METRICS": "metric_table",
    "Note": "storage.note",
    "OUTLIER_RULE": "repetition_profile",
    "OnlineWarping": "online_warping",
    "PoseCoreError": "errors",
    "PoseFrame": "sequence",
    "PoseSequence": "sequence",
    "ProcessingStep": "sequence",
    "RefinementOptions": "refinement.fit",
    "RemoteStore": "client",
    "RepetitionProfile": "repetition_profile",
    "SCORE_FORMULA": "comparison",
    "SEGMENTS": "topology",
    "SIGNALS": "conditions",
    "Session": "storage.session",
    "SessionGoal": "goals",
    "SessionStore": "storage.session_store",
    "Settings": "settings",
    "Signal": "conditions",
    "align": "alignment",
    "align_by_event": "alignment",
    "align_by_moment": "alignment",
    "align_by_repetition": "alignment",
    "align_by_start": "alignment",
    "align_by_warping": "alignment",
    "clean": "cleaning.chain",
    "compare": "comparison",
    "compute_angular_velocity": "angles",
    "compute_centre_of_mass": "centre_of_mass",
    "compute_expected_error": "trust",
    "compute_image_angles": "angles",
    "compute_joint_angles": "angles",
    "compute_metrics": "metrics",
    "compute_readings": "signal_readings",
    "compute_repetition_profile": "repetition_profile",
    "connect": "client",
    "detect_repetitions": "events",
    "detect_seen_from_behind": "cleaning.sides",
    "find_moments": "search",
    "load_goals": "session_goals",
    "make_angles_figure": "figures.angle_chart",
    "make_skeleton_figure": "figures.skeleton",
    "measure_goal": "goals",
    "open_store": "storage.session_store",
    "read_sequence": "reading",
    "refine": "refinement.fit",
    "repair_swaps": "cleaning.sides",
    "resample": "cleaning.resampling",
    "write_sequence": "handover",
}

__version__ = "0.1.0"
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'posecore' has no attribute {name!r}")
    value = getattr(import_module(f"posecore.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
