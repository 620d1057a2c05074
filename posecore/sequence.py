"""One timestamped pose (:class:`PoseFrame`) and a recording of many (:class:`PoseSequence`)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from posecore.errors import InvalidSequenceError
from posecore.topology import N_LANDMARKS

_ROW_SHAPES = {
    "image_landmarks": (N_LANDMARKS, 3),
    "world_landmarks": (N_LANDMARKS, 3),
    "visibility": (N_LANDMARKS,),
    "presence": (N_LANDMARKS,),
}

_DTYPES = {"time_s": np.dtype(np.float64), "frame_number": np.dtype(np.int64)}
_NO_ARRAYS = ("image_size", "steps")

NO_PICTURE: Final = (1, 1)
"""``image_size`` of a recording that never was a picture: all its image landmarks are NaN."""

ParameterValue = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class PoseFrame:
    """One timestamped pose, as an estimator hands it over.

    Attributes
    ----------
    time_s : float
        Seconds from the start of the stream, measured.
    image_landmarks : ndarray, shape (33, 3), float32
        x, y normalised to the image, origin top left; z on x's scale. NaN when nobody is seen.
    world_landmarks : ndarray, shape (33, 3), float32, metres
        Origin mid-hip, x right, y down, z away from the camera. NaN when nobody is seen.
    visibility, presence : ndarray, shape (33,), float32, in [0, 1]
        In frame and not hidden; in frame. NaN when nobody is seen.
    """

    time_s: float
    image_landmarks: NDArray[np.float32]
    world_landmarks: NDArray[np.float32]
    visibility: NDArray[np.float32]
    presence: NDArray[np.float32]

    @classmethod
    def empty(cls, time_s: float) -> Self:
        """Build the frame in which nobody was seen: every landmark NaN."""
        rows = {
            name: np.full(shape, np.nan, dtype=np.float32) for name, shape in _ROW_SHAPES.items()
        }
        return cls(time_s=time_s, **rows)

    @property
    def is_detected(self) -> bool:
        """Whether somebody was seen."""
        return not bool(np.isnan([self.image_landmarks[:, 0], self.world_landmarks[:, 0]]).all())


@dataclass(frozen=True)
class ProcessingStep:
    """What was done to a recording: one step, with what it was told and what it found out.

    Attributes
    ----------
    name : str
        A verb and its object: ``"repair_swaps"``.
    parameters : tuple of (str, value)
        In the order given; values are what JSON knows, so that a step can be stored.
    """

    name: str
    parameters: tuple[tuple[str, ParameterValue], ...] = ()

    @classmethod
    def of(cls, name: str, /, **parameters: ParameterValue) -> Self:
        """Build a step from keywords: ``ProcessingStep.of("fill_gaps", limit_s=0.2)``."""
        return cls(name, tuple(parameters.items()))

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Build the step that :meth:`to_dict` made this of."""
        return cls.of(stored["name"], **stored["parameters"])

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"name": ..., "parameters": {...}}``, ready for JSON."""
        return {"name": self.name, "parameters": dict(self.parameters)}


@dataclass(frozen=True, kw_only=True, eq=False)
class PoseSequence:
    """A recording: ``n`` frames of 33 landmarks on one clock. Validated once, then read-only.

    Attributes
    ----------
    time_s : ndarray, shape (n,), float64
        Strictly rising seconds from the start, measured, never ``frame_number / fps``.
    image_landmarks : ndarray, shape (n, 33, 3), float32
        x, y normalised to the image, origin top left; z on x's scale.
    world_landmarks : ndarray, shape (n, 33, 3), float32, metres
        Origin mid-hip, x right, y down, z away from the camera.
    visibility, presence : ndarray, shape (n, 33), float32
        In frame and not hidden; in frame.
    frame_number : ndarray, shape (n,), int64
        Strictly rising, not below 0; a frame dropped while recording leaves a hole.
    image_size : tuple of int
        (width, height) in pixels; :data:`NO_PICTURE` where there was none.
    steps : tuple of ProcessingStep
        What was done since the recording, in order; ``()`` for raw frames.

    A frame with nobody in it is a row of NaN in all four landmark arrays.

    Raises
    ------
    InvalidSequenceError
        If a shape, an order or a value breaks this contract.
    """

    time_s: NDArray[np.float64]
    image_landmarks: NDArray[np.float32]
    world_landmarks: NDArray[np.float32]
    visibility: NDArray[np.float32]
    presence: NDArray[np.float32]
    frame_number: NDArray[np.int64]
    image_size: tuple[int, int]
    steps: tuple[ProcessingStep, ...] = ()

    def __post_init__(self) -> None:
        """Convert to the contract's dtypes, check it, and make the arrays read-only."""
        for field in fields(self):
            if field.name not in _NO_ARRAYS:
                array = _as_array(field.name, getattr(self, field.name))
                object.__setattr__(self, field.name, array)
        object.__setattr__(self, "image_size", _as_image_size(self.image_size))
        object.__setattr__(self, "steps", tuple(self.steps))
        self._check_shapes()
        self._check_values()

    def _check_shapes(self) -> None:
        if self.time_s.ndim != 1:
            raise InvalidSequenceError(
                f"time_s must be one-dimensional, not of shape {self.time_s.shape}."
            )
        n_frames = self.time_s.shape[0]
        for name, row_shape in {**_ROW_SHAPES, "frame_number": ()}.items():
            expected = (n_frames, *row_shape)
            actual = getattr(self, name).shape
            if actual != expected:
                raise InvalidSequenceError(
                    f"{name} must have shape {expected} to go with time_s, not {actual}."
                )

    def _check_values(self) -> None:
        if not np.isfinite(self.time_s).all():
            raise InvalidSequenceError("time_s must be finite seconds; it holds NaN or infinity.")
        for name in ("time_s", "frame_number"):
            steps = np.diff(getattr(self, name))
            if (steps <= 0).any():
                where = int(np.argmax(steps <= 0)) + 1
                raise InvalidSequenceError(
                    f"{name} must rise from frame to frame; it does not at position {where}."
                )
        if self.n_frames and self.frame_number[0] < 0:
            raise InvalidSequenceError("frame_number must not be below 0.")
        for name in _ROW_SHAPES:
            if np.isinf(getattr(self, name)).any():
                raise InvalidSequenceError(f"{name} must be finite or NaN; it holds infinity.")

    @classmethod
    def from_frames(
        cls,
        frames: Iterable[PoseFrame],
        *,
        image_size: tuple[int, int],
        frame_number: Any = None,
    ) -> Self:
        """Join single frames, in order of time.

        Parameters
        ----------
        frames : iterable of PoseFrame
        image_size : tuple of int
            (width, height) in pixels.
        frame_number : array_like of int, optional
            0, 1, 2, ... when left out.
        """
        rows = list(frames)
        n_frames = len(rows)
        stacked: dict[str, Any] = {
            name: np.stack([getattr(row, name) for row in rows])
            if rows
            else np.empty((0, *shape), dtype=np.float32)
            for name, shape in _ROW_SHAPES.items()
        }
        return cls(
            time_s=np.array([row.time_s for row in rows], dtype=np.float64),
            frame_number=np.arange(n_frames) if frame_number is None else frame_number,
            image_size=image_size,
            **stacked,
        )

    @property
    def n_frames(self) -> int:
        """Number of frames, those with nobody in them included."""
        return int(self.time_s.shape[0])

    @property
    def is_detected(self) -> NDArray[np.bool_]:
        """Shape (n,): whether somebody was seen in each frame, be it in metres only."""
        image_x, world_x = self.image_landmarks[:, :, 0], self.world_landmarks[:, :, 0]
        return np.asarray(~(np.isnan(image_x) & np.isnan(world_x)).all(axis=1))

    @property
    def duration_s(self) -> float:
        """Seconds from the first frame to the last; 0 for fewer than two frames."""
        return float(self.time_s[-1] - self.time_s[0]) if self.n_frames else 0.0

    @property
    def fps(self) -> float:
        """Frames per second, the mean over the recording; NaN for fewer than two frames."""
        return (self.n_frames - 1) / self.duration_s if self.n_frames > 1 else float("nan")

    def __len__(self) -> int:
        return self.n_frames

    def __getitem__(self, frames: slice) -> Self:
        """Return a stretch of the recording; times and frame numbers are kept as they are."""
        if not isinstance(frames, slice):
            raise TypeError("A PoseSequence is cut with a slice, for example sequence[10:20].")
        arrays = {
            field.name: getattr(self, field.name)[frames]
            for field in fields(self)
            if field.name not in _NO_ARRAYS
        }
        return replace(self, **arrays)

    def after(self, step: ProcessingStep, **changed: Any) -> Self:
        """Return the recording as a step left it: changed arrays, the step added to ``steps``."""
        return replace(self, steps=(*self.steps, step), **changed)


def _as_array(name: str, value: Any) -> NDArray[Any]:
    dtype = _DTYPES.get(name, np.dtype(np.float32))
    try:
        array: NDArray[Any] = np.array(value, dtype=dtype, copy=None).view()
    except (TypeError, ValueError) as error:
        raise InvalidSequenceError(f"{name} must be an array of numbers: {error}.") from error
    array.flags.writeable = False
    return array


def _as_image_size(value: Any) -> tuple[int, int]:
    try:
        width, height = (int(length) for length in value)
    except (TypeError, ValueError) as error:
        raise InvalidSequenceError(
            f"image_size must be (width, height) in pixels, not {value!r}."
        ) from error
    if width <= 0 or height <= 0:
        raise InvalidSequenceError(f"image_size must be positive pixels, not {width} x {height}.")
    return width, height
