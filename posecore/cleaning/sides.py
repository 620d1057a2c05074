"""Left taken for right: found over time and put right; and which way the athlete faces."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from posecore.cleaning.robust import to_body_scale
from posecore.cleaning.runs import Floats
from posecore.sequence import PoseSequence, ProcessingStep
from posecore.topology import MIRROR, Landmark

_L = Landmark

# Left landmarks of each group that can be swapped alone, by how fast, in metres a second, one may
# move against its mirror image: near the trunk slowly, so that these bind the most.
_GROUPS: Final[dict[str, dict[Landmark, float]]] = {
    "face": dict.fromkeys(
        (_L.LEFT_EYE_INNER, _L.LEFT_EYE, _L.LEFT_EYE_OUTER, _L.LEFT_EAR, _L.MOUTH_LEFT), 0.5
    ),
    "arms": {
        _L.LEFT_SHOULDER: 1.0,
        _L.LEFT_ELBOW: 3.0,
        **dict.fromkeys((_L.LEFT_WRIST, _L.LEFT_PINKY, _L.LEFT_INDEX, _L.LEFT_THUMB), 6.0),
    },
    "legs": {
        _L.LEFT_HIP: 1.0,
        _L.LEFT_KNEE: 3.0,
        **dict.fromkeys((_L.LEFT_ANKLE, _L.LEFT_HEEL, _L.LEFT_FOOT_INDEX), 6.0),
    },
}
_NOISE_M: Final = 0.04
"""Standard deviation of the distance between two landmarks from one frame to the next, at rest."""

_TRAVEL_M_S: Final = 12.0
_TRAVEL_NOISE_M: Final = 0.3
"""A body that crosses the picture faster (and so much more) is another one: the estimator has gone
over to somebody else, who may well face the other way."""

_N_LINKS: Final = 4
"""A frame is held against so many before it, so that one spoilt frame cannot turn the rest."""

_SWITCH: Final = 2.0
"""What a change of sides costs, in units of log-likelihood, beside what the landmarks say."""

_SWAPPED: Final = 1e-4
"""What a frame costs as swapped: decides only which of two halves of a recording is the swapped
one. Where a body faces says less than this, so that it never swaps anything by itself."""

_FACING_SHARE: Final = 0.8

_SMOOTH_S: Final = 0.5
_CLEARLY: Final = 0.2
"""Cosine of the angle to the line of sight beyond which the way a body faces is clear."""


def repair_swaps(sequence: PoseSequence) -> PoseSequence:
    """Put right the frames in which left was taken for right.

    Parameters
    ----------
    sequence : PoseSequence

    Returns
    -------
    PoseSequence
        Arms, legs and face swapped back where each was swapped, in the image, in the world, in
        visibility and presence.

    Notes
    -----
    A hidden Markov model of two states for each of face, arms and legs, solved by Viterbi's
    algorithm. Between two frames the vector from each left landmark to its right one changes
    little if both agree, and turns round if one is swapped: with a Gaussian change of variance
    ``s^2`` the log-likelihood ratio of the two is the dot product of the vectors over ``s^2 / 2``.
    A vector much longer than the other counts as if it were as long: it is a spoilt one.
    ``s`` grows with the time between the frames and with how fast a landmark can move. Vectors come
    from the world and, on the body's scale, from the image; every frame is linked to the four
    before it. Continuity cannot tell which side of a change is the swapped one: the smaller part of
    the recording is, unless the way the nose and the toes point clearly says otherwise. Only names
    change places: where the estimator has also taken back for front, the depth stays wrong.

    Nothing is repaired where left and right coincide, across holes, where the estimator goes over
    to another person, or in a recording that is
    swapped from its first frame to its last.

    References
    ----------
    Forney (1973), The Viterbi algorithm, Proc. IEEE 61(3):268-278.
    """
    is_swapped = find_swaps(sequence)
    names = ("image_landmarks", "world_landmarks", "visibility", "presence")
    arrays = {name: np.array(getattr(sequence, name)) for name in names}
    for group, swapped in zip(_GROUPS.values(), is_swapped.T, strict=True):
        one_side = [*group, *(MIRROR[landmark] for landmark in group)]
        other_side = [MIRROR[landmark] for landmark in one_side]
        frames = np.flatnonzero(swapped)[:, np.newaxis]
        for array in arrays.values():
            array[frames, one_side] = array[frames, other_side]
    counts = {f"n_{name}": int(n) for name, n in zip(_GROUPS, is_swapped.sum(axis=0), strict=True)}
    return sequence.after(ProcessingStep.of("repair_swaps", **counts), **arrays)


def find_swaps(sequence: PoseSequence) -> NDArray[np.bool_]:
    """Where left and right are swapped, shape (n, 3): face, arms and legs."""
    is_swapped = np.zeros((sequence.n_frames, len(_GROUPS)), dtype=np.bool_)
    vectors = _Vectors.of(sequence)
    # Frames with nobody in them are left out, so that the links reach across a gap.
    seen = np.flatnonzero(sequence.is_detected)
    seen_s, vectors = sequence.time_s[seen], _Vectors(vectors.world[seen], vectors.image[seen])
    person = _count_persons(seen_s, to_body_scale(sequence)[seen])
    change_cost = np.stack(
        [_compute_change_cost(seen_s, person, vectors, group) for group in _GROUPS.values()], axis=1
    )
    swapped_cost = _SWAPPED * (1 + _FACING_SHARE * _compute_facing(sequence)[seen])
    is_swapped[seen] = _find_cheapest(change_cost, swapped_cost)
    return is_swapped


def detect_seen_from_behind(sequence: PoseSequence) -> NDArray[np.bool_]:
    """Whether the athlete turns the back to the camera.

    Parameters
    ----------
    sequence : PoseSequence
        With its sides right: see :func:`repair_swaps`.

    Returns
    -------
    ndarray of bool, shape (n,)
        As long as the body stands sideways, or nobody is seen, what was clear last holds; False
        before anything was.

    Notes
    -----
    Left shoulder and hip are on the right of the picture from the front and on the left from
    behind; the nose is nearer to the camera than the ears or further away, which counts half and
    only as far as the face is visible: an estimator makes up the face of a person seen from behind.
    The mean over 0.5 s must be clear to change the answer.
    """
    world = sequence.world_landmarks.astype(np.float64)
    image = to_body_scale(sequence).astype(np.float64)
    scores = []
    for left in (_L.LEFT_SHOULDER, _L.LEFT_HIP):
        in_world = world[:, left] - world[:, MIRROR[left]]
        in_image = np.pad(image[:, left] - image[:, MIRROR[left]], ((0, 0), (0, 1)))
        across = np.where(np.isnan(in_world), in_image, in_world)
        scores.append(_normalise(across)[:, 0])
    forward = world[:, _L.NOSE] - (world[:, _L.LEFT_EAR] + world[:, _L.RIGHT_EAR]) / 2
    seen = np.nan_to_num(sequence.visibility[:, _L.NOSE].astype(np.float64))
    scores.append(-0.5 * seen * _normalise(forward)[:, 2])
    score = np.nan_to_num(np.stack(scores)).sum(axis=0)
    mean = _average_over_time(sequence.time_s, score, _SMOOTH_S / 2)
    clear = np.abs(mean) > _CLEARLY
    last_clear = np.maximum.accumulate(np.where(clear, np.arange(len(mean)), -1))
    return np.asarray((last_clear >= 0) & (mean[last_clear] < 0)) if len(mean) else clear


class _Vectors(NamedTuple):
    """Vectors from each right landmark to its left one, in the world and in the image."""

    world: Floats
    image: Floats

    @classmethod
    def of(cls, sequence: PoseSequence) -> "_Vectors":
        mirror = [MIRROR[landmark] for landmark in Landmark]
        world, image = sequence.world_landmarks, to_body_scale(sequence)
        return cls(
            (world - world[:, mirror]).astype(np.float64),
            (image - image[:, mirror]).astype(np.float64),
        )


def _count_persons(time_s: Floats, image: NDArray[np.float32]) -> NDArray[np.intp]:
    """Number of the person in each frame, shape (n,): one more after each jump in the picture."""
    trunk = [_L.LEFT_SHOULDER, _L.RIGHT_SHOULDER, _L.LEFT_HIP, _L.RIGHT_HIP]
    distance_m = np.linalg.norm(np.diff(image[:, trunk].mean(axis=1), axis=0), axis=1)
    is_jump = distance_m > _TRAVEL_NOISE_M + _TRAVEL_M_S * np.diff(time_s)
    return np.concatenate([np.zeros(min(len(time_s), 1), dtype=np.intp), np.cumsum(is_jump)])


def _compute_change_cost(
    time_s: Floats,
    person: NDArray[np.intp],
    vectors: _Vectors,
    group: dict[Landmark, float],
) -> NDArray[np.float64]:
    """Cost of a group's changing sides between a frame and each of those before it, (n, links)."""
    cost: Floats = np.zeros((len(time_s), _N_LINKS))
    for landmark, speed_m_s in group.items():
        for vector in (vectors.world[:, landmark], vectors.image[:, landmark]):
            rows = np.flatnonzero(~np.isnan(vector).any(axis=1))
            square = np.einsum("nd,nd->n", vector, vector)
            for link in range(1, min(_N_LINKS, len(rows) - 1) + 1):
                now, before = rows[link:], rows[:-link]
                is_linked = (now - before <= _N_LINKS) & (person[now] == person[before])
                now, before = now[is_linked], before[is_linked]
                sd_m = np.hypot(_NOISE_M, speed_m_s * (time_s[now] - time_s[before]))
                limit = np.minimum(square[now], square[before])
                agreement = np.einsum("nd,nd->n", vector[now], vector[before])
                cost[now, now - before - 1] += np.clip(agreement, -limit, limit) / sd_m**2
    cost[cost != 0] += _SWITCH / _N_LINKS
    return np.asarray(cost)


def _compute_facing(sequence: PoseSequence) -> NDArray[np.float64]:
    """Agreement of left and right with the nose and the toes, shape (n, 3), cosine in [-1, 1]."""
    world = sequence.world_landmarks.astype(np.float64)
    needed = (_L.LEFT_EAR, _L.LEFT_SHOULDER, _L.LEFT_HIP, _L.LEFT_HEEL, _L.LEFT_FOOT_INDEX)
    middle = {one: (world[:, one] + world[:, MIRROR[one]]) / 2 for one in needed}
    up = middle[_L.LEFT_SHOULDER] - middle[_L.LEFT_HIP]
    nose = world[:, _L.NOSE] - middle[_L.LEFT_EAR]
    toes = middle[_L.LEFT_FOOT_INDEX] - middle[_L.LEFT_HEEL]
    pairs = ((_L.LEFT_EAR, nose), (_L.LEFT_SHOULDER, nose), (_L.LEFT_HIP, toes))
    cosines = [
        np.einsum(
            "nd,nd->n",
            _normalise(np.cross(world[:, left] - world[:, MIRROR[left]], up)),
            _normalise(pointing),
        )
        for left, pointing in pairs
    ]
    return np.asarray(np.nan_to_num(np.stack(cosines, axis=1)))


def _find_cheapest(change_cost: Floats, swapped_cost: Floats) -> NDArray[np.bool_]:
    """Cheapest sequence of states, shape (n, groups); Viterbi's algorithm.

    A state holds the last ``links`` answers as bits, the newest first.
    """
    n_frames, n_groups, n_links = change_cost.shape
    if (change_cost >= 0).all():
        return np.zeros((n_frames, n_groups), dtype=np.bool_)
    n_states = 2**n_links
    bits = (np.arange(n_states) >> np.arange(n_links)[::-1, np.newaxis]) & 1
    is_change = np.stack([bits == 1, bits == 0], axis=1).reshape(n_links, -1)
    costs = (change_cost.reshape(-1, n_links) @ is_change).reshape(n_frames, n_groups, 2, -1)
    costs[:, :, 1] += swapped_cost[..., np.newaxis]
    best = np.zeros((n_groups, n_states))
    best[:, 1:] = np.inf
    forgotten = np.empty((n_frames, n_groups, n_states), dtype=np.bool_)
    for frame in range(n_frames):
        # (groups, new answer, the answers kept, the answer forgotten)
        total = (best[:, np.newaxis] + costs[frame]).reshape(n_groups, n_states, 2)
        forgotten[frame] = total[..., 1] < total[..., 0]
        best = np.minimum(total[..., 0], total[..., 1])
    is_swapped = np.zeros((n_frames, n_groups), dtype=np.bool_)
    for group in range(n_groups):
        state = int(best[group].argmin())
        was = forgotten[:, group].tolist()
        for frame in range(n_frames - 1, -1, -1):
            is_swapped[frame, group] = state >= n_states // 2
            state = (state << 1 & n_states - 1) | was[frame][state]
    return is_swapped


def _normalise(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, np.nan))


def _average_over_time(time_s: Floats, values: Floats, half_window_s: float) -> Floats:
    """Mean over the frames up to so far before and after on the clock."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    first = np.searchsorted(time_s, time_s - half_window_s, side="left")
    end = np.searchsorted(time_s, time_s + half_window_s, side="right")
    return np.asarray((total[end] - total[first]) / (end - first))
