"""Sends poses to a dashboard's ``/ws/pose``, across interruptions and without losing a frame.

The last :data:`MAX_KEPT` messages are kept, sent or not. After an interruption the dashboard says
which frame it has last, and what follows is sent again; until then frames wait here. A dashboard
keeps a recording open for :data:`RESUME_S` after its sender is gone.
"""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
    WebSocketException,
)

from posecore.errors import RemoteError
from posecore.sequence import PoseFrame
from posecore.streaming.messages import write_pose

MAX_KEPT: Final = 3_600
"""Two minutes at 30 frames a second, a minute at 60; about 30 MB."""
RESUME_S: Final = 120.0
_FIRST_WAIT_S: Final = 0.25
_LONGEST_WAIT_S: Final = 4.0
_ANSWER_S: Final = 10.0
_PING_S: Final = 4.0
_REFUSED: Final = (4400, 4401, 4403)
_NOT_RECORDED: Final = ("session_not_found", "recording_taken_over", "not_recording")
_DISK_RETRY_S: Final = 2.0
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class PoseSender:
    """Sends from a thread of its own; a context manager.

    Parameters
    ----------
    address : str
        Of the dashboard: ``http://computer:8501``, or with https, ws, wss.
    stream : str
        Name of the stream.
    token : str
        Of the person whose dashboard it is, where people sign in; goes into a header.
    recording : mapping, optional
        Name, athlete and description of the session to record; nothing is recorded without.
    say : callable
        Gets a sentence when something changes.

    Raises
    ------
    RemoteError
        If the address is none.
    """

    def __init__(
        self,
        address: str,
        *,
        stream: str,
        token: str = "",
        recording: Mapping[str, Any] | None = None,
        say: Callable[[str], object] = lambda _sentence: None,
    ) -> None:
        self._url = make_url(address, stream)
        self._token = token
        self._recording = recording
        self._say = say
        self._kept: deque[tuple[int, str]] = deque()
        self._n_sent = 0
        self._n_lost = 0
        self._changed = threading.Condition()
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session_id: str | None = None
        self._result: dict[str, Any] | None = None
        self._failure: RemoteError | None = None
        self._is_finishing = False
        self._is_stop_sent = False
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="pose-sender", daemon=True)

    @property
    def n_lost(self) -> int:
        """Frames for which there was no room while the dashboard could not be reached."""
        return self._n_lost

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        with self._changed:
            self._is_finishing = True
            self._failure = self._failure or RemoteError("Sending was given up on this side.")
            self._changed.notify_all()
        self._wake()
        self._thread.join(timeout=_ANSWER_S)

    def send(
        self, frame: PoseFrame, frame_number: int, image_size: tuple[int, int], *, wait: bool
    ) -> None:
        """Hand over one pose, with a number larger than the last.

        Parameters
        ----------
        frame : PoseFrame
        frame_number : int
        image_size : tuple of int
        wait : bool
            Whether to wait where there is no room; else the oldest one is given up.

        Raises
        ------
        RemoteError
            If the dashboard refuses.
        """
        text = write_pose(frame, frame_number, image_size)
        with self._changed:
            # In short waits, which Ctrl+C can end on every system.
            while wait and not self._changed.wait_for(self._has_room, _FIRST_WAIT_S):
                continue
            if self._failure is not None:
                raise self._failure
            if self._is_over:
                raise RemoteError("The dashboard has finished the recording; start anew.")
            if len(self._kept) >= MAX_KEPT:
                self._kept.popleft()
                self._n_lost += not self._n_sent
                self._n_sent = max(0, self._n_sent - 1)
            self._kept.append((frame_number, text))
        self._wake()

    def _has_room(self) -> bool:
        return len(self._kept) < MAX_KEPT or self._n_sent > 0 or self._is_over

    def finish(self, patience_s: float = 60.0) -> dict[str, Any]:
        """Send what waits, and finish the recording.

        Parameters
        ----------
        patience_s : float
            How long to try where the dashboard cannot be reached.

        Returns
        -------
        dict
            What the dashboard says about the session; empty where nothing was recorded.

        Raises
        ------
        RemoteError
            If it refuses, or cannot be reached in that time.
        """
        with self._changed:
            self._is_finishing = True
        self._wake()
        self._thread.join(timeout=patience_s)
        if self._failure is not None:
            raise self._failure
        if self._result is None:
            raise RemoteError(
                f"The dashboard could not be reached, so its last {self._count_unsent():,} frames "
                "are lost; what came before is safe there."
            )
        return self._result

    def _count_unsent(self) -> int:
        return len(self._kept) - self._n_sent

    def _wake(self) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # it has ended already
                loop.call_soon_threadsafe(self._news.set)

    def _run(self) -> None:
        try:
            asyncio.run(self._keep_connected())
        except RemoteError as error:
            self._fail(error)
        finally:
            with self._changed:
                self._is_over = True
                self._changed.notify_all()

    def _fail(self, error: RemoteError) -> None:
        with self._changed:
            self._failure = self._failure or error

    async def _keep_connected(self) -> None:
        self._loop = asyncio.get_running_loop()
        wait_s, n_connected = _FIRST_WAIT_S, 0
        while self._result is None and self._failure is None:
            try:
                async with self._connect() as connection:
                    n_connected += 1
                    wait_s = _FIRST_WAIT_S
                    await self._converse(connection, is_again=n_connected > 1)
            except ConnectionClosed as error:
                self._check_refused(error)
                self._say_lost("the connection ended")
            except InvalidStatus as error:
                status = error.response.status_code
                if status < 500:
                    raise RemoteError(
                        f"The dashboard refuses the connection (HTTP {status}); check the address "
                        "and the token."
                    ) from error
                self._say_lost(f"HTTP {status}")
            except TimeoutError:
                self._say_lost("no answer in time")
            except (OSError, InvalidHandshake, WebSocketException):
                self._say_lost("nothing answers there as a dashboard does")
            if self._result is None and self._failure is None:
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)

    def _connect(self) -> connect:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return connect(
            self._url,
            additional_headers=headers,
            compression=None,
            open_timeout=_ANSWER_S,
            ping_interval=_PING_S,
            ping_timeout=_PING_S,
            close_timeout=1.0,
            proxy=None if urlsplit(self._url).hostname in _LOOPBACK else True,
        )

    def _say_lost(self, why: str) -> None:
        self._say(
            f"The dashboard cannot be reached ({why}); trying again, {self._count_unsent():,} "
            "frames wait."
        )

    def _check_refused(self, error: ConnectionClosed) -> None:
        if error.rcvd is not None and error.rcvd.code in _REFUSED:
            raise RemoteError(
                f"The dashboard refuses the connection ({error.rcvd.reason}); check the address, "
                "the token and the name of the stream."
            ) from error

    async def _converse(self, connection: ClientConnection, *, is_again: bool) -> None:
        if self._recording is not None:
            await self._open_recording(connection)
        elif is_again:
            with self._changed:  # what is over is of no use to those who watch
                self._n_sent = len(self._kept)
                self._changed.notify_all()
            self._say("Connected again.")
        else:
            self._say("Connected.")
        tasks = [
            asyncio.create_task(self._read(connection)),
            asyncio.create_task(self._write(connection)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _open_recording(self, connection: ClientConnection) -> None:
        if self._session_id is not None:
            await _tell(connection, type="resume_recording", session_id=self._session_id)
            answer = await self._wait_for_answer(connection)
            if answer["type"] == "recording_resumed":
                self._is_stop_sent = False
                self._go_back_to(answer.get("last_frame_number"))
                self._say(f"Connected again; {self._count_unsent():,} frames are sent now.")
                return
            if self._is_stop_sent and answer.get("code") == "recording_over":
                self._result = {"session_id": self._session_id}
                return
            self._say("The recording could not be gone on with; a new one begins.")
        await _tell(
            connection, type="start_recording", resume_s=RESUME_S, **(self._recording or {})
        )
        answer = await self._wait_for_answer(connection)
        if answer["type"] != "recording_started":
            raise RemoteError(f"The dashboard does not record: {answer.get('detail', '')}")
        self._session_id = str(answer["session_id"])
        self._is_stop_sent = False
        self._say(f"Connected; the session {self._session_id} is being recorded.")

    def _go_back_to(self, last_number: int | None) -> None:
        """Send again what the dashboard does not have."""
        with self._changed:
            has = -1 if last_number is None else last_number
            self._n_sent = sum(number <= has for number, _ in self._kept)

    async def _wait_for_answer(self, connection: ClientConnection) -> dict[str, Any]:
        async with asyncio.timeout(_ANSWER_S):
            while True:
                message = json.loads(await connection.recv())
                if message.get("type") in ("recording_started", "recording_resumed", "error"):
                    return dict(message)

    async def _read(self, connection: ClientConnection) -> None:
        """Hear what the dashboard says, which is little but for others' poses."""
        last_code = ""
        async for text in connection:
            message = json.loads(text)
            if message.get("type") == "recording_stopped":
                self._result = message
                return
            if message.get("type") == "error":
                code = str(message.get("code"))
                self._heed(code, str(message.get("detail", "")), is_new=code != last_code)
                last_code = code
        raise ConnectionResetError("the dashboard closed the connection")

    def _heed(self, code: str, detail: str, *, is_new: bool) -> None:
        """Do what an error asks for; what is only news is said once."""
        if code in _NOT_RECORDED and self._recording is not None:
            raise RemoteError(f"The dashboard records no more: {detail}")
        if code == "storage_full" and self._is_stop_sent:
            asyncio.get_running_loop().call_later(_DISK_RETRY_S, self._stop_again)
        if is_new:
            self._say(f"The dashboard says: {detail}")

    def _stop_again(self) -> None:
        self._is_stop_sent = False
        self._news.set()

    async def _write(self, connection: ClientConnection) -> None:
        while self._failure is None and self._result is None:
            self._news.clear()
            with self._changed:
                text = self._kept[self._n_sent][1] if self._count_unsent() else None
                is_last = text is None and self._is_finishing
            if text is not None:
                await self._write_one(connection, text)
            elif is_last and self._recording is None:
                self._result = {}
            elif is_last and not self._is_stop_sent:
                await _tell(connection, type="stop_recording")
                self._is_stop_sent = True
            else:
                await self._news.wait()

    async def _write_one(self, connection: ClientConnection, text: str) -> None:
        with self._changed:
            number = self._kept[self._n_sent][0]
        await connection.send(text)
        with self._changed:
            # Meanwhile older ones may have been given up.
            while self._n_sent < len(self._kept) and self._kept[self._n_sent][0] <= number:
                self._n_sent += 1
            self._changed.notify_all()


async def _tell(connection: ClientConnection, **message: Any) -> None:
    await connection.send(json.dumps(message))


def make_url(address: str, stream: str) -> str:
    """Make the socket's address from the dashboard's.

    Raises
    ------
    RemoteError
    """
    schemes = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        is_good = bool(parts.scheme in schemes and parts.hostname and parts.username is None)
        is_good = is_good and (parts.port is None or parts.port > 0)
    except (ValueError, InvalidURI):
        is_good = False
    if not is_good:
        raise RemoteError(
            "This is no address of a dashboard; give one like http://computer:8501 with --to."
        )
    path = parts.path.rstrip("/").removesuffix("/ws/pose")
    return f"{schemes[parts.scheme]}://{parts.netloc}{path}/ws/pose?stream={quote(stream, safe='')}"
