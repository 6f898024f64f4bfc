"""The follower: an account is synced when something may have changed, and no source makes it spin."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY

from service.backoff import Backoff
from service.mail.source import Cursor, NeedsReauth, SourceError
from service.store import threads
from service.store.inbox import StoreInbox
from service.store.opened import Store
from service.store.queue import Queue
from service.store.tables import Account
from service.store.vault import Vault
from service.worker import follower as module
from service.worker import unnoted
from service.worker.follower import AT_LEAST, Follower
from service.worker.lease import Leased
from service.worker.tally import count
from tests.service.store.followed import NOW, OWNER, add_mailbox, arrival, raw
from tests.service.worker.test_dead_letters import execute
from tests.service.worker.whole import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.mail.source import Inbox, Source
    from tests.service.store.followed import Mailbox

SYNCS = 4


class Chatty:
    """A source that always has news: its `wait` returns at once."""

    def __init__(self) -> None:
        self.began: list[float] = []
        self.enough = threading.Event()

    def sync(self, _: Inbox) -> None:
        """Note when."""
        self.began.append(time.monotonic())
        if len(self.began) >= SYNCS:
            self.enough.set()

    def wait(self, timeout: float) -> None:
        """Not at all."""

    def interrupt(self) -> None:
        """Nobody waits."""

    def close(self) -> None:
        """There is nothing to let go of."""


@contextmanager
def following(mailbox: Mailbox, source: Source, quota: int = 0) -> Iterator[Follower]:
    """A follower of that source; on the way out it has ended."""
    store = Store(mailbox.database, Vault(["of the test, which keeps no secret"]), quota)
    leased = Leased(mailbox.account_id, "maildir", OWNER, None)
    follower = Follower(store, Queue(mailbox.database), leased, lambda _: source)
    follower.start()
    try:
        yield follower
    finally:
        follower.stop()
        follower.join(30)
    assert not follower.is_alive


def failed() -> float:
    """How many syncs have failed."""
    return REGISTRY.get_sample_value("airlock_syncs_total", {"outcome": "failed"}) or 0.0


def test_a_source_that_always_has_news_is_synced_at_a_bounded_rate(mailbox: Mailbox) -> None:
    """A server that tells of a change for ever costs a sync each moment, and ends with the follower at once."""
    source = Chatty()
    before = failed()
    with following(mailbox, source):
        assert source.enough.wait(30)
    assert failed() == before
    pauses = [later - earlier for earlier, later in zip(source.began, source.began[1:], strict=False)]
    assert min(pauses) >= 0.9 * AT_LEAST  # the two clocks are read a moment apart


class Failing(Chatty):
    """A source whose server is away."""

    def sync(self, inbox: Inbox) -> None:
        """Note when, and fail."""
        super().sync(inbox)
        raise SourceError("the server is away")


def test_who_asks_for_a_sync_does_not_wait_for_earlier_failures(mailbox: Mailbox) -> None:
    """Though the pauses between them have become long: the server may be back, as its owner knows."""
    source = Failing()
    wanted = 12  # which by themselves would take ten minutes and more
    with following(mailbox, source) as follower:
        for number in range(1, wanted):
            wait_until(lambda number=number: len(source.began) >= number, pause=0.01)  # type: ignore[misc]
            follower.ask(NOW + timedelta(seconds=number))
        wait_until(lambda: len(source.began) >= wanted)


class Bringing(Chatty):
    """A source with one message."""

    def sync(self, inbox: Inbox) -> None:
        """Note when, and bring it."""
        super().sync(inbox)
        inbox.deliver("INBOX", [arrival(1)], Cursor(7, 2))


class Looks:
    """How often it was looked whether there is room."""

    def __init__(self) -> None:
        self.number = 0

    def wait(self, more: int = 5) -> None:
        """Until it was looked so often again."""
        wanted = self.number + more
        wait_until(lambda: self.number >= wanted, pause=0.01)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """Of a follower whose pauses are short."""
    looks, stored = Looks(), StoreInbox.stored

    def look(inbox: StoreInbox) -> int:
        looks.number += 1
        return stored(inbox)

    monkeypatch.setattr(StoreInbox, "stored", look)
    monkeypatch.setattr(module, "Backoff", lambda: Backoff(0.01, 0.05))
    return looks


@pytest.fixture
def second(mailbox: Mailbox) -> Mailbox:
    """One more mailbox of the owner, with more than the quota in it."""
    second = add_mailbox(mailbox.database, mailbox.user_id)
    second.deliver(raw(10), raw(11))
    return second


QUOTA = 100


def test_a_full_inbox_is_offered_nothing_until_it_has_room(mailbox: Mailbox, second: Mailbox, looks: Looks) -> None:
    """What is refused is fetched once, and comes when another mailbox of its owner is deleted."""
    source = Bringing()
    with following(mailbox, source, QUOTA):
        looks.wait()
        assert len(source.began) == 1
        with mailbox.database.write() as session:
            threads.forget_account(session, session.get_one(Account, second.account_id))
        wait_until(lambda: len(mailbox.messages()) == 1)


@pytest.mark.usefixtures("second")
def test_a_full_inbox_is_tried_when_a_sync_is_asked_for(mailbox: Mailbox, looks: Looks) -> None:
    """Once for each time it is asked for, also while the database is away in between."""
    source = Bringing()
    with following(mailbox, source, QUOTA) as follower:
        looks.wait()
        follower.ask(NOW)
        wait_until(lambda: len(source.began) == 2)
        looks.wait()
        execute(mailbox.database, "ALTER TABLE accounts RENAME TO away")
        looks.wait()
        execute(mailbox.database, "ALTER TABLE away RENAME TO accounts")
        looks.wait()
        assert len(source.began) == 2


@pytest.mark.usefixtures("second", "looks")
def test_a_full_inbox_is_tried_now_and_then(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has arrived may be less than what was refused."""
    monkeypatch.setattr(module, "FULL_FOR", 0.1)
    source = Bringing()
    with following(mailbox, source, QUOTA):
        assert source.enough.wait(30)
    assert mailbox.messages() == []


class Refusing(Chatty):
    """A source whose server refuses the password."""

    def sync(self, _: Inbox) -> None:
        """Note when, and refuse."""
        self.began.append(time.monotonic())
        raise NeedsReauth("the server refuses the password")


_BEFORE = "CREATE TRIGGER refuse BEFORE UPDATE ON accounts"
_FUNCTION = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$
"""
REFUSE = {
    "sqlite": [f"{_BEFORE} WHEN NEW.state = 'needs_reauth' BEGIN SELECT RAISE(ABORT, 'not now'); END"],
    "postgresql": [
        _FUNCTION,
        f"{_BEFORE} FOR EACH ROW WHEN (NEW.state = 'needs_reauth') EXECUTE FUNCTION refuse()",
    ],
}
"""A database that does not take it that an account needs its owner."""
ALLOW = {"sqlite": "DROP TRIGGER refuse", "postgresql": "DROP TRIGGER refuse ON accounts"}


def test_a_refused_password_that_cannot_be_noted_is_tried_no_more(mailbox: Mailbox) -> None:
    """It is counted as what it is meanwhile, and noted as soon as the database takes it."""
    database, source = mailbox.database, Refusing()
    execute(database, *REFUSE[database.engine.dialect.name])
    store = Store(database, Vault(["of the test, which keeps no secret"]))
    leased = Leased(mailbox.account_id, "maildir", OWNER, None)
    follower = Follower(store, Queue(database), leased, lambda _: source)

    def counted() -> dict[str, int]:
        with database.read() as session:
            return {state: number for state, number in count(session).accounts.items() if number}

    def noted() -> str:
        with database.read() as session:
            return session.get_one(Account, mailbox.account_id).state

    follower.start()
    wait_until(lambda: counted() == {"needs_reauth": 1})
    assert noted() == "syncing"
    execute(database, ALLOW[database.engine.dialect.name])
    follower.join(90)
    assert not follower.is_alive
    assert noted() == "needs_reauth"
    assert len(source.began) == 1
    assert unnoted.states == {}
