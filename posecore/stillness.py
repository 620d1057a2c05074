"""Stretches in which the body keeps its posture: holds and pauses."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from posecore.events import Repetition
from posecore.sequence import PoseSequence
from posecore.signals import Floats, differentiate, find_runs, smooth_evenly
from posecore.topology import Landmark

CUTOFF_HZ: Final = 2.0
"""Of the low-pass after which the body is still or not."""

POSTURE: Final = [
    landmark
    for landmark in Landmark
    if landmark.name.endswith(("SHOULDER", "ELBOW", "WRIST", "KNEE", "ANKLE"))
]
"""Landmarks that tell the body's posture, and its speed, relative to the hips."""


@dataclass(frozen=True, kw_only=True)
class Stillness:
    """A stretch in which nothing moves.

    Attributes
    ----------
    start_s, end_s : float
        On the clock of the recording's ``time_s``.
    kind : {"hold", "pause"}
        A hold lies within a repetition, or in a recording without any; a pause lies outside the
        repetitions: between two, before the first or after the last.
    """

    start_s: float
    end_s: float
    kind: Literal["hold", "pause"]

    @property
    def duration_s(self) -> float:
        """Seconds from start to end."""
        return self.end_s - self.start_s


def detect_stillness(
    sequence: PoseSequence,
    repetitions: Sequence[Repetition] = (),
    *,
    speed_m_s: float = 0.1,
    shortest_s: float = 0.7,
) -> list[Stillness]:
    """Holds and pauses: stretches in which the body keeps its posture.

    Parameters
    ----------
    sequence : PoseSequence
    repetitions : sequence of Repetition
        What :func:`detect_repetitions` found, in its order; tells a hold from a pause.
    speed_m_s : float
        Still is: no shoulder, elbow, wrist, knee or ankle is faster, relative to the hips and after
        a 2 Hz low-pass.
    shortest_s : float
        A shorter stretch does not count.

    Returns
    -------
    list of Stillness
        In order of time; none where less than half of these landmarks are seen.

    Notes
    -----
    Posecore's own definition; its limits stand above the estimator's noise at rest. It has not been
    validated against what coaches call a hold or a rest. World landmarks are centred on the hips: a
    body that slides as a whole keeps its posture and counts as still.
    """
    time_s, speed = compute_posture_speed(sequence)
    found = []
    for first, stop in find_runs(speed < speed_m_s):
        start_s, end_s = float(time_s[first]), float(time_s[stop - 1])
        if end_s - start_s >= shortest_s:
            middle_s = (start_s + end_s) / 2
            begun = repetitions[: bisect_left(repetitions, middle_s, key=lambda each: each.start_s)]
            within = bool(begun) and middle_s < begun[-1].end_s
            kind: Literal["hold", "pause"] = "hold" if within or not repetitions else "pause"
            found.append(Stillness(start_s=start_s, end_s=end_s, kind=kind))
    return found


def compute_posture_speed(sequence: PoseSequence) -> tuple[Floats, Floats]:
    """How fast the body changes its posture.

    Parameters
    ----------
    sequence : PoseSequence

    Returns
    -------
    time_s : ndarray, shape (m,)
        An even clock, as :func:`posecore.signals.smooth_evenly` makes it.
    speed_m_s : ndarray, shape (m,), metres per second
        Of the fastest landmark of :data:`POSTURE` relative to the hips, after a 2 Hz low-pass. An
        unknown one is left out; NaN where less than half of them are known.
    """
    world = sequence.world_landmarks[:, POSTURE].reshape(-1, 3 * len(POSTURE))
    even = smooth_evenly(sequence.time_s, world, cutoff_hz=CUTOFF_HZ, measures_noise=False)
    velocity = differentiate(even.values, even.rate_hz).reshape(-1, len(POSTURE), 3)
    square = np.einsum("nld,nld->nl", velocity, velocity)
    is_seen = (~np.isnan(square)).mean(axis=1) >= 0.5
    return even.time_s, np.sqrt(np.where(is_seen, np.fmax.reduce(square, axis=1), np.nan))
