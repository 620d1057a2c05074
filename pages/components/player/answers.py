"""Answers to what the player's scripts ask for: themselves, and the data of an offered session.

They go round Streamlit's own channel: a player reads its recording piece by piece, in plain answers
that nothing has to copy or encode.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from pages.components.player.offers import Offer, Offered, find_offer, pack
from pages.components.player.offline import write_page
from pages.components.player.scripts import compute_version, read_script
from pages.components.routes import below_base_path
from pages.components.sign_in import identify
from posecore.clip import write_clip
from posecore.clip_scene import ClipView
from posecore.errors import (
    ClipError,
    ComparisonError,
    InvalidOptionError,
    NotSignedInError,
    PoseCoreError,
    SessionNotFoundError,
    StorageFullError,
)
from posecore.replay_block import get_head

VERSION: Final = compute_version()
_KEPT_FOR_GOOD: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "ETag": f'"{VERSION}"',
    "Vary": "Accept-Encoding",
}
# An answer that says it is encoded already is not compressed on its way: that takes longer than
# sending it.
_PRIVATE: Final = {"Cache-Control": "private, no-store", "Content-Encoding": "identity"}
_ZOOMS: Final = (0.1, 10.0)
_clips_at_once: Final = BoundedSemaphore(2)
_CLIP_TYPES: Final = {"mp4": "video/mp4", "gif": "image/gif"}

_GONE: Final = (
    "This session is not here any more: it was deleted, or is not shared with you now. Choose "
    "another under Sessions."
)

Answer = Callable[[Offered, Mapping[str, str]], Response]


async def _answer_script(request: Request) -> Response:
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    name = request.path_params["name"]
    content = await run_in_threadpool(read_script, name, is_compressed=takes_gzip)
    if content is None or request.path_params["version"] != VERSION:
        return Response("There is no such script; reload the page.", status_code=404)
    if request.headers.get("If-None-Match") == _KEPT_FOR_GOOD["ETag"]:
        return Response(status_code=304, headers=_KEPT_FOR_GOOD)
    headers = _KEPT_FOR_GOOD | ({"Content-Encoding": "gzip"} if takes_gzip else {})
    return Response(content, media_type="text/javascript", headers=headers)


def _for_offer(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """Answer for what is behind the token; what cannot be is one sentence."""

    async def respond(request: Request) -> Response:
        try:
            return await run_in_threadpool(_find_and_answer, answer, request)
        except NotSignedInError as error:
            return PlainTextResponse(str(error), status_code=401)
        except ClipError as error:
            return PlainTextResponse(str(error), status_code=422)
        except (ComparisonError, InvalidOptionError) as error:
            return PlainTextResponse(str(error))  # nothing failed: two cannot be compared
        except SessionNotFoundError:
            return PlainTextResponse(_GONE, status_code=404)
        except PoseCoreError as error:
            return PlainTextResponse(str(error), status_code=404)

    return respond


def _find_and_answer(answer: Answer, request: Request) -> Response:
    offer = find_offer(request.path_params["token"], identify(request).owner)
    if offer is None:
        return PlainTextResponse("This page is out of date; reload it.", status_code=404)
    return answer(offer, request.query_params)


def _for_session(answer: Callable[[Offer, Mapping[str, str]], Response]) -> Answer:
    """Answer for one session alone; two that are compared have no clip or file of their own."""

    def respond(offer: Offered, query: Mapping[str, str]) -> Response:
        if not isinstance(offer, Offer):
            return PlainTextResponse("There is no such thing of two sessions.", status_code=404)
        return answer(offer, query)

    return respond


def _answer_recording(offer: Offered, query: Mapping[str, str]) -> Response:
    packed = pack("recording", offer).result()
    return _as_bytes(_cut(packed, query) if "from" in query else get_head(packed))


def _answer_errors(offer: Offered, query: Mapping[str, str]) -> Response:
    return _as_bytes(_cut(pack("errors", offer).result(), query))


def _cut(packed: bytes, query: Mapping[str, str]) -> bytes:
    """Cut out the bytes that are asked for."""
    try:
        begin, end = (max(int(query[edge]), 0) for edge in ("from", "to"))
    except (KeyError, ValueError):
        raise PoseCoreError("There is no such part of the recording; reload the page.") from None
    return packed[begin:end]


def _answer_video(offer: Offered, query: Mapping[str, str]) -> Response:
    path = offer.find_video(query.get("of", "a"))
    if path is None:
        return PlainTextResponse("The video of this session is not there.", status_code=404)
    return FileResponse(path, media_type="video/mp4", headers=_PRIVATE)


def _answer_page(offer: Offer, _query: Mapping[str, str]) -> Response:
    notes = offer.store.notes.list(offer.session.id)
    _note_taken(offer, "replay page")
    page = write_page(offer.session, offer.pack_whole(), notes)
    return Response(page, media_type="text/html; charset=utf-8", headers=_PRIVATE)


def _answer_clip(offer: Offer, query: Mapping[str, str]) -> Response:
    options = _read_clip_options(query)
    if not _clips_at_once.acquire(blocking=False):
        raise ClipError("Two clips are being made already; try again when one is done.")
    try:
        return _make_clip(offer, query, options)
    finally:
        _clips_at_once.release()


def _make_clip(offer: Offer, query: Mapping[str, str], options: dict[str, Any]) -> Response:
    clip_format = options["clip_format"]
    video_file = offer.store.get_video_file(offer.session.id) if query.get("video") else None
    sequence = offer.load_sequence()
    _note_taken(offer, f"clip {clip_format}")
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"clip.{clip_format}"
        caption = offer.session.name
        write_clip(path, sequence, video_file=video_file, caption=caption, **options)
        return Response(path.read_bytes(), media_type=_CLIP_TYPES[clip_format], headers=_PRIVATE)


def _note_taken(offer: Offer, what: str) -> None:
    with suppress(StorageFullError):  # it can be taken away all the same
        offer.store.audit.note("downloaded", offer.session.id, what)


def _read_clip_options(query: Mapping[str, str]) -> dict[str, Any]:
    if query.get("format") not in _CLIP_TYPES:
        raise ClipError("A clip is an mp4 or a gif; choose one of the two.")
    try:
        view = ClipView(
            azimuth_deg=float(query.get("azimuth", -28)),
            elevation_deg=float(query.get("elevation", 10)),
            zoom=float(query.get("zoom", 1)),
            is_eye=bool(query.get("eyes")),
        )
        numbers = {
            "start_s": float(query["from"]),
            "end_s": float(query["to"]),
            "speed": float(query.get("speed", 1)),
        }
    except (KeyError, ValueError):
        raise ClipError("The clip's part or view is no number; reload the page.") from None
    if not _ZOOMS[0] <= view.zoom <= _ZOOMS[1]:
        raise ClipError("The clip's view is too near or too far; turn the skeleton home.")
    return {
        "clip_format": query["format"],
        "view": view,
        "is_dark": bool(query.get("dark")),
        **numbers,
    }


def _as_bytes(content: bytes) -> Response:
    return Response(content, media_type="application/octet-stream", headers=_PRIVATE)


_ANSWERS: Final[dict[str, Answer]] = {
    "recording": _answer_recording,
    "errors": _answer_errors,
    "video": _answer_video,
    "page": _for_session(_answer_page),
    "clip": _for_session(_answer_clip),
}


def find_address(kind: str, token: str) -> str:
    """Address of one kind of an offered session's data, below the dashboard's own."""
    return f"replay-{kind}/{token}"


PLAYER_ROUTES: Final[list[BaseRoute]] = [
    Route(below_base_path("/player/{version}/{name}"), _answer_script),
    *(
        Route(below_base_path(f"/{find_address(kind, '{token}')}"), _for_offer(answer))
        for kind, answer in _ANSWERS.items()
    ),
]
