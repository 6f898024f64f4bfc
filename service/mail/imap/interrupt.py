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
        """Whether it was set within `timeout` seconds; none when they are over, which a poll would take for ever."""
        poll = select.poll()
        poll.register(self.reader, select.POLLIN)
        return bool(poll.poll(max(0.0, timeout) * 1000))

    def clear(self) -> bool:
        """Be ready for the next time; whether it was set."""
        was_set = False
        try:
            while self.reader.recv(4096):
                was_set = True
        except OSError:
            pass  # nothing more, or closed
        return was_set

    def close(self) -> None:
        """Let go of both ends."""
        self.reader.close()
        self._writer.close()
