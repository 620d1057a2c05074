"""Keeps a recording to one person: who walks in between is not mixed with the athlete.

The estimator looks for one person and follows them, but where two come close together it may go
over to the other, within two or three frames. What gives that away is a leap of the body's middle,
or of its size, that nobody makes: see :data:`LARGEST_LEAP`.
"""

from collections import deque
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from posecore.sequence import PoseFrame
from posecore.topology import MIRROR, Landmark

SOMEBODY_ELSE: Final = "Somebody else is in view: the recording stays with the first person."
WENT_OVER: Final = "The first person did not come back: the recording goes on with who is in view."

GIVE_UP_S: Final = 3.0
"""So long the first person may be away before whoever is in view is taken for the athlete."""

LARGEST_LEAP: Final = 0.16
"""Body heights that the trunk's middle may be off its course after a tenth of a second, in
proportion after longer. Athletes who jump, turn a somersault and run were seen to leave it by 0.10;
the estimator's change to another person was never less than 0.20."""

LARGEST_GROWTH: Final = 1.4
"""How much larger or smaller the body may be in the picture after a tenth of a second, in the same
way; 1.2 was seen of one person, 1.2 to 1.6 of a change to another."""

_AT_ONCE_S: Final = 0.1
_COURSE_S: Final = 0.25
_ROUNDING_S: Final = 1e-6
_LOST_S: Final = 0.5
_SETTLED_S: Final = 0.2
_SAY_FOR_S: Final = 4.0
_BODY_HEIGHT_M: Final = 1.7
_LEFT: Final = (
    *(Landmark.LEFT_SHOULDER, Landmark.LEFT_ELBOW, Landmark.LEFT_WRIST),
    *(Landmark.LEFT_HIP, Landmark.LEFT_KNEE, Landmark.LEFT_ANKLE),
)
_JOINTS: Final = [*_LEFT, *(MIRROR[joint] for joint in _LEFT)]
_TRUNK: Final = [
    *(Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER),
    *(Landmark.LEFT_HIP, Landmark.RIGHT_HIP),
]


class Place(NamedTuple):
    """Where somebody is: seconds, the trunk's middle in pixels, the body's height in pixels."""

    time_s: float
    middle: NDArray[np.float64]
    height: float


def find_place(frame: PoseFrame, image_size: tuple[int, int]) -> Place | None:
    """Find where somebody is in the picture, and how large.

    Parameters
    ----------
    frame : PoseFrame
    image_size : tuple of int
        (width, height) in pixels.

    Returns
    -------
    Place or None
        The height is that of a body of 1.7 m at the athlete's distance, whatever the pose: least
        squares of a weak-perspective camera over the large joints. None with nobody in view.
    """
    image = frame.image_landmarks[_JOINTS, :2].astype(np.float64) * image_size
    world = frame.world_landmarks[_JOINTS, :2].astype(np.float64)
    if not (np.isfinite(image).all() and np.isfinite(world).all()):
        return None
    from_middle, metres = image - image.mean(axis=0), world - world.mean(axis=0)
    scale = float((from_middle * metres).sum() / max(float((metres**2).sum()), 1e-9))
    if scale <= 0:
        return None
    middle = frame.image_landmarks[_TRUNK, :2].astype(np.float64).mean(axis=0) * image_size
    return Place(frame.time_s, middle, _BODY_HEIGHT_M * scale)


class _Track:
    """The latest places of one person, as long as they follow from each other."""

    def __init__(self, first: Place) -> None:
        self.began_s = first.time_s
        self._places = deque([first])

    @property
    def last_s(self) -> float:
        """When they were seen last."""
        return self._places[-1].time_s

    def add(self, place: Place) -> None:
        """Go on with one more."""
        self._places.append(place)
        while self._places[0].time_s < place.time_s - _AT_ONCE_S - _COURSE_S - _ROUNDING_S:
            self._places.popleft()

    def measure_way(self, place: Place) -> float:
        """Body heights from where they were seen last."""
        last = self._places[-1]
        return float(np.hypot(*(place.middle - last.middle))) / last.height

    def can_reach(self, place: Place) -> bool:
        """Whether the same person may be there: neither stopping nor going on would explain more.

        Held against the first of the places within a tenth of a second, for the estimator smooths
        a leap over two or three frames.
        """
        latest = [each for each in self._places if each.time_s >= place.time_s - _AT_ONCE_S]
        start = (latest or [self._places[-1]])[0]
        before = [each for each in self._places if each.time_s <= start.time_s]
        height = float(np.median([each.height for each in before]))
        passed_s = place.time_s - start.time_s
        leap = place.middle - start.middle
        off = float(np.hypot(*leap))
        if len(before) > 2 and passed_s <= _LOST_S:
            course = (start.middle - before[0].middle) / (start.time_s - before[0].time_s)
            off = min(off, float(np.hypot(*(leap - course * passed_s))))
        more = max(1.0, passed_s / _AT_ONCE_S)
        growth = abs(np.log(place.height / height)) / np.log(LARGEST_GROWTH)
        return float(np.hypot(off / height / LARGEST_LEAP, growth)) <= more


class OneAthlete:
    """Lets the frames of one person through and takes everybody else's for frames without anybody.

    The first person in view is the athlete. After a leap that person is away: what follows from
    the leap is somebody else. They are back when the estimator leaps again, to where they can have
    got to meanwhile and nearer to where they were than to the other, and stays there. After
    :data:`GIVE_UP_S` whoever is in view is the athlete.
    """

    def __init__(self) -> None:
        self._athlete: _Track | None = None
        self._other: _Track | None = None
        self._may_be_back = False
        self._said_at_s = float("-inf")
        self._now_s = float("-inf")

    @property
    def sentence(self) -> str:
        """What the person in front of the camera has to know; empty when all is well."""
        if self._other is not None:
            return SOMEBODY_ELSE
        return WENT_OVER if self._now_s - self._said_at_s < _SAY_FOR_S else ""

    def __call__(self, frame: PoseFrame, image_size: tuple[int, int]) -> PoseFrame:
        """Return the frame if it shows the athlete, else one in which nobody was seen.

        Parameters
        ----------
        frame : PoseFrame
            Later than the one before.
        image_size : tuple of int
            (width, height) in pixels.
        """
        self._now_s = frame.time_s
        place = find_place(frame, image_size)
        if self._athlete is None:
            if place is not None:
                self._athlete = _Track(place)
            return frame
        if self._is_given_up(frame.time_s):
            self._take_over(place)
            return frame
        if place is None:
            return frame if self._other is None else PoseFrame.empty(frame.time_s)
        is_athlete = self._follow(place) if self._other is None else self._wait(place)
        return frame if is_athlete else PoseFrame.empty(frame.time_s)

    def _is_given_up(self, time_s: float) -> bool:
        assert self._athlete is not None
        return time_s - self._athlete.last_s > GIVE_UP_S

    def _take_over(self, place: Place | None) -> None:
        """Nobody is the athlete until somebody is in view; it is said where there was another."""
        if self._other is not None:
            self._said_at_s = self._now_s
        self._athlete = None if place is None else _Track(place)
        self._other = None

    def _follow(self, place: Place) -> bool:
        assert self._athlete is not None
        if self._athlete.can_reach(place):
            self._athlete.add(place)
            return True
        self._other, self._may_be_back = _Track(place), False
        return False

    def _wait(self, place: Place) -> bool:
        """Look whether it is the athlete again, while there was somebody else."""
        assert self._athlete is not None
        assert self._other is not None
        if self._other.can_reach(place) and place.time_s - self._other.last_s < _LOST_S:
            self._other.add(place)
            settled_s = place.time_s - self._other.began_s
            is_back = self._may_be_back and settled_s >= _SETTLED_S
        else:
            was_glitch = place.time_s - self._athlete.last_s <= 2 * _AT_ONCE_S
            is_nearer = self._athlete.measure_way(place) < self._other.measure_way(place)
            self._may_be_back = is_nearer and self._athlete.can_reach(place)
            self._other = _Track(place)
            is_back = was_glitch and self._may_be_back
        if is_back and self._athlete.can_reach(place):
            self._athlete, self._other = _Track(place), None
            return True
        return False
