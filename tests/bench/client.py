"""Clients that watch a boot from outside, on a new connection each time, as the kubelet does."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from tests.bench.processes import PATIENCE

if TYPE_CHECKING:
    from tests.bench.processes import Running

EAGER = 0.0
"""Seconds between two attempts when every tenth of a millisecond counts: a tight loop also measured steadiest."""
STEADY = 0.002
"""Seconds between two attempts during a boot of some hundred milliseconds, so that asking takes no share of it."""


def answered_after(running: Running, path: str, *, status: int | None = None, pause: float) -> float:
    """Seconds from the spawn to the first byte of a response to `GET path`; of one with `status`, if given."""
    request = _request(path)
    while True:
        got = _status(running.port, request)
        if got is not None and status in (None, got):
            return time.monotonic() - running.started
        running.check()
        time.sleep(pause)


def worst_latency_until_ready(running: Running, every: float) -> float:
    """Seconds that the slowest probe took, liveness or readiness, from the first connection until `/health` is 200."""
    worst = 0.0
    while True:
        for path in ("/healthz", "/health"):
            began = time.monotonic()
            status = _status(running.port, _request(path))
            if status is not None:
                worst = max(worst, time.monotonic() - began)
        if status == 200:
            return worst
        running.check()
        time.sleep(every)


def _request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()


def _status(port: int, request: bytes) -> int | None:
    """The status code, as soon as the first bytes of the response are here; None without an answer."""
    with socket.socket() as connection:
        connection.settimeout(PATIENCE)
        try:
            connection.connect(("127.0.0.1", port))
            connection.sendall(request)
            head = connection.recv(4096)
        except (ConnectionError, TimeoutError):
            return None
    return int(head[9:12]) if head.startswith((b"HTTP/1.1 ", b"HTTP/1.0 ")) else None
