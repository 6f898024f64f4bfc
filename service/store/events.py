"""The log of events: appended in the transaction that makes them true, read by whoever follows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, or_, select, update

from service.store.database import wake
from service.store.tables import Event, User

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

KEPT = timedelta(days=30)
"""How long an event is kept for clients that were away."""

MOST = 200_000
"""Events of one user that are kept, however young they are."""


@dataclass(frozen=True, slots=True)
class New:
    """An event that is to be appended; `data` is JSON."""

    type: str
    data: dict[str, Any]
    account_id: int | None = None


def append(session: Session, user_id: int, *events: New) -> int:
    """Append to the user's log; returns the id of the last one.

    The user's row is locked until the commit, so call it last: ids are then without gaps and in the order of commits.
    """
    if not events:
        return session.scalars(select(User.last_event).where(User.id == user_id)).one()
    raised = update(User).where(User.id == user_id).values(last_event=User.last_event + len(events))
    last = session.execute(raised.returning(User.last_event)).scalar_one()
    at = datetime.now(UTC)
    first = last - len(events) + 1
    session.add_all(
        Event(user_id=user_id, id=first + n, type=new.type, at=at, account_id=new.account_id, data=new.data)
        for n, new in enumerate(events)
    )
    session.flush()
    wake(session, user_id)
    return last


def after(session: Session, user_id: int, last_id: int, limit: int) -> Sequence[Event] | None:
    """The events after `last_id`, the oldest first, at most `limit`; None when the log no longer has all of them.

    An id that is not reached yet is of another log: a client that has it must begin anew too.
    """
    user = session.execute(select(User.last_event, User.pruned_event).where(User.id == user_id)).one()
    if not user.pruned_event <= last_id <= user.last_event:
        return None
    found = select(Event).where(Event.user_id == user_id, Event.id > last_id).order_by(Event.id).limit(limit)
    events = session.scalars(found).all()
    # PostgreSQL looks anew with each statement, and in between they may have been pruned.
    return None if events and events[0].id != last_id + 1 else events


def last(session: Session, user_id: int) -> int:
    """The id of the newest event; 0 when there was none."""
    return session.scalars(select(User.last_event).where(User.id == user_id)).one()


def newest(session: Session, user_ids: Iterable[int]) -> dict[int, int]:
    """The id of the newest event of each user that there is."""
    found = select(User.id, User.last_event).where(User.id.in_(user_ids))
    return {row.id: row.last_event for row in session.execute(found)}


def prune(session: Session, before: datetime, limit: int) -> int:
    """Forget events from before a time, and those beyond `MOST`, at most `limit` of each user; returns how many."""
    forgotten = 0
    for user_id, newest in session.execute(select(User.id, User.last_event).order_by(User.id)).all():
        first = select(Event.id, Event.at).where(Event.user_id == user_id).order_by(Event.id).limit(limit).subquery()
        is_old = or_(first.c.at < before, first.c.id <= newest - MOST)
        old = session.scalars(select(func.max(first.c.id)).where(is_old)).one()
        if old is None:
            continue
        known = session.scalars(select(User.pruned_event).where(User.id == user_id).with_for_update()).one()
        pruned = max(known, old)
        session.execute(update(User).where(User.id == user_id).values(pruned_event=pruned))
        gone = session.execute(delete(Event).where(Event.user_id == user_id, Event.id <= pruned))
        forgotten += gone.rowcount  # type: ignore[attr-defined]  # a CursorResult, as DELETE gives
    return forgotten
