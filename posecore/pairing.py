"""Pairing: a device that is not this computer shows a short code once, and is known from then on.

The code is short enough to type, so it must not be tried out: wrong ones cost time, more each
time, and after five there is a new one.
"""

import hmac
import ipaddress
import re
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from typing import Final

from posecore.errors import TooManyRequestsError, WrongPairingCodeError

ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters and digits that nobody takes for one another."""
CODE_LENGTH: Final = 8
TRIES: Final = 5
"""Wrong codes after which whoever typed them waits, and the code is another."""
FIRST_WAIT_S: Final = 30.0
LONGEST_WAIT_S: Final = 3600.0
MAX_WRONG: Final = 60
"""Wrong codes of all devices together within `WINDOW_S`; then nobody can pair for a while."""
WINDOW_S: Final = 600.0
_FORGOTTEN_S: Final = 86400.0
_MAX_ADDRESSES: Final = 1000
_OWN_ADDRESSES: Final = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})
_FORWARDING: Final = frozenset(
    {b"forwarded", b"via", b"x-real-ip"}
    | {b"x-forwarded-" + each for each in (b"for", b"host", b"port", b"proto", b"server")}
)

_DEVICES: Final = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android phone", r"Android.*Mobile"),
    ("Android tablet", r"Android"),
    ("Windows computer", r"Windows NT"),
    ("Chromebook", r"CrOS"),
    ("Mac or iPad", r"Macintosh"),  # an iPad calls itself a Mac
    ("Linux computer", r"Linux"),
)
_BROWSERS: Final = (
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Opera", r"OPR/|Opera"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Safari", r"Safari/"),
)


class PairingDesk:
    """Holds the code and counts who gets it wrong; safe to use from several threads.

    Parameters
    ----------
    get_time_s : callable
        A clock that never goes back, seconds.
    tell : callable, optional
        Is told each new code but the first.
    """

    def __init__(
        self,
        get_time_s: Callable[[], float] = time.monotonic,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._get_time_s = get_time_s
        self._tell = tell
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._recent: deque[float] = deque(maxlen=MAX_WRONG)
        self._n_wrong_of_this_code = 0
        self._code = make_code()

    @property
    def code(self) -> str:
        """The code that pairs now, as it is shown: two groups of four."""
        return f"{self._code[:4]}-{self._code[4:]}"

    def renew(self) -> None:
        """Make another code; the one before is worth nothing from now on.

        Whoever may ask for it stands at the computer: that nobody can pair for a while is over.
        """
        with self._lock:
            self._recent.clear()
            self._renew()

    def _renew(self) -> None:
        self._code = make_code()
        self._n_wrong_of_this_code = 0
        if self._tell is not None:
            self._tell(self.code)

    def check(self, text: str, address: str) -> None:
        """Make sure that a code is the right one.

        Parameters
        ----------
        text : str
            As somebody typed it: small letters, spaces and dashes are fine.
        address : str
            From where it came, as the connection itself says.

        Raises
        ------
        WrongPairingCodeError
        TooManyRequestsError
            While this address, or everybody, has to wait; the code is not even looked at then.
        """
        with self._lock:
            now_s = self._get_time_s()
            place = find_place(address)
            self._make_sure_nobody_waits(place, now_s)
            typed = normalise(text).encode("utf-8", "surrogatepass")
            is_right = hmac.compare_digest(typed, self._code.encode())
            if is_right:
                self._wrong.pop(place, None)
                return
            self._count_wrong(place, now_s)

    def _make_sure_nobody_waits(self, place: str, now_s: float) -> None:
        n_wrong, last_s = self._wrong.get(place, (0, 0.0))
        if now_s - last_s > _FORGOTTEN_S:
            self._wrong.pop(place, None)
            n_wrong = 0
        wait_s = last_s + find_wait_s(n_wrong) - now_s
        if wait_s > 0:
            raise TooManyRequestsError(
                f"This device typed {n_wrong} wrong codes; wait {say_wait(wait_s)}, then type the "
                "code that the computer shows then. Other devices are not held up.",
                retry_after_s=wait_s,
            )
        wait_s = self._recent[0] + WINDOW_S - now_s if len(self._recent) == MAX_WRONG else 0.0
        if wait_s > 0:
            raise TooManyRequestsError(
                "Too many wrong codes came from this network, so nobody can pair for now; wait "
                f"{say_wait(wait_s)}, then type the code that the computer shows then.",
                retry_after_s=wait_s,
            )

    def _count_wrong(self, place: str, now_s: float) -> None:
        n_wrong = self._wrong.pop(place, (0, 0.0))[0] + 1
        self._wrong[place] = (n_wrong, now_s)
        while len(self._wrong) > _MAX_ADDRESSES:
            self._wrong.popitem(last=False)
        self._recent.append(now_s)
        self._n_wrong_of_this_code += 1
        if self._n_wrong_of_this_code >= TRIES:
            self._renew()
        wait_s = find_wait_s(n_wrong)
        if wait_s:
            raise TooManyRequestsError(
                f"That was wrong code number {n_wrong}, so the computer shows a new one now; wait "
                f"{say_wait(wait_s)}, then type the new one.",
                retry_after_s=wait_s,
            )
        n_left = TRIES - n_wrong
        raise WrongPairingCodeError(
            "This is not the code that the computer shows now; look there and type it again. "
            f"{n_left} {'tries are' if n_left > 1 else 'try is'} left before you have to wait."
        )


def make_code() -> str:
    """Make a code of 40 bits of chance."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def normalise(text: str) -> str:
    """Take a code as people type it: without case, spaces and dashes."""
    return re.sub(r"[\s\u2010-\u2015-]", "", text[:100]).upper()


def find_wait_s(n_wrong: int) -> float:
    """Seconds to wait after so many wrong codes: none below five, then doubled with each."""
    if n_wrong < TRIES:
        return 0.0
    return float(min(FIRST_WAIT_S * 2.0 ** min(n_wrong - TRIES, 20), LONGEST_WAIT_S))


def say_wait(wait_s: float) -> str:
    """Say how long to wait, rounded up."""
    if wait_s <= 90:
        return f"{max(1, -int(-wait_s // 1))} s"
    return f"{-int(-wait_s // 60)} minutes"


def find_place(address: str) -> str:
    """What of an address is one place: an IPv6 device may take any of its network's 2^64."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:100]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def is_this_computer(address: str | None, header_names: Iterable[bytes]) -> bool:
    """Whether a request comes from this computer itself, and speaks for nobody else.

    Parameters
    ----------
    address : str or None
        Of the other end of the connection.
    header_names : iterable of bytes
        In small letters. One that a proxy adds says that somebody else asks through it: it can
        take trust away, and never gives any.
    """
    return address in _OWN_ADDRESSES and not _FORWARDING.intersection(header_names)


def name_device(user_agent: str) -> str:
    """Name a device by what its browser says it is: ``iPhone, Safari``."""
    text = user_agent[:500]
    device = next((name for name, pattern in _DEVICES if re.search(pattern, text)), "Device")
    browser = next((name for name, pattern in _BROWSERS if re.search(pattern, text)), "")
    return f"{device}, {browser}" if browser else device
