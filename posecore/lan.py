"""What this computer is called on its network: what a phone types, and a certificate names."""

import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import ifaddr

_SERVED_OWN: Final = ("localhost", "127.0.0.1")
OWN_NAMES: Final = (*_SERVED_OWN, "::1")
"""What this computer calls itself; everybody else's computer does so too."""
_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_SOME_ADDRESS: Final = ("192.0.2.1", 9)  # set aside for examples: nobody's


@dataclass(frozen=True, kw_only=True)
class LanNames:
    """Under which names this computer is found.

    Attributes
    ----------
    addresses : tuple of str
        Of its network cards, the one that leads out first. IPv4 alone, on which posecore listens:
        IPv6 addresses change every day, and each new certificate is a new warning on each phone.
    host_names : tuple of str
        Its own name, and the one that phones find without a server (``name.local``).
    """

    addresses: tuple[str, ...]
    host_names: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Everything that a certificate has to name, each once."""
        return tuple(dict.fromkeys((*self.addresses, *self.host_names, *_SERVED_OWN)))

    def list_hosts(self, port: int) -> tuple[str, ...]:
        """Names as they stand in ``Host``, with the port, without this computer's own."""
        names = (*self.addresses, *self.host_names)
        return tuple(f"{name}:{port}" for name in names)


def find_names() -> LanNames:
    """Look up what this computer is called now; nothing is sent anywhere."""
    found = [
        address.ip if isinstance(address.ip, str) else address.ip[0]
        for adapter in ifaddr.get_adapters()
        for address in adapter.ips
    ]
    return LanNames(
        addresses=choose_addresses(found, first=_find_outgoing()),
        host_names=choose_host_names(socket.gethostname()),
    )


def choose_addresses(found: Iterable[str], *, first: str = "") -> tuple[str, ...]:
    """Choose the addresses that another computer can reach, in the order to try them.

    Parameters
    ----------
    found : iterable of str
        Of all network cards. Those of IPv6 are left out, for nothing listens there, and so are
        loopback, link-local and multicast ones: a browser cannot open them, or reaches itself.
    first : str
        The one that leads out of this computer, where that is known.
    """
    chosen: dict[ipaddress.IPv4Address, None] = {}
    for text in found:
        try:
            address = ipaddress.IPv4Address(text)
        except ValueError:
            continue
        if not _is_for_nobody_else(address):
            chosen[address] = None
    ordered = sorted(chosen, key=lambda each: str(each) != first)
    return tuple(str(address) for address in ordered)


def _is_for_nobody_else(address: ipaddress.IPv4Address) -> bool:
    return (
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
    )


def choose_host_names(host_name: str) -> tuple[str, ...]:
    """Make the names that a certificate may hold of what a computer calls itself."""
    name = host_name.strip().rstrip(".").lower()
    if len(name) > 200 or not _NAME.fullmatch(name) or name == "localhost":
        return ()
    short = name.partition(".")[0]
    return tuple(dict.fromkeys((name, f"{short}.local")))


def _find_outgoing() -> str:
    """Return the address this computer would send from; connecting UDP sends nothing."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(_SOME_ADDRESS)
            return str(probe.getsockname()[0])
    except OSError:  # no network at all
        return ""
