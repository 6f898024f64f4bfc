"""A process that is killed before any one of its statements, and another that goes on: the outcome is the same."""

from __future__ import annotations

import os
import signal
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, select

from service.mail.source import Cursor
from service.settings import Settings
from service.store import queue
from service.store.database import Database
from service.store.opened import Store
from service.store.queue import Queue
from service.store.tables import Correspondent, Placement
from service.store.vault import Vault
from service.worker.understanding import Understanding
from tests.service.store.followed import arrival, make_mailbox
from tests.service.worker.kept import KEYS
from tests.service.worker.whole import SENDERS, letter

if TYPE_CHECKING:
    from typing import Any

    from tests.service.store.followed import Mailbox

pytestmark = pytest.mark.timeout(600)

COUNT = 8
SOURCE = {"A": range(1, 6), "B": range(4, COUNT + 1)}
"""The letters of two folders, some of which are in both."""


def bring(mailbox: Mailbox) -> None:
    """Bring what the cursors have not passed, as a source does."""
    inbox = mailbox.inbox()
    for folder, numbers in SOURCE.items():
        new = [number for number in numbers if number >= inbox.cursor(folder).uidnext]
        for first in range(0, len(new), 4):
            some = new[first : first + 4]
            inbox.deliver(folder, [arrival(n, letter(n)) for n in some], Cursor(7, some[-1] + 1))


def work(mailbox: Mailbox) -> None:
    """Do what is enqueued, if anything is: each workflow does all that waits."""
    with mailbox.database.read() as session:
        enqueued = mailbox.account_id in queue.accounts_with_work(session)
    understanding = Understanding(Store(mailbox.database, Vault([KEYS])), Queue(mailbox.database), Settings())
    while enqueued and understanding.understand_next(mailbox.account_id)[0]:
        pass


def killed(mailbox: Mailbox, before: int) -> bool:
    """Whether a process that does it all was killed before a statement or a commit, given by its number."""
    mailbox.database.close()  # a connection belongs to one process
    pid = os.fork()
    if pid == 0:
        try:
            database = Database(mailbox.database.url)
            left = iter(range(before))

            def count(*_: Any) -> None:
                if next(left, None) is None:
                    os.kill(os.getpid(), signal.SIGKILL)

            event.listen(database.engine, "before_cursor_execute", count)
            event.listen(database.engine, "commit", count)
            do_all(replace(mailbox, database=database))
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def do_all(mailbox: Mailbox) -> None:
    """Bring all, and understand it."""
    bring(mailbox)
    work(mailbox)


def check(mailbox: Mailbox) -> None:
    """Each letter is stored, understood and announced once, in its order, whatever happened before."""
    messages = mailbox.messages()
    assert [message.message_id for message in messages] == [f"{n}@example.com" for n in range(1, COUNT + 1)]
    log = mailbox.events()
    assert [entry.id for entry in log] == list(range(1, len(log) + 1))
    for kind in ("message.new", "message.understood"):
        told = [entry.data["message_id"] for entry in log if entry.type == kind]
        assert told == [message.id for message in messages], kind
    with mailbox.database.read() as session:
        of_user = select(Correspondent.address, Correspondent.received).where(Correspondent.user_id == mailbox.user_id)
        counted = {row.address: row.received for row in session.execute(of_user)}
        ids = [message.id for message in messages]
        placed = Counter(session.scalars(select(Placement.message_id).where(Placement.message_id.in_(ids))))
    assert counted == Counter(f"person{n % SENDERS}@example.com" for n in range(1, COUNT + 1))
    assert placed == Counter(ids[n - 1] for numbers in SOURCE.values() for n in numbers)


def test_a_crash_before_any_statement_changes_nothing(database: Database) -> None:
    """Whichever statement or commit it is that was not reached, of the first one to the last one."""
    crashes = 0
    while killed(mailbox := make_mailbox(database, f"{crashes}@example.org"), crashes):
        do_all(mailbox)
        check(mailbox)
        crashes += 1
    check(mailbox)
    assert crashes > 50
