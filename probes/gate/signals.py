"""The signals that the gate cares for, and their way into a selector as bytes on a pipe. Standard library only."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
else:
    import _signal as signal  # what `signal` is made of, without `enum`, a seventh of what the init is

STOP = (signal.SIGTERM, signal.SIGINT)
FORWARDED = (*STOP, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
WATCHED = (*FORWARDED, signal.SIGCHLD)


def kill_group(leader: int) -> None:
    """Kill a child and whatever it started and left behind."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


class SignalPipe:
    """Catches SIGCHLD and what is forwarded; `fd` turns readable when one arrives."""

    def __init__(self) -> None:
        self.fd, self._wake = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for number in WATCHED:
            if signal.getsignal(number) != signal.SIG_IGN:  # nohup's wish, for one
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
