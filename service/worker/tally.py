"""The tally: how much is waiting, for metrics and for people."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from service.mail.demo import mailbox as demo
from service.mail.registry import KINDS
from service.metrics import (
    ACCOUNTS,
    DEAD_LETTERS,
    MESSAGES,
    OLDEST_WAITING,
    OUTCOMES,
    QUEUE_DEPTH,
    RECONNECTS,
    SYNC_LAG,
    WAITING,
)
from service.store import queue
from service.store.clock import now
from service.store.tables import Account, DeadLetter, Message
from service.worker import unnoted

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from service.control.task import Heartbeat
    from service.store.database import Database

log = logging.getLogger("service.worker")

EVERY = 5.0
SOURCES = (*KINDS, demo.KIND)
STATES = ("new", "syncing", "well", "failing", "needs_reauth", "paused")


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is waiting, for all users together; ages in seconds, 0 when nothing waits."""

    waiting: int
    oldest: float
    dead: int
    queued: dict[str, int]
    """Workflows that are not done, by their queue."""
    accounts: dict[str, int]
    sync_lag: float
    """Since the account that was synced least recently was synced with success, of those that are followed."""


def count(session: Session) -> Backlog:
    """Count what is waiting now."""
    at = now(session)
    letters = select(DeadLetter.message_id)
    waiting, oldest = session.execute(
        select(func.count(), func.min(Message.stored_at)).where(
            Message.analysed_at.is_(None), Message.id.not_in(letters)
        )
    ).one()
    columns = (Account.id, Account.paused, Account.state, Account.last_success_at, Account.created_at)
    rows = session.execute(select(*columns)).all()
    states = ["paused" if row.paused else unnoted.states.get(row.id, row.state) for row in rows]
    followed = [
        row.last_success_at or row.created_at
        for row, state in zip(rows, states, strict=True)
        if state not in ("paused", "needs_reauth")
    ]
    return Backlog(
        waiting,
        _age(oldest, at),
        session.scalars(select(func.count()).select_from(DeadLetter)).one(),
        queue.depths(session),
        {state: states.count(state) for state in STATES},
        _age(min(followed, default=None), at),
    )


class Tally:
    """A task of the control plane: keeps the metrics of what is waiting up to date."""

    def __init__(self, database: Database) -> None:
        self._database = database
        for state in STATES:
            ACCOUNTS.labels(state)  # there from the first scrape on, as all of these are
        for name in queue.QUEUES:
            QUEUE_DEPTH.labels(name)
        for source in SOURCES:
            RECONNECTS.labels(source)
            for outcome in OUTCOMES:
                MESSAGES.labels(source, outcome)

    async def run(self, beat: Heartbeat) -> None:
        """Count at regular times; a database that is away is borne."""
        while True:
            try:
                _show(await asyncio.to_thread(self._count))
            except SQLAlchemyError as error:
                log.warning("what is waiting is not counted: %s", type(error).__name__)
            beat()
            await asyncio.sleep(EVERY)

    def _count(self) -> Backlog:
        with self._database.read() as session:
            return count(session)


def _show(backlog: Backlog) -> None:
    WAITING.set(backlog.waiting)
    OLDEST_WAITING.set(backlog.oldest)
    DEAD_LETTERS.set(backlog.dead)
    SYNC_LAG.set(backlog.sync_lag)
    for name, depth in backlog.queued.items():
        QUEUE_DEPTH.labels(name).set(depth)
    for state, number in backlog.accounts.items():
        ACCOUNTS.labels(state).set(number)


def _age(at: datetime | None, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds()) if at else 0.0
