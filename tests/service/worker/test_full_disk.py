"""A server whose disk is full: it is said in words, nothing is spoiled, and all goes on when there is space again.

A file of SQLite on such a disk is in tests/image/test_full_disk.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import select

from service.store import schema
from service.store.database import Database
from service.store.health import FULL
from service.store.tables import Account
from tests.service.process import indicator, metric
from tests.service.store.databases import PostgreSQL
from tests.service.worker.kept import Kept
from tests.service.worker.test_workers import Mail
from tests.service.worker.whole import understood, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.store.url import DatabaseUrl
    from tests.service.commands.conftest import Client

DISK = "/dev/shm"
"""Of a container, where it has 64 MB: a disk for the tables alone, for without its log the server would not run."""

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]


@pytest.fixture
def server() -> Iterator[PostgreSQL]:
    """A server that has nothing else on the disk."""
    with PostgreSQL(lasting=True) as server:
        yield server


@pytest.fixture
def database_url(server: PostgreSQL) -> DatabaseUrl:
    """A database on the disk, with the schema."""
    server.run(f"mkdir {DISK}/tables")
    with psycopg.connect(server.url("postgres").get_secret_value(), autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{DISK}/tables'".encode())
    url = server.url(server.create(tablespace="small"))
    database = Database(url)
    schema.migrate(database)
    database.close()
    return url


def noted(database: Database) -> str:
    """The state of the account that the database has, and why."""
    with database.read() as session:
        account = session.scalars(select(Account)).one()
        return f"{account.state} {account.error}".strip()


def test_a_full_disk_is_said_and_survived(
    server: PostgreSQL, database: Database, client: Client, maildir: str, tmp_path: Path
) -> None:
    """The worker, whose database is on a small disk that something else fills, takes up all that waited."""
    with Kept(DATABASE_URL=database.url.get_secret_value(), MAILDIR_ROOTS=str(tmp_path)) as kept:
        boot = kept.boot.wait_ready()
        mail = Mail(client, Path(maildir))
        mail.arrive(20)
        mail.check(database)
        server.run(f"cat /dev/zero >{DISK}/ballast || true")
        mail.arrive(100)
        # What is small, such as the state of an account, may have room still.
        wait_until(lambda: FULL in noted(database) + indicator(boot, "database"))
        wait_until(lambda: metric(boot, 'airlock_accounts{state="failing"}') == 1)
        wait_until(lambda: "mailboxes: 1 failing" in indicator(boot, "mail"))
        assert boot.get("/health").status == 200
        assert understood(database) == 20
        server.run(f"rm {DISK}/ballast")
        mail.check(database)
        wait_until(lambda: FULL not in indicator(boot, "database"))
        wait_until(lambda: metric(boot, 'airlock_accounts{state="failing"}') == 0)
        assert noted(database) == "well"
