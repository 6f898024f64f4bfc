"""Commands that meet other transactions: what the database gives up is done again, and its client never knows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from service.store.database import ATTEMPTS
from service.store.tables import Account, Audit
from tests.service.commands.test_accounts import follow
from tests.service.store.locks import on_postgresql, waiting
from tests.service.worker.whole import wait_until

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from tests.service.commands.conftest import Client

FAILS = """
CREATE SEQUENCE tries;
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('tries') <= {times} THEN RAISE EXCEPTION USING ERRCODE = '40001'; END IF; RETURN NEW;
END $$;
CREATE TRIGGER fail BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION fail()
"""
"""A sequence is not undone with its transaction, so it knows how often one was tried."""


def lock(session: Session, account_id: int) -> None:
    """Wait for an account, and hold it until the session ends."""
    session.scalars(select(Account).where(Account.id == account_id).with_for_update()).one()


def fail(client: Client, times: int) -> None:
    """Have the database give up so many of the commands that come."""
    with client.store.database.write() as session:
        session.execute(text(FAILS.format(times=times)))


@on_postgresql
def test_a_command_that_a_deadlock_ends_is_done_again(client: Client, maildir: str) -> None:
    """One has the first account and waits for the last one, the other has that and waits for the first."""
    first, second, third = (follow(client, maildir, name)["id"] for name in ("One", "Two", "Three"))
    database = client.store.database
    with ThreadPoolExecutor(2) as threads:
        with database.write() as between, database.write() as other:
            other.execute(text("SET LOCAL deadlock_timeout = '1h'"))  # so that it is the command that is given up
            lock(between, second)
            lock(other, third)
            pausing = threads.submit(client.do, "control.pause-all", key="k")
            wait_until(lambda: waiting(database) == 1)
            locking = threads.submit(lock, other, first)
            wait_until(lambda: waiting(database) == 2)
            between.rollback()
            locking.result()
        assert [account["paused"] for account in pausing.result()["accounts"]] == [True] * 3
    with database.read() as session:
        assert session.scalars(select(Audit.action).where(Audit.action == "control.pause-all")).all() == [
            "control.pause-all"
        ]


@on_postgresql
def test_a_command_that_is_given_up_once_is_done_once(client: Client) -> None:
    """Nothing of the first try is left."""
    fail(client, 1)
    client.do("control.pause-all", key="k")
    with client.store.database.read() as session:
        assert len(session.scalars(select(Audit)).all()) == 1
        assert session.scalar(text("SELECT last_value FROM tries")) == 2


@on_postgresql
def test_a_command_that_is_given_up_again_and_again_fails(client: Client) -> None:
    """After some tries its client is told."""
    fail(client, 100)
    with pytest.raises(OperationalError):
        client.do("control.pause-all")
    with client.store.database.read() as session:
        assert session.scalar(text("SELECT last_value FROM tries")) == ATTEMPTS
