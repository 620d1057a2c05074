"""Markers: landmarks as motion laboratories write them, and their names for them.

Frames of reference. posecore's world is that of the camera: x to the picture's right, y down,
z away from the camera. Marker files of posecore are turned by half a turn about x, so that y is up
as OpenSim wants it: (x, y, z) becomes (x, -y, -z), x still to the picture's right and z towards the
camera. Both are right-handed, nothing is mirrored, and an athlete facing the camera faces +z.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posecore.errors import LandmarkFileError
from posecore.formats.reading import FileReading
from posecore.sequence import NO_PICTURE, PoseSequence
from posecore.topology import MIRROR, N_LANDMARKS, Landmark

Y_UP: Final = np.array([1.0, -1.0, -1.0], dtype=np.float32)
"""Signs that turn the camera's frame into the one with y up, and back."""

MAX_MARKERS: Final = 1000
_HIPS_AT_ORIGIN_M: Final = 0.05
_SHOWN_NAMES: Final = 5

# Names without what tells programs apart: case, blanks, dots, underscores, a subject before a
# colon and OpenCap's "_study". Left is typed once, with the side left out: "LHip", "left_hip",
# "HipLeft" are all "hip". Joint centres and points of face and foot only: a marker beside a joint
# (LKNE, LASI) is not the joint.
_LEFT_NAMES: Final = {
    Landmark.LEFT_EYE: ("eye",),
    Landmark.LEFT_EAR: ("ear",),
    Landmark.LEFT_SHOULDER: ("shoulder", "sjc"),
    Landmark.LEFT_ELBOW: ("elbow", "ejc"),
    Landmark.LEFT_WRIST: ("wrist", "wjc"),
    Landmark.LEFT_HIP: ("hip", "hjc"),
    Landmark.LEFT_KNEE: ("knee", "kjc"),
    Landmark.LEFT_ANKLE: ("ankle", "ajc"),
    Landmark.LEFT_HEEL: ("heel", "calc", "hee"),
    Landmark.LEFT_FOOT_INDEX: ("bigtoe", "footindex", "toe"),
}


def _make_marker_names() -> dict[str, Landmark]:
    names = {_plain(landmark.name): landmark for landmark in Landmark}
    for left, words in _LEFT_NAMES.items():
        for landmark, side in ((left, "left"), (MIRROR[left], "right")):
            for word in words:
                for name in (f"{side}{word}", f"{side[0]}{word}", f"{word}{side}"):
                    names.setdefault(name, landmark)
    return names


def _plain(name: str) -> str:
    text = re.sub(r"[^a-z0-9]", "", name.rpartition(":")[2].lower())
    return text.removesuffix("study")


MARKER_NAMES: Final = _make_marker_names()
"""Which landmark a marker is, by its name without case and punctuation: "lbigtoe", "rhjc"."""


def find_landmarks(names: Sequence[str]) -> dict[Landmark, int]:
    """Find which marker is which landmark; the first one counts where two are the same."""
    found: dict[Landmark, int] = {}
    for position, name in enumerate(names):
        landmark = MARKER_NAMES.get(_plain(name))
        if landmark is not None:
            found.setdefault(landmark, position)
    return found


def read_markers(
    title: str,
    names: Sequence[str],
    time_s: NDArray[np.float64],
    positions_m: NDArray[np.floating],
) -> FileReading:
    """Make a recording of markers.

    Parameters
    ----------
    title : str
        What messages call the file.
    names : sequence of str
        Of the markers; :data:`MARKER_NAMES` says which are landmarks.
    time_s : ndarray, shape (n,)
    positions_m : ndarray, shape (n, len(names), 3), metres
        In posecore's frame: x right, y down, z away. NaN where a marker is missing.

    Returns
    -------
    FileReading
        Its landmarks are in metres only: there is no picture, and nobody said how visible a
        landmark is. Where the middle of the hips is more than 5 cm from the origin, the origin
        becomes the middle of the hips, frame by frame; without hips, the place where the markers
        are on the average.

    Raises
    ------
    LandmarkFileError
        If no marker has a name that is known.
    """
    found = find_landmarks(names)
    if not found:
        raise LandmarkFileError(
            f"{title} has no marker that posecore knows ({_list_names(names)}); name them like "
            "left_knee, LKnee or LKJC, then import it again."
        )
    world = np.full((len(time_s), N_LANDMARKS, 3), np.nan, dtype=np.float32)
    world[:, [int(landmark) for landmark in found]] = positions_m[:, list(found.values())]
    remarks = []
    taken = set(found.values())
    left_over = [name for position, name in enumerate(names) if position not in taken]
    if left_over:
        remarks.append(
            f"{len(found)} of {len(names)} markers are landmarks of posecore; the others were "
            f"left out ({_list_names(left_over)})."
        )
    sequence = make_world_sequence(time_s, _to_hips(world))
    return FileReading(sequence, tuple(remarks))


def make_world_sequence(
    time_s: NDArray[np.float64], world_landmarks: NDArray[np.float32]
) -> PoseSequence:
    """Make a recording that never was a picture."""
    n_frames = len(time_s)
    return PoseSequence(
        time_s=time_s,
        image_landmarks=np.full((n_frames, N_LANDMARKS, 3), np.nan, dtype=np.float32),
        world_landmarks=world_landmarks,
        visibility=np.full((n_frames, N_LANDMARKS), np.nan, dtype=np.float32),
        presence=np.full((n_frames, N_LANDMARKS), np.nan, dtype=np.float32),
        frame_number=np.arange(n_frames),
        image_size=NO_PICTURE,
    )


def _to_hips(world: NDArray[np.float32]) -> NDArray[np.float32]:
    """Move the origin to the middle of the hips, where it is not there already."""
    hips = world[:, [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]].mean(axis=1, keepdims=True)
    is_known = ~np.isnan(hips[..., 0])
    if not is_known.any():
        present = world[~np.isnan(world[..., 0])]
        return world - present.mean(axis=0) if len(present) else world
    if np.linalg.norm(hips[is_known], axis=-1).max() <= _HIPS_AT_ORIGIN_M:
        return world
    # A frame without hips has no origin; the last one known is the nearest there is.
    known = np.flatnonzero(is_known)
    nearest = known[np.clip(np.searchsorted(known, np.arange(len(world)), "right") - 1, 0, None)]
    return np.asarray(world - hips[nearest])


def _list_names(names: Iterable[str]) -> str:
    shown = ["".join(filter(str.isprintable, name.strip()))[:30] for name in names]
    more = len(shown) - _SHOWN_NAMES
    return ", ".join(shown[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "") or "no names"
