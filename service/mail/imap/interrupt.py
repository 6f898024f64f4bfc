"""What another thread ends a wait by, and a poll sees."""

from __future__ import annotations

import select
import socket


class Interrupt:
    """Set by `set` from any thread, until `clear`. `reader` is readable meanwhile."""

    def __init__(self) -> None:
        self.reader, self._writer = socket.socketpair()
        self.reader.setblocking(False)
        self._writer.setblocking(False)

    def set(self) -> None:
        """Have whoever waits return; never raises."""
        try:
            self._writer.send(b"\0")
        except OSError:
            pass  # set often enough already, or closed

    def wait(self, timeout: float) -> bool:
        """Whether it was set within `timeout` seconds."""
        poll = select.poll()
        poll.register(self.reader, select.POLLIN)
        return bool(poll.poll(timeout * 1000))

    def clear(self) -> None:
        """Be ready for the next time."""
        try:
            while self.reader.recv(4096):
                pass
        except OSError:
            pass  # nothing more, or closed

    def close(self) -> None:
        """Let go of both ends."""
        self.reader.close()
        self._writer.close()
