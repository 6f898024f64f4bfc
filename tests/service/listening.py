"""What the small servers of the tests have in common: each listens on a port of this machine while it is entered."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from socketserver import TCPServer


class Listening:
    """A context manager in which `server` serves, in a thread of its own."""

    def __init__(self, server: TCPServer) -> None:
        self._server = server
        self.port = int(server.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
