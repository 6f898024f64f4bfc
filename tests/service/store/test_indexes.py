"""Indexes: what is asked often is found without a look at everything that is stored."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, insert, inspect, text

from service.api import audit, drafts, pages, rules, status
from service.core.mime import parse
from service.mail.source import Cursor
from service.settings import Settings
from service.store import audit as log
from service.store import events, export, queue
from service.store.conversations import Conversations
from service.store.opened import Store
from service.store.queue import Queue
from service.store.scope import read_as
from service.store.tables import (
    Account,
    Analysis,
    Audit,
    Base,
    Draft,
    Event,
    Message,
    Raw,
    RuleApplication,
    Thread,
    User,
)
from service.store.vault import Vault
from service.worker import ruling, tally
from service.worker.recovery import Recovery
from service.worker.understanding import Understanding
from tests.service.store.followed import NOW, arrival, raw
from tests.service.store.workflows import finish
from tests.service.worker.kept import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from service.store.database import Database
    from tests.service.store.followed import Mailbox

USERS = 50
MESSAGES = 5000
CURSOR = pages.encode(NOW, 2**40)


def rows(table: type[Base]) -> Iterator[dict[str, Any]]:
    """What is stored in a table: the mail of many people, of which little waits, and a log of which little is old."""
    for n in range(1, MESSAGES + 1):
        at, whose, of_message = NOW + timedelta(minutes=n), {"user_id": n % USERS + 1}, {"message_id": n}
        texts: dict[str, Any] = dict.fromkeys(("subject", "text", "html", "sender_name", "summary", "in_reply_to"), "")
        lists: dict[str, Any] = {name: [] for name in ("recipients", "attachments", "defects", "reasons", "actions")}
        given = texts | lists | whose | of_message | {"dates": [], "labels": [], "to": [], "references": [], "at": at}
        given |= {"category": "fyi", "triaged": "fyi", "score": 1.0, "rule": "", "because": "", "updated_at": at}
        given |= {"actor": "", "action": "", "detail": {}, "type": "", "data": b"" if table is Raw else {}}
        if table is Message:
            given |= {"message_id": f"{n}@example.com", "account_id": n % USERS + 1, "thread_id": n, "identity": str(n)}
            given |= {"sender": "ann@example.com", "sent_at": at, "received_at": at, "stored_at": at, "size": 1}
            given |= {"analysed_at": None if n % 250 == 0 else at}
        if table is Thread:
            given |= {"subject_key": f"number {n}", "latest_at": at}
        columns = inspect(table).columns.keys()
        yield {name: value for name, value in given.items() if name in columns} | ({"id": n} if "id" in columns else {})


@pytest.fixture
def filled(database: Database) -> Database:
    """A database with all of this."""
    with database.write() as session:
        people = range(1, USERS + 1)
        session.execute(insert(User), [{"id": n, "name": "", "created_at": NOW} for n in people])
        account = {"kind": "maildir", "name": "", "address": "", "settings": {}, "created_at": NOW}
        session.execute(insert(Account), [{"id": n, "user_id": n, **account} for n in people])
        for table in (Thread, Message, Raw, Analysis, Draft, RuleApplication, Audit, Event):
            session.execute(insert(table), list(rows(table)))
        finish(session, MESSAGES, ago=timedelta(days=1))
    if not database.is_sqlite:  # a server looks by itself at what its tables have, and a file has nobody who does
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    return database


def plan(database: Database, do: Callable[[Database], object]) -> str:
    """How the database finds what is asked for while something is done."""
    asked: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    do(database)
    event.remove(database.engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    with database.engine.connect() as connection:
        found = [
            row
            for statement, parameters in asked
            if statement.startswith("SELECT")
            for row in connection.exec_driver_sql(explain + statement, parameters)
        ]
    return "\n".join(str(row[-1]) for row in found)


def _as_user(ask: Callable[[Any, Any], object], given: object) -> Callable[[Database], None]:
    def do(database: Database) -> None:
        with read_as(database, 1) as session:
            ask(session, given)

    return do


def _read(ask: Callable[[Any], object]) -> Callable[[Database], None]:
    def do(database: Database) -> None:
        with database.read() as session:
            ask(session)

    return do


def _show_status(database: Database) -> None:
    with read_as(database, 1) as session:
        status.get_status(session, names=False)


def _recover(database: Database) -> None:
    Recovery(database, Queue(database), "test", timedelta(seconds=30))._enqueue_forgotten()


def _understand(database: Database) -> None:
    store = Store(database, Vault([KEYS]))
    Understanding(store, Queue(database), Settings()).understand_next(1)


def _place(database: Database) -> None:
    email = parse(raw(0, Subject="Re: Number 1", Date=f"{NOW + timedelta(days=1):%a, %d %b %Y %T +0000}"))
    with database.read() as session:
        Conversations(session, 2, [email]).place([(email, NOW)])


QUERIES: dict[str, tuple[Callable[[Database], object], str]] = {
    "messages for which no work is enqueued": (_recover, "ix_messages_waiting"),
    "how much waits": (_read(tally.count), "ix_messages_waiting"),
    "how much waits in a person's mailboxes": (_show_status, "ix_messages_waiting"),
    "the next messages to understand": (_understand, "ix_messages_waiting"),
    "a conversation by its subject": (_place, "ix_threads_user_id_subject_key"),
    "work that this worker has begun": (_read(lambda session: queue.pending(session, "me")), "workflow_status_pending"),
    "events that are old": (
        _read(lambda session: events.prune(session, NOW, 10)),
        "pk_events|SEARCH events USING INDEX",
    ),
    "the next messages to apply rules to": (
        lambda database: ruling.apply_next(database, 1, 0),
        "ix_analyses_user_id_message_id",
    ),
    "the next messages to export": (lambda filled: list(export.mbox(filled, 1)), "ix_messages_user_id_id"),
    "a page of drafts": (
        _as_user(drafts.list_drafts, drafts.Filters(cursor=CURSOR)),
        "ix_drafts_user_id_updated_at_id",
    ),
    "a page of the audit": (_as_user(audit.list_entries, pages.Page(cursor=CURSOR)), "ix_audit_user_id_at_id"),
    "entries of the audit that are too many": (
        _read(lambda session: log.shorten(session, 10)),
        "ix_audit_user_id_at_id",
    ),
    "a page of what rules did": (
        _as_user(rules.list_applications, rules.Filters(cursor=CURSOR)),
        "ix_rule_applications_user_id_at_id",
    ),
    "accounts whose work is enqueued": (_read(queue.accounts_with_work), "in_flight"),
    "work that ended long ago": (
        lambda database: Queue(database).forget(NOW - queue.KEPT, 10),
        "idx_workflow_status_completed_at",
    ),
    "how much is enqueued": (_read(queue.depths), "in_flight"),
}


def test_what_is_asked_often_has_an_index(filled: Database) -> None:
    """For each query the database says that it goes by the index, on each of its kinds."""
    plans = {query: plan(filled, do) for query, (do, _) in QUERIES.items()}
    assert {query: plans[query] for query, (_, index) in QUERIES.items() if not re.search(index, plans[query])} == {}


def test_every_foreign_key_has_an_index(database: Database) -> None:
    """Or each row that is deleted would cost a look at all rows that could refer to it."""
    inspector = inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        begun: list[Sequence[str | None]] = [index["column_names"] for index in inspector.get_indexes(table.name)]
        begun += [unique["column_names"] for unique in inspector.get_unique_constraints(table.name)]
        begun.append(inspector.get_pk_constraint(table.name)["constrained_columns"])
        for key in inspector.get_foreign_keys(table.name):
            columns = key["constrained_columns"]
            assert [some for some in begun if some[: len(columns)] == columns], f"{table.name}.{columns}"


def test_a_subject_that_grows_fits_into_its_index(mailbox: Mailbox) -> None:
    """Letters that become longer without their case, in any order: PostgreSQL's index takes 2,704 bytes of a row."""
    growing = [letter for letter in map(chr, range(0xD800)) if len(letter.casefold().encode()) >= 5]
    subject = "".join(random.Random(1).choices(growing, k=1000))  # noqa: S311  # the same in each run
    mailbox.inbox().deliver("INBOX", [arrival(1, raw(1, Subject=subject))], Cursor(7, 2))
    assert [message.subject for message in mailbox.messages()] == [subject]
