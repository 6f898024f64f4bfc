"""Transactions: what holds whatever becomes of the process that began them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError, OperationalError

from service.store import database as store
from service.store.tables import Account
from tests.service.store.locks import fall_asleep, on_postgresql, rename

if TYPE_CHECKING:
    from service.store.database import Database
    from tests.service.store.followed import Mailbox


@on_postgresql
def test_a_transaction_that_falls_asleep_is_undone(
    database: Database, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others do not wait for a process that is frozen, or whose machine is gone; if it wakes up, it is told."""

    with pytest.raises(InternalError) as told:
        fall_asleep(mailbox, monkeypatch)
    assert store.is_away(told.value)
    with database.read() as session:
        assert session.get_one(Account, mailbox.account_id).name == "Awake"


@on_postgresql
def test_one_that_falls_asleep_between_many_rows_is_undone_too(
    database: Database, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that has answered row by row knows that it waits, and others need not wait with it."""

    def names() -> Any:
        yield "Asleep", mailbox.account_id
        monkeypatch.undo()
        with database.write() as awake:
            rename(awake, mailbox, "Awake")
        yield "Asleep", mailbox.account_id

    monkeypatch.setattr(store, "IDLE", 3000)
    with pytest.raises(OperationalError), database.write() as asleep:
        asleep.connection().connection.cursor().executemany("UPDATE accounts SET name = %s WHERE id = %s", names())
    with database.read() as session:
        assert session.get_one(Account, mailbox.account_id).name == "Awake"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_connection_to_a_file_is_prepared(database: Database) -> None:
    """Readers beside a writer, foreign keys, and patience: one by one, whichever connection the pool gives."""
    pragmas = {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 30_000}
    with database.read() as first, database.read() as second:
        for session in (first, second):
            found = {name: session.execute(text(f"PRAGMA {name}")).scalar() for name in pragmas}
            assert found == pragmas
