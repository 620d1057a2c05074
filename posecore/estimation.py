"""From a picture to a :class:`PoseFrame`: the estimator protocol and its MediaPipe adapter.

The only module that imports MediaPipe, and only when a :class:`MediaPipePoseEstimator` is made,
which is done in a process of its own: see :func:`open_estimator`.
"""

import math
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from posecore.errors import EstimatorError
from posecore.models import find_model
from posecore.sequence import PoseFrame
from posecore.settings import Settings
from posecore.worker import Worker

if TYPE_CHECKING:
    from mediapipe.tasks.python.vision import PoseLandmarkerResult


_RECOVERED: Final = 300
"""Pictures, ten seconds of them, after which a child that died once may be replaced once more."""


class PoseEstimator(Protocol):
    """Finds one person in the pictures of one stream, in order of time."""

    def estimate(self, frame_rgb: NDArray[np.uint8], time_s: float) -> PoseFrame:
        """Find the person.

        Parameters
        ----------
        frame_rgb : ndarray, shape (height, width, 3), uint8
        time_s : float
            Seconds from the start of the stream, not before the last picture's.

        Returns
        -------
        PoseFrame
            With ``time_s`` as given; all NaN when nobody is seen.

        Raises
        ------
        EstimatorError
            If the picture or its time is not acceptable, or the estimator stopped.
        """

    def close(self) -> None:
        """End the stream; calling it again does nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...


class MediaPipePoseEstimator:
    """MediaPipe's landmarker in this process, in VIDEO mode for one person.

    It follows the person from picture to picture and smooths with a One-Euro filter, so a result
    depends on the pictures before. MediaPipe sends usage metrics to its maker from the process it
    runs in: prefer :func:`open_estimator`.

    Raises
    ------
    EstimatorError
        If MediaPipe does not start with this model.
    """

    def __init__(self, model_path: Path) -> None:
        try:
            import mediapipe as mp
            from mediapipe.tasks.python import vision

            options = vision.PoseLandmarkerOptions(
                base_options=mp.tasks.BaseOptions(model_asset_path=str(model_path)),
                running_mode=vision.RunningMode.VIDEO,
                num_poses=1,
            )
            self._landmarker: Any = vision.PoseLandmarker.create_from_options(options)
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            raise EstimatorError(
                f"The pose estimator could not start ({_first_line(error)}); "
                "run `python -m posecore doctor` to see what is missing."
            ) from error
        self._to_image: Any = lambda frame_rgb: mp.Image(mp.ImageFormat.SRGB, frame_rgb)
        self._last_time_s = -math.inf
        self._last_ms: int | None = None
        self._is_open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def estimate(self, frame_rgb: NDArray[np.uint8], time_s: float) -> PoseFrame:
        """Find the person; see :meth:`PoseEstimator.estimate`."""
        _check_frame(frame_rgb)
        timestamp_ms = self._next_ms(time_s)
        # MediaPipe reads the buffer as if rows followed each other without a gap.
        image = self._to_image(np.ascontiguousarray(frame_rgb))
        try:
            result = self._landmarker.detect_for_video(image, timestamp_ms)
        except (RuntimeError, ValueError) as error:
            raise EstimatorError(
                f"The pose estimator refused a picture ({_first_line(error)}); try another one."
            ) from error
        return _to_frame(result, time_s)

    def _next_ms(self, time_s: float) -> int:
        """Milliseconds for MediaPipe, which wants them to rise strictly."""
        if not self._is_open:
            raise EstimatorError("The pose estimator is closed; open a new one.")
        if not math.isfinite(time_s) or time_s < self._last_time_s:
            raise EstimatorError(
                f"Pictures must come in order of time; {time_s} s came after "
                f"{self._last_time_s} s. Open a new estimator for a new stream."
            )
        timestamp_ms = round(time_s * 1000)
        if self._last_ms is not None:
            timestamp_ms = max(timestamp_ms, self._last_ms + 1)
        self._last_time_s, self._last_ms = time_s, timestamp_ms
        return timestamp_ms

    def close(self) -> None:
        """Free the landmarker."""
        if self._is_open:
            self._is_open = False
            self._landmarker.close()


class IsolatedPoseEstimator:
    """The same estimator in a child process that has no network where the system allows it.

    Safe to call from several threads, one at a time. A picture crosses over in about 0.5 ms at
    640 x 360.

    Parameters
    ----------
    model_path : Path
    block_network : bool
        Whether the child gives up the network before it loads MediaPipe.

    Raises
    ------
    EstimatorError
        If it does not start.
    """

    def __init__(self, model_path: Path, block_network: bool = True) -> None:
        self._model_path = model_path
        self._wants_block = block_network
        self._lock = Lock()
        self._worker: Worker | None = self._start()
        self._can_restart = True
        self._n_since_restart = 0
        self._is_open = True
        self.network_blocked = self._worker.is_network_blocked
        """Whether the child, having tried, found the network refused."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is no child."""
        worker = self._worker
        return worker.pid if worker else None

    def estimate(self, frame_rgb: NDArray[np.uint8], time_s: float) -> PoseFrame:
        """Find the person; see :meth:`PoseEstimator.estimate`.

        When the child has died this raises; the next call starts another child, once, and once more
        for each time it has worked for ten seconds since.
        """
        _check_frame(frame_rgb)
        pixels = np.ascontiguousarray(frame_rgb)
        with self._lock:
            worker = self._running()
            try:
                worker.send((pixels.shape, time_s), pixels.data.cast("B"))
                frame: PoseFrame = worker.receive()
            except EstimatorError:
                if not worker.is_alive:
                    self._worker = None
                    worker.close()
                raise
            self._n_since_restart += 1
            self._can_restart |= self._n_since_restart >= _RECOVERED
        return frame

    def _start(self) -> Worker:
        worker = Worker(
            "posecore.estimation:serve_estimator",
            self._model_path,
            block_network=self._wants_block,
        )
        try:
            worker.receive()  # it is ready
        except BaseException:
            worker.close()
            raise
        return worker

    def _running(self) -> Worker:
        if not self._is_open:
            raise EstimatorError("The pose estimator is closed; open a new one.")
        if self._worker is None:
            if not self._can_restart:
                raise EstimatorError(
                    "The pose estimator stopped again and again; restart posecore, and choose a "
                    "smaller model if that does not help."
                )
            self._can_restart = False
            self._n_since_restart = 0
            self._worker = self._start()
            self.network_blocked = self._worker.is_network_blocked
        return self._worker

    def close(self) -> None:
        """End the child; calling it again does nothing."""
        with self._lock:
            self._is_open = False
            if self._worker is not None:
                self._worker.close()
                self._worker = None


def open_estimator(settings: Settings, *, model: str | None = None) -> IsolatedPoseEstimator:
    """Find the pose model and start an estimator for one stream, in a process of its own.

    Parameters
    ----------
    settings : Settings
        Which model, where models are, and whether to keep the process off the network.
    model : {"lite", "full", "heavy"}, optional
        Instead of the one in the settings.

    Raises
    ------
    ModelUnavailableError
        If the model is not on this machine or not the official file.
    EstimatorError
        If the estimator does not start.
    """
    path = find_model(model or settings.model, settings)
    return IsolatedPoseEstimator(path, block_network=settings.block_network)


def serve_estimator(connection: "Connection[Any, Any]", model_path: Path) -> None:
    """Be the child of an :class:`IsolatedPoseEstimator`: answer each picture with its pose."""
    # Never closed: closing is when MediaPipe sends its metrics; the process just ends.
    estimator = MediaPipePoseEstimator(model_path)
    connection.send("ready")
    while True:
        shape, time_s = connection.recv()
        frame_rgb = np.frombuffer(connection.recv_bytes(), dtype=np.uint8).reshape(shape)
        try:
            connection.send(estimator.estimate(frame_rgb, time_s))
        except EstimatorError as error:
            connection.send(error)


def _check_frame(frame_rgb: NDArray[np.uint8]) -> None:
    is_picture = frame_rgb.ndim == 3 and frame_rgb.shape[2] == 3 and frame_rgb.size > 0
    if not is_picture or frame_rgb.dtype != np.uint8:
        raise EstimatorError(
            "A picture must be uint8 of shape (height, width, 3), RGB, not "
            f"{frame_rgb.dtype} of shape {frame_rgb.shape}."
        )


def _to_frame(result: "PoseLandmarkerResult", time_s: float) -> PoseFrame:
    if not result.pose_landmarks:
        return PoseFrame.empty(time_s)
    image, world = result.pose_landmarks[0], result.pose_world_landmarks[0]
    return PoseFrame(
        time_s=time_s,
        image_landmarks=np.array([(mark.x, mark.y, mark.z) for mark in image], dtype=np.float32),
        world_landmarks=np.array([(mark.x, mark.y, mark.z) for mark in world], dtype=np.float32),
        visibility=np.array([mark.visibility for mark in image], dtype=np.float32),
        presence=np.array([mark.presence for mark in image], dtype=np.float32),
    )


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
