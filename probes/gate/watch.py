"""Waits for everything the gate waits for in one call: probes, signals, and its child. Standard library only."""

from __future__ import annotations

import math
import os
import selectors
import signal
import time

from probes.gate.signals import SignalPipe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from probes.gate.offspring import Offspring
    from probes.gate.probe_server import ProbeServer


class Watch:
    """The selector and what is not a connection in it: the signal pipe, and the child's two ends."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self._signals = SignalPipe()
        self.selector.register(self._signals.fd, selectors.EVENT_READ)
        self._sources: list[int] = []
        self._ready: list[tuple[selectors.SelectorKey, int]] = []

    def listen_to(self, sources: list[int]) -> None:
        """Wake up for these descriptors of the child, and no longer for those before."""
        for source in set(self._sources) - set(sources):
            self.selector.unregister(source)
        for source in set(sources) - set(self._sources):
            self.selector.register(source, selectors.EVENT_READ)
        self._sources = sources

    def turn(self, child: Offspring, probes: ProbeServer, deadline: float) -> bytes:
        """Wait until something happens or the deadline is reached; reap; the signals caught. `serve` comes next."""
        first = min(deadline, probes.next_deadline())
        self._ready = self.selector.select(None if math.isinf(first) else max(0.0, first - time.monotonic()))
        caught = self.caught()
        if signal.SIGCHLD in caught:
            _reap(child)
        return caught

    def serve(self, probes: ProbeServer) -> None:
        """Answer the connections that had something to say, from what is known by now."""
        for key, mask in self._ready:
            if key.data:
                key.data(mask)
        self._ready = []
        probes.expire(time.monotonic())

    def caught(self) -> bytes:
        """The numbers of the signals that arrived since the last call, one byte each, oldest first."""
        return self._signals.caught()

    def close(self) -> None:
        """Close this process's copies, as the child does."""
        self.selector.close()
        self._signals.close()


def _reap(child: Offspring) -> None:
    """Collect every process that has ended: the child, and as PID 1 the orphans of the container."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid == child.pid:
            child.status = status
