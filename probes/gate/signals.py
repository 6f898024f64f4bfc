"""Signals as bytes on a pipe, so that one selector call waits for everything. Standard library only."""

from __future__ import annotations

import os
import signal

from probes.gate.init import WATCHED


class SignalPipe:
    """Catches SIGCHLD and what is forwarded; `fd` turns readable when one arrives."""

    def __init__(self) -> None:
        self.fd, self._wake = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for number in WATCHED:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup's wish, for one
                signal.signal(number, lambda _number, _frame: None)

    def caught(self) -> bytes:
        """The numbers of the signals that arrived since the last call, one byte each, oldest first."""
        try:
            return os.read(self.fd, 512)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Close both ends, as the child does with its copies."""
        os.close(self.fd)
        os.close(self._wake)
