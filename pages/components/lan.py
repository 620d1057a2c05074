"""The dashboard in its own network (``scripts/run.py --lan``): addresses, code and words."""

import asyncio
import os
import sys
from dataclasses import dataclass
from typing import Final

import streamlit as st

from pages.components.routes import below_base_path
from posecore import Settings
from posecore.errors import PoseCoreError
from posecore.lan import find_names, write_host
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
    """

    urls: tuple[str, ...]
    certificate: LanCertificate


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
    path = Settings.from_env().lan_certificate
    if path is None:
        return None
    certificate = read_certificate(path)
    names = find_names()
    port = st.get_option("server.port")
    return Lan(
        urls=tuple(
            f"https://{write_host(name)}:{port}{below_base_path('/')}"
            for name in (*names.addresses, *names.host_names)
            if name in certificate.names and ":" not in name  # it listens on IPv4
        ),
        certificate=certificate,
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
