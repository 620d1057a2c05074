"""Start the dashboard: ``python3 scripts/run.py [--port N] [--no-browser] [-- streamlit's own]``.

Makes a virtual environment and installs what is needed first, where that has not been done.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - people do start this with an older one
    sys.exit(
        "posecore needs Python 3.11 or newer, and this is Python "
        f"{sys.version_info[0]}.{sys.version_info[1]}: start it with a newer one."
    )

import argparse
import http.client
import os
import signal
import subprocess
import time
import webbrowser
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import machine

HOST = "127.0.0.1"
START_WAIT_S = 120


def main(arguments: list[str]) -> int:
    """Prepare, start, wait: the exit code is the dashboard's."""
    options = parse(arguments)
    python = machine.prepare(machine.ROOT / "requirements.txt")
    port = machine.free_port(options.port)
    if port != options.port:
        machine.say(f"Port {options.port} is taken, so the dashboard uses {port}.")
    return serve(python, port, open_browser=options.browser, extra=options.streamlit)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; what stands after ``--`` is for Streamlit."""
    parser = argparse.ArgumentParser(description="Start the posecore dashboard on this machine.")
    parser.add_argument("--port", type=int, default=8501, help="where to serve (8501)")
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="open none")
    parser.add_argument("streamlit", nargs="*", help="after --: arguments for Streamlit")
    options = parser.parse_args(arguments)
    if not 1 <= options.port <= 65535:
        parser.error("--port takes a number from 1 to 65535")
    if any(extra.startswith("--server.port") for extra in options.streamlit):
        parser.error("choose the port with --port N, before the --")
    return options


def serve(python: Path, port: int, *, open_browser: bool, extra: list[str]) -> int:
    """Run Streamlit until it ends or Ctrl+C ends it."""
    address = f"http://{HOST}:{port}"
    machine.say("Starting the dashboard ...")
    dashboard = subprocess.Popen(
        [python, "-m", "streamlit", "run", "app.py", *streamlit_options(port), *extra],
        cwd=machine.ROOT,
        stdin=subprocess.DEVNULL,
        # Its own group: Ctrl+C then reaches it once, through us. Twice would force it to quit
        # before a recording is finished.
        process_group=0 if os.name == "posix" else None,
    )
    pass_signals_on(dashboard)
    if wait_until_it_answers(dashboard, port):
        machine.say(f"posecore is at {address} (Ctrl+C ends it).")
        if open_browser and has_screen():
            webbrowser.open(address)
    elif dashboard.poll() is None:
        machine.say(f"It is slow to start; it will be at {address} (Ctrl+C ends it).")
    code = dashboard.wait()
    return code if code >= 0 else 128 - code


def streamlit_options(port: int) -> list[str]:
    """Serve this machine only, open no browser twice, tell nobody."""
    return [
        f"--server.address={HOST}",
        f"--server.port={port}",
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
    ]


def pass_signals_on(process: subprocess.Popen[bytes]) -> None:
    """Hand Ctrl+C, a request to end and a closed terminal on to ``process``."""

    def hand_on(number: int, _frame: object) -> None:
        if os.name == "posix":  # elsewhere the console tells both of us
            # Streamlit dies of a closed terminal (SIGHUP) at once, and ends properly when asked.
            process.send_signal(signal.SIGINT if number == signal.SIGINT else signal.SIGTERM)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), hand_on)


def wait_until_it_answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether the dashboard answered, within `START_WAIT_S`, before it ended."""
    deadline = time.monotonic() + START_WAIT_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            # Not urllib: it would ask a proxy for an address of this machine.
            connection = http.client.HTTPConnection(HOST, port, timeout=5)
            connection.request("GET", "/_stcore/health")
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            time.sleep(0.2)
        else:
            return True
        finally:
            connection.close()
    return False


def has_screen() -> bool:
    """Whether a browser has somewhere to open; else a text browser would take the terminal."""
    displays = ("DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform != "linux" or any(os.environ.get(name) for name in displays)


if __name__ == "__main__":
    machine.run_main(main)
