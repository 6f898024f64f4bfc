"""Signs of life of the workers; and work that nobody does any more is taken up: no message waits for ever."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from dbos import DBOS
from dbos._dbos import _get_dbos_instance  # what runs in this process is nowhere else to be seen
from sqlalchemy import delete, or_, select

from service.store import queue
from service.store.clock import now
from service.store.tables import DeadLetter, Message, Worker

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement

    from service.store.database import Database
    from service.store.queue import Queue

log = logging.getLogger("service.worker")


class Recovery:
    """What the worker named `worker` does for work that is left.

    One that shows no life for `silence` is gone. If it comes back, it takes up its own work by itself.
    """

    def __init__(self, database: Database, queue: Queue, worker: str, silence: timedelta) -> None:
        self._database = database
        self._queue = queue
        self._worker = worker
        self._silence = silence
        self._idle: set[str] = set()

    def look(self) -> None:
        """Show that this worker lives, and take up what is left. Raises the database's errors."""
        gone = self._gone()
        if gone:
            log.warning("workers are gone, and their work is taken up here: %s", ", ".join(gone))
            DBOS._recover_pending_workflows(gone)  # what its own recovery service calls; others may do it too
            self._forget(gone)
        self._take_up_own()
        self._enqueue_forgotten()

    def leave(self) -> None:
        """Say that this worker is gone, so that others take up at once what it could not finish."""
        with self._database.write() as session:
            worker = session.get(Worker, self._worker)
            if worker is not None:
                worker.seen_at = now(session) - 2 * self._silence

    def _gone(self) -> list[str]:
        with self._database.write() as session:
            at = now(session)
            worker = session.get(Worker, self._worker) or Worker(id=self._worker, started_at=at)
            worker.seen_at = at
            session.add(worker)
            return list(session.scalars(select(Worker.id).where(self._is_silent(at), Worker.id != self._worker)))

    def _forget(self, gone: list[str]) -> None:
        with self._database.write() as session:
            session.execute(delete(Worker).where(Worker.id.in_(gone), self._is_silent(now(session))))

    def _is_silent(self, at: datetime) -> ColumnElement[bool]:
        # Who was seen later than now was seen by a clock that has been set back since.
        return or_(Worker.seen_at < at - self._silence, Worker.seen_at > at + self._silence)

    def _take_up_own(self) -> None:
        """What counts as running here and does not run: its end could not be written, as on a disk that was full."""
        with self._database.read() as session:
            pending = queue.pending(session, self._worker)
        idle = pending - set(_get_dbos_instance()._active_workflows_set.activeList())
        if idle & self._idle:  # at two looks: what has just begun may be seen in the table alone
            log.warning("work that this worker did not finish is taken up again: %d", len(idle & self._idle))
            DBOS._recover_pending_workflows([self._worker])
        self._idle = idle

    def _enqueue_forgotten(self) -> None:
        """A workflow that has failed leaves messages that none may ever come for."""
        waiting = (
            select(Message.account_id)
            .outerjoin(DeadLetter, DeadLetter.message_id == Message.id)
            .where(Message.analysed_at.is_(None), DeadLetter.id.is_(None))
            .distinct()
        )
        with self._database.read() as session:
            forgotten = set(session.scalars(waiting)) - queue.accounts_with_work(session)
        if not forgotten:
            return
        log.warning("messages wait for work that is not enqueued: it is, in %d accounts", len(forgotten))
        with self._database.write() as session:
            for account_id in sorted(forgotten):
                self._queue.understand(session, account_id)
