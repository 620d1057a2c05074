"""Functions for child processes of the tests; see :class:`posecore.worker.Worker`."""

import socket
import sys
from typing import Any

from posecore.errors import VideoReadError


def try_the_network(connection: Any) -> None:
    """Try what MediaPipe would need to reach anybody, and report what came of it."""
    connection.send(
        {
            "inet": _try(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()),
            "inet6": _try(lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM).close()),
            "unix": _try(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close()),
            # An address of this machine, in digits: no name server is needed or asked.
            "connect": _try(lambda: socket.create_connection(("127.0.0.1", 9), timeout=1).close()),
            "name": _try(lambda: socket.getaddrinfo("localhost.invalid", 80)),
        }
    )


def _try(use: Any) -> str:
    try:
        use()
    except OSError as error:
        return type(error).__name__
    return "worked"


def echo(connection: Any) -> None:
    """Send back what comes."""
    while True:
        connection.send(connection.recv())


def refuse(connection: Any) -> None:
    """Raise an error for people."""
    raise VideoReadError("This video is upside down; turn it.")


def stumble(connection: Any) -> None:
    """Fail as only a bug does."""
    print("W0000 00:00:00 chatter", file=sys.stderr)
    raise RuntimeError("the reason")
