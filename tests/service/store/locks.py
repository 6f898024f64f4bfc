"""What transactions hold and wait for, so that a test can bring about the moment in which two of them meet."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, select, text

from service.store import database as store
from service.store.tables import Account, User

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Session

    from service.store.database import Database
    from tests.service.store.followed import Mailbox

_SERVER = pytest.param("postgresql", marks=pytest.mark.docker)
on_postgresql = pytest.mark.parametrize("database_url", [_SERVER], indirect=True)
"""For what cannot meet on SQLite, which has one writer at a time."""


def rename(session: Session, mailbox: Mailbox, name: str) -> None:
    """Wait for the account, and change it."""
    account = session.scalars(select(Account).where(Account.id == mailbox.account_id).with_for_update()).one()
    account.name = name
    session.flush()


def fall_asleep(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold an account for as long as somebody else waits for it, which is too long: PostgreSQL undoes the transaction.

    The other one has named it "Awake" then. Raises what the sleeper is told.
    """
    monkeypatch.setattr(store, "IDLE", 3000)
    with mailbox.database.write() as asleep:
        rename(asleep, mailbox, "Asleep")
        monkeypatch.undo()
        with mailbox.database.write() as awake:
            rename(awake, mailbox, "Awake")


def waiting(database: Database) -> int:
    """How many transactions on PostgreSQL wait for a lock that another one holds."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with database.read() as session:
        found: int = session.execute(text(asked)).scalar_one()
        return found


@contextmanager
def log_held(database: Database, user_id: int) -> Iterator[None]:
    """Inside of this nobody appends to the user's log: who comes so far has done all the rest, and not committed it."""
    with database.write() as session:
        session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
        yield


@contextmanager
def mail_read_in_writes(database: Database) -> Iterator[list[str]]:
    """The statements that read whole messages in a transaction that writes, which others wait for."""
    found: list[str] = []

    def note(connection: Connection, _: Any, statement: str, *__: Any) -> None:
        if connection.get_execution_options().get("writes") and "SELECT" in statement and ".data" in statement:
            found.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield found
    event.remove(database.engine, "before_cursor_execute", note)
