"""The drain of live events: clients are let go at once, and come back by themselves."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest
import socketio

from tests.service.engine import AUTH, PATIENCE, Polling, run_client
from tests.service.process import free_port, start

if TYPE_CHECKING:
    from tests.boot import Boot

GRACE = "20"  # seconds; a poll that is not let go would last until then, and be logged as cut off


async def stopped(boot: Boot) -> int:
    """SIGTERM, then the exit status."""
    return await asyncio.to_thread(boot.stop)


def test_a_long_poll_is_let_go_with_an_empty_answer() -> None:
    """A poll in flight gets a NOOP on a connection that then closes, and the exit is clean."""
    with start(GRACE_PERIOD=GRACE) as boot, Polling(boot.wait_ready().url) as client:
        client.connect()
        poll = client.begin_poll()
        assert boot.stop() == 0
        answer = poll.getresponse()
        assert (answer.status, answer.read()) == (200, b"6")
        assert answer.headers["connection"] == "close"
        assert "cut off" not in boot.output


def test_a_request_that_is_complete_only_in_the_drain_is_sent_away() -> None:
    """Once polls were let go nothing new waits: 503 makes every client connect again, elsewhere."""
    with start(GRACE_PERIOD=GRACE) as boot, Polling(boot.wait_ready().url) as client:
        client.connect()
        with socket.create_connection(("127.0.0.1", boot.port), timeout=PATIENCE) as late:
            late.sendall(f"GET {client.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n".encode())
            poll = client.begin_poll()
            boot.signal()
            assert poll.getresponse().read() == b"6"
            late.sendall(b"x")
            assert late.makefile("rb").read().startswith(b"HTTP/1.1 503 ")
        assert boot.wait() == 0


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_a_client_comes_back_by_itself_on_the_next_instance(transport: str) -> None:
    """Python's client reconnects over each transport when the instance that it was on has gone."""

    async def scenario() -> None:
        port = str(free_port())
        statuses: asyncio.Queue[Any] = asyncio.Queue()
        client = socketio.AsyncClient(reconnection_delay=0.1, reconnection_delay_max=0.2)
        client.on("connection_status", statuses.put)
        with start(PORT=port, GRACE_PERIOD=GRACE, AIRLOCK_COMMIT="old") as old:
            await asyncio.to_thread(old.wait_ready)
            await client.connect(old.url, transports=[transport], auth=AUTH, wait_timeout=PATIENCE)
            first = await asyncio.wait_for(statuses.get(), PATIENCE)
            assert await stopped(old) == 0
            assert "cut off" not in old.output
        with start(PORT=port) as new:
            await asyncio.to_thread(new.wait_ready)
            second = await asyncio.wait_for(statuses.get(), PATIENCE)
            await client.disconnect()
        assert first["sid"] != second["sid"]

    run_client(scenario())
