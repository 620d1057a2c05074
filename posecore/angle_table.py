"""The table of angles: what each one is, where it is 0, which way it counts, and who defined it.

Left is typed once; right is derived from it. "Up", "horizontal" and "vertical" are the camera's:
world landmarks are turned with the camera, so a tilted camera tilts them. The tilt of the pelvis to
the front is not here: two hip landmarks do not tell it.
"""

from collections.abc import Iterator
from typing import Final

from posecore.angle_definition import AngleDefinition
from posecore.angle_measures import UP, Between, Joint, Line, Normal, Swing, Towards, Turn
from posecore.topology import Landmark

_L = Landmark

_ISB_ARM: Final = "Wu et al. (2005), ISB recommendation part II, J Biomech 38(5):981-992"
_ISB_LEG: Final = "Wu et al. (2002), ISB recommendation part I, J Biomech 35(4):543-548"
_GROOD: Final = "Grood and Suntay (1983), J Biomech Eng 105(2):136-144"
_GRASSIA: Final = "Grassia (1998), J Graphics Tools 3(3):29-48"
_WINTER: Final = "Winter (2009), Biomechanics and Motor Control of Human Movement, 4th ed., Wiley"

_HIPS: Final = (_L.LEFT_HIP, _L.RIGHT_HIP)
_SHOULDERS: Final = (_L.LEFT_SHOULDER, _L.RIGHT_SHOULDER)
_TRUNK: Final = Line(_HIPS, _SHOULDERS)
_NECK: Final = Line(_SHOULDERS, (_L.LEFT_EAR, _L.RIGHT_EAR))
_TO_LEFT_HIP: Final = Line((_L.RIGHT_HIP,), (_L.LEFT_HIP,))
_TO_LEFT_SHOULDER: Final = Line((_L.RIGHT_SHOULDER,), (_L.LEFT_SHOULDER,))
_DOWN_LEFT_FLANK: Final = Line((_L.LEFT_SHOULDER,), (_L.LEFT_HIP,))
_LEFT_UPPER_ARM: Final = Line((_L.LEFT_SHOULDER,), (_L.LEFT_ELBOW,))
_LEFT_FOREARM: Final = Line((_L.LEFT_ELBOW,), (_L.LEFT_WRIST,))
_LEFT_HAND: Final = Line((_L.LEFT_WRIST,), (_L.LEFT_INDEX, _L.LEFT_PINKY))
_LEFT_THIGH: Final = Line((_L.LEFT_HIP,), (_L.LEFT_KNEE,))
_LEFT_SHANK: Final = Line((_L.LEFT_KNEE,), (_L.LEFT_ANKLE,))
_UP_LEFT_SHANK: Final = Line((_L.LEFT_ANKLE,), (_L.LEFT_KNEE,))
_LEFT_FOOT: Final = Line((_L.LEFT_HEEL,), (_L.LEFT_FOOT_INDEX,))

_CHEST_FRONT: Final = Normal(_TO_LEFT_SHOULDER, _TRUNK)
_CHEST_LEFT: Final = Normal(_TRUNK, _CHEST_FRONT)
_CHEST_BACK: Final = Normal(_TRUNK, _TO_LEFT_SHOULDER)
_CHEST_RIGHT: Final = Normal(_CHEST_FRONT, _TRUNK)
_ARM_FRONT: Final = Normal(_DOWN_LEFT_FLANK, _TO_LEFT_SHOULDER)
_ARM_OUT: Final = Normal(_ARM_FRONT, _DOWN_LEFT_FLANK)

_LIMB_PLANE: Final = "that of the three landmarks"
_VERTICAL_PLANE: Final = "the vertical one through the segment"

_CORE_LEFT: Final = (
    AngleDefinition(
        side="left",
        motion="elbow_flexion",
        title="Elbow",
        measure=Joint(_L.LEFT_SHOULDER, _L.LEFT_ELBOW, _L.LEFT_WRIST, "straight"),
        definition="180 minus the angle shoulder-elbow-wrist",
        at_zero="arm straight",
        rising="about 150 fully bent",
        plane=_LIMB_PLANE,
        view="any",
        reference=f"three-landmark form of elbow flexion in {_ISB_ARM}",
    ),
    AngleDefinition(
        side="left",
        motion="shoulder_elevation",
        title="Shoulder",
        measure=Joint(_L.LEFT_HIP, _L.LEFT_SHOULDER, _L.LEFT_ELBOW, "folded"),
        definition="angle hip-shoulder-elbow",
        at_zero="arm at the side",
        rising="180 overhead",
        plane=_LIMB_PLANE,
        view="any",
        reference=f"three-landmark form of humerothoracic elevation in {_ISB_ARM}",
    ),
    AngleDefinition(
        side="left",
        motion="hip_flexion",
        title="Hip",
        measure=Joint(_L.LEFT_SHOULDER, _L.LEFT_HIP, _L.LEFT_KNEE, "straight"),
        definition="180 minus the angle shoulder-hip-knee, in whatever direction the thigh moves",
        at_zero="thigh in line with the trunk",
        rising="about 120 knee drawn to the chest",
        plane=_LIMB_PLANE,
        view="side",
        reference=f"three-landmark form of hip flexion in {_ISB_LEG}",
    ),
    AngleDefinition(
        side="left",
        motion="knee_flexion",
        title="Knee",
        measure=Joint(_L.LEFT_HIP, _L.LEFT_KNEE, _L.LEFT_ANKLE, "straight"),
        definition="180 minus the angle hip-knee-ankle",
        at_zero="leg straight",
        rising="about 140 fully bent",
        plane=_LIMB_PLANE,
        view="side",
        reference=f"three-landmark form of knee flexion in {_GROOD}",
    ),
)

_FURTHER_LEFT: Final = (
    AngleDefinition(
        side="left",
        motion="shoulder_flexion",
        title="Shoulder flexion",
        measure=Swing(_LEFT_UPPER_ARM, _DOWN_LEFT_FLANK, _ARM_FRONT),
        definition="the part to the front of shoulder elevation: elevation times the sine of the "
        "plane of elevation",
        at_zero="arm at the side or straight out to it",
        rising="positive in front of the body, negative behind it; a gap within 10 of overhead",
        plane="sagittal, across the line of the shoulders",
        reference=f"elevation and plane of elevation of {_ISB_ARM}, as parts of a rotation vector, "
        f"{_GRASSIA}",
    ),
    AngleDefinition(
        side="left",
        motion="shoulder_abduction",
        title="Shoulder abduction",
        measure=Swing(_LEFT_UPPER_ARM, _DOWN_LEFT_FLANK, _ARM_OUT),
        definition="the part to the side of shoulder elevation: elevation times the cosine of the "
        "plane of elevation",
        at_zero="arm at the side or straight in front",
        rising="positive away from the body, negative across it; a gap within 10 of overhead",
        plane="frontal, along the line of the shoulders",
        reference=f"elevation and plane of elevation of {_ISB_ARM}, as parts of a rotation vector, "
        f"{_GRASSIA}",
    ),
    AngleDefinition(
        side="left",
        motion="wrist_flexion",
        title="Wrist flexion",
        measure=Between(_LEFT_FOREARM, _LEFT_HAND),
        definition="angle between the forearm and the line from the wrist to the middle of the "
        "index and little finger's knuckles",
        at_zero="hand in line with the forearm",
        rising="larger as the hand bends, whichever way",
        plane="that of forearm and hand",
        view="any",
        reference=f"unsigned form of wrist flexion in {_ISB_ARM}",
    ),
    AngleDefinition(
        side="left",
        motion="hip_abduction",
        title="Hip abduction",
        measure=Towards(_LEFT_THIGH, _TO_LEFT_HIP),
        definition="how far the thigh leaves the plane at right angles to the line of the hips",
        at_zero="thigh at right angles to the line of the hips",
        rising="positive away from the other leg, negative across it",
        plane="that of the thigh and the line of the hips",
        view="front",
        reference=f"abduction of {_GROOD}, with the axes of {_ISB_LEG}",
    ),
    AngleDefinition(
        side="left",
        motion="ankle_dorsiflexion",
        title="Ankle dorsiflexion",
        measure=Towards(_LEFT_FOOT, _UP_LEFT_SHANK),
        definition="90 minus the angle between the line heel-toes and the shank, ankle to knee",
        at_zero="foot at right angles to the shank",
        rising="positive toes up, negative toes pointed",
        plane="that of shank and foot",
        view="side",
        reference=f"segment form of dorsiflexion in {_ISB_LEG}",
    ),
    *(
        AngleDefinition(
            side="left",
            motion=f"{segment.lower().replace(' ', '_')}_inclination",
            title=f"{segment} inclination",
            measure=Towards(line, UP),
            definition=f"angle of the line {places} to the horizontal",
            at_zero="level",
            rising=f"90 {end} straight above, -90 straight below",
            plane=_VERTICAL_PLANE,
            view="any",
            reference=f"segment angle to the horizontal, {_WINTER}",
        )
        for segment, line, places, end in (
            ("Foot", _LEFT_FOOT, "heel-toes", "toes"),
            ("Shank", _LEFT_SHANK, "knee-ankle", "ankle"),
            ("Thigh", _LEFT_THIGH, "hip-knee", "knee"),
            ("Upper arm", _LEFT_UPPER_ARM, "shoulder-elbow", "elbow"),
            ("Forearm", _LEFT_FOREARM, "elbow-wrist", "wrist"),
        )
    ),
)

_MIDDLE: Final = (
    AngleDefinition(
        side="middle",
        motion="neck_flexion",
        title="Neck flexion",
        measure=Towards(_NECK, _CHEST_FRONT),
        definition="how far the line from mid-shoulder to mid-ear leaves the plane of the chest",
        at_zero="ears in the plane of the chest",
        rising="positive to the front, negative to the back",
        plane="sagittal, of the chest",
        reference=f"head against the thorax frame of {_ISB_ARM}, in the form of {_GROOD}",
    ),
    AngleDefinition(
        side="middle",
        motion="neck_lateral_flexion",
        title="Neck lateral flexion",
        measure=Towards(_NECK, _CHEST_LEFT),
        definition="how far the line from mid-shoulder to mid-ear leaves the chest's middle plane",
        at_zero="ears in the middle plane of the chest",
        rising="positive to the athlete's left, negative to the right",
        plane="frontal, of the chest",
        flips=True,
        reference=f"head against the thorax frame of {_ISB_ARM}, in the form of {_GROOD}",
    ),
    AngleDefinition(
        side="middle",
        motion="trunk_lean",
        title="Trunk lean",
        measure=Between(_TRUNK, UP),
        definition="angle between the line from mid-hip to mid-shoulder and the vertical",
        at_zero="upright",
        rising="90 lying, 180 upside down, whichever way",
        plane="the vertical one through the trunk",
        view="any",
        reference=f"segment angle to the vertical, {_WINTER}",
    ),
    AngleDefinition(
        side="middle",
        motion="trunk_lean_forward",
        title="Trunk lean forward",
        measure=Towards(_CHEST_BACK, UP),
        definition="how far the front of the chest faces below the horizontal",
        at_zero="chest upright",
        rising="positive to the front, negative to the back, 90 face down",
        plane="sagittal, of the chest",
        reference=f"front axis of the thorax frame of {_ISB_ARM} against the horizontal",
    ),
    AngleDefinition(
        side="middle",
        motion="trunk_lean_sideways",
        title="Trunk lean sideways",
        measure=Towards(_CHEST_RIGHT, UP),
        definition="how far the left side of the chest faces below the horizontal",
        at_zero="chest upright",
        rising="positive to the athlete's left, negative to the right, 90 lying on the left",
        plane="frontal, of the chest",
        flips=True,
        reference=f"side axis of the thorax frame of {_ISB_ARM} against the horizontal",
    ),
    AngleDefinition(
        side="middle",
        motion="trunk_twist",
        title="Trunk twist",
        measure=Turn(_TO_LEFT_HIP, _TO_LEFT_SHOULDER, _TRUNK),
        definition="angle from the line of the hips to the line of the shoulders around the trunk",
        at_zero="shoulders square to the hips",
        rising="positive chest turned to the athlete's left, negative to the right",
        plane="transverse, at right angles to the trunk",
        flips=True,
        reference=f"axial rotation of the spine in {_ISB_LEG}, from two lines",
    ),
    AngleDefinition(
        side="middle",
        motion="trunk_inclination",
        title="Trunk inclination",
        measure=Towards(_TRUNK, UP),
        definition="angle of the line mid-hip-mid-shoulder to the horizontal",
        at_zero="level",
        rising="90 upright, -90 upside down",
        plane=_VERTICAL_PLANE,
        view="any",
        reference=f"segment angle to the horizontal, {_WINTER}",
    ),
    AngleDefinition(
        side="middle",
        motion="pelvis_obliquity",
        title="Pelvis obliquity",
        measure=Towards(_TO_LEFT_HIP, UP),
        definition="angle of the line of the hips to the horizontal",
        at_zero="hips level",
        rising="positive left hip higher, negative right hip higher",
        plane="the vertical one through the hips",
        view="front",
        flips=True,
        reference=f"segment angle to the horizontal, {_WINTER}",
    ),
)


def _with_right(lefts: tuple[AngleDefinition, ...]) -> Iterator[AngleDefinition]:
    for left in lefts:
        yield left
        yield left.mirrored()


CORE_ANGLES: Final = tuple(definition.name for definition in _with_right(_CORE_LEFT))
"""The eight that are shown where there is room for few, each read at one joint."""

ANGLES: Final[dict[str, AngleDefinition]] = {
    definition.name: definition
    for definition in (*_with_right(_CORE_LEFT), *_with_right(_FURTHER_LEFT), *_MIDDLE)
}
"""Every angle posecore computes, by name, in the order of its columns."""
