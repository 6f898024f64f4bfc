"""Leases: an account is followed by one worker at a time, and what is written under an older lease is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from service.mail.source import Cursor, Gone
from service.store import accounts
from service.store.tables import Account
from service.worker.lease import Leases
from tests.service.store.followed import arrival, make_mailbox

if TYPE_CHECKING:
    from typing import Any

    from tests.service.store.followed import Mailbox

TERM = timedelta(hours=1)


@pytest.fixture
def free(mailbox: Mailbox) -> Mailbox:
    """An account that nobody follows."""
    change(mailbox, lease_owner="")
    return mailbox


def change(mailbox: Mailbox, **values: Any) -> None:
    """Change the account."""
    with mailbox.database.write() as session:
        session.execute(update(Account).where(Account.id == mailbox.account_id).values(**values))


def expire(mailbox: Mailbox) -> None:
    """Have its lease run out."""
    change(mailbox, lease_until=datetime.now(UTC) - timedelta(minutes=1))


def leases(mailbox: Mailbox, worker: str) -> Leases:
    """Those of a worker."""
    return Leases(mailbox.database, worker, TERM)


def test_one_worker_at_a_time_follows_an_account(free: Mailbox) -> None:
    """The first one has it for as long as it renews, and another one when it lets go."""
    first, second = leases(free, "first"), leases(free, "second")
    (leased,) = first.renew()
    assert second.renew() == []
    assert first.renew() == [leased]
    first.release()
    assert [taken.id for taken in second.renew()] == [free.account_id]
    assert first.renew() == []


def test_workers_share_the_accounts(free: Mailbox) -> None:
    """Each look takes one more, so that workers that start together have about as many each."""
    for name in "bcd":
        change(make_mailbox(free.database, f"{name}@example.org"), lease_owner="")
    first, second = leases(free, "first"), leases(free, "second")
    for _ in range(3):
        held = first.renew(), second.renew()
    assert [len(some) for some in held] == [2, 2]


def test_a_lease_that_has_run_out_goes_to_another_worker(free: Mailbox) -> None:
    """Whoever had it may write nothing any more, and does not take it back."""
    first, second = leases(free, "first"), leases(free, "second")
    (old,) = first.renew()
    expire(free)
    (new,) = second.renew()
    with pytest.raises(Gone):
        free.inbox(old.lease).deliver("INBOX", [arrival(1)], Cursor(7, 2))
    with pytest.raises(Gone):
        accounts.note_state(free.database, free.account_id, old.lease, "failing", "it was frozen")
    free.inbox(new.lease).deliver("INBOX", [arrival(1)], Cursor(7, 2))
    assert first.renew() == []
    assert second.renew() == [new]
    assert len(free.messages()) == 1


def test_a_worker_that_gets_an_account_again_has_another_lease(free: Mailbox) -> None:
    """What it knew under the first one may be out of date: another worker has followed the account in between."""
    first, second = leases(free, "first"), leases(free, "second")
    (old,) = first.renew()
    expire(free)
    second.renew()
    second.release()
    (new,) = first.renew()
    with pytest.raises(Gone):
        free.inbox(old.lease).deliver("INBOX", [arrival(1)], Cursor(7, 2))
    free.inbox(new.lease).deliver("INBOX", [arrival(1)], Cursor(7, 2))


def test_a_lease_that_ran_out_unnoticed_goes_on(free: Mailbox) -> None:
    """When nobody else took the account, nothing was done under another lease."""
    first = leases(free, "first")
    (leased,) = first.renew()
    expire(free)
    assert first.renew() == [leased]


def test_a_worker_that_was_killed_has_its_accounts_at_once(free: Mailbox) -> None:
    """By its name it knows them again; those of another worker it leaves alone, whatever letters its name has."""
    other = make_mailbox(free.database, "other@example.org")
    leases(free, "worker-1").renew()
    change(other, lease_owner="worker-1x/0", lease_until=datetime.now(UTC) + TERM)
    again = leases(free, "worker_1")
    again.begin()
    assert again.renew() == []
    again = leases(free, "worker-1")
    again.begin()
    assert [leased.id for leased in again.renew()] == [free.account_id]


@pytest.mark.parametrize("values", [{"paused": True}, {"state": "needs_reauth"}])
def test_an_account_that_waits_for_its_user_is_nobodys(free: Mailbox, values: dict[str, Any]) -> None:
    """A paused one, and one whose password is wrong, are let go; when they are well again they are followed."""
    first = leases(free, "first")
    first.renew()
    change(free, **values)
    assert first.renew() == []
    assert leases(free, "second").renew() == []
    change(free, paused=False, state="well")
    assert len(first.renew()) == 1


def test_a_clock_that_was_set_back_keeps_no_account_for_long(free: Mailbox) -> None:
    """A lease of a dead worker that seems to be valid for days is none."""
    change(free, lease_owner="dead/0", lease_until=datetime.now(UTC) + timedelta(days=2))
    assert len(leases(free, "first").renew()) == 1
