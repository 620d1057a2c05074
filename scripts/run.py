"""Start the dashboard: ``python3 scripts/run.py [--lan] [--port N] [--no-browser] [-- ...]``.

Makes a virtual environment and installs what is needed first, where that has not been done. With
``--lan`` phones in the same network can be the camera: over https, once each is paired. What stands
after ``--`` is for Streamlit.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - people do start this with an older one
    sys.exit(
        "posecore needs Python 3.11 or newer, and this is Python "
        f"{sys.version_info[0]}.{sys.version_info[1]}: start it with a newer one."
    )

import argparse
import http.client
import json
import os
import signal
import ssl
import subprocess
import time
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import machine

HOST = "127.0.0.1"
EVERYWHERE = "0.0.0.0"
START_WAIT_S = 120
CERTIFICATE_WAIT_S = 120


@dataclass(frozen=True)
class Lan:
    """What `posecore.lan_certificate` made: the files, and the names they hold for."""

    certificate: str
    key: str
    hosts: tuple[str, ...]


def main(arguments: list[str]) -> int:
    """Prepare, start, wait: the exit code is the dashboard's."""
    options = parse(arguments)
    python = machine.prepare(machine.ROOT / "requirements.txt")
    port = machine.free_port(options.port)
    if port != options.port:
        machine.say(f"Port {options.port} is taken, so the dashboard uses {port}.")
    lan = make_certificate(python) if options.lan else None
    return serve(python, port, open_browser=options.browser, extra=options.streamlit, lan=lan)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; what stands after ``--`` is for Streamlit."""
    parser = argparse.ArgumentParser(description="Start the posecore dashboard on this machine.")
    parser.add_argument("--port", type=int, default=8501, help="where to serve (8501)")
    parser.add_argument(
        "--lan",
        action="store_true",
        help="serve phones and computers in this network too, over https; each is paired once",
    )
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="open none")
    parser.add_argument("streamlit", nargs="*", help="after --: arguments for Streamlit")
    options = parser.parse_args(arguments)
    if not 1 <= options.port <= 65535:
        parser.error("--port takes a number from 1 to 65535")
    if any(extra.startswith("--server.port") for extra in options.streamlit):
        parser.error("choose the port with --port N, before the --")
    own = ("--server.address", "--server.ssl")
    if options.lan and any(extra.startswith(own) for extra in options.streamlit):
        parser.error("--lan chooses the address and the certificate; leave them out after the --")
    return options


def make_certificate(python: Path, run: machine.Run = machine.run_command) -> Lan:
    """Have the certificate for this machine's addresses made, or found again."""
    command: list[str | Path] = [python, "-m", "posecore.lan_certificate"]
    finished = run(command, timeout_s=CERTIFICATE_WAIT_S, quiet=True)
    try:
        made = json.loads(finished.output.strip().splitlines()[-1])
        return Lan(made["certificate"], made["key"], tuple(made["hosts"]))
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise machine.SetupError(
            f"No certificate for https could be made: {finished.last_words}"
        ) from error


def serve(
    python: Path, port: int, *, open_browser: bool, extra: list[str], lan: Lan | None = None
) -> int:
    """Run Streamlit until it ends or Ctrl+C ends it."""
    address = f"{'https' if lan else 'http'}://{HOST}:{port}"
    machine.say("Starting the dashboard ...")
    dashboard = subprocess.Popen(
        [python, "-m", "streamlit", "run", "app.py", *streamlit_options(port, lan), *extra],
        cwd=machine.ROOT,
        env=os.environ | lan_environment(os.environ, port, lan) if lan else None,
        stdin=subprocess.DEVNULL,
        # Its own group: Ctrl+C then reaches it once, through us. Twice would force it to quit
        # before a recording is finished.
        process_group=0 if os.name == "posix" else None,
    )
    pass_signals_on(dashboard)
    if wait_until_it_answers(dashboard, port, lan):
        machine.say(f"posecore is at {address} (Ctrl+C ends it).")
        if open_browser and has_screen():
            webbrowser.open(address)
    elif dashboard.poll() is None:
        machine.say(f"It is slow to start; it will be at {address} (Ctrl+C ends it).")
    code = dashboard.wait()
    return code if code >= 0 else 128 - code


def streamlit_options(port: int, lan: Lan | None = None) -> list[str]:
    """Serve this machine only, or its network over https; open no browser twice, tell nobody."""
    options = [
        f"--server.address={EVERYWHERE if lan else HOST}",
        f"--server.port={port}",
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
    ]
    if lan:
        options += [f"--server.sslCertFile={lan.certificate}", f"--server.sslKeyFile={lan.key}"]
        # Else Streamlit would ask a server outside for this machine's address, to print it.
        options += [f"--browser.serverAddress={HOST}"]
    return options


def lan_environment(environ: Mapping[str, str], port: int, lan: Lan) -> dict[str, str]:
    """What the dashboard has to know of its network: its names there, and that others must pair."""
    names = [f"{name}:{port}" for name in lan.hosts]
    return {
        "POSECORE_HOSTS": ",".join(filter(None, [environ.get("POSECORE_HOSTS", ""), *names])),
        "POSECORE_LAN_CERTIFICATE": lan.certificate,
        # No proxy's word counts for who asks.
        "FORWARDED_ALLOW_IPS": "",
    }


def pass_signals_on(process: subprocess.Popen[bytes]) -> None:
    """Hand Ctrl+C, a request to end and a closed terminal on to ``process``."""

    def hand_on(number: int, _frame: object) -> None:
        if os.name == "posix":  # elsewhere the console tells both of us
            # Streamlit dies of a closed terminal (SIGHUP) at once, and ends properly when asked.
            process.send_signal(signal.SIGINT if number == signal.SIGINT else signal.SIGTERM)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), hand_on)


def wait_until_it_answers(
    process: subprocess.Popen[bytes], port: int, lan: Lan | None = None
) -> bool:
    """Whether the dashboard answered, within `START_WAIT_S`, before it ended."""
    deadline = time.monotonic() + START_WAIT_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            # Not urllib: it would ask a proxy for an address of this machine.
            connection = connect(port, lan)
            connection.request("GET", "/_stcore/health")
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            time.sleep(0.2)
        else:
            return True
        finally:
            connection.close()
    return False


def connect(port: int, lan: Lan | None) -> http.client.HTTPConnection:
    """Speak to the dashboard; over https only to one that has the very certificate."""
    if lan is None:
        return http.client.HTTPConnection(HOST, port, timeout=5)
    trusted = ssl.create_default_context(cafile=lan.certificate)
    return http.client.HTTPSConnection(HOST, port, timeout=5, context=trusted)


def has_screen() -> bool:
    """Whether a browser has somewhere to open; else a text browser would take the terminal."""
    displays = ("DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform != "linux" or any(os.environ.get(name) for name in displays)


if __name__ == "__main__":
    machine.run_main(main)
