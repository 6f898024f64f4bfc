"""The follower: hears of events whoever appends them, and bears a database that is away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from socketio import exceptions

from service.access import Access
from service.access.authenticator import Authenticator
from service.live import follower
from service.live.follower import Follower
from service.live.server import Server
from service.settings import load
from service.store.database import Database
from tests.service.engine import PATIENCE, run_client
from tests.service.live.listener import OWNER, TRANSPORTS, Listener, append, follow, serve, writers
from tests.service.process import metric
from tests.service.redis_server import MARKS, RedisServer
from tests.service.store.databases import PostgreSQL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.store.url import DatabaseUrl

AWAY = "WARNING service.follower: live events wait for the database: "
BACK = "INFO service.follower: live events follow the database again"


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    with RedisServer() as server:
        yield server


@pytest.fixture(autouse=True)
def _only_when_woken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A follower in the test's own process looks once, and then only when it is woken."""
    monkeypatch.setattr(follower, "EVERY", 3600.0)


def test_a_commit_of_the_same_process_is_seen_at_once(database: Database) -> None:
    """The thread that commits wakes the event loop; a transaction that is undone and one of another user do not."""

    async def scenario() -> None:
        news = asyncio.Event()
        async with Follower(database, Server(load(), authenticator)) as followed:
            with followed.log(OWNER, news.set) as log:
                await heard(news)
                await asyncio.to_thread(append, database, 2)
                await heard(news)
                assert [event.id for event in await log.after(0) or ()] == [1, 2]
            await asyncio.to_thread(append, database, 1)
            assert not news.is_set()

    access = Access(database, None)
    access.prepare(serves=False)
    authenticator = Authenticator(database, access)
    asyncio.run(scenario())


@pytest.mark.parametrize("mode", ["true", "false"])
def test_a_commit_of_another_process_is_heard_over_redis(
    database: Database, database_url: DatabaseUrl, redis: RedisServer, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """Of a worker as of another API; what nobody means leads nowhere."""
    monkeypatch.setenv("REDIS_URL", redis.url())
    monkeypatch.setenv("WORKER_MODE", "false")
    here = load()
    monkeypatch.setenv("WORKER_MODE", mode)
    elsewhere = load()
    other = Database(database_url)
    access = Access(database, None)
    access.prepare(serves=False)
    authenticator = Authenticator(database, access)

    async def scenario() -> None:
        news = asyncio.Event()
        async with (
            Server(here, authenticator) as one,
            Server(elsewhere, authenticator) as two,
            Follower(database, one) as followed,
            Follower(other, two),
        ):
            with followed.log(OWNER, news.set) as log:
                await heard(news)
                for noise in ("", "x", "²", "9" * 99, "-1", "2"):
                    await one._replicas._redis.publish("airlock:0:wake", noise)  # type: ignore[union-attr]
                await asyncio.to_thread(append, other, 1)
                await heard(news)
                assert [event.id for event in await log.after(0) or ()] == [1]

    asyncio.run(scenario())
    other.close()


test_a_commit_of_another_process_is_heard_over_redis.pytestmark += MARKS  # type: ignore[attr-defined]


async def heard(news: asyncio.Event) -> None:
    """Wait for news."""
    await asyncio.wait_for(news.wait(), PATIENCE)
    news.clear()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_replicas_do_not_multiply_an_event(
    database_url: DatabaseUrl, redis: RedisServer, maildir: Path, transport: str
) -> None:
    """Each sends to its own clients what it reads itself, and what passes over Redis only wakes it."""
    env = {"REDIS_URL": redis.url(), "MAILDIR_ROOTS": str(maildir.parent), "COSTLY_REQUESTS": "1000000"}

    async def scenario() -> None:
        async with Listener(one.url, transport, 0) as first, Listener(two.url, transport, 0) as second:
            with writers(database_url, 40):
                assert (await first.asks("command", {"name": "accounts.create", "input": follow(maildir)}))["ok"]
                for _ in range(20):
                    assert (await first.asks("command", {"name": "control.pause-all"}))["ok"]
                    assert (await second.asks("command", {"name": "control.resume-all"}))["ok"]
                await first.has(121)
                await second.has(121)
            assert first.ids == second.ids == list(range(1, 122))

    with serve(database_url, **env) as one, serve(database_url, **env) as two:
        one.wait_ready()
        two.wait_ready()
        run_client(scenario())


test_replicas_do_not_multiply_an_event.pytestmark += MARKS  # type: ignore[attr-defined]


@pytest.mark.docker
def test_a_database_that_is_restarted_is_followed_again() -> None:
    """Clients stay while it is away, those that come meanwhile get in afterwards, and nobody misses an event."""
    command = {"name": "control.pause-all", "key": "7f3c"}

    async def scenario() -> None:
        async with Listener(boot.url, "websocket", 0) as listener:
            await asyncio.to_thread(append, database, 3)
            await listener.has(3)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(boot.wait_for, AWAY)
            refused = await listener.asks("command", command)
            assert (refused["ok"], refused["error"]["status"]) == (False, 503)
            assert refused["error"]["detail"].startswith("the database does not answer: send the command again")
            late = asyncio.create_task(arrive())
            await asyncio.to_thread(server.start)
            await asyncio.to_thread(append, database, 3)
            await listener.has(6)
            assert listener.ids == await late == list(range(1, 7))
            assert listener.connections == 1
            assert (await listener.asks("command", command))["ok"]

    async def arrive() -> list[int]:
        while True:
            # Python's client may take itself for connected after tries of its own that were broken off.
            late = Listener(boot.url, "polling", 0, reconnection=False)
            try:
                await late.client.connect(boot.url, transports=["polling"], auth=late._auth, wait_timeout=3)
            except exceptions.ConnectionError:
                continue
            await late.has(6)
            await late.client.disconnect()
            return late.ids

    with PostgreSQL(lasting=True) as server:
        url = server.url(server.create())
        with serve(url) as boot:
            boot.wait_ready()
            database = Database(url)
            run_client(scenario())
            database.close()
            assert boot.output.count(AWAY) == boot.output.count(BACK) == 1
            assert boot.get("/health").status == 200
            assert metric(boot, "airlock_live_clients") == 0
            assert "Traceback" not in boot.output
