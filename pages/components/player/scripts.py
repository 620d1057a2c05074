"""The player's scripts as the browser gets them: our modules as one file, and Plotly's own.

The drawing library is the copy inside the plotly package: nothing is fetched from elsewhere.
"""

import gzip
import hashlib
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from pages.components.joined_scripts import join_modules

FOLDER: Final = Path(__file__).parent


def find_plotly() -> Path:
    """Plotly's script inside the installed package, which is not imported for it."""
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("The package plotly is missing; install requirements.txt.")
    return Path(spec.submodule_search_locations[0]) / "package_data" / "plotly.min.js"


def bundle(entry: str) -> str:
    """Join a module and all it imports into one."""
    return join_modules(FOLDER, entry)


def read_style() -> str:
    """Return the player's style sheet."""
    return (FOLDER / "player.css").read_text(encoding="utf-8")


@lru_cache
def read_script(name: str, *, is_compressed: bool) -> bytes | None:
    """Content of a script; compressed once, where the server would compress each answer anew."""
    if name == "plotly.min.js":
        content = find_plotly().read_bytes()
    elif name == "player.js":
        content = f"{bundle('streamlit')}\nexport {{ loadPlotly, show }};\n".encode()
    else:
        return None
    return gzip.compress(content, compresslevel=5) if is_compressed else content


@lru_cache
def compute_version() -> str:
    """Changes whenever a script does, so that a browser may keep what it has for good."""
    digest = hashlib.blake2b(version("plotly").encode(), digest_size=6)
    digest.update(read_script("player.js", is_compressed=False) or b"")
    return digest.hexdigest()
