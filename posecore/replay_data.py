"""A recording packed for the browser, as :mod:`posecore.replay_block` lays it out.

About 380 bytes a frame, 510 with a video: landmarks in whole millimetres and angles in tenths of a
degree are finer than anything an estimator knows.
"""

from typing import TYPE_CHECKING, Any, Final

from numpy.typing import NDArray

from posecore.angles import ANGLES
from posecore.centre_of_mass import MASS_SHARES
from posecore.clip_scene import compute_ground, make_room
from posecore.errors import InvalidSequenceError
from posecore.replay_block import (
    pack_block,
    quantise_errors,
    quantise_image,
    quantise_places,
    quantise_visibility,
)
from posecore.replay_series import make_series
from posecore.sequence import PoseSequence

if TYPE_CHECKING:
    import pandas as pd

_N_USUAL: Final = 4


def pack_replay(
    sequence: PoseSequence,
    angles: "pd.DataFrame",
    *,
    expected_error: "pd.DataFrame | None" = None,
    session_id: str = "",
    has_video: bool = False,
) -> bytes:
    """Pack a recording and its joint angles for the player in the browser.

    Parameters
    ----------
    sequence : PoseSequence
    angles : DataFrame, shape (n_frames, n_angles), degrees
        What :func:`posecore.compute_joint_angles` returns for this sequence.
    expected_error : DataFrame, shape (n_frames, n_angles), degrees, optional
        How far each reading may be off; the charts show it as a band.
    session_id : str
        Which session it is; the player keeps it in the address.
    has_video : bool
        Whether the landmarks are to be drawn over a video as well.

    Returns
    -------
    bytes
        Each frame has ``world_mm`` int16, shape (33, 3); ``ground_mm`` int16, the ground below the
        hips; with a video ``image_steps`` int16, shape (33, 2): x and y in steps of 1 / 8192 of the
        picture's width and height; ``visibility`` uint8, 255 is 1. ``errors_deg`` are whole
        degrees, rounded up, 255 where unknown.

    Raises
    ------
    InvalidSequenceError
        If the angles are not this sequence's: another length, or a name nobody defined.

    Notes
    -----
    NaN becomes :data:`posecore.replay_block.MISSING`, in ``visibility`` 0, or 255 for a landmark
    that is there all the same. A value too large for its type is clipped to the largest that fits,
    far outside a body.
    """
    _check_angles(sequence, angles)
    errors = None
    if expected_error is not None:
        _check_angles(sequence, expected_error)
        errors = quantise_errors(expected_error[list(angles.columns)])
    series = make_series(sequence, angles)
    header = {
        "session_id": session_id,
        "start_s": float(sequence.time_s[0]) if sequence.n_frames else 0.0,
        "image_size": sequence.image_size,
        "mass_shares": MASS_SHARES.round(6).tolist(),
        "room": make_room(sequence)._asdict(),
        "keys": [
            {"letter": "L", "label": "left", "side": "left"},
            {"letter": "R", "label": "right", "side": "right"},
        ],
        "usual": list(dict.fromkeys(each.about["panel"] for each in series))[:_N_USUAL],
    }
    frames = _quantise_frames(sequence, has_video=has_video)
    return pack_block(header, sequence.time_s, series, frames, errors)


def pack_expected_error(expected_error: "pd.DataFrame") -> bytes:
    """Pack how far each reading may be off, for a player that has the recording already.

    Parameters
    ----------
    expected_error : DataFrame, shape (n_frames, n_angles), degrees
        With the columns of the recording's angles, in their order.

    Returns
    -------
    bytes
        ``errors_deg`` as in :func:`pack_replay`.
    """
    return quantise_errors(expected_error).tobytes()


def _quantise_frames(sequence: PoseSequence, *, has_video: bool) -> dict[str, NDArray[Any]]:
    frames: dict[str, NDArray[Any]] = {
        "world_mm": quantise_places(sequence.world_landmarks),
        "ground_mm": quantise_places(compute_ground(sequence)),
    }
    if has_video:
        frames["image_steps"] = quantise_image(sequence.image_landmarks)
    return {
        **frames,
        "visibility": quantise_visibility(sequence.visibility, sequence.world_landmarks),
    }


def _check_angles(sequence: PoseSequence, angles: "pd.DataFrame") -> None:
    if len(angles) != sequence.n_frames:
        raise InvalidSequenceError(
            f"The angles have {len(angles)} rows and the recording has {sequence.n_frames} frames; "
            "compute them from this recording."
        )
    unknown = [str(name) for name in angles.columns if name not in ANGLES]
    if unknown:
        raise InvalidSequenceError(
            f"There is no angle {unknown[0]!r}; the known ones are {', '.join(ANGLES)}."
        )
