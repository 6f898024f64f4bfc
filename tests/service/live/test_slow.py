"""A client that takes nothing: what waits for it is in the log, not in memory, and nobody else waits."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

import pytest
import websockets

from tests.service.engine import PATIENCE, WEBSOCKET, Polling, run_client
from tests.service.live.listener import Listener, append, serve
from tests.service.process import TOKEN, metric

if TYPE_CHECKING:
    from service.store.database import Database
    from service.store.url import DatabaseUrl
    from tests.boot import Boot

MANY = 2000
LARGE = "x" * 20_000
DELIVERED = "airlock_events_delivered_total"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_websocket_that_does_not_read_holds_nothing_up(database: Database, database_url: DatabaseUrl) -> None:
    """40 MB wait for it, and the service has read what the network's buffers take; later it has them all, in order."""

    async def scenario() -> None:
        url = f"ws://127.0.0.1:{boot.port}{WEBSOCKET}"
        async with websockets.connect(url, compression=None, ping_interval=None) as slow:
            await slow.recv()
            slow.transport.pause_reading()
            await slow.send(f'40{{"token":"{TOKEN}","last_id":0}}')
            async with Listener(boot.url, "websocket", MANY - 1) as quick:
                await quick.has(MANY)
            held = await asyncio.to_thread(eventually_settled, boot)
            assert held < MANY / 2
            slow.transport.resume_reading()
            ids: list[int] = []
            async with asyncio.timeout(2 * PATIENCE):
                while len(ids) < MANY:
                    packet = str(await slow.recv())
                    if packet.startswith('42["message.new"'):
                        ids.append(json.loads(packet[2:])[1]["id"])
                    elif packet == "2":
                        await slow.send("3")
            assert ids == list(range(1, MANY + 1))

    with serve(database_url) as boot:
        boot.wait_ready()
        append(database, MANY, large=LARGE)
        run_client(scenario())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_client_that_does_not_poll_is_sent_a_handful(database: Database, database_url: DatabaseUrl) -> None:
    """And no poll is answered with more packets than Python's client takes, which is 16."""
    with serve(database_url) as boot, Polling(boot.wait_ready().url) as client:
        append(database, MANY)
        client.open()
        client.post(f'40{{"token":"{TOKEN}","last_id":0}}')
        held = eventually_settled(boot)
        assert 0 < held < 16
        polls = [client.poll()]
        while not polls[-1][-1].startswith('42["sync.complete"'):
            polls.append(client.poll())
        assert max(map(len, polls)) <= 16
        packets = [packet for poll in polls for packet in poll if packet.startswith('42["message.new"')]
        assert [json.loads(packet[2:])[1]["id"] for packet in packets] == list(range(1, MANY + 1))


def eventually_settled(boot: Boot) -> float:
    """How many events were delivered once that does not change any more."""
    before, now = -1.0, 0.0
    while before != now or not now:
        time.sleep(0.5)
        before, now = now, metric(boot, DELIVERED)
    return now
