"""A line between two programs that can be cut, or go dead, for a while."""

import socket
import threading
from contextlib import suppress
from typing import Literal

State = Literal["open", "cut", "silent"]


class TcpProxy:
    """Forwards bytes between whoever connects and a port of this computer; a context manager.

    ``source`` is the address it connects from: whoever comes through it looks to the server like
    that one.

    ``cut`` ends all connections and refuses new ones. ``silent`` carries nothing and says nothing,
    like a cable that was pulled; what was under way arrives when it is ``open`` again.
    """

    def __init__(self, target_port: int, *, source: str = "") -> None:
        self._target = ("127.0.0.1", target_port)
        self._source = (source, 0) if source else None
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._state: State = "open"
        self._changed = threading.Condition()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._is_closed = False
        self.n_connections = 0

    def __enter__(self) -> "TcpProxy":
        self._start(self._accept)
        return self

    def __exit__(self, *_error: object) -> None:
        self._is_closed = True
        self.set("cut")
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(timeout=10)

    def set(self, state: State) -> None:
        """Change what the line does."""
        with self._changed:
            self._state = state
            self._changed.notify_all()
            ended = self._sockets[:] if state == "cut" else []
        for each in ended:
            _end(each)

    def _start(self, target, *args) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._is_closed:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self._state == "cut":
                client.close()
                continue
            self.n_connections += 1
            server = socket.create_connection(self._target, source_address=self._source)
            self._sockets += [client, server]
            self._start(self._pump, client, server)
            self._start(self._pump, server, client)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                with self._changed:
                    self._changed.wait_for(lambda: self._state != "silent")
                sink.sendall(data)
        _end(source)
        _end(sink)


def _end(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
