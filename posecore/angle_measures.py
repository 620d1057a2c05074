"""The ways to read an angle from a body, as data: lines between landmarks, and what is measured.

An axis is a :class:`Line` between two places of the body, the :class:`Up` of the camera, or the
:class:`Normal` of two axes. A measure names the axes it needs and turns their directions into
degrees. Both know their mirror image, so that one side of the body is typed and the other derived.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from posecore import geometry
from posecore.topology import MIRROR, Landmark

FloatArray = NDArray[np.floating]
Place = tuple[Landmark, ...]
"""The mean of some landmarks."""


@dataclass(frozen=True)
class Line:
    """From one place to another."""

    start: Place
    end: Place

    def mirrored(self) -> "Line":
        """Return the line on the other side of the body."""
        return Line(_mirror(self.start), _mirror(self.end))

    def resolve(self, points: FloatArray, resolve: "Resolve") -> NDArray[np.float64]:
        """Vectors along it, shape (..., 3), from landmarks of shape (..., 33, 3)."""
        return geometry.stack_components(
            *(_average(points, self.end, i) - _average(points, self.start, i) for i in range(3))
        )


@dataclass(frozen=True)
class Up:
    """Upwards in the camera's picture; y points down in the world and in the image."""

    def mirrored(self) -> "Up":
        """Return itself: up is up on both sides."""
        return self

    def resolve(self, points: FloatArray, resolve: "Resolve") -> NDArray[np.float64]:
        """Unit vectors, shape (..., 3)."""
        return np.broadcast_to(np.array([0.0, -1.0, 0.0]), (*points.shape[:-2], 3))


@dataclass(frozen=True)
class Normal:
    """At right angles to two axes, by the right hand; unknown where they are nearly parallel."""

    first: "Axis"
    second: "Axis"

    def mirrored(self) -> "Normal":
        """Return the normal on the other side; a mirror turns hands, so the axes change places."""
        return Normal(self.second.mirrored(), self.first.mirrored())

    def resolve(self, points: FloatArray, resolve: "Resolve") -> NDArray[np.float64]:
        """Unit vectors, shape (..., 3)."""
        return geometry.compute_normal(resolve(self.first), resolve(self.second))


Axis = Line | Up | Normal
Resolve = Callable[[Axis], NDArray[np.float64]]
UP: Final = Up()


def make_resolver(points: FloatArray) -> Resolve:
    """Return a function that gives an axis' vectors and works each axis out only once.

    Parameters
    ----------
    points : ndarray, shape (..., 33, 3)
        World landmarks, or image landmarks in pixels with z = 0.
    """
    known: dict[Axis, NDArray[np.float64]] = {}

    def resolve(axis: Axis) -> NDArray[np.float64]:
        if axis not in known:
            known[axis] = axis.resolve(points, resolve)
        return known[axis]

    return resolve


@dataclass(frozen=True)
class _Measure:
    range_deg: ClassVar[tuple[float, float]]

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes it is read from."""
        return tuple(getattr(self, field.name) for field in fields(self))

    def mirrored(self) -> Self:
        """Return the same measure on the other side of the body."""
        return type(self)(*(axis.mirrored() for axis in self.axes))

    def compute(self, resolve: Resolve) -> NDArray[np.float64]:
        """Degrees, shape (...), NaN where an axis is not known."""
        return self._combine(*(resolve(axis) for axis in self.axes))

    def _combine(self, *vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        raise NotImplementedError


@dataclass(frozen=True)
class Joint(_Measure):
    """Angle at the middle one of three landmarks.

    ``zero`` is "straight" if a straight limb is 0 (180 minus the interior angle), "folded" if the
    angle is the interior angle itself.
    """

    range_deg = (0.0, 180.0)
    proximal: Landmark
    vertex: Landmark
    distal: Landmark
    zero: Literal["straight", "folded"]

    @property
    def axes(self) -> tuple[Axis, ...]:
        """From the vertex to its neighbours."""
        return tuple(Line((self.vertex,), (end,)) for end in (self.proximal, self.distal))

    def mirrored(self) -> "Joint":
        """Return the same joint on the other side of the body."""
        return Joint(MIRROR[self.proximal], MIRROR[self.vertex], MIRROR[self.distal], self.zero)

    def _combine(self, *vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        interior = geometry.compute_vector_angle(*vectors)
        return 180.0 - interior if self.zero == "straight" else interior


@dataclass(frozen=True)
class Between(_Measure):
    """Angle between two axes; it has no sign."""

    range_deg = (0.0, 180.0)
    first: Axis
    second: Axis

    def _combine(self, *vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        return geometry.compute_vector_angle(*vectors)


@dataclass(frozen=True)
class Towards(_Measure):
    """How far an axis rises towards another out of the plane at right angles to that one."""

    range_deg = (-90.0, 90.0)
    axis: Axis
    pole: Axis

    def _combine(self, *vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        return 90.0 - geometry.compute_vector_angle(*vectors)


@dataclass(frozen=True)
class Swing(_Measure):
    """The part in one direction of a limb's swing away from its rest."""

    range_deg = (-180.0 + geometry.MIN_PLANE_DEG, 180.0 - geometry.MIN_PLANE_DEG)
    limb: Axis
    rest: Axis
    towards: Axis

    def _combine(self, *vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        return geometry.compute_swing(*vectors)


@dataclass(frozen=True)
class Turn(_Measure):
    """Angle from one axis to another around a third, seen along it."""

    range_deg = (-180.0, 180.0)
    first: Axis
    second: Axis
    around: Axis

    def mirrored(self) -> "Turn":
        """Return the same turn on the other side; a mirror turns it the other way."""
        first, second, around = (axis.mirrored() for axis in self.axes)
        return Turn(second, first, around)

    def _combine(self, *vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        first, second, around = vectors
        return geometry.compute_turn(
            geometry.compute_normal(around, first), geometry.compute_normal(around, second), around
        )


Measure = Joint | Between | Towards | Swing | Turn


def list_parts(axes: tuple[Axis, ...]) -> Iterator[Line | Up]:
    """Lines, and up, that axes are made of."""
    for axis in axes:
        if isinstance(axis, Normal):
            yield from list_parts((axis.first, axis.second))
        else:
            yield axis


def _mirror(place: Place) -> Place:
    return tuple(MIRROR[landmark] for landmark in place)


def _average(points: FloatArray, place: Place, component: int) -> Any:
    total = points[..., place[0], component]
    for landmark in place[1:]:
        total = total + points[..., landmark, component]
    return total / len(place) if len(place) > 1 else total
