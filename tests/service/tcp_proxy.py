"""A TCP proxy in a thread: a line to a server that a test can cut and freeze."""

from __future__ import annotations

import select
import socket
import threading
from typing import Self


class TcpProxy:
    """Forwards what comes to `port` of this machine to the server on `target`. As a context manager it ends all.

    `connections` counts those that were accepted, `forwarded` the bytes that the server has sent. With `limit` a
    connection is cut when that many bytes of the server have passed on it.
    """

    def __init__(self, target: int, *, limit: int | None = None) -> None:
        self._target = target
        self.limit = limit
        self.connections = 0
        self.forwarded = 0
        self._frozen = False
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._passed: dict[socket.socket, int] = {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._wake, self._waker = socket.socketpair()
        self._lock = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._waker.send(b"\0")
        self._thread.join()
        self.cut()
        for opened in (self._listener, self._wake, self._waker):
            opened.close()

    def cut(self) -> None:
        """Cut every connection that there is, without a word to either side's program."""
        with self._lock:
            for opened in list(self._pairs):
                self._cut(opened)

    def lose(self) -> None:
        """Have no server any more: cut every connection, and each new one as soon as it is there."""
        self._target = 0
        self.cut()

    def freeze(self) -> None:
        """Accept connections, and forward nothing any more."""
        self._frozen = True
        self._waker.send(b"\0")

    def thaw(self) -> None:
        """Forward again."""
        self._frozen = False
        self._waker.send(b"\0")

    def _run(self) -> None:
        while not self._ended:
            with self._lock:
                watched = [] if self._frozen else list(self._pairs)
            ready, _, _ = select.select([self._listener, self._wake, *watched], [], [], 0.1)
            for opened in ready:
                if opened is self._wake:
                    self._wake.recv(4096)
                elif opened is self._listener:
                    self._accept()
                else:
                    with self._lock:
                        if opened in self._pairs:
                            self._forward(opened)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        self.connections += 1
        try:
            server = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            client.close()
            return
        with self._lock:
            self._pairs |= {client: server, server: client}
            self._passed[server] = 0

    def _forward(self, opened: socket.socket) -> None:
        try:
            data = opened.recv(65_536)
            if opened in self._passed:
                self.forwarded += len(data)
                self._passed[opened] += len(data)
                if self.limit is not None and self._passed[opened] > self.limit:
                    data = b""
            if data:
                self._pairs[opened].sendall(data)
        except OSError:
            data = b""
        if not data:
            self._cut(opened)

    def _cut(self, opened: socket.socket) -> None:
        other = self._pairs.pop(opened, None)
        if other is None:
            return
        del self._pairs[other]
        for end in (opened, other):
            self._passed.pop(end, None)
            end.close()
