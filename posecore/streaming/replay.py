"""Going through a session's frames in order, read ahead."""

import asyncio
import math
from typing import Final

import numpy as np

from posecore.sequence import PoseFrame, PoseSequence
from posecore.storage.session_store import SessionStore

WINDOW: Final = 300
"""Frames in memory at a time, 10 s at 30 a second; the next as many are read while they play."""


class FrameCursor:
    """Goes through a session's frames, of which it holds two windows at most.

    Parameters
    ----------
    store : SessionStore
        Of whoever may see the session.
    session_id : str
    """

    def __init__(self, store: SessionStore, session_id: str) -> None:
        self._store = store
        self._session_id = session_id
        self._window: PoseSequence | None = None
        self._index = 0
        self._ahead: asyncio.Task[PoseSequence] | None = None

    @property
    def image_size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return (1, 1) if self._window is None else self._window.image_size

    async def seek(self, *, number: int = 0, time_s: float = -math.inf) -> None:
        """Go to the first frame that is not before; past the end, to the last frame.

        Raises
        ------
        SessionNotFoundError, StoreError
        """
        self.close()
        window = await self._load(number, time_s)
        if not window.n_frames:
            last = await asyncio.to_thread(self._store.queries.find_last_frame, self._session_id)
            if last is not None:
                window = await self._load(last, -math.inf)
        self._window, self._index = window, 0

    async def peek(self) -> tuple[int, PoseFrame] | None:
        """Return the frame it stands at with its number; None at the end.

        Raises
        ------
        SessionNotFoundError, StoreError
            If the session was deleted meanwhile, for example.
        """
        window = self._window
        if window is None:
            window = self._window = await self._load(0, -math.inf)
        if window.n_frames and self._index >= window.n_frames:
            window = await self._turn(window)
        if not window.n_frames or self._index >= window.n_frames:
            return None
        if self._index >= window.n_frames // 2 and self._ahead is None:
            following = int(window.frame_number[-1]) + 1
            self._ahead = asyncio.create_task(self._load(following, -math.inf))
        return int(window.frame_number[self._index]), _get_frame(window, self._index)

    async def _turn(self, window: PoseSequence) -> PoseSequence:
        following = int(window.frame_number[-1]) + 1
        ahead, self._ahead = self._ahead, None
        loaded = await (ahead or self._load(following, -math.inf))
        if loaded.n_frames:
            self._window, self._index = loaded, 0
            return loaded
        return window

    def step(self) -> None:
        """Go to the next frame."""
        self._index += 1

    def skip_to(self, time_s: float) -> None:
        """Go on to the last frame that is not after a moment, within what is in memory."""
        if self._window is not None:
            newest = int(np.searchsorted(self._window.time_s, time_s, side="right")) - 1
            self._index = max(self._index, min(newest, self._window.n_frames - 1))

    def close(self) -> None:
        """Read no further ahead."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and not ahead.cancel() and not ahead.cancelled():
            ahead.exception()  # looked at, or it would be logged

    async def _load(self, number: int, time_s: float) -> PoseSequence:
        return await asyncio.to_thread(
            self._store.queries.load_window,
            self._session_id,
            n_frames=WINDOW,
            from_number=number,
            from_time_s=time_s,
        )


def _get_frame(window: PoseSequence, index: int) -> PoseFrame:
    return PoseFrame(
        time_s=float(window.time_s[index]),
        image_landmarks=window.image_landmarks[index],
        world_landmarks=window.world_landmarks[index],
        visibility=window.visibility[index],
        presence=window.presence[index],
    )
