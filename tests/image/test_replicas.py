"""Two containers of the service and a Redis: live events pass between them, and Redis takes none of them away."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from tests.boot import ROOT
from tests.image.browser import Browser
from tests.image.containers import PACKAGES, Container
from tests.image.running import python
from tests.service.engine import run_client

ENVIRONMENT = {"REDIS_URL": "redis://redis:6379/0", "PYTHONPATH": "/replica"}
GONE = r"indicator redis is down: Redis does not answer: "
BACK = r"indicator redis is up: Redis answers, and its channel 'airlock:0' is heard"

OUTAGES: dict[str, tuple[Callable[[Any], None], Callable[[Any], None]]] = {
    "killed": (lambda redis: redis.kill(), lambda redis: redis.start()),
    "frozen": (lambda redis: redis.pause(), lambda redis: redis.unpause()),
}


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    """A network in which names lead to containers."""
    with Network() as network:
        yield network


@pytest.fixture(scope="module")
def redis(network: Network) -> Iterator[Any]:
    """A Redis that is called `redis`, whatever becomes of it."""
    started = LogMessageWaitStrategy("Ready to accept connections").with_poll_interval(0.1)
    container = DockerContainer("redis:8", command="--save ''", network=network, network_aliases=["redis"])
    with container.waiting_for(started):
        yield container.get_wrapped_container()


@pytest.fixture
def replicas(image: str, redis: Any, network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two instances of the service."""

    def replica(name: str) -> Container:
        files = {"/replica": ROOT / "tests" / "service" / "apps"}
        container = Container(image, tmp_path_factory.mktemp(name), contract(image), ENVIRONMENT, files)
        container.with_network(network)
        return container

    with replica("one") as one, replica("two") as two:
        yield one.ready(), two.ready()


def contract(image: str) -> dict[str, Any]:
    """The service's own for a copy of it with a task that tests can silence: of the indicators the one about Redis."""
    keys = tomllib.loads(python(image, f"print(open('{PACKAGES}/service/contract.toml').read())"))
    (indicator,) = [entry for entry in keys.pop("indicator") if entry["name"] == "redis"]
    return {**keys, "app": "replica:app", "strict-origin": False, "indicators": ({**indicator, "every": 0.2},)}


def test_an_event_of_one_replica_reaches_clients_of_both(replicas: tuple[Container, Container]) -> None:
    """Over websocket and long-polling alike."""

    async def scenario() -> None:
        async with Browser(one.url) as first, Browser(two.url, "polling") as second:
            await act(one, "/silence")
            told = await second.hears("control_status", status="down")
            assert told == await first.hears("control_status", status="down")

    one, two = replicas
    run_client(scenario())


@pytest.mark.parametrize("outage", OUTAGES)
def test_replicas_outlive_redis_and_find_it_again(
    outage: str, replicas: tuple[Container, Container], redis: Any
) -> None:
    """Both stay ready and say that it is down; when it is back events flow again, without a restart."""
    begin, end = OUTAGES[outage]

    async def scenario() -> None:
        async with Browser(one.url) as first, Browser(two.url) as second:
            begin(redis)
            try:
                for replica in replicas:
                    await asyncio.to_thread(replica.wait_for, GONE)
                    assert indicator(replica)["status"] == "down"
                await act(one, "/silence")
                await first.hears("control_status", status="down")  # its own clients lose nothing
            finally:
                end(redis)
            for replica in replicas:
                await asyncio.to_thread(replica.wait_for, BACK)
                assert indicator(replica)["status"] == "up"
            await act(one, "/wake")
            await second.hears("control_status", status="up")

    one, two = replicas
    run_client(scenario())
    for replica in replicas:
        assert replica.inspect("State", "Running")
        assert replica.inspect("RestartCount") == 0
        assert replica.output.count("SYSTEM READY") == 1
        assert "Traceback" not in replica.output


def indicator(replica: Container) -> Any:
    """What `/health?verbose` says about Redis; readiness must be 200 whatever that is."""
    reply = replica.get("/health?verbose")
    assert replica.get("/health").status == reply.status == 200
    return next(entry for entry in reply.json()["indicators"] if entry["name"] == "redis")


async def act(replica: Container, path: str) -> None:
    """Have the task of a replica stop or go on, as GET on `path`."""
    assert (await asyncio.to_thread(replica.get, path)).status == 200
