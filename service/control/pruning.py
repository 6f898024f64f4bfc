"""The task that forgets what is kept no longer: events, the audit and work that is done, a little at a time;
answers; sessions.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from service.access import sessions, sign_in
from service.commands import desk
from service.store import audit, events, queue, schema

if TYPE_CHECKING:
    from service.control.task import Heartbeat
    from service.store.database import Database
    from service.store.queue import Queue

EVERY = 600.0
"""Seconds between two rounds."""
_AT_ONCE = 1000  # events of each user, and workflows: nobody waits long for the lock on a log


class Pruning:
    """Prunes what has had its time; several processes may do it beside each other."""

    def __init__(self, database: Database, queue: Queue) -> None:
        self._database = database
        self._queue = queue

    async def run(self, beat: Heartbeat) -> None:
        """Prune at regular times. Raises the database's errors, and `Failure` when its schema is another one."""
        while True:
            await asyncio.to_thread(schema.require_current, self._database)
            while await asyncio.to_thread(self._prune):
                beat()
            while await asyncio.to_thread(self._forget_work):
                beat()
            while await asyncio.to_thread(self._shorten_audit):
                beat()
            await asyncio.to_thread(self._forget)
            beat()
            await asyncio.sleep(EVERY)

    def _prune(self) -> int:
        with self._database.write() as session:
            return events.prune(session, datetime.now(UTC) - events.KEPT, _AT_ONCE)

    def _forget_work(self) -> int:
        return self._queue.forget(datetime.now(UTC) - queue.KEPT, _AT_ONCE)

    def _shorten_audit(self) -> int:
        with self._database.write() as session:
            return audit.shorten(session, _AT_ONCE)

    def _forget(self) -> None:
        with self._database.write() as session:
            desk.forget_answers(session, datetime.now(UTC) - desk.KEPT)
            sessions.forget(session)
            sign_in.forget(session)
