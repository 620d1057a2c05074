"""A real dashboard on a free port, a real browser, and a watch on what a page must not do."""

import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, WebSocket

from posecore.lan import find_names
from posecore.lan_certificate import LanCertificate

ROOT = Path(__file__).resolve().parent.parent.parent
START_TIMEOUT_S = 60.0
SECRETS = "secrets.toml"
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Streamlit looks for its own base path below the page's first; these answers are its question.
STREAMLIT_PROBES = ("/_stcore/health", "/_stcore/host-config")


@dataclass(frozen=True)
class Dashboard:
    """Where a running dashboard is, and where its data lies."""

    url: str
    data_dir: Path
    process_id: int


@contextmanager
def run_dashboard(
    data_dir: Path,
    *,
    port: int = 0,
    certificate: LanCertificate | None = None,
    max_files: int = 0,
    **environ: str,
) -> Iterator[Dashboard]:
    """Start ``streamlit run app.py`` over a data folder, and end it, and only it, at the end.

    Its secrets are the ``secrets.toml`` in that folder, where there is one. With a certificate it
    serves https and has others pair, as with ``--lan``, but listens on this computer alone. With
    ``max_files`` the system lets it have no more open than these.
    """
    port = port or find_free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    # Never those of the project: whoever develops it may sign in there.
    command += ["--secrets.files", str(data_dir / SECRETS)]
    if certificate is not None:
        command += ["--server.sslCertFile", str(certificate.path)]
        command += ["--server.sslKeyFile", str(certificate.key_path)]
        environ["POSECORE_LAN_CERTIFICATE"] = str(certificate.path)
        environ.setdefault("POSECORE_HOSTS", ",".join(find_names().list_hosts(port)))
    if max_files:
        command = ["sh", "-c", f'ulimit -n {max_files}; exec "$0" "$@"', *command]
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "dashboard.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--server.port", str(port), "--server.fileWatcherType", "none"],
            cwd=ROOT,
            env=os.environ | {"POSECORE_DATA": str(data_dir), "POSECORE_DB": ""} | environ,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
        wait_until_ready(process, url, data_dir / "dashboard.log", trusted=certificate)
        yield Dashboard(url, data_dir, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        finally:
            process.kill()  # without effect where it has ended, as it should have
            process.wait()


def find_free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(
    process: subprocess.Popen[bytes],
    url: str,
    log: Path,
    path: str = "/_stcore/health",
    *,
    trusted: LanCertificate | None = None,
) -> None:
    """Return when the server answers; say what it printed when it does not."""
    context = ssl.create_default_context(cafile=trusted.path) if trusted else None
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{url}{path}", timeout=1, context=context):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"The server did not start:\n{log.read_text(errors='replace')}")


def find_chromium() -> str | None:
    """Return the browser of the system; without one, Playwright takes its own."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = (shutil.which(name) for name in names)
    return os.environ.get("POSECORE_CHROMIUM") or next(filter(None, found), None)


@contextmanager
def run_browser(playwright: Playwright, *arguments: str) -> Iterator[Browser]:
    """Start headless Chromium, with further arguments where a test needs them."""
    browser = playwright.chromium.launch(
        executable_path=find_chromium(), args=[*BROWSER_ARGUMENTS, *arguments]
    )
    try:
        yield browser
    finally:
        browser.close()


STAND_STILL = """
async (it) => {
  // A press is answered with the next picture, and moves what it moves from then on.
  for (let n = 0; n < 2; n += 1) await new Promise(requestAnimationFrame);
  await Promise.allSettled(it.getAnimations({ subtree: true }).map(({ finished }) => finished));
}
"""


def open_expander(page: Page, title: str, *, timeout_ms: float = 60_000) -> None:
    """Open what is folded away, and wait until it stands still.

    Before that a press may begin on one of its parts and end on another, and is none then.
    """
    head = page.locator("summary").filter(has_text=title)
    head.click(timeout=timeout_ms)
    page.get_by_test_id("stExpander").filter(has=head).evaluate(STAND_STILL)


@dataclass
class Watch:
    """What a page asked for, and what went wrong in it."""

    hosts: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    sockets: list[WebSocket] = field(default_factory=list)


def watch_page(page: Page) -> Watch:
    """Note every host the page asks and every error it meets, from now on."""
    watch = Watch()

    def note_host(url: str) -> None:
        if urlsplit(url).scheme in ("http", "https", "ws", "wss"):
            watch.hosts.add(urlsplit(url).hostname or "")

    page.on("request", lambda request: note_host(request.url))
    page.on("websocket", lambda socket: note_host(socket.url))
    page.on("websocket", lambda socket: watch.sockets.append(socket))
    page.on("pageerror", lambda error: watch.errors.append(str(error)))
    page.on("crash", lambda _: watch.errors.append("the page crashed"))

    def note_message(message: ConsoleMessage) -> None:
        is_probe = urlsplit(message.location["url"]).path.endswith(STREAMLIT_PROBES)
        if message.type == "error" and not is_probe:
            watch.errors.append(f"{message.text} ({message.location['url']})")

    page.on("console", note_message)
    return watch
