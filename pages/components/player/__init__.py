"""The replay player: one element in the browser, and the routes its scripts come from.

The scripts are served as files, so that each stays a module of its own and the browser keeps them;
the drawing library is the copy inside the plotly package: nothing is fetched from elsewhere.
"""

import gzip
import hashlib
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pages.components.routes import below_base_path

_FOLDER: Final = Path(__file__).parent
_SCRIPTS: Final = {path.name: path for path in sorted(_FOLDER.glob("*.js"))}
_PLOTLY: Final = "plotly.min.js"


def _find_plotly() -> Path:
    """Plotly's script inside the installed package, which is not imported for it."""
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("The package plotly is missing; install requirements.txt.")
    return Path(spec.submodule_search_locations[0]) / "package_data" / _PLOTLY


def _compute_version() -> str:
    """Changes whenever a script does, so that a browser may keep what it has for good."""
    digest = hashlib.blake2b(version("plotly").encode(), digest_size=6)
    for path in _SCRIPTS.values():
        digest.update(path.read_bytes())
    return digest.hexdigest()


_VERSION: Final = _compute_version()
_ADDRESS: Final = f"player/{_VERSION}"
_HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "ETag": f'"{_VERSION}"',
    "Vary": "Accept-Encoding",
}


@lru_cache
def _read(name: str, *, is_compressed: bool) -> bytes | None:
    """Content of a script; compressed once, where the server would compress each answer anew."""
    path = _find_plotly() if name == _PLOTLY else _SCRIPTS.get(name)
    if path is None:
        return None
    content = path.read_bytes()
    return gzip.compress(content, compresslevel=5) if is_compressed else content


async def _answer_script(request: Request) -> Response:
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    name = request.path_params["name"]
    content = await run_in_threadpool(_read, name, is_compressed=takes_gzip)
    if content is None or request.path_params["version"] != _VERSION:
        return Response("There is no such script; reload the page.", status_code=404)
    if request.headers.get("If-None-Match") == _HEADERS["ETag"]:
        return Response(status_code=304, headers=_HEADERS)
    headers = _HEADERS | ({"Content-Encoding": "gzip"} if takes_gzip else {})
    return Response(content, media_type="text/javascript", headers=headers)


PLAYER_ROUTES: Final[list[BaseRoute]] = [
    Route(below_base_path("/player/{version}/{name}"), _answer_script)
]

_START: Final = f"""
const find = (name) => new URL(`{_ADDRESS}/${{name}}`, document.baseURI).href;
const start = import(find("streamlit.js"));
"""
_LIBRARY: Final = f'find("{_PLOTLY}")'

_player = st.components.v2.component(
    "posecore_replay_player",
    html='<div data-testid="replay-player" data-ready="false"></div>',
    css=(_FOLDER / "player.css").read_text(encoding="utf-8"),
    js=f"{_START}export default async (component) => (await start).show(component, {_LIBRARY});",
    isolate_styles=False,
)
_loader = st.components.v2.component(
    "posecore_replay_loader",
    js=f"{_START}export default async () => {{ (await start).loadPlotly({_LIBRARY}); }};",
)


def load_player() -> None:
    """Let the browser load and compile the drawing library while the session is being packed.

    Shows nothing; best called last in the sidebar, where an element without height moves nothing.
    """
    _loader(key="replay_loader")


def replay_player(packed: bytes) -> None:
    """Show a recording packed by :func:`posecore.replay_data.pack_replay`.

    It opens at the moment ``t`` of the address, keeps ``session`` and ``t`` there up to date, and
    plays on through reruns of the page.
    """
    _player(data=packed, key="replay_player")
