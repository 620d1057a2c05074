"""What a tab may fetch: each session somebody looks at has an address that this tab alone knows.

The page has checked who asks before it offers a session, so the address is the permission. The
recording is packed once, beginning when it is offered, while the browser is still busy with the
drawing library.
"""

import math
import secrets
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Final

import streamlit as st

from posecore import ANGLES, Session, SessionStore, compute_joint_angles
from posecore.errors import SessionNotFoundError
from posecore.processing import load_processed
from posecore.replay_data import pack_expected_error, pack_replay
from posecore.sequence import PoseSequence
from posecore.settings import Processing
from posecore.trust import compute_expected_error, hide_untrusted

_KEPT: Final = 8
_MAX_OFFERS: Final = 10_000

Key = tuple[str, int, str, float]


@dataclass(frozen=True)
class Offer:
    """A session somebody may see, as the owner's store gives it."""

    store: SessionStore
    session: Session
    processing: Processing = "recorded"
    max_error_deg: float = math.inf

    def check(self) -> None:
        """Make sure the session is still there.

        Raises
        ------
        SessionNotFoundError
            If it was deleted meanwhile; what is packed of it is forgotten as well.
        """
        try:
            self.store.get_session(self.session.id)
        except SessionNotFoundError:
            _forget(self.key)
            raise

    @property
    def key(self) -> Key:
        """What is packed once: a finished session changes no more, a growing one its count."""
        return (
            self.session.id,
            self.session.frame_count,
            self.processing,
            self.max_error_deg,
        )

    def load_sequence(self) -> PoseSequence:
        """Load the recording, processed as it is looked at."""
        return load_processed(self.store, self.session.id, self.processing)


Packing = Callable[[Offer], bytes]

_offers: OrderedDict[str, Offer] = OrderedDict()
_packed: OrderedDict[tuple[Packing, Key], Future[bytes]] = OrderedDict()
_packer: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pack-replay")
_lock: Final = Lock()


def offer_session(offer: Offer) -> str:
    """Return the token by which this tab finds the session's data; packing begins now.

    The same tab gets the same token for the same view of a session at each run of the page.
    """
    tokens: dict[str, str] = st.session_state.setdefault("replay_tokens", {})
    name = f"{offer.session.id} {offer.processing} {offer.max_error_deg:g}"
    token = tokens.setdefault(name, secrets.token_urlsafe(16))
    with _lock:
        _offers[token] = offer
        _offers.move_to_end(token)
        while len(_offers) > _MAX_OFFERS:
            _offers.popitem(last=False)
    pack(pack_recording, offer)
    return token


def find_offer(token: str) -> Offer | None:
    """Return what a token stands for, if it was ever given out."""
    return _offers.get(token)


def pack(packing: Packing, offer: Offer) -> Future[bytes]:
    """Pack what is not packed yet; what could not be packed is tried again when next asked for."""
    with _lock:
        found = _packed.get((packing, offer.key))
        if found is None or (found.done() and found.exception()):
            found = _packed[packing, offer.key] = _packer.submit(packing, offer)
        _packed.move_to_end((packing, offer.key))
        while len(_packed) > _KEPT:
            _packed.popitem(last=False)
        return found


def _forget(key: Key) -> None:
    with _lock:
        for packing in (pack_recording, pack_errors):
            _packed.pop((packing, key), None)


def pack_recording(offer: Offer) -> bytes:
    """Pack the recording, read piece by piece as it is shown."""
    sequence = offer.load_sequence()
    angles = compute_joint_angles(sequence)
    if math.isfinite(offer.max_error_deg):
        angles = hide_untrusted(angles, compute_expected_error(sequence), offer.max_error_deg)
    session = offer.session
    has_video = session.video_path is not None
    return pack_replay(sequence, angles, session_id=session.id, has_video=has_video)


def pack_errors(offer: Offer) -> bytes:
    """Pack how far each reading may be off; asked for later, for it takes longer than the rest."""
    errors = compute_expected_error(offer.load_sequence())
    return pack_expected_error(errors.reindex(columns=list(ANGLES)))


def pack_whole(offer: Offer) -> bytes:
    """Pack all there is, for a file that can ask for nothing later."""
    sequence = offer.load_sequence()
    angles, errors = compute_joint_angles(sequence), compute_expected_error(sequence)
    return pack_replay(
        sequence,
        hide_untrusted(angles, errors, offer.max_error_deg),
        expected_error=errors.reindex(columns=angles.columns),
        session_id=offer.session.id,
    )
