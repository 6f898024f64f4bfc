"""Pruning: the worker forgets events that are kept no longer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, text, update

from probes import Failure
from service.access import Access
from service.commands import desk
from service.control.pruning import Pruning
from service.mail.source import Cursor
from service.store import audit, events, queue
from service.store.queue import Queue
from service.store.tables import Audit, Command, DeadLetter, Event, User
from tests.probes.proc import eventually
from tests.service.live.listener import OWNER, append, serve
from tests.service.store import workflows
from tests.service.store.followed import NOW, arrival, make_mailbox
from tests.service.worker.whole import wait_until

if TYPE_CHECKING:
    from service.store.database import Database
    from service.store.url import DatabaseUrl

OLD = 2500


def age(database: Database, last_id: int) -> None:
    """Have the events up to an id happen long ago."""
    with database.write() as session:
        at = datetime.now(UTC) - 2 * events.KEPT
        session.execute(update(Event).where(Event.user_id == OWNER, Event.id <= last_id).values(at=at))


def kept(database: Database) -> tuple[int, int]:
    """How many events there are, and which is the newest that was pruned."""
    with database.read() as session:
        count = session.scalars(select(func.count()).select_from(Event)).one()
        return count, session.scalars(select(User.pruned_event).where(User.id == OWNER)).one()


def keys(database: Database) -> list[str]:
    """The idempotency keys that are known."""
    with database.read() as session:
        return list(session.scalars(select(Command.key)))


def test_a_worker_forgets_what_is_older_than_a_month(database: Database, database_url: DatabaseUrl) -> None:
    """From its start on, however much that is, and what is younger stays; so with the answers to commands."""
    Access(database, None).prepare(serves=False)
    with database.write() as session:
        for key, at in (("old", datetime.now(UTC) - 2 * desk.KEPT), ("young", datetime.now(UTC))):
            session.add(Command(user_id=OWNER, key=key, digest="", answer={}, at=at))
    append(database, OLD + 10)
    age(database, OLD)
    with serve(database_url, WORKER_MODE="true") as boot:
        boot.wait_ready()
        eventually(lambda: kept(database) == (10, OLD))
        eventually(lambda: keys(database) == ["young"])
        assert "well: pulse" in str(boot.get("/health?verbose").json())
        assert "pruning" in str(boot.get("/health?verbose").json())
    with database.read() as session:
        assert [event.id for event in events.after(session, OWNER, OLD, 100) or ()] == list(range(OLD + 1, OLD + 11))


def test_a_worker_forgets_work_that_ended_more_than_a_week_ago(database: Database, database_url: DatabaseUrl) -> None:
    """With its steps, however it ended; what ended lately, what has not ended and what was given up stays.

    Of what has ended lately, what has taken access back goes: a refresh token is among what it was given.
    """
    mailbox = make_mailbox(database)
    mailbox.inbox().deliver("INBOX", [arrival(1)], Cursor(7, 2))
    given_up = {"user_id": mailbox.user_id, "account_id": mailbox.account_id, "message_id": mailbox.messages()[0].id}
    with database.write() as session:
        session.add(DeadLetter(**given_up, error="no", attempts=4, at=NOW))
        workflows.finish(session, 2500, ago=2 * queue.KEPT, prefix="old-")
        workflows.finish(session, 3, ago=2 * queue.KEPT, prefix="failed-", status="ERROR")
        workflows.finish(session, 3, ago=queue.KEPT / 2, prefix="young-")
        workflows.finish(session, 2, ago=2 * queue.KEPT, prefix="begun-", status="PENDING")
        workflows.finish(session, 2, ago=timedelta(), prefix="revoked-", name=queue.REVOKE)
        workflows.finish(session, 2, ago=timedelta(), prefix="in-vain-", name=queue.REVOKE, status="ERROR")
        workflows.finish(session, 2, ago=timedelta(), prefix="revoking-", name=queue.REVOKE, status="PENDING")
    with serve(database_url, WORKER_MODE="true") as boot:
        boot.wait_ready()
        gone = ("old-", "failed-", "revoked-", "in-vain-")
        wait_until(lambda: not [name for name in workflows.kept(database) if name.startswith(gone)])
    left = workflows.kept(database)
    assert {"young-1", "young-2", "young-3", "begun-1", "begun-2", "revoking-1", "revoking-2"} <= left
    assert {"young-1", "begun-1"} <= workflows.kept(database, "operation_outputs") <= left
    with database.read() as session:
        assert session.scalars(select(DeadLetter.message_id)).all() == [given_up["message_id"]]


def test_a_little_is_forgotten_at_a_time(database: Database) -> None:
    """At most so many of a user in one transaction, the oldest first, and never what was not asked for."""
    Access(database, None).prepare(serves=False)
    append(database, 25)
    age(database, 22)
    before = datetime.now(UTC) - events.KEPT
    for gone, left, pruned in ((10, 15, 10), (10, 5, 20), (2, 3, 22), (0, 3, 22)):
        with database.write() as session:
            assert events.prune(session, before, 10) == gone
        assert kept(database) == (left, pruned)


def test_nothing_is_forgotten_under_a_newer_schema(database: Database) -> None:
    """What is kept no longer may be something else there."""
    Access(database, None).prepare(serves=False)
    append(database, 5)
    age(database, 5)
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Failure, match="the database's schema is 9999"):
        asyncio.run(Pruning(database, Queue(database)).run(lambda: None))
    assert kept(database) == (5, 0)


def test_of_more_events_than_are_kept_the_newest_stay(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though all are young; who has none of those that are gone begins anew."""
    monkeypatch.setattr(events, "MOST", 5)
    Access(database, None).prepare(serves=False)
    append(database, 25)
    before = datetime.now(UTC) - events.KEPT
    for gone, left, pruned in ((15, 10, 15), (5, 5, 20), (0, 5, 20)):
        with database.write() as session:
            assert events.prune(session, before, 15) == gone
        assert kept(database) == (left, pruned)
    with database.read() as session:
        assert events.after(session, OWNER, 19, 100) is None
        assert [event.id for event in events.after(session, OWNER, 20, 100) or ()] == list(range(21, 26))


def test_of_more_entries_of_the_audit_than_are_kept_the_newest_stay(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each user for itself, some at a time."""
    monkeypatch.setattr(audit, "MOST", 3)
    owners = [make_mailbox(database, name).user_id for name in ("ann", "bob")]
    with database.write() as session:
        for number in range(8):
            at = NOW + timedelta(seconds=number)
            session.add(Audit(user_id=owners[0], at=at, actor="test", action=f"{number}", detail={}))
        session.add(Audit(user_id=owners[1], at=NOW, actor="test", action="other", detail={}))
    for gone in (4, 1, 0):
        with database.write() as session:
            assert audit.shorten(session, 4) == gone
    with database.read() as session:
        assert session.scalars(select(Audit.action).order_by(Audit.id)).all() == ["5", "6", "7", "other"]
