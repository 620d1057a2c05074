"""The dashboard in its own network (``scripts/run.py --lan``): addresses, code and words."""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from pages.components.routes import below_base_path
from posecore import Settings
from posecore.errors import PoseCoreError
from posecore.lan import LanNames, choose_addresses, find_names
from posecore.lan_certificate import LanCertificate, read_certificate
from posecore.lan_connections import LanConnections
from posecore.pairing import PairingDesk

HOW_TO: Final = "python3 scripts/run.py --lan"
WARNING: Final = (
    "The browser warns once on each device, because no public authority can vouch for an address "
    "in your own network. It says so in words like 'Your connection is not private' or 'This "
    "connection is not private'. What travels is encrypted all the same. To be sure that it is "
    "this computer, compare the fingerprint (SHA-256) with the one that the browser shows as the "
    "certificate's."
)
PRESS: Final = (
    ("iPhone and iPad, Safari", "Show Details, then visit this website, then Visit Website"),
    ("Android, Chrome", "Advanced, then Proceed to ... (unsafe)"),
    ("Firefox", "Advanced, then Accept the Risk and Continue"),
)
"""What to press at that warning."""


@dataclass(frozen=True, kw_only=True)
class Lan:
    """How the dashboard is found.

    Attributes
    ----------
    urls : tuple of str
        The one to try first, first; each ends with ``/``.
    certificate : LanCertificate
    problem : str
        One sentence, as Markdown, where phones do not find this computer any more; else empty.
    """

    urls: tuple[str, ...]
    certificate: LanCertificate
    problem: str = ""


def is_in_lan() -> bool:
    """Whether other devices may come in at all, and must be paired for it."""
    # Not from the settings: whatever else is wrong with those must not open the gate.
    return bool(os.environ.get("POSECORE_LAN_CERTIFICATE"))


def find_lan() -> Lan | None:
    """Find addresses and certificate as they are now; None without ``--lan``.

    Raises
    ------
    CertificateError
    """
    settings = Settings.from_env()
    if settings.lan_certificate is None:
        return None
    certificate = read_certificate(settings.lan_certificate)
    names = find_names()
    port = st.get_option("server.port")
    urls = tuple(
        f"https://{host}{below_base_path('/')}"
        for host in names.list_hosts(port)
        # What it was started with: the certificate may name networks of other days as well.
        if host in settings.hosts and host.rpartition(":")[0] in certificate.names
    )
    problem = _find_move(names, settings.hosts, port)
    if not (urls or problem):
        problem = (
            "Phones find this computer under no name or address that it was started with: end "
            f"posecore and start it again with `{HOW_TO}`."
        )
    return Lan(urls=urls, certificate=certificate, problem=problem)


def _find_move(names: LanNames, hosts: Sequence[str], port: int) -> str:
    """Say it where this computer is in another network than when posecore started.

    It is where an address is gone and the one that leads out is not served. One that came beside
    the others, as a VPN brings it, takes none away.
    """
    answered = [host.rpartition(":")[0] for host in hosts if host.endswith(f":{port}")]
    gone = [each for each in choose_addresses(answered) if each not in names.addresses]
    if not gone or (names.addresses and names.addresses[0] in answered):
        return ""
    if not names.addresses:
        return (
            f"This computer is in no network now (its address was {gone[0]}), so phones do not "
            "find it: connect it to that network again, or to another one and start posecore "
            f"again with `{HOW_TO}`."
        )
    return (
        f"This computer is in another network than when posecore started (its address was "
        f"{gone[0]} and is {names.addresses[0]} now), so phones do not find it: end posecore and "
        f"start it again with `{HOW_TO}`."
    )


def announce() -> None:
    """Print what a phone needs, in the terminal that started the dashboard."""
    if not is_in_lan():
        return
    try:
        lan = find_lan()
    except PoseCoreError as error:
        _say(str(error))
        return
    if lan is not None:
        _say("\n".join(describe(lan, DESK.code)))


def describe(lan: Lan, code: str) -> list[str]:
    """Say where a phone finds the dashboard, with which code, and what its browser will say."""
    return [
        "",
        "On a phone or another computer in this network, open one of",
        *(f"    {url}phone" for url in lan.urls),
        f"and type the pairing code  {code}  (Settings shows it too, with a QR code to scan).",
        "",
        WARNING,
        *(f"    {browser}: {press}." for browser, press in PRESS),
        "This computer's own browser warns in the same way.",
        "",
        f"Fingerprint  {lan.certificate.fingerprint}",
        "",
    ]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _tell_code(code: str) -> None:
    _say(f"The pairing code is {code} from now on.")


DESK: Final = PairingDesk(tell=_tell_code)
"""Holds the code of this run of the dashboard."""
CONNECTIONS: Final = LanConnections()
"""Holds what is open to strangers in the network."""


def guard_connections() -> None:
    """Bound what strangers hold open, in the event loop that is about to serve."""
    if is_in_lan():
        CONNECTIONS.guard(asyncio.get_running_loop())
