"""Joint angles: a table of definitions, and one function that computes them all."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

from posecore.geometry import compute_joint_angle
from posecore.sequence import PoseSequence
from posecore.topology import MIRROR, Landmark

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class AngleDefinition:
    """How one angle is read from three landmarks.

    Attributes
    ----------
    name : str
        ``<side>_<joint>_<motion>``; the column's name everywhere.
    label : str
        What a person reads on the screen.
    proximal, vertex, distal : Landmark
        The interior angle is the one at ``vertex``.
    zero : {"straight", "folded"}
        "straight": the angle is 180 minus the interior angle, so a straight limb is 0.
        "folded": the angle is the interior angle itself.
    meaning : str
        What 0 and what 180 degrees look like.
    reference : str
        Source of the definition.
    """

    name: str
    label: str
    proximal: Landmark
    vertex: Landmark
    distal: Landmark
    zero: Literal["straight", "folded"]
    meaning: str
    reference: str

    def mirrored(self) -> "AngleDefinition":
        """Return the same angle on the other side of the body."""
        return AngleDefinition(
            name=self.name.replace("left", "right", 1),
            label=self.label.replace("Left", "Right", 1),
            proximal=MIRROR[self.proximal],
            vertex=MIRROR[self.vertex],
            distal=MIRROR[self.distal],
            zero=self.zero,
            meaning=self.meaning,
            reference=self.reference,
        )


_ISB_ARM: Final = "Wu et al. (2005), ISB recommendation part II, J Biomech 38(5):981-992"
_ISB_LEG: Final = "Wu et al. (2002), ISB recommendation part I, J Biomech 35(4):543-548"

_LEFT_ANGLES: Final = (
    AngleDefinition(
        name="left_elbow_flexion",
        label="Left elbow",
        proximal=Landmark.LEFT_SHOULDER,
        vertex=Landmark.LEFT_ELBOW,
        distal=Landmark.LEFT_WRIST,
        zero="straight",
        meaning="0 arm straight, about 150 fully bent",
        reference=f"three-landmark form of elbow flexion in {_ISB_ARM}",
    ),
    AngleDefinition(
        name="left_shoulder_elevation",
        label="Left shoulder",
        proximal=Landmark.LEFT_HIP,
        vertex=Landmark.LEFT_SHOULDER,
        distal=Landmark.LEFT_ELBOW,
        zero="folded",
        meaning="0 arm at the side, 180 overhead",
        reference=f"three-landmark form of humerothoracic elevation in {_ISB_ARM}",
    ),
    AngleDefinition(
        name="left_hip_flexion",
        label="Left hip",
        proximal=Landmark.LEFT_SHOULDER,
        vertex=Landmark.LEFT_HIP,
        distal=Landmark.LEFT_KNEE,
        zero="straight",
        meaning="0 thigh in line with the trunk, about 120 knee drawn to the chest",
        reference=f"three-landmark form of hip flexion in {_ISB_LEG}",
    ),
    AngleDefinition(
        name="left_knee_flexion",
        label="Left knee",
        proximal=Landmark.LEFT_HIP,
        vertex=Landmark.LEFT_KNEE,
        distal=Landmark.LEFT_ANKLE,
        zero="straight",
        meaning="0 leg straight, about 140 fully bent",
        reference=f"three-landmark form of knee flexion in {_ISB_LEG}",
    ),
)

ANGLES: Final[dict[str, AngleDefinition]] = {
    definition.name: definition for left in _LEFT_ANGLES for definition in (left, left.mirrored())
}
"""Every angle posecore computes, by name, in the order of its columns."""


def compute_angle(
    definition: AngleDefinition, world_landmarks: NDArray[np.floating]
) -> NDArray[np.float64]:
    """One angle from world landmarks.

    Parameters
    ----------
    definition : AngleDefinition
    world_landmarks : ndarray, shape (..., 33, 3), metres

    Returns
    -------
    ndarray, shape (...), degrees in [0, 180]
        NaN where a segment has zero length or a landmark is NaN.
    """
    interior = compute_joint_angle(
        world_landmarks[..., definition.proximal, :],
        world_landmarks[..., definition.vertex, :],
        world_landmarks[..., definition.distal, :],
    )
    return 180.0 - interior if definition.zero == "straight" else interior


def compute_joint_angles(
    sequence: PoseSequence, names: Iterable[str] | None = None
) -> "pd.DataFrame":
    """Joint angles of a recording, from its world landmarks.

    Parameters
    ----------
    sequence : PoseSequence
    names : iterable of str, optional
        Keys of :data:`ANGLES`; all of them when left out.

    Returns
    -------
    DataFrame
        Indexed by ``time_s``, one column an angle, degrees in [0, 180]. NaN where a landmark the
        angle needs is missing; nothing is filled in or smoothed.

    Raises
    ------
    KeyError
        If a name is not in :data:`ANGLES`.
    """
    import pandas as pd

    columns = {
        name: compute_angle(ANGLES[name], sequence.world_landmarks)
        for name in (ANGLES if names is None else names)
    }
    index = pd.Index(sequence.time_s, name="time_s")
    return pd.DataFrame(columns, index=index)
