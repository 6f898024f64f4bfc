"""Request bodies: the limit, and the end of a response that came before the end of its request."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.service.engine import CONNECT, PATIENCE, Polling
from tests.service.process import start, start_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.boot import Boot

LIMIT = 1_000_000


def chunks(size: int) -> Iterator[bytes]:
    """A body without a length: HTTP/1.1 sends it in chunks."""
    part = b"4" * 65536
    for sent in range(0, size, len(part)):
        yield part[: size - sent]


@pytest.mark.parametrize("path", ["/", "/socket.io/?EIO=4&transport=polling&sid=nobody"])
def test_a_body_that_declares_too_much_is_refused(service: Boot, path: str) -> None:
    """413 names the limit, wherever the body is sent to."""
    reply = httpx2.post(service.url + path, content=b"x" * (LIMIT + 1), timeout=PATIENCE)
    assert reply.status_code == reply.json()["status"] == 413
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["detail"] == "the body is larger than 1000000 bytes (MAX_BODY_SIZE)"


def test_a_declared_length_is_enough_to_be_refused(service: Boot) -> None:
    """A client that only announces a large body gets its 413 without sending it."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000000\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_a_chunked_body_is_counted_while_it_is_read(service: Boot) -> None:
    """Without a length the limit holds all the same."""
    with Polling(service.url) as client:
        client.connect()
        reply = client.http.post(client.path, content=chunks(3 * LIMIT))
        assert reply.status_code == 413
        assert reply.headers["content-type"] == "application/problem+json"


def test_a_refused_body_leaves_its_session_alive(service: Boot) -> None:
    """A POST over the limit on a session that nobody polls is answered, and the session goes on."""
    with Polling(service.url) as client:
        client.open()
        assert client.post("4" * (LIMIT + 1)).status_code == 413
        assert client.post(CONNECT).status_code == 200
        assert client.poll()[0].startswith("40{")


def test_a_chunked_packet_arrives(service: Boot) -> None:
    """A proxy that sends a packet in chunks loses nothing of it."""
    with Polling(service.url) as client:
        client.open()
        assert (
            client.http.post(client.path, content=iter([CONNECT[:5].encode(), CONNECT[5:].encode()])).status_code == 200
        )
        assert client.poll()[0].startswith("40{")


def test_the_limit_can_be_set() -> None:
    """MAX_BODY_SIZE is what counts."""
    with start(MAX_BODY_SIZE="2000") as boot:
        boot.wait_ready()
        assert httpx2.post(f"{boot.url}/nowhere", content=b"x" * 2000, timeout=PATIENCE).status_code == 404
        assert httpx2.post(f"{boot.url}/nowhere", content=b"x" * 2001, timeout=PATIENCE).status_code == 413


@pytest.mark.parametrize("size", [1000, 900_000, 50_000_000])
def test_a_response_before_the_end_of_its_request_arrives_and_the_connection_ends(tmp_path: Path, size: int) -> None:
    """An application may answer without reading: the client gets the answer, and nothing is left in flight."""
    with start_app(tmp_path, app="faulty_service:app") as boot:
        boot.wait_ready()
        with httpx2.Client(timeout=PATIENCE) as client:
            for content in (b"x" * size, chunks(size)):
                status = 200 if size <= LIMIT or not isinstance(content, bytes) else 413
                assert client.post(f"{boot.url}/deaf", content=content).status_code == status
            assert client.get(boot.url).status_code == 200
        assert boot.stop() == 0
        assert "draining: nothing in flight" in boot.output
