"""The crew: a follower for each account that this worker has the lease on."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from service.control.one_thread import OneThread
from service.store import schema
from service.worker.follower import Follower
from service.worker.lease import Leases

if TYPE_CHECKING:
    from datetime import timedelta

    from service.control.task import Heartbeat
    from service.store.opened import Store
    from service.store.queue import Queue
    from service.worker.follower import Open
    from service.worker.lease import Leased

log = logging.getLogger("service.worker")

EVERY = 1.0
"""Seconds between two looks at who shall be followed."""
_PATIENCE = 5.0  # seconds for the followers to end, all together


class Crew:
    """A task of the control plane: renews the leases, and has a follower for each account among them."""

    def __init__(self, store: Store, queue: Queue, worker: str, open_source: Open, term: timedelta) -> None:
        self._store = store
        self._queue = queue
        self._open = open_source
        self._leases = Leases(store.database, worker, term)
        self._begun = False
        self._followers: dict[int, Follower] = {}

    async def run(self, beat: Heartbeat) -> None:
        """Look after the accounts until this is cancelled; then let them go."""
        with OneThread("crew") as thread:
            try:
                while True:
                    await thread.do(self._look)
                    beat()
                    await asyncio.sleep(EVERY)
            finally:
                await thread.do(self._end)

    def _look(self) -> None:
        try:
            schema.require_current(self._store.database)
            if not self._begun:
                self._leases.begin()
                self._begun = True
            leased = {account.id: account for account in self._leases.renew()}
        except SQLAlchemyError as error:
            # What a follower commits is refused when another worker has the lease, so it may go on.
            log.warning("the leases are not renewed: %s", type(error).__name__)
            return
        for account_id in [known for known in self._followers if known not in leased]:
            self._followers.pop(account_id).stop()
        for account in leased.values():
            self._follow(account)

    def _follow(self, account: Leased) -> None:
        follower = self._followers.get(account.id)
        if follower is not None and follower.lease != account.lease:
            follower.stop()  # what it knows of the account may be out of date
            follower = None
        if follower is None or not follower.is_alive:
            follower = Follower(self._store, self._queue, account, self._open)
            self._followers[account.id] = follower
            follower.start()
        follower.ask(account.sync_requested_at)

    def _end(self) -> None:
        for follower in self._followers.values():
            follower.stop()
        try:
            self._leases.release()  # so that one in the middle of a large mailbox ends at its next batch
        except SQLAlchemyError as error:
            log.warning("the leases are not let go, and will run out: %s", type(error).__name__)
        until = time.monotonic() + _PATIENCE
        for follower in self._followers.values():
            follower.join(max(0.0, until - time.monotonic()))
        self._followers.clear()
