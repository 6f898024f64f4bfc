"""The engine: DBOS, which runs what `service.store.queue` has enqueued, and goes on with it after a crash."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING

from dbos import DBOS
from sqlalchemy.exc import SQLAlchemyError

from service.control.one_thread import OneThread
from service.ending import ending
from service.store import queue, schema
from service.store.database import IDLE
from service.worker import recovery, workflows

if TYPE_CHECKING:
    from datetime import timedelta

    from dbos import DBOSConfig
    from dbos._queue import QueueRateLimit

    from service.control.task import Heartbeat
    from service.store.opened import Store
    from service.store.queue import Queue
    from service.worker.workflows import Work

log = logging.getLogger("service.worker")

_SWITCH = 0.001  # seconds that one who computes keeps the interpreter from those who store and serve; 0.005 is usual

EVERY = 5.0
"""Seconds between two signs of life."""
PACE: QueueRateLimit = {"limit": 60, "period": 60.0}
"""How many messages the model is asked about in how many seconds."""
_POLL = 0.2  # seconds between two looks for work
_AT_ONCE = 2  # workflows of a kind; the accounts take turns
_LONGEST_END = 7.0  # seconds
_PATIENCE = 5  # seconds that work in flight has to end by itself; what does not is taken up again


class Engine:
    """A task of the control plane: runs workflows until it is cancelled; one a process."""

    def __init__(self, store: Store, queue: Queue, work: Work, worker: str, silence: timedelta) -> None:
        self._store = store
        self._work = work
        self._worker = worker
        self._recovery = recovery.Recovery(store.database, queue, worker, silence)
        self._every = min(EVERY, silence.total_seconds() / 3)

    async def run(self, beat: Heartbeat) -> None:
        """Work, show that this worker lives, and take up what workers that do not have left."""
        with OneThread("engine") as thread:
            await thread.do(lambda: schema.require_current(self._store.database))  # or what waits would be begun
            try:
                await thread.do(self._launch)
                while True:
                    await thread.do(self._look)
                    beat()
                    await asyncio.sleep(self._every)
            finally:
                await self._end(thread)

    async def _end(self, thread: OneThread) -> None:
        try:
            await asyncio.wait_for(thread.do(self._stop), _LONGEST_END)
        except TimeoutError:  # DBOS waits for a database that is away for as long as that lasts
            log.warning("this worker does not wait for the work in flight any more: it is taken up again")

    def _look(self) -> None:
        try:
            schema.require_current(self._store.database)
            self._recovery.look()
        except SQLAlchemyError as error:
            log.warning("this worker cannot show that it lives: %s", type(error).__name__)

    def _launch(self) -> None:
        sys.setswitchinterval(_SWITCH)
        workflows.work = self._work
        ending.clear()
        DBOS(config=self._config())
        DBOS.launch()
        for name in (queue.UNDERSTAND, queue.APPLY_RULES, queue.REVOKE, queue.SEND):
            DBOS.register_queue(
                name, worker_concurrency=_AT_ONCE, partition_concurrency=1, polling_interval_sec=_POLL,
                on_conflict="always_update",
            )  # fmt: skip
        DBOS.register_queue(
            queue.IMPROVE, worker_concurrency=_AT_ONCE, limiter=PACE,
            polling_interval_sec=1.0, on_conflict="always_update",
        )  # fmt: skip

    def _config(self) -> DBOSConfig:
        return {
            "name": queue.APPLICATION,
            "system_database_url": self._store.database.url.url().render_as_string(hide_password=False),
            "executor_id": self._worker,
            "application_version": queue.VERSION,
            "sys_db_idle_transaction_timeout_sec": IDLE / 1000,
            "db_engine_kwargs": {"pool_events": [(self._store.database.lines.note, "connect")]},
            "run_migrations": False,
            "log_level": "WARNING",
            "use_listen_notify": False,
        }

    def _stop(self) -> None:
        ending.set()
        DBOS.destroy(workflow_completion_timeout_sec=_PATIENCE)
        try:
            self._recovery.leave()
        except SQLAlchemyError as error:
            log.warning("this worker cannot say that it is gone: %s", type(error).__name__)
