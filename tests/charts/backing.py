"""What the pods of mode `split` share: a PostgreSQL and a Redis, in a network in which they have names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Self

from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from service.store.url import DatabaseUrl
from tests.charts.chart import Object
from tests.service.process import TOKEN
from tests.service.store.databases import PostgreSQL


class Backing:
    """As a context manager they run; `network` is where pods find them."""

    def __enter__(self) -> Self:
        with ExitStack() as running:
            network = running.enter_context(Network())
            started = LogMessageWaitStrategy("Ready to accept connections").with_poll_interval(0.1)
            redis = DockerContainer("redis:8", command="--save ''", network=network, network_aliases=["redis"])
            running.enter_context(redis.waiting_for(started))
            self._postgresql = running.enter_context(PostgreSQL(network=network.name))
            self.network = network.name
            self._running = running.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    @contextmanager
    def lent(self) -> Iterator[tuple[DatabaseUrl, Object]]:
        """An empty database: where it is for this machine, and the values with which pods use it."""
        with self._postgresql.lent() as url:
            inside = url.get_secret_value().replace(f"127.0.0.1:{self._postgresql.port}", "postgresql:5432")
            yield (
                url,
                {
                    "mode": "split",
                    "accessToken": {"value": TOKEN},
                    "database": {"url": inside},
                    "redis": {"url": "redis://redis:6379/0"},
                },
            )
