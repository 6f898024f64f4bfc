"""A disk that is full: it is said in words, nothing is spoiled, and all goes on when there is space again."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from service.commands import COMMANDS
from service.commands.desk import Desk
from service.mail.registry import Allowed
from service.store.database import Database
from service.store.health import FULL
from service.store.opened import Store
from service.store.queue import Queue
from service.store.tables import Account
from service.store.url import DatabaseUrl
from service.store.vault import Vault
from tests.service.commands.conftest import Client
from tests.service.process import metric
from tests.service.worker.kept import KEYS, Kept
from tests.service.worker.test_workers import Mail
from tests.service.worker.whole import check_database, understood, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.boot import Boot


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own, for which a test has to be root."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "airlock-test", str(folder)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("needs to be allowed to mount a file system")
    yield folder
    subprocess.run(["umount", folder], check=True)


def indicator(boot: Boot, name: str) -> str:
    """What `/health?verbose` says of it."""
    indicators = boot.get("/health?verbose").json()["indicators"]
    return next(str(one["detail"]) for one in indicators if one["name"] == name)


def noted(database: Database) -> str:
    """The state of the account that the database has."""
    with database.read() as session:
        return session.scalars(select(Account.state)).one()


def test_a_full_disk_is_said_and_survived(disk: Path, maildir: str, tmp_path: Path) -> None:
    """The worker, whose database is on a small disk that something else fills, takes up all that waited."""
    url = DatabaseUrl(f"sqlite:///{disk / 'airlock.sqlite'}")
    with Kept(DATABASE_URL=url.get_secret_value(), MAILDIR_ROOTS=str(tmp_path)) as kept:
        boot = kept.boot.wait_ready()
        database = Database(url)
        store = Store(database, Vault([KEYS]))
        allowed = Allowed((tmp_path,), private_hosts=False, message_size=1_000_000)
        mail = Mail(Client(Desk(store, Queue(database), allowed, COMMANDS), store, 1), Path(maildir))
        mail.arrive(20)
        wait_until(lambda: understood(database) == 20)
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")  # or there is space in it for a little more
        fill(disk / "ballast")
        mail.arrive(100)
        wait_until(lambda: FULL in indicator(boot, "database"))
        wait_until(lambda: metric(boot, 'airlock_accounts{state="failing"}') == 1)
        assert noted(database) == "well"
        wait_until(lambda: "mailboxes: 1 failing" in indicator(boot, "mail"))
        assert boot.get("/health").status == 200
        (disk / "ballast").unlink()
        wait_until(lambda: understood(database) == 120)
        check_database(database, {mail.account: mail.sent}, in_order=False)
        with database.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        wait_until(lambda: FULL not in indicator(boot, "database"))
        wait_until(lambda: metric(boot, 'airlock_accounts{state="failing"}') == 0)
        assert noted(database) == "well"
        database.close()


def fill(file: Path) -> None:
    """Write until there is no space."""
    with file.open("wb", buffering=0) as ballast, suppress(OSError):
        while True:
            ballast.write(bytes(4096))
