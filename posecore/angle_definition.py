"""What an angle is: its measure, and everything a person needs to read it."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from posecore.angle_measures import Joint, Line, Measure, Up, list_parts
from posecore.topology import Landmark, Side

View = Literal["any", "front", "side"]
_OTHER_SIDE: Final[dict[Side, Side]] = {"left": "right", "right": "left", "middle": "middle"}


@dataclass(frozen=True, kw_only=True)
class AngleDefinition:
    """What one angle is.

    Attributes
    ----------
    side : {"left", "right", "middle"}
    motion : str
        ``knee_flexion``; the same on both sides.
    title : str
        What a person reads above the curves of both sides.
    measure : Measure
        How it is read from the landmarks.
    definition : str
        The same in words.
    at_zero, rising : str
        What 0 looks like, and what larger values mean.
    plane : str
        The plane it is measured in.
    view : {"any", "front", "side"} or None
        From where the angle seen in the picture means the same; None if it has no such form.
    flips : bool
        Whether a mirror turns the sign of a middle angle.
    reference : str
        Source of the definition.
    """

    side: Side
    motion: str
    title: str
    measure: Measure
    definition: str
    at_zero: str
    rising: str
    plane: str
    reference: str
    view: View | None = None
    flips: bool = False

    @property
    def name(self) -> str:
        """``<side>_<joint>_<motion>``, without a side in the middle; the column's name."""
        return self.motion if self.side == "middle" else f"{self.side}_{self.motion}"

    @property
    def label(self) -> str:
        """Title with its side: "Left knee"."""
        if self.side == "middle":
            return self.title
        return f"{self.side.capitalize()} {self.title.lower()}"

    @property
    def meaning(self) -> str:
        """What 0 looks like and what larger values mean, in one phrase."""
        return f"0 {self.at_zero}, {self.rising}"

    @property
    def range_deg(self) -> tuple[float, float]:
        """Lowest and highest value it can have; a body reaches less."""
        return self.measure.range_deg

    @property
    def joint(self) -> tuple[Landmark, Landmark, Landmark] | None:
        """Proximal landmark, vertex and distal landmark, if it is read at one joint of three."""
        measure = self.measure
        if not isinstance(measure, Joint):
            return None
        return measure.proximal, measure.vertex, measure.distal

    @property
    def zero(self) -> Literal["straight", "folded"] | None:
        """Whether a joint of three landmarks is at 0 when straight or when folded."""
        return self.measure.zero if isinstance(self.measure, Joint) else None

    @property
    def landmarks(self) -> tuple[Landmark, ...]:
        """All landmarks it needs, sorted; where one is missing, so is the angle."""
        lines = (part for part in list_parts(self.measure.axes) if isinstance(part, Line))
        return tuple(sorted({each for line in lines for each in line.start + line.end}))

    @property
    def depends_on_camera(self) -> bool:
        """Whether it is measured against the camera's vertical."""
        return any(isinstance(part, Up) for part in list_parts(self.measure.axes))

    def mirrored(self) -> "AngleDefinition":
        """Return the same angle on the other side of the body."""
        return replace(self, side=_OTHER_SIDE[self.side], measure=self.measure.mirrored())
