"""The first sync of a large mailbox, whose worker is killed several times: all of it is here in the end, once."""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from service.store.tables import Event, Message
from tests.service.dovecot_server import PASSWORD, DovecotServer
from tests.service.worker.kept import Kept
from tests.service.worker.whole import check_database, letter, understood, wait_until

if TYPE_CHECKING:
    from service.store.database import Database
    from tests.service.commands.conftest import Client

COUNT = int(os.environ.get("MAILBOX", "5000"))
"""Messages; 20000, as in `task test:long`, take minutes."""

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300 + COUNT / 10)]


def stored(database: Database) -> int:
    """How many messages are."""
    with database.read() as session:
        return session.scalars(select(func.count()).select_from(Message)).one()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_large_mailbox_comes_whole_in_spite_of_kills(
    database: Database, client: Client, dovecot: DovecotServer, user: str
) -> None:
    """Each time it goes on with the batch that was not committed; every message is understood and announced once."""
    for first in range(1, COUNT + 1, 1000):
        dovecot.append(user, *map(letter, range(first, min(first + 1000, COUNT + 1))))
    settings = {"host": "127.0.0.1", "port": dovecot.port, "security": "none", "username": user}
    account = client.do("accounts.create", kind="imap", name="Mail", settings=settings, secret=PASSWORD)["id"]
    url = database.url.get_secret_value()
    with Kept(DATABASE_URL=url, IMAP_ALLOW_PRIVATE="true", WORKER_MODE="true") as kept:
        for reached in (0, COUNT // 4, COUNT // 2, COUNT - 200):
            wait_until(lambda reached=reached: stored(database) > reached, patience=COUNT / 10, pause=0.002)  # type: ignore[misc]
            assert stored(database) < COUNT
            kept.kill(Random(reached))  # noqa: S311  # chance, not secrecy
        wait_until(lambda: understood(database) == COUNT, patience=200 + COUNT / 10)
    check_database(database, {account: range(1, COUNT + 1)})
    with database.read() as session:
        for kind in ("message.new", "message.understood"):
            log = select(Event.data).where(Event.type == kind).order_by(Event.id)
            told = [data["message_id"] for data in session.scalars(log)]
            assert told == list(session.scalars(select(Message.id).order_by(Message.id))), kind
