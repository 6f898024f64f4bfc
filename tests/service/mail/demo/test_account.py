"""The demo's account: who gets one, and when it goes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from service.mail.demo import account as demo
from service.mail.demo.mailbox import ADDRESS, SPAN, mails
from service.mail.demo.source import DemoSource
from service.store import events
from service.store.inbox import StoreInbox
from service.store.queue import Queue
from service.store.tables import Account, Audit, Correspondent, Folder, Learned, Message, Raw, Thread, User

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.store.database import Database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def user(database: Database) -> int:
    """A user who has just come."""
    with database.write() as session:
        row = User(name="Robin", created_at=NOW)
        session.add(row)
        session.flush()
        return row.id


def add_account(session: Session, user_id: int) -> None:
    """An account of the user's own."""
    session.add(Account(user_id=user_id, kind="maildir", name="Mine", address="", settings={}, created_at=NOW))
    session.flush()


def follow(database: Database, user_id: int, account_id: int) -> None:
    """Have all the mail arrive, as the worker has, and something be learned from it."""
    with database.write() as session:
        account = session.get_one(Account, account_id)
        account.lease_owner = "tests"
        source = DemoSource(datetime.fromisoformat(account.settings["made_at"]) - SPAN)
        session.add(Learned(user_id=user_id, token="", category="fyi", count=1))
        session.add(Correspondent(user_id=user_id, address="mira@okafor.example.net", sent=1, received=1))
    source.sync(StoreInbox(database, Queue(database), account_id, "tests"))
    source.sync(StoreInbox(database, Queue(database), account_id, "tests"))


def kinds(database: Database) -> list[str]:
    """The kinds of all accounts."""
    with database.read() as session:
        return list(session.scalars(select(Account.kind).order_by(Account.id)))


def test_a_newcomer_gets_one(database: Database, user: int) -> None:
    """It is announced, audited, and says when it was made; asking again makes no second one."""
    with database.write() as session:
        made = demo.offer(session, user)
    with database.write() as session:
        assert demo.offer(session, user) is None
    with database.read() as session:
        account = session.scalars(select(Account)).one()
        assert (account.id, account.kind, account.address) == (made, "demo", ADDRESS)
        assert account.created_at == datetime.fromisoformat(account.settings["made_at"])
        told = events.after(session, user, 0, 10)
        assert told
        assert [(event.type, event.account_id) for event in told] == [("account.created", made)]
        assert [row.action for row in session.scalars(select(Audit))] == ["accounts.create"]


def test_who_has_an_account_gets_none(database: Database, user: int) -> None:
    """A user with a mailbox needs no made-up one."""
    with database.write() as session:
        add_account(session, user)
        assert demo.offer(session, user) is None
    assert kinds(database) == ["maildir"]


def test_who_had_an_account_gets_none(database: Database, user: int) -> None:
    """Deleting one's last account does not bring strangers' mail; an event is left of every account."""
    with database.write() as session:
        events.append(session, user, events.New("account.deleted", {}))
    with database.write() as session:
        assert demo.offer(session, user) is None


def test_it_goes_with_all_that_it_brought(database: Database, user: int) -> None:
    """Neither mail nor threads nor what was learned stay, and it does not come back."""
    with database.write() as session:
        made = demo.offer(session, user)
    assert made
    follow(database, user, made)
    with database.write() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == len(mails())
        add_account(session, user)
        assert demo.withdraw(session, user)
    with database.write() as session:
        assert not demo.withdraw(session, user)
        assert demo.offer(session, user) is None
        for table in (Message, Raw, Thread, Folder, Learned, Correspondent):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        told = events.after(session, user, 0, 100)
        assert told
        assert [event.type for event in told] == [
            "account.created", *["message.new"] * len(mails()), "account.deleted",
        ]  # fmt: skip
    assert kinds(database) == ["maildir"]


@pytest.mark.parametrize(
    ("wanted", "has_own", "left"), [(True, False, ["demo"]), (False, False, []), (True, True, ["maildir"])]
)
def test_the_worker_arranges_what_the_settings_say(
    database: Database, user: int, wanted: bool, has_own: bool, left: list[str]
) -> None:
    """DEMO=false withdraws what is there, and so does an account of one's own."""
    with database.write() as session:
        demo.arrange(session, user, wanted=True)
        if has_own:
            add_account(session, user)
    with database.write() as session:
        demo.arrange(session, user, wanted=wanted)
    assert kinds(database) == left


def test_two_workers_make_one(database: Database, user: int) -> None:
    """Who comes second waits for the first, and finds that there is one."""
    made: list[int | None] = []

    def offer() -> None:
        with database.write() as session:
            made.append(demo.offer(session, user))

    workers = [threading.Thread(target=offer) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len([one for one in made if one]) == 1
    assert kinds(database) == ["demo"]


@pytest.mark.usefixtures("user")
def test_every_user_is_seen_to_when_the_worker_starts(database: Database) -> None:
    """Each gets a demo of their own, and all go with DEMO=false."""
    with database.write() as session:
        session.add(User(name="Mira", created_at=NOW))
    demo.arrange_all(database, wanted=True)
    assert kinds(database) == ["demo", "demo"]
    demo.arrange_all(database, wanted=False)
    assert kinds(database) == []
