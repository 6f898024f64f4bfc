"""The replay: a client that comes back has what it missed, in order and once, and then what comes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from service.store import events
from service.store.tables import Event
from tests.service.engine import run_client
from tests.service.live.listener import OWNER, TRANSPORTS, Listener, append, serve, writers
from tests.service.process import free_port, metric

if TYPE_CHECKING:
    from service.store.database import Database
    from service.store.url import DatabaseUrl
    from tests.boot import Boot

EACH = 500


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_client_is_sent_what_it_missed_and_then_what_comes(
    database: Database, database_url: DatabaseUrl, transport: str
) -> None:
    """First all that came after its last id, in pages that it does not see, then `sync.complete`, then the new."""

    async def scenario() -> None:
        last = append(database, 1203)
        async with Listener(boot.url, transport, last_id=2) as listener:
            assert await listener.hears("sync.complete", "sync.reset") == ("sync.complete", {"last_id": last})
            assert listener.ids == list(range(3, last + 1))
            event, told = await after_append(listener)
            assert (event, told["id"], told["type"], told["account_id"]) == ("message.new", last + 1, event, None)
            assert told["data"] == {"n": 0}
            assert told["at"].endswith("+00:00")

    async def after_append(listener: Listener) -> tuple[str, Any]:
        append(database, 1)
        return await listener.hears()

    with serve(database_url) as boot:
        boot.wait_ready()
        run_client(scenario())
        assert metric(boot, "airlock_replays_total") == 1
        assert metric(boot, "airlock_replay_resets_total") == 0
        assert metric(boot, "airlock_events_delivered_total") == 1202
        assert metric(boot, "airlock_live_clients") == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_stream_arrives_once_and_in_order_over_any_number_of_connections(
    database_url: DatabaseUrl, transport: str
) -> None:
    """While two processes append, the service is killed again and again; the client comes back with its last id."""
    port = str(free_port())
    listener = Listener(f"http://127.0.0.1:{port}", transport, last_id=0)

    async def scenario() -> None:
        boot = await begin()
        async with listener:
            with writers(database_url, EACH):
                for wanted in (EACH // 5, EACH):
                    await listener.has(wanted, 60)
                    boot.process.kill()
                    await asyncio.to_thread(boot.__exit__)
                    boot = await begin()
                    await listener.comes_back()
                await listener.has(2 * EACH, 60)
            await listener.hears("sync.complete")
        boot.__exit__()

    async def begin() -> Boot:
        return await asyncio.to_thread(serve(database_url, PORT=port).wait_ready)

    run_client(scenario())
    assert listener.ids == list(range(1, 2 * EACH + 1))
    assert listener.connections == 3
    for name in "ab":
        assert [event["data"][name] for event in listener.events if name in event["data"]] == list(range(EACH))


def test_without_a_last_id_a_client_begins_with_the_next_event(database: Database, database_url: DatabaseUrl) -> None:
    """It learns where the log is, and may ask later, once, for what came before; that comes once too."""

    async def scenario() -> None:
        append(database, 5)
        async with Listener(boot.url, "websocket") as listener:
            assert await listener.hears() == ("sync.complete", {"last_id": 5})
            append(database, 1)
            await listener.has(6)
            assert await listener.asks("sync", {"last_id": 2}) == {"ok": True, "data": {}}
            await listener.hears("sync.complete")
            append(database, 1)
            await listener.has(7)
            assert listener.ids == [6, 3, 4, 5, 7]
            again = await listener.asks("sync", {"last_id": 0})
            assert (again["ok"], again["error"]["status"]) == (False, 409)

    with serve(database_url) as boot:
        boot.wait_ready()
        run_client(scenario())


@pytest.mark.parametrize("sent", [[], [{}], [{"last_id": -1}], [{"last_id": "1"}], [{"last_id": True}], [7], [{}, {}]])
def test_a_sync_that_says_nothing_usable_is_refused(service: Boot, sent: list[Any]) -> None:
    """The acknowledgement says what it takes, and the connection goes on."""

    async def scenario() -> Any:
        async with Listener(service.url, "websocket") as listener:
            refused = await listener.asks("sync", tuple(sent))
            assert (await listener.asks("sync", {"last_id": 0}))["ok"]
            return refused

    refused = run_client(scenario())
    assert (refused["ok"], refused["error"]["status"]) == (False, 400)
    assert "the id of the last event that you have" in refused["error"]["detail"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_what_the_log_does_not_have_makes_a_client_begin_anew(
    database: Database, database_url: DatabaseUrl, transport: str
) -> None:
    """Of pruned history, or of an id from another log, it is told with `sync.reset`, and then it has what comes."""

    async def scenario() -> None:
        for known, last in ((3, 12), (100, 13)):
            async with Listener(boot.url, transport, last_id=known) as listener:
                assert await listener.hears() == ("sync.reset", {"last_id": last})
                append(database, 1)
                await listener.has(last + 1)
                assert listener.ids == [last + 1]

    with serve(database_url) as boot:
        boot.wait_ready()
        append(database, 12)
        forget(database, 8)
        run_client(scenario())
        assert metric(boot, "airlock_replay_resets_total") == 2


def forget(database: Database, last_id: int) -> None:
    """Have the log forget up to an event."""
    with database.write() as session:
        long_ago = datetime.now(UTC) - 2 * events.KEPT
        session.execute(update(Event).where(Event.user_id == OWNER, Event.id <= last_id).values(at=long_ago))
        events.prune(session, datetime.now(UTC) - events.KEPT, last_id)
