"""A desk on each database, and a user who gives it commands."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from service.access import Access
from service.commands import COMMANDS
from service.commands.desk import Desk
from service.mail.registry import Allowed
from service.store.opened import Store
from service.store.queue import Queue
from service.store.tables import User
from service.store.vault import Vault
from tests.service.store.locks import log_held, waiting
from tests.service.worker.whole import wait_until

if TYPE_CHECKING:
    from concurrent.futures import Future
    from pathlib import Path

    from service.store.database import Database


class Client:
    """A user at a desk."""

    def __init__(self, desk: Desk, store: Store, user_id: int) -> None:
        self.desk, self.store, self.user_id = desk, store, user_id

    def do(self, command: str, /, *, key: str | None = None, **given: Any) -> dict[str, Any]:
        """Give a command; its answer."""
        return self.desk.do(self.user_id, command, given, key=key, actor="test")


def together(client: Client, *commands: tuple[str, dict[str, Any]]) -> list[Future[dict[str, Any]]]:
    """Have commands done beside each other on PostgreSQL: each one has begun before any is committed."""
    database = client.store.database
    done: list[Future[dict[str, Any]]] = []
    with ThreadPoolExecutor(len(commands)) as threads, log_held(database, client.user_id):
        for name, given in commands:
            done.append(threads.submit(client.do, name, **given))
            wait_until(lambda: waiting(database) == len(done))
    return done


@pytest.fixture
def store(database: Database) -> Store:
    """The store of the desk."""
    return Store(database, Vault(["a secret of thirty-two characters"]))


@pytest.fixture
def client(store: Store, tmp_path: Path) -> Client:
    """The owner; Maildirs may be below the test's own folder."""
    Access(store.database, None).prepare(serves=False)
    allowed = Allowed((tmp_path,), private_hosts=True, message_size=1_000_000)
    with store.database.read() as session:
        owner = session.scalars(select(User.id)).one()
    return Client(Desk(store, Queue(store.database), allowed, COMMANDS), store, owner)


@pytest.fixture
def maildir(tmp_path: Path) -> str:
    """An empty Maildir."""
    folder = tmp_path / "Mail"
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    return str(folder)
