"""A real live room whose estimator hands over the poses that a test gives it."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from posecore import PoseFrame, PoseSequence, SessionStore, Settings
from posecore.capture.live_room import LiveRoom
from posecore.capture.pipeline import Picture
from posecore.synthetic import make_sequence

SIZE = (64, 36)
PICTURE = np.full((SIZE[1], SIZE[0], 3), 120, dtype=np.uint8)
WAIT_S = 20
FPS = 15
UP = {f"{side}_shoulder_elevation": 180.0 for side in ("left", "right")}


class GivenPoses:
    """Estimator that finds in a picture what the test says was there at that time."""

    def __init__(self) -> None:
        self.at: dict[float, PoseFrame] = {}

    def estimate(self, frame_rgb: Picture, time_s: float) -> PoseFrame:
        return self.at.get(time_s) or PoseFrame.empty(time_s)

    def close(self) -> None:
        pass


def split(sequence: PoseSequence) -> list[PoseFrame]:
    """Single frames of a recording."""
    names = ("image_landmarks", "world_landmarks", "visibility", "presence")
    return [
        PoseFrame(
            time_s=float(sequence.time_s[place]),
            **{name: np.array(getattr(sequence, name)[place]) for name in names},
        )
        for place in range(len(sequence))
    ]


class Stage:
    """What goes on before the camera, second by second, on a clock of its own.

    Every picture is shown to the room as soon as the one before it has been analysed.
    """

    def __init__(self, room: LiveRoom, poses: GivenPoses, *, fps: float = FPS) -> None:
        self.room = room
        self._poses = poses
        self._fps = fps
        self.n_shown = 0
        while room.pipeline.submit(-1.0, PICTURE.copy).result(WAIT_S) is None:
            pass  # the model is loading
        room.buffer.clear()

    @property
    def now_s(self) -> float:
        """Time of the next frame."""
        return self.n_shown / self._fps

    def show(self, frame: PoseFrame | None, picture: Picture = PICTURE) -> Picture:
        """Show one picture, with somebody in it or nobody; returns what the athlete sees."""
        time_s = self.now_s
        if frame is not None:
            self._poses.at[time_s] = replace(frame, time_s=time_s)
        self.n_shown += 1
        shown = self.room.pipeline.submit(time_s, picture.copy).result(WAIT_S)
        self._poses.at.pop(time_s, None)
        while self.room.buffer.n_waiting:
            pass  # no camera is as fast as this
        assert shown is not None
        return shown

    def skip(self, seconds: float) -> None:
        """Let time pass in which no picture comes."""
        self.n_shown += round(seconds * self._fps)

    def act(
        self, seconds: float, frames: PoseFrame | Iterable[PoseFrame] | None
    ) -> Iterator[Picture]:
        """Show this for some seconds: one pose held, poses in turn, or nobody."""
        given = None if frames is None or isinstance(frames, PoseFrame) else iter(frames)
        for _ in range(round(seconds * self._fps)):
            yield self.show(frames if given is None else next(given))  # type: ignore[arg-type]

    def play(self, seconds: float, frames: PoseFrame | Iterable[PoseFrame] | None) -> None:
        """Show it, whatever the athlete sees; a recording that ends meanwhile is stored after."""
        for _ in self.act(seconds, frames):
            pass
        self.room.hands_free.join()


def stand(**angles_deg: float) -> PoseFrame:
    """Return somebody who stands, posed by angles."""
    return split(make_sequence(angles_deg, time_s=[0.0]))[0]


def walk(n_frames: int, *, fps: float = FPS, speed_m_s: float = 1.0) -> list[PoseFrame]:
    """Return somebody who walks to and fro across the picture."""
    time_s = np.arange(n_frames) / fps
    way_m = speed_m_s * (1 - np.abs(time_s % 4 - 2))
    travel_m = np.stack([way_m, 0 * way_m, 0 * way_m], axis=1)
    return split(make_sequence({}, time_s=time_s, travel_m=travel_m))


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    waiting = threading.Event()
    for _ in range(100 * WAIT_S):
        if is_so():
            return
        waiting.wait(0.01)
    raise AssertionError("It never came.")


OpenStage = Callable[..., Stage]


@contextmanager
def open_stage(
    store: SessionStore, settings: Settings, monkeypatch: pytest.MonkeyPatch, *, fps: float = FPS
) -> Iterator[Stage]:
    """Open a room over a real store, recorder and pipeline."""
    poses = GivenPoses()
    monkeypatch.setattr("posecore.capture.live_room.open_estimator", lambda _: poses)
    room = LiveRoom(store, settings)
    room.fields = {"name": "Wall", "athlete": "Mira"}
    try:
        yield Stage(room, poses, fps=fps)
    finally:
        room.camera_ended(for_good=True)
        room.keeper.join()
