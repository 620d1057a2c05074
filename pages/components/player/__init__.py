"""The replay player: one element in the browser, and the routes its scripts and data come from."""

from typing import Final

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pages.components.player.recordings import answer_recording, offer_recording
from pages.components.player.scripts import compute_version, read_script, read_style
from pages.components.routes import below_base_path
from posecore import Session, SessionStore

_VERSION: Final = compute_version()
_HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "ETag": f'"{_VERSION}"',
    "Vary": "Accept-Encoding",
}


async def _answer_script(request: Request) -> Response:
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    name = request.path_params["name"]
    content = await run_in_threadpool(read_script, name, is_compressed=takes_gzip)
    if content is None or request.path_params["version"] != _VERSION:
        return Response("There is no such script; reload the page.", status_code=404)
    if request.headers.get("If-None-Match") == _HEADERS["ETag"]:
        return Response(status_code=304, headers=_HEADERS)
    headers = _HEADERS | ({"Content-Encoding": "gzip"} if takes_gzip else {})
    return Response(content, media_type="text/javascript", headers=headers)


PLAYER_ROUTES: Final[list[BaseRoute]] = [
    Route(below_base_path("/player/{version}/{name}"), _answer_script),
    Route(below_base_path("/replay-recording/{token}"), answer_recording),
]

_START: Final = f"""
const find = (name) => new URL(name, document.baseURI).href;
const start = import(find("player/{_VERSION}/player.js"));
const plotlyUrl = find("player/{_VERSION}/plotly.min.js");
export default async (component) => (await start).show(component, {{ plotlyUrl, find }});
"""
_player = st.components.v2.component(
    "posecore_replay_player",
    html='<div data-testid="replay-player" data-ready="false"></div>',
    css=read_style(),
    js=_START,
    isolate_styles=False,
)


def replay_player(store: SessionStore, session: Session) -> None:
    """Show a session's recording.

    It opens at the moment ``t`` of the address, keeps ``session`` and ``t`` there up to date, and
    plays on through reruns of the page.
    """
    recording = f"replay-recording/{offer_recording(store, session)}"
    _player(data={"session_id": session.id, "recording": recording}, key="replay_player")
