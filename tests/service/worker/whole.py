"""What has to be true after any crash: every message once, understood once, told once, in its account's order."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from service.store.tables import Analysis, Correspondent, DeadLetter, Event, Message, Placement, Raw, User
from tests.service.store.followed import raw

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from service.store.database import Database

SENDERS = 7
"""So many write the mail, in turn."""


def letter(number: int) -> bytes:
    """A message; each tenth one answers the one before, which may be in another account."""
    answered = f"<{number - 1}@example.com>" if number % 10 == 0 else ""
    return raw(number, From=f"person{number % SENDERS}@example.com", In_Reply_To=answered)


def understood(database: Database) -> int:
    """How many messages are; -1 while the database is away."""
    try:
        with database.read() as session:
            done = select(func.count()).where(Message.analysed_at.is_not(None))
            return session.scalars(done).one()
    except SQLAlchemyError:
        return -1


def wait_until(holds: Callable[[], bool], patience: float = 90.0, *, pause: float = 0.1, must: bool = True) -> None:
    """Returns when it holds, for what another process does to a database; after `patience` s too, unless it `must`."""
    until = time.monotonic() + patience
    while not holds():
        if time.monotonic() > until:
            assert not must, "it does not come true"
            return
        time.sleep(pause)


def check_database(database: Database, sent: Mapping[int, Sequence[int]], *, in_order: bool = True) -> None:
    """`sent` are the numbers of the letters that each account got, by its id and in their order."""
    numbers = sorted(number for some in sent.values() for number in some)
    with database.read() as session:
        messages = session.scalars(select(Message).order_by(Message.id)).all()
        assert sorted(_number(message) for message in messages) == numbers
        for message_id, data in session.execute(select(Raw.message_id, Raw.data)):
            assert data.replace(b"\r\n", b"\n") == letter(_number(session.get_one(Message, message_id)))
        placed = session.scalars(select(Placement).order_by(Placement.folder_id, Placement.uid)).all()
        assert sorted(placement.message_id for placement in placed) == [message.id for message in messages]
        assert not session.scalars(select(DeadLetter)).all()
        analysed = session.scalars(select(Analysis.message_id).order_by(Analysis.message_id)).all()
        assert analysed == [message.id for message in messages if message.analysed_at]
        assert len(analysed) == len(messages)
        found = session.execute(select(Correspondent.address, Correspondent.received))
        counted = {row.address: row.received for row in found}
        assert counted == Counter(f"person{number % SENDERS}@example.com" for number in numbers)
        for account_id, order in sent.items():
            of_account = [message.id for message in messages if message.account_id == account_id]
            assert [one.message_id for one in placed if one.message_id in set(of_account)] == of_account
            if in_order:
                assert [_number(message) for message in messages if message.account_id == account_id] == list(order)


def check_events(database: Database, told: Sequence[Mapping[str, Any]]) -> None:
    """`told` is what a client has got: all of the log, each event once; of each account in the order of its mail."""
    with database.read() as session:
        last = session.scalars(select(User.last_event)).one()
        log = session.scalars(select(Event).order_by(Event.id)).all()
        order = session.execute(select(Message.account_id, Message.id).order_by(Message.id)).all()
    assert [event.id for event in log] == list(range(1, last + 1))
    assert [(event["id"], event["type"], event["data"]) for event in told] == [
        (event.id, event.type, event.data) for event in log
    ]
    for kind in ("message.new", "message.understood"):
        for account_id in {row.account_id for row in order}:
            expected = [row.id for row in order if row.account_id == account_id]
            found = [event for event in log if (event.type, event.account_id) == (kind, account_id)]
            assert [event.data["message_id"] for event in found] == expected, kind


def _number(message: Message) -> int:
    return int(message.message_id.partition("@")[0])
