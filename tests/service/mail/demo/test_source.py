"""The demo as a source: what arrives when, and that nothing arrives twice."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from service.mail.demo.mailbox import AT_ONCE, SPAN, due, mails
from service.mail.demo.source import UIDVALIDITY, DemoSource
from service.mail.registry import Allowed, open_source
from service.mail.source import Cursor
from tests.service.mail.inbox import MemoryInbox

MADE = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALL = len(mails())


class Clock:
    """A clock that a test sets."""

    def __init__(self, after: timedelta = timedelta()) -> None:
        self.now = MADE + after

    def __call__(self) -> datetime:
        """The time that is set."""
        return self.now


def test_mails_arrive_over_the_first_minute() -> None:
    """A few are there at once, all after a minute, and then there are no more."""
    clock, inbox = Clock(), MemoryInbox()
    source = DemoSource(MADE, clock)
    source.sync(inbox)
    assert len(inbox.messages) == AT_ONCE
    clock.now = due(AT_ONCE, MADE)
    source.sync(inbox)
    assert len(inbox.messages) == AT_ONCE + 1
    clock.now = MADE + SPAN
    source.sync(inbox)
    assert len(inbox.messages) == ALL
    calls = len(inbox.calls)
    clock.now += timedelta(days=3)
    source.sync(inbox)
    assert len(inbox.calls) == calls


def test_what_robin_sent_is_in_another_folder() -> None:
    """The user's own letters are in Sent, as in a real mailbox."""
    inbox = MemoryInbox()
    DemoSource(MADE, Clock(SPAN)).sync(inbox)
    assert set(inbox.cursors) == {"INBOX", "Sent"}
    assert [mail.folder for mail in mails()].count("Sent") == len(inbox.subjects("Sent")) > 0


@given(cuts=st.lists(st.integers(0, 70), max_size=6).map(sorted))
def test_a_restart_at_any_moment_loses_and_doubles_nothing(cuts: list[int]) -> None:
    """However often the worker begins anew, and whatever it had delivered when it ended, the mailbox is the same."""
    whole, inbox = MemoryInbox(), MemoryInbox()
    DemoSource(MADE, Clock(SPAN)).sync(whole)
    for seconds in [*cuts, 70]:
        DemoSource(MADE, Clock(timedelta(seconds=seconds))).sync(inbox)
    assert inbox.messages == whole.messages
    assert sum(inbox.batches) == ALL
    assert inbox.cursors == whole.cursors


def test_a_crash_between_two_folders_goes_on_where_it_was() -> None:
    """What is committed is not delivered again, and the rest comes in its order."""
    inbox = MemoryInbox()

    def fails_at_the_fourth(_: str) -> None:
        if len(inbox.calls) == 3:
            raise ConnectionError

    inbox.before = fails_at_the_fourth
    source = DemoSource(MADE, Clock(SPAN))
    try:
        source.sync(inbox)
    except ConnectionError:
        inbox.before = lambda _: None
    before = len(inbox.messages)
    assert 0 < before < ALL
    source.sync(inbox)
    assert len(inbox.messages) == ALL


def test_a_mailbox_in_another_order_is_read_anew() -> None:
    """A version of the demo whose UIDs mean other mails has another UIDVALIDITY, and the old cursor says nothing."""
    inbox = MemoryInbox()
    inbox.cursors["INBOX"] = Cursor(UIDVALIDITY + 1, 100)
    DemoSource(MADE, Clock(SPAN)).sync(inbox)
    assert len(inbox.messages) == ALL


def test_waiting_ends_when_the_next_mail_is_due() -> None:
    """The source itself knows when to look again."""
    source = DemoSource(datetime.now(UTC) - (due(AT_ONCE, MADE) - MADE) + timedelta(seconds=0.5))
    inbox = MemoryInbox()
    source.sync(inbox)
    assert len(inbox.messages) == AT_ONCE
    source.wait(60)
    source.sync(inbox)
    assert len(inbox.messages) == AT_ONCE + 1


def test_what_fell_due_after_the_last_sync_is_not_waited_for() -> None:
    """No mail is late because it fell due between a sync and the wait after it."""
    clock = Clock()
    source = DemoSource(MADE, clock)
    source.sync(MemoryInbox())
    clock.now = due(AT_ONCE + 3, MADE)
    began = time.monotonic()
    source.wait(60)
    assert time.monotonic() - began < 30


def test_an_interrupt_ends_the_wait() -> None:
    """From another thread, or before the wait has begun; each ends one."""
    source = DemoSource(MADE, Clock(SPAN))
    source.sync(MemoryInbox())
    source.interrupt()
    source.wait(60)
    waiting = threading.Thread(target=source.wait, args=(60,))
    waiting.start()
    source.interrupt()
    waiting.join(30)
    assert not waiting.is_alive()
    source.close()


def test_the_registry_opens_it() -> None:
    """An account of the demo has when it was made in its settings, and needs no secret."""
    allowed = Allowed((Path("/nowhere"),), private_hosts=False, message_size=10_000)
    inbox = MemoryInbox()
    open_source("demo", {"made_at": MADE.isoformat()}, "", allowed, lambda _: None).sync(inbox)
    assert len(inbox.messages) == ALL
