"""Clients of the gate, honest and hostile."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.boot import PATIENCE, Boot, request

PROMPT = 1.0  # seconds; generous, what is promised is milliseconds
GET = b"GET /healthz HTTP/1.1\r\nHost: airlock\r\n\r\n"


def client_hello() -> bytes:
    """What a TLS client sends first."""
    sent = ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), sent, server_hostname="airlock.example")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return sent.read()


MIB = 1 << 20
LONG_BODY = b"\r\nContent-Length: 1048576\r\n\r\n" + bytes(MIB)
HOSTILE = {
    "garbage": (bytes(range(256)) * 64, 400),
    "a TLS ClientHello": (client_hello(), 400),
    "an SSH greeting": (b"SSH-2.0-OpenSSH_9.6\r\n", 400),
    "an HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 505),
    "a request line of 1 MB": (b"GET /" + b"a" * MIB + b" HTTP/1.1\r\n\r\n", 414),
    "a request line of 20 KB": (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", 414),
    "1 MB of fields": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * (MIB // 6) + b"\r\n", 431),
    "a field of 20 KB": (b"GET / HTTP/1.1\r\nA: " + b"b" * 20_000 + b"\r\n\r\n", 431),
    "1 MB of empty lines": (b"\r\n" * (MIB // 2), 431),
    "half a request": (GET[:20], 408),
    "nothing": (b"", 408),
    "a request that ends its lines with LF": (GET.replace(b"\r", b""), 200),
    "three requests in one piece": (GET * 3, 200),
    "a POST with 1 MB to a probe's path": (b"POST /health HTTP/1.1" + LONG_BODY, 405),
    "a POST with 1 MB elsewhere": (b"POST /upload HTTP/1.1" + LONG_BODY, 503),
    "a request to be upgraded": (b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 503),
    "a client that expects 100": (b"PUT /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", 503),
}


class HonestProber(threading.Thread):
    """Asks for `/healthz` again and again, as a kubelet does; `worst` is its longest wait in seconds."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._stopping = threading.Event()
        self.answers = 0
        self.worst = 0.0
        self.error: Exception | None = None

    def run(self) -> None:
        """Probe until stopped; the first failure ends it."""
        try:
            while not self._stopping.is_set():
                began = time.monotonic()
                assert request(self._port, "GET", "/healthz").status == 200
                self.worst = max(self.worst, time.monotonic() - began)
                self.answers += 1
                self._stopping.wait(0.01)
        except Exception as error:
            self.error = error

    def stop(self) -> None:
        """Let it finish its probe."""
        self._stopping.set()
        self.join(PATIENCE)


@contextmanager
def probed_promptly(process: Boot) -> Iterator[None]:
    """While the body runs, an honest prober is answered all the time."""
    prober = HonestProber(process.port)
    prober.start()
    try:
        yield
    finally:
        prober.stop()
    assert prober.error is None, f"{prober.error!r}; the gate said:\n{process.output}"
    assert prober.answers
    assert prober.worst < PROMPT


def connect(process: Boot, receive_buffer: int = 0) -> socket.socket:
    """A client's connection."""
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(PATIENCE)
    connection.connect(("127.0.0.1", process.port))
    return connection


def read_to_end(connection: socket.socket) -> bytes:
    """All that comes until the other side closes or resets."""
    data = bytearray()
    try:
        while chunk := connection.recv(65536):
            data += chunk
    except ConnectionResetError:
        pass
    return bytes(data)


def status_of(answer: bytes) -> int:
    """The status of the one response in `answer`."""
    assert answer.count(b"HTTP/1.1 ") == 1, answer[:200]
    return int(answer[9:12])
