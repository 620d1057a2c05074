"""What strangers in the own network may hold open: some connections, each for a short while.

Whoever is in the network can open connections and say nothing, or half a request, on each of them.
Each takes one of the files that a program may have open, and without them nobody is served and
nothing is stored. So a connection is a stranger's until a request on it has shown that this device
is paired. Where strangers hold too many, the oldest of whoever holds the most makes room: nobody
waits because of others, a paired device that comes anew included.
"""

import asyncio
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from posecore.pairing import is_this_computer

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None  # type: ignore[assignment]

PATIENCE_S: Final = 15.0
"""From the first packet on a phone in a weak WLAN has shaken hands and asked in a few seconds; a
stranger needs no more than the page that asks for the code, and the answer to it."""
PER_ADDRESS: Final = 64
"""A browser opens six connections to load a page, so ten devices behind one address may begin at
once. What paired devices have open does not count."""
IN_ALL: Final = 256
"""Of strangers together; a whole club that is not paired yet."""
AT_ONCE: Final = 100
"""Connections that are taken before any of them is looked at (asyncio's own number)."""
MAX_FILES: Final = 65_536
"""More than posecore can use; some systems call the limit endless and then refuse that."""
_LESS_FILES: Final = 10_240  # as many as macOS gives, whatever it says

Peer = tuple[str, int]


class LanConnections:
    """Knows the connections of strangers, and ends what is too many or too long.

    Everything happens in the thread of the event loop.

    Parameters
    ----------
    patience_s : float
        How long a connection may be a stranger's.
    per_address, in_all : int
        How many strangers may have open.
    """

    def __init__(
        self,
        *,
        patience_s: float = PATIENCE_S,
        per_address: int = PER_ADDRESS,
        in_all: int = IN_ALL,
    ) -> None:
        self._patience_s = patience_s
        self._per_address = per_address
        self._in_all = in_all
        self._open: dict[Peer, _Connection] = {}
        # By address, the oldest first.
        self._strangers: dict[str, dict[_Connection, None]] = {}

    def guard(self, loop: asyncio.AbstractEventLoop) -> None:
        """Watch over every https server that is made in this event loop from now on.

        Streamlit makes its server itself and lets nobody choose anything about it. It asks the
        loop for it after the application has started, so the loop is where to step in: TLS then
        begins in `_Connection`, which knows of a connection before its handshake.
        """
        max_files = raise_file_limit() or MAX_FILES
        # Where a system gives few: half of them stay free, while some more are being taken too.
        self._in_all = min(self._in_all, max_files // 4)
        at_once = min(AT_ONCE, max_files // 16)
        create: Callable[..., Awaitable[asyncio.Server]] = loop.create_server

        async def create_server(
            make_protocol: Callable[[], asyncio.Protocol],
            *args: Any,
            ssl: ssl.SSLContext | None = None,
            **options: Any,
        ) -> asyncio.Server:
            if ssl is None:
                return await create(make_protocol, *args, **options)
            return await create(
                lambda: _Connection(self, loop, make_protocol(), ssl),
                *args,
                **options | {"backlog": at_once},
            )

        loop.create_server = create_server  # type: ignore[method-assign, assignment]

    def opened(self, connection: "_Connection") -> None:
        """Count a connection that begins; this computer's own are never counted."""
        if not is_this_computer(connection.peer[0], ()):
            self._open[connection.peer] = connection
            self._add(connection)

    def recognise(self, peer: Sequence[Any] | None, *, is_known: bool) -> None:
        """Say whether whoever asked something over a connection may come in.

        Parameters
        ----------
        peer : (str, int) or None
            Address and port of the other end.
        is_known : bool
            A connection of somebody who is known lives as long as it likes; it becomes a
            stranger's again with the first request that is refused.
        """
        connection = self._open.get((peer[0], peer[1])) if peer else None
        if connection is None:
            return
        if is_known:
            self._remove(connection)
        elif connection.ends is None:
            self._add(connection)

    def closed(self, connection: "_Connection") -> None:
        """Forget a connection that is over."""
        if self._open.get(connection.peer) is connection:
            del self._open[connection.peer]
        self._remove(connection)

    def _add(self, connection: "_Connection") -> None:
        own = self._strangers.setdefault(connection.peer[0], {})
        own[connection] = None
        connection.ends = asyncio.get_running_loop().call_later(self._patience_s, connection.end)
        if len(own) > self._per_address:
            _end_oldest(own)
        elif sum(map(len, self._strangers.values())) > self._in_all:
            _end_oldest(max(self._strangers.values(), key=len))

    def _remove(self, connection: "_Connection") -> None:
        if connection.ends is None:
            return
        connection.ends.cancel()
        connection.ends = None
        own = self._strangers[connection.peer[0]]
        del own[connection]
        if not own:
            del self._strangers[connection.peer[0]]


class _Connection(SSLProtocol):
    """TLS as asyncio speaks it, which tells when a connection begins, and when it is over."""

    def __init__(
        self,
        connections: LanConnections,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.Protocol,
        context: ssl.SSLContext,
    ) -> None:
        super().__init__(loop, protocol, context, None, server_side=True)  # type: ignore[arg-type]
        self._connections = connections
        self._raw: asyncio.Transport | None = None
        self.peer: Peer = ("", 0)
        self.ends: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake."""
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)
        self._raw = transport
        self.peer = transport.get_extra_info("peername", self.peer)[:2]
        self._connections.opened(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell, and end what is above."""
        self._connections.closed(self)
        super().connection_lost(exc)

    def end(self) -> None:
        """Close it at once: whoever does not speak would not take leave either."""
        self._connections.closed(self)
        if self._raw is not None:
            self._raw.abort()


def _end_oldest(connections: dict[_Connection, None]) -> None:
    next(iter(connections)).end()


def raise_file_limit() -> int:
    """Let this program have as many files open as the system allows it, up to `MAX_FILES`.

    Returns
    -------
    int
        How many that are; 0 where there is no such limit.
    """
    if resource is None:
        return 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    endless = resource.RLIM_INFINITY
    most = MAX_FILES if hard == endless else min(hard, MAX_FILES)
    for wanted in (most, min(most, _LESS_FILES)):
        if soft == endless or soft >= wanted:
            break
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return MAX_FILES if soft == endless else soft
