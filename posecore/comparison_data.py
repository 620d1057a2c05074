"""Two recordings brought together, packed for the player in the browser.

The same block as of one recording (:mod:`posecore.replay_block`), on the common clock: A is the
body, B the ghost beside it. For each angle there are three series: how much B differs from A, A
itself and B itself.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posecore.angles import ANGLES
from posecore.centre_of_mass import MASS_SHARES
from posecore.clip_scene import find_ground, fit_room
from posecore.comparison import Comparison
from posecore.replay_block import (
    Series,
    pack_block,
    quantise_errors,
    quantise_image,
    quantise_places,
    quantise_visibility,
)
from posecore.sequence import PoseSequence

_N_USUAL: Final = 2
"""Angles that are charted without being chosen: those that differ most."""


def pack_comparison(
    comparison: Comparison,
    a: PoseSequence,
    b: PoseSequence,
    *,
    on_ground: bool = False,
    has_videos: tuple[bool, bool] = (False, False),
) -> bytes:
    """Pack a comparison for the player in the browser.

    Parameters
    ----------
    comparison : Comparison
    a, b : PoseSequence
        What was compared; B as it was recorded, for its video is not turned over.
    on_ground : bool
        Whether the bodies were laid over one another at the ground.
    has_videos : tuple of bool
        Whether the landmarks of A, and of B, are drawn over a video as well.

    Returns
    -------
    bytes
        Each frame has ``world_mm`` and ``ghost_mm`` int16, shape (33, 3), and
        where their ground is, ``ground_mm``; ``apart_mm`` int16, how far apart each segment
        is; ``visibility`` of A; with a video ``image_steps``, or ``ghost_image_steps`` of B; and
        ``a_ms`` and ``b_ms`` int32, the same moment in milliseconds since each one's first frame.
    """
    header = {
        "mass_shares": MASS_SHARES.round(6).tolist(),
        "room": fit_room(np.concatenate([comparison.a_places_m, comparison.b_places_m]))._asdict(),
        "keys": [
            {"letter": "A", "label": "", "side": "a"},
            {"letter": "B", "label": "", "side": "b"},
        ],
        "usual": _choose_usual(comparison),
        "has_ghost": True,
    }
    series = [
        each
        for row, name in enumerate(comparison.table.index)
        for each in (*_make_both(comparison, name), _make_difference(comparison, name, row))
    ]
    frames = _quantise_frames(comparison, a, b, on_ground=on_ground, has_videos=has_videos)
    errors = quantise_errors(comparison.band_deg)
    return pack_block(header, comparison.time_s, series, frames, errors)


def _quantise_frames(
    comparison: Comparison,
    a: PoseSequence,
    b: PoseSequence,
    *,
    on_ground: bool,
    has_videos: tuple[bool, bool],
) -> dict[str, NDArray[Any]]:
    a_frames, b_frames = (
        _find_nearest(sequence.time_s, times_s)
        for sequence, times_s in ((a, comparison.a_time_s), (b, comparison.b_time_s))
    )
    # Hung from the hips, both stand where A stands; the feet of B then hang above or below.
    ground_m = np.zeros(len(a_frames)) if on_ground else find_ground(comparison.a_places_m)
    frames: dict[str, NDArray[Any]] = {
        "a_ms": _count_ms(a, comparison.a_time_s),
        "b_ms": _count_ms(b, comparison.b_time_s),
        "world_mm": quantise_places(comparison.a_places_m),
        "ground_mm": quantise_places(ground_m),
        "ghost_mm": quantise_places(comparison.b_places_m),
        "apart_mm": quantise_places(comparison.deviation_m),
    }
    if has_videos[0]:
        frames["image_steps"] = quantise_image(a.image_landmarks[a_frames])
    if has_videos[1]:
        frames["ghost_image_steps"] = quantise_image(b.image_landmarks[b_frames])
    return {
        **frames,
        "visibility": quantise_visibility(a.visibility[a_frames], a.world_landmarks[a_frames]),
    }


def _find_nearest(time_s: NDArray[np.float64], times_s: NDArray[np.float64]) -> NDArray[np.intp]:
    after = np.searchsorted(time_s, times_s).clip(0, len(time_s) - 1)
    before = (after - 1).clip(0)
    return np.where(times_s - time_s[before] < time_s[after] - times_s, before, after)


def _count_ms(sequence: PoseSequence, times_s: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.asarray(np.rint(1000 * (times_s - sequence.time_s[0])), dtype="<i4")


def _choose_usual(comparison: Comparison) -> list[str]:
    differing = comparison.table["mean_absolute_difference_deg"].sort_values(ascending=False)
    return [panel for name in differing.index[:_N_USUAL] for panel in (name, f"{name}_difference")]


def _make_difference(comparison: Comparison, name: str, row: int) -> Series:
    label = ANGLES[name].label
    about = {
        "group": "Joint angles",
        "panel": f"{name}_difference",
        "title": f"{label}, B \N{MINUS SIGN} A",
        "label": f"{label}, B \N{MINUS SIGN} A",
        "meaning": "More than 0 is a larger angle in B; the band is how far it may be off",
        "name": f"{name}_difference",
        "letter": "",
        "joint": None,
        "zero": None,
        "error_row": row,
        "is_difference": True,
    }
    look = {"unit": "°", "side": ANGLES[name].side, "is_dashed": False, "is_pale": False}
    return Series(about | look, 10.0, comparison.difference_deg[name].to_numpy())


def _make_both(comparison: Comparison, name: str) -> list[Series]:
    definition = ANGLES[name]
    about = {
        "group": "Joint angles",
        "panel": name,
        "title": definition.label,
        "label": definition.label,
        "meaning": definition.meaning,
        "unit": "°",
        "side": definition.side,
        "zero": definition.zero,
        "error_row": None,
    }
    a = {"name": name, "letter": "A", "joint": definition.joint}
    b = {"name": f"{name}_b", "letter": "B", "joint": None}
    return [
        Series(
            about | a | {"is_dashed": False, "is_pale": False},
            10.0,
            comparison.a_deg[name].to_numpy(),
        ),
        Series(
            about | b | {"is_dashed": True, "is_pale": True},
            10.0,
            comparison.b_deg[name].to_numpy(),
        ),
    ]
