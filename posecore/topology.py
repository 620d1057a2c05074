"""The 33 landmarks of MediaPipe Pose, their segments and their mirror images.

Left is typed once; right is derived from it, so that the two can never disagree.
"""

from enum import IntEnum
from typing import Final, Literal

Side = Literal["left", "right", "middle"]


class Landmark(IntEnum):
    """Index of a landmark in every ``(n, 33, ...)`` array.

    Left and right are the athlete's own, not the picture's.

    References
    ----------
    Bazarevsky et al. (2020), BlazePose: On-device Real-time Body Pose Tracking, arXiv:2006.10204.
    """

    NOSE = 0
    LEFT_EYE_INNER = 1
    LEFT_EYE = 2
    LEFT_EYE_OUTER = 3
    RIGHT_EYE_INNER = 4
    RIGHT_EYE = 5
    RIGHT_EYE_OUTER = 6
    LEFT_EAR = 7
    RIGHT_EAR = 8
    MOUTH_LEFT = 9
    MOUTH_RIGHT = 10
    LEFT_SHOULDER = 11
    RIGHT_SHOULDER = 12
    LEFT_ELBOW = 13
    RIGHT_ELBOW = 14
    LEFT_WRIST = 15
    RIGHT_WRIST = 16
    LEFT_PINKY = 17
    RIGHT_PINKY = 18
    LEFT_INDEX = 19
    RIGHT_INDEX = 20
    LEFT_THUMB = 21
    RIGHT_THUMB = 22
    LEFT_HIP = 23
    RIGHT_HIP = 24
    LEFT_KNEE = 25
    RIGHT_KNEE = 26
    LEFT_ANKLE = 27
    RIGHT_ANKLE = 28
    LEFT_HEEL = 29
    RIGHT_HEEL = 30
    LEFT_FOOT_INDEX = 31
    RIGHT_FOOT_INDEX = 32


N_LANDMARKS: Final = len(Landmark)
LANDMARK_NAMES: Final = tuple(landmark.name.lower() for landmark in Landmark)


def _mirrored(landmark: Landmark) -> Landmark:
    name = landmark.name
    if "LEFT" in name:
        return Landmark[name.replace("LEFT", "RIGHT")]
    if "RIGHT" in name:
        return Landmark[name.replace("RIGHT", "LEFT")]
    return landmark


MIRROR: Final = {landmark: _mirrored(landmark) for landmark in Landmark}
"""The landmark on the other side of the body; middle ones map to themselves."""

MIRROR_INDEX: Final = tuple(int(MIRROR[landmark]) for landmark in Landmark)
"""``array[:, MIRROR_INDEX]`` swaps left and right."""

_L = Landmark
_LEFT_SEGMENTS: Final = (
    (_L.NOSE, _L.LEFT_EYE_INNER),
    (_L.LEFT_EYE_INNER, _L.LEFT_EYE),
    (_L.LEFT_EYE, _L.LEFT_EYE_OUTER),
    (_L.LEFT_EYE_OUTER, _L.LEFT_EAR),
    (_L.LEFT_SHOULDER, _L.LEFT_ELBOW),
    (_L.LEFT_ELBOW, _L.LEFT_WRIST),
    (_L.LEFT_WRIST, _L.LEFT_PINKY),
    (_L.LEFT_WRIST, _L.LEFT_INDEX),
    (_L.LEFT_WRIST, _L.LEFT_THUMB),
    (_L.LEFT_PINKY, _L.LEFT_INDEX),
    (_L.LEFT_SHOULDER, _L.LEFT_HIP),
    (_L.LEFT_HIP, _L.LEFT_KNEE),
    (_L.LEFT_KNEE, _L.LEFT_ANKLE),
    (_L.LEFT_ANKLE, _L.LEFT_HEEL),
    (_L.LEFT_ANKLE, _L.LEFT_FOOT_INDEX),
    (_L.LEFT_HEEL, _L.LEFT_FOOT_INDEX),
)
_MIDDLE_SEGMENTS: Final = (
    (_L.MOUTH_LEFT, _L.MOUTH_RIGHT),
    (_L.LEFT_SHOULDER, _L.RIGHT_SHOULDER),
    (_L.LEFT_HIP, _L.RIGHT_HIP),
)

SEGMENTS_BY_SIDE: Final[dict[Side, tuple[tuple[Landmark, Landmark], ...]]] = {
    "left": _LEFT_SEGMENTS,
    "right": tuple((MIRROR[a], MIRROR[b]) for a, b in _LEFT_SEGMENTS),
    "middle": _MIDDLE_SEGMENTS,
}
SEGMENTS: Final = tuple(segment for side in SEGMENTS_BY_SIDE.values() for segment in side)


def side_of(landmark: Landmark) -> Side:
    """Which side of the body a landmark belongs to."""
    if "LEFT" in landmark.name:
        return "left"
    return "right" if "RIGHT" in landmark.name else "middle"
