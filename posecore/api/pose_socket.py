"""``/ws/pose?stream=NAME``: poses in, out to all others who listen, and recorded when asked to."""

from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket

from posecore.api.context import ApiContext
from posecore.api.socket_connection import (
    Access,
    SocketConnection,
    SocketLimits,
    identify_client,
    refuse,
)
from posecore.errors import (
    InvalidMessageError,
    PoseCoreError,
    SessionNotFoundError,
    StorageFullError,
)
from posecore.storage.session import Session
from posecore.streaming.channels import Listener, check_stream_name
from posecore.streaming.hub import DEFAULT_STREAM, StreamHub
from posecore.streaming.messages import find_kind, is_number, read_pose
from posecore.streaming.recordings import MAX_RESUME_S, Recording

IDLE_S: Final = 120.0
"""A recording to which nothing comes for so long is finished: its client is as good as gone."""


async def serve_poses(websocket: WebSocket, context: ApiContext, limits: SocketLimits) -> None:
    """Serve one client from its connection to its end."""
    await websocket.accept()
    try:
        stream = check_stream_name(websocket.query_params.get("stream", DEFAULT_STREAM))
        identity = await identify_client(websocket, context)
        shared = limits.enter(identity.owner)
    except PoseCoreError as error:
        await refuse(websocket, error)
        return
    try:
        with context.hub.listen(identity.owner, stream) as listener:
            access = Access(context.get_store(), lambda: identify_client(websocket, context))
            connection = SocketConnection(websocket, identity, listener, shared, access)
            client = _PoseClient(connection, context, stream, listener)
            try:
                await connection.run(client.work())
            finally:
                client.leave()
    finally:
        limits.leave(identity.owner)


class _PoseClient:
    """What one client says, and what is done about it."""

    def __init__(
        self, connection: SocketConnection, context: ApiContext, stream: str, listener: Listener
    ) -> None:
        self._connection = connection
        self._hub: StreamHub = context.hub
        self._store = context.get_store
        self._owner = connection.identity.owner
        self._stream = stream
        self._listener = listener
        self._recording: Recording | None = None
        self._problem = ""

    async def work(self) -> None:
        """Answer messages until the client is gone."""
        async for text, message in self._connection.read(self._find_patience):
            try:
                if text:
                    await self._handle(text, message)
                elif self._recording is not None:
                    await self._stop()
            except PoseCoreError as error:
                self._connection.say_error(error)

    def _find_patience(self) -> float | None:
        return None if self._recording is None else IDLE_S

    def leave(self) -> None:
        """Leave the recording, which is finished or waits for the client to come back."""
        if self._recording is not None:
            self._hub.recordings.release(self._recording, self)
            self._recording = None

    async def _handle(self, text: str, message: dict[str, Any]) -> None:
        kind = find_kind(message)
        if kind not in ("pose", "start_recording", "resume_recording", "stop_recording"):
            raise InvalidMessageError(
                f"There is no message of the type {kind[:40]!a} here; send pose, "
                "start_recording, resume_recording or stop_recording.",
                code="unknown_type",
            )
        self._connection.identity.require("stream")
        match kind:
            case "pose":
                self._take_pose(text, message)
            case "start_recording":
                await self._start(message)
            case "resume_recording":
                self._resume(message)
            case "stop_recording":
                await self._stop()

    def _take_pose(self, text: str, message: dict[str, Any]) -> None:
        pose = read_pose(message)
        self._hub.publish(self._owner, self._stream, text, sender=self._listener)
        recording = self._find_recording()
        if recording is None:
            return
        if recording.recorder.is_lost:
            self._recording = None
            self._hub.recordings.release(recording, self)
            raise SessionNotFoundError(
                "The session was deleted or finished elsewhere while it was recorded; start a new "
                "recording."
            )
        recording.recorder.add(pose)
        self._tell_problem(recording.recorder.problem)

    def _tell_problem(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            if problem:
                self._connection.say("error", code="storage_full", detail=problem)

    def _find_recording(self) -> Recording | None:
        """Find this client's recording, unless another connection has gone on with it."""
        recording = self._recording
        if recording is not None and recording.holder is not self:
            self._recording = None
            raise InvalidMessageError(
                "Another connection has gone on with this recording; this one records no more.",
                code="recording_taken_over",
            )
        return recording

    def _refuse_second(self) -> None:
        if self._find_recording() is not None:
            raise InvalidMessageError(
                "This connection is recording already; stop that recording first.",
                code="already_recording",
            )

    async def _start(self, message: dict[str, Any]) -> None:
        self._refuse_second()
        resume_s = _read_resume_s(message)
        name = message.get("name")
        fields = {
            "name": f"Stream {self._stream}" if name is None else name,
            "description": _text(message, "description"),
            "athlete": _text(message, "athlete"),
            "tags": message.get("tags") or (),
            "model": _text(message, "model"),
        }
        self._problem = ""
        session_id = await run_in_threadpool(self._begin, resume_s, fields)
        self._connection.say("recording_started", session_id=session_id)

    def _begin(self, resume_s: float, fields: dict[str, Any]) -> str:
        store = self._store().for_owner(self._owner)
        recording = self._hub.recordings.start(store, holder=self, resume_s=resume_s, **fields)
        # Here, not where it is waited for: a client that goes meanwhile leaves it all the same.
        self._recording = recording
        return recording.session_id

    def _resume(self, message: dict[str, Any]) -> None:
        self._refuse_second()
        session_id = message.get("session_id")
        self._recording = self._hub.recordings.resume(self._owner, session_id, holder=self)
        self._connection.say(
            "recording_resumed",
            session_id=self._recording.session_id,
            last_frame_number=self._recording.recorder.last_frame_number,
        )

    async def _stop(self) -> None:
        recording = self._find_recording()
        if recording is None:
            raise InvalidMessageError(
                "This connection is not recording; send start_recording first.",
                code="not_recording",
            )
        try:
            session = await run_in_threadpool(self._hub.recordings.finish, recording)
        except StorageFullError:
            raise  # it can be stopped again when there is room
        except PoseCoreError:
            self._recording = None
            raise
        self._recording = None
        facts = {} if session is None else _describe(session)
        self._connection.say("recording_stopped", session_id=recording.session_id, **facts)


def _describe(session: Session) -> dict[str, Any]:
    return {
        "status": session.status,
        "frame_count": session.frame_count,
        "dropped_count": session.dropped_count,
        "duration_s": session.duration_s,
    }


def _text(message: dict[str, Any], key: str) -> Any:
    value = message.get(key)
    return "" if value is None else value


def _read_resume_s(message: dict[str, Any]) -> float:
    value = message.get("resume_s")
    if value is None:
        return 0.0
    if not is_number(value) or not 0 <= value <= MAX_RESUME_S:
        raise InvalidMessageError(
            f"resume_s is how long a sender may be away, 0 to {MAX_RESUME_S:.0f} seconds.",
            code="invalid_field",
        )
    return float(value)
