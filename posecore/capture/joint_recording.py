"""Several cameras of one owner that record one movement: started, stopped and kept together.

Each camera has a room of its own and records a session of its own, so that nothing is lost with one
of them. What joins them is the clock of this computer: how long a frame takes from its own time to
its arrival says how the cameras' clocks stand to each other, and in a long recording how they drift
apart; the movement itself, where both saw it well, says the first more exactly.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from weakref import ref

from posecore.capture.arrival_clock import (
    ArrivalClock,
    ClockOffset,
    TrackClock,
    compare_clocks,
)
from posecore.capture.live_part import LiveMoment, LivePart
from posecore.errors import PoseCoreError
from posecore.storage.session import TEXT_LIMITS, Session
from posecore.storage.session_store import SessionStore
from posecore.synchronising import estimate_offset

if TYPE_CHECKING:
    from posecore.capture.live_room import LiveRoom


@dataclass(eq=False)
class _Group:
    """Cameras that record together, and what each of them has stored so far."""

    first: "JointRecording"
    members: list["JointRecording"] = field(default_factory=list)
    stored: "dict[JointRecording, tuple[Session, TrackClock]]" = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_stopping: bool = False

    def let_go(self, member: "JointRecording") -> bool:
        """Count on a camera no more; whether none is left."""
        with self.lock:
            if member in self.members:
                self.members.remove(member)
            return not self.members


class JointRecording(LivePart):
    """A room's part in recordings of several cameras.

    Parameters
    ----------
    room : LiveRoom
        Kept weakly: it owns this.

    Attributes
    ----------
    is_wanted : bool
        Whether the next recording that is started here takes the other cameras along.
    find_others : callable
        Gives the rooms of the owner's other cameras.
    device : str
        What the camera's device is called where others choose it.
    group : _Group or None
        The cameras of the recording that runs here; None where it is the only one.
    """

    name = "second_camera"

    def __init__(self, room: "LiveRoom") -> None:
        self._room = ref(room)
        self.is_wanted = False
        self.device = "Another device"
        self.find_others: Callable[[], Iterable[LiveRoom]] = tuple
        self.group: _Group | None = None
        self._clock = ArrivalClock()

    @property
    def is_taken_along(self) -> bool:
        """Whether another camera started the recording that runs here."""
        return self.group is not None and self.group.first is not self

    def see(self, moment: LiveMoment) -> None:
        """Note how long the frame took from its own time to its arrival."""
        if moment.is_recording and self.group is not None:
            self._clock.add(moment.frame.time_s, moment.arrived_s, moment.recorded_s)

    def status(self) -> dict[str, Any]:
        """How many cameras record along, and what the owner's other cameras see."""
        group = self.group
        return {
            "n_along": 0 if group is None else len(group.members) - 1,
            "cameras": [_describe(each) for each in self.find_others() if each.pipeline.is_open],
        }

    def recording_started(self) -> None:
        """Start the other cameras, where that is wanted and none has started this one."""
        room = self._room()
        self._clock = ArrivalClock()
        if self.group is not None or not self.is_wanted or room is None:
            return
        group = _Group(self)
        others = [each for each in self.find_others() if _is_free(each) and each is not room]
        fields = room.recorder.fields
        for number, other in enumerate(others, start=2):
            other.joint._join(group, _name_camera(fields, number), room.recorder.countdown_s)
        if group.members:
            group.members.insert(0, self)
            self.group = group

    def _join(self, group: _Group, fields: dict[str, Any], delay_s: float) -> None:
        room = self._room()
        assert room is not None
        self.group = group
        with group.lock:  # before it starts: its camera may end at any moment
            group.members.append(self)
        is_started = False
        try:
            is_started = room.start_recording(delay_s=delay_s, **fields)
        except PoseCoreError as error:
            room.problem = str(error)
        if not is_started:
            group.let_go(self)
            self.group = None

    def recording_stopped(self, session: Session) -> None:
        """Keep what was stored, with its clock, until all cameras have stopped.

        Of a camera whose picture changed its shape meanwhile it is the longest session.
        """
        group, clock = self.group, self._clock.read()
        if group is not None and clock is not None:
            with group.lock:
                before = group.stored.get(self)
                if before is None or session.duration_s > before[0].duration_s:
                    group.stored[self] = (session, clock)

    def stop_others(self, group: _Group | None) -> None:
        """Stop the cameras that recorded along with this one, which has stopped."""
        if group is None:
            return
        with group.lock:
            if group.is_stopping:
                return
            group.is_stopping = True
            others = list(group.members)
        for each in others:
            room = each._room()
            if room is not None and each is not self:
                room.stop_recording()

    def leave(self) -> None:
        """Record along no more; with the last camera the tracks are joined."""
        group, self.group = self.group, None
        if group is None:
            return
        is_over = group.let_go(self)
        room = self._room()
        if is_over and len(group.stored) > 1 and room is not None:
            join_tracks(room.recorder.store, list(group.stored.values()))


def _describe(room: "LiveRoom") -> dict[str, Any]:
    latest = room.pipeline.latest
    return {
        "device": room.joint.device,
        "fps": None if latest is None else round(room.pipeline.fps),
        "is_seen": latest is not None and latest.is_detected,
    }


def _is_free(room: "LiveRoom") -> bool:
    return room.pipeline.is_open and room.is_idle


def _name_camera(fields: dict[str, Any], number: int) -> dict[str, Any]:
    ending = f" (camera {number})"
    return fields | {"name": fields["name"][: TEXT_LIMITS["name"] - len(ending)] + ending}


def join_tracks(store: SessionStore, stored: list[tuple[Session, TrackClock]]) -> threading.Thread:
    """Join sessions that were recorded at once: by the clocks now, by the movement in a while.

    Parameters
    ----------
    store : SessionStore
        The owner's.
    stored : list of (Session, TrackClock)
        The first is the one whose clock is the recording's.

    Returns
    -------
    Thread
        Looks at the movement; the offset by the clocks is stored before.
    """
    (first, first_clock), *others = stored
    priors = {}
    for session, clock in others:
        length_s = min(first.duration_s, session.duration_s)
        prior = compare_clocks(first_clock, clock, length_s)
        try:
            store.tracks.join(
                session.id,
                beside=first.id,
                offset_s=prior.offset_s,
                error_s=prior.error_s,
                how="clocks",
                drift=prior.drift,
            )
        except PoseCoreError:
            # Deleted meanwhile, or no room on the disk: each session is there on its own.
            logging.getLogger(__name__).warning("Two tracks could not be joined", exc_info=True)
            continue
        priors[session.id] = (prior, prior.drift_error * length_s / 2)
    thread = threading.Thread(
        target=_refine, args=(store, first, priors), name="synchronising", daemon=True
    )
    thread.start()
    return thread


def _refine(
    store: SessionStore, first: Session, priors: dict[str, tuple[ClockOffset, float]]
) -> None:
    for session_id, (prior, apart_s) in priors.items():
        try:
            a, b = store.load_sequence(first.id), store.load_sequence(session_id)
            b = replace(b, time_s=b.time_s * (1 + prior.drift))
            found = estimate_offset(a, b, prior.offset_s, prior.error_s)
            # The movement says how the clocks stand on the whole, and not how they drift.
            if found.how == "movement" and found.error_s + apart_s < prior.error_s:
                store.tracks.join(
                    session_id,
                    beside=first.id,
                    offset_s=found.offset_s,
                    error_s=found.error_s + apart_s,
                    how="movement",
                    drift=prior.drift,
                )
        except PoseCoreError:
            logging.getLogger(__name__).info("The movement could not be looked at", exc_info=True)
