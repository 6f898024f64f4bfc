"""Measures the worker on each setup, with real servers in containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.mail import arrival, memory, sync
from tests.bench.mail.setups import Setup
from tests.service.dovecot_server import DovecotServer
from tests.service.redis_server import RedisServer
from tests.service.store.databases import PostgreSQL

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.figures import Figure
    from tests.bench.rounds import Rounds


def measure(rounds: Rounds, _folder: Path) -> list[Figure]:
    """The first sync, what arrives later, and memory, which is measured once."""
    with DovecotServer() as mail, PostgreSQL() as postgresql, RedisServer() as redis:
        file, server = Setup("SQLite"), Setup("PostgreSQL", postgresql)
        return [
            *sync.measure(rounds, mail, [file, server]),
            *arrival.measure(rounds, mail, [file, server, Setup("PostgreSQL and Redis", postgresql, redis)]),
            *memory.measure(mail, file),
        ]
