"""The indicator of the mail: what waits, in words that name nobody, and the way out where there is one to take."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from probes import Failure
from service.mail.source import Cursor
from service.store import health as store_health
from service.store.clock import now
from service.store.tables import Account, DeadLetter, Message
from service.worker import health
from tests.service.store.followed import NOW, arrival
from tests.service.worker.test_understanding import understand_all

if TYPE_CHECKING:
    from tests.service.store.followed import Mailbox


@pytest.fixture(autouse=True)
def _open(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is the one that this process has open, and the mailbox was synced just now."""
    monkeypatch.setattr(store_health, "running", [mailbox.database])
    with mailbox.database.write() as session:
        account = session.get_one(Account, mailbox.account_id)
        account.state, account.last_success_at = "well", now(session)


def put(mailbox: Mailbox, **values: Any) -> None:
    """Change the mailbox."""
    with mailbox.database.write() as session:
        account = session.get_one(Account, mailbox.account_id)
        for name, value in values.items():
            setattr(account, name, value)


def failure() -> Failure:
    """What the indicator fails with."""
    with pytest.raises(Failure) as raised:
        asyncio.run(health.mail())
    return raised.value


def test_it_says_how_much_waits(mailbox: Mailbox) -> None:
    """Mailboxes by their state, messages that wait, and messages that were put aside."""
    assert "mailboxes: 1 well; the longest without a success for " in asyncio.run(health.mail())
    mailbox.inbox().deliver("INBOX", [arrival(1), arrival(2)], Cursor(7, 3))
    assert "messages waiting: 2; the oldest for " in asyncio.run(health.mail())
    understand_all(mailbox)
    assert "; messages waiting: 0; " in asyncio.run(health.mail())
    assert "; dead letters: 0; " in asyncio.run(health.mail())


def test_a_refused_password_is_shown(mailbox: Mailbox) -> None:
    """With the resource that tells whose it is, and with no name."""
    put(mailbox, state="needs_reauth")
    assert "mailboxes: 1 needs reauth" in failure().detail
    assert "GET /api/status" in failure().resolution[0]
    assert "me@example.org" not in str(failure())


def test_a_mailbox_that_falls_behind_is_shown(mailbox: Mailbox) -> None:
    """One that has had no success for long, unless its owner wants it to rest."""
    put(mailbox, last_success_at=NOW - timedelta(days=400))
    assert "what keeps a mailbox" in failure().resolution[0]
    put(mailbox, paused=True)
    assert "mailboxes: 1 paused" in asyncio.run(health.mail())


def test_a_mailbox_that_waits_for_its_owner_does_not_fall_behind(mailbox: Mailbox) -> None:
    """Nobody follows it, so what it tells is that it needs its owner, and nothing besides."""
    put(mailbox, state="needs_reauth", last_success_at=NOW - timedelta(days=400))
    assert "the longest without a success for 0 s" in failure().detail
    assert "what keeps a mailbox" not in " ".join(failure().resolution)


def test_dead_letters_and_messages_that_wait_for_long_are_shown(mailbox: Mailbox) -> None:
    """Each with its own way out."""
    mailbox.inbox().deliver("INBOX", [arrival(1), arrival(2)], Cursor(7, 3))
    with mailbox.database.write() as session:
        first, second = mailbox.messages()
        session.get_one(Message, first.id).stored_at = now(session) - timedelta(hours=1)
        letter = DeadLetter(
            user_id=mailbox.user_id, account_id=mailbox.account_id, message_id=second.id, error="no", attempts=4, at=NOW
        )
        session.add(letter)
    steps = " ".join(failure().resolution)
    assert "GET /api/dead-letters" in steps
    assert "messages wait for a worker" in steps
    assert "dead letters: 1" in failure().detail
