"""What the service runs on: a file of SQLite, or PostgreSQL without and with Redis."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.bench.mail.assistant import Assistant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.service.redis_server import RedisServer
    from tests.service.store.databases import PostgreSQL


@dataclass(frozen=True)
class Setup:
    """The servers beside the mail server, which run already."""

    name: str
    postgresql: PostgreSQL | None = None
    redis: RedisServer | None = None

    @contextmanager
    def assistant(self) -> Iterator[Assistant]:
        """The service, ready, on a database of its own that is empty."""
        settings = {}
        with ExitStack() as stack:
            if self.postgresql:
                settings["DATABASE_URL"] = stack.enter_context(self.postgresql.lent()).get_secret_value()
            if self.redis:
                settings["REDIS_URL"] = self.redis.url()
            folder = Path(stack.enter_context(TemporaryDirectory()))
            yield stack.enter_context(Assistant(folder, **settings))
