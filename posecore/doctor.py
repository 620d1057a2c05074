"""What posecore needs of this machine, checked one thing at a time, for ``doctor``."""

import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Final, NamedTuple

from posecore.errors import DatabaseLockedError, PoseCoreError
from posecore.settings import Settings
from posecore.sign_in import read_auth_section

_REQUIREMENTS: Final = Path(__file__).resolve().parent.parent / "requirements.txt"
_INSTALL: Final = "python -m pip install -r requirements.txt"
# Where Streamlit looks, in its order: what stands in the later one holds.
_SECRETS: Final = (
    Path.home() / ".streamlit" / "secrets.toml",
    _REQUIREMENTS.parent / ".streamlit" / "secrets.toml",
)
_OLDEST_PYTHON: Final = (3, 11)
_FREE_BYTES_NEEDED: Final = 1_000_000_000


class Finding(NamedTuple):
    """What one check found: a fact when all is well, else what is wrong and what to do."""

    subject: str
    is_ok: bool
    text: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.text}"


def check_machine(settings: Settings) -> Iterator[Finding]:
    """Check everything posecore needs, in the order in which it is needed.

    Yields
    ------
    Finding
        One for each check, as soon as it is done; opening the estimator takes a second or two.
    """
    for subject, check in _CHECKS.items():
        try:
            yield Finding(subject, True, check(settings))
        except PoseCoreError as error:
            yield Finding(subject, False, str(error))


def _check_python(_: Settings) -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _OLDEST_PYTHON:
        raise PoseCoreError(f"{version} is too old; install Python 3.11 or newer.")
    return version


def _check_packages(_: Settings) -> str:
    pins = dict(
        line.strip().split("==")
        for line in _REQUIREMENTS.read_text(encoding="utf-8").splitlines()
        if "==" in line and not line.startswith("#")
    )
    found = {name: _find_version(name) for name in pins}
    missing = [name for name, version in found.items() if version is None]
    if missing:
        raise PoseCoreError(f"{', '.join(missing)} missing; run {_INSTALL}")
    others = [
        f"{name} {found[name]} instead of {pin}" for name, pin in pins.items() if found[name] != pin
    ]
    if others:
        raise PoseCoreError(f"{', '.join(others)}; run {_INSTALL}")
    return f"all {len(pins)} at the versions of requirements.txt"


def _find_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _check_opencv(_: Settings) -> str:
    try:
        import cv2
    except ImportError as error:
        raise PoseCoreError(
            f"OpenCV cannot start ({error}); python3 scripts/run.py installs what the system "
            "lacks, or names the line to type."
        ) from error
    return f"{cv2.__version__} with all its system libraries"


def _check_video(_: Settings) -> str:
    try:
        import av
    except ImportError as error:
        raise PoseCoreError(f"PyAV cannot start ({error}); run {_INSTALL}") from error
    return f"PyAV {av.__version__} reads videos; ffmpeg need not be installed"


def _check_model(settings: Settings) -> str:
    from posecore.models import find_model

    path = find_model(settings.model, settings)
    return f"{settings.model}, the official file, at {path}"


def _check_estimator(settings: Settings) -> str:
    from posecore.estimation import open_estimator

    with open_estimator(settings) as estimator:
        if estimator.network_blocked:
            return "works, in a process that cannot reach the network"
    if not settings.block_network:
        return "works; keeping it off the network is switched off in Settings"
    raise PoseCoreError(
        "works, but this system cannot keep it off the network, so MediaPipe's usage metrics (no "
        "pictures) may be sent to its maker; see Privacy in the README."
    )


def _check_database(settings: Settings) -> str:
    path = settings.database
    if not path.exists():
        return f"{path} will be made at first use"
    from posecore.storage.session_store import open_store

    try:
        with open_store(path) as store:
            n_sessions = len(store.get_sessions())
            return f"{path} opens, {n_sessions} session{'' if n_sessions == 1 else 's'}"
    except DatabaseLockedError as error:
        return f"in use: {error}"  # what a running dashboard looks like


def _check_sign_in(settings: Settings) -> str:
    found = [path for path in _SECRETS if path.exists()]
    sections = [section for path in found for section in _find_auth(path)]
    others = f", asked as {', '.join(settings.hosts)} too" if settings.hosts else ""
    if not sections:
        return f"not configured: everybody on this computer is one owner{others}"
    setup = read_auth_section(sections[-1])
    return f"at {setup.origin}, with {', '.join(setup.providers)}{others}"


def _find_auth(path: Path) -> list[object]:
    try:
        secrets = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PoseCoreError(
            f"nobody can sign in, because {path} cannot be read ({error}); correct it."
        ) from error
    return [section for name, section in secrets.items() if name.lower() == "auth"]


def _check_disk(settings: Settings) -> str:
    folder = settings.database.absolute().parent
    while not folder.exists():
        folder = folder.parent
    free_bytes = shutil.disk_usage(folder).free
    text = f"{free_bytes / 1e9:,.1f} GB free in {folder}"
    if free_bytes < _FREE_BYTES_NEEDED:
        raise PoseCoreError(f"only {text}; an hour of movement takes 0.1 GB, videos more.")
    return text


_CHECKS: Final[dict[str, Callable[[Settings], str]]] = {
    "Python": _check_python,
    "Packages": _check_packages,
    "OpenCV": _check_opencv,
    "Video": _check_video,
    "Pose model": _check_model,
    "Pose estimator": _check_estimator,
    "Database": _check_database,
    "Sign-in": _check_sign_in,
    "Disk": _check_disk,
}
