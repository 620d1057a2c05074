"""Packed recordings on their way to the browser, which asks for them by an address of its tab.

They go round Streamlit's own channel: an hour has 28 MB, which the browser takes from a plain
answer without copying, while it is still busy with the drawing library.
"""

import secrets
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Final

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from posecore import Session, SessionStore, compute_joint_angles
from posecore.errors import PoseCoreError
from posecore.replay_data import pack_replay

_KEPT: Final = 4
_MAX_OFFERS: Final = 10_000
# An answer that says it is encoded already is not compressed on its way: that takes longer than
# sending it.
_HEADERS: Final = {"Cache-Control": "private, no-store", "Content-Encoding": "identity"}


@dataclass(frozen=True)
class Offer:
    """A session somebody may see, as the owner's store gives it."""

    store: SessionStore
    session: Session


_offers: OrderedDict[str, Offer] = OrderedDict()
_packed: OrderedDict[tuple[str, int], Future[bytes]] = OrderedDict()
_packer: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pack-replay")
_lock: Final = Lock()


def offer_recording(store: SessionStore, session: Session) -> str:
    """Return the address where this tab finds the session's recording; packing begins now.

    The same tab gets the same address for the same session at each run of the page.
    """
    tokens: dict[str, str] = st.session_state.setdefault("replay_tokens", {})
    token = tokens.setdefault(session.id, secrets.token_urlsafe(16))
    with _lock:
        _offers[token] = Offer(store, session)
        _offers.move_to_end(token)
        while len(_offers) > _MAX_OFFERS:
            _offers.popitem(last=False)
    _pack(_offers[token])
    return token


def find_offer(token: str) -> Offer | None:
    """Return what an address stands for, if it was ever given out."""
    return _offers.get(token)


def _pack(offer: Offer) -> Future[bytes]:
    """Pack once; a finished session changes no more, and a growing one changes its count."""
    key = (offer.session.id, offer.session.frame_count)
    with _lock:
        if key not in _packed:
            _packed[key] = _packer.submit(_load_and_pack, offer)
        _packed.move_to_end(key)
        while len(_packed) > _KEPT:
            _packed.popitem(last=False)
        return _packed[key]


def _load_and_pack(offer: Offer) -> bytes:
    sequence = offer.store.load_sequence(offer.session.id)
    return pack_replay(sequence, compute_joint_angles(sequence), session_id=offer.session.id)


def _read(offer: Offer) -> bytes:
    offer.store.get_session(offer.session.id)  # deleted meanwhile: what is packed is gone as well
    return _pack(offer).result()


async def answer_recording(request: Request) -> Response:
    """Answer with the packed recording, or with one sentence why there is none."""
    offer = find_offer(request.path_params["token"])
    if offer is None:
        return PlainTextResponse("This page is out of date; reload it.", status_code=404)
    try:
        packed = await run_in_threadpool(_read, offer)
    except PoseCoreError as error:
        return PlainTextResponse(str(error), status_code=404)
    return Response(packed, media_type="application/octet-stream", headers=_HEADERS)
