"""Lists of messages on every database: each filter, and pages that stay whole while mail arrives."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from service.api import threads
from service.api.messages import Filters, list_messages
from service.api.pages import Page
from service.api.status import get_status
from service.store.scope import read_as
from service.store.tables import User
from tests.service.api.seed import fill
from tests.service.store.followed import add_mailbox, mail

if TYPE_CHECKING:
    from service.store.database import Database


@pytest.fixture
def owner(database: Database) -> int:
    """A user without mail."""
    with database.write() as session:
        user = User(name="ann", created_at=datetime.now(UTC), last_event=0, pruned_event=0)
        session.add(user)
    return user.id


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"category": "needs-reply"}, {"Lunch on Friday?"}),
        ({"label": "money"}, {"Your receipt"}),
        ({"label": "mon"}, set()),
        ({"hidden": "true"}, {"Weekly news"}),
        ({"seen": "true"}, {"Lunch on Friday?", "Re: Lunch on Friday?"}),
        ({"attachments": "true"}, {"Your receipt"}),
        ({"attachments": "false", "seen": "false"}, {"Another"}),
        ({"sender": "Eve@Example.com"}, {"Another"}),
        ({"folder": "Lists", "hidden": "true"}, {"Weekly news"}),
        ({"folder": "Lists"}, set()),
        ({"account": "1"}, {"Lunch on Friday?", "Re: Lunch on Friday?"}),
        ({"thread": "1"}, {"Lunch on Friday?", "Re: Lunch on Friday?"}),
        ({"since": "2026-01-01T12:03:00Z"}, {"Another"}),
        ({"until": "2026-01-01T13:02:00+01:00"}, {"Lunch on Friday?", "Your receipt"}),
        ({"removed": "true"}, set()),
        ({"q": "lunch -gladly"}, {"Lunch on Friday?"}),
    ],
)
def test_a_list_is_filtered(database: Database, owner: int, query: dict[str, str], found: set[str]) -> None:
    """Each filter alone, and some together."""
    fill(database)
    with read_as(database, owner) as session:
        listed = list_messages(session, Filters.model_validate_strings(query))
    assert {line.subject for line in listed.messages} == found


def test_pages_are_whole_while_mail_arrives(database: Database, owner: int) -> None:
    """What was there at the beginning is shown once, and what came since is not among it."""
    box = add_mailbox(database, owner)
    there = box.deliver(*(mail(f"Old {number}") for number in range(7)))
    seen: list[int] = []
    cursor = None
    for number in range(10):
        with read_as(database, owner) as session:
            page = list_messages(session, Filters(limit=2, cursor=cursor))
        seen += [line.id for line in page.messages]
        cursor = page.next
        if cursor is None:
            break
        box.deliver(mail(f"New {number}"))
    assert seen == there[::-1]


def test_messages_of_one_moment_are_all_listed(database: Database, owner: int) -> None:
    """Where times are the same, ids decide."""
    for name in ("One", "Two", "Three"):
        add_mailbox(database, owner, name).deliver(mail(name))  # the first message of each comes in the same minute
    with read_as(database, owner) as session:
        first = list_messages(session, Filters(limit=2))
        second = list_messages(session, Filters(limit=2, cursor=first.next))
        assert [line.subject for line in (*first.messages, *second.messages)] == ["Three", "Two", "One"]
        pages = threads.list_threads(session, Page(limit=2))
        assert len(threads.list_threads(session, Page(limit=2, cursor=pages.next)).threads) == 1


def test_the_status_counts_what_waits(database: Database, owner: int) -> None:
    """Messages that nothing understood yet, by their mailbox, without those that failed."""
    filled = fill(database)
    add_mailbox(database, owner, "New").deliver(mail("One"), mail("Two"))
    with read_as(database, owner) as session:
        status = get_status(session, names=False)
    assert [(account.name, account.waiting) for account in status.accounts] == [("Work", 0), ("Home", 0), ("New", 2)]
    assert (status.waiting, status.dead_letters) == (2, 1)
    assert status.accounts[2].oldest_waiting >= 0
    assert status.accounts[0].id == filled.work
