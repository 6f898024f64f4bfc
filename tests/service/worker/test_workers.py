"""Workers that come and go: another one takes over, nothing is done twice, and one file has one worker."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from service.store.tables import Account, Worker
from tests.service.worker.kept import Kept
from tests.service.worker.whole import check_database, letter, understood, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.store.database import Database
    from tests.service.commands.conftest import Client


class Mail:
    """A Maildir, and the account that follows it."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.account = client.do("accounts.create", kind="maildir", name="Mail", settings={"path": str(folder)})["id"]
        self.sent: list[int] = []
        self._folder = folder

    def arrive(self, count: int) -> None:
        """So many messages more."""
        for _ in range(count):
            self.sent.append(len(self.sent) + 1)
            name = f"{len(self.sent):06}.test"
            (self._folder / "tmp" / name).write_bytes(letter(len(self.sent)))
            (self._folder / "tmp" / name).rename(self._folder / "new" / name)

    def check(self, database: Database) -> None:
        """All of it is there, and understood."""
        wait_until(lambda: understood(database) == len(self.sent))
        check_database(database, {self.account: self.sent}, in_order=False)


@pytest.fixture
def mail(client: Client, maildir: str, tmp_path: Path) -> Mail:
    """An account without messages."""
    return Mail(client, tmp_path / "Mail")


@pytest.fixture
def env(database: Database, tmp_path: Path) -> dict[str, str]:
    """What every process has."""
    return {"DATABASE_URL": database.url.get_secret_value(), "MAILDIR_ROOTS": str(tmp_path), "WORKER_MODE": "true"}


@pytest.fixture
def workers(env: dict[str, str], tmp_path: Path) -> Iterator[dict[str, Kept]]:
    """Two of them, by their names, which are ready."""
    with (
        Kept(tmp_path / "left", WORKER_NAME="left", **env) as left,
        Kept(tmp_path / "right", WORKER_NAME="right", **env) as right,
    ):
        left.boot.wait_ready()
        right.boot.wait_ready()
        yield {"left": left, "right": right}


def follower(database: Database) -> str:
    """The name of the worker that follows the account; "" when none does."""
    with database.read() as session:
        return session.scalars(select(Account.lease_owner)).one().partition("/")[0]


def living(database: Database) -> set[str]:
    """The workers that show life."""
    with database.read() as session:
        return set(session.scalars(select(Worker.id)))


@pytest.mark.docker
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_another_worker_takes_over(
    database: Database, mail: Mail, workers: dict[str, Kept], number: signal.Signals
) -> None:
    """When one is stopped or killed in the middle of its work, the other follows its account and ends that work."""
    wait_until(lambda: follower(database) != "" and living(database) == {"left", "right"})
    mail.arrive(300)
    wait_until(lambda: understood(database) > 0)
    first = follower(database)
    workers[first].end(number)
    mail.arrive(10)
    mail.check(database)
    assert follower(database) == ({"left", "right"} - {first}).pop()
    wait_until(lambda: first not in living(database))
    workers[first].begin()
    wait_until(lambda: living(database) == {"left", "right"})


@pytest.mark.docker
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_worker_that_was_frozen_spoils_nothing(database: Database, mail: Mail, workers: dict[str, Kept]) -> None:
    """It wakes up in the middle of its work after another one has done that; what is new is still stored once."""
    wait_until(lambda: follower(database) != "")
    mail.arrive(200)
    wait_until(lambda: understood(database) >= 0 and understood(database) > 0)
    first = follower(database)
    workers[first].freeze()
    mail.arrive(50)
    wait_until(lambda: follower(database) not in ("", first))
    mail.check(database)
    workers[first].thaw()
    mail.arrive(50)
    mail.check(database)
    second = follower(database)
    workers[second].end()
    mail.arrive(20)
    wait_until(lambda: follower(database) == first)
    mail.check(database)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_process_works_on_a_file(database: Database, mail: Mail, env: dict[str, str], tmp_path: Path) -> None:
    """A second one says that it waits, and works as soon as the first one has ended, however that ended."""
    with Kept(**env) as first, Kept(**env) as second:
        mail.arrive(5)
        mail.check(database)
        for kept in (first, second):
            kept.boot.wait_ready()
        waiting, working = sorted((first, second), key=lambda kept: "this one waits until" not in kept.boot.output)
        waiting.boot.wait_for(r"another process works on .*airlock\.sqlite")
        assert "this one waits" not in working.boot.output
        working.end()
        mail.arrive(5)
        mail.check(database)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_worker_that_is_stopped_ends_in_the_middle(
    database: Database, mail: Mail, env: dict[str, str], tmp_path: Path
) -> None:
    """SIGTERM during a sync of many messages ends it within the grace period, and the next start goes on with them."""
    mail.arrive(1500)
    with Kept(**env, GRACE_PERIOD="15") as kept:
        wait_until(lambda: understood(database) > 50)
        assert kept.end(signal.SIGTERM) == 0
        assert "GRACE_PERIOD" not in kept.boot.output
        assert 0 < understood(database) < len(mail.sent)
        kept.begin()
        mail.check(database)
