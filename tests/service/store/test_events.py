"""The log of events: ids without gaps in the order of commits, whoever appends."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from service.store import events
from service.store.tables import Event
from tests.service.store.followed import NOW

if TYPE_CHECKING:
    from service.store.database import Database
    from tests.service.store.followed import Mailbox


def append(mailbox: Mailbox, *numbers: int) -> int:
    """Append an event for each number."""
    with mailbox.database.write() as session:
        return events.append(session, mailbox.user_id, *(events.New("number", {"n": n}) for n in numbers))


def numbers(mailbox: Mailbox, after: int, limit: int = 100) -> list[int] | None:
    """The numbers of the events after an id."""
    with mailbox.database.read() as session:
        found = events.after(session, mailbox.user_id, after, limit)
        return None if found is None else [event.data["n"] for event in found]


def test_a_reader_gets_what_came_after_the_last_it_has(mailbox: Mailbox) -> None:
    """In order, and as much as it asks for."""
    assert append(mailbox, 1, 2, 3) == 3
    assert numbers(mailbox, 1) == [2, 3]
    assert numbers(mailbox, 0, limit=2) == [1, 2]
    assert numbers(mailbox, 3) == []


def test_an_id_that_is_not_reached_is_of_another_log(mailbox: Mailbox) -> None:
    """Such a reader has to begin anew."""
    append(mailbox, 1)
    assert numbers(mailbox, 2) is None


def test_writers_at_once_leave_no_gap_and_no_event_behind_a_reader(mailbox: Mailbox) -> None:
    """A reader that follows the log while many write sees each event once, in the order of ids."""
    writers = [threading.Thread(target=lambda: [append(mailbox, n) for n in range(25)]) for _ in range(4)]
    for writer in writers:
        writer.start()
    seen: list[int] = []
    while len(seen) < 100:
        with mailbox.database.read() as session:
            seen += [event.id for event in events.after(session, mailbox.user_id, len(seen), 1000) or ()]
    for writer in writers:
        writer.join()
    assert seen == list(range(1, 101))


def test_what_was_pruned_cannot_be_replayed(mailbox: Mailbox) -> None:
    """A reader from before the pruning begins anew, one from after it goes on."""
    append(mailbox, 1, 2)
    with mailbox.database.write() as session:
        session.execute(update(Event).values(at=NOW))
    append(mailbox, 3)
    with mailbox.database.write() as session:
        assert events.prune(session, NOW + timedelta(hours=1), 1000) == 2
    assert numbers(mailbox, 1) is None
    assert numbers(mailbox, 2) == [3]


def test_listeners_hear_of_a_commit_and_of_nothing_else(mailbox: Mailbox) -> None:
    """Once a transaction, after it, and not for one that was undone."""
    heard: list[int] = []
    end = mailbox.database.listen(heard.append)
    append(mailbox, 1, 2)
    with pytest.raises(ZeroDivisionError):
        _fail(mailbox.database, mailbox.user_id)
    assert heard == [mailbox.user_id]
    end()
    append(mailbox, 3)
    assert heard == [mailbox.user_id]


def _fail(database: Database, user_id: int) -> None:
    with database.write() as session:
        events.append(session, user_id, events.New("number", {"n": 0}))
        raise ZeroDivisionError
