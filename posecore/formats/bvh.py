"""BVH, the moving skeleton of animation programs.

Rest pose: all rotations 0 is a figure that stands upright, y up, facing +z, with its left at +x,
arms stretched out to the sides and feet pointing forward. Positions are in centimetres, rotations
in degrees, turned in the order z, x, y (``Zrotation Xrotation Yrotation``).

What it keeps and what not: a bone has one length for the whole recording, the median of what was
measured, so that joints lie where the landmarks are only as far as the landmarks keep their
distances; the middles of hips, shoulders and ears are joints of their own, and shoulders and hips
stand square to the trunk. How far a limb is turned about its own length is not known from
landmarks: each limb takes the shortest way from its parent's direction. The format knows no gap: a
joint that is missing stays as it was last (before its first reading, as it will be then).
"""

from collections.abc import Mapping
from typing import IO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from posecore.errors import ExportError
from posecore.formats.even_clock import EvenSequence, to_even
from posecore.formats.markers import Y_UP
from posecore.sequence import PoseSequence
from posecore.topology import MIRROR, Landmark

Array = NDArray[np.float64]
_L = Landmark
_CENTIMETRES: Final = 100.0


class _Limb(NamedTuple):
    """A joint with one bone: where it is, what its bone ends at, and which way at rest."""

    name: str
    end: str
    rest: tuple[float, float, float]


# From the root on; a joint's children stand behind it. Left is typed once, right is derived.
_LEFT_ARM: Final = (
    _Limb("LeftArm", "LeftForeArm", (1, 0, 0)),
    _Limb("LeftForeArm", "LeftHand", (1, 0, 0)),
    _Limb("LeftHand", "LeftFingers", (1, 0, 0)),
)
_LEFT_LEG: Final = (
    _Limb("LeftUpLeg", "LeftLeg", (0, -1, 0)),
    _Limb("LeftLeg", "LeftFoot", (0, -1, 0)),
    _Limb("LeftFoot", "LeftToes", (0, 0, 1)),
)
# A place is the middle of its landmarks.
_LEFT_PLACES: Final = {
    "LeftArm": (_L.LEFT_SHOULDER,),
    "LeftForeArm": (_L.LEFT_ELBOW,),
    "LeftHand": (_L.LEFT_WRIST,),
    "LeftFingers": (_L.LEFT_INDEX, _L.LEFT_PINKY),
    "LeftUpLeg": (_L.LEFT_HIP,),
    "LeftLeg": (_L.LEFT_KNEE,),
    "LeftFoot": (_L.LEFT_ANKLE,),
    "LeftToes": (_L.LEFT_FOOT_INDEX,),
    "LeftEar": (_L.LEFT_EAR,),
}
_MIDDLE_PLACES: Final = {
    "Hips": (_L.LEFT_HIP, _L.RIGHT_HIP),
    "Neck": (_L.LEFT_SHOULDER, _L.RIGHT_SHOULDER),
    "Head": (_L.LEFT_EAR, _L.RIGHT_EAR),
    "Nose": (_L.NOSE,),
}


def _to_right(name: str) -> str:
    return name.replace("Left", "Right")


def _mirror(limbs: tuple[_Limb, ...]) -> tuple[_Limb, ...]:
    return tuple(
        _Limb(_to_right(name), _to_right(end), (-rest[0], rest[1], rest[2]))
        for name, end, rest in limbs
    )


def write_bvh(sequence: PoseSequence, stream: IO[bytes]) -> None:
    """Write the world landmarks as a skeleton that moves.

    Parameters
    ----------
    sequence : PoseSequence
        Resampled where its steps are uneven, see :func:`posecore.formats.even_clock.to_even`.
    stream : binary file

    Raises
    ------
    ExportError
        If there is no frame, or a bone is never seen.

    References
    ----------
    Meredith & Maddock (2001), Motion Capture File Formats Explained, University of Sheffield.
    """
    even = to_even(sequence)
    places = _find_places(even.sequence)
    joints = _make_joints(places)
    turns = _compute_turns(places)
    channels = [_hold(places["Hips"]) * _CENTIMETRES]
    for joint in joints:
        turn = turns[joint.name]
        parent = turns[joint.parent] if joint.parent else np.eye(3)
        channels.append(_to_euler_deg(np.swapaxes(parent, -1, -2) @ turn))
    lines = ["HIERARCHY", *_describe("Hips", joints, 0), *_describe_clock(even)]
    stream.write(("\n".join(lines) + "\n").encode())
    for row in np.concatenate(channels, axis=1).round(6).tolist():
        stream.write((" ".join(map(str, row)) + "\n").encode())


class _Joint(NamedTuple):
    """A joint of the file: its place from its parent's, and the end of its bone if it is a leaf."""

    name: str
    parent: str
    offset: Array
    end: Array | None


def _find_places(sequence: PoseSequence) -> dict[str, Array]:
    """Where joints are, shape (n, 3), metres, y up, by name."""
    world = sequence.world_landmarks.astype(np.float64) * Y_UP
    left = {name: world[:, list(landmarks)] for name, landmarks in _LEFT_PLACES.items()}
    mirrored = {
        _to_right(name): world[:, [MIRROR[each] for each in landmarks]]
        for name, landmarks in _LEFT_PLACES.items()
    }
    middle = {name: world[:, list(landmarks)] for name, landmarks in _MIDDLE_PLACES.items()}
    return {name: marks.mean(axis=1) for name, marks in (left | mirrored | middle).items()}


def _make_joints(places: Mapping[str, Array]) -> list[_Joint]:
    """Joints in the order of the file, each behind its parent, with lengths in centimetres."""

    def length(a: str, b: str) -> float:
        distances = np.linalg.norm(places[a] - places[b], axis=1)
        known = distances[~np.isnan(distances)]
        if not len(known):
            raise ExportError(
                f"A BVH skeleton needs the bone from {a} to {b}, and no frame shows both of its "
                "ends; hand the landmarks over as CSV or TRC."
            )
        return float(np.median(known)) * _CENTIMETRES

    trunk = np.array([0, length("Hips", "Neck"), 0])
    half_hips, half_shoulders = (
        np.array([length(f"Left{place}", f"Right{place}") / 2, 0, 0]) for place in ("UpLeg", "Arm")
    )
    nothing = np.zeros(3)
    joints = [
        _Joint("Hips", "", nothing, None),
        _Joint("Spine", "Hips", nothing, None),
        _Joint("Neck", "Spine", trunk, None),
        _Joint(
            "Head",
            "Neck",
            np.array([0, length("Neck", "Head"), 0]),
            np.array([0, 0, length("Head", "Nose")]),
        ),
    ]
    for limbs, parent, start in (
        (_LEFT_ARM, "Spine", trunk + half_shoulders),
        (_mirror(_LEFT_ARM), "Spine", trunk - half_shoulders),
        (_LEFT_LEG, "Hips", half_hips),
        (_mirror(_LEFT_LEG), "Hips", -half_hips),
    ):
        offset = start
        for limb in limbs:
            bone = np.array(limb.rest, dtype=np.float64) * length(limb.name, limb.end)
            joints.append(_Joint(limb.name, parent, offset, bone if limb is limbs[-1] else None))
            parent, offset = limb.name, bone
    return joints


def _compute_turns(places: Mapping[str, Array]) -> dict[str, Array]:
    """Rotation of each joint against the room, shape (n, 3, 3)."""
    up, hips = places["Neck"] - places["Hips"], places["LeftUpLeg"] - places["RightUpLeg"]
    shoulders, ears = places["LeftArm"] - places["RightArm"], places["LeftEar"] - places["RightEar"]
    turns = {
        "Hips": _hold(_make_frame(x=hips, y=up, first="x")),
        "Spine": _hold(_make_frame(x=shoulders, y=up, first="y")),
        "Neck": _hold(_make_frame(x=ears, y=places["Head"] - places["Neck"], first="y")),
        "Head": _hold(_make_face(ears, places["Nose"] - places["Head"])),
    }
    for limbs, parent in ((_LEFT_ARM, "Spine"), (_LEFT_LEG, "Hips")):
        for side in (limbs, _mirror(limbs)):
            before = turns[parent]
            for limb in side:
                bone = places[limb.end] - places[limb.name]
                # Seen from its parent, so that a joint that is missing moves along with it.
                seen = np.einsum("nji,nj->ni", before, bone)
                local = _hold(_make_shortest_turn(np.array(limb.rest, dtype=np.float64), seen))
                before = turns[limb.name] = before @ local
    return turns


def _make_frame(*, x: Array, y: Array, first: str) -> Array:
    """Rotations whose columns are right-handed x, y, z; the first axis is kept exactly."""
    z = _unit(np.cross(x, y))
    if first == "x":
        x = _unit(x)
        return np.stack([x, np.cross(z, x), z], axis=-1)
    y = _unit(y)
    return np.stack([np.cross(y, z), y, z], axis=-1)


def _make_face(ears: Array, forward: Array) -> Array:
    """Rotations whose z points exactly forward."""
    z, y = _unit(forward), _unit(np.cross(forward, ears))
    return np.stack([np.cross(y, z), y, z], axis=-1)


def _unit(vectors: Array) -> Array:
    """Vectors of length 1; NaN where there is no direction."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Array = vectors / np.where(lengths > 1e-9, lengths, np.nan)
    return unit


def _make_shortest_turn(rest: Array, vectors: Array) -> Array:
    """Rotations of the shortest way from a direction to others, by Rodrigues' formula."""
    to = _unit(vectors)
    axis, cosine = np.cross(rest, to), to @ rest
    cross = np.zeros((len(to), 3, 3))
    cross[:, [2, 0, 1], [1, 2, 0]] = axis
    cross[:, [1, 2, 0], [2, 0, 1]] = -axis
    is_opposite = cosine < -1 + 1e-12
    scale = 1 / np.where(is_opposite, 1.0, 1 + cosine)
    turns = np.eye(3) + cross + cross @ cross * scale[:, np.newaxis, np.newaxis]
    if is_opposite.any():
        # Half a turn about any line across; the same one each time, so that nothing jumps.
        across = np.cross(rest, [0.0, 0.0, 1.0] if rest[2] == 0 else [1.0, 0.0, 0.0])
        turns[is_opposite] = 2 * np.outer(across, across) - np.eye(3)
    return np.asarray(turns)


def _hold(values: Array) -> Array:
    """Keep the last reading through a gap; before the first, take the first."""
    is_known = ~np.isnan(values).reshape(len(values), -1).any(axis=1)
    known = np.flatnonzero(is_known)
    if not len(known):
        raise ExportError(
            "A BVH skeleton needs hips, shoulders, ears and nose in one frame at least, and this "
            "session has none; hand the landmarks over as CSV or TRC."
        )
    last = np.searchsorted(known, np.arange(len(values)), side="right") - 1
    return np.asarray(values[known[np.maximum(last, 0)]])


def _to_euler_deg(turns: Array) -> Array:
    """Angles about z, x, y, shape (n, 3), degrees, that follow each other without a jump."""
    x = np.arcsin(np.clip(turns[:, 2, 1], -1.0, 1.0))
    is_locked = np.abs(turns[:, 2, 1]) > 1 - 1e-12
    z = np.where(
        is_locked,
        np.arctan2(turns[:, 1, 0], turns[:, 0, 0]),
        np.arctan2(-turns[:, 0, 1], turns[:, 1, 1]),
    )
    y = np.where(is_locked, 0.0, np.arctan2(-turns[:, 2, 0], turns[:, 2, 2]))
    return np.degrees(np.unwrap(np.stack([z, x, y], axis=1), axis=0))


def _describe(name: str, joints: list[_Joint], depth: int) -> list[str]:
    """Lines of a joint and all below it."""
    [joint] = [each for each in joints if each.name == name]
    pad, inner = "\t" * depth, "\t" * (depth + 1)
    turning = "Zrotation Xrotation Yrotation"
    is_root = not joint.parent
    channels = f"6 Xposition Yposition Zposition {turning}" if is_root else f"3 {turning}"
    lines = [f"{pad}{'ROOT' if is_root else 'JOINT'} {name}", f"{pad}{{"]
    lines += [f"{inner}OFFSET {_format(joint.offset)}", f"{inner}CHANNELS {channels}"]
    for child in joints:
        if child.parent == name:
            lines += _describe(child.name, joints, depth + 1)
    if joint.end is not None:
        lines += [f"{inner}End Site", f"{inner}{{"]
        lines += [f"{inner}\tOFFSET {_format(joint.end)}", f"{inner}}}"]
    return [*lines, f"{pad}}}"]


def _format(offset: Array) -> str:
    return " ".join(f"{centimetres + 0.0:.6f}" for centimetres in offset)


def _describe_clock(even: EvenSequence) -> list[str]:
    return ["MOTION", f"Frames: {len(even.sequence)}", f"Frame Time: {1 / even.fps:.9f}"]
