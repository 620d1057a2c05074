"""The body that is fitted: which landmarks, which bones between them, how much each may vary."""

from typing import Final, NamedTuple

from posecore.topology import MIRROR, Landmark

_L = Landmark


class Bone(NamedTuple):
    """A distance between two landmarks that stays the same over a recording.

    Attributes
    ----------
    first, second : int
        Positions in :data:`JOINTS`.
    length : int
        Which of the lengths it has; left and right share one.
    slack : float
        Standard deviation of its length, as a share of it: the joint centres that the estimator
        marks wander under the skin, most of all at the shoulder.
    """

    first: int
    second: int
    length: int
    slack: float


_LEFT_LIMBS: Final = (
    (_L.LEFT_SHOULDER, _L.LEFT_ELBOW, 0.03),
    (_L.LEFT_ELBOW, _L.LEFT_WRIST, 0.03),
    (_L.LEFT_HIP, _L.LEFT_KNEE, 0.03),
    (_L.LEFT_KNEE, _L.LEFT_ANKLE, 0.03),
    (_L.LEFT_ANKLE, _L.LEFT_HEEL, 0.10),
    (_L.LEFT_ANKLE, _L.LEFT_FOOT_INDEX, 0.06),
    (_L.LEFT_HEEL, _L.LEFT_FOOT_INDEX, 0.06),
    (_L.LEFT_SHOULDER, _L.LEFT_HIP, 0.06),
    (_L.LEFT_SHOULDER, _L.RIGHT_HIP, 0.06),
)
_MIDDLE: Final = (
    (_L.LEFT_SHOULDER, _L.RIGHT_SHOULDER, 0.06),
    (_L.LEFT_HIP, _L.RIGHT_HIP, 0.06),
)

JOINTS: Final = tuple(
    sorted({mark for a, b, _ in _LEFT_LIMBS for mark in (a, b, MIRROR[a], MIRROR[b])})
)
"""The landmarks that are fitted; the others follow the one they hang on."""


def _make_bones() -> tuple[Bone, ...]:
    place = {landmark: position for position, landmark in enumerate(JOINTS)}
    bones = []
    for length, (a, b, slack) in enumerate((*_LEFT_LIMBS, *_MIDDLE)):
        bones.append(Bone(place[a], place[b], length, slack))
        if MIRROR[a] != b:
            bones.append(Bone(place[MIRROR[a]], place[MIRROR[b]], length, slack))
    return tuple(bones)


BONES: Final = _make_bones()
N_LENGTHS: Final = len(_LEFT_LIMBS) + len(_MIDDLE)

_LEFT_HAND: Final = (_L.LEFT_PINKY, _L.LEFT_INDEX, _L.LEFT_THUMB)


class Follower(NamedTuple):
    """Landmarks that are carried along, turned as one segment was turned by the fit.

    Attributes
    ----------
    landmarks : tuple of Landmark
    start, end : tuple of Landmark
        The segment runs between the middles of these; the landmarks hang on its end.
    """

    landmarks: tuple[Landmark, ...]
    start: tuple[Landmark, ...]
    end: tuple[Landmark, ...]


FOLLOWERS: Final = (
    Follower(_LEFT_HAND, (_L.LEFT_ELBOW,), (_L.LEFT_WRIST,)),
    Follower(
        tuple(MIRROR[landmark] for landmark in _LEFT_HAND), (_L.RIGHT_ELBOW,), (_L.RIGHT_WRIST,)
    ),
    Follower(
        tuple(landmark for landmark in Landmark if landmark < _L.LEFT_SHOULDER),
        (_L.LEFT_HIP, _L.RIGHT_HIP),
        (_L.LEFT_SHOULDER, _L.RIGHT_SHOULDER),
    ),
)
"""Hands with the forearms, the face with the trunk."""
