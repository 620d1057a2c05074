"""What a tab may fetch: each session somebody looks at has an address that this tab alone knows.

The page has checked who asks before it offers a session. Where everybody is the one owner of this
computer the address is the permission; where people sign in, it answers only whom it was made for.
The recording is packed once, beginning when it is offered, while the browser is still busy with the
drawing library.
"""

import math
import secrets
from collections import OrderedDict
from collections.abc import Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final, Literal, Protocol

import streamlit as st

from posecore import ANGLES, Session, SessionStore, compute_joint_angles
from posecore.errors import PoseCoreError
from posecore.processing import load_processed
from posecore.replay_data import pack_expected_error, pack_replay
from posecore.sequence import PoseSequence
from posecore.settings import Processing
from posecore.trust import compute_expected_error, hide_untrusted

_KEPT: Final = 8
_MAX_OFFERS: Final = 10_000

Part = Literal["recording", "errors"]
Key = tuple[Hashable, ...]


class Offered(Protocol):
    """Something a tab may look at."""

    @property
    def owner(self) -> str:
        """Who may look at it."""

    @property
    def key(self) -> Key:
        """What is packed once for all who look at the same."""

    def check(self) -> None:
        """Make sure that it is still there; raises a PoseCoreError where not."""

    def find_video(self, name: str) -> Path | None:
        """Find the video, of two that of ``a`` or of ``b``; None where there is none."""

    def pack_recording(self) -> bytes:
        """Pack what the player shows."""

    def pack_errors(self) -> bytes:
        """Pack how far each reading may be off; asked for later, for it takes longer."""


@dataclass(frozen=True)
class Offer:
    """A session somebody may see, as the owner's store gives it."""

    store: SessionStore
    session: Session
    processing: Processing = "recorded"
    max_error_deg: float = math.inf

    def check(self) -> None:
        """Make sure the session is still there; raises SessionNotFoundError where not."""
        self.store.get_session(self.session.id)

    @property
    def owner(self) -> str:
        """Whose view of the store it is from."""
        return self.store.owner

    @property
    def key(self) -> Key:
        """A finished session changes no more, a growing one its count."""
        session = self.session
        return self.owner, session.id, session.frame_count, self.processing, self.max_error_deg

    def find_video(self, name: str) -> Path | None:
        """Find the session's video."""
        return self.store.get_video_file(self.session.id)

    def load_sequence(self) -> PoseSequence:
        """Load the recording, processed as it is looked at."""
        return load_processed(self.store, self.session.id, self.processing)

    def pack_recording(self) -> bytes:
        """Pack the recording, read piece by piece as it is shown."""
        sequence = self.load_sequence()
        angles = compute_joint_angles(sequence)
        if math.isfinite(self.max_error_deg):
            angles = hide_untrusted(angles, compute_expected_error(sequence), self.max_error_deg)
        has_video = self.session.video_path is not None
        return pack_replay(sequence, angles, session_id=self.session.id, has_video=has_video)

    def pack_errors(self) -> bytes:
        """Pack how far each reading may be off."""
        errors = compute_expected_error(self.load_sequence())
        return pack_expected_error(errors.reindex(columns=list(ANGLES)))

    def pack_whole(self) -> bytes:
        """Pack all there is, for a file that can ask for nothing later."""
        sequence = self.load_sequence()
        angles, errors = compute_joint_angles(sequence), compute_expected_error(sequence)
        return pack_replay(
            sequence,
            hide_untrusted(angles, errors, self.max_error_deg),
            expected_error=errors.reindex(columns=angles.columns),
            session_id=self.session.id,
        )


_offers: OrderedDict[str, Offered] = OrderedDict()
_packed: OrderedDict[tuple[Part, Key], Future[bytes]] = OrderedDict()
_packer: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pack-replay")
_lock: Final = Lock()


def make_token(offer: Offered) -> str:
    """Return the token by which this tab finds what is offered; packing begins now.

    The same tab gets the same token for the same thing at each run of the page.
    """
    tokens: dict[Key, str] = st.session_state.setdefault("replay_tokens", {})
    token = tokens.setdefault(offer.key, secrets.token_urlsafe(16))
    with _lock:
        _offers[token] = offer
        _offers.move_to_end(token)
        while len(_offers) > _MAX_OFFERS:
            _offers.popitem(last=False)
    pack("recording", offer)
    return token


def find_offer(token: str, owner: str) -> Offered | None:
    """Return what a token stands for, if it was ever given out, to this owner, and is still there.

    Raises
    ------
    PoseCoreError
        If it was deleted meanwhile; what is packed of it is forgotten as well.
    """
    offer = _offers.get(token)
    if offer is None or offer.owner != owner:
        return None
    try:
        offer.check()
    except PoseCoreError:
        with _lock:
            _packed.pop(("recording", offer.key), None)
            _packed.pop(("errors", offer.key), None)
        raise
    return offer


def pack(part: Part, offer: Offered) -> Future[bytes]:
    """Pack what is not packed yet; what could not be packed is tried again when next asked for."""
    pack_part = offer.pack_recording if part == "recording" else offer.pack_errors
    with _lock:
        found = _packed.get((part, offer.key))
        if found is None or (found.done() and found.exception()):
            found = _packed[part, offer.key] = _packer.submit(pack_part)
        _packed.move_to_end((part, offer.key))
        while len(_packed) > _KEPT:
            _packed.popitem(last=False)
        return found
