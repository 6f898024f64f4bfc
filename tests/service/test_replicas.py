"""Several replicas with a real Redis: events pass between them, and no replica leaves the rotation for Redis."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

import pytest
import socketio
from redis.asyncio import Redis

from service.access import Access
from service.access.authenticator import Authenticator
from service.live.server import Server
from service.settings import load
from service.store.database import Database
from tests.service.engine import AUTH, PATIENCE, run_client
from tests.service.process import TOKEN, metric, start, start_app
from tests.service.redis_server import MARKS, RedisServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.boot import Boot

    Replica = Callable[..., Boot]

pytestmark = MARKS
PASSWORD = "hunter2"
SENT = 'socketio_events_total{direction="sent"}'
INDICATOR = {"name": "redis", "call": "service.live.health:redis", "critical": False, "every": 0.2, "timeout": 3}
GONE = "indicator redis is down: Redis does not answer: "
BACK = "indicator redis is up: Redis answers"


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis that wants a password."""
    with RedisServer("--requirepass", PASSWORD) as server:
        yield server


@pytest.fixture
def replica(tmp_path: Path, redis: RedisServer) -> Replica:
    """Starts the service with a task whose state can be changed from outside, and with that Redis."""

    def begin(**env: str) -> Boot:
        variables = {"REDIS_URL": redis.url(f":{PASSWORD}@"), "PYTHONDEVMODE": "1", **env}
        return start_app(tmp_path, variables, app="replica:app", indicators=(INDICATOR,))

    return begin


class Browser:
    """A Socket.IO client that connects anew to `boot`; as an async context manager it leaves again."""

    def __init__(self, boot: Boot, transport: str = "websocket") -> None:
        self._boot, self._transport = boot, transport
        self._client = socketio.AsyncSimpleClient()

    async def __aenter__(self) -> Self:
        await self._client.connect(self._boot.url, transports=[self._transport], auth=AUTH, wait_timeout=PATIENCE)
        await self.hears("connection_status")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.disconnect()

    async def hears(self, wanted: str, **fields: str) -> Any:
        """The data of the next such event, whatever comes before it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                event, data = await self._client.receive()
                if event == wanted and fields.items() <= data.items():
                    return data


def indicator(boot: Boot) -> Any:
    """What `/health?verbose` says about Redis; readiness must be 200 whatever that is."""
    reply = boot.get("/health?verbose")
    assert boot.get("/health").status == reply.status == 200
    return next(entry for entry in reply.json()["indicators"] if entry["name"] == "redis")


async def act(boot: Boot, path: str) -> None:
    """Have the task of a replica stop or go on, as GET on `path`."""
    assert (await asyncio.to_thread(boot.get, path)).status == 200


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_an_event_from_another_process_reaches_the_clients_of_every_replica(redis: RedisServer, transport: str) -> None:
    """python-socketio's own manager, anywhere, emits to all clients of the service, and no replica counts that."""
    url = redis.url(f":{PASSWORD}@")

    async def scenario() -> None:
        outside = socketio.AsyncRedisManager(url, channel="airlock:0", write_only=True)
        async with Browser(one, transport) as first, Browser(two, transport) as second:
            await asyncio.gather(first.hears("sync.complete"), second.hears("sync.complete"))
            await outside.emit("news", {"mail": "✉"})
            assert await first.hears("news") == await second.hears("news") == {"mail": "✉"}
        await outside.redis.aclose()

    with start(REDIS_URL=url) as one, start(REDIS_URL=url) as two:
        one.wait_ready()
        two.wait_ready()
        run_client(scenario())
        for boot in (one, two):
            assert indicator(boot)["detail"] == "Redis answers, and its channel 'airlock:0' is heard"
            assert metric(boot, SENT) == 2  # its greeting, and where it is in the log
            assert boot.stop() == 0


def test_clients_of_an_api_learn_that_a_task_of_a_worker_dies_and_comes_back(replica: Replica) -> None:
    """A worker has no clients, and tells those of every replica by name, without what is wrong; it alone counts it."""

    async def scenario() -> None:
        async with Browser(api) as browser:
            await browser.hears("sync.complete")
            await act(worker, "/silence")
            down = await browser.hears("control_status")
            await act(worker, "/wake")
            up = await browser.hears("control_status")
        assert (down["task"], down["status"], up["task"], up["status"]) == ("heart", "down", "heart", "up")
        assert down["instance"] == up["instance"]
        assert down.keys() == {"task", "status", "instance", "server_time"}

    with replica(WORKER_MODE="false") as api, replica(WORKER_MODE="true") as worker:
        api.wait_ready()
        worker.wait_ready()
        run_client(scenario())
        assert metric(worker, SENT) == 2
        assert metric(api, SENT) == 2  # its greeting, and where it is in the log
        assert indicator(worker)["detail"] == "Redis answers"


def test_replicas_outlive_redis_and_find_it_again(replica: Replica, redis: RedisServer) -> None:
    """Killed, it costs what passes between replicas and no more; back on its port, it is used without a restart."""

    async def scenario() -> None:
        async with Browser(one) as first, Browser(two) as second:
            await act(one, "/silence")
            await second.hears("control_status", status="down")
            await first.hears("control_status", status="down")
            await asyncio.to_thread(redis.kill)
            for boot in (one, two):
                await asyncio.to_thread(boot.wait_for, GONE)
                entry = await asyncio.to_thread(indicator, boot)
                assert entry["status"] == "down"
                assert "ConnectionError: " in entry["detail"]
            await act(one, "/wake")
            await first.hears("control_status", status="up")
            await asyncio.to_thread(redis.start)
            for boot in (one, two):
                await asyncio.to_thread(boot.wait_for, BACK)
                assert (await asyncio.to_thread(indicator, boot))["status"] == "up"
            await act(one, "/silence")
            await second.hears("control_status", status="down")

    with replica() as one, replica() as two:
        one.wait_ready()
        two.wait_ready()
        run_client(scenario())
        assert one.stop() == two.stop() == 0
        for output in (one.output, two.output):
            assert output.count("WARNING service.replicas: events of other replicas do not arrive: ") == 1
            assert output.count("INFO service.replicas: events of other replicas arrive again") == 1
            assert "Traceback" not in output
        assert "WARNING service.replicas: an event does not reach other replicas: ConnectionError: " in one.output
        assert "INFO service.replicas: events reach other replicas again; they missed 1" in one.output


def test_an_instance_that_boots_without_redis_is_ready_and_joins_when_it_comes(
    replica: Replica, redis: RedisServer
) -> None:
    """A shared dependency that is away keeps no instance from serving."""
    redis.kill()

    async def scenario() -> None:
        async with Browser(two) as second:
            await asyncio.to_thread(redis.start)
            for boot in (one, two):
                await asyncio.to_thread(boot.wait_for, BACK)
            await act(one, "/silence")
            await second.hears("control_status", status="down")

    with replica() as one, replica() as two:
        for boot in (one.wait_ready(), two.wait_ready()):
            assert indicator(boot)["status"] == "down"
        run_client(scenario())


@pytest.mark.parametrize("mode", ["", "true"])
def test_a_server_that_is_left_has_no_task_and_no_connection(
    monkeypatch: pytest.MonkeyPatch, redis: RedisServer, database: Database, mode: str
) -> None:
    """What listens ends with the lifespan, and Redis sees nobody but the one who asks it."""
    monkeypatch.setenv("REDIS_URL", redis.url(f":{PASSWORD}@"))
    monkeypatch.setenv("WORKER_MODE", mode)

    async def scenario() -> None:
        async with Redis.from_url(redis.url(f":{PASSWORD}@")) as outside:
            async with Server(load(), Authenticator(database, Access(database, None))) as server:
                await server.emit("news", {})
                assert len(await outside.client_list()) == (2 if mode else 3)
            assert asyncio.all_tasks() == {asyncio.current_task()}
            async with asyncio.timeout(PATIENCE):
                while len(await outside.client_list()) > 1:  # it sees the end of a connection a moment later
                    await asyncio.sleep(0.01)

    asyncio.run(scenario())


@pytest.mark.parametrize("fate", ["well", "killed", "frozen"])
@pytest.mark.parametrize("mode", ["", "true"])
def test_a_stop_is_clean_whatever_redis_does(replica: Replica, redis: RedisServer, mode: str, fate: str) -> None:
    """The exit is within the grace period, without a warning of the interpreter in development mode."""
    with replica(WORKER_MODE=mode, GRACE_PERIOD="10") as boot:
        boot.wait_ready()
        if fate != "well":
            redis.kill() if fate == "killed" else redis.freeze()
            boot.wait_for(GONE)
            assert indicator(boot)["status"] == "down"
        assert boot.stop() == 0
        for word in ("cut off", "ResourceWarning", "was destroyed", "never awaited", "never retrieved", "Traceback"):
            assert word not in boot.output


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--requirepass", PASSWORD), "channel 'airlock:0' is heard"),
        (("--requirepass", "another"), "invalid username-password pair"),
        (("--rename-command", "AUTH", ""), "unknown command 'AUTH'"),  # Redis quotes what it was sent
    ],
)
def test_the_password_is_shown_nowhere(options: tuple[str, ...], reason: str) -> None:
    """Neither the log nor any answer has it, not even where Redis itself quotes it."""
    with (
        RedisServer(*options) as redis,
        start(REDIS_URL=redis.url(f"mail:{PASSWORD}@" if reason.startswith("inv") else f":{PASSWORD}@"),
              DEBUG_CONFIG="true", LOG_FORMAT="json") as boot,
    ):  # fmt: skip
        boot.wait_ready()
        assert reason in indicator(boot)["detail"]
        told = boot.get("/debug-config", Authorization=f"Bearer {TOKEN}")
        shown = told.json()["settings"]["REDIS_URL"]["value"]
        assert shown == f"redis://**********@127.0.0.1:{redis.port}/0"
        assert PASSWORD not in told.body.decode()
        for path in ("/health?verbose", "/metrics", "/"):
            assert PASSWORD not in boot.get(path).body.decode()
        assert boot.stop() == 0
        assert PASSWORD not in boot.output


def test_what_no_replica_wrote_is_passed_over(replica: Replica, redis: RedisServer) -> None:
    """Other people's messages in the channel end nothing: the next event arrives."""

    async def scenario() -> None:
        outside = socketio.AsyncRedisManager(redis.url(f":{PASSWORD}@"), channel="airlock:0", write_only=True)
        async with Browser(boot) as browser:
            await outside.emit("first", {})
            await browser.hears("first")
            server: Redis = outside.redis
            for message in (b"\xff", b"5", b"[]", b"{}", b"[" * 100_000):
                assert await server.publish("airlock:0", message) == 1
            await outside.emit("second", {})
            await browser.hears("second")
            await server.aclose()

    with replica() as boot:
        boot.wait_ready()
        run_client(scenario())
        assert "100000 bytes in the channel are no message of a replica" in boot.output
        assert "do not arrive" not in boot.output


def test_databases_of_one_redis_part_installations(replica: Replica, redis: RedisServer) -> None:
    """The channel has the number of the database, which Redis itself does not look at."""
    with replica(REDIS_URL=f"redis://:{PASSWORD}@127.0.0.1:{redis.port}/7") as boot:
        boot.wait_ready()
        assert "channel 'airlock:7' is heard" in indicator(boot)["detail"]
