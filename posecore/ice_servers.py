"""STUN and TURN servers: what helps a camera through when it cannot reach this computer directly.

A STUN server tells a browser its own address as seen from outside; a TURN server passes everything
on. None is asked unless somebody names one.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import unquote

from posecore.errors import InvalidFieldError

MAX_SERVERS: Final = 4
TEXT_LIMIT: Final = 300
_URL: Final = re.compile(
    r"(?P<scheme>stuns?|turns?):(?P<host>[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)"
    r"(:(?P<port>[0-9]{1,5}))?(\?transport=(?P<transport>[a-z]+))?"
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True)
class IceServer:
    """One server, checked; its password is not part of what is printed of it.

    Attributes
    ----------
    url : str
        ``stun:host:port`` or ``turn:host:port?transport=udp``.
    username, credential : str
        Of a TURN server.
    """

    url: str
    username: str = ""
    credential: str = field(default="", repr=False)

    @classmethod
    def from_text(cls, url: str, username: str = "", credential: str = "") -> Self:
        """Check what was typed.

        Raises
        ------
        InvalidFieldError
            With a sentence that says what is wrong, and never holds the password.
        """
        url, username = url.strip(), username.strip()
        for what, text in (("address", url), ("user", username), ("password", credential)):
            if len(text) > TEXT_LIMIT or _CONTROL.search(text):
                raise InvalidFieldError(
                    f"The {what} of a STUN or TURN server may have {TEXT_LIMIT} characters and no "
                    "line breaks; shorten it."
                )
        _check_url(url)
        is_turn = url.startswith("turn")
        if is_turn and not (username and credential):
            raise InvalidFieldError(
                "A TURN server wants a user and a password; type both as its provider gave them."
            )
        if not is_turn and (username or credential):
            raise InvalidFieldError(
                "A STUN server knows no user and no password; leave both empty, or type an "
                "address that begins with turn:."
            )
        return cls(url=url, username=username, credential=credential)

    @property
    def for_browser(self) -> dict[str, str]:
        """As a browser and aiortc take it."""
        if not self.username:
            return {"urls": self.url}
        return {"urls": self.url, "username": self.username, "credential": self.credential}


def _check_url(url: str) -> None:
    found = _URL.fullmatch(url)
    if found is None:
        raise InvalidFieldError(
            "The address of a STUN or TURN server looks like stun:stun.example.org:3478 or "
            "turn:turn.example.org:3478?transport=udp, with user and password beside it and not in "
            "it; a comma, | or % in these is written %2C, %7C or %25 in POSECORE_ICE_SERVERS."
        )
    if found["port"] is not None and not 1 <= int(found["port"]) <= 65535:
        raise InvalidFieldError(f"A port is a number from 1 to 65535, not {found['port']}.")
    if found["scheme"] == "stuns":
        raise InvalidFieldError(
            "STUN over TLS (stuns:) is not understood here; use the server's stun: address."
        )
    allowed = {"stun": (None,), "turn": (None, "udp", "tcp"), "turns": (None, "tcp")}
    if found["transport"] not in allowed[found["scheme"]]:
        raise InvalidFieldError(
            "After ?transport= a turn: address may have udp or tcp, a turns: address tcp, and a "
            "stun: address has none; correct it."
        )


def check_servers(servers: Iterable[IceServer]) -> tuple[IceServer, ...]:
    """Check a list of servers as a whole.

    Raises
    ------
    InvalidFieldError
        If there are more than one of a kind: this computer's end uses the first alone.
    """
    found = tuple(servers)
    for kind in ("stun", "turn"):
        if sum(server.url.startswith(kind) for server in found) > 1:
            raise InvalidFieldError(
                f"One {kind.upper()} server is enough, and only the first would be used; name one."
            )
    return found


def read_servers(text: str) -> tuple[IceServer, ...]:
    """Read ``POSECORE_ICE_SERVERS``.

    Parameters
    ----------
    text : str
        Addresses separated by commas, a TURN server's with ``|user|password`` behind it. Where
        these hold a comma, ``|`` or ``%`` themselves, it is written as ``%2C``, ``%7C``, ``%25``.

    Raises
    ------
    InvalidFieldError
    """
    servers = []
    for entry in filter(None, (each.strip() for each in text.split(","))):
        url, *login = entry.split("|")
        if len(login) not in (0, 2):
            raise InvalidFieldError(
                "POSECORE_ICE_SERVERS must hold addresses separated by commas, that of a TURN "
                "server as turn:turn.example.org:3478|user|password."
            )
        servers.append(IceServer.from_text(url, *(unquote(each) for each in login)))
    return check_servers(servers)


def write_preference(servers: Iterable[IceServer]) -> str:
    """Write servers as the database keeps them among an owner's choices."""
    return json.dumps([[each.url, each.username, each.credential] for each in servers])


def read_preference(text: str) -> tuple[IceServer, ...]:
    """Read what :func:`write_preference` wrote; what is no such thing is no server."""
    try:
        rows: Any = json.loads(text)
        return check_servers(IceServer.from_text(*row) for row in rows[:MAX_SERVERS])
    except (ValueError, TypeError, KeyError, AttributeError):
        return ()
