"""Everywhere else: what a browser finds behind any name. It answers nothing, and keeps what it was asked."""

from __future__ import annotations

import socketserver
import threading

from tests.service.listening import Listening


class Elsewhere(Listening):
    """A context manager that listens on `port`; `heard` has the first bytes of each connection, TLS or not."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._news = threading.Condition()
        elsewhere = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                elsewhere._hear(self.request.recv(4096))

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        super().__init__(server)

    def wait(self, seconds: float = 60.0) -> bytes:
        """The first thing that is heard."""
        with self._news:
            assert self._news.wait_for(lambda: self.heard, seconds), "nobody came"
            return self.heard[0]

    def _hear(self, data: bytes) -> None:
        with self._news:
            self.heard.append(data)
            self._news.notify_all()
