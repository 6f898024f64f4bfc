"""A load generator: keep-alive connections over loopback, each with one request in flight."""

from __future__ import annotations

import re
import selectors
import socket
import time

from tests.bench.processes import PATIENCE, Broken

CONNECTIONS = 16
MAX_REQUESTS = 1_000_000
MAX_BUSY = 0.8
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)")


def requests_per_second(port: int, path: str, seconds: float) -> float:
    """What the server on `port` answers under load.

    Raises `Broken` when an answer is not a 200, or when this process would be what limits the figure.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    began, busy = time.monotonic(), time.process_time()
    try:
        answered = _generate([Connection(port, request) for _ in range(CONNECTIONS)], began + seconds)
    except (OSError, ValueError) as error:
        raise Broken(f"the load generator on port {port}: {error}") from error
    elapsed = time.monotonic() - began
    share = (time.process_time() - busy) / elapsed
    if share > MAX_BUSY:
        raise Broken(f"the load generator was what limited the figure: it used {share:.0%} of a processor")
    return answered / elapsed


def _generate(connections: list[Connection], end: float) -> int:
    """The number of requests that were answered before `end`, on the monotonic clock."""
    answered = 0
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.sock, selectors.EVENT_READ, connection)
        while time.monotonic() < end and answered < MAX_REQUESTS:
            ready = selector.select(PATIENCE)
            if not ready:
                raise TimeoutError(f"nothing was answered for {PATIENCE:g} s")
            for key, _ in ready:
                answered += key.data.receive()
                if key.data.sock is not key.fileobj:
                    selector.unregister(key.fileobj)
                    selector.register(key.data.sock, selectors.EVENT_READ, key.data)
    for connection in connections:
        connection.sock.close()
    return answered


class Connection:
    """One client: sends the next request as soon as the last one is answered; reconnects when it is told to."""

    def __init__(self, port: int, request: bytes) -> None:
        self._port, self._request = port, request
        self.sock = self._ask_anew()
        self._response = b""

    def _ask_anew(self) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(self._request)
        return sock

    def receive(self) -> bool:
        """Read what has arrived; whether that completed an answer, upon which the next request is on its way."""
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError("a connection was closed before its request was answered")
        self._response += data
        head, found, body = self._response.partition(b"\r\n\r\n")
        if not found or not _is_whole(head.lower(), body):
            return False
        self._response = b""
        if b"\r\nconnection: close" in head.lower():
            self.sock.close()
            self.sock = self._ask_anew()
        else:
            self.sock.sendall(self._request)
        return True


def _is_whole(head: bytes, body: bytes) -> bool:
    """Whether the body has all arrived. Raises ValueError when this is not a 200 whose end can be told."""
    if not head.startswith(b"http/1.1 200"):
        raise ValueError(f"answered {head.splitlines()[0].decode(errors='replace')!r} instead of 200")
    if b"\r\ntransfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    length = _LENGTH.search(head)
    if length is None:
        raise ValueError("answered without Content-Length or chunks")
    return len(body) >= int(length[1])
